//! `truc status`: tells the other side how a document fares: a signed status message (V1s).

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::api::{DocumentView, Receipt};
use crate::cli::connect::Connection;
use crate::cli::exit::Failure;
use crate::cli::select::DocumentOptions;
use crate::cli::signer::{Signer, SignerOptions};
use crate::cli::{Context, files, words};
use crate::client::Upload;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{Code, Effect, Lang, OrganId, Refusal, StatusCode};
use crate::edxml::{Organization, StaffInfo, StatusDraft, StatusTarget, Text, write_status};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(value_name = "STATUS")]
    status: StatusName,
    #[command(flatten)]
    document: DocumentOptions,
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[arg(long, value_name = "NAME")]
    staff: Option<String>,
    #[arg(long, value_name = "TEXT")]
    department: Option<String>,
    #[arg(long, value_name = "AGENCY")]
    agency: Option<OrganId>,
    #[arg(long, value_name = "AGENCY", value_delimiter = ',')]
    to: Vec<OrganId>,
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    signer: SignerOptions,
}

/// `03` or `3`.
#[derive(Debug, Clone, Copy)]
struct StatusName(StatusCode);

impl FromStr for StatusName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        StatusCode::from_wire(text).map(Self).ok_or_else(|| StatusCode::ALL.map(StatusCode::wire).join(", "))
    }
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let code = options.status.0;
    if code.needs_reason() && options.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        let refusal = Refusal::new(Code::ReasonMissing, "--reason");
        return Err(Failure::refused(&refusal, context.lang));
    }
    let hub = context.connect()?;
    let view = options.document.find(context, &hub)?;
    let signer = options.signer.load(Some(hub.profile()))?;
    let from = reporter(&hub, options, &view)?;
    for to in addressees(options, &view) {
        let draft = draft(options, &view, from.clone(), to);
        tell(context, options, &hub, &signer, &draft)?;
    }
    Ok(())
}

/// The agency that reports: named, by the profile, or, for a recipient's software with one agency, the only one.
fn reporter(hub: &Connection, options: &Options, view: &DocumentView) -> Result<OrganId, Failure> {
    let only = || match (options.status.0.is_from_sender(), view.deliveries.as_slice()) {
        (true, _) => Some(view.from.code.clone()),
        (false, [delivery]) => Some(delivery.to.code.clone()),
        (false, _) => None,
    };
    hub.agency(options.agency.as_ref()).or_else(only).ok_or_else(|| {
        Failure::usage(
            "Báo trạng thái thay cơ quan nào? Thêm --agency MÃ",
            "For which agency is this reported? Give --agency CODE",
        )
    })
}

/// A recipient tells the sender. The sender tells the recipients that were named, else every one where there is still
/// something to take back.
fn addressees(options: &Options, view: &DocumentView) -> Vec<OrganId> {
    if !options.status.0.is_from_sender() {
        return vec![view.from.code.clone()];
    }
    if !options.to.is_empty() {
        return options.to.clone();
    }
    view.deliveries
        .iter()
        .filter(|delivery| !delivery.state.is_end())
        .map(|delivery| delivery.to.code.clone())
        .collect()
}

fn draft(options: &Options, view: &DocumentView, from: OrganId, to: OrganId) -> StatusDraft {
    let text = |value: &Option<String>| value.as_deref().and_then(|value| Text::from_wire(&words::nfc(value)));
    let staff =
        StaffInfo { department: text(&options.department), staff: text(&options.staff), ..StaffInfo::default() };
    StatusDraft {
        from: Organization::of(from),
        response_for: StatusTarget {
            organ_id: to,
            code: Text::from_wire(&view.code),
            promulgation_date: Text::from_wire(&view.promulgation_date),
            document_id: Some(view.document_id.clone()),
        },
        staff_info: (staff != StaffInfo::default()).then_some(staff),
        status_code: options.status.0,
        description: text(&options.reason),
        timestamp: SystemClock.now(),
    }
}

fn tell(
    context: &Context,
    options: &Options,
    hub: &Connection,
    signer: &Signer,
    draft: &StatusDraft,
) -> Result<(), Failure> {
    let message = signer.sign(context, &write_status(draft))?;
    let receipt = hub.call(hub.client().send_status(&Upload::bytes(message)))?;
    if let Some(path) = &options.receipt {
        files::write(path, receipt.proof.as_bytes())?;
    }
    if context.out.is_json() {
        return context.out.json(&receipt);
    }
    let lang = context.lang;
    let code = draft.status_code;
    let name = code.name(lang);
    let to: Vec<_> = receipt.recipients.iter().map(words::party).collect();
    let line = match lang {
        Lang::Vi => format!("Đã báo cho {}: {code} {name}; {}.", to.join(", "), effect(&receipt, lang)),
        Lang::En => format!("Told {}: {code} {name}; {}.", to.join(", "), effect(&receipt, lang)),
    };
    context.out.line(words::shown(&line))
}

fn effect(receipt: &Receipt, lang: Lang) -> &'static str {
    let (vi, en) = match receipt.effect {
        None | Some(Effect::Moved) => ("trạng thái đã chuyển", "the state has moved"),
        Some(Effect::Repeated) => ("đã báo trước đó, không báo lại", "told before, not told twice"),
        Some(Effect::OutOfOrder) => {
            ("đến sau một trạng thái cao hơn, chỉ ghi lại", "after a higher status: only recorded")
        }
        Some(Effect::AfterEnd) => ("văn bản đã kết thúc ở nơi nhận, chỉ ghi lại", "after an end: only recorded"),
        Some(Effect::Asked) => ("đang chờ nơi nhận trả lời", "waiting for the recipient's answer"),
        Some(Effect::Agreed) => ("đồng ý, văn bản đã lấy lại", "agreed, the document is taken back"),
        Some(Effect::Declined) => ("không đồng ý, trạng thái giữ nguyên", "declined, the state stays"),
        Some(Effect::Ambiguous) => (
            "trạng thái đã chuyển; chưa rõ có phải câu trả lời lấy lại",
            "the state has moved; whether it answers the take-back is open",
        ),
        Some(Effect::NotAsked) => {
            ("không có đề nghị lấy lại nào đang chờ, chỉ ghi lại", "no take-back was asked: only recorded")
        }
        Some(Effect::TargetNotHeld) => {
            ("trục không giữ văn bản đó, chỉ ghi lại", "the hub does not hold that document: only recorded")
        }
    };
    words::pick(lang, vi, en)
}
