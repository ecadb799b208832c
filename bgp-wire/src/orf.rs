//! Outbound route filters (RFC 5291), by address prefix (RFC 5292).

use alloc::vec::Vec;
use core::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::codec::Cursor;
use crate::iana::{Afi, registry};

registry! {
    /// What a filter looks at (RFC 5291 §3).
    OrfType(u8) {
        /// RFC 5292 §3
        ADDRESS_PREFIX = 64, "address-prefix";
        /// RFC 7543
        COVERING_PREFIXES = 65, "covering-prefixes";
        /// Before RFC 5292 gave it a number; Cisco's
        PRESTANDARD_ADDRESS_PREFIX = 128, "pre-standard-address-prefix";
    }
}

registry! {
    /// When the routes are wanted that new filters let through (RFC 5291 §4).
    WhenToRefresh(u8) {
        /// At once
        IMMEDIATE = 1, "immediate";
        /// With a later ROUTE-REFRESH
        DEFER = 2, "defer";
    }
}

/// Changes of the filters that a neighbour keeps for us: what a ROUTE-REFRESH holds behind its family
/// (RFC 5291 §4).
///
/// ```
/// use bgp_wire::{AddressPrefixChange, AddressPrefixFilter, Orf, OrfMatch, OrfUpdate, WhenToRefresh};
///
/// let filter = AddressPrefixFilter {
///     sequence: 5,
///     action: OrfMatch::Permit,
///     prefix: "10.0.0.0/8".parse()?,
///     min_length: 0,
///     max_length: 24,
/// };
/// assert!(filter.matches(&"10.1.0.0/16".parse()?));
/// assert!(!filter.matches(&"10.1.2.128/25".parse()?));
/// let update = OrfUpdate {
///     when: WhenToRefresh::IMMEDIATE,
///     filters: vec![Orf::AddressPrefix(vec![AddressPrefixChange::Add(filter)])],
/// };
/// assert_eq!(update.to_string(), "immediate: address-prefix add 5 permit 10.0.0.0/8 le 24");
/// # Ok::<(), ipnet::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrfUpdate {
    /// When-to-refresh
    pub when: WhenToRefresh,
    /// By type
    pub filters: Vec<Orf>,
}

/// Changes of the filters of one type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Orf {
    /// RFC 5292, in the order in which they are to be done
    AddressPrefix(Vec<AddressPrefixChange>),
    /// A type that is not known; or one that is, with an entry that does not parse or breaks RFC 5292 §2. Of
    /// the latter RFC 5291 §6 wants all that were received before to be removed.
    Other {
        /// The type
        kind: OrfType,
        /// The entries as they came
        entries: Bytes,
    },
}

/// What is to be done with filters by address prefix (RFC 5291 §4: Action).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressPrefixChange {
    /// ADD
    Add(AddressPrefixFilter),
    /// REMOVE
    Remove(AddressPrefixFilter),
    /// REMOVE-ALL
    RemoveAll,
}

/// What becomes of the routes that a filter matches (RFC 5291 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrfMatch {
    /// They are wanted.
    Permit,
    /// They are not.
    Deny,
}

/// A filter by address prefix (RFC 5292 §2): 0 <= Length < Minlen <= Maxlen, as far as they are specified.
/// Of the filters that match a route the one with the lowest sequence number counts (§4).
///
/// ```
/// use bgp_wire::{AddressPrefixFilter, OrfMatch};
/// let prefix = "2001:db8::/32".parse()?;
/// let filter =
///     AddressPrefixFilter { sequence: 10, action: OrfMatch::Deny, prefix, min_length: 48, max_length: 0 };
/// assert!(filter.is_valid());
/// assert_eq!(filter.to_string(), "10 deny 2001:db8::/32 ge 48");
/// # Ok::<(), ipnet::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressPrefixFilter {
    /// Its place among the filters
    pub sequence: u32,
    /// What becomes of the routes
    pub action: OrfMatch,
    /// Routes within it are looked at.
    pub prefix: IpNet,
    /// Minlen: the shortest prefix that matches, in bits; 0: not specified
    pub min_length: u8,
    /// Maxlen: the longest prefix that matches, in bits; 0: not specified. With neither only the prefix
    /// itself matches.
    pub max_length: u8,
}

impl AddressPrefixFilter {
    /// Whether a route matches (RFC 5292 §4, table 1).
    pub fn matches(&self, net: &IpNet) -> bool {
        let length = net.prefix_len();
        self.prefix.contains(net)
            && match (self.min_length, self.max_length) {
                (0, 0) => length == self.prefix.prefix_len(),
                (min, 0) => length >= min,
                (0, max) => length <= max,
                (min, max) => (min..=max).contains(&length),
            }
    }

