//! One altered byte, or one element put elsewhere: the message is refused, or it means exactly what it meant.

use std::ops::Range;

use proptest::prelude::*;
use truc::domain::{Code, Refusal};
use truc::edxml::signature_profile;
use truc::signature::{Coverage, SigningOptions, Verified, examine, sign, verify};
use truc::xml::c14n::Method;
use truc::xml::{Kind, Limits, Reader};

use crate::support::{MESSAGE, Only, Recorder, now, p256, profile, rsa, verified};

/// A small message of the shape that the profile's parts need.
const PARTS: &str = concat!(
    "<edXML xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\"><edXMLEnvelope>\n<edXMLHeader>",
    "<MessageHeader>A &amp; B</MessageHeader><TraceHeaderList id=\"1\"/></edXMLHeader><!-- not me -->",
    "<edXMLBody a='b'><![CDATA[<t>]]></edXMLBody></edXMLEnvelope>",
    "<AttachmentEncoded><Attachment>SGVsbG8=</Attachment></AttachmentEncoded></edXML>",
);

const METHODS: [Method; 3] = [Method::Exclusive, Method::Inclusive10, Method::Inclusive11];

fn signed_by_id(canonicalization: Method) -> &'static str {
    static SIGNED: std::sync::OnceLock<[String; 3]> = std::sync::OnceLock::new();
    let sign = |canonicalization| {
        let options = SigningOptions { canonicalization, coverage: Coverage::Parts, ..SigningOptions::default() };
        let chain = [p256().certificate.clone()];
        sign(PARTS.as_bytes(), &signature_profile(), &p256().key(), &chain, options).unwrap()
    };
    let signed = SIGNED.get_or_init(|| METHODS.map(|method| String::from_utf8(sign(method)).unwrap()));
    &signed[METHODS.iter().position(|method| *method == canonicalization).unwrap()]
}

fn verified_by_id(message: &str) -> Result<Verified<String>, Refusal> {
    verify(&message.as_bytes(), &signature_profile(), &Only(&p256().certificate), now(), Recorder::default)
}

#[test]
fn no_single_altered_byte_changes_what_is_read_by_id() {
    let signed = signed_by_id(Method::Exclusive);
    let meant = verified_by_id(signed).unwrap().into_parts().0;
    let mut bytes = signed.to_owned().into_bytes();
    let mut harmless = 0;
    for at in 0..bytes.len() {
        let original = bytes[at];
        for altered in [original ^ 1, b' '] {
            bytes[at] = altered;
            if altered != original
                && let Ok(text) = std::str::from_utf8(&bytes)
                && let Ok(passed) = verified_by_id(text)
            {
                assert_eq!(passed.value(), &meant, "byte {at}: {original:#x} -> {altered:#x}");
                harmless += 1;
            }
        }
        bytes[at] = original;
    }
    assert!(harmless * 20 < bytes.len(), "{harmless} of {} alterations passed", bytes.len());
}

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

/// The byte spans of all elements of a message.
fn elements(message: &str) -> Vec<Range<usize>> {
    let mut reader = Reader::new(message.as_bytes(), Limits::default());
    let (mut open, mut spans) = (Vec::new(), Vec::new());
    while let Some(event) = reader.next().unwrap() {
        let span = usize::try_from(event.span.start).unwrap()..usize::try_from(event.span.end).unwrap();
        match event.kind {
            Kind::Start(_) => open.push(span.start),
            Kind::End(_) => spans.push(open.pop().unwrap()..span.end),
            _ => {}
        }
    }
    spans
}

/// What an attacker does with whole elements: puts one of them in front of, behind or in the place of another, or inside
/// it as its first child; and takes it from its old place or leaves it there.
fn wrap(message: &str, what: Range<usize>, whither: &Range<usize>, how: u8, leave: bool) -> String {
    let piece = &message[what.clone()];
    let inside = whither.start + message[whither.clone()].find('>').unwrap() + 1;
    let (at, gap) = match how {
        0 => (whither.start, 0),
        1 => (whither.end, 0),
        2 => (inside, 0),
        _ => (whither.start, whither.len()),
    };
    let put = |text: &str, at: usize| format!("{}{piece}{}", &text[..at], &text[at + gap..]);
    if leave || (what.start < at + gap && at < what.end) {
        put(message, at)
    } else if at <= what.start {
        let cut = format!("{}{}", &message[..what.start], &message[what.end..]);
        put(&cut, at)
    } else {
        let cut = format!("{}{}", &message[..what.start], &message[what.end..]);
        put(&cut, at - what.len())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_element_put_elsewhere_changes_what_is_read(
        canonicalization in prop::sample::select(vec![Method::Exclusive, Method::Inclusive10]),
        what in any::<prop::sample::Index>(),
        whither in any::<prop::sample::Index>(),
        how in 0_u8..4,
        leave in any::<bool>(),
    ) {
        let signed = rsa().sign(MESSAGE, SigningOptions { canonicalization, ..SigningOptions::default() });
        let spans = elements(&signed);
        let wrapped = wrap(&signed, what.get(&spans).clone(), whither.get(&spans), how, leave);
        if let Ok(passed) = verified(&wrapped, rsa()) {
            let meant = verified(&signed, rsa()).unwrap().into_parts().0;
            prop_assert_eq!(passed.value(), &meant, "{}", wrapped);
        }
        if let Ok(examined) = examine(&wrapped.as_bytes(), &profile().tolerant(), &Only(&rsa().certificate), now(), Recorder::default) {
            let verdict = examined.verdict;
            prop_assert_eq!(verdict.passed(), verified(&wrapped, rsa()).is_ok(), "{}", wrapped);
            prop_assert_eq!(verdict.passed(), verdict.code.is_none());
        }
    }
    #[test]
    fn no_element_put_elsewhere_changes_what_is_read_by_id(
        canonicalization in prop::sample::select(METHODS.to_vec()),
        what in any::<prop::sample::Index>(),
        whither in any::<prop::sample::Index>(),
        how in 0_u8..4,
        leave in any::<bool>(),
    ) {
        let signed = signed_by_id(canonicalization);
        let spans = elements(signed);
        let wrapped = wrap(signed, what.get(&spans).clone(), whither.get(&spans), how, leave);
        if let Ok(passed) = verified_by_id(&wrapped) {
            let meant = verified_by_id(signed).unwrap().into_parts().0;
            prop_assert_eq!(passed.value(), &meant, "{}", wrapped);
            prop_assert_eq!(passed.verdict().covered.len(), 4);
        }
    }
}
