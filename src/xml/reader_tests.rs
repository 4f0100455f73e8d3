//! Tests of the reader as a whole: events as they come, and every refusal with its code and offset.

use std::fmt::Write as _;
use std::io::BufReader;

use super::*;

/// The events as lines; every source is read from memory, in one piece and byte by byte, and must give the same but for
/// the cuts in text.
fn events(text: &str) -> Result<String, Fault> {
    let whole = read_over(text.as_bytes());
    assert_eq!(shown(text, false), shown(text, true), "{text:?} by units");
    for capacity in [1, 2, 3, 7, 1 << 20] {
        let again = read(BufReader::with_capacity(capacity, text.as_bytes()));
        assert_eq!(whole, again, "{text:?} by {capacity}");
    }
    whole
}

fn read(source: impl BufRead) -> Result<String, Fault> {
    lines(Reader::new(source, Limits::default()))
}

fn read_over(document: &[u8]) -> Result<String, Fault> {
    lines(Reader::over(document, Limits::default()))
}

/// All that is to be seen of each event, with the path and the depth at it; of three at once where they come so.
fn shown(text: &str, by_units: bool) -> Vec<String> {
    let mut reader = Reader::over(text.as_bytes(), Limits::default());
    let mut seen = Vec::new();
    loop {
        let (mut events, mut path) = (Vec::new(), None);
        match if by_units { reader.unit() } else { reader.next().map(|event| event.map(Unit::Event)) } {
            Ok(Some(Unit::Event(event))) => events.push(one(&event)),
            Ok(Some(Unit::Leaf(leaf))) => {
                events.extend(leaf.events().iter().map(one));
                path = Some(leaf.path());
            }
            Ok(None) => return seen,
            Err(fault) => {
                seen.push(format!("{fault:?}"));
                return seen;
            }
        }
        assert_eq!(path.unwrap_or_else(|| reader.path()), reader.path());
        seen.extend(events.into_iter().map(|event| format!("{event} {} {}", reader.path(), reader.depth())));
    }
}

fn one(event: &Event<'_>) -> String {
    let kind = match event.kind {
        Kind::Start(start) => {
            let attributes: Vec<_> = start.attributes().chain(start.inherited()).collect();
            let (own, all): (Vec<_>, Vec<_>) = (start.declarations().collect(), start.in_scope().collect());
            format!("{:?} {attributes:?} {own:?} {all:?}", start.name())
        }
        Kind::End(end) => format!("{:?}", end.name()),
        other => format!("{other:?}"),
    };
    format!("{kind} {:?} {:?} {}", event.span, event.source, event.plain)
}

fn lines(mut reader: Reader<impl Input>) -> Result<String, Fault> {
    let (mut out, mut in_text) = (String::new(), false);
    while let Some(event) = reader.next()? {
        let is_text = matches!(event.kind, Kind::Text(_));
        if in_text && !is_text {
            out.push('\n');
        }
        in_text = is_text;
        match event.kind {
            Kind::Text(text) => out.push_str(&text.escape_debug().to_string()),
            Kind::Start(start) => {
                let name = start.name();
                write!(out, "<{}{{{}}}{}", name.prefix, name.ns, name.local).unwrap();
                for a in start.attributes() {
                    write!(out, " {}{{{}}}{}={:?}", a.prefix, a.ns, a.local, a.value).unwrap();
                }
                for (prefix, uri) in start.declarations() {
                    write!(out, " {prefix}={uri}").unwrap();
                }
                out.push('\n');
            }
            Kind::End(end) => {
                let name = end.name();
                writeln!(out, "/{}{{{}}}{}", name.prefix, name.ns, name.local).unwrap();
            }
            Kind::Comment(text) => writeln!(out, "!{text:?}").unwrap(),
            Kind::ProcessingInstruction { target, data } => writeln!(out, "?{target} {data:?}").unwrap(),
        }
    }
    Ok(out)
}

fn refused(text: &str) -> (Code, u64, String) {
    let fault = events(text).expect_err(text);
    (fault.code, fault.offset, fault.path)
}

