//! Help in the language of the reader: clap's command tree, with every text taken from one table.

use clap::{Arg, Command};

use crate::cli::help_texts::{COMMANDS, OPTIONS, VALUES};
use crate::cli::words::pick;
use crate::domain::Lang;

const TEMPLATE_VI: &str = "{about}\n\nCách dùng: {usage}\n\n{all-args}{after-help}";
const TEMPLATE_EN: &str = "{about}\n\nUsage: {usage}\n\n{all-args}{after-help}";

const AFTER_VI: &str = "Văn bản được gọi bằng số, ký hiệu như trên giấy: truc track 1234/UBND-TH\n\n\
    Mã thoát: 0 được · 1 bị từ chối, không hợp lệ, không tìm thấy · 64 sai dòng lệnh · 66 không đọc được tệp · \
    69 không nối được tới trục · 70 lỗi chương trình · 73 không ghi được tệp · 75 thử lại sau · 77 không được phép";
const AFTER_EN: &str = "Documents are named by their code, as on paper: truc track 1234/UBND-TH\n\n\
    Exit codes: 0 yes · 1 refused, not valid, not found · 64 usage · 66 a file cannot be read · \
    69 the hub cannot be reached · 70 a fault of the program · 73 a file cannot be written · 75 try again · 77 not allowed";

/// The command tree with the texts of `lang`; what the table lacks stays without text (a test refuses that).
pub(super) fn localised(command: Command, lang: Lang) -> Command {
    let command = described(command, lang, "");
    let mut command = command.max_term_width(100);
    command.build();
    with_usage(command, lang)
}

fn described(command: Command, lang: Lang, path: &str) -> Command {
    let ids: Vec<String> = command.get_arguments().map(|arg| arg.get_id().to_string()).collect();
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let mut command = command
        .help_template(pick(lang, TEMPLATE_VI, TEMPLATE_EN))
        .subcommand_help_heading(pick(lang, "Lệnh", "Commands"))
        .subcommand_value_name(pick(lang, "LỆNH", "COMMAND"))
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true);
    if path.is_empty() {
        command = command.after_help(pick(lang, AFTER_VI, AFTER_EN));
    }
    if let Some((_, vi, en)) = COMMANDS.iter().find(|(name, ..)| *name == path) {
        command = command.about(pick(lang, vi, en));
    }
    for id in ids {
        command = command.mut_arg(&id, |arg| explained(arg, lang, path, &id));
    }
    for name in names {
        let below = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        command = command.mut_subcommand(&name, |sub| described(sub, lang, &below));
    }
    command
}

/// An option's own text, else the text that all commands share.
fn explained(arg: Arg, lang: Lang, path: &str, id: &str) -> Arg {
    let own = OPTIONS.iter().find(|(command, option, ..)| *command == path && *option == id);
    let text = own.or_else(|| OPTIONS.iter().find(|(command, option, ..)| *command == "*" && *option == id));
    let heading = match (arg.is_positional(), arg.is_global_set() || id == "help" || id == "version") {
        (true, _) => pick(lang, "Đối số", "Arguments"),
        (_, true) => pick(lang, "Tùy chọn chung", "Common options"),
        _ => pick(lang, "Tùy chọn", "Options"),
    };
    let values: Vec<_> =
        arg.get_value_names().into_iter().flatten().filter_map(|name| value_name(name, lang)).collect();
    let mut arg = arg.help_heading(heading);
    if arg.get_action().takes_values() {
        arg = arg.hide_possible_values(true).hide_default_value(true).hide_env(true).value_names(values);
    }
    match text {
        Some((_, _, vi, en)) => arg.help(pick(lang, vi, en)),
        None => arg,
    }
}

/// The name of a value in the language of the reader: `FILE` or `TỆP`.
fn value_name(name: &str, lang: Lang) -> Option<&'static str> {
    VALUES.iter().find(|(en, _)| *en == name).map(|(en, vi)| pick(lang, vi, en))
}

/// clap writes its usage line with English words: the line is kept, the words are replaced.
fn with_usage(mut command: Command, lang: Lang) -> Command {
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim_start();
    let usage = match lang {
        Lang::Vi => usage.replace("[OPTIONS]", "[TÙY CHỌN]").replace("\n       ", "\n           "),
        Lang::En => usage.to_owned(),
    };
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(&name, |sub| with_usage(sub, lang));
    }
    command.override_usage(usage)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use unicode_normalization::is_nfc;

    use super::*;
    use crate::cli::Arguments;

    fn every(command: &Command, path: &str, visit: &mut dyn FnMut(&Command, &str)) {
        visit(command, path);
        for sub in command.get_subcommands() {
            every(sub, format!("{path} {}", sub.get_name()).trim(), visit);
        }
    }

    #[test]
    fn every_command_and_option_has_both_languages() {
        for lang in [Lang::Vi, Lang::En] {
            every(&localised(Arguments::command(), lang), "", &mut |command, path| {
                assert!(command.get_about().is_some(), "{path}: no text");
                for arg in command.get_arguments() {
                    assert!(arg.get_help().is_some(), "{path} {}: no text", arg.get_id());
                    for name in arg.get_value_names().into_iter().flatten().filter(|_| arg.get_action().takes_values())
                    {
                        assert!(
                            VALUES.iter().any(|(en, vi)| pick(lang, vi, en) == name.as_str()),
                            "{path} {}: {name} is not in the table",
                            arg.get_id()
                        );
                    }
                }
            });
        }
    }

    #[test]
    fn the_table_speaks_of_nothing_that_is_not_there() {
        let (mut commands, mut options) = (Vec::new(), Vec::new());
        every(&Arguments::command(), "", &mut |command, path| {
            commands.push(path.to_owned());
            options.extend(command.get_arguments().map(|arg| (path.to_owned(), arg.get_id().to_string())));
        });
        for (name, vi, en) in COMMANDS {
            assert!(commands.iter().any(|path| path == name), "{name}");
            assert!(is_nfc(vi) && is_nfc(en) && vi != en, "{name}");
        }
        for (command, option, vi, en) in OPTIONS {
            assert!(
                options.iter().any(|(path, id)| (path == command || *command == "*") && id == option),
                "{command} {option}"
            );
            assert!(is_nfc(vi) && is_nfc(en) && vi != en, "{command} {option}");
        }
    }

    #[test]
    fn no_english_word_of_clap_stands_in_vietnamese_help() {
        every(&localised(Arguments::command(), Lang::Vi), "", &mut |command, path| {
            let text = command.clone().render_long_help().to_string();
            for word in ["Usage", "OPTIONS", "COMMAND", "Options:", "Arguments:", "[default", "[possible", "[env"] {
                assert!(!text.contains(word), "{path}: {word} in\n{text}");
            }
        });
    }
}