    /// Whether the lengths are as RFC 5292 §2 wants them.
    pub fn is_valid(&self) -> bool {
        let (min, max) = (self.min_length, self.max_length);
        (min == 0 || self.prefix.prefix_len() < min)
            && (min == 0 || max == 0 || min <= max)
            && max <= self.prefix.max_prefix_len()
            && min <= self.prefix.max_prefix_len()
    }

    fn decode(cursor: &mut Cursor<'_>, afi: Afi, common: u8) -> Option<Self> {
        let sequence = cursor.u32()?;
        let (min_length, max_length, length) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
        let octets = cursor.take(usize::from(length).div_ceil(8))?;
        let action = if common & MATCH == 0 { OrfMatch::Permit } else { OrfMatch::Deny };
        let prefix = prefix(afi, octets, length)?;
        Some(Self { sequence, action, prefix, min_length, max_length }).filter(Self::is_valid)
    }

    fn encode(&self, out: &mut BytesMut, action: u8) {
        let common = match self.action {
            OrfMatch::Permit => action,
            OrfMatch::Deny => action | MATCH,
        };
        let length = self.prefix.prefix_len();
        out.put_u8(common);
        out.put_u32(self.sequence);
        out.put_slice(&[self.min_length, self.max_length, length]);
        let octets = usize::from(length).div_ceil(8);
        match self.prefix.network() {
            core::net::IpAddr::V4(address) => {
                out.put_slice(address.octets().get(..octets).unwrap_or_default());
            }
            core::net::IpAddr::V6(address) => {
                out.put_slice(address.octets().get(..octets).unwrap_or_default());
            }
        }
    }
}

/// Bits of an entry's first octet (RFC 5291 §4, figure 2)
const ADD: u8 = 0;
const REMOVE: u8 = 1 << 6;
const REMOVE_ALL: u8 = 2 << 6;
const ACTION: u8 = 3 << 6;
const MATCH: u8 = 1 << 5;

impl AddressPrefixChange {
    fn decode(cursor: &mut Cursor<'_>, afi: Afi) -> Option<Self> {
        let common = cursor.u8()?;
        Some(match common & ACTION {
            ADD => Self::Add(AddressPrefixFilter::decode(cursor, afi, common)?),
            REMOVE => Self::Remove(AddressPrefixFilter::decode(cursor, afi, common)?),
            REMOVE_ALL => Self::RemoveAll,
            _ => return None,
        })
    }

    fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Add(filter) => filter.encode(out, ADD),
            Self::Remove(filter) => filter.encode(out, REMOVE),
            Self::RemoveAll => out.put_u8(REMOVE_ALL),
        }
    }

    /// Octets it takes
    fn length(&self) -> usize {
        match self {
            Self::Add(filter) | Self::Remove(filter) => {
                8 + usize::from(filter.prefix.prefix_len()).div_ceil(8)
            }
            Self::RemoveAll => 1,
        }
    }

    fn is_of(&self, afi: Afi) -> bool {
        match self {
            Self::Add(filter) | Self::Remove(filter) => match filter.prefix {
                IpNet::V4(_) => afi == Afi::IPV4,
                IpNet::V6(_) => afi == Afi::IPV6,
            },
            Self::RemoveAll => true,
        }
    }
}

/// Type and length of an ORF
const ORF_HEADER: usize = 3;

impl Orf {
    /// The type.
    pub const fn kind(&self) -> OrfType {
        match self {
            Self::AddressPrefix(_) => OrfType::ADDRESS_PREFIX,
            Self::Other { kind, .. } => *kind,
        }
    }

    fn decode(kind: OrfType, afi: Afi, entries: Bytes) -> Self {
        let mut cursor = Cursor::new(&entries);
        let changes = (kind == OrfType::ADDRESS_PREFIX)
            .then(|| {
                let next =
                    || (!cursor.is_empty()).then(|| AddressPrefixChange::decode(&mut cursor, afi));
                core::iter::from_fn(next).collect::<Option<Vec<_>>>()
            })
            .flatten();
        changes.map_or(Self::Other { kind, entries }, Self::AddressPrefix)
    }

    /// Writes what `room` octets have place for; returns how many of them are left.
    fn encode(&self, out: &mut BytesMut, afi: Afi, room: usize) -> usize {
        let Some(most) = room.checked_sub(ORF_HEADER) else { return room };
        let mut entries = BytesMut::new();
        match self {
            Self::AddressPrefix(changes) => {
                for change in changes.iter().filter(|change| change.is_of(afi)) {
                    if entries.len() + change.length() > most {
                        break;
                    }
                    change.encode(&mut entries);
                }
            }
            Self::Other { entries, .. } if entries.len() > most => return room,
            Self::Other { entries: octets, .. } => entries.put_slice(octets),
        }
        out.put_u8(self.kind().0);
        // Room is that of a message, so the length fits.
        out.put_u16(u16::try_from(entries.len()).unwrap_or(u16::MAX));
        out.put_slice(&entries);
        most - entries.len()
    }

