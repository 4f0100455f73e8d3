//! Tests of canonicalisation: the rules one by one, on whole documents and on elements inside one.

use super::*;
use crate::xml::{Kind, Limits, Reader, Unit};

const INCLUSIVE: Algorithm = Algorithm::new(Method::Inclusive10, false);
const INCLUSIVE_11: Algorithm = Algorithm::new(Method::Inclusive11, false);
const EXCLUSIVE: Algorithm = Algorithm::new(Method::Exclusive, false);

/// The canonical form of every element of the name `apex`, one after the other; of the document for "". The
/// elements named `left_out` are left out.
fn canonical(algorithm: Algorithm, prefixes: &[&str], text: &str, apex: &str, left_out: &str) -> String {
    let mut reader = Reader::new(text.as_bytes(), Limits::default());
    let fresh = || {
        let prefixes = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
        Canonicalizer::new(algorithm, prefixes, Vec::new())
    };
    let (mut out, mut current, mut depth) = (Vec::new(), apex.is_empty().then(fresh), 0);
    while let Some(event) = reader.next().unwrap() {
        let name = match event.kind {
            Kind::Start(start) => start.name().local,
            Kind::End(end) => end.name().local,
            _ => "",
        };
        let starts = matches!(event.kind, Kind::Start(_));
        if starts && name == apex && current.is_none() {
            current = Some(fresh());
            depth = 0;
        }
        let Some(canonicalizer) = &mut current else { continue };
        if starts && name == left_out {
            canonicalizer.suspend();
        }
        canonicalizer.event(&event);
        match event.kind {
            Kind::Start(_) => depth += 1,
            Kind::End(_) => depth -= 1,
            _ => {}
        }
        if !starts && name == left_out {
            canonicalizer.resume();
        }
        if depth == 0 && !apex.is_empty() {
            out.extend(current.take().unwrap().into_sink());
        }
    }
    out.extend(current.map(Canonicalizer::into_sink).unwrap_or_default());
    if apex.is_empty() && left_out.is_empty() {
        assert_eq!(by_units(fresh(), text), out, "{text}");
    }
    String::from_utf8(out).unwrap()
}

/// The canonical form of a document that is read by units.
fn by_units(mut canonicalizer: Canonicalizer<Vec<u8>>, text: &str) -> Vec<u8> {
    let mut reader = Reader::over(text.as_bytes(), Limits::default());
    while let Some(unit) = reader.unit().unwrap() {
        match unit {
            Unit::Event(event) => canonicalizer.event(&event),
            Unit::Leaf(leaf) => canonicalizer.leaf(&leaf),
        }
    }
    canonicalizer.into_sink()
}

fn document(algorithm: Algorithm, text: &str) -> String {
    canonical(algorithm, &[], text, "", "")
}

#[test]
fn what_stands_outside_the_root() {
    let text = "<?xml version='1.0'?>\n\n<?p  d ?>\n<!--a--><a><!--b--></a>\n<?q?><!--c-->\n";
    assert_eq!(document(INCLUSIVE, text), "<?p d ?>\n<a></a>\n<?q?>");
    let with = Algorithm::new(Method::Inclusive10, true);
    assert_eq!(document(with, text), "<?p d ?>\n<!--a-->\n<a><!--b--></a>\n<?q?>\n<!--c-->");
}

#[test]
fn characters_are_escaped_as_the_standard_says() {
    let text = "<a b='&lt;&gt;&amp;&quot;\"&apos;&#9;&#10;&#13; \t'>&lt;>&amp;\"'\t\n&#13;<![CDATA[<&>]]></a>";
    assert_eq!(
        document(INCLUSIVE, text),
        "<a b=\"&lt;>&amp;&quot;&quot;'&#x9;&#xA;&#xD;  \">&lt;&gt;&amp;\"'\t\n&#xD;&lt;&amp;&gt;</a>"
    );
}

