//! Route target membership (RFC 4684 §4).

use core::fmt;

use bytes::{BufMut, BytesMut};

use super::prefix::{first_octets, octets};
use crate::attribute::community::ExtendedCommunity;
use crate::codec::Cursor;

/// Which VPN routes a speaker wants: a prefix over origin AS and route target.
///
/// ```
/// use bgp_wire::RouteTargetMembership;
/// assert_eq!(RouteTargetMembership::DEFAULT.to_string(), "default");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteTargetMembership {
    /// 0, or 32 to 96: bits that count of origin AS and route target together
    length: u8,
    /// The AS that wants the routes
    origin_as: u32,
    /// The first bits of route targets, the others zero
    target: [u8; 8],
}

impl RouteTargetMembership {
    /// All VPN routes.
    pub const DEFAULT: Self = Self { length: 0, origin_as: 0, target: [0; 8] };

    /// The routes of one target.
    pub const fn new(origin_as: u32, target: ExtendedCommunity) -> Self {
        Self { length: 96, origin_as, target: target.0 }
    }

    /// Those whose target begins with `bits` bits of `target`, at most 64.
    pub const fn prefix(origin_as: u32, target: ExtendedCommunity, bits: u8) -> Self {
        let bits = if bits > 64 { 64 } else { bits };
        let mask = if bits == 0 { 0 } else { u64::MAX << (64 - bits) };
        let target = (u64::from_be_bytes(target.0) & mask).to_be_bytes();
        Self { length: 32 + bits, origin_as, target }
    }

    /// Bits that count of origin AS and target together: 0, or 32 to 96.
    pub const fn prefix_length(&self) -> u8 {
        self.length
    }

    /// The AS that wants the routes.
    pub const fn origin_as(&self) -> u32 {
        self.origin_as
    }

    /// The route target, zero behind the length.
    pub const fn target(&self) -> ExtendedCommunity {
        ExtendedCommunity(self.target)
    }

    /// Whether a route with `target` is wanted.
    pub fn matches(&self, target: ExtendedCommunity) -> bool {
        let bits = self.length.saturating_sub(32);
        Self::prefix(self.origin_as, target, bits).target == self.target
    }

    pub(crate) fn decode(cursor: &mut Cursor<'_>) -> Option<Self> {
        // "Except for the default route target …, the minimum prefix length is 32 bits."
        let length = cursor.u8().filter(|length| *length == 0 || (32..=96).contains(length))?;
        let value: [u8; 12] = first_octets(cursor.take(octets(length))?);
        let mut value = Cursor::new(&value);
        let (origin_as, target) = (value.u32()?, ExtendedCommunity(value.array()?));
        Some(match length.checked_sub(32) {
            Some(bits) => Self::prefix(origin_as, target, bits),
            None => Self::DEFAULT,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        let end = out.len() + 1 + octets(self.length);
        out.put_u8(self.length);
        out.put_u32(self.origin_as);
        out.put_slice(&self.target);
        out.truncate(end);
    }
}

/// `65000 rt:65000:1`, `65000 rt:65000:0/48`, `default`
impl fmt::Display for RouteTargetMembership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length {
            0 => f.write_str("default"),
            96 => write!(f, "{} {}", self.origin_as, self.target()),
            length => write!(f, "{} {}/{length}", self.origin_as, self.target()),
        }
    }
}
