//! Capabilities and their octets.

use alloc::boxed::Box;
use alloc::vec::Vec;

use bytes::{BufMut, BytesMut};

use super::{
    AddPathDirection, Capability, ExtendedNextHopEncoding, GracefulRestart, GracefulRestartFamily,
    LongLivedFamily, OrfDirection, OrfSupport, Role,
};
use crate::codec::Cursor;
use crate::iana::{Afi, CapabilityCode, Family, Safi};
use crate::orf::OrfType;

/// Octets of a value (RFC 5492 §4)
const LONGEST: usize = 255;
/// Long-lived Stale Time has 24 bits (RFC 9494).
const LONGEST_STALE_TIME: u32 = 0x00ff_ffff;

impl Capability {
    /// `None`: not known, or not well formed. Octets that are left over are the caller's to refuse.
    pub(super) fn decode(code: CapabilityCode, body: &mut Cursor<'_>) -> Option<Self> {
        Some(match code {
            CapabilityCode::MULTIPROTOCOL => Self::Multiprotocol(family_with_reserved(body)?),
            CapabilityCode::ROUTE_REFRESH => Self::RouteRefresh,
            CapabilityCode::ORF => Self::Orf(list(body, orf_support)?),
            CapabilityCode::EXTENDED_NEXT_HOP => {
                Self::ExtendedNextHop(list(body, extended_next_hop)?)
            }
            CapabilityCode::EXTENDED_MESSAGE => Self::ExtendedMessage,
            CapabilityCode::ROLE => Self::Role(Role(body.u8()?)),
            CapabilityCode::GRACEFUL_RESTART => Self::GracefulRestart(graceful_restart(body)?),
            CapabilityCode::FOUR_OCTET_AS => Self::FourOctetAs(body.u32()?),
            CapabilityCode::ADD_PATH => Self::AddPath(list(body, add_path)?),
            CapabilityCode::ENHANCED_ROUTE_REFRESH => Self::EnhancedRouteRefresh,
            CapabilityCode::LONG_LIVED_GRACEFUL_RESTART => {
                Self::LongLivedGracefulRestart(list(body, long_lived_family)?)
            }
            CapabilityCode::FQDN => Self::Fqdn { host: text(body)?, domain: text(body)? },
            CapabilityCode::SOFTWARE_VERSION => Self::SoftwareVersion(text(body)?),
            CapabilityCode::PATHS_LIMIT => {
                Self::PathsLimit(list(body, |body| Some((family(body)?, body.u16()?)))?)
            }
            CapabilityCode::LINK_LOCAL_NEXT_HOP => Self::LinkLocalNextHop,
            _ => return None,
        })
    }

    /// Values of more than 255 octets are cut behind the last entry or character that fits.
    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.code().0);
        let length = out.len();
        out.put_u8(0);
        self.encode_value(out);
        let written = u8::try_from(out.len() - length - 1).unwrap_or(u8::MAX);
        if let Some(field) = out.get_mut(length) {
            *field = written;
        }
    }

    fn encode_value(&self, out: &mut BytesMut) {
        match self {
            Self::Multiprotocol(family) => put_family_with_reserved(out, *family),
            Self::RouteRefresh
            | Self::ExtendedMessage
            | Self::EnhancedRouteRefresh
            | Self::LinkLocalNextHop => {}
            Self::Orf(list) => put_orf(out, list),
            Self::ExtendedNextHop(list) => {
                for entry in list.iter().take(LONGEST / 6) {
                    out.put_u16(entry.family.afi.0);
                    out.put_u16(u16::from(entry.family.safi.0));
                    out.put_u16(entry.next_hop.0);
                }
            }
            Self::Role(role) => out.put_u8(role.0),
            Self::GracefulRestart(restart) => put_graceful_restart(out, restart),
            Self::FourOctetAs(asn) => out.put_u32(*asn),
            Self::AddPath(list) => {
                for (family, direction) in list.iter().take(LONGEST / 4) {
                    put_family(out, *family);
                    out.put_u8(direction.0);
                }
            }
            Self::LongLivedGracefulRestart(list) => {
                for entry in list.iter().take(LONGEST / 7) {
                    put_family(out, entry.family);
                    out.put_u8(u8::from(entry.forwarding) << 7);
                    out.put_uint(u64::from(entry.stale_time.min(LONGEST_STALE_TIME)), 3);
                }
            }
            Self::Fqdn { host, domain } => {
                // One octet is kept for the domain's length.
                let room = put_text(out, host, LONGEST - 1);
                put_text(out, domain, room + 1);
            }
            Self::SoftwareVersion(version) => drop(put_text(out, version, LONGEST)),
            Self::PathsLimit(list) => {
                for (family, limit) in list.iter().take(LONGEST / 5) {
                    put_family(out, *family);
                    out.put_u16(*limit);
                }
            }
            Self::Unknown { value, .. } => {
                out.put_slice(value.get(..value.len().min(LONGEST)).unwrap_or_default());
            }
        }
    }
}