#[test]
fn elements_attributes_and_namespaces() {
    let text = "<?xml version='1.0'?>\n<a x='1' p:y='&lt;2' xmlns:p='http://p' xmlns='http://d'><p:b/>\
                <c xmlns='' p:z=''/></a >\n";
    assert_eq!(
        events(text).unwrap(),
        "<{http://d}a {}x=\"1\" p{http://p}y=\"<2\" p=http://p =http://d\n\
         <p{http://p}b\n/p{http://p}b\n<{}c p{http://p}z=\"\" =\n/{}c\n/{http://d}a\n"
    );
}

#[test]
fn text_is_resolved_merged_and_normalised() {
    let text = "<a>x\r\ny\rz&#13;&#10;&lt;<![CDATA[<&]]]><![CDATA[]]>]&#x5d;&gt;]]&gt;\u{1EC7}</a>";
    assert_eq!(events(text).unwrap(), "<{}a\nx\\ny\\nz\\r\\n<<&]]]>]]>\u{1EC7}\n/{}a\n");
}

#[test]
fn comments_and_instructions_stand_everywhere() {
    let text = "\u{FEFF}<?xml version='1.0'?><!-- a\r\n- b --><?p?><a><?q  x\r?y ?><!----></a>\n<!--z-->";
    assert_eq!(events(text).unwrap(), "!\" a\\n- b \"\n?p \"\"\n<{}a\n?q \"x\\n?y \"\n!\"\"\n/{}a\n!\"z\"\n");
}

#[test]
fn spans_are_byte_ranges_of_the_source() {
    let text = "\u{FEFF}<a>\u{1EC7}&amp;<b/><!--c--></a>";
    let mut reader = Reader::new(text.as_bytes(), Limits::default());
    let mut found = Vec::new();
    while let Some(event) = reader.next().unwrap() {
        found.push(&text[usize::try_from(event.span.start).unwrap()..usize::try_from(event.span.end).unwrap()]);
    }
    assert_eq!(found, ["<a>", "\u{1EC7}&amp;", "<b/>", "<b/>", "<!--c-->", "</a>"]);
}

#[test]
fn what_is_not_well_formed_is_refused_at_its_place() {
    for (text, offset) in [
        ("", 0),
        (" \n", 2),
        ("<!--c-->", 8),
        ("x<a/>", 0),
        ("<a/>x", 4),
        ("<a/><b/>", 4),
        ("<a/>&#32;", 4),
        ("<![CDATA[]]><a/>", 0),
        ("<a/><![CDATA[]]>", 4),
        ("\u{FEFF}\u{FEFF}<a/>", 3),
        (" <?xml version='1.0'?><a/>", 3),
        ("<a><?xml version='1.0'?></a>", 5),
        ("<?XML?><a/>", 2),
        ("<?xml version='1.1'?><a/>", 19),
        ("<a", 0),
        ("<a>", 3),
        ("<a><b></a></b>", 6),
        ("</a>", 0),
        ("<a></a", 3),
        ("<a></a b='c'>", 3),
        ("<a></ a>", 3),
        ("< a/>", 1),
        ("<a / >", 3),
        ("<1a/>", 1),
        ("<a b/>", 4),
        ("<a b=c/>", 5),
        ("<a b=''c=''/>", 7),
        ("<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", 52),
        ("<a b='<'/>", 6),
        ("<a b='&#0;'/>", 6),
        ("<a b='\u{1}'/>", 6),
        ("<a b='\u{FFFF}'/>", 6),
        ("<a b='1' b='2'/>", 9),
        ("<a xmlns:b='http://b' xmlns:b='http://b'/>", 22),
        ("<a>&</a>", 3),
        ("<a>& </a>", 3),
        ("<a>&amp</a>", 3),
        ("<a>x]]></a>", 6),
        ("<a>]]]></a>", 6),
        ("<a>\u{1}</a>", 3),
        ("<a>x\u{FFFE}</a>", 4),
        ("<a>&#xFFFF;</a>", 3),
        ("<a><![CDATA[x</a>", 17),
        ("<a><![CDATA[\u{8}]]></a>", 12),
        ("<a><![cdata[]]></a>", 3),
        ("<a><!x></a>", 3),
        ("<a><!-- a -- b --></a>", 10),
        ("<a><!-- a ---></a>", 11),
        ("<a><!-- \u{1}--></a>", 8),
        ("<a><!-></a>", 3),
        ("<a><??></a>", 5),
        ("<a><? p?></a>", 5),
        ("<a><?p+?></a>", 6),
        ("<a><?p </a>", 3),
        ("<", 0),
    ] {
        let (code, at, _) = refused(text);
        assert_eq!((code, at), (Code::XmlMalformed, offset), "{text:?}");
    }
}

