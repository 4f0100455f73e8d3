//! The strict reader: no input panics it, and how the bytes arrive makes no difference to what is read.
#![no_main]

use std::io::BufReader;

use libfuzzer_sys::fuzz_target;
use truc::domain::Code;
use truc::xml::{Input, Limits, Reader};
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

fuzz_target!(|data: &[u8]| {
    let (text, fault) = read(Reader::over(data, Limits::default()));
    for capacity in [7, 1 << 20] {
        let source = BufReader::with_capacity(capacity, data);
        let (in_pieces, same_fault) = read(Reader::new(source, Limits::default()));
        assert_eq!(fault, same_fault, "the fault depends on how the bytes arrive");
        if fault.is_none() {
            assert_eq!(text, in_pieces, "the content depends on how the bytes arrive");
        }
    }
});