    /// Octets it takes
    fn length(&self) -> usize {
        ORF_HEADER
            + match self {
                Self::AddressPrefix(changes) => {
                    changes.iter().map(AddressPrefixChange::length).sum()
                }
                Self::Other { entries, .. } => entries.len(),
            }
    }

    /// The same in pieces, each for one message.
    fn pieces(self, room: usize) -> Vec<Self> {
        let changes = match self {
            Self::AddressPrefix(changes) if ORF_HEADER + 24 <= room => changes,
            other => return Vec::from([other]),
        };
        let mut pieces = Vec::new();
        let (mut piece, mut left) = (Vec::new(), room - ORF_HEADER);
        for change in changes {
            if change.length() > left {
                pieces.push(Self::AddressPrefix(core::mem::take(&mut piece)));
                left = room - ORF_HEADER;
            }
            left -= change.length();
            piece.push(change);
        }
        pieces.push(Self::AddressPrefix(piece));
        pieces
    }
}

impl OrfUpdate {
    /// What stands behind the family; `None` when the lengths do not add up.
    pub(crate) fn decode(body: &Bytes, afi: Afi) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let when = WhenToRefresh(cursor.u8()?);
        let mut filters = Vec::new();
        while !cursor.is_empty() {
            let (kind, length) = (OrfType(cursor.u8()?), cursor.u16()?);
            let start = cursor.offset();
            cursor.take(usize::from(length))?;
            filters.push(Orf::decode(kind, afi, body.slice(start..cursor.offset())));
        }
        Some(Self { when, filters })
    }

    /// Entries for which `room` octets have no place are left out, as are those of another address family.
    pub(crate) fn encode(&self, out: &mut BytesMut, afi: Afi, room: usize) {
        out.put_u8(self.when.0);
        self.filters.iter().fold(room - 1, |room, orf| orf.encode(out, afi, room));
    }

    /// The same in parts of not more than `room` octets, where that is possible. All but the last defer.
    pub(crate) fn split(self, room: usize) -> Vec<Self> {
        let room = room.saturating_sub(1);
        let mut parts = Vec::new();
        let (mut filters, mut left) = (Vec::new(), room);
        for piece in self.filters.into_iter().flat_map(|orf| orf.pieces(room)) {
            if piece.length() > left && !filters.is_empty() {
                let filters = core::mem::take(&mut filters);
                parts.push(Self { when: WhenToRefresh::DEFER, filters });
                left = room;
            }
            left = left.saturating_sub(piece.length());
            filters.push(piece);
        }
        parts.push(Self { when: self.when, filters });
        parts
    }
}

/// Bits behind the length are of no account (RFC 5292 §3).
fn prefix(afi: Afi, octets: &[u8], length: u8) -> Option<IpNet> {
    Some(match afi {
        Afi::IPV4 => {
            let mut address = [0; 4];
            address.get_mut(..octets.len())?.copy_from_slice(octets);
            IpNet::V4(Ipv4Net::new(address.into(), length).ok()?.trunc())
        }
        Afi::IPV6 => {
            let mut address = [0; 16];
            address.get_mut(..octets.len())?.copy_from_slice(octets);
            IpNet::V6(Ipv6Net::new(address.into(), length).ok()?.trunc())
        }
        _ => return None,
    })
}

impl fmt::Display for OrfUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.when)?;
        for (i, orf) in self.filters.iter().enumerate() {
            write!(f, "{} {orf}", if i == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Orf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind())?;
        match self {
            Self::AddressPrefix(changes) => {
                changes.iter().enumerate().try_for_each(|(i, change)| {
                    write!(f, "{}{change}", if i == 0 { " " } else { ", " })
                })
            }
            Self::Other { entries, .. } => {
                f.write_str(" 0x")?;
                entries.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}

impl fmt::Display for AddressPrefixChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(filter) => write!(f, "add {filter}"),
            Self::Remove(filter) => write!(f, "remove {filter}"),
            Self::RemoveAll => f.write_str("remove-all"),
        }
    }
}

/// As prefix lists are written: `5 permit 10.0.0.0/8 ge 9 le 24`.
impl fmt::Display for AddressPrefixFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action {
            OrfMatch::Permit => "permit",
            OrfMatch::Deny => "deny",
        };
        write!(f, "{} {action} {}", self.sequence, self.prefix)?;
        for (word, length) in [("ge", self.min_length), ("le", self.max_length)] {
            if length != 0 {
                write!(f, " {word} {length}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
