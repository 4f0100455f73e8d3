//! `truc demo`: a day with the hub. The first time it makes a data folder with a test PKI; then it starts the hub as a
//! process of its own and plays everybody else through the public doors, one client process a step, showing each
//! command and its output. It knows what each step must say, and ends with 1 if one says something else.

mod hub;
mod pdf;
mod refused;
mod stage;
mod story;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use clap::Args;

use crate::cli::Context;
use crate::cli::exit::{Exit, Failure};
use hub::RunningHub;
use stage::Stage;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(long)]
    once: bool,
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let stage = Stage::new(context)?;
    stage.tell(
        format!("Một ngày với trục. Mỗi dòng $ là một lệnh thật; `truc` là {}.", stage.typed_program()),
        format!("A day with the hub. Every line with $ is a real command; `truc` is {}.", stage.typed_program()),
    )?;
    prepare(&stage, options)?;
    let hub = RunningHub::start(&stage)?;
    stage.tell(
        format!("Trục chạy tại {}, sẵn sàng sau {} ms.", hub.address(), hub.ready_after().as_millis()),
        format!("The hub runs at {}, ready after {} ms.", hub.address(), hub.ready_after().as_millis()),
    )?;
    let hub = story::play(&stage, hub, options.once)?;
    if options.once {
        hub.stop()?;
        return stage.tell(
            "\nXong: mọi bước đúng như phải có. Trục đã dừng.",
            "\nDone: every step was as it must be. The hub has stopped.",
        );
    }
    stage.tell(
        "\nXong: mọi bước đúng như phải có. Trục vẫn chạy; Ctrl-C để dừng.",
        "\nDone: every step was as it must be. The hub keeps running; Ctrl-C stops it.",
    )?;
    hub.until_told(&stage)
}

/// Makes the data folder the first time; a folder of another kind is left alone.
fn prepare(stage: &Stage<'_>, options: &Options) -> Result<(), Failure> {
    let folder = stage.folder();
    if folder.config().exists() {
        return if folder.test_pki().exists() { Ok(()) } else { Err(not_a_demo(stage)) };
    }
    stage.scene("Lần đầu: tạo thư mục dữ liệu với PKI thử nghiệm", "The first time: a data folder with a test PKI")?;
    let listen = free(options.listen).to_string();
    stage.passes(&["init", "--demo", "--listen", &listen]).map(drop)
}

fn not_a_demo(stage: &Stage<'_>) -> Failure {
    let path = stage.folder().path().display();
    Failure::new(
        Exit::Usage,
        format!("{path} là thư mục dữ liệu thật, không chạy thử ở đó; thêm --data THƯ_MỤC khác"),
        format!("{path} is a real data folder and not played with; give another --data DIR"),
    )
}

/// The address that was asked for, or the usual one; another port where the usual one is taken or port 0 was asked for.
/// The profiles name it, so it is found before the folder is made.
fn free(asked: Option<SocketAddr>) -> SocketAddr {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, 8443));
    let wanted = asked.unwrap_or(usual);
    let bound = TcpListener::bind(wanted).or_else(|_| TcpListener::bind((wanted.ip(), 0)));
    bound.and_then(|listener| listener.local_addr()).unwrap_or(wanted)
}
