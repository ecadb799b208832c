//! Next hops.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::{BufMut, BytesMut};

use crate::iana::{Afi, Family, NlriKind};

/// Where packets of a route go next.
///
/// The field has several forms for IPv6: a global address, a global and a link-local one, `[LL, LL]`,
/// `[::, LL]` and `[LL]` alone. The last three mean the same and read the same here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NextHop {
    /// An IPv4 address
    V4(Ipv4Addr),
    /// A global IPv6 address, perhaps with the link-local one of the same router (RFC 2545 §3)
    V6(Ipv6Addr, Option<Ipv6Addr>),
    /// A link-local IPv6 address alone
    LinkLocal(Ipv6Addr),
}

impl NextHop {
    /// Reads the field of MP_REACH_NLRI: 4, 16 or 32 octets.
    pub fn decode(field: &[u8]) -> Option<Self> {
        if let Ok(octets) = <[u8; 4]>::try_from(field) {
            return Some(Self::V4(Ipv4Addr::from(octets)));
        }
        let (first, rest) = field.split_first_chunk::<16>()?;
        let first = Ipv6Addr::from(*first);
        let second = match <[u8; 16]>::try_from(rest) {
            Ok(octets) => Some(Ipv6Addr::from(octets)).filter(Ipv6Addr::is_unicast_link_local),
            Err(_) if rest.is_empty() => None,
            Err(_) => return None,
        };
        Some(match second {
            _ if first.is_unicast_link_local() => Self::LinkLocal(second.unwrap_or(first)),
            Some(link_local) if first.is_unspecified() => Self::LinkLocal(link_local),
            _ => Self::V6(first, second),
        })
    }

    /// Reads the field of `family`. `Err` for a length that the family does not have (RFC 7606 §7.11),
    /// `Ok(None)` where there is no next hop, or the family is not known.
    pub(crate) fn decode_of(family: Family, field: &[u8]) -> Result<Option<Self>, ()> {
        let hop = match family.nlri_kind() {
            None => return Ok(None),
            // RFC 8955 §4: to be ignored; RFC 9117 and the redirect actions made it mean something.
            Some(NlriKind::FlowSpec | NlriKind::VpnFlowSpec) => return Ok(Self::decode(field)),
            Some(NlriKind::LabelledVpn | NlriKind::Vpn) => Self::decode_vpn(field),
            Some(_) => Self::decode(field),
        };
        match hop {
            // RFC 8950 lets IPv4 routes have IPv6 next hops; nothing allows the reverse.
            None => Err(()),
            Some(Self::V4(_)) if family.afi == Afi::IPV6 => Err(()),
            hop => Ok(hop),
        }
    }

    /// 12, 24 or 48 octets: before each address stands a route distinguisher of zero (RFC 4364 §4.3.2,
    /// RFC 4659 §3.2.1, RFC 8950 §3).
    fn decode_vpn(field: &[u8]) -> Option<Self> {
        let (_, rest) = field.split_first_chunk::<8>()?;
        match rest.len() {
            4 | 16 => return Self::decode(rest),
            40 => {}
            _ => return None,
        }
        let (global, rest) = rest.split_first_chunk::<16>()?;
        let (_, link_local) = rest.split_first_chunk::<8>()?;
        let mut both = [0; 32];
        let (first, second) = both.split_at_mut(16);
        first.copy_from_slice(global);
        second.copy_from_slice(link_local);
        Self::decode(&both)
    }

    /// Appends length and field as MP_REACH_NLRI of `family` has them.
    pub(crate) fn encode_of(&self, family: Family, out: &mut BytesMut) {
        let vpn = matches!(family.nlri_kind(), Some(NlriKind::LabelledVpn | NlriKind::Vpn));
        if !vpn {
            out.put_u8(self.encoded_length());
            return self.encode(out);
        }
        out.put_u8(self.encoded_length_of(family));
        out.put_u64(0);
        match self {
            Self::V4(address) => out.put_slice(&address.octets()),
            Self::V6(global, link_local) => {
                out.put_slice(&global.octets());
                if let Some(link_local) = link_local {
                    out.put_u64(0);
                    out.put_slice(&link_local.octets());
                }
            }
            Self::LinkLocal(address) => {
                out.put_slice(&address.octets());
                out.put_u64(0);
                out.put_slice(&address.octets());
            }
        }
    }

    /// Octets of the field without its length.
    pub(crate) fn encoded_length_of(&self, family: Family) -> u8 {
        let plain = self.encoded_length();
        match family.nlri_kind() {
            Some(NlriKind::LabelledVpn | NlriKind::Vpn) => plain + plain.div_ceil(16) * 8,
            _ => plain,
        }
    }

    /// Appends the field. A link-local address alone is written twice: what FRR sends, and what every
    /// implementation reads.
    ///
    /// # Panics
    /// As all of `BufMut` does when `out` cannot grow: a slice needs room for
    /// [`NextHop::encoded_length`] octets.
    pub fn encode(&self, out: &mut impl BufMut) {
        match self {
            Self::V4(address) => out.put_slice(&address.octets()),
            Self::V6(global, link_local) => {
                out.put_slice(&global.octets());
                if let Some(link_local) = link_local {
                    out.put_slice(&link_local.octets());
                }
            }
            Self::LinkLocal(address) => {
                out.put_slice(&address.octets());
                out.put_slice(&address.octets());
            }
        }
    }

