//! Route distinguishers (RFC 4364 §4.2).

use core::fmt;
use core::net::Ipv4Addr;
use core::str::FromStr;

use thiserror::Error;

/// Makes prefixes of different VPNs different: 8 octets, the first two of them a type.
///
/// ```
/// use bgp_wire::RouteDistinguisher;
/// for text in ["65000:1", "192.0.2.1:7", "4200000000:9", "65000L:1"] {
///     assert_eq!(text.parse::<RouteDistinguisher>()?.to_string(), text);
/// }
/// # Ok::<(), bgp_wire::ParseRouteDistinguisherError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct RouteDistinguisher(pub [u8; 8]);

impl RouteDistinguisher {
    /// Type 0: a 2-octet AS number and a 4-octet number.
    pub const fn two_octet_as(asn: u16, number: u32) -> Self {
        Self(((asn as u64) << 32 | number as u64).to_be_bytes())
    }

    /// Type 1: an IPv4 address and a 2-octet number.
    pub const fn ipv4(address: Ipv4Addr, number: u16) -> Self {
        Self((1 << 48 | (address.to_bits() as u64) << 16 | number as u64).to_be_bytes())
    }

    /// Type 2: a 4-octet AS number and a 2-octet number.
    pub const fn four_octet_as(asn: u32, number: u16) -> Self {
        Self((2 << 48 | (asn as u64) << 16 | number as u64).to_be_bytes())
    }
}

/// `65000:1`, `192.0.2.1:7`, `4200000000:9`. A 4-octet AS number that would fit into 2 octets has an `L`
/// behind it; of types that are not known all is shown: `0x0003000000000001`.
impl fmt::Display for RouteDistinguisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, _, a, b, c, d, e, g] = self.0;
        let (long, short) = (u32::from_be_bytes([a, b, c, d]), u16::from_be_bytes([e, g]));
        match (self.0[0], self.0[1]) {
            (0, 0) => {
                write!(f, "{}:{}", u16::from_be_bytes([a, b]), u32::from_be_bytes([c, d, e, g]))
            }
            (0, 1) => write!(f, "{}:{short}", Ipv4Addr::from(long)),
            (0, 2) if long > u32::from(u16::MAX) => write!(f, "{long}:{short}"),
            (0, 2) => write!(f, "{long}L:{short}"),
            _ => write!(f, "{:#018x}", u64::from_be_bytes(self.0)),
        }
    }
}

impl fmt::Debug for RouteDistinguisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Not a route distinguisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "expected a route distinguisher: AS:NUMBER, ADDRESS:NUMBER, or 16 hexadecimal digits behind 0x"
)]
pub struct ParseRouteDistinguisherError;

impl FromStr for RouteDistinguisher {
    type Err = ParseRouteDistinguisherError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or(ParseRouteDistinguisherError)
    }
}

fn parse(text: &str) -> Option<RouteDistinguisher> {
    if let Some(digits) = text.strip_prefix("0x") {
        let plain = digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u64::from_str_radix(digits, 16).ok().filter(|_| plain)?;
        return Some(RouteDistinguisher(number.to_be_bytes()));
    }
    let (administrator, number) = text.rsplit_once(':')?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let number = Some(number).filter(|number| plain(number))?;
    if let Ok(address) = administrator.parse() {
        return Some(RouteDistinguisher::ipv4(address, number.parse().ok()?));
    }
    let (administrator, long) = match administrator.strip_suffix('L') {
        Some(administrator) => (administrator, true),
        None => (administrator, false),
    };
    let asn: u32 = Some(administrator).filter(|asn| plain(asn))?.parse().ok()?;
    Some(match u16::try_from(asn) {
        Ok(asn) if !long => RouteDistinguisher::two_octet_as(asn, number.parse().ok()?),
        _ => RouteDistinguisher::four_octet_as(asn, number.parse().ok()?),
    })
}