#[test]
fn attributes_and_namespaces_are_sorted() {
    let text = "<a:e b:y='1' a:z='2' x='3' W='4' xmlns:b='http://a' xmlns:a='http://b' xmlns='http://c' xml:id='5'/>";
    let sorted = "xmlns:a=\"http://b\" xmlns:b=\"http://a\" W=\"4\" x=\"3\" b:y=\"1\" a:z=\"2\" xml:id=\"5\"";
    assert_eq!(document(INCLUSIVE, text), format!("<a:e xmlns=\"http://c\" {sorted}></a:e>"));
    assert_eq!(document(EXCLUSIVE, text), format!("<a:e {sorted}></a:e>"));
}

#[test]
fn superfluous_declarations_are_left_out() {
    let text = "<a xmlns=''><b xmlns='http://d' xmlns:p='http://p'><b xmlns='http://d' xmlns:p='http://p'>\
                <c xmlns=''><d xmlns=''/></c></b><p:b/></b><e xmlns:p='http://p'/></a>";
    let inclusive = "<a><b xmlns=\"http://d\" xmlns:p=\"http://p\"><b>\
                     <c xmlns=\"\"><d></d></c></b><p:b></p:b></b><e xmlns:p=\"http://p\"></e></a>";
    assert_eq!(document(INCLUSIVE, text), inclusive);
    let exclusive = "<a><b xmlns=\"http://d\"><b>\
                     <c xmlns=\"\"><d></d></c></b><p:b xmlns:p=\"http://p\"></p:b></b><e></e></a>";
    assert_eq!(document(EXCLUSIVE, text), exclusive);
}

#[test]
fn an_apex_brings_its_context() {
    let text = "<r xmlns='http://d' xmlns:p='http://p' xmlns:q='http://q' xml:lang='vi' xml:id='i' xml:foo='f'>\
                <m xmlns:q='http://q2' xml:space='preserve' xml:lang='en'><a p:x=''><p:b/><c xmlns=''/></a></m></r>";
    let scope = "xmlns=\"http://d\" xmlns:p=\"http://p\" xmlns:q=\"http://q2\" p:x=\"\"";
    let inside = "<p:b></p:b><c xmlns=\"\"></c></a>";
    assert_eq!(
        canonical(INCLUSIVE, &[], text, "a", ""),
        format!("<a {scope} xml:foo=\"f\" xml:id=\"i\" xml:lang=\"en\" xml:space=\"preserve\">{inside}")
    );
    assert_eq!(
        canonical(INCLUSIVE_11, &[], text, "a", ""),
        format!("<a {scope} xml:lang=\"en\" xml:space=\"preserve\">{inside}")
    );
    let used = "xmlns=\"http://d\" xmlns:p=\"http://p\" p:x=\"\"";
    assert_eq!(canonical(EXCLUSIVE, &[], text, "a", ""), format!("<a {used}>{inside}"));
    assert_eq!(canonical(EXCLUSIVE, &["q", "zz"], text, "a", ""), format!("<a {scope}>{inside}"));
    let default = "<p:b xmlns=\"http://d\" xmlns:p=\"http://p\"></p:b>";
    assert_eq!(canonical(EXCLUSIVE, &["#default"], text, "b", ""), default);
    assert_eq!(canonical(EXCLUSIVE, &[], text, "b", ""), "<p:b xmlns:p=\"http://p\"></p:b>");
    assert_eq!(
        canonical(EXCLUSIVE, &["#default"], text, "c", ""),
        "<c></c>",
        "no default namespace stands around this apex in the output"
    );
}

#[test]
fn a_listed_prefix_is_rendered_where_it_is_declared() {
    let text = "<a xmlns:p='http://1' xmlns:q='http://q'><b xmlns:p='http://2' xmlns:q='http://q'><p:c/></b></a>";
    assert_eq!(
        canonical(EXCLUSIVE, &["p"], text, "", ""),
        "<a xmlns:p=\"http://1\"><b xmlns:p=\"http://2\"><p:c></p:c></b></a>"
    );
}

