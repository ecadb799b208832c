//! RFC 4360.

use super::kind::ExtendedCommunityKind;

/// An extended community (RFC 4360): 8 octets, as they stand in the attribute.
///
/// [`decode`](Self::decode) tells what they mean; the text has a form for each meaning, and
/// `generic:0x…:0x…` for all else, reserved bits that are set among it. What is printed is read as the same.
///
/// ```
/// use bgp_wire::{Administrator, ExtendedCommunity, ExtendedCommunityKind};
///
/// let redirect: ExtendedCommunity = "rt-redirect:65000:7".parse()?;
/// assert_eq!(redirect.0, [0x80, 8, 0xfd, 0xe8, 0, 0, 0, 7]);
/// let administrator = Administrator::TwoOctetAs { asn: 65000, number: 7 };
/// assert_eq!(redirect.decode(), ExtendedCommunityKind::RtRedirect(administrator));
/// assert_eq!(ExtendedCommunity::from(redirect.decode()), redirect);
///
/// let error = "rt:65000".parse::<ExtendedCommunity>().expect_err("no number");
/// assert_eq!(error.to_string(), "expected a colon at offset 8");
/// # Ok::<(), bgp_wire::ParseCommunityError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExtendedCommunity(pub [u8; 8]);

impl ExtendedCommunity {
    /// Whether it is passed on to other ASes (RFC 4360 §2: the T bit is zero).
    pub const fn is_transitive(self) -> bool {
        self.0[0] & 0x40 == 0
    }

    /// Type octet (high) and sub-type octet (low).
    pub const fn kind(self) -> (u8, u8) {
        (self.0[0], self.0[1])
    }

    /// What it means.
    pub fn decode(self) -> ExtendedCommunityKind {
        ExtendedCommunityKind::decode(self)
    }
}

impl From<ExtendedCommunityKind> for ExtendedCommunity {
    fn from(kind: ExtendedCommunityKind) -> Self {
        kind.encode()
    }
}
