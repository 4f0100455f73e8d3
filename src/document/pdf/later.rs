//! What was added after a signature: further signatures and their evidence, or something that changes what people see.
//! Cautious: what it does not know, it calls a change. A new object matters only through an old one that was written
//! anew to point to it, so those are compared with what they were (the attacks of pdf-insecurity.org: incremental
//! saving, shadow attacks, overlaid annotations).

use std::collections::{BTreeSet, HashMap};
use std::io;

use crate::document::pdf::packed::Entry;
use crate::document::pdf::revision::{Dictionary, Revision, references};
use crate::document::pdf::token::{number, value_end};
use crate::document::pdf::update::{Object, Update, Where};
use crate::document::source::{ReadAt, bytes};

/// Largest update that is looked into. Source: a seal's picture and the evidence for it take some 200 KB.
const UPDATE_OCTETS_MAX: u64 = 4 << 20;
const WINDOW: u64 = 256 << 10;
/// Most references to objects that are not there.
const DANGLING_MAX: usize = 10_000;

/// What the octets between two signatures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Added {
    /// Evidence and signatures that show nothing.
    Unseen,
    /// A signature that shows something on the page: a seal, a name. Whoever signs next vouches for it.
    Seen,
    /// Something else.
    Other,
}

/// What stands between `from` and `to`, after a file that was whole at `from`.
pub(super) fn added(source: &dyn ReadAt, from: u64, to: u64, dangling: &Dangling) -> io::Result<Added> {
    if to.saturating_sub(from) > UPDATE_OCTETS_MAX {
        return Ok(Added::Other);
    }
    let text = bytes(source, from..to)?;
    let (mut at, mut worst) = (0, Added::Unseen);
    while at < text.len() && worst != Added::Other {
        let start = from.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
        let Some(update) = Update::read(&text, at) else { return Ok(Added::Other) };
        let Some(before) = Revision::before(source, start)? else { return Ok(Added::Other) };
        let vetting = Vetting { source, before: &before, update: &update, from, start, dangling };
        worst = worst.max(vetting.verdict()?.unwrap_or(Added::Other));
        at = update.end;
    }
    Ok(worst)
}

/// Where objects that did not exist were referred to: prepared places that a later update could fill.
#[derive(Debug)]
pub(super) struct Dangling(Option<HashMap<u64, u64>>);

impl Dangling {
    /// Looks through the file for references to objects from `size` on, also in the object streams that its latest
    /// revision knows.
    pub(super) fn of(source: &dyn ReadAt, size: u64) -> io::Result<Self> {
        const OVERLAP: u64 = 32;
        let (mut found, mut at) = (HashMap::new(), 0);
        let octets = source.octets();
        while at < octets && found.len() < DANGLING_MAX {
            let window = bytes(source, at..at.saturating_add(WINDOW).saturating_add(OVERLAP))?;
            take(&mut found, &window, size, &|place| at.saturating_add(u64::try_from(place).unwrap_or(u64::MAX)));
            at = at.saturating_add(WINDOW);
        }
        let latest = Revision::before(source, octets)?;
        let Some(packed) = latest.map(|latest| latest.packed_objects(source)).transpose()?.flatten() else {
            return Ok(Self::everywhere());
        };
        for (offset, text) in packed {
            take(&mut found, &text, size, &|_| offset);
        }
        Ok(Self(Some(found)))
    }

    /// Where it cannot be told.
    pub(super) const fn everywhere() -> Self {
        Self(None)
    }

    /// Where there are no updates.
    pub(super) fn nowhere() -> Self {
        Self(Some(HashMap::new()))
    }

    fn is_before(&self, object: u64, offset: u64) -> bool {
        let Some(found) = &self.0 else { return true };
        found.len() >= DANGLING_MAX || found.get(&object).is_some_and(|at| *at < offset)
    }
}

