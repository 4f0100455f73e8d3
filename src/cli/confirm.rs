//! `truc confirm`: the recipient has stored the document; it leaves the inbox.

use clap::Args;

use crate::cli::exit::Failure;
use crate::cli::select::DocumentOptions;
use crate::cli::{Context, words};
use crate::domain::OrganId;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    document: DocumentOptions,
    #[arg(long, value_name = "AGENCY")]
    agency: Option<OrganId>,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let hub = context.connect()?;
    let view = options.document.find(context, &hub)?;
    let agency = hub.agency(options.agency.as_ref());
    let delivery = hub.call(hub.client().confirm(view.id, agency.as_ref()))?;
    if context.out.is_json() {
        return context.out.json(&delivery);
    }
    let (code, to) = (words::shown(&view.code), words::shown(&words::party(&delivery.to)));
    context.out.say(
        format!("{to} đã nhận về và lưu {code}; văn bản không còn trong danh sách chờ."),
        format!("{to} has received and stored {code}; it has left the inbox."),
    )
}
