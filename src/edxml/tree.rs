//! One section of a message (its header, its trace list, its manifest, one attachment) as a small tree in three flat
//! arrays: collected from events, read once by [`Cursor`]s, then used again for the next section.
//!
//! What nobody read is what QCVN 102 does not know: so the code that reads the fields is the only list of them.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use crate::domain::{Code, DocumentId, IdError, OrganId};
use crate::edxml::lengths::{CHARS_MAX_LEAST, TEXT_OCTETS_MAX, length_of};
use crate::edxml::remark::{Remark, RemarkCode, Remarks};
use crate::edxml::{Mode, QCVN_102, Text};
use crate::xml::{Fault, Start};

/// Most elements of one section: more than 5,000 recipients with all their fields.
const NODES_MAX: usize = 60_000;

/// White space of XML.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// How a node was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Used {
    /// Nobody looked at it.
    Not,
    /// For its text.
    Leaf,
    /// For its children.
    Branch,
    /// Remarked upon.
    Remarked,
}

#[derive(Debug)]
struct Node {
    name: Range<usize>,
    /// In the QCVN namespace; all others are unknown here.
    ours: bool,
    text: Range<usize>,
    /// Text that is more than white space stands behind a child.
    mixed: bool,
    offset: u64,
    parent: Option<usize>,
    first_child: Option<usize>,
    last_child: Option<usize>,
    next: Option<usize>,
    used: Cell<Used>,
}

#[derive(Debug)]
struct Attribute {
    node: usize,
    ns: Range<usize>,
    local: Range<usize>,
    value: Range<usize>,
}

/// A section while it is collected and read.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Path of the element around the section.
    base: String,
    /// Its number among its like, from 1.
    number: usize,
    /// Names, values and texts, one behind the other.
    arena: String,
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    open: Vec<usize>,
}

/// Room for what most messages have.
const NODES_USUAL: usize = 32;
const OCTETS_USUAL: usize = 2 << 10;

impl Tree {
    pub(super) fn new() -> Self {
        Self { arena: String::with_capacity(OCTETS_USUAL), nodes: Vec::with_capacity(NODES_USUAL), ..Self::default() }
    }

    /// Makes it ready for a section that stands inside `base`.
    pub(super) fn restart(&mut self, base: String, number: usize) {
        (self.base, self.number) = (base, number);
        self.arena.clear();
        self.nodes.clear();
        self.attributes.clear();
        self.open.clear();
    }

    /// Octets kept so far.
    pub(super) fn size(&self) -> usize {
        self.arena.len()
    }

    /// Elements open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(super) fn start(&mut self, start: &Start<'_>, offset: u64) -> Result<(), Fault> {
        if self.nodes.len() >= NODES_MAX {
            return Err(Fault::new(Code::XmlLimit, offset, format!("more than {NODES_MAX} elements in one section")));
        }
        let name = start.name();
        let (parent, this) = (self.open.last().copied(), self.nodes.len());
        let range = self.keep(name.local);
        for attribute in start.attributes() {
            let (ns, local, value) = (self.keep(attribute.ns), self.keep(attribute.local), self.keep(attribute.value));
            self.attributes.push(Attribute { node: this, ns, local, value });
        }
        let text = self.arena.len()..self.arena.len();
        let ours = name.ns == QCVN_102;
        let used = Cell::new(Used::Not);
        let (first_child, last_child, next) = (None, None, None);
        self.link(parent, this);
        self.nodes.push(Node {
            name: range,
            ours,
            text,
            mixed: false,
            offset,
            parent,
            first_child,
            last_child,
            next,
            used,
        });
        self.open.push(this);
        Ok(())
    }

    pub(super) fn text(&mut self, text: &str) -> Result<(), Fault> {
        let Some(node) = self.open.last().and_then(|&open| self.nodes.get_mut(open)) else { return Ok(()) };
        if node.first_child.is_some() {
            node.mixed = node.mixed || !text.bytes().all(is_space);
            return Ok(());
        }
        if node.text.len() + text.len() > TEXT_OCTETS_MAX {
            let detail = format!("a text of more than {TEXT_OCTETS_MAX} octets");
            return Err(Fault::new(Code::ValueTooLong, node.offset, detail));
        }
        self.arena.push_str(text);
        node.text.end = self.arena.len();
        Ok(())
    }

    pub(super) fn end(&mut self) {
        self.open.pop();
    }

    /// The section's own element.
    pub(super) fn root<'t>(&'t self, notes: &'t Notes) -> Cursor<'t> {
        Cursor { tree: self, index: 0, notes }
    }

    /// Remarks on everything that was not read.
    pub(super) fn remark_unread(&self, notes: &Notes) {
        for (index, node) in self.nodes.iter().enumerate() {
            let around = node.parent.and_then(|parent| self.nodes.get(parent)).map(|parent| parent.used.get());
            let stray = || node.mixed || !self.part(&node.text).bytes().all(is_space);
            match node.used.get() {
                Used::Not if matches!(around, Some(Used::Branch | Used::Leaf)) => {
                    notes.remark(RemarkCode::UnknownElement, node.offset, || self.path(index));
                }
                Used::Branch if stray() => notes.remark(RemarkCode::UnknownText, node.offset, || self.path(index)),
                _ => {}
            }
        }
    }

    fn keep(&mut self, text: &str) -> Range<usize> {
        let from = self.arena.len();
        self.arena.push_str(text);
        from..self.arena.len()
    }

    fn link(&mut self, parent: Option<usize>, this: usize) {
        let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(parent)) else { return };
        parent.first_child.get_or_insert(this);
        if let Some(before) = parent.last_child.replace(this).and_then(|before| self.nodes.get_mut(before)) {
            before.next = Some(this);
        }
    }

    fn part(&self, range: &Range<usize>) -> &str {
        self.arena.get(range.clone()).unwrap_or_default()
    }

    /// Whether an element has this name; most differ in its length.
    #[inline]
    fn is_ours(&self, node: &Node, name: &str) -> bool {
        node.ours && node.name.len() == name.len() && self.part(&node.name) == name
    }

    fn name(&self, index: usize) -> &str {
        self.nodes.get(index).map_or("", |node| self.part(&node.name))
    }

    fn children(&self, index: usize) -> impl Iterator<Item = usize> {
        let first = self.nodes.get(index).and_then(|node| node.first_child);
        std::iter::successors(first, |&child| self.nodes.get(child).and_then(|node| node.next))
    }

    /// Element path by local names; an index stands only where it is above 1.
    fn path(&self, index: usize) -> String {
        let parent = self.nodes.get(index).and_then(|node| node.parent);
        let name = self.name(index);
        let (around, number) = match parent {
            None => (self.base.clone(), self.number),
            Some(parent) => {
                let like = self.children(parent).take_while(|&child| child <= index);
                (self.path(parent), like.filter(|&child| self.name(child) == name).count())
            }
        };
        if number > 1 { format!("{around}/{name}[{number}]") } else { format!("{around}/{name}") }
    }
}

