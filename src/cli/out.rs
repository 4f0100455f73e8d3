//! What a command prints: lines, tables and JSON to stdout, refusals and remarks to stderr. Colours only on a terminal.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use comfy_table::{Attribute, Cell, ContentArrangement, LineStyle, Table, TableStyle};
use serde::Serialize;

use crate::api::Problem;
use crate::cli::exit::{Exit, Failure};
use crate::cli::words::{nfc, pick, shown};
use crate::domain::Lang;

/// Where and how a command prints.
#[derive(Debug, Clone, Copy)]
pub(super) struct Out {
    lang: Lang,
    json: bool,
    terminal: bool,
    width: Option<u16>,
}

#[expect(clippy::unused_self, reason = "all that is printed goes through what knows language and form")]
impl Out {
    pub(super) fn new(lang: Lang, json: bool) -> Self {
        Self { lang, json, terminal: io::stdout().is_terminal(), width: width() }
    }

    /// Whether answers are for programs.
    pub(super) const fn is_json(self) -> bool {
        self.json
    }

    /// How wide a line may be, if anything says so.
    pub(super) const fn width(self) -> Option<u16> {
        self.width
    }

    /// A line for people.
    pub(super) fn line(self, line: impl Display) -> Result<(), Failure> {
        written(writeln!(io::stdout(), "{}", nfc(&line.to_string())))
    }

    /// A line for people, in their language.
    pub(super) fn say(self, vi: impl AsRef<str>, en: impl AsRef<str>) -> Result<(), Failure> {
        self.line(pick(self.lang, vi.as_ref(), en.as_ref()))
    }

    /// A heading: bold on a terminal.
    pub(super) fn heading(self, line: impl Display) -> Result<(), Failure> {
        let line = line.to_string();
        if self.terminal { self.line(format_args!("\u{1b}[1m{line}\u{1b}[0m")) } else { self.line(line) }
    }

    /// An answer for programs.
    pub(super) fn json(self, answer: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(answer).map_err(|error| {
            Failure::new(Exit::Software, format!("Không ghi được JSON: {error}"), format!("Cannot write JSON: {error}"))
        })?;
        written(writeln!(io::stdout(), "{text}"))
    }

    /// An answer for programs that read line by line.
    pub(super) fn json_line(self, answer: &serde_json::Value) -> Result<(), Failure> {
        written(writeln!(io::stdout(), "{answer}"))
    }

    /// Exact bytes.
    pub(super) fn bytes(self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        written(stdout.write_all(bytes).and_then(|()| stdout.flush()))
    }

    /// Exact bytes, however many.
    pub(super) fn copy(self, bytes: &mut impl io::Read) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        written(io::copy(bytes, &mut stdout).and_then(|_| stdout.flush()))
    }

    /// A remark beside the answer, on stderr.
    pub(super) fn note(self, vi: impl AsRef<str>, en: impl AsRef<str>) {
        let line = nfc(pick(self.lang, vi.as_ref(), en.as_ref()));
        let _ = writeln!(io::stderr(), "{line}"); // nobody reads it: nothing is lost
    }

    /// Rows under a header. Cells hold text of others: what could move the cursor is made visible.
    pub(super) fn table(self, header: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        self.line(table(header, rows, self.terminal, self.width))
    }

    /// A refusal: JSON to stdout for programs, else code, title, place and remedy to stderr.
    pub(super) fn refusal(self, problem: &Problem) {
        if self.json {
            let _ = self.json(problem); // the exit code says the same
        } else {
            let _ = writeln!(io::stderr(), "{}", refusal(problem, self.lang));
        }
    }
}

fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::Closed),
        Err(error) => Err(Failure::write("stdout", &error)),
    }
}

/// Columns of the terminal, else of `COLUMNS`; `None` where nothing says how wide a line may be.
fn width() -> Option<u16> {
    Table::new().width().or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
}