#[test]
fn exclusive_declares_again_beside_but_not_below() {
    let text = "<a xmlns:p='http://p'><p:b><p:c/></p:b><p:d p:x=''/></a>";
    assert_eq!(
        document(EXCLUSIVE, text),
        "<a><p:b xmlns:p=\"http://p\"><p:c></p:c></p:b><p:d xmlns:p=\"http://p\" p:x=\"\"></p:d></a>"
    );
}

#[test]
fn bases_are_joined_by_1_1_only() {
    let text = "<r xml:base='something/else'><s xml:base='bar/'><t xml:base='foo'/><u/></s></r>";
    assert_eq!(canonical(INCLUSIVE_11, &[], text, "t", ""), "<t xml:base=\"something/bar/foo\"></t>");
    assert_eq!(canonical(INCLUSIVE_11, &[], text, "u", ""), "<u xml:base=\"something/bar/\"></u>");
    assert_eq!(canonical(INCLUSIVE, &[], text, "t", ""), "<t xml:base=\"foo\"></t>");
    assert_eq!(canonical(INCLUSIVE, &[], text, "u", ""), "<u xml:base=\"bar/\"></u>");
    let text = "<r xml:lang='vi'><m xml:base='a/b'><e/><f xml:base='../a'/><g xml:base='#x'/></m></r>";
    assert_eq!(canonical(INCLUSIVE_11, &[], text, "e", ""), "<e xml:base=\"a/b\" xml:lang=\"vi\"></e>");
    assert_eq!(canonical(INCLUSIVE_11, &[], text, "f", ""), "<f xml:base=\"a\" xml:lang=\"vi\"></f>");
    assert_eq!(canonical(INCLUSIVE_11, &[], text, "m", "e"), canonical(INCLUSIVE, &[], text, "m", "e"));
    let text = "<r xml:base='abc/'><e xml:base='../'/></r>";
    assert_eq!(canonical(INCLUSIVE_11, &[], text, "e", ""), "<e></e>");
    let text = "<r xml:lang='vi'><e xml:base=''/></r>";
    assert_eq!(canonical(INCLUSIVE_11, &[], text, "e", ""), "<e xml:base=\"\" xml:lang=\"vi\"></e>");
}

#[test]
fn an_element_can_be_left_out() {
    let text =
        "<a xmlns='http://d'> <h>1<s xmlns:p='http://p'><p:x>2</p:x><!--c--></s>3</h><p:z xmlns:p='http://p'/></a>";
    for algorithm in [INCLUSIVE, INCLUSIVE_11, EXCLUSIVE] {
        assert_eq!(
            canonical(algorithm, &[], text, "", "s"),
            "<a xmlns=\"http://d\"> <h>13</h><p:z xmlns:p=\"http://p\"></p:z></a>"
        );
    }
}

#[test]
fn large_and_small_pieces_keep_their_order() {
    let big = "x".repeat(100_000);
    let text = format!("<a>{}</a>", format!("<b>{big}</b><c>&amp;</c>").repeat(5));
    assert_eq!(document(INCLUSIVE, &text), text);
}

#[test]
fn a_leaf_declares_what_it_uses_first() {
    let text = "<a xmlns:p='http://1' xmlns='http://d'><p:t>x</p:t><b xmlns:p='http://2'><p:t>y</p:t><t>z</t>\
        <c xmlns='http://e'><t>w</t><p:t>v</p:t></c><c xmlns:p='http://1'><p:t>u</p:t></c></b><p:t>t</p:t></a>";
    assert_eq!(
        document(EXCLUSIVE, text),
        "<a xmlns=\"http://d\"><p:t xmlns:p=\"http://1\">x</p:t><b><p:t xmlns:p=\"http://2\">y</p:t><t>z</t>\
         <c xmlns=\"http://e\"><t>w</t><p:t xmlns:p=\"http://2\">v</p:t></c><c><p:t xmlns:p=\"http://1\">u</p:t></c></b>\
         <p:t xmlns:p=\"http://1\">t</p:t></a>"
    );
}