    /// Octets that [`NextHop::encode`] appends.
    pub const fn encoded_length(&self) -> u8 {
        match self {
            Self::V4(_) => 4,
            Self::V6(_, None) => 16,
            Self::V6(_, Some(_)) | Self::LinkLocal(_) => 32,
        }
    }

    /// Its address: the global one where there are two.
    pub const fn address(&self) -> IpAddr {
        match self {
            Self::V4(address) => IpAddr::V4(*address),
            Self::V6(address, _) | Self::LinkLocal(address) => IpAddr::V6(*address),
        }
    }

    /// Whether a host may have this address (RFC 4271 §6.3).
    pub const fn is_host(&self) -> bool {
        match self {
            Self::V4(address) => is_host_v4(*address),
            Self::V6(address, _) | Self::LinkLocal(address) => {
                !address.is_unspecified() && !address.is_loopback() && !address.is_multicast()
            }
        }
    }
}

/// Not `0.0.0.0/8`, loopback, multicast or reserved.
pub(crate) const fn is_host_v4(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    first != 0 && first != 127 && first < 224
}

impl From<IpAddr> for NextHop {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) if address.is_unicast_link_local() => Self::LinkLocal(address),
            IpAddr::V6(address) => Self::V6(address, None),
        }
    }
}

/// As an operator reads it: `2001:db8::1 fe80::1`.
impl fmt::Display for NextHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6(global, None) => global.fmt(f),
            Self::V6(global, Some(link_local)) => write!(f, "{global} {link_local}"),
            Self::LinkLocal(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    const GLOBAL: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

    fn field(addresses: &[Ipv6Addr]) -> Vec<u8> {
        addresses.iter().flat_map(Ipv6Addr::octets).collect()
    }

    #[test]
    fn all_forms_seen_in_the_field() {
        let alone = Some(NextHop::LinkLocal(LINK_LOCAL));
        assert_eq!(NextHop::decode(&field(&[LINK_LOCAL])), alone);
        assert_eq!(NextHop::decode(&field(&[LINK_LOCAL, LINK_LOCAL])), alone);
        assert_eq!(NextHop::decode(&field(&[Ipv6Addr::UNSPECIFIED, LINK_LOCAL])), alone);
        assert_eq!(NextHop::decode(&field(&[GLOBAL])), Some(NextHop::V6(GLOBAL, None)));
        assert_eq!(
            NextHop::decode(&field(&[GLOBAL, LINK_LOCAL])),
            Some(NextHop::V6(GLOBAL, Some(LINK_LOCAL)))
        );
        assert_eq!(
            NextHop::decode(&[192, 0, 2, 1]),
            Some(NextHop::V4(Ipv4Addr::new(192, 0, 2, 1)))
        );
        for length in [0, 3, 5, 15, 17, 31, 33, 48] {
            assert_eq!(NextHop::decode(&alloc::vec![0xfe; length]), None, "{length} octets");
        }
    }

    #[test]
    fn what_is_encoded_comes_back() {
        for hop in [
            NextHop::V4(Ipv4Addr::new(192, 0, 2, 1)),
            NextHop::V6(GLOBAL, None),
            NextHop::V6(GLOBAL, Some(LINK_LOCAL)),
            NextHop::LinkLocal(LINK_LOCAL),
        ] {
            let mut out = Vec::new();
            hop.encode(&mut out);
            assert_eq!(out.len(), usize::from(hop.encoded_length()));
            assert_eq!(NextHop::decode(&out), Some(hop));
        }
    }

    /// RFC 4364 §4.3.2, RFC 4659 §3.2.1, RFC 8950 §3: 12, 24 and 48 octets
    #[test]
    fn next_hops_of_vpn_families() {
        for (family, hop, length) in [
            (Family::IPV4_VPN, NextHop::V4(Ipv4Addr::new(192, 0, 2, 1)), 12),
            (Family::IPV4_VPN, NextHop::V6(GLOBAL, None), 24),
            (Family::IPV6_VPN, NextHop::V6(GLOBAL, Some(LINK_LOCAL)), 48),
            (Family::IPV4_VPN_MULTICAST, NextHop::LinkLocal(LINK_LOCAL), 48),
            (Family::EVPN, NextHop::V4(Ipv4Addr::new(192, 0, 2, 1)), 4),
            (Family::IPV6_LABELLED, NextHop::V6(GLOBAL, Some(LINK_LOCAL)), 32),
        ] {
            let mut out = BytesMut::new();
            hop.encode_of(family, &mut out);
            assert_eq!(out.first(), Some(&length));
            assert_eq!(hop.encoded_length_of(family), length);
            let field = out.get(1..).unwrap_or_default();
            assert_eq!(NextHop::decode_of(family, field), Ok(Some(hop)), "{family}");
        }
        // A flow specification has none (RFC 8955 §4), a family that is not known keeps it to itself.
        assert_eq!(NextHop::decode_of(Family::IPV4_FLOW_SPEC, &[]), Ok(None));
        let unknown = Family { afi: Afi(99), ..Family::IPV4_UNICAST };
        assert_eq!(NextHop::decode_of(unknown, &[1, 2, 3]), Ok(None));
        assert_eq!(NextHop::decode_of(Family::IPV6_UNICAST, &[192, 0, 2, 1]), Err(()));
    }
}
