//! Every attack of SIGNATURES 3 and of the vectors' hub messages, on a real edXML message of our own, signed both ways:
//! over the whole document and by `#Id` over its parts. Each is refused by its code, or means exactly what was signed.

use std::collections::BTreeMap;

use truc::domain::Code;
use truc::edxml::{Builder, Message, Mode, signature_profile};
use truc::signature::{Coverage, SigningOptions, sign, verify};

use crate::forge::{ENVELOPED, EXCLUSIVE, digest, reference, reference_to, signature};
use crate::support::{Identity, Only, Recorder, now, rsa};

mod content;
mod coverage;
mod keys;
mod syntax;
mod wrapping;

/// A real message; the dead signature in it goes when it is signed.
const NEW: &str = include_str!("../../../fixtures/accept/new.edxml");
const PARTS: [&str; 4] = ["MessageHeader", "TraceHeaderList", "edXMLBody", "AttachmentEncoded"];
const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

/// The attacker's key, in a certificate of the same names.
fn attacker() -> &'static Identity {
    static IDENTITY: std::sync::OnceLock<Identity> = std::sync::OnceLock::new();
    IDENTITY.get_or_init(|| crate::support::identity(&["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]))
}

/// A signed message and its pieces.
struct Genuine {
    by_id: bool,
    text: String,
    /// The message without the Signature, and with the Ids that it needs.
    bare: String,
    signature: String,
    /// MessageHeader, which says who gets the message; and what an attacker would have in its place, with an Id of its
    /// own where the true one has one, with the same, and with none.
    header: String,
    evil: String,
    evil_same: String,
    evil_bare: String,
}

impl Genuine {
    fn new(coverage: Coverage) -> Self {
        let options = SigningOptions { coverage, ..SigningOptions::default() };
        let chain = [rsa().certificate.clone()];
        let signed = sign(NEW.as_bytes(), &signature_profile(), &rsa().key(), &chain, options).unwrap();
        let text = String::from_utf8(signed).unwrap();
        let signature = part(&text, "<ds:Signature ", "</ds:Signature>").to_owned();
        let header = part(&text, "<edXML:MessageHeader", "</edXML:MessageHeader>").to_owned();
        let evil_same = header.replace("<edXML:OrganId>H26<", "<edXML:OrganId>H41<");
        Self {
            by_id: coverage == Coverage::Parts,
            bare: text.replacen(&signature, "", 1),
            evil: evil_same.replacen("Id=\"MessageHeader\"", "Id=\"evil\"", 1),
            evil_bare: evil_same.replacen(" Id=\"MessageHeader\"", "", 1),
            text,
            signature,
            header,
            evil_same,
        }
    }

    /// The message in which this stands in the place of that, which is there.
    fn with(&self, old: &str, new: &str) -> String {
        assert!(self.text.contains(old), "{old} is not in the message");
        self.text.replacen(old, new, 1)
    }

    /// The same, the altered header in the true one's place.
    fn evil_with(&self, old: &str, new: &str) -> String {
        let evil = self.with(&self.header, &self.evil);
        assert!(evil.contains(old), "{old} is not in the message");
        evil.replacen(old, new, 1)
    }

    /// The same message with another Signature.
    fn signed(&self, signature: &str) -> String {
        self.with(&self.signature, signature)
    }

    /// The References of a true signature over this message, which has no Signature.
    fn references(&self, bare: &str) -> Vec<String> {
        if self.by_id {
            PARTS.map(|id| reference_to(bare, id)).into()
        } else {
            vec![reference("", &[ENVELOPED, EXCLUSIVE], &digest(bare, None))]
        }
    }

    /// A true signature over this message, put into it.
    #[allow(clippy::unused_self)] // reads as an act of the message
    fn sign_again(&self, bare: &str, references: &[String], objects: &str) -> String {
        place(bare, &signature(rsa(), &references.concat(), objects))
    }

    fn element(&self, name: &str) -> String {
        part(&self.text, &format!("<ds:{name}>"), &format!("</ds:{name}>")).to_owned()
    }
}

/// A message with this Signature as the last child of its header.
fn place(bare: &str, signature: &str) -> String {
    bare.replacen("</edXML:edXMLHeader>", &format!("{signature}</edXML:edXMLHeader>"), 1)
}

/// From the first mark to the end of the second.
fn part<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).unwrap_or_else(|| panic!("no {from}"));
    let end = start + text[start..].find(to).unwrap_or_else(|| panic!("no {to}")) + to.len();
    &text[start..end]
}

