//! `truc serve`: runs the hub until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::exit::{Exit, Failure};
use crate::cli::rebuild::Rebuild;
use crate::cli::{Context, files};
use crate::clock::SystemClock;
use crate::config::{Config, DataFolder};
use crate::engine::{Hub, OpenError};
use crate::http::{self, Door, Limits, Listen, Progress, Server};
use crate::journal::disk::Real;
use crate::journal::{FileJournal, JournalError};
use crate::refresh::Refresher;
use crate::telemetry::{self, LogFormat};
use crate::trail::TreeError;
use crate::trail::promised::PromiseError;

/// Threads for what may wait for the disk. Nothing on them waits for a client.
const BLOCKING_THREADS_MAX: usize = 64;
/// Tasks that an async thread runs before it looks for what has come in. Some of ours verify a signature: with the 61 that
/// are usual, a request that comes while others push would not be seen for tens of milliseconds.
const TASKS_BETWEEN_LOOKS: u32 = 4;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    #[arg(long, value_name = "ADDRESS")]
    plain: Option<SocketAddr>,
    #[arg(long, value_name = "FILTER", env = "TRUC_LOG", default_value = "info")]
    log: String,
    #[arg(long)]
    log_json: bool,
    #[arg(long)]
    stop_on_eof: bool,
    #[arg(long)]
    accept_clock: bool,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    telemetry::start(if options.log_json { LogFormat::Json } else { LogFormat::Text }, &options.log);
    let config = configuration(context, options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .event_interval(TASKS_BETWEEN_LOOKS)
        .build()
        .map_err(|error| cannot(&error))?;
    // The door comes first: whoever watches the process, or calls, is told how far the opening is.
    let server = runtime.block_on(bind(&context.data, &config))?;
    let (addresses, progress) = (addresses(&server), Progress::default());
    tracing::info!(?addresses, "listening; the hub is being opened");
    let door = {
        let _within = runtime.enter();
        Door::open(server, progress.clone())
    };
    let hub = open(context, &config, &progress)?;
    if options.accept_clock {
        let accepted = runtime.block_on(hub.accept_clock(&Hub::operator_of_folder()));
        accepted.map_err(|refusal| cannot(&refusal))?;
    }
    let door = (door, addresses.as_slice());
    let served = runtime.block_on(serve(context, &config, hub.clone(), door, options.stop_on_eof));
    hub.close();
    forget_address(&context.data)?;
    served
}

fn open(context: &Context, config: &Config, progress: &Progress) -> Result<Hub, Failure> {
    let rebuild = Rebuild::new(context.out, context.lang);
    let watch = |so_far| {
        progress.at(so_far);
        rebuild.at(so_far);
    };
    Hub::open_watched(config, &context.data, Arc::new(SystemClock), &watch)
        .map_err(|error| not_opened(&context.data, &error))
}

fn configuration(context: &Context, options: &Options) -> Result<Config, Failure> {
    let path = context.data.config();
    if !path.exists() {
        return Err(files::no_data_folder(&context.data));
    }
    let mut config = Config::read(&path).map_err(|error| cannot(&error))?;
    config.listen.tls = options.listen.unwrap_or(config.listen.tls);
    config.listen.plain = options.plain.or(config.listen.plain);
    config.check().map_err(|error| cannot(&error))?;
    Ok(config)
}

async fn bind(folder: &DataFolder, config: &Config) -> Result<Server, Failure> {
    let tls = http::tls::config(&folder.tls_certificate(), &folder.tls_key()).map_err(|error| cannot(&error))?;
    let listen = Listen { tls: Some((config.listen.tls, tls)), plain: config.listen.plain };
    match Server::bind(listen).await {
        Ok(server) => Ok(server.with_limits(limits(config))),
        // The address may be that of the hub which runs on this very folder.
        Err(_) if FileJournal::is_in_use(&Real, &folder.journal()) => {
            Err(not_opened(folder, &OpenError::Journal(JournalError::InUse)))
        }
        Err(error) => Err(cannot(&error)),
    }
}

async fn serve(
    context: &Context,
    config: &Config,
    hub: Hub,
    (door, addresses): (Door, &[String]),
    stop_on_eof: bool,
) -> Result<(), Failure> {
    let folder = &context.data;
    // Before anybody is told that the hub is ready: from then on it may be told to stop.
    let stop = told_to_stop(stop_on_eof);
    // A file that may not grow is an error of the write, not the end of the process.
    let _too_large = signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map_err(|error| cannot(&error))?;
    let refresher = Refresher::new(hub.clone(), &config.trust, folder, Arc::new(SystemClock));
    let refreshing = tokio::spawn(refresher.run());
    let serving = door.serve(hub, stop);
    files::write(&folder.address(), (addresses.join("\n") + "\n").as_bytes())?;
    say_ready(context, addresses)?;
    serving.await;
    refreshing.abort();
    context.out.note("Trục đã dừng.", "The hub has stopped.");
    Ok(())
}

/// How much of the machine strangers and callers can hold.
fn limits(config: &Config) -> Limits {
    let connections = config.limits.connections.min(connections_by_files());
    if connections < config.limits.connections {
        tracing::warn!(
            connections,
            "fewer connections than limits.connections: too few files may be open (LimitNOFILE=)"
        );
    }
    let (head, body_pause) = (config.limits.head(), config.limits.body_pause());
    let requests_bytes = config.limits.requests_bytes(config.index.cache_bytes);
    Limits { connections, head, body_pause, requests_bytes, ..Limits::default() }
}

