//! Canonicalisation: what the reader accepts has a canonical form, which is read again to the same content and is its own
//! canonical form. The first byte chooses the algorithm.
#![no_main]

use libfuzzer_sys::fuzz_target;
use truc::xml::c14n::{Algorithm, Canonicalizer, Method};
use truc::xml::{Limits, Reader, Unit};
use truc_fuzz::Recorder;

/// The canonical form, read by units.
fn by_units(document: &[u8], algorithm: Algorithm) -> Option<Vec<u8>> {
    let mut reader = Reader::over(document, Limits::default());
    let mut canonicalizer = Canonicalizer::new(algorithm, vec!["#default".into(), "a".into()], Vec::new());
    while let Some(unit) = reader.unit().ok()? {
        match unit {
            Unit::Event(event) => canonicalizer.event(&event),
            Unit::Leaf(leaf) => canonicalizer.leaf(&leaf),
        }
    }
    Some(canonicalizer.into_sink())
}

/// The canonical form, and the content without comments.
fn canonical(document: &[u8], algorithm: Algorithm) -> Option<(Vec<u8>, String)> {
    let mut reader = Reader::new(document, Limits::default());
    let mut canonicalizer = Canonicalizer::new(algorithm, vec!["#default".into(), "a".into()], Vec::new());
    let mut recorder = Recorder::default();
    while let Some(event) = reader.next().ok()? {
        canonicalizer.event(&event);
        recorder.put(&event);
    }
    Some((canonicalizer.into_sink(), recorder.into_text()))
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, document)) = data.split_first() else { return };
    let method = [Method::Inclusive10, Method::Inclusive11, Method::Exclusive][usize::from(choice % 3)];
    let algorithm = Algorithm::new(method, choice & 0x80 != 0);
    let Some((form, content)) = canonical(document, algorithm) else { return };
    assert!(by_units(document, algorithm).is_some_and(|same| same == form), "units have another canonical form");
    let Some((again, same)) = canonical(&form, algorithm) else {
        panic!("the canonical form is not accepted: {}", String::from_utf8_lossy(&form));
    };
    assert_eq!(form, again, "a canonical form is not its own canonical form");
    // White space outside the root is not content of the canonical form, and comments may be left out of it.
    if algorithm.comments {
        assert_eq!(content.trim(), same.trim(), "canonicalisation changed the content");
    }
});
