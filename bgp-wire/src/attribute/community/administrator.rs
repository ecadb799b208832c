//! Who has given a number, and the number.

use core::fmt;
use core::net::Ipv4Addr;

use super::parse::{Result, Text, decimal};

/// Global and Local Administrator of an extended community.
///
/// Text is `65000:1`, `192.0.2.1:7` or `200000:5`. A four-octet AS number that two octets would hold is marked:
/// `65000L:5`.
///
/// ```
/// use bgp_wire::{Administrator, ExtendedCommunity, ExtendedCommunityKind};
///
/// let target = ExtendedCommunityKind::RouteTarget(Administrator::TwoOctetAs { asn: 65000, number: 1 });
/// assert_eq!(ExtendedCommunity::from(target).to_string(), "rt:65000:1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Administrator {
    /// RFC 4360 §3.1
    TwoOctetAs {
        /// The AS
        asn: u16,
        /// Its number
        number: u32,
    },
    /// RFC 4360 §3.2
    Ipv4 {
        /// An address of whoever gives the number
        address: Ipv4Addr,
        /// The number
        number: u16,
    },
    /// RFC 5668 §2
    FourOctetAs {
        /// The AS
        asn: u32,
        /// Its number
        number: u16,
    },
}

impl Administrator {
    /// Low bits of the type: 0, 1 or 2
    pub(super) const fn kind(self) -> u8 {
        match self {
            Self::TwoOctetAs { .. } => 0,
            Self::Ipv4 { .. } => 1,
            Self::FourOctetAs { .. } => 2,
        }
    }

    pub(super) const fn decode(kind: u8, value: [u8; 6]) -> Option<Self> {
        let [a, b, c, d, e, f] = value;
        Some(match kind {
            0 => Self::TwoOctetAs {
                asn: u16::from_be_bytes([a, b]),
                number: u32::from_be_bytes([c, d, e, f]),
            },
            1 => Self::Ipv4 {
                address: Ipv4Addr::new(a, b, c, d),
                number: u16::from_be_bytes([e, f]),
            },
            2 => Self::FourOctetAs {
                asn: u32::from_be_bytes([a, b, c, d]),
                number: u16::from_be_bytes([e, f]),
            },
            _ => return None,
        })
    }

    pub(super) const fn encode(self) -> [u8; 6] {
        match self {
            Self::TwoOctetAs { asn, number } => {
                let ([a, b], [c, d, e, f]) = (asn.to_be_bytes(), number.to_be_bytes());
                [a, b, c, d, e, f]
            }
            Self::Ipv4 { address, number } => {
                let ([a, b, c, d], [e, f]) = (address.octets(), number.to_be_bytes());
                [a, b, c, d, e, f]
            }
            Self::FourOctetAs { asn, number } => {
                let ([a, b, c, d], [e, f]) = (asn.to_be_bytes(), number.to_be_bytes());
                [a, b, c, d, e, f]
            }
        }
    }

    pub(super) fn parse(text: &mut Text<'_>) -> Result<Self> {
        let field = text.peek();
        if field.contains('.') {
            let address = text.ipv4()?;
            text.colon()?;
            return Ok(Self::Ipv4 { address, number: text.number()? });
        }
        let expected = "an AS number or an IPv4 address";
        let digits = field.strip_suffix('L').unwrap_or(field);
        let asn: u32 = text.field(expected, |_| decimal(digits))?;
        text.colon()?;
        Ok(match u16::try_from(asn) {
            Ok(asn) if digits == field => Self::TwoOctetAs { asn, number: text.number()? },
            _ => Self::FourOctetAs { asn, number: text.number()? },
        })
    }
}

impl fmt::Display for Administrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TwoOctetAs { asn, number } => write!(f, "{asn}:{number}"),
            Self::Ipv4 { address, number } => write!(f, "{address}:{number}"),
            Self::FourOctetAs { asn, number } => {
                let mark = if asn <= u32::from(u16::MAX) { "L" } else { "" };
                write!(f, "{asn}{mark}:{number}")
            }
        }
    }
}
