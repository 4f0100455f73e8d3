//! `truc init`: makes a data folder: keys, TLS, trust folders, configuration, and the first entries of the trail (the
//! operator's access, then the directory). `truc.toml` is written last: a folder without it was never finished.

mod demo;
mod directory;
mod identities;

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use clap::Args;
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::task::JoinSet;

use crate::api::{AccessRequest, Policy, Role};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{Context, files};
use crate::client::Profile;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{self, Config, DataFolder};
use crate::delivery::standing::Caller;
use crate::domain::{Refusal, Timestamp};
use crate::engine::Hub;
use crate::trail::LogKey;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(long)]
    demo: bool,
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let folder = &context.data;
    let config = configuration(options)?;
    is_new(folder)?;
    make_folders(folder)?;
    let at = SystemClock.now();
    let key = log_key(folder, &config.hub.origin)?;
    let systems = if options.demo { demo::systems() } else { Vec::new() };
    identities::make(folder, options, at, &systems)?;
    if options.demo {
        demo::make_test_pki(folder, at)?;
    }
    write_profiles(folder, options, &systems)?;
    first_entries(context, &config, &systems)?;
    files::write(&folder.config(), config::template(&config).as_bytes())?;
    report(context, options, &key)
}

fn configuration(options: &Options) -> Result<Config, Failure> {
    let origin = match &options.origin {
        Some(origin) => origin.clone(),
        None => format!("truc.localhost/{}", random_name()?),
    };
    let mut config = Config::new(origin);
    config.listen.tls = options.listen;
    if options.demo {
        // The CRLs of the test PKI are made once, for ten years.
        (config.trust.crl_age_days_max, config.trust.authority_crl_age_days_max) = (3_653, 3_653);
    }
    config.check().map_err(|error| Failure::usage(error.to_string(), error.to_string()))?;
    Ok(config)
}

/// 64 random bits: two logs never share a name.
fn random_name() -> Result<String, Failure> {
    let mut octets = [0; 8];
    SystemRandom::new().fill(&mut octets).map_err(|_| fault(&"no random bytes from the system"))?;
    Ok(hex::encode(octets))
}

fn is_new(folder: &DataFolder) -> Result<(), Failure> {
    let path = folder.path().display();
    if folder.config().exists() {
        return Err(Failure::new(
            Exit::CannotCreate,
            format!("{path} đã là thư mục dữ liệu của một trục; không ghi đè."),
            format!("{path} is a hub's data folder already; nothing is written over."),
        ));
    }
    let is_empty = fs::read_dir(folder.path()).map_or(true, |mut entries| entries.next().is_none());
    if is_empty {
        return Ok(());
    }
    Err(Failure::new(
        Exit::CannotCreate,
        format!("{path} không trống (có thể một lần init trước dở dang); hãy chọn hoặc dọn một thư mục trống."),
        format!("{path} is not empty (perhaps an init was interrupted); choose or clear an empty folder."),
    ))
}

fn make_folders(folder: &DataFolder) -> Result<(), Failure> {
    for path in folder.folders() {
        fs::create_dir_all(&path).map_err(|error| Failure::write(&path, &error))?;
    }
    for path in [folder.keys(), folder.access()] {
        fs::set_permissions(&path, Permissions::from_mode(0o700)).map_err(|error| Failure::write(&path, &error))?;
    }
    Ok(())
}

/// The key that signs the log; gives its verifier key, which is public.
fn log_key(folder: &DataFolder, origin: &str) -> Result<String, Failure> {
    let key = LogKey::generate(origin, &SystemRandom::new()).map_err(|error| fault(&error))?;
    key.save(&folder.log_key()).map_err(|error| fault(&error))?;
    let verifier = key.verifier().to_string();
    files::write(&folder.log_vkey(), format!("{verifier}\n").as_bytes())?;
    Ok(verifier)
}

/// A software system that gets access at once.
#[derive(Debug)]
struct System {
    /// Name of the access and of its files.
    name: &'static str,
    /// The agency that it speaks for, with all below it.
    agency: &'static str,
}

fn write_profiles(folder: &DataFolder, options: &Options, systems: &[System]) -> Result<(), Failure> {
    let hub = format!("https://{}", identities::reachable(options));
    let operator = identities::profile(&hub, "operator");
    write_profile(folder, "operator", &operator)?;
    for system in systems {
        write_profile(folder, system.name, &demo::profile(&hub, system)?)?;
    }
    Ok(())
}

