//! The disk of `disk`, where a hub can use it: FUSE serves its one file, a loop device makes a block device of that, and
//! on the block device stands ext4 with its journal, as on a real disk. Every barrier of ext4 reaches the disk as an
//! fsync of the file.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, MountOption, OpenFlags, ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, Request,
    WriteFlags,
};
use tokio::sync::watch;

use crate::disk::{BLOCK, Disk, Figures, Image, Plan};
use crate::trouble::{Done, Trouble};

/// Room for some thousand documents.
const VOLUME_OCTETS: u64 = 512 << 20;
/// The one file.
const FILE: INodeNo = INodeNo(2);
const NAME: &str = "disk";
/// Nothing changes behind the kernel's back.
const FOR_EVER: Duration = Duration::from_hours(24);

/// A disk with ext4 on it, and where it is mounted.
pub(crate) struct Volume {
    disk: Arc<Mutex<Disk>>,
    power: watch::Sender<bool>,
    file: PathBuf,
    mounted_at: PathBuf,
    device: Option<String>,
    /// Unmounted when it is dropped.
    _session: BackgroundSession,
}

impl Volume {
    /// A new disk, formatted, mounted nowhere yet. `power` says false when it is cut.
    pub(crate) fn new(folder: &Path, power: watch::Sender<bool>) -> Done<Self> {
        let (file, mounted_at) = (folder.join("fuse"), folder.join("ext4"));
        std::fs::create_dir_all(&file)?;
        std::fs::create_dir_all(&mounted_at)?;
        let disk = Arc::new(Mutex::new(Disk::new(Image::zeros(VOLUME_OCTETS))));
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("powercut".to_owned())];
        let served = Served { disk: Arc::clone(&disk), power: power.clone() };
        let session = fuser::spawn_mount(served, &file, &config)
            .map_err(|error| Trouble::from(format!("FUSE cannot be mounted: {error}")))?;
        let mut volume = Self { disk, power, file: file.join(NAME), mounted_at, device: None, _session: session };
        volume.format()?;
        Ok(volume)
    }

    /// No lazy initialisation: it would write at times of its own.
    fn format(&mut self) -> Done<()> {
        let device = self.attach()?;
        let options = "lazy_itable_init=0,lazy_journal_init=0";
        run("mkfs.ext4", &["-q", "-F", "-b", "4096", "-N", "8192", "-J", "size=16", "-E", options, &device])?;
        self.detach()
    }

    pub(crate) fn mounted_at(&self) -> &Path {
        &self.mounted_at
    }

    pub(crate) const fn is_mounted(&self) -> bool {
        self.device.is_some()
    }

    pub(crate) fn mount(&mut self) -> Done<()> {
        let device = self.attach()?;
        run("mount", &["-t", "ext4", &device, &self.mounted_at.display().to_string()]).map(drop)
    }

    /// What was not written yet is written now, on the disk that is there now.
    pub(crate) fn unmount(&mut self) -> Done<()> {
        run("umount", &[&self.mounted_at.display().to_string()])?;
        self.detach()
    }

    /// What ext4's own checker says about a file system that is not mounted.
    pub(crate) fn check(&mut self) -> Done<Result<(), String>> {
        let device = self.attach()?;
        let said = Command::new("fsck.ext4").args(["-f", "-n", &device]).output()?;
        self.detach()?;
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        Ok(if said.status.success() { Ok(()) } else { Err(text) })
    }

    fn attach(&mut self) -> Done<String> {
        let device = run("losetup", &["--find", "--show", &self.file.display().to_string()])?.trim().to_owned();
        self.device = Some(device.clone());
        Ok(device)
    }

    fn detach(&mut self) -> Done<()> {
        self.device.take().map_or(Ok(()), |device| run("losetup", &["-d", &device]).map(drop))
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn plan(&self, plan: Option<Plan>) {
        self.disk().plan(plan);
    }

    /// Whatever was planned, the power goes now.
    pub(crate) fn cut(&self) {
        let mut disk = self.disk();
        disk.cut();
        // Under the lock, as in `tell`: a flush that comes in between is of a dead disk, and would be told as done.
        self.power.send_replace(false);
        drop(disk);
    }

    /// Unmounts what hangs on a dead disk, and gives it power again.
    pub(crate) fn power_on(&mut self) -> Done<()> {
        self.unmount()?;
        self.disk().power_on();
        self.power.send_replace(true);
        Ok(())
    }

    pub(crate) fn image(&self) -> Image {
        self.disk().durable()
    }

    pub(crate) fn replace(&self, image: &Image) {
        self.disk().replace(image);
        self.power.send_replace(true);
    }

    pub(crate) fn figures(&self) -> Figures {
        self.disk().figures()
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Best effort: the mounts are in a namespace of ours and end with us.
        let _ = Command::new("umount").arg(&self.mounted_at).output();
        let _ = self.detach();
    }
}

/// Runs a program of the system; what it said.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Done<String> {
    let said = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if said.status.success() {
        return Ok(String::from_utf8_lossy(&said.stdout).into_owned());
    }
    let reason = String::from_utf8_lossy(&said.stderr);
    Err(format!("{program} {}: {}", arguments.join(" "), reason.trim()).into())
}

/// The file system of FUSE: a folder with one file.
struct Served {
    disk: Arc<Mutex<Disk>>,
    power: watch::Sender<bool>,
}

impl Served {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attributes(&self, ino: INodeNo) -> Option<FileAttr> {
        let (kind, size, perm) = match ino {
            INodeNo::ROOT => (FileType::Directory, 0, 0o755),
            FILE => (FileType::RegularFile, self.disk().len(), 0o600),
            _ => return None,
        };
        let time = SystemTime::UNIX_EPOCH;
        Some(FileAttr {
            ino,
            size,
            blocks: size / 512,
            atime: time,
            mtime: time,
            ctime: time,
            crtime: time,
            kind,
            perm,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            blksize: BLOCK as u32,
            flags: 0,
        })
    }

    /// Told under the disk's lock: whoever sees the power on afterwards was answered before the cut.
    fn tell(&self, cut: bool) {
        if cut {
            self.power.send_replace(false);
        }
    }
}

impl Filesystem for Served {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        match self.attributes(FILE).filter(|_| parent == INodeNo::ROOT && name == NAME) {
            Some(attributes) => reply.entry(&FOR_EVER, &attributes, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(ino) {
            Some(attributes) => reply.attr(&FOR_EVER, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    /// Without the kernel's page cache: the only cache is the disk's.
    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let octets = self.disk().read(offset, size as usize);
        reply.data(&octets);
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        if offset + data.len() as u64 > self.disk().len() {
            return reply.error(Errno::ENOSPC);
        }
        let mut disk = self.disk();
        self.tell(disk.write(offset, data));
        drop(disk);
        reply.written(data.len() as u32);
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let mut disk = self.disk();
        self.tell(disk.flush());
        drop(disk);
        reply.ok();
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }
}
