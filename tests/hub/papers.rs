//! Papers that repeat what the code says are compared with it. `UPDATE_PAPERS=1` writes them anew.

use std::fmt::Write;
use std::path::Path;

use truc::domain::{Code, Lang};

/// docs/errors.md: each code with its meaning and remedy, in both languages.
fn errors() -> String {
    let mut text = String::from(
        "# Codes of refusal\n\nEach refusal has a stable `code`; problem details, the CLI, the metrics and the trail use the same. \
         A code is never renamed or used for something else. Codes of 429, 503 and 507: the very same message may pass later.\n\
         Made from `src/domain/code.rs`.\n\n| Code | HTTP | Nghĩa và cách sửa | Meaning and remedy |\n|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let told = |lang| format!("**{}.** {}", code.title(lang), code.remedy(lang)).replace('|', "\\|");
        writeln!(text, "| `{code}` | {} | {} | {} |", code.http_status(), told(Lang::Vi), told(Lang::En)).unwrap();
    }
    text
}

#[test]
fn every_code_of_refusal_stands_in_the_paper() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md");
    if std::env::var_os("UPDATE_PAPERS").is_some() {
        std::fs::write(&path, errors()).unwrap();
    }
    let paper = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(paper == errors(), "docs/errors.md is not what the code says: run the tests with UPDATE_PAPERS=1");
}