/// Without the columns in which nothing stands.
fn filled(header: &[&str], rows: &[Vec<String>]) -> (Vec<String>, Vec<Vec<String>>) {
    let is_kept =
        |at: usize| rows.is_empty() || rows.iter().any(|row| row.get(at).is_some_and(|cell| !cell.is_empty()));
    let kept: Vec<usize> = (0..header.len()).filter(|at| is_kept(*at)).collect();
    let pick = |row: &[String]| kept.iter().filter_map(|at| row.get(*at)).map(|cell| shown(cell)).collect();
    let header: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
    (pick(&header), rows.iter().map(|row| pick(row)).collect())
}

fn table(header: &[&str], rows: &[Vec<String>], terminal: bool, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    let (header, rows) = filled(header, rows);
    let bold = |text: &String| if terminal { Cell::new(text).add_attribute(Attribute::Bold) } else { Cell::new(text) };
    table.set_header(header.iter().map(bold)).add_rows(rows);
    let lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

fn refusal(problem: &Problem, lang: Lang) -> String {
    let code = problem.code;
    let mut lines = vec![format!("{}: {} [{code}]", pick(lang, "Bị từ chối", "Refused"), code.title(lang))];
    if let Some(at) = &problem.at {
        let (line, column, path) = (at.line, at.column, shown(&at.path));
        lines.push(match lang {
            Lang::Vi => format!("  Vị trí: dòng {line}, cột {column}, {path}"),
            Lang::En => format!("  Place: line {line}, column {column}, {path}"),
        });
    }
    if !problem.detail.is_empty() {
        lines.push(format!("  {}: {}", pick(lang, "Chi tiết", "Detail"), shown(&problem.detail)));
    }
    lines.push(format!("  {}: {}", pick(lang, "Cách xử lý", "Remedy"), code.remedy(lang)));
    nfc(&lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::problem;
    use crate::domain::{Code, Place, Refusal};

    #[test]
    fn a_refusal_says_code_place_and_remedy_in_both_languages() {
        let place = Place { line: 12, column: 5, path: "/edXML/edXMLEnvelope".into() };
        let fault = Refusal::new(Code::DigestMismatch, "the digest differs").at(place);
        let vi = refusal(&problem(&fault, Lang::Vi), Lang::Vi);
        assert_eq!(
            vi,
            "Bị từ chối: Nội dung đã bị thay đổi sau khi ký [digest_mismatch]\n  \
             Vị trí: dòng 12, cột 5, /edXML/edXMLEnvelope\n  \
             Chi tiết: the digest differs\n  \
             Cách xử lý: Gửi đúng tệp đã ký, không sửa hay định dạng lại; nếu cần sửa thì ký lại."
        );
        let en = refusal(&problem(&fault, Lang::En), Lang::En);
        assert!(en.starts_with(
            "Refused: The content was changed after it was signed [digest_mismatch]\n  Place: line 12, column 5, "
        ));
        assert!(en.contains("\n  Remedy: Send the very file"));
    }

    #[test]
    fn columns_in_which_nothing_stands_are_left_out() {
        let rows = vec![vec!["a".to_owned(), String::new(), "b".to_owned()]];
        let text = table(&["A", "B", "C"], &rows, false, None);
        assert_eq!(text.lines().next(), Some(" A   C"));
        assert_eq!(table(&["A", "B"], &[], false, None).lines().next(), Some(" A   B"));
    }

    #[test]
    fn vietnamese_columns_stand_under_each_other() {
        let rows = vec![
            vec!["H41".into(), "Nghệ An".into(), "Hoàn thành".into()],
            vec!["H14".into(), "Cao Ba\u{0306}\u{0300}ng".into(), "Từ chối tiếp nhận".into()],
        ];
        let text = table(&["Mã", "Nơi nhận", "Trạng thái"], &rows, false, None);
        let column = |line: &str, word: &str| line.find(word).map(|at| line[..at].chars().count());
        let lines: Vec<_> = text.lines().collect();
        let header = lines.iter().find(|line| line.contains("Trạng thái")).unwrap();
        let first = lines.iter().find(|line| line.contains("Hoàn thành")).unwrap();
        let second = lines.iter().find(|line| line.contains("Cao Bằng")).unwrap();
        let start = column(header, "Trạng thái");
        assert_eq!(start, column(first, "Hoàn thành"));
        assert_eq!(start, column(second, "Từ chối tiếp nhận"));
    }
}
