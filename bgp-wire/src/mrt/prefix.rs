//! One prefix, or one NLRI of another kind, in front of other fields.

use core::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::fields::Fields;
use crate::iana::{Afi, Family, Safi};
use crate::mrt::error::MrtError;

/// Whether the NLRI of `family` are plain prefixes: also those of multicast.
pub(super) const fn is_plain(family: Family) -> bool {
    matches!(family.afi, Afi::IPV4 | Afi::IPV6)
        && matches!(family.safi, Safi::UNICAST | Safi::MULTICAST)
}

/// Passes over the NLRI of `family`; `false` when nothing says how long it is.
#[inline]
pub(super) fn skip(fields: &mut Fields<'_>, family: Family) -> Result<bool, MrtError> {
    let offset = fields.offset();
    let octets = match family.safi {
        _ if is_plain(family) => {
            let length = fields.u8("prefix length")?;
            if length > if family.afi == Afi::IPV6 { 128 } else { 32 } {
                return Err(MrtError::PrefixLength { length, offset });
            }
            usize::from(length.div_ceil(8))
        }
        // Labels, route distinguishers and route targets all count in the length (RFC 8277 §2.2,
        // RFC 4364 §4.3.4, RFC 6514 §5, RFC 4684 §4).
        Safi(4 | 128 | 129 | 132) => usize::from(fields.u8("NLRI length")?.div_ceil(8)),
        // RFC 7432 §7: the length follows the route type. RFC 6514 §4: so does that of MCAST-VPN.
        Safi(5 | 70) => {
            fields.u8("route type")?;
            usize::from(fields.u8("NLRI length")?)
        }
        // RFC 8955 §4.1
        Safi(133 | 134) => match fields.u8("NLRI length")? {
            high @ 0xf0.. => usize::from(high & 0xf) << 8 | usize::from(fields.u8("NLRI length")?),
            length => usize::from(length),
        },
        _ => return Ok(false),
    };
    fields.take(octets, "NLRI")?;
    Ok(true)
}

/// The prefix at the front of `field`, which [`skip`] has checked. Bits behind the length are cleared: they mean
/// nothing (RFC 6396 §4.3.2).
#[inline]
pub(super) fn read(field: &[u8], afi: Afi) -> Option<IpNet> {
    let (length, octets) = field.split_first()?;
    Some(match afi {
        Afi::IPV6 => {
            let mask = u128::MAX.checked_shl(128 - u32::from(*length).min(128)).unwrap_or(0);
            let address = u128::from_be_bytes(first_octets(octets)) & mask;
            IpNet::V6(Ipv6Net::new(Ipv6Addr::from(address), *length).ok()?)
        }
        _ => {
            let mask = u32::MAX.checked_shl(32 - u32::from(*length).min(32)).unwrap_or(0);
            let address = u32::from_be_bytes(first_octets(octets)) & mask;
            IpNet::V4(Ipv4Net::new(Ipv4Addr::from(address), *length).ok()?)
        }
    })
}

/// The first octets, with zeros for those that are not there. What follows a prefix is read along where there
/// is enough, and masked away: a copy of fixed size is one instruction.
#[inline]
fn first_octets<const N: usize>(octets: &[u8]) -> [u8; N] {
    if let Some(first) = octets.first_chunk() {
        return *first;
    }
    let mut full = [0; N];
    for (to, from) in full.iter_mut().zip(octets) {
        *to = *from;
    }
    full
}