fn write_profile(folder: &DataFolder, name: &str, profile: &Profile) -> Result<(), Failure> {
    let text = profile.to_toml().map_err(|error| fault(&error))?;
    files::write(&folder.access().join(format!("{name}.toml")), text.as_bytes())
}

/// Opens the hub on the new folder and does, as whoever holds the folder, what the operator will do later.
fn first_entries(context: &Context, config: &Config, systems: &[System]) -> Result<(), Failure> {
    let folder = &context.data;
    let hub = Hub::open(config, folder, Arc::new(SystemClock)).map_err(|error| fault(&error))?;
    let operator = AccessRequest { role: Role::Operator, ..request("operator", folder)? };
    let accesses = demo::requests(folder, systems)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| fault(&error))?;
    let done = runtime.block_on(async {
        let caller = Hub::operator_of_folder();
        hub.put_access(&caller, operator).await?;
        all_agencies(&hub, &caller).await?;
        for access in accesses {
            hub.put_access(&caller, access).await?;
        }
        Ok(())
    });
    hub.close();
    done.map_err(|refusal| Failure::refused(&refusal, context.lang))
}

/// All at once, so that they share their writes to the disk.
async fn all_agencies(hub: &Hub, caller: &Caller) -> Result<(), Refusal> {
    let mut waiting = JoinSet::new();
    for agency in directory::agencies() {
        let (hub, caller) = (hub.clone(), caller.clone());
        waiting.spawn(async move { hub.put_agency(&caller, agency).await.map(drop) });
    }
    waiting.join_all().await.into_iter().collect()
}

/// An access by the TLS certificate that was made for this name.
fn request(name: &str, folder: &DataFolder) -> Result<AccessRequest, Failure> {
    Ok(AccessRequest {
        system: name.to_owned(),
        role: Role::System,
        agencies: Vec::new(),
        policy: Policy::Envelope,
        client_certificates: vec![files::read_text(&identities::certificate(folder, name))?],
        token: false,
        signing_certificates: Vec::new(),
        closed: false,
    })
}

fn report(context: &Context, options: &Options, key: &str) -> Result<(), Failure> {
    let (out, path) = (context.out, context.data.path().display());
    if out.is_json() {
        return out
            .json(&serde_json::json!({ "data": context.data.path(), "demo": options.demo, "verifier_key": key }));
    }
    if options.demo {
        out.heading(crate::cli::words::pick(
            context.lang,
            "CHÚ Ý: PKI THỬ NGHIỆM. Khóa và chứng thư số ở đây không có giá trị pháp lý; không dùng để vận hành thật.",
            "NOTE: A TEST PKI. Keys and certificates here have no legal value; never run a real hub with them.",
        ))?;
    }
    out.say(format!("Đã tạo thư mục dữ liệu {path}."), format!("Made the data folder {path}."))?;
    out.say(
        format!("  Người vận hành: --profile {}", context.data.access().join("operator.toml").display()),
        format!("  Operator: --profile {}", context.data.access().join("operator.toml").display()),
    )?;
    out.say(
        format!("  Khóa kiểm tra của nhật ký (công khai, đưa cho mọi bên): {key}"),
        format!("  The log's verifier key (public, give it to everyone): {key}"),
    )?;
    if !options.demo {
        let trust = context.data.trust();
        let trust = trust.display();
        out.say(
            format!("  Cần thêm trước khi nhận văn bản: gốc tin cậy vào {trust}/roots, CA trung gian vào {trust}/intermediates, CRL vào {trust}/crl"),
            format!("  Needed before documents come: trusted roots into {trust}/roots, intermediates into {trust}/intermediates, CRLs into {trust}/crl"),
        )?;
    }
    out.say(format!("  Chạy trục: truc --data {path} serve"), format!("  Run the hub: truc --data {path} serve"))
}

/// What should not fail on a new folder has failed.
fn fault(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Software, format!("Không tạo được: {error}"), format!("It could not be made: {error}"))
}

/// Ten years: a data folder outlives the machine that it was made on.
fn ten_years_after(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_millis().saturating_add(10 * 365 * 86_400_000))
}
