//! From events to canonical octets, in one pass.

use crate::xml::c14n::output::Output;
use crate::xml::c14n::rendered::Rendered;
use crate::xml::c14n::{Algorithm, Method, Sink, base};
use crate::xml::{Attribute, End, Event, Kind, Leaf, Start, XML_NAMESPACE};

/// Canonicalises a document, or one element of it with everything inside (the apex).
///
/// For a document give it every event. For an element give it the events from its start to its end: the first start
/// tag is the apex, which brings the namespaces in scope with it and, for the inclusive methods, the xml:* attributes of
/// its ancestors. Nothing can fail here: what has no canonical form, the reader has refused.
#[derive(Debug)]
pub struct Canonicalizer<S> {
    algorithm: Algorithm,
    /// Prefixes of an InclusiveNamespaces PrefixList; the empty one is `#default`.
    prefixes: Vec<String>,
    output: Output<S>,
    rendered: Rendered,
    /// The attributes of an element in canonical order, by their place in the tag.
    order: Vec<usize>,
    stage: Stage,
    suspended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Before,
    Inside,
    After,
}

impl<S: Sink> Canonicalizer<S> {
    /// A canonicaliser into a sink. The PrefixList is that of Exclusive XML Canonicalization, with `#default` for the
    /// default namespace; the inclusive methods have none and ignore it.
    pub fn new(algorithm: Algorithm, prefix_list: Vec<String>, sink: S) -> Self {
        let mut prefixes = prefix_list;
        for prefix in prefixes.iter_mut().filter(|prefix| *prefix == "#default") {
            prefix.clear();
        }
        Self {
            algorithm,
            prefixes,
            output: Output::new(sink),
            rendered: Rendered::default(),
            order: Vec::new(),
            stage: Stage::Before,
            suspended: false,
        }
    }

    /// Leaves out what comes now, for the enveloped-signature transform: call it before giving the start tag of the
    /// element that is to be left out, and [`Canonicalizer::resume`] after giving its end tag.
    pub fn suspend(&mut self) {
        self.suspended = true;
    }

    /// Goes on after an element that was left out.
    pub fn resume(&mut self) {
        self.suspended = false;
    }

    /// Takes the next event.
    #[inline]
    pub fn event(&mut self, event: &Event<'_>) {
        if self.suspended {
            return;
        }
        match &event.kind {
            Kind::Start(start) => self.start(start, event),
            Kind::End(end) => self.end(end, event),
            Kind::Text(_) if event.plain => self.output.put(event.source.as_bytes()),
            Kind::Text(text) => self.output.text(text),
            Kind::Comment(text) if self.algorithm.comments => self.outside(|output| {
                output.put(b"<!--");
                output.put(text.as_bytes());
                output.put(b"-->");
            }),
            Kind::Comment(_) => {}
            Kind::ProcessingInstruction { target, data } => self.outside(|output| {
                output.put(b"<?");
                output.put(target.as_bytes());
                output.put(if data.is_empty() { b"" } else { b" " });
                output.put(data.as_bytes());
                output.put(b"?>");
            }),
        }
    }

    /// Takes the three events of a leaf.
    #[inline]
    pub fn leaf(&mut self, leaf: &Leaf<'_>) {
        if self.suspended {
            return;
        }
        let is_known = self.algorithm.method != Method::Exclusive || self.rendered.is_newest(leaf.binding());
        if is_known && self.stage == Stage::Inside {
            self.output.put(leaf.source.as_bytes());
        } else {
            leaf.events().iter().for_each(|event| self.event(event));
        }
    }

    /// Ends it: everything has gone to the sink.
    pub fn into_sink(self) -> S {
        self.output.into_sink()
    }

    /// A comment or an instruction: before the root it ends with a line feed, behind the root it begins with one.
    fn outside(&mut self, write: impl FnOnce(&mut Output<S>)) {
        if self.stage == Stage::After {
            self.output.put(b"\n");
        }
        write(&mut self.output);
        if self.stage == Stage::Before {
            self.output.put(b"\n");
        }
    }

    fn start(&mut self, start: &Start<'_>, event: &Event<'_>) {
        let apex = self.stage == Stage::Before;
        self.stage = Stage::Inside;
        self.rendered.open();
        match self.algorithm.method {
            Method::Exclusive => self.declare_used(start, apex),
            _ if apex => start.in_scope().for_each(|(prefix, uri)| self.rendered.declare(prefix, uri, None)),
            _ => start.declarations().for_each(|(prefix, uri)| self.rendered.declare(prefix, uri, None)),
        }
        if event.plain && !self.rendered.has_own() && !apex {
            return self.output.put(event.source.as_bytes());
        }
        self.output.put(b"<");
        self.output.put(start.name().qualified.as_bytes());
        for (prefix, uri) in self.rendered.own() {
            self.output.declaration(prefix, uri);
        }
        if apex && self.algorithm.method != Method::Exclusive && start.inherited().next().is_some() {
            self.apex_attributes(start);
        } else {
            self.attributes(start);
        }
        self.output.put(b">");
    }

