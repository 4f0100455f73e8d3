//! `truc access`: who may call the hub, for which agencies, and with which certificates.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};

use crate::api::{AccessRequest, AccessView, Policy, Role, Scope};
use crate::cli::exit::Failure;
use crate::cli::{Context, words};
use crate::domain::{Code, IdError, Lang, Refusal};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    List,
    Grant(Box<Grant>),
    Close {
        #[arg(value_name = "SYSTEM")]
        system: String,
    },
}

/// What an access shall be; it replaces what stood under the name before.
#[derive(Debug, Args)]
struct Grant {
    #[arg(value_name = "SYSTEM")]
    system: String,
    #[arg(long, value_enum, default_value = "system", value_name = "ROLE")]
    role: RoleName,
    #[arg(long, value_name = "AGENCY", value_delimiter = ',')]
    agency: Vec<ScopeName>,
    #[arg(long, value_enum, default_value = "envelope", value_name = "POLICY")]
    policy: PolicyName,
    #[arg(long, value_name = "FILE")]
    client_certificate: Vec<PathBuf>,
    #[arg(long, value_name = "FILE")]
    signing_certificate: Vec<PathBuf>,
    #[arg(long)]
    token: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    System,
    Clerk,
    Auditor,
    Operator,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PolicyName {
    Envelope,
    Record,
}

/// `H41` is the agency alone, `H41.*` the agency and all below it.
#[derive(Debug, Clone)]
struct ScopeName(Scope);

impl FromStr for ScopeName {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let (code, subtree) = text.strip_suffix(".*").map_or((text, false), |code| (code, true));
        Ok(Self(Scope { code: code.parse()?, subtree }))
    }
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    match &options.act {
        Act::List => list(context),
        Act::Grant(grant) => put(context, &grant.request()?),
        Act::Close { system } => close(context, system),
    }
}

impl Grant {
    fn request(&self) -> Result<AccessRequest, Failure> {
        Ok(AccessRequest {
            system: self.system.clone(),
            role: match self.role {
                RoleName::System => Role::System,
                RoleName::Clerk => Role::Clerk,
                RoleName::Auditor => Role::Auditor,
                RoleName::Operator => Role::Operator,
            },
            agencies: self.agency.iter().map(|name| name.0.clone()).collect(),
            policy: match self.policy {
                PolicyName::Envelope => Policy::Envelope,
                PolicyName::Record => Policy::Record,
            },
            client_certificates: texts(&self.client_certificate)?,
            token: self.token,
            signing_certificates: texts(&self.signing_certificate)?,
            closed: false,
        })
    }
}

fn texts(paths: &[PathBuf]) -> Result<Vec<String>, Failure> {
    let read = |path: &PathBuf| std::fs::read_to_string(path).map_err(|error| Failure::read(Path::new(path), &error));
    paths.iter().map(read).collect()
}

/// Keeps role and agencies, so that the trail says what was taken away.
fn close(context: &Context, system: &str) -> Result<(), Failure> {
    let hub = context.connect()?;
    let known = hub.call(hub.client().accesses())?.into_iter().find(|access| access.system == system);
    let Some(known) = known else {
        let refusal = Refusal::new(Code::NotFound, "there is no access of this name");
        return Err(Failure::refused(&refusal, context.lang));
    };
    let request = AccessRequest {
        system: known.system,
        role: known.role,
        agencies: known.agencies,
        policy: known.policy,
        client_certificates: Vec::new(),
        token: false,
        signing_certificates: Vec::new(),
        closed: true,
    };
    put(context, &request)
}

fn put(context: &Context, request: &AccessRequest) -> Result<(), Failure> {
    let hub = context.connect()?;
    let view = hub.call(hub.client().put_access(request))?;
    if context.out.is_json() {
        return context.out.json(&view);
    }
    let system = words::shown(&view.system);
    if view.closed {
        return context.out.say(format!("Đã đóng truy cập {system}."), format!("Closed the access {system}."));
    }
    context.out.say(
        format!("Đã cấp truy cập {system}: {} · {}", role(view.role, Lang::Vi), scopes(&view.agencies)),
        format!("Granted the access {system}: {} · {}", role(view.role, Lang::En), scopes(&view.agencies)),
    )?;
    match &view.new_token {
        Some(token) => context
            .out
            .say(format!("Mã truy cập, chỉ hiện một lần: {token}"), format!("The token, shown once: {token}")),
        None => Ok(()),
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let hub = context.connect()?;
    let accesses = hub.call(hub.client().accesses())?;
    if context.out.is_json() {
        return context.out.json(&accesses);
    }
    let header = match context.lang {
        Lang::Vi => ["Truy cập", "Vai trò", "Cơ quan", "Chính sách ký", "Chứng thư số TLS", "Mã truy cập", ""],
        Lang::En => ["Access", "Role", "Agencies", "Policy", "TLS certificates", "Tokens", ""],
    };
    let rows: Vec<_> = accesses.iter().map(|access| row(access, context.lang)).collect();
    context.out.table(&header, &rows)
}

fn row(access: &AccessView, lang: Lang) -> Vec<String> {
    vec![
        access.system.clone(),
        role(access.role, lang).to_owned(),
        scopes(&access.agencies),
        match access.policy {
            Policy::Envelope => "envelope".into(),
            Policy::Record => "record".into(),
        },
        access.client_certificates.len().to_string(),
        access.tokens.to_string(),
        if access.closed { words::pick(lang, "đã đóng", "closed").into() } else { String::new() },
    ]
}

const fn role(role: Role, lang: Lang) -> &'static str {
    match (role, lang) {
        (Role::System, Lang::Vi) => "hệ thống",
        (Role::System, Lang::En) => "system",
        (Role::Clerk, Lang::Vi) => "văn thư",
        (Role::Clerk, Lang::En) => "clerk",
        (Role::Auditor, Lang::Vi) => "kiểm tra",
        (Role::Auditor, Lang::En) => "auditor",
        (Role::Operator, Lang::Vi) => "người vận hành",
        (Role::Operator, Lang::En) => "operator",
    }
}

fn scopes(scopes: &[Scope]) -> String {
    let name = |scope: &Scope| format!("{}{}", scope.code, if scope.subtree { ".*" } else { "" });
    scopes.iter().map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_means_all_below() {
        let scope = |text: &str| text.parse::<ScopeName>().unwrap().0;
        assert_eq!(scope("H41"), Scope { code: "H41".parse().unwrap(), subtree: false });
        assert_eq!(scope("H41.*"), Scope { code: "H41".parse().unwrap(), subtree: true });
        assert!(".*".parse::<ScopeName>().is_err());
        assert_eq!(scopes(&[scope("H41.*"), scope("G22")]), "H41.*, G22");
    }
}
