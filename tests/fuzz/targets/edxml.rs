//! The edXML reader in both modes: nothing panics it, and what is strictly right is right tolerantly, too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use truc::edxml::{Mode, read};

fuzz_target!(|data: &[u8]| {
    let strict = read(&data, Mode::Strict);
    let tolerant = read(&data, Mode::Tolerant);
    if let (Ok(_), Err(refusal)) = (strict, tolerant) {
        panic!("right strictly, refused tolerantly: {refusal}");
    }
});