/// What goes along with the reading: the mode, and the remarks made on the way.
#[derive(Debug)]
pub(super) struct Notes {
    pub(super) mode: Mode,
    remarks: RefCell<Remarks>,
}

impl Notes {
    pub(super) fn new(mode: Mode) -> Self {
        Self { mode, remarks: RefCell::default() }
    }

    pub(super) fn remark(&self, code: RemarkCode, offset: u64, path: impl FnOnce() -> String) {
        self.remarks.borrow_mut().add(code, offset, path);
    }

    pub(super) fn into_remarks(self) -> Vec<Remark> {
        self.remarks.into_inner().into_vec()
    }
}

/// An element of a section that is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'t> {
    tree: &'t Tree,
    index: usize,
    notes: &'t Notes,
}

impl<'t> Cursor<'t> {
    pub(super) fn notes(&self) -> &'t Notes {
        self.notes
    }

    pub(super) fn name(&self) -> &'t str {
        self.tree.name(self.index)
    }

    pub(super) fn offset(&self) -> u64 {
        self.node().map_or(0, |node| node.offset)
    }

    pub(super) fn path(&self) -> String {
        self.tree.path(self.index)
    }

    pub(super) fn fault(&self, code: Code, detail: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
        Fault { path: self.path(), ..Fault::new(code, self.offset(), detail) }
    }

    pub(super) fn missing(&self, name: &str) -> Fault {
        self.fault(Code::ElementMissing, format!("{name} is missing"))
    }

    pub(super) fn remark(&self, code: RemarkCode) {
        self.notes.remark(code, self.offset(), || self.path());
    }

    /// The value of the attribute `{ns}local`.
    pub(super) fn attribute(&self, ns: &str, local: &str) -> Option<Text> {
        let attributes = &self.tree.attributes;
        let from = attributes.partition_point(|attribute| attribute.node < self.index);
        let own = attributes.iter().skip(from).take_while(|attribute| attribute.node == self.index);
        let mut named = own.filter(|found| self.tree.part(&found.local) == local && self.tree.part(&found.ns) == ns);
        named.next().and_then(|found| Text::from_wire(self.tree.part(&found.value)))
    }

    /// Every child element, whatever its name, read for its children or its text.
    pub(super) fn every_child(&self) -> impl Iterator<Item = Cursor<'t>> + use<'t> {
        let (tree, notes) = (self.tree, self.notes);
        self.mark(Used::Branch);
        tree.children(self.index).map(move |index| Cursor { tree, index, notes })
    }

    /// Every child of this name.
    pub(super) fn children(&self, name: &'static str) -> impl Iterator<Item = Cursor<'t>> + use<'t> {
        self.mark(Used::Branch);
        self.look(name)
    }

    /// Every child of this name; does not count as reading.
    pub(super) fn look(&self, name: &'static str) -> impl Iterator<Item = Cursor<'t>> + use<'t> {
        let (tree, notes) = (self.tree, self.notes);
        let children = tree.children(self.index).map(move |index| Cursor { tree, index, notes });
        children.filter(move |child| child.node().is_some_and(|node| tree.is_ours(node, name)))
    }

    /// The child of this name that may stand once; where it repeats the first counts, with a remark, or under
    /// [`Mode::Strict`] it is a fault.
    pub(super) fn child(&self, name: &'static str) -> Result<Option<Cursor<'t>>, Fault> {
        let mut children = self.children(name);
        let first = children.next();
        for again in children {
            if self.notes.mode == Mode::Strict {
                return Err(again.repeated());
            }
            again.mark(Used::Remarked);
            again.remark(RemarkCode::RepeatedElement);
        }
        Ok(first.inspect(Cursor::enter))
    }

    /// The child of this name that may stand once because what it says must be clear: a repeat is a fault.
    pub(super) fn sole(&self, name: &'static str) -> Result<Option<Cursor<'t>>, Fault> {
        let mut children = self.children(name);
        let first = children.next();
        match children.next() {
            Some(again) => Err(again.repeated()),
            None => Ok(first.inspect(Cursor::enter)),
        }
    }

    /// The child of this name that must stand once.
    pub(super) fn required(&self, name: &'static str) -> Result<Cursor<'t>, Fault> {
        self.sole(name)?.ok_or_else(|| self.missing(name))
    }

    /// The text of the child of this name.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<Text>, Fault> {
        self.child(name)?.map_or(Ok(None), |child| child.value())
    }

    /// The text of the child of this name, which must stand once and not be empty.
    pub(super) fn required_text(&self, name: &'static str) -> Result<Text, Fault> {
        let child = self.required(name)?;
        child.value()?.ok_or_else(|| child.fault(Code::ElementMissing, format!("{name} is empty")))
    }

    /// The texts of the children of this name, without empty ones.
    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<Text>, Fault> {
        self.children(name).filter_map(|child| child.value().transpose()).collect()
    }

    /// The element's own text as it stands, unread.
    pub(super) fn own_text(&self) -> &'t str {
        self.node().map_or("", |node| self.tree.part(&node.text))
    }

    /// The element's own text; nothing if it is empty. Child elements have no place in it.
    pub(super) fn value(&self) -> Result<Option<Text>, Fault> {
        self.mark(Used::Leaf);
        let holds_elements = self.node().is_some_and(|node| node.first_child.is_some());
        if holds_elements && self.notes.mode == Mode::Strict {
            return Err(
                self.fault(Code::ValueInvalid, format!("{} holds elements where only text belongs", self.name()))
            );
        }
        let text = self.own_text();
        self.check_length(text)?;
        Ok(Text::from_wire(text))
    }

    /// An agency's code; the text `null` is none.
    pub(super) fn organ_id(&self) -> Result<Option<OrganId>, Fault> {
        self.id(str::parse)
    }

    /// A document's id.
    pub(super) fn document_id(&self) -> Result<Option<DocumentId>, Fault> {
        self.id(str::parse)
    }

    fn id<T>(&self, parse: impl Fn(&str) -> Result<T, IdError>) -> Result<Option<T>, Fault> {
        let Some(text) = self.value()? else { return Ok(None) };
        match parse(text.as_str()) {
            Ok(id) => Ok(Some(id)),
            Err(IdError::Empty) => Ok(None),
            Err(error @ IdError::TooLong) => Err(self.fault(Code::ValueTooLong, error.to_string())),
            Err(error @ IdError::Control) => Err(self.fault(Code::ValueInvalid, error.to_string())),
        }
    }

    fn check_length(&self, text: &str) -> Result<(), Fault> {
        if text.len() <= CHARS_MAX_LEAST {
            return Ok(());
        }
        let text = text.trim();
        let parent = self.node().and_then(|node| node.parent).map_or("", |parent| self.tree.name(parent));
        let Some(row) = length_of(parent, self.name()) else { return Ok(()) };
        if text.len() <= row.chars_max || text.chars().count() <= row.chars_max {
            return Ok(());
        }
        if row.refused && self.notes.mode == Mode::Strict {
            return Err(
                self.fault(Code::ValueTooLong, format!("{} has at most {} characters", row.name, row.chars_max))
            );
        }
        self.remark(RemarkCode::LongValue);
        Ok(())
    }

    fn repeated(&self) -> Fault {
        self.fault(Code::ElementRepeated, format!("{} may stand once", self.name()))
    }

    fn node(&self) -> Option<&'t Node> {
        self.tree.nodes.get(self.index)
    }

    /// Marks it as read for its children, unless it was read for something.
    fn enter(&self) {
        if self.node().is_some_and(|node| node.used.get() == Used::Not) {
            self.mark(Used::Branch);
        }
    }

    fn mark(&self, used: Used) {
        if let Some(node) = self.node() {
            node.used.set(used);
        }
    }
}