/// Takes up the references in a text, each with its place in the file.
fn take(found: &mut HashMap<u64, u64>, text: &[u8], size: u64, offset: &dyn Fn(usize) -> u64) {
    for place in memchr::memmem::find_iter(text, b" R") {
        let object = referred(text.get(..place).unwrap_or_default()).filter(|object| *object >= size);
        if let Some(object) = object.filter(|_| found.len() < DANGLING_MAX) {
            found.entry(object).or_insert_with(|| offset(place));
        }
    }
}

/// The object of a reference whose ` R` stands behind this text.
fn referred(before: &[u8]) -> Option<u64> {
    let digits = |text: &[u8]| text.iter().rev().take_while(|octet| octet.is_ascii_digit()).count();
    let generation = before.len().checked_sub(digits(before))?;
    let before = before.get(..generation.checked_sub(1)?)?;
    let start = before.len().checked_sub(digits(before))?;
    number(before, start).map(|(object, _)| object)
}

struct Vetting<'a> {
    source: &'a dyn ReadAt,
    before: &'a Revision,
    update: &'a Update,
    /// Where the text of the update begins in the file, and the update itself.
    from: u64,
    start: u64,
    dangling: &'a Dangling,
}

/// A comparison that did not come out well is none.
type Vetted = Option<Added>;

