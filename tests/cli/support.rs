//! A hub of the real binary in a folder of its own, and clients that are processes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The answer must be yes.
    #[track_caller]
    pub(crate) fn yes(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// It must end with this code.
    #[track_caller]
    pub(crate) fn code_is(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// The answer must be a refusal with this code and exit code.
    #[track_caller]
    pub(crate) fn refused(self, code: &str, exit: i32) -> Self {
        assert_eq!(self.code, exit, "{self:?}");
        assert!(self.stderr.contains(&format!("[{code}]")), "{self:?}");
        self
    }
}

/// An address that nobody has: below the ports that the system gives to outgoing connections, and another one for
/// every test.
pub(crate) fn free_address() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut addresses = std::iter::repeat_with(|| {
        let number = std::process::id().wrapping_mul(31).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        format!("127.0.0.1:{}", 20_000 + number % 12_000)
    });
    addresses.find(|address| TcpListener::bind(address).is_ok()).unwrap()
}

/// The binary, in Vietnamese and without anything from outside.
pub(crate) fn truc() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_truc"));
    command.env_clear().stdin(Stdio::null());
    command
}

pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A data folder made with `init --demo`, perhaps with a hub running on it.
pub(crate) struct TestHub {
    folder: TempDir,
    /// The data folder.
    data: PathBuf,
    /// A file system is mounted on the folder.
    mounted: bool,
    running: Option<Child>,
}

impl TestHub {
    /// Made, not yet running.
    pub(crate) fn made() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hub = Self { data: folder.path().join("data"), mounted: false, folder, running: None };
        hub.run(&["init", "--demo", "--listen", &free_address()]).yes();
        hub
    }

    /// Made on a file system in memory of this many mebibytes; nothing where that cannot be mounted.
    #[allow(dead_code)] // not every suite does
    pub(crate) fn made_on_small_disk(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={mebibytes}m");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "truc-test"]).arg(folder.path()).output();
        if !mount.is_ok_and(|mount| mount.status.success()) {
            return say_skipped("no file system can be mounted here (root is needed)");
        }
        let hub = Self { data: folder.path().join("data"), mounted: true, folder, running: None };
        hub.run(&["init", "--demo", "--listen", &free_address()]).yes();
        Some(hub)
    }

    /// Made on ext4 of a loop device, with a way to make that fail; nothing where there is none.
    #[allow(dead_code)] // not every suite does
    pub(crate) fn made_on_ext4(mebibytes: u64) -> Option<(Self, Ext4)> {
        let folder = tempfile::tempdir().unwrap();
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(mebibytes << 20).unwrap();
        let disk = Ext4 { image, at: folder.path().to_owned() };
        let ran = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
        if !ran(Command::new("mkfs.ext4").arg("-q").arg(disk.image.path())) || !ran(&mut disk.mount()) {
            return say_skipped("no ext4 can be mounted here (root, loop devices and e2fsprogs are needed)");
        }
        let hub = Self { data: folder.path().join("data"), mounted: true, folder, running: None };
        if disk.trigger().is_none() {
            return say_skipped("this kernel's ext4 cannot be told to fail: NO read-only file system was tested");
        }
        hub.run(&["init", "--demo", "--listen", &free_address()]).yes();
        Some((hub, disk))
    }

    /// What `/readyz` answers.
    #[allow(dead_code)] // not every suite does
    pub(crate) fn ready(&self) -> String {
        let address = std::fs::read_to_string(self.path("run/address")).unwrap();
        said(&mut self.curl(address.lines().next().unwrap(), "/readyz")).stdout
    }

    /// A `GET` of this call, without credentials.
    #[allow(dead_code)] // not every suite does
    pub(crate) fn curl(&self, address: &str, call: &str) -> Command {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--cacert"]).arg(self.path("keys/tls/ca.crt")).arg(format!("{address}{call}"));
        curl
    }

    pub(crate) fn running() -> Self {
        let mut hub = Self::made();
        hub.start();
        hub
    }

    /// Starts it and waits for the line that says that it is ready.
    pub(crate) fn start(&mut self) {
        self.start_with_log(&self.file("serve.log"));
    }

    /// The same, with its log in this file.
    pub(crate) fn start_with_log(&mut self, log: &str) {
        let file = std::fs::File::options().create(true).write(true).truncate(true).open(log).unwrap();
        let mut child = self.command(&["--json", "serve"]).stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        // Devices have no end.
        let is_file = std::fs::metadata(log).is_ok_and(|log| log.is_file());
        let said = || if is_file { std::fs::read_to_string(log).unwrap() } else { String::new() };
        assert!(line.contains("https://127.0.0.1:"), "{line}{}", said());
        self.running = Some(child);
    }

    /// The process of the running hub.
    #[allow(dead_code)] // not every suite does
    pub(crate) fn pid(&self) -> u32 {
        self.running.as_ref().unwrap().id()
    }

    /// What it has logged since it was started last.
    #[allow(dead_code)] // not every suite does
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.file("serve.log")).unwrap()
    }

    /// Kills it, as -9 does.
    #[allow(dead_code)] // not every suite does
    pub(crate) fn kill(&mut self) {
        let mut child = self.running.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Gives one setting of the configuration another value.
    #[allow(dead_code)] // not every suite does
    pub(crate) fn configure(&self, key: &str, value: &str) {
        let path = self.path("truc.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let is_set = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
        let set = |line: &str| if is_set(line) { format!("{key} = {value}\n") } else { format!("{line}\n") };
        let changed: String = text.lines().map(set).collect();
        assert_ne!(changed, text, "{key}");
        std::fs::write(path, changed).unwrap();
    }

    /// Stops it politely; it must end well.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        terminate(&child);
        assert!(child.wait().unwrap().success());
    }

    /// A file or folder of the data folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }

    /// Goes on with another data folder.
    pub(crate) fn move_to(&mut self, data: &str) {
        self.data = PathBuf::from(data);
    }

    /// A file beside the data folder.
    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = truc();
        command.arg("--data").arg(self.path("")).args(args).current_dir(self.folder.path());
        command
    }

    /// Without a profile.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        said(&mut self.command(args))
    }

    /// As one of the systems of the demo, or the operator.
    pub(crate) fn by(&self, name: &str, args: &[&str]) -> Said {
        said(&mut self.command_by(name, args))
    }

    /// The command line of one of the systems of the demo, or the operator.
    pub(crate) fn command_by(&self, name: &str, args: &[&str]) -> Command {
        let mut command = self.command(args);
        command.env("TRUC_PROFILE", self.path("access").join(format!("{name}.toml")));
        command
    }

    /// Writes, signs and sends a document of VPCP; gives its file.
    pub(crate) fn send(&self, to: &str, code: &str, more: &[&str]) -> String {
        let file = self.file(&format!("{}.edxml", code.replace('/', "-")));
        let mut args =
            vec!["send", "--new", "--to", to, "--code", code, "--subject", "V/v thử nghiệm", "--save", &file];
        args.extend(more);
        self.by("vpcp", &args).yes();
        file
    }
}

