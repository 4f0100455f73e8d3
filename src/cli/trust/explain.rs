//! `truc trust explain`: why a certificate may sign messages, or why not, now or at another time; step by step.

use std::path::PathBuf;

use clap::Args;

use crate::cli::exit::{Exit, Failure};
use crate::cli::trust::list::open;
use crate::cli::trust::moment;
use crate::cli::{Context, files, words};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{CRL_FLOORS, trust_sources};
use crate::domain::{Lang, Timestamp};
use crate::trust::files::certificates;
use crate::trust::{Account, CrlFloors, Finding, Step, TrustStore, Usage};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(value_name = "FILE")]
    certificate: PathBuf,
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Timestamp>,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let folder = options.trust.clone().unwrap_or_else(|| context.data.trust());
    let mut sources = trust_sources(&folder);
    sources.crls.extend(options.crl.iter().cloned());
    let now = SystemClock.now();
    let floors = CrlFloors::load(&folder.join(CRL_FLOORS)).unwrap_or_default();
    let store = open(TrustStore::open_for(Usage::SIGNER, sources, &floors, now))?;
    let mut chain = certificates(files::read(&options.certificate)?).map_err(|error| {
        let path = options.certificate.display();
        Failure::new(Exit::No, format!("{path}: {error}"), format!("{path}: {error}"))
    })?;
    let leaf = chain.remove(0);
    let account = store.explain(&leaf, &chain, options.at.unwrap_or(now));
    let account = account.map_err(|refusal| Failure::refused(&refusal, context.lang))?;
    if context.out.is_json() {
        context.out.json(&account)?;
    } else {
        tell(context, &account)?;
    }
    if account.trusted { Ok(()) } else { Err(Failure::Negative) }
}

fn tell(context: &Context, account: &Account) -> Result<(), Failure> {
    let (out, lang) = (context.out, context.lang);
    let at = words::time(account.at, lang);
    out.line(match (account.code, lang) {
        (None, Lang::Vi) => format!("Được tin cậy để ký gói tin, xét tại {at}."),
        (None, Lang::En) => format!("Trusted to sign messages, as of {at}."),
        (Some(code), Lang::Vi) => format!("KHÔNG được tin cậy, xét tại {at}: {} [{code}]", code.title(lang)),
        (Some(code), Lang::En) => format!("NOT trusted, as of {at}: {} [{code}]", code.title(lang)),
    })?;
    if !account.detail.is_empty() {
        out.line(format!("  {}: {}", words::pick(lang, "Chi tiết", "Detail"), words::shown(&account.detail)))?;
    }
    if let Some(code) = account.code {
        out.line(format!("  {}: {}", words::pick(lang, "Cách xử lý", "Remedy"), code.remedy(lang)))?;
    }
    for (n, link) in account.path.iter().enumerate() {
        let place = match (n, link.is_anchor, lang) {
            (_, true, Lang::Vi) => "Gốc tin cậy",
            (_, true, Lang::En) => "Trusted root",
            (0, _, Lang::Vi) => "Chứng thư số",
            (0, _, Lang::En) => "Certificate",
            (_, _, Lang::Vi) => "CA cấp",
            (_, _, Lang::En) => "Issuing CA",
        };
        out.line(format!("{place}: {}", words::shown(&link.certificate.subject)))?;
        out.line(format!("  SHA-256: {}", link.certificate.sha256))?;
        for finding in &link.findings {
            out.line(format!("  {}", line(finding, lang)))?;
        }
    }
    Ok(())
}

/// `✓ Thời hạn: …` or `✗ Thu hồi: …`.
fn line(finding: &Finding, lang: Lang) -> String {
    let mark = if finding.code.is_none() { '✓' } else { '✗' };
    let step = match (finding.step, lang) {
        (Step::Issuer, Lang::Vi) => "Do cấp và ký",
        (Step::Issuer, Lang::En) => "Issued and signed by",
        (Step::Dates, Lang::Vi) => "Thời hạn",
        (Step::Dates, Lang::En) => "Dates",
        (Step::Usage, Lang::Vi) => "Mục đích sử dụng",
        (Step::Usage, Lang::En) => "Usage",
        (Step::Key, Lang::Vi) => "Loại và độ dài khóa",
        (Step::Key, Lang::En) => "Kind and size of the key",
        (Step::Block, Lang::Vi) => "Không bị người vận hành chặn",
        (Step::Block, Lang::En) => "Not blocked by the operator",
        (Step::Revocation, Lang::Vi) => "Không bị thu hồi",
        (Step::Revocation, Lang::En) => "Not revoked",
    };
    if finding.detail.is_empty() {
        format!("{mark} {step}")
    } else {
        format!("{mark} {step}: {}", words::shown(&finding.detail))
    }
}
