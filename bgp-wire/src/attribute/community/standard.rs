//! RFC 1997.

use core::fmt;
use core::str::FromStr;

use super::parse::{ParseCommunityError, Result, Text, decimal};

/// A community (RFC 1997).
///
/// Text is `65000:100`; the alternate form has the names of well-known ones. Both are read, the names in any
/// case, with hyphens or underscores; also `local-AS` and `no-peer`, as routers call `no-export-subconfed` and
/// `nopeer`.
///
/// ```
/// use bgp_wire::Community;
///
/// assert_eq!("65000:100".parse(), Ok(Community::new(65000, 100)));
/// assert_eq!("NO_EXPORT".parse(), Ok(Community::NO_EXPORT));
/// assert_eq!("local-AS".parse(), Ok(Community::NO_EXPORT_SUBCONFED));
/// assert_eq!("No-Peer".parse(), Ok(Community::NOPEER));
/// assert_eq!(format!("{0} {0:#}", Community::BLACKHOLE), "65535:666 blackhole");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Community(pub u32);

impl Community {
    /// Less preferred: the path goes away soon (RFC 8326 §4.1).
    pub const GRACEFUL_SHUTDOWN: Self = Self(0xffff_0000);
    /// Accepted also by the PE that it came from (RFC 7611 §2.1).
    pub const ACCEPT_OWN: Self = Self(0xffff_0001);
    /// draft-l3vpn-legacy-rtc
    pub const ROUTE_FILTER_TRANSLATED_V4: Self = Self(0xffff_0002);
    /// draft-l3vpn-legacy-rtc
    pub const ROUTE_FILTER_V4: Self = Self(0xffff_0003);
    /// draft-l3vpn-legacy-rtc
    pub const ROUTE_FILTER_TRANSLATED_V6: Self = Self(0xffff_0004);
    /// draft-l3vpn-legacy-rtc
    pub const ROUTE_FILTER_V6: Self = Self(0xffff_0005);
    /// Kept by long-lived graceful restart: the least preferred (RFC 9494).
    pub const LLGR_STALE: Self = Self(0xffff_0006);
    /// Not to be kept by long-lived graceful restart (RFC 9494).
    pub const NO_LLGR: Self = Self(0xffff_0007);
    /// draft-agrewal-idr-accept-own-nexthop
    pub const ACCEPT_OWN_NEXTHOP: Self = Self(0xffff_0008);
    /// Of a standby PE (RFC 9026 §4.3).
    pub const STANDBY_PE: Self = Self(0xffff_0009);
    /// Traffic is to be dropped (RFC 7999 §2).
    pub const BLACKHOLE: Self = Self(0xffff_029a);
    /// Not to any eBGP peer, confederations apart.
    pub const NO_EXPORT: Self = Self(0xffff_ff01);
    /// Not to any peer.
    pub const NO_ADVERTISE: Self = Self(0xffff_ff02);
    /// Not to any eBGP peer, in a confederation neither.
    pub const NO_EXPORT_SUBCONFED: Self = Self(0xffff_ff03);
    /// Not over bilateral peerings (RFC 3765 §2).
    pub const NOPEER: Self = Self(0xffff_ff04);

    /// IANA's registry of well-known communities
    const WELL_KNOWN: [(Self, &'static str); 15] = [
        (Self::GRACEFUL_SHUTDOWN, "graceful-shutdown"),
        (Self::ACCEPT_OWN, "accept-own"),
        (Self::ROUTE_FILTER_TRANSLATED_V4, "route-filter-translated-v4"),
        (Self::ROUTE_FILTER_V4, "route-filter-v4"),
        (Self::ROUTE_FILTER_TRANSLATED_V6, "route-filter-translated-v6"),
        (Self::ROUTE_FILTER_V6, "route-filter-v6"),
        (Self::LLGR_STALE, "llgr-stale"),
        (Self::NO_LLGR, "no-llgr"),
        (Self::ACCEPT_OWN_NEXTHOP, "accept-own-nexthop"),
        (Self::STANDBY_PE, "standby-pe"),
        (Self::BLACKHOLE, "blackhole"),
        (Self::NO_EXPORT, "no-export"),
        (Self::NO_ADVERTISE, "no-advertise"),
        (Self::NO_EXPORT_SUBCONFED, "no-export-subconfed"),
        (Self::NOPEER, "nopeer"),
    ];

    /// What routers call some of them besides: read, not written
    const ALIASES: [(Self, &'static str); 2] =
        [(Self::NO_EXPORT_SUBCONFED, "local-as"), (Self::NOPEER, "no-peer")];

    /// `high:low`
    pub const fn new(high: u16, low: u16) -> Self {
        Self((high as u32) << 16 | low as u32)
    }

    /// The first half, usually an AS number.
    pub const fn high(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The second half.
    pub const fn low(self) -> u16 {
        (self.0 & 0xffff) as u16
    }

    /// The name of a well-known one, as in `no-export`.
    pub fn name(self) -> Option<&'static str> {
        Self::WELL_KNOWN.iter().find(|(community, _)| *community == self).map(|(_, name)| *name)
    }

    fn from_name(text: &str) -> Option<Self> {
        let same = |name: &str| {
            name.len() == text.len()
                && name.bytes().zip(text.bytes()).all(|(name, octet)| {
                    name == octet.to_ascii_lowercase() || (name == b'-' && octet == b'_')
                })
        };
        let mut names = Self::WELL_KNOWN.iter().chain(&Self::ALIASES);
        names.find(|(_, name)| same(name)).map(|(community, _)| *community)
    }
}

/// `65000:100`; with `#` the name of a well-known one.
impl fmt::Display for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) if f.alternate() => f.write_str(name),
            _ => write!(f, "{}:{}", self.high(), self.low()),
        }
    }
}

impl fmt::Debug for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Community {
    type Err = ParseCommunityError;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(community) = Self::from_name(text) {
            return Ok(community);
        }
        let mut text = Text::new(text);
        let expected = "a number up to 65535 or the name of a well-known community";
        let high = text.field(expected, decimal)?;
        text.colon()?;
        let low = text.number()?;
        text.end()?;
        Ok(Self::new(high, low))
    }
}
