//! What the test needs of the machine: the build without the sync, and, for power cuts, FUSE, loop devices, ext4 and
//! root, in a mount namespace of its own, so that nothing stays mounted however it ends.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::options::Options;
use crate::trouble::Done;

/// Set for the process inside the namespace.
const INSIDE: &str = "POWERCUT_INSIDE";

/// Where we are.
pub(crate) enum Surroundings {
    /// Here it runs; `volumes` is whether power can be cut.
    Ready { volumes: bool },
    /// It ran in a namespace and ended with this.
    RanInside(ExitCode),
}

/// Goes where the power can be cut. A smoke test goes on without, and says so.
pub(crate) fn enter(options: &Options) -> Done<Surroundings> {
    if std::env::var_os(INSIDE).is_some() {
        return Ok(Surroundings::Ready { volumes: true });
    }
    if options.cuts == 0 {
        return Ok(Surroundings::Ready { volumes: false });
    }
    match missing() {
        None => {
            build_control()?;
            inside(options).map(Surroundings::RanInside)
        }
        Some(reason) if options.is_smoke => {
            eprintln!("!! NO POWER WAS CUT: {reason}. Run `make powercut` where it can be.");
            Ok(Surroundings::Ready { volumes: false })
        }
        Some(reason) => Err(format!("power cannot be cut here: {reason}").into()),
    }
}

/// Why power cannot be cut.
fn missing() -> Option<String> {
    for device in ["/dev/fuse", "/dev/loop-control"] {
        if !Path::new(device).exists() {
            return Some(format!("{device} is not there"));
        }
    }
    for (program, ask) in [("mkfs.ext4", "-V"), ("fsck.ext4", "-V"), ("losetup", "-V"), ("unshare", "-V")] {
        if Command::new(program).arg(ask).output().is_err() {
            return Some(format!("{program} is not installed"));
        }
    }
    let allowed = as_root("unshare").args(["--mount", "true"]).output();
    let allowed = allowed.is_ok_and(|said| said.status.success());
    (!allowed).then(|| "mounting needs root, or sudo without a password".to_owned())
}

fn as_root(program: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", "-E", program]);
    command
}

/// This program again, in a mount namespace of its own.
fn inside(options: &Options) -> Done<ExitCode> {
    let me = std::env::current_exe()?;
    let mut command = as_root("unshare");
    command.args(["--mount", "--propagation", "private"]).arg(me);
    command.env(INSIDE, "1").env("POWERCUT_SEED", options.seed.to_string());
    let ended = command.status()?;
    Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The hub without the sync. Cargo has it as an example: those are never installed, and are built with what the tests
/// have built.
pub(crate) fn control_binary() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_truc")).with_file_name("examples/truc-without-sync")
}

/// Builds it as the hub was built.
fn build_control() -> Done<()> {
    let profile = Path::new(env!("CARGO_BIN_EXE_truc")).parent();
    let folder = profile.and_then(Path::parent).ok_or("no target folder")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--locked", "--quiet"]);
    cargo.args(["--example", "truc-without-sync", "--features", "powercut-control", "--target-dir"]).arg(folder);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    // What cargo tells a running test about its package makes build scripts run again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_"].iter().any(|prefix| text.starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    let built = cargo.status()?;
    if built.success() { Ok(()) } else { Err("the build without the sync cannot be built".into()) }
}
