//! The reader and the canonicaliser against the shared vectors: the W3C XML conformance suite, XML attacks, and the
//! examples and interoperability files of the three canonicalisation standards.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;
use truc::domain::Code;
use truc::xml::c14n::{Algorithm, Canonicalizer};
use truc::xml::{Fault, Kind, Limits, Reader};

use crate::common::{Tally, rows, text, vectors};

/// The document in the form of the conformance suite's expected outputs (James Clark's canonical XML).
fn suite_form(document: &[u8]) -> Result<String, Fault> {
    let mut reader = Reader::new(document, Limits::default());
    let mut out = String::new();
    while let Some(event) = reader.next()? {
        match event.kind {
            Kind::Start(start) => {
                let name = |prefix: &str, local: &str| match (prefix, local) {
                    ("", local) => local.to_owned(),
                    (prefix, "") => prefix.to_owned(),
                    _ => format!("{prefix}:{local}"),
                };
                let mut attributes: Vec<_> =
                    start.attributes().map(|a| (name(a.prefix, a.local), a.value.to_owned())).collect();
                attributes.extend(start.declarations().map(|(prefix, uri)| (name("xmlns", prefix), uri.to_owned())));
                attributes.sort();
                write!(out, "<{}", name(start.name().prefix, start.name().local)).unwrap();
                for (name, value) in attributes {
                    write!(out, " {name}=\"{}\"", suite_escape(&value)).unwrap();
                }
                out.push('>');
            }
            Kind::End(end) if end.name().prefix.is_empty() => write!(out, "</{}>", end.name().local).unwrap(),
            Kind::End(end) => write!(out, "</{}:{}>", end.name().prefix, end.name().local).unwrap(),
            Kind::Text(text) => out.push_str(&suite_escape(text)),
            Kind::Comment(_) => {}
            Kind::ProcessingInstruction { target, data } => write!(out, "<?{target} {data}?>").unwrap(),
        }
    }
    Ok(out)
}

fn suite_escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => write!(out, "&#{};", u32::from(c)).unwrap(),
            _ => out.push(c),
        }
    }
    out
}

fn accept_or_refuse(kind: &'static str) {
    let Some(folder) = vectors() else { return };
    let mut tally = Tally::of(kind);
    for row in rows(&folder, kind) {
        let id = text(&row, "/id");
        let document = fs::read(folder.join(text(&row, "/file"))).unwrap();
        let read = suite_form(&document);
        let actual = read.as_ref().map_or_else(|fault| fault.code.as_str(), |_| "accepted");
        match text(&row, "/expect_policy") {
            "accept" => tally.row(id, "accepted", actual),
            _ => tally.refused(id, actual),
        }
        compare_form(&row, &folder, &document, &mut tally);
    }
    tally.end();
}

/// Compares with the form that the suite gives, where the document type declaration can be taken out for that.
fn compare_form(row: &Value, folder: &Path, document: &[u8], tally: &mut Tally) {
    let (id, file) = (text(row, "/id"), text(row, "/canonical_output"));
    if file.is_empty() || text(row, "/entities") != "none" {
        return;
    }
    let Some(without) = std::str::from_utf8(document).ok().and_then(without_doctype) else { return };
    match suite_form(without.as_bytes()) {
        Ok(form) if form == fs::read_to_string(folder.join(file)).unwrap() => {
            tally.beside("form equal, its DOCTYPE taken out");
        }
        Err(fault) if fault.code == Code::XmlNamespace => tally.beside("no form: not namespace-well-formed"),
        outcome => tally.wrong(format!("{id}: another form: {outcome:?}")),
    }
}

/// The document without a document type declaration that only says what is the default anyway: elements, and
/// attributes of type CDATA without a value.
fn without_doctype(document: &str) -> Option<String> {
    let Some(start) = document.find("<!DOCTYPE") else { return Some(document.to_owned()) };
    let (_, rest) = document.split_at(start);
    let plain = rest.find('>')?;
    let end = match rest.find('[') {
        Some(bracket) if bracket < plain => rest.find("]>")? + 1,
        _ => plain,
    };
    let declaration = rest.get(..=end)?;
    let matters = ["ENTITY", "NOTATION", "NMTOKEN", "ID", "#FIXED", "'", "\"", "%", "<?", "<!--"];
    let internal = declaration.contains('[');
    let harmless = !internal || !matters.iter().any(|word| declaration.contains(word));
    harmless.then(|| document.replacen(declaration, "", 1))
}

#[test]
fn well_formed_documents_are_read_and_others_refused() {
    accept_or_refuse("wellformedness");
}

#[test]
fn attacks_on_the_parser_are_refused() {
    accept_or_refuse("xml-attack");
}

/// Which part of the document a row wants.
struct Selection {
    /// Local names of elements, each canonicalised as an apex of its own; none for the whole document.
    apexes: Vec<String>,
    left_out: Vec<String>,
}