#[test]
fn the_other_refusals_have_their_own_codes() {
    for (text, code, offset) in [
        ("<!DOCTYPE a><a/>", Code::XmlDoctype, 0),
        ("<?xml version='1.0'?>\n<!DOCTYPE", Code::XmlDoctype, 22),
        ("<!doctype html><a/>", Code::XmlDoctype, 0),
        ("<a>&nbsp;</a>", Code::XmlEntity, 3),
        ("<a b='x&y;'/>", Code::XmlEntity, 7),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", Code::XmlEncoding, 41),
        ("<p:a/>", Code::XmlNamespace, 1),
        ("<a p:b=''/>", Code::XmlNamespace, 3),
        ("<a xmlns:p=''/>", Code::XmlNamespace, 3),
        ("<a xmlns:p='x'/>", Code::XmlNamespace, 3),
        ("<a xmlns='../x'/>", Code::XmlNamespace, 3),
        ("<a xmlns:xml='http://a'/>", Code::XmlNamespace, 3),
        ("<a xmlns:xmlns='http://a'/>", Code::XmlNamespace, 3),
        ("<a xmlns:a='http://www.w3.org/XML/1998/namespace'/>", Code::XmlNamespace, 3),
        ("<a xmlns='http://www.w3.org/2000/xmlns/'/>", Code::XmlNamespace, 3),
        ("<xmlns:a/>", Code::XmlNamespace, 1),
        ("<a:b:c xmlns:a='http://a'/>", Code::XmlNamespace, 4),
        ("<a><?p:q?></a>", Code::XmlMalformed, 6),
        ("<a xmlns:p='http://a' xmlns:q='http://a' p:x='' q:x=''/>", Code::XmlNamespace, 48),
    ] {
        let (found, at, _) = refused(text);
        assert_eq!((found, at), (code, offset), "{text:?}");
    }
}

#[test]
fn what_is_not_utf_8_is_refused() {
    for (bytes, offset) in [
        (b"<a>\xFF</a>".as_slice(), 3),
        (b"<a>x\xC3</a>", 4),
        (b"<a>x\xC3", 4),
        (b"<a><![CDATA[x\xE1\xBB", 13),
        (b"<a b='\xFF'/>", 6),
        (b"<a><!-- \xED\xA0\x80 --></a>", 8),
        (b"\xFE\xFF\0<\0a", 0),
        (b"\xFF\xFE<\0a\0", 0),
        (b"<\0a\0/\0>\0", 0),
        (b"\0<\0a\0/\0>", 0),
    ] {
        for capacity in [1, 5, 100] {
            let fault = read(BufReader::with_capacity(capacity, bytes)).unwrap_err();
            assert_eq!((fault.code, fault.offset), (Code::XmlEncoding, offset), "{bytes:?} by {capacity}");
            assert_eq!(read_over(bytes).unwrap_err(), fault);
        }
    }
}

fn numbered(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().concat()
}