/// What comes of an attack: what the hub would do with it.
fn outcome(message: &[u8]) -> Result<Message, Code> {
    let chains = Only(&rsa().certificate);
    let read = verify(&message, &signature_profile(), &chains, now(), || Builder::new(Mode::Strict));
    read.map(|verified| verified.into_parts().0).map_err(|refusal| refusal.code)
}

/// Whether a message that passes means the same as the genuine one, comments and white space in tags aside.
fn means_the_same(message: &[u8], genuine: &Genuine) -> bool {
    let chains = Only(&rsa().certificate);
    let seen = |message: &[u8]| {
        verify(&message, &signature_profile(), &chains, now(), Recorder::default).unwrap().into_parts().0
    };
    seen(message) == seen(genuine.text.as_bytes())
}

/// An attack by its name, and the code by which it is refused over the whole document and by Id; none where it is
/// harmless and must mean the same.
struct Attack {
    name: &'static str,
    make: fn(&Genuine) -> String,
    whole: Option<Code>,
    by_id: Option<Code>,
}

const fn attack(name: &'static str, make: fn(&Genuine) -> String, whole: Code, by_id: Code) -> Attack {
    Attack { name, make, whole: Some(whole), by_id: Some(by_id) }
}

const fn both(name: &'static str, make: fn(&Genuine) -> String, code: Code) -> Attack {
    attack(name, make, code, code)
}

/// What is nothing over the whole document, where Ids mean nothing.
const fn by_id(name: &'static str, make: fn(&Genuine) -> String, code: Code) -> Attack {
    Attack { name, make, whole: None, by_id: Some(code) }
}

const fn harmless(name: &'static str, make: fn(&Genuine) -> String) -> Attack {
    Attack { name, make, whole: None, by_id: None }
}

/// Runs a list of attacks on both messages.
fn run(family: &str, attacks: &[Attack]) {
    let genuine = [Genuine::new(Coverage::Document), Genuine::new(Coverage::Parts)];
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for attack in attacks {
        for signed in &genuine {
            let expected = if signed.by_id { attack.by_id } else { attack.whole };
            let message = (attack.make)(signed);
            let mode = if signed.by_id { "#Id" } else { "whole" };
            let actual = outcome(message.as_bytes()).err();
            if actual != expected || (actual.is_none() && !means_the_same(message.as_bytes(), signed)) {
                wrong.push(format!("{} ({mode}): expected {expected:?}, got {actual:?}", attack.name));
            }
            let class = actual.map_or("harmless, means the same".to_owned(), |code| code.to_string());
            *counts.entry(format!("{mode}: {class}")).or_default() += 1;
        }
    }
    for (class, count) in &counts {
        println!("edxml-attack {family}: {count:3} {class}");
    }
    assert!(wrong.is_empty(), "{family}:\n{}", wrong.join("\n"));
}

#[test]
fn the_genuine_ones_pass() {
    for coverage in [Coverage::Document, Coverage::Parts] {
        let genuine = Genuine::new(coverage);
        let Ok(Message::Document(envelope)) = outcome(genuine.text.as_bytes()) else { panic!("refused") };
        assert_eq!(envelope.header.to[0].organ_id.as_str(), "H26");
        // and so does what the forger of these tests signs, so that its forgeries fail for what is wrong with them
        let again = genuine.sign_again(&genuine.bare, &genuine.references(&genuine.bare), "");
        outcome(again.as_bytes()).unwrap();
    }
}
