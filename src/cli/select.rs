//! Documents are named by số, ký hiệu, as on paper; by id where a program has one.

use clap::Args;

use crate::api::DocumentView;
use crate::cli::Context;
use crate::cli::connect::Connection;
use crate::cli::exit::{Exit, Failure};
use crate::cli::words;
use crate::domain::{Code, MessageId, OrganId, Refusal};

/// Which document.
#[derive(Debug, Args)]
pub(super) struct DocumentOptions {
    #[arg(value_name = "DOCUMENT")]
    pub(super) document: String,
    #[arg(long, value_name = "AGENCY")]
    pub(super) from: Option<OrganId>,
    #[arg(long, value_name = "YEAR")]
    pub(super) year: Option<i16>,
}

impl DocumentOptions {
    /// The one document that is meant; several candidates are listed, and that is a usage error.
    pub(super) fn find(&self, context: &Context, hub: &Connection) -> Result<DocumentView, Failure> {
        if let Ok(id) = self.document.parse::<MessageId>() {
            return hub.call(hub.client().document(id));
        }
        let code = words::nfc(self.document.trim());
        let mut found = hub.call(hub.client().find(&code, self.from.as_ref(), self.year))?;
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                found.push(last);
                Err(self.several(context, &found))
            }
            (None, _) => Err(Failure::refused(
                &Refusal::new(Code::NotFound, "no document with this số/ký hiệu concerns the caller"),
                context.lang,
            )),
        }
    }

    fn several(&self, context: &Context, found: &[DocumentView]) -> Failure {
        let list: Vec<_> = found.iter().map(|view| candidate(context, view)).collect();
        let list = list.join("\n  ");
        let code = words::shown(&self.document);
        Failure::new(
            Exit::Usage,
            format!(
                "Có {} văn bản số, ký hiệu {code}; thêm --from MÃ, --year NĂM, hoặc dùng id:\n  {list}",
                found.len()
            ),
            format!(
                "{} documents have the code {code}; add --from CODE, --year YEAR, or use the id:\n  {list}",
                found.len()
            ),
        )
    }
}

/// One candidate in a line: id, agency, date, what it does, abstract.
fn candidate(context: &Context, view: &DocumentView) -> String {
    let parts = [
        view.id.to_string(),
        words::party(&view.from),
        view.promulgation_date.clone(),
        view.business.name(context.lang).to_owned(),
        view.subject.clone(),
    ];
    words::shown(&parts.join(" · "))
}
