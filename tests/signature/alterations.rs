//! One altered byte: the message is refused, or it means exactly what it meant.

use truc::domain::Code;
use truc::signature::SigningOptions;

use crate::support::{MESSAGE, p256, rsa, verified};

#[test]
fn no_single_altered_byte_changes_what_is_read() {
    for identity in [rsa(), p256()] {
        let signed = identity.sign(MESSAGE, SigningOptions::default());
        let meant = verified(&signed, identity).unwrap().into_parts().0;
        let mut bytes = signed.clone().into_bytes();
        let mut harmless = 0;
        for at in 0..bytes.len() {
            let original = bytes[at];
            for altered in [original ^ 1, original ^ 0x20, b' '] {
                bytes[at] = altered;
                if altered != original
                    && let Ok(text) = std::str::from_utf8(&bytes)
                    && let Ok(passed) = verified(text, identity)
                {
                    assert_eq!(passed.value(), &meant, "byte {at}: {original:#x} -> {altered:#x}");
                    harmless += 1;
                }
            }
            bytes[at] = original;
        }
        println!(
            "{} bytes, {harmless} alterations outside the canonical form (white space in tags, comments, ...)",
            bytes.len()
        );
        assert!(harmless * 50 < bytes.len(), "{harmless} alterations passed");
    }
}

#[test]
fn an_altered_byte_behind_the_signature_is_called_by_its_name() {
    let signed = rsa().sign(MESSAGE, SigningOptions::default());
    let refusal = verified(&signed.replace("SGVsbG8=", "SGVsbG9="), rsa()).unwrap_err();
    let at = refusal.at.unwrap();
    assert_eq!(refusal.code, Code::DigestMismatch);
    assert_eq!(at.path, "/edXML/edXMLEnvelope/edXMLHeader/Signature/SignedInfo/Reference");
    let line = signed.lines().nth(usize::try_from(at.line).unwrap() - 1).unwrap();
    assert!(line[usize::try_from(at.column).unwrap() - 1..].starts_with("<ds:Reference "));
}