/// Reads the row's subset where it is made of whole elements. XPath itself is never evaluated.
fn selection(row: &Value, folder: &Path) -> Result<Selection, &'static str> {
    let file = text(row, "/files/xpath_file");
    let xpath = if file.is_empty() { String::new() } else { fs::read_to_string(folder.join(file)).unwrap() };
    let subset = text(row, "/algs/subset");
    let whole = |apexes, left_out| Ok(Selection { apexes, left_out });
    match subset {
        "" if xpath.is_empty() => whole(Vec::new(), Vec::new()),
        "subtree of the dsig:Object element" => whole(vec!["Object".to_owned()], Vec::new()),
        "(//*[local-name()=\"elem2\"])[1]" => whole(vec!["elem2".to_owned()], Vec::new()),
        _ => {
            let filter = xpath.rsplit_once('[').map_or("", |(_, filter)| filter).trim_end().trim_end_matches(']');
            let (kept, left_out) = filter.split_once("and not(").unwrap_or((filter, ""));
            whole(elements(kept)?, elements(left_out.trim_end_matches(')'))?)
        }
    }
}

/// `ancestor-or-self::ietf:a or ancestor-or-self::ietf:b` as [a, b].
fn elements(filter: &str) -> Result<Vec<String>, &'static str> {
    let terms = filter.split(" or ").map(str::trim).filter(|term| !term.is_empty());
    let names = terms.map(|term| term.strip_prefix("ancestor-or-self::ietf:").map(str::to_owned));
    names.collect::<Option<_>>().ok_or("a node set that is not made of whole elements")
}

fn canonical(algorithm: Algorithm, prefixes: &[String], document: &[u8], wanted: &Selection) -> Result<Vec<u8>, Fault> {
    let mut reader = Reader::new(document, Limits::default());
    let fresh = |()| Canonicalizer::new(algorithm, prefixes.to_vec(), Vec::new());
    let whole = wanted.apexes.is_empty();
    let (mut out, mut current, mut apex_depth) = (Vec::new(), whole.then_some(()).map(fresh), 0);
    while let Some(event) = reader.next()? {
        let (name, starts) = match event.kind {
            Kind::Start(start) => (start.name().local, true),
            Kind::End(end) => (end.name().local, false),
            _ => ("", false),
        };
        let name = name.to_owned();
        if current.is_none() && starts && wanted.apexes.contains(&name) {
            current = Some(fresh(()));
            apex_depth = 1;
        } else if starts {
            apex_depth += 1;
        }
        let Some(canonicalizer) = &mut current else { continue };
        if starts && wanted.left_out.contains(&name) {
            canonicalizer.suspend();
        }
        canonicalizer.event(&event);
        if matches!(event.kind, Kind::End(_)) {
            if wanted.left_out.contains(&name) {
                canonicalizer.resume();
            }
            apex_depth -= 1;
            if apex_depth == 0 && !whole {
                out.extend(current.take().unwrap().into_sink());
            }
        }
    }
    out.extend(current.map(Canonicalizer::into_sink).unwrap_or_default());
    Ok(out)
}

fn from_latin_1(document: &[u8]) -> String {
    document.iter().map(|byte| char::from(*byte)).collect::<String>().replace("ISO-8859-1", "UTF-8")
}

/// The document as it can be read: without a DOCTYPE that says nothing, and in UTF-8. Else the code of its refusal.
fn readable(row: &Value, folder: &Path, tally: &mut Tally) -> Result<Vec<u8>, Code> {
    let id = text(row, "/id");
    let document = fs::read(folder.join(text(row, "/files/input"))).unwrap();
    match suite_form(&document).map_err(|fault| fault.code) {
        Ok(_) => Ok(document),
        Err(Code::XmlDoctype) => {
            let without = without_doctype(std::str::from_utf8(&document).expect(id)).ok_or(Code::XmlDoctype)?;
            tally.beside("refused with its DOCTYPE, then read without");
            Ok(without.into_bytes())
        }
        Err(Code::XmlEncoding) => {
            tally.beside("refused in ISO-8859-1, then read in UTF-8");
            Ok(from_latin_1(&document).into_bytes())
        }
        Err(code) => Err(code),
    }
}

/// What comes of a row: `octets equal`, or what else.
fn canonicalized(row: &Value, folder: &Path, tally: &mut Tally) -> &'static str {
    let document = match readable(row, folder, tally) {
        Ok(document) => document,
        Err(code) => return code.as_str(),
    };
    let Ok(wanted) = selection(row, folder) else { return "no whole elements" };
    let algorithm = Algorithm::from_uri(text(row, "/algs/alg")).unwrap();
    let prefixes: Vec<_> = text(row, "/algs/prefixes").split_whitespace().map(str::to_owned).collect();
    let expected = fs::read(folder.join(text(row, "/files/output"))).unwrap();
    match canonical(algorithm, &prefixes, &document, &wanted) {
        Ok(octets) if octets == expected => "octets equal",
        Ok(_) => "other octets",
        Err(fault) => fault.code.as_str(),
    }
}

#[test]
fn canonical_forms_are_exact() {
    let Some(folder) = vectors() else { return };
    let mut tally = Tally::of("c14n");
    for row in rows(&folder, "c14n") {
        let actual = canonicalized(&row, &folder, &mut tally);
        tally.row(text(&row, "/id"), "octets equal", actual);
    }
    tally.end();
}