impl Vetting<'_> {
    fn verdict(&self) -> io::Result<Vetted> {
        let Some(old) = self.before.trailer().filter(|old| self.is_chained(old)) else { return Ok(None) };
        let Some(size) = old.number("Size") else { return Ok(None) };
        let mut worst = Added::Unseen;
        for object in &self.update.objects {
            let vetted = if object.number < size {
                self.changed(object)?
            } else if self.dangling.is_before(object.number, self.start) {
                None
            } else {
                Some(if shows(object) { Added::Seen } else { Added::Unseen })
            };
            let Some(added) = vetted else { return Ok(None) };
            worst = worst.max(added);
        }
        Ok(Some(worst))
    }

    /// The update goes on from the revision before it, and its table means its own objects.
    fn is_chained(&self, old: &Dictionary) -> bool {
        /// What every trailer has of its own, or a cross-reference stream for itself.
        const OWN: [&str; 11] =
            ["Size", "Prev", "Info", "ID", "XRefStm", "Type", "W", "Index", "Filter", "DecodeParms", "Length"];
        let offset = |at: usize| self.from.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
        let trailer = &self.update.trailer;
        let own = self.update.objects.iter().map(|object| match object.place {
            Where::At(at) => (object.number, Entry::At(offset(at))),
            Where::In(container) => (object.number, Entry::In(container)),
        });
        let own: BTreeSet<_> = own.collect();
        let entries: BTreeSet<_> = self.update.entries.iter().copied().collect();
        own.len() == self.update.objects.len()
            && entries.len() == self.update.entries.len()
            && own == entries
            && self.update.start == offset(self.update.table)
            && trailer.number("Prev") == Some(self.before.start)
            && trailer.value("XRefStm").is_none()
            && trailer.differs_only_in(old, &OWN)
    }

    /// An object that was there before. What it was used for cannot be seen here, so it must stay harmless wherever it
    /// is used.
    fn changed(&self, object: &Object) -> io::Result<Vetted> {
        let Some(text) = self.before.object(self.source, object.number)? else { return Ok(None) };
        let Some(new) = &object.dictionary else {
            return Ok(self.array(&text, &object.value).then_some(Added::Unseen));
        };
        let Some((old, _)) = Dictionary::read(&text, 0) else { return Ok(None) };
        if object.has_stream {
            // XMP, which many signers bring up to date; its stream might be drawn somewhere.
            let is_metadata = new.is("Type", "/Metadata") && old.is("Type", "/Metadata");
            return Ok(is_metadata.then_some(Added::Seen));
        }
        Ok(self.dictionary(&old, new))
    }

    fn dictionary(&self, old: &Dictionary, new: &Dictionary) -> Vetted {
        const DSS: [&str; 5] = ["Type", "Certs", "CRLs", "OCSPs", "VRI"];
        const FORM: [&str; 4] = ["Fields", "SigFlags", "DR", "DA"];
        const INFO: [&str; 9] =
            ["Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate", "ModDate", "Trapped"];
        if old.value("Parent").is_none() && new.differs_only_in(old, &INFO) {
            return Some(Added::Unseen);
        }
        let unseen = |is_good: bool| is_good.then_some(Added::Unseen);
        if new.is("Type", "/Catalog") {
            let changes = ["AcroForm", "DSS", "Extensions", "Version"];
            return unseen(new.differs_only_in(old, &changes) && self.form_of(old, new));
        }
        if new.is("Type", "/Page") {
            return unseen(new.differs_only_in(old, &["Annots"]) && self.annotations(old, new));
        }
        if new.is("FT", "/Sig") && old.value("V").is_none() {
            return new.differs_only_in(old, &["V", "AP", "AS", "M", "F", "MK"]).then_some(Added::Seen);
        }
        if new.has_only(&DSS) && old.has_only(&DSS) {
            return Some(Added::Unseen);
        }
        let is_form = new.value("Fields").is_some() && old.value("Fields").is_some();
        let has_grown = is_form && grows(old.value("Fields"), new.value("Fields")).is_some();
        match (has_grown, new.differs_only_in(old, &["Fields", "SigFlags"]), new.differs_only_in(old, &FORM)) {
            (true, true, _) => Some(Added::Unseen),
            // Resources that draw what fields hold.
            (true, false, true) => Some(Added::Seen),
            _ => None,
        }
    }

    /// An array of references that only grew, by widgets of signatures: a page's annotations, a form's fields.
    fn array(&self, old: &[u8], new: &[u8]) -> bool {
        let old = value_end(old, 0).and_then(|end| old.get(..end));
        grows(old, Some(new)).is_some_and(|added| self.are_widgets(&added))
    }

    fn are_widgets(&self, objects: &[u64]) -> bool {
        let is_widget = |object: &Object| object.dictionary.as_ref().is_some_and(is_signature_field);
        objects.iter().all(|object| self.update.object(*object).is_some_and(is_widget))
    }

    fn annotations(&self, old: &Dictionary, new: &Dictionary) -> bool {
        if old.value("Annots") == new.value("Annots") {
            return true;
        }
        grows(old.value("Annots"), new.value("Annots")).is_some_and(|added| self.are_widgets(&added))
    }

    /// A form that the catalog did not have before has signatures' fields and nothing that draws (XFA).
    fn form_of(&self, old: &Dictionary, new: &Dictionary) -> bool {
        if old.value("AcroForm").is_some() {
            return new.reference("AcroForm").is_some() && old.value("AcroForm") == new.value("AcroForm");
        }
        let Some(value) = new.value("AcroForm") else { return true };
        let direct = Dictionary::read(value, 0).map(|(form, _)| form);
        let referred = || self.update.object(new.reference("AcroForm")?)?.dictionary.clone();
        direct.or_else(referred).is_some_and(|form| form.has_only(&["Fields", "SigFlags", "DR", "DA"]))
    }
}

fn is_signature_field(dictionary: &Dictionary) -> bool {
    dictionary.is("FT", "/Sig") && dictionary.is("Subtype", "/Widget")
}

/// What an array of references has more than before, at its end.
fn grows(old: Option<&[u8]>, new: Option<&[u8]>) -> Option<Vec<u64>> {
    let old = old.map_or(Some(Vec::new()), references)?;
    let new = new.map_or(Some(Vec::new()), references)?;
    new.strip_prefix(old.as_slice()).map(<[u64]>::to_vec)
}

/// Whether a new object draws something.
fn shows(object: &Object) -> bool {
    object
        .dictionary
        .as_ref()
        .is_some_and(|new| new.value("AP").is_some() || new.value("Subtype").is_some_and(|kind| kind != b"/Widget"))
}
