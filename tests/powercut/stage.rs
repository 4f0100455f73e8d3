//! Where a hub lives while it is tried: a data folder made once by `truc init`, laid out anew for each generation, on a
//! volume that loses power or in a plain folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::watch;
use truc::config::{Config, DataFolder, template};
use truc::trail::VerifierKey;

use crate::disk::Image;
use crate::hub::Program;
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
    pub(crate) fn on_volume(truc: &Path) -> Done<Self> {
        let folder = tempfile::tempdir()?;
        let power = watch::Sender::new(true);
        let mut volume = Volume::new(folder.path(), power.clone())?;
        let data = volume.mounted_at().join("data");
        volume.mount()?;
        let (people, key) = init(truc, &data, folder.path())?;
        volume.unmount()?;
        let image = volume.image();
        Ok(Self { ground: Ground::Volume(Box::new(volume), image), people, key, power, folder, data })
    }

    /// In a plain folder.
    pub(crate) fn in_folder(truc: &Path) -> Done<Self> {
        let folder = tempfile::tempdir()?;
        let (data, kept) = (folder.path().join("data"), folder.path().join("kept"));
        let (people, key) = init(truc, &data, folder.path())?;
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
        Ok(())
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
    Program { path: truc.to_owned(), data: data.to_owned(), log: folder.join("hub.log") }
}

fn init(truc: &Path, data: &Path, folder: &Path) -> Done<(Arc<People>, VerifierKey)> {
    program(truc, data, folder).init()?;
    let places = DataFolder::new(data);
    let mut config = Config::read(&places.config())?;
    (config.journal.segment_bytes, config.journal.reserve_bytes) = (SEGMENT_BYTES, 4 << 20);
    std::fs::write(places.config(), template(&config))?;
    let key = std::fs::read_to_string(places.log_vkey())?.trim().parse()?;
    Ok((Arc::new(People::of(data, &folder.join("people"))?), key))
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
