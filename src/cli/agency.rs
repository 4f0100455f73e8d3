//! `truc agency`: the directory of agencies.

use clap::{Args, Subcommand};

use crate::api::Agency;
use crate::cli::connect::Connection;
use crate::cli::exit::Failure;
use crate::cli::{Context, words};
use crate::domain::{Code, Lang, OrganId, Refusal};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    List {
        #[arg(value_name = "TEXT")]
        text: Option<String>,
    },
    Add {
        #[arg(value_name = "AGENCY")]
        code: OrganId,
        #[arg(value_name = "NAME")]
        name: String,
    },
    Close {
        #[arg(value_name = "AGENCY")]
        code: OrganId,
    },
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let hub = context.connect()?;
    match &options.act {
        Act::List { text } => list(context, &hub, text.as_deref().unwrap_or_default()),
        Act::Add { code, name } => {
            let agency = Agency { code: code.clone(), name: words::nfc(name.trim()), closed: false };
            put(context, &hub, &agency)
        }
        Act::Close { code } => {
            let known = hub.call(hub.client().agencies())?;
            let Some(known) = known.into_iter().find(|agency| agency.code == *code) else {
                let refusal = Refusal::new(Code::NotFound, "the directory has no agency with this code");
                return Err(Failure::refused(&refusal, context.lang));
            };
            put(context, &hub, &Agency { closed: true, ..known })
        }
    }
}

/// By code or part of the name, whatever the case.
fn list(context: &Context, hub: &Connection, text: &str) -> Result<(), Failure> {
    let text = words::nfc(text).to_lowercase();
    let matches = |agency: &Agency| {
        agency.code.as_str().to_lowercase().starts_with(&text)
            || words::nfc(&agency.name).to_lowercase().contains(&text)
    };
    let agencies: Vec<_> = hub.call(hub.client().agencies())?.into_iter().filter(matches).collect();
    if context.out.is_json() {
        return context.out.json(&agencies);
    }
    let header = match context.lang {
        Lang::Vi => ["Mã định danh", "Tên cơ quan", ""],
        Lang::En => ["Code", "Name", ""],
    };
    let rows: Vec<_> = agencies
        .iter()
        .map(|agency| vec![agency.code.to_string(), agency.name.clone(), closed(agency, context.lang).to_owned()])
        .collect();
    context.out.table(&header, &rows)?;
    let number = words::count(u64::try_from(agencies.len()).unwrap_or(u64::MAX), context.lang);
    context.out.say(format!("{number} cơ quan"), format!("Agencies: {number}"))
}

const fn closed(agency: &Agency, lang: Lang) -> &'static str {
    match (agency.closed, lang) {
        (false, _) => "",
        (true, Lang::Vi) => "đã đóng",
        (true, Lang::En) => "closed",
    }
}

fn put(context: &Context, hub: &Connection, agency: &Agency) -> Result<(), Failure> {
    let agency = hub.call(hub.client().put_agency(agency))?;
    if context.out.is_json() {
        return context.out.json(&agency);
    }
    let name = words::shown(&format!("{} · {}", agency.code, agency.name));
    if agency.closed {
        context.out.say(
            format!("Đã đóng mã {name}: vẫn tra cứu được, không gửi và nhận thêm."),
            format!("Closed {name}: still read, no longer sent to or from."),
        )
    } else {
        context.out.say(format!("Đã ghi vào danh bạ: {name}"), format!("In the directory: {name}"))
    }
}