/// How many connections the open files allow that the process may have, having asked for as many as it can get: a half,
/// the other one is for messages and the journal.
fn connections_by_files() -> u32 {
    let Rlimit { maximum, current } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let files = if raised.is_ok() { maximum } else { current };
    files.map_or(u32::MAX, |files| u32::try_from(files / 2).unwrap_or(u32::MAX))
}

/// The one line on stdout: who starts the hub can wait for it.
fn say_ready(context: &Context, addresses: &[String]) -> Result<(), Failure> {
    if context.out.is_json() {
        return context.out.json_line(&serde_json::json!({ "ready": addresses }));
    }
    let list = addresses.join(", ");
    context.out.say(
        format!("Trục sẵn sàng tại {list}. Ctrl-C để dừng."),
        format!("The hub is ready at {list}. Ctrl-C stops it."),
    )
}

fn addresses(server: &Server) -> Vec<String> {
    let tls = server.tls_address().map(|address| format!("https://{address}"));
    let plain = server.plain_address().map(|address| format!("http://{address}"));
    tls.into_iter().chain(plain).collect()
}

/// Ctrl-C, a polite kill or, if that was asked for, the end of whoever started us. Signals count from the call on.
fn told_to_stop(on_eof: bool) -> impl Future<Output = ()> {
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            tracing::warn!("signals cannot be listened to: the hub stops only when it is killed");
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = end_of_stdin(), if on_eof => {}
        }
    }
}

/// Done when standard input has been read to its end, in a thread that is not waited for.
async fn end_of_stdin() {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let read = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(read); // nobody waits any more: the hub stops already
    });
    let _ = end.await; // an error reading it is an end as well
}

/// An address that nobody serves must not be believed.
fn forget_address(folder: &DataFolder) -> Result<(), Failure> {
    let path = folder.address();
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::write(&path, &error)),
        _ => Ok(()),
    }
}

fn not_opened(folder: &DataFolder, error: &OpenError) -> Failure {
    let path = folder.path().display();
    match error {
        OpenError::Journal(JournalError::InUse) => Failure::new(
            Exit::Unavailable,
            format!("Một trục khác đang chạy trên thư mục {path}."),
            format!("Another hub is running on the folder {path}."),
        ),
        error => {
            let (why, (vi, en)) = (with_causes(error), remedy(error));
            let why_vi = in_vietnamese(error).unwrap_or_else(|| why.clone());
            Failure::new(
                Exit::Unavailable,
                format!("Trục không chạy được: {why_vi}\n{vi}"),
                format!("The hub cannot run: {why}\n{en}"),
            )
        }
    }
}

/// What can be done where the hub refuses to start.
const fn remedy(error: &OpenError) -> (&'static str, &'static str) {
    match error {
        OpenError::Journal(JournalError::Version(_)) => (
            "Nhật ký do phiên bản mới hơn ghi: chạy phiên bản đó.",
            "A later version has written the journal: run that version.",
        ),
        OpenError::Journal(JournalError::Io { .. } | JournalError::Full { .. }) | OpenError::Io { .. } => (
            "Kiểm tra ổ đĩa (gắn đúng, còn chỗ, cho ghi), quyền của tài khoản chạy trục và nhật ký hệ điều hành.",
            "Check the disk (mounted, room left, writable), what the hub's user may do, and the system's log.",
        ),
        OpenError::Journal(_) | OpenError::Entry { .. } | OpenError::Tree(_) | OpenError::Promise(_) => (
            "Không có gì bị sửa. Chạy truc doctor: lệnh cho biết chỗ hỏng, văn bản nào bị chạm đến và cách khôi phục.",
            "Nothing was changed. Run truc doctor: it tells what is damaged, which documents it touches, and what can be done.",
        ),
        OpenError::Key(_) | OpenError::Origin { .. } | OpenError::AnotherKey { .. } => (
            "Đặt lại keys/log.key của chính trục này; khóa không nằm trong bản sao lưu.",
            "Put this hub's own keys/log.key back; it is not part of backups.",
        ),
        OpenError::Trust(_) => ("Sửa hoặc bỏ tệp đã nêu trong trust/.", "Mend or remove the file named in trust/."),
        _ => ("Xem nhật ký kỹ thuật ở trên.", "See the technical log above."),
    }
}

/// Why the hub refuses to start, in Vietnamese; nothing where only the technical words say it.
fn in_vietnamese(error: &OpenError) -> Option<String> {
    match error {
        OpenError::Journal(JournalError::Io { .. }) => None,
        OpenError::Journal(error) => Some(error.in_vietnamese()),
        OpenError::Entry { seq, .. } => Some(format!("không đọc được mục {seq} của nhật ký")),
        OpenError::Tree(TreeError::RootMismatch { size })
        | OpenError::Promise(PromiseError::JournalChanged { size }) => Some(not_what_was_shown(*size)),
        OpenError::Promise(PromiseError::JournalTooShort { promised, journal }) => {
            Some(format!("nhật ký có {journal} mục, nhưng checkpoint trên {promised} mục đã được đưa ra"))
        }
        OpenError::Origin { key, config } => Some(format!("khóa ký là của {key}, còn hub.origin là {config}")),
        OpenError::AnotherKey { .. } => {
            Some("khóa ký không phải của nhật ký này, mà chưa có lần khôi phục nào".to_owned())
        }
        _ => None,
    }
}

fn not_what_was_shown(size: u64) -> String {
    format!("{size} mục đầu của nhật ký không phải là những mục của checkpoint đã đưa ra")
}

/// An error with everything that led to it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}

fn cannot(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Unavailable, format!("Trục không chạy được: {error}"), format!("The hub cannot run: {error}"))
}