/// As many of `item` as there are.
fn list<T, L: FromIterator<T>>(
    body: &mut Cursor<'_>,
    item: impl Fn(&mut Cursor<'_>) -> Option<T>,
) -> Option<L> {
    core::iter::from_fn(|| (!body.is_empty()).then(|| item(body))).collect()
}

fn orf_support(body: &mut Cursor<'_>) -> Option<OrfSupport> {
    let family = family_with_reserved(body)?;
    let count = body.u8()?;
    let mut entry = || Some((OrfType(body.u8()?), OrfDirection(body.u8()?)));
    Some(OrfSupport { family, types: (0..count).map(|_| entry()).collect::<Option<_>>()? })
}

fn extended_next_hop(body: &mut Cursor<'_>) -> Option<ExtendedNextHopEncoding> {
    let (afi, safi, next_hop) = (body.u16()?, body.u16()?, body.u16()?);
    let family = Family { afi: Afi(afi), safi: Safi(u8::try_from(safi).ok()?) };
    Some(ExtendedNextHopEncoding { family, next_hop: Afi(next_hop) })
}

fn graceful_restart(body: &mut Cursor<'_>) -> Option<GracefulRestart> {
    let flags = body.u16()?;
    let entry = |body: &mut Cursor<'_>| {
        let (family, flags) = (family(body)?, body.u8()?);
        Some(GracefulRestartFamily { family, forwarding: flags & 0x80 != 0 })
    };
    Some(GracefulRestart {
        restarted: flags & 0x8000 != 0,
        notification: flags & 0x4000 != 0,
        restart_time: flags & 0x0fff,
        families: list(body, entry)?,
    })
}

fn add_path(body: &mut Cursor<'_>) -> Option<(Family, AddPathDirection)> {
    let (family, direction) = (family(body)?, body.u8()?);
    // RFC 7911 §4: with another value the capability counts as not understood.
    (1..=3).contains(&direction).then_some((family, AddPathDirection(direction)))
}

fn long_lived_family(body: &mut Cursor<'_>) -> Option<LongLivedFamily> {
    let (family, flags) = (family(body)?, body.u8()?);
    let [a, b, c] = body.array()?;
    let stale_time = u32::from_be_bytes([0, a, b, c]);
    Some(LongLivedFamily { family, forwarding: flags & 0x80 != 0, stale_time })
}

/// A length of one octet and so much UTF-8
fn text(body: &mut Cursor<'_>) -> Option<Box<str>> {
    let length = body.u8()?;
    let octets = body.take(usize::from(length))?;
    Some(core::str::from_utf8(octets).ok()?.into())
}

fn family(body: &mut Cursor<'_>) -> Option<Family> {
    Some(Family { afi: Afi(body.u16()?), safi: Safi(body.u8()?) })
}

fn family_with_reserved(body: &mut Cursor<'_>) -> Option<Family> {
    let (afi, _, safi) = (body.u16()?, body.u8()?, body.u8()?);
    Some(Family { afi: Afi(afi), safi: Safi(safi) })
}

fn put_family(out: &mut BytesMut, family: Family) {
    out.put_u16(family.afi.0);
    out.put_u8(family.safi.0);
}

fn put_family_with_reserved(out: &mut BytesMut, family: Family) {
    out.put_u16(family.afi.0);
    out.put_slice(&[0, family.safi.0]);
}

fn put_orf(out: &mut BytesMut, list: &[OrfSupport]) {
    let mut room = LONGEST;
    for entry in list {
        let Some(left) = room.checked_sub(5) else { return };
        let types: Vec<_> = entry.types.iter().take(left / 2).collect();
        room = left - 2 * types.len();
        put_family_with_reserved(out, entry.family);
        out.put_u8(u8::try_from(types.len()).unwrap_or(u8::MAX));
        for (kind, direction) in types {
            out.put_slice(&[kind.0, direction.0]);
        }
    }
}

fn put_graceful_restart(out: &mut BytesMut, restart: &GracefulRestart) {
    let flags = u16::from(restart.restarted) << 15 | u16::from(restart.notification) << 14;
    out.put_u16(flags | restart.restart_time.min(0x0fff));
    for entry in restart.families.iter().take((LONGEST - 2) / 4) {
        put_family(out, entry.family);
        out.put_u8(u8::from(entry.forwarding) << 7);
    }
}

/// Writes a length of one octet and as much of `text` as `room` octets have place for; returns how many of
/// them are left.
fn put_text(out: &mut BytesMut, text: &str, room: usize) -> usize {
    let text = text.get(..text.floor_char_boundary(room - 1)).unwrap_or_default();
    out.put_u8(u8::try_from(text.len()).unwrap_or(u8::MAX));
    out.put_slice(text.as_bytes());
    room - 1 - text.len()
}
