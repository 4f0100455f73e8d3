//! cRLNumber.

use std::cmp::Ordering;
use std::fmt;

/// The number of a CRL: up to 20 octets, big-endian (RFC 5280, 5.2.3), without zeros in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::trust) struct Number(Vec<u8>);

impl Number {
    pub(in crate::trust) fn new(octets: &[u8]) -> Self {
        Self(octets.iter().copied().skip_while(|octet| *octet == 0).collect())
    }

    pub(in crate::trust) fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() > 8 {
            return write!(f, "0x{}", hex::encode(&self.0));
        }
        let number = self.0.iter().fold(0_u64, |sum, octet| (sum << 8) | u64::from(*octet));
        write!(f, "{number}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_numbers() {
        let number = |octets: &[u8]| Number::new(octets);
        assert!(number(&[42]) > number(&[40]));
        assert!(number(&[1, 0]) > number(&[255]));
        assert_eq!(number(&[0, 7]), number(&[7]));
        assert!(number(&[]) < number(&[1]));
        assert_eq!(number(&[1, 0]).to_string(), "256");
        assert_eq!(number(&[0]).to_string(), "0");
        assert_eq!(number(&[1, 0, 0, 0, 0, 0, 0, 0, 0]).to_string(), "0x010000000000000000");
    }
}
