//! A command line that is not right, explained in the language of the reader.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::words::{pick, shown};
use crate::domain::Lang;

/// What is wrong with the command line, in a line or two.
pub(super) fn explain(error: &clap::Error, lang: Lang) -> String {
    let mut lines = vec![what(error, lang)];
    if let Some(tip) = suggestion(error) {
        lines.push(format!("{}: {tip}", pick(lang, "Có phải bạn muốn dùng", "Did you mean")));
    }
    lines.push(
        pick(lang, "Xem thêm: truc --help hoặc truc LỆNH --help", "See: truc --help or truc COMMAND --help").into(),
    );
    lines.join("\n")
}

fn what(error: &clap::Error, lang: Lang) -> String {
    let arg = context(error, ContextKind::InvalidArg);
    let value = context(error, ContextKind::InvalidValue);
    let sub = context(error, ContextKind::InvalidSubcommand);
    let cause = std::error::Error::source(error).map(|cause| format!(" ({cause})")).unwrap_or_default();
    let cause = if lang == Lang::Vi { cause.replace("is not in", "không nằm trong") } else { cause };
    let known = context(error, ContextKind::ValidValue);
    match (error.kind(), lang) {
        (ErrorKind::UnknownArgument, Lang::Vi) => format!("Không có tùy chọn hay đối số: {arg}"),
        (ErrorKind::UnknownArgument, Lang::En) => format!("There is no such option or argument: {arg}"),
        (ErrorKind::InvalidSubcommand, Lang::Vi) => format!("Không có lệnh: {sub}"),
        (ErrorKind::InvalidSubcommand, Lang::En) => format!("There is no such command: {sub}"),
        (ErrorKind::MissingRequiredArgument, Lang::Vi) => format!("Còn thiếu: {arg}"),
        (ErrorKind::MissingRequiredArgument, Lang::En) => format!("Missing: {arg}"),
        (ErrorKind::MissingSubcommand, Lang::Vi) => "Còn thiếu lệnh".into(),
        (ErrorKind::MissingSubcommand, Lang::En) => "A command is missing".into(),
        (ErrorKind::ArgumentConflict, Lang::Vi) => {
            format!("Không dùng chung được: {arg} và {}", context(error, ContextKind::PriorArg))
        }
        (ErrorKind::ArgumentConflict, Lang::En) => {
            format!("Cannot be used together: {arg} and {}", context(error, ContextKind::PriorArg))
        }
        (ErrorKind::InvalidValue, _) if value.is_empty() => {
            format!("{}: {arg}", pick(lang, "Thiếu giá trị của", "A value is missing for"))
        }
        (ErrorKind::InvalidValue, Lang::Vi) => format!("{arg}: không nhận giá trị '{value}'; chọn một trong: {known}"),
        (ErrorKind::InvalidValue, Lang::En) => format!("{arg}: '{value}' is not accepted; one of: {known}"),
        (ErrorKind::ValueValidation, Lang::Vi) => format!("{arg}: giá trị '{value}' không hợp lệ{cause}"),
        (ErrorKind::ValueValidation, Lang::En) => format!("{arg}: '{value}' is not valid{cause}"),
        (ErrorKind::InvalidUtf8, _) => pick(lang, "Đối số không phải UTF-8", "An argument is not UTF-8").into(),
        _ => format!("{}: {arg}", pick(lang, "Dòng lệnh không đúng", "The command line is not right")),
    }
}

fn suggestion(error: &clap::Error) -> Option<String> {
    [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .map(|kind| context(error, kind))
        .find(|tip| !tip.is_empty())
}

fn context(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => shown(text),
        Some(ContextValue::Strings(texts)) => shown(&texts.join(", ")),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, FromArgMatches as _};

    use super::*;
    use crate::cli::{Arguments, help};

    fn wrong(args: &[&str], lang: Lang) -> String {
        let command = help::localised(Arguments::command(), lang);
        let matches = command.try_get_matches_from(args).and_then(|matches| Arguments::from_arg_matches(&matches));
        explain(&matches.map(|_| ()).unwrap_err(), lang)
    }

    #[test]
    fn usage_errors_are_in_the_language_of_the_reader() {
        assert!(
            wrong(&["truc", "tracc", "1/A"], Lang::Vi).starts_with("Không có lệnh: tracc\nCó phải bạn muốn dùng: ")
        );
        assert!(wrong(&["truc", "track"], Lang::Vi).starts_with("Còn thiếu: <VĂN_BẢN>\n"));
        assert!(wrong(&["truc", "track"], Lang::En).starts_with("Missing: <DOCUMENT>\n"));
        assert!(
            wrong(&["truc", "track", "1/A", "--yeer", "1"], Lang::En)
                .starts_with("There is no such option or argument: --yeer\nDid you mean: --year")
        );
        assert!(wrong(&["truc", "--lang", "fr", "track", "1/A"], Lang::En).contains("one of: vi, en"));
        assert!(wrong(&["truc", "track", "1/A", "--year", "x"], Lang::Vi).contains("giá trị 'x' không hợp lệ"));
    }
}
