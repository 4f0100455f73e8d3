//! The structural limits of a document. Each is a refusal with [`Code::XmlLimit`](crate::domain::Code::XmlLimit),
//! decided before the thing that is too large is collected.

/// What one document may ask for. Lengths in bytes as they stand in the source, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Elements open at once. 100 is Apache Santuario's limit; real messages stay below 15.
    pub depth: usize,
    /// Attributes of one element, namespace declarations not counted.
    pub attributes: usize,
    /// Namespace declarations of one element.
    pub declarations: usize,
    /// Namespace bindings in scope at once.
    pub bindings: usize,
    /// An element or attribute name or a PI target, with its prefix.
    pub name: usize,
    /// An attribute value.
    pub value: usize,
    /// A namespace URI.
    pub uri: usize,
    /// A tag, from behind its `<` to its `>`.
    pub tag: usize,
    /// A comment or a processing instruction, from behind its first mark to its `>`.
    pub comment: usize,
    /// All xml:* attributes of open elements together, names and values: inclusive canonicalisation inherits them.
    pub inherited: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 100,
            attributes: 64,
            declarations: 32,
            bindings: 128,
            name: 256,
            value: 64 << 10,
            uri: 1 << 10,
            tag: 256 << 10,
            comment: 64 << 10,
            inherited: 64 << 10,
        }
    }
}