#[test]
fn limits_are_refusals() {
    let nested = "<a>".repeat(101);
    let attributes = numbered(65, |n| format!(" a{n}=''"));
    let declarations = numbered(33, |n| format!(" xmlns:a{n}='http://a'"));
    let many = numbered(32, |n| format!(" xmlns:a{n}='http://a'"));
    let bindings = format!("<a{many}>").repeat(5);
    let long = "x".repeat(70 << 10);
    for text in [
        nested.clone(),
        format!("<a{attributes}/>"),
        format!("<a{declarations}/>"),
        bindings.clone(),
        format!("<a{}/>", "a".repeat(256)),
        format!("<a b='{long}'/>"),
        format!("<a xmlns='http://{}'/>", "x".repeat(1 << 10)),
        format!("<a {}/>", " ".repeat(256 << 10)),
        format!("<a b='{}", "x".repeat(300 << 10)),
        format!("<a></a{}>", " ".repeat(256 << 10)),
        format!("<!--{long}--><a/>"),
        format!("<?p {long}?><a/>"),
        format!("<a><?{}?></a>", "p".repeat(257)),
        format!("<a xml:x='{0}'><a xml:y='{0}'>", "x".repeat(40 << 10)),
    ] {
        let (code, ..) = refused(&text);
        assert_eq!(code, Code::XmlLimit, "{}", text.get(..40).unwrap_or(&text));
    }
    assert!(events(&format!("{}{}", "<a>".repeat(100), "</a>".repeat(100))).is_ok());
}

#[test]
fn a_fault_stands_with_its_path_and_for_ever() {
    let text = "<e><To/><To><b>&x;</b></To></e>";
    assert_eq!(refused(text), (Code::XmlEntity, 15, "/e/To[2]/b".to_owned()));
    let mut reader = Reader::new(text.as_bytes(), Limits::default());
    let fault = loop {
        if let Err(fault) = reader.next() {
            break fault;
        }
    };
    assert_eq!(reader.next().unwrap_err(), fault);
    assert_eq!(refused("<e><b x='\u{1}'/></e>").2, "/e");
    assert_eq!(refused("<e>\u{FFFF}</e>").2, "/e");
}

#[test]
fn a_leaf_is_three_events_in_one_step() {
    let text = "<a xmlns='http://d' xmlns:p='http://p' xml:lang='vi' b='c'><t>one</t><p:t>two \u{1EC7}</p:t>\
        <t>3</t><t>a&amp;</t><t>]</t><t></t><t>long, longer, and much longer than a few words</t><t>x</t ><t>y</u></a>";
    assert_eq!(shown(text, false), shown(text, true));
    let mut reader = Reader::over(text.as_bytes(), Limits::default());
    let mut leaves = Vec::new();
    while let Ok(Some(unit)) = reader.unit() {
        if let Unit::Leaf(leaf) = unit {
            leaves.push((leaf.start().name().ns.to_owned(), leaf.path(), leaf.source.to_owned()));
            assert_eq!(reader.depth(), 2);
        }
    }
    assert_eq!(
        leaves.iter().map(|(_, path, source)| (path.as_str(), source.as_str())).collect::<Vec<_>>(),
        [("/a/t", "<t>one</t>"), ("/a/t[2]", "<p:t>two \u{1EC7}</p:t>"), ("/a/t[3]", "<t>3</t>")]
    );
    assert_eq!(leaves.iter().map(|(ns, ..)| ns.as_str()).collect::<Vec<_>>(), ["http://d", "http://p", "http://d"]);
}

#[test]
fn scope_and_inheritance_are_seen_from_the_start_tag() {
    let text =
        "<a xmlns='http://d' xmlns:p='http://1' xml:lang='vi'><b xmlns:p='http://2' xmlns='' xml:id='i'><c/></b></a>";
    let mut reader = Reader::new(text.as_bytes(), Limits::default());
    let mut seen = Vec::new();
    while let Some(event) = reader.next().unwrap() {
        if let Kind::Start(start) = event.kind {
            let scope: Vec<_> = start.in_scope().map(|(p, u)| format!("{p}={u}")).collect();
            let inherited: Vec<_> = start.inherited().map(|a| format!("{}={}", a.local, a.value)).collect();
            seen.push(format!("{}|{}|{}", start.name().local, scope.join(" "), inherited.join(" ")));
        }
    }
    assert_eq!(seen, ["a|p=http://1 =http://d|", "b|p=http://2|lang=vi", "c|p=http://2|lang=vi id=i"]);
}