/// A file system of its own that can be made to fail.
#[allow(dead_code)] // not every suite does
pub(crate) struct Ext4 {
    image: tempfile::NamedTempFile,
    at: PathBuf,
}

#[allow(dead_code)] // not every suite does
impl Ext4 {
    fn mount(&self) -> Command {
        let mut command = Command::new("mount");
        command.args(["-o", "loop,errors=remount-ro"]).arg(self.image.path()).arg(&self.at);
        command
    }

    /// Where the kernel is told that it has found an error.
    fn trigger(&self) -> Option<PathBuf> {
        let found = Command::new("findmnt").args(["-no", "SOURCE"]).arg(&self.at).output().ok()?;
        let device = String::from_utf8(found.stdout).ok()?;
        let trigger = Path::new("/sys/fs/ext4").join(Path::new(device.trim()).file_name()?).join("trigger_fs_error");
        trigger.exists().then_some(trigger)
    }

    /// It finds an error and goes read-only by itself.
    pub(crate) fn fail(&self) {
        std::fs::write(self.trigger().unwrap(), "1").unwrap();
    }

    /// As after the fault is gone.
    pub(crate) fn mount_again(&self) {
        assert!(Command::new("umount").arg(&self.at).status().unwrap().success());
        assert!(self.mount().status().unwrap().success());
    }
}

impl Drop for TestHub {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            // A test that fails must not wait for a hub that hangs, nor leave what it stands on.
            if std::thread::panicking() {
                let _ = child.kill();
            } else {
                terminate(&child);
            }
            let _ = child.wait();
        }
        if self.mounted {
            let umount = |how: &[&str]| Command::new("umount").args(how).arg(self.folder.path()).output();
            if !umount(&[]).is_ok_and(|umount| umount.status.success()) {
                let _ = umount(&["--lazy"]);
            }
        }
    }
}

pub(crate) fn terminate(child: &Child) {
    let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
}

/// Past the capture of the test's output: a test that was not run must not look like one that passed.
#[allow(dead_code)] // not every suite does
pub(crate) fn say_skipped<T>(why: &str) -> Option<T> {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    std::io::stderr().write_all(format!("SKIPPED {test}: {why}\n").as_bytes()).unwrap();
    None
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(10), "it has not come to be so");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A copy of a file with one thing changed.
pub(crate) fn altered(file: &str, before: &str, after: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(before), "{before}");
    let path = Path::new(file).with_extension("altered");
    std::fs::write(&path, text.replacen(before, after, 1)).unwrap();
    path.display().to_string()
}
