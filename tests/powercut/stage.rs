//! Where a hub lives while it is tried: a data folder made once by `truc init`, laid out anew for each generation, on a
//! volume that loses power or in a plain folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::watch;
use truc::config::{Config, DataFolder, template};
use truc::trail::VerifierKey;

use crate::backup;
use crate::disk::Image;
use crate::hub::{Program, Started};
use crate::people::People;
use crate::trouble::Done;
use crate::volume::{Volume, run};

/// Small segments, so that many cuts meet a change of segments.
const SEGMENT_BYTES: u64 = 1 << 20;

/// The place, the people, and the power.
pub(crate) struct Stage {
    pub(crate) ground: Ground,
    pub(crate) people: Arc<People>,
    pub(crate) key: VerifierKey,
    /// Whether the power is on; off also from just before a kill until the next start.
    pub(crate) power: watch::Sender<bool>,
    folder: TempDir,
    data: PathBuf,
}

/// What is under the data folder.
pub(crate) enum Ground {
    /// A volume with a volatile cache, and what stood on it after `truc init`.
    Volume(Box<Volume>, Image),
    /// A plain folder, and a copy of what stood in it after `truc init`.
    Folder(PathBuf),
}

impl Stage {
    /// On a volume that loses power.
    pub(crate) async fn on_volume(truc: &Path) -> Done<Self> {
        let folder = tempfile::tempdir()?;
        let power = watch::Sender::new(true);
        let mut volume = Volume::new(folder.path(), power.clone())?;
        let data = volume.mounted_at().join("data");
        volume.mount()?;
        let (people, key) = init(truc, &data, folder.path()).await?;
        volume.unmount()?;
        let image = volume.image();
        Ok(Self { ground: Ground::Volume(Box::new(volume), image), people, key, power, folder, data })
    }

    /// In a plain folder.
    pub(crate) async fn in_folder(truc: &Path) -> Done<Self> {
        let folder = tempfile::tempdir()?;
        let (data, kept) = (folder.path().join("data"), folder.path().join("kept"));
        let (people, key) = init(truc, &data, folder.path()).await?;
        run("cp", &["-a", &text(&data), &text(&kept)])?;
        Ok(Self { ground: Ground::Folder(kept), people, key, power: watch::Sender::new(true), folder, data })
    }

    /// As it was after `truc init`. Nothing is mounted.
    pub(crate) fn lay_out(&mut self) -> Done<()> {
        match &mut self.ground {
            Ground::Volume(volume, image) => volume.replace(image),
            Ground::Folder(kept) => {
                std::fs::remove_dir_all(&self.data)?;
                run("cp", &["-a", &text(kept), &text(&self.data)])?;
            }
        }
        self.power.send_replace(true);
        clear(&backup::folder(self.scratch()))
    }

    /// This binary on another data folder.
    pub(crate) fn program_on(&self, truc: &Path, data: &Path) -> Program {
        Program { log: self.folder.path().join("other.log"), ..program(truc, data, self.folder.path()) }
    }

    /// This binary on the data folder.
    pub(crate) fn program(&self, truc: &Path) -> Program {
        program(truc, &self.data, self.folder.path())
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn journal(&self) -> PathBuf {
        DataFolder::new(&self.data).journal()
    }

    pub(crate) fn index(&self) -> PathBuf {
        DataFolder::new(&self.data).index()
    }

    /// Room for copies.
    pub(crate) fn scratch(&self) -> &Path {
        self.folder.path()
    }

    /// Keeps the data folder for whoever looks for the cause.
    pub(crate) fn keep(&self, folder: &Path) -> Done<()> {
        std::fs::create_dir_all(folder)?;
        run("cp", &["-a", &text(&self.data), &text(folder)]).map(drop)
    }
}

fn program(truc: &Path, data: &Path, folder: &Path) -> Program {
    let (path, data) = (truc.to_owned(), data.to_owned());
    Program { path, data, log: folder.join("hub.log"), backups: backup::folder(folder) }
}

/// Removes a folder that may be there.
pub(crate) fn clear(folder: &Path) -> Done<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

async fn init(truc: &Path, data: &Path, folder: &Path) -> Done<(Arc<People>, VerifierKey)> {
    let program = program(truc, data, folder);
    program.init()?;
    let places = DataFolder::new(data);
    let mut config = Config::read(&places.config())?;
    (config.journal.segment_bytes, config.journal.reserve_bytes) = (SEGMENT_BYTES, 4 << 20);
    std::fs::write(places.config(), template(&config))?;
    let key = std::fs::read_to_string(places.log_vkey())?.trim().parse()?;
    let people = Arc::new(People::of(data, &folder.join("people"))?);
    register(&program, &people).await?;
    Ok((people, key))
}

/// The late signers may sign for their agencies from now on.
async fn register(program: &Program, people: &People) -> Done<()> {
    let Started::Ready(hub) = program.start(&mut watch::Sender::new(true).subscribe()).await? else {
        return Err(format!("the hub does not start; see {}", program.log.display()).into());
    };
    let clients = people.clients(&hub.address)?;
    for (who, agency) in people.all() {
        clients[people.count()].put_access(&people.late.access(who, &agency.code)).await?;
    }
    hub.stop()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
