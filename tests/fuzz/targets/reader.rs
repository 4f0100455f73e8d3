//! The strict reader: no input panics it, and neither how the bytes arrive nor how they are taken, by events or by units,
//! makes a difference to what is read.
#![no_main]

use std::io::BufReader;

use libfuzzer_sys::fuzz_target;
use truc::domain::Code;
use truc::xml::{Consumer, Input, Limits, Reader, Unit};
use truc_fuzz::Recorder;

/// Everything that is shown, and the fault with its place.
fn read(mut reader: Reader<impl Input>) -> (String, Option<(Code, u64)>) {
    let mut recorder = Recorder::default();
    loop {
        match reader.next() {
            Ok(Some(event)) => recorder.put(&event),
            Ok(None) => return (recorder.into_text(), None),
            Err(fault) => return (recorder.into_text(), Some((fault.code, fault.offset))),
        }
    }
}

/// The same by units.
fn read_units(mut reader: Reader<impl Input>) -> (String, Option<(Code, u64)>) {
    let mut recorder = Recorder::default();
    loop {
        match reader.unit() {
            Ok(Some(Unit::Event(event))) => recorder.put(&event),
            Ok(Some(Unit::Leaf(leaf))) => recorder.leaf(&leaf).expect("a recorder takes everything"),
            Ok(None) => return (recorder.into_text(), None),
            Err(fault) => return (recorder.into_text(), Some((fault.code, fault.offset))),
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let (text, fault) = read(Reader::over(data, Limits::default()));
    let by_units = read_units(Reader::over(data, Limits::default()));
    assert!((&text, fault) == (&by_units.0, by_units.1), "units are other than events");
    for capacity in [7, 1 << 20] {
        let source = BufReader::with_capacity(capacity, data);
        let (in_pieces, same_fault) = read(Reader::new(source, Limits::default()));
        assert_eq!(fault, same_fault, "the fault depends on how the bytes arrive");
        if fault.is_none() {
            assert_eq!(text, in_pieces, "the content depends on how the bytes arrive");
        }
    }
});
