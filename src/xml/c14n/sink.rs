//! Where canonical octets go.

/// Takes octets in order. The canonicaliser writes in large pieces.
pub trait Sink {
    /// Takes the next octets.
    fn write(&mut self, octets: &[u8]);
}

impl Sink for Vec<u8> {
    fn write(&mut self, octets: &[u8]) {
        self.extend_from_slice(octets);
    }
}

impl Sink for ring::digest::Context {
    fn write(&mut self, octets: &[u8]) {
        self.update(octets);
    }
}

impl<S: Sink> Sink for &mut S {
    fn write(&mut self, octets: &[u8]) {
        (**self).write(octets);
    }
}