#[test]
fn a_long_text_is_cut_between_characters_and_nothing_is_lost() {
    let line = "Công văn số 12/VPCP ]] > \u{1F600} &amp; \r\n";
    let text = format!("<a>{}<![CDATA[{}]]></a>", line.repeat(3000), line.repeat(3000));
    let expected = line.replace("\r\n", "\n").repeat(3000);
    for capacity in [1, 7, 4096, 1 << 20] {
        let mut reader = Reader::new(BufReader::with_capacity(capacity, text.as_bytes()), Limits::default());
        let (mut got, mut longest, mut end) = (String::new(), 0, 3);
        while let Some(event) = reader.next().unwrap() {
            if let Kind::Text(text) = event.kind {
                assert!(event.span.start == end || got.len() == expected.replace("&amp;", "&").len());
                got.push_str(text);
                longest = longest.max(text.len());
                end = event.span.end;
            }
        }
        assert_eq!(got, format!("{}{}", expected.replace("&amp;", "&"), expected));
        assert!(longest <= 33 << 10);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    /// Whatever the bytes, and however the source cuts them: no panic, and the same events or the same fault.
    #[test]
    fn any_bytes_are_read_alike_through_any_buffer(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..24),
        capacity in 1..40usize,
    ) {
        let bytes = [b"<a xmlns:p='u:p'>".as_slice(), &pieces.concat()].concat();
        proptest::prop_assert_eq!(read_over(bytes.as_slice()), read(BufReader::with_capacity(capacity, bytes.as_slice())));
        let bytes = pieces.concat();
        proptest::prop_assert_eq!(read_over(bytes.as_slice()), read(BufReader::with_capacity(capacity, bytes.as_slice())));
    }
}

const PIECES: &[&[u8]] = &[
    b"<",
    b">",
    b"</a>",
    b"<p:b>",
    b"</p:b>",
    b"<c/>",
    b"<d e='",
    b"'",
    b"\"",
    b"=",
    b" ",
    b"\r",
    b"\n",
    b"\r\n",
    b"]",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"-->",
    b"-",
    b"<?",
    b"?>",
    b"?",
    b"<?xml version='1.0'?>",
    b"<!DOCTYPE a>",
    b"&",
    b"&lt;",
    b"&#13;",
    b"&x;",
    b";",
    b"\xEF\xBB\xBF",
    b"\xE1\xBB\x87",
    b"\xE1\xBB",
    b"\xF0\x9F\x98\x80",
    b"\xF0",
    b"\x80",
    b"\xFF",
    b"\xEF\xBF\xBF",
    b"\0",
    b"\x01",
    b"x",
    b"xmlns",
    b":",
    b"/",
    b"0123456789012345678901234567890123456789012345678901234567890123456789",
];

/// Found by fuzzing: counted at the ends of the pieces alone, the dashes of two of them once ended a comment at `->`.
#[test]
fn a_comment_ends_at_its_own_end_in_however_many_pieces() {
    for inside in ["--x-abc->", "-abc-->", "-abc->y-abc->z", "->-", "x-|abc-|>", ">->>"] {
        for capacity in 1..12 {
            let text = format!("<a><!--{inside} --><b/></a>");
            let read = |capacity| read(BufReader::with_capacity(capacity, text.as_bytes()));
            assert_eq!(read(capacity), read(4096), "{text} by {capacity}");
        }
    }
}

#[test]
fn a_source_that_fails_is_no_fault_of_the_message() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("disk"))
        }
    }
    let text = std::io::Read::chain(b"<a>text".as_slice(), Broken);
    let mut reader = Reader::new(BufReader::new(text), Limits::default());
    let fault = std::iter::from_fn(|| Some(reader.next().map(|_| ()))).find_map(Result::err).unwrap();
    assert_eq!(fault.code, Code::TryLater);
}
