//! RFC 5701.

use core::fmt;
use core::net::Ipv6Addr;
use core::str::FromStr;

use super::parse::{ParseCommunityError, Result, Text};

/// An IPv6 address specific extended community (RFC 5701 §2): 20 octets, as they stand in the attribute.
///
/// Text is `rt:[2001:db8::1]:7`, `ro:…`, `rt-redirect:…` (RFC 8956 §6.1), `redirect-to-ip:[2001:db8::1]`, which
/// may have `:copy` behind it (draft-ietf-idr-flowspec-redirect-ip), else `generic:0x…` with all octets.
///
/// ```
/// use bgp_wire::Ipv6ExtendedCommunity;
///
/// let target = Ipv6ExtendedCommunity::route_target("2001:db8::1".parse()?, 7);
/// assert_eq!(target.to_string(), "rt:[2001:db8::1]:7");
/// assert_eq!("rt:[2001:db8::1]:7".parse(), Ok(target));
/// assert!(target.is_transitive());
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ipv6ExtendedCommunity(pub [u8; 20]);

/// Names of types whose Local Administrator is a number
const NUMBERED: [(&str, u8); 3] = [("rt", 0x02), ("ro", 0x03), ("rt-redirect", 0x0d)];
/// Local Administrator has the C bit.
const REDIRECT_TO_IP: u8 = 0x0c;
/// First octet of those that are passed on to other ASes
const TRANSITIVE: u8 = 0x00;

impl Ipv6ExtendedCommunity {
    /// Any of them.
    pub const fn new(kind: u8, sub: u8, address: Ipv6Addr, number: u16) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = address.octets();
        let [q, r] = number.to_be_bytes();
        Self([kind, sub, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r])
    }

    /// Who imports the route (RFC 5701 §3).
    pub const fn route_target(address: Ipv6Addr, number: u16) -> Self {
        Self::new(TRANSITIVE, 0x02, address, number)
    }

    /// Whose route it is (RFC 5701 §3).
    pub const fn route_origin(address: Ipv6Addr, number: u16) -> Self {
        Self::new(TRANSITIVE, 0x03, address, number)
    }

    /// Whether it is passed on to other ASes.
    pub const fn is_transitive(self) -> bool {
        self.0[0] & 0x40 == 0
    }

    /// Type octet (high) and sub-type octet (low).
    pub const fn kind(self) -> (u8, u8) {
        (self.0[0], self.0[1])
    }

    /// Global Administrator.
    pub fn address(self) -> Ipv6Addr {
        let [_, _, address @ .., _, _] = self.0;
        Ipv6Addr::from(address)
    }

    /// Local Administrator.
    pub const fn number(self) -> u16 {
        let [.., high, low] = self.0;
        u16::from_be_bytes([high, low])
    }
}

impl fmt::Display for Ipv6ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, sub) = self.kind();
        let name = NUMBERED.iter().find(|(_, it)| (kind, sub) == (TRANSITIVE, *it));
        match (name, self.number()) {
            (Some((name, _)), number) => write!(f, "{name}:[{}]:{number}", self.address()),
            (None, copy @ 0..=1) if (kind, sub) == (TRANSITIVE, REDIRECT_TO_IP) => {
                let copy = if copy == 1 { ":copy" } else { "" };
                write!(f, "redirect-to-ip:[{}]{copy}", self.address())
            }
            _ => {
                f.write_str("generic:0x")?;
                self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}

impl fmt::Debug for Ipv6ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Ipv6ExtendedCommunity {
    type Err = ParseCommunityError;

    fn from_str(text: &str) -> Result<Self> {
        let mut text = Text::new(text);
        let expected = "rt, ro, rt-redirect, redirect-to-ip or generic";
        let sub = text.field(expected, |name| match name {
            "generic" => Some(None),
            "redirect-to-ip" => Some(Some(REDIRECT_TO_IP)),
            _ => NUMBERED.iter().find(|(it, _)| *it == name).map(|(_, sub)| Some(*sub)),
        })?;
        text.colon()?;
        let community = match sub {
            None => Self(text.octets("0x and 40 hexadecimal digits")?),
            Some(REDIRECT_TO_IP) => {
                let address = text.ipv6()?;
                Self::new(TRANSITIVE, REDIRECT_TO_IP, address, text.accept(":copy").into())
            }
            Some(sub) => {
                let address = text.ipv6()?;
                text.colon()?;
                Self::new(TRANSITIVE, sub, address, text.number()?)
            }
        };
        text.end()?;
        Ok(community)
    }
}