    fn end(&mut self, end: &End<'_>, event: &Event<'_>) {
        self.rendered.close();
        if event.plain {
            self.output.put(event.source.as_bytes());
        } else {
            self.output.end_tag(end.name().qualified);
        }
        if self.rendered.depth() == 0 {
            self.stage = Stage::After;
        }
    }

    /// Exclusive XML Canonicalization, 3: the prefixes that this element visibly uses, and those of the PrefixList as
    /// the inclusive method would have them.
    fn declare_used(&mut self, start: &Start<'_>, apex: bool) {
        if !self.rendered.is_newest(start.binding()) {
            let name = start.name();
            if name.prefix != "xml" {
                self.rendered.declare(name.prefix, name.ns, Some(start.binding()));
            }
        }
        if start.has_prefixed() {
            for attribute in start.attributes().filter(|attribute| !matches!(attribute.prefix, "" | "xml")) {
                self.rendered.declare(attribute.prefix, attribute.ns, None);
            }
        }
        if self.prefixes.is_empty() {
            return;
        }
        let listed = |(prefix, _): &(&str, &str)| self.prefixes.iter().any(|listed| listed == prefix);
        if apex {
            start.in_scope().filter(listed).for_each(|(prefix, uri)| self.rendered.declare(prefix, uri, None));
        } else {
            start.declarations().filter(listed).for_each(|(prefix, uri)| self.rendered.declare(prefix, uri, None));
        }
    }

    /// The attributes by namespace URI, then local name (C14N 1.0, 2.2).
    fn attributes(&mut self, start: &Start<'_>) {
        let count = start.attributes().len();
        if (1..count).all(|at| start.compare(at - 1, at).is_lt()) {
            start.attributes().for_each(|found| self.output.attribute(found.qualified, found.value));
            return;
        }
        self.order.clear();
        self.order.extend(0..count);
        self.order.sort_unstable_by(|a, b| start.compare(*a, *b));
        for found in self.order.iter().filter_map(|at| start.attributes().nth(*at)) {
            self.output.attribute(found.qualified, found.value);
        }
    }

    /// The attributes of an apex below xml:* attributes (C14N 1.0, 2.4; C14N 1.1, 2.4).
    fn apex_attributes(&mut self, start: &Start<'_>) {
        let joined = self.joined_base(start);
        let mut all: Vec<Attribute<'_>> = start.attributes().collect();
        if let Some(base) = &joined {
            all.retain(|own| !is_base(own));
            all.extend((!base.is_empty()).then_some(base_attribute(base)));
        }
        let inherited: Vec<_> = start.inherited().filter(|outer| self.inherits(outer)).collect();
        for outer in inherited.into_iter().rev() {
            if !all.iter().any(|known| known.ns == XML_NAMESPACE && known.local == outer.local) {
                all.push(outer);
            }
        }
        all.sort_unstable_by_key(|found| (found.ns, found.local));
        for found in all {
            self.output.attribute(found.qualified, found.value);
        }
    }

    /// Whether an apex takes over this attribute from its nearest ancestor that has it.
    fn inherits(&self, outer: &Attribute<'_>) -> bool {
        self.algorithm.method == Method::Inclusive10 || matches!(outer.local, "lang" | "space")
    }

    /// For 1.1: the xml:base of the apex joined with those of its ancestors, if one of them has one.
    fn joined_base(&self, start: &Start<'_>) -> Option<String> {
        if self.algorithm.method != Method::Inclusive11 {
            return None;
        }
        let own = start.attributes().find(is_base);
        let mut outer: Vec<_> = start.inherited().filter(is_base).collect();
        let innermost = if outer.is_empty() { None } else { own.or_else(|| outer.pop()) }?;
        let join = |inner: String, outer: Attribute<'_>| base::join(outer.value, &inner);
        Some(outer.into_iter().rev().fold(innermost.value.to_owned(), join))
    }
}

fn is_base(attribute: &Attribute<'_>) -> bool {
    attribute.ns == XML_NAMESPACE && attribute.local == "base"
}

fn base_attribute(value: &str) -> Attribute<'_> {
    Attribute { ns: XML_NAMESPACE, local: "base", prefix: "xml", value, qualified: "xml:base" }
}
