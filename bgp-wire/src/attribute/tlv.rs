//! Attributes that are lists of TLVs: AIGP (RFC 7311), prefix SID (RFC 8669), tunnel encapsulation
//! (RFC 9012).

use core::fmt;

use super::community::TunnelType;
use crate::codec::Cursor;

/// One type, length and value; what it means, the attribute says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tlv<'a> {
    /// Its type
    pub kind: u16,
    /// Its value
    pub value: &'a [u8],
}

/// AIGP: the metric to the origin of the route, summed over the ASes of one administration (RFC 7311 §3).
///
/// ```
/// let aigp = bgp_wire::Aigp::new(&[1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 100]);
/// assert_eq!(aigp.metric(), Some(100));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Aigp<'a>(&'a [u8]);

impl<'a> Aigp<'a> {
    /// Type of the only TLV that is defined.
    const METRIC: u16 = 1;

    /// A view on the attribute's value. TLVs behind one that does not parse are not seen.
    pub const fn new(value: &'a [u8]) -> Self {
        Self(value)
    }

    /// The attribute's value.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Its TLVs. Their length counts type and length too.
    pub fn tlvs(self) -> impl Iterator<Item = Tlv<'a>> + Clone {
        let mut cursor = Cursor::new(self.0);
        core::iter::from_fn(move || Self::take(&mut cursor))
    }

    /// The metric: that of the first AIGP TLV.
    pub fn metric(self) -> Option<u64> {
        let tlv = self.tlvs().find(|tlv| tlv.kind == Self::METRIC)?;
        tlv.value.try_into().ok().map(u64::from_be_bytes)
    }

    fn take(cursor: &mut Cursor<'a>) -> Option<Tlv<'a>> {
        let (kind, length) = (cursor.u8()?, cursor.u16()?);
        let value = cursor.take(usize::from(length.checked_sub(3)?))?;
        Some(Tlv { kind: kind.into(), value })
    }

    /// RFC 7311 §3.2; a metric that cannot grow any more is of no use.
    pub(crate) fn is_well_formed(self) -> bool {
        let mut cursor = Cursor::new(self.0);
        while !cursor.is_empty() {
            match Self::take(&mut cursor) {
                Some(tlv) if tlv.kind != Self::METRIC || tlv.value.len() == 8 => {}
                _ => return false,
            }
        }
        !self.0.is_empty() && self.metric() != Some(u64::MAX)
    }
}

/// `100`
impl fmt::Display for Aigp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.metric() {
            Some(metric) => metric.fmt(f),
            None => f.write_str("none"),
        }
    }
}

impl fmt::Debug for Aigp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tlvs()).finish()
    }
}

/// Prefix SID: where in the label range of each router a prefix has its label (RFC 8669 §3).
///
/// ```
/// let sid = bgp_wire::PrefixSid::new(&[1, 0, 7, 0, 0, 0, 0, 0, 0, 42]);
/// assert_eq!(sid.label_index(), Some(42));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PrefixSid<'a>(&'a [u8]);

impl<'a> PrefixSid<'a> {
    const LABEL_INDEX: u16 = 1;
    const ORIGINATOR_SRGB: u16 = 3;

    /// A view on the attribute's value. TLVs behind one that does not parse are not seen.
    pub const fn new(value: &'a [u8]) -> Self {
        Self(value)
    }

    /// The attribute's value.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Its TLVs, also those that are not known.
    pub fn tlvs(self) -> impl Iterator<Item = Tlv<'a>> + Clone {
        let mut cursor = Cursor::new(self.0);
        core::iter::from_fn(move || Self::take(&mut cursor))
    }

    /// The label index (RFC 8669 §3.1). Of several TLVs of a type the first one counts (§6).
    pub fn label_index(self) -> Option<u32> {
        let tlv = self.tlvs().find(|tlv| tlv.kind == Self::LABEL_INDEX)?;
        tlv.value.last_chunk().map(|index| u32::from_be_bytes(*index))
    }

    /// The label ranges of the originator: first label and count (RFC 8669 §3.2).
    pub fn originator_srgb(self) -> impl Iterator<Item = (u32, u32)> + Clone + use<'a> {
        let tlv = self.tlvs().find(|tlv| tlv.kind == Self::ORIGINATOR_SRGB);
        let ranges = tlv.and_then(|tlv| tlv.value.get(2..)).unwrap_or_default();
        ranges.chunks_exact(6).filter_map(|range| match range {
            [a, b, c, d, e, g] => {
                Some((u32::from_be_bytes([0, *a, *b, *c]), u32::from_be_bytes([0, *d, *e, *g])))
            }
            _ => None,
        })
    }

    fn take(cursor: &mut Cursor<'a>) -> Option<Tlv<'a>> {
        let (kind, length) = (cursor.u8()?, cursor.u16()?);
        Some(Tlv { kind: kind.into(), value: cursor.take(usize::from(length))? })
    }

    /// RFC 8669 §6
    pub(crate) fn is_well_formed(self) -> bool {
        let mut cursor = Cursor::new(self.0);
        while !cursor.is_empty() {
            let Some(Tlv { kind, value }) = Self::take(&mut cursor) else { return false };
            let fits = match kind {
                Self::LABEL_INDEX => value.len() == 7,
                Self::ORIGINATOR_SRGB => value.len() >= 8 && (value.len() - 2).is_multiple_of(6),
                _ => true,
            };
            if !fits {
                return false;
            }
        }
        !self.0.is_empty()
    }
}

/// `index 42 srgb 16000+8000`
impl fmt::Display for PrefixSid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.label_index() {
            Some(index) => write!(f, "index {index}")?,
            None => f.write_str("no index")?,
        }
        self.originator_srgb().try_for_each(|(first, count)| write!(f, " srgb {first}+{count}"))
    }
}

impl fmt::Debug for PrefixSid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tlvs()).finish()
    }
}

/// Tunnel encapsulation: the tunnels through which the next hop can be reached (RFC 9012 §2).
///
/// ```
/// use bgp_wire::{TunnelEncapsulation, TunnelType};
/// // One VXLAN tunnel with a colour (RFC 9012 §3.4.2)
/// let attribute = TunnelEncapsulation::new(&[0, 8, 0, 10, 4, 8, 3, 11, 0, 0, 0, 0, 0, 100]);
/// let tunnel = attribute.tunnels().next().ok_or("no tunnel")?;
/// assert_eq!(tunnel.kind, TunnelType::VXLAN);
/// assert_eq!(tunnel.sub_tlvs().next().map(|tlv| tlv.kind), Some(4));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TunnelEncapsulation<'a>(&'a [u8]);

/// One tunnel of a [`TunnelEncapsulation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tunnel<'a> {
    /// Its type
    pub kind: TunnelType,
    /// Its sub-TLVs
    pub value: &'a [u8],
}

impl<'a> Tunnel<'a> {
    /// Its sub-TLVs: a length of one octet for types below 128, of two for others (RFC 9012 §2).
    pub fn sub_tlvs(self) -> impl Iterator<Item = Tlv<'a>> + Clone {
        let mut cursor = Cursor::new(self.value);
        core::iter::from_fn(move || take_sub_tlv(&mut cursor))
    }
}

fn take_sub_tlv<'a>(cursor: &mut Cursor<'a>) -> Option<Tlv<'a>> {
    let kind = cursor.u8()?;
    let length = if kind < 128 { cursor.u8()?.into() } else { cursor.u16()? };
    Some(Tlv { kind: kind.into(), value: cursor.take(usize::from(length))? })
}

impl<'a> TunnelEncapsulation<'a> {
    /// A view on the attribute's value. Tunnels behind one that does not parse are not seen.
    pub const fn new(value: &'a [u8]) -> Self {
        Self(value)
    }

    /// The attribute's value.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Its tunnels.
    pub fn tunnels(self) -> impl Iterator<Item = Tunnel<'a>> + Clone {
        let mut cursor = Cursor::new(self.0);
        core::iter::from_fn(move || Self::take(&mut cursor))
    }

    fn take(cursor: &mut Cursor<'a>) -> Option<Tunnel<'a>> {
        let (kind, length) = (cursor.u16()?, cursor.u16()?);
        Some(Tunnel { kind: TunnelType(kind), value: cursor.take(usize::from(length))? })
    }

    /// RFC 9012 §13: the last octet of a TLV is that of its last sub-TLV, and there is a tunnel.
    pub(crate) fn is_well_formed(self) -> bool {
        let mut cursor = Cursor::new(self.0);
        while !cursor.is_empty() {
            let Some(tunnel) = Self::take(&mut cursor) else { return false };
            let mut value = Cursor::new(tunnel.value);
            while !value.is_empty() {
                if take_sub_tlv(&mut value).is_none() {
                    return false;
                }
            }
        }
        !self.0.is_empty()
    }
}

/// `vxlan, gre`
impl fmt::Display for TunnelEncapsulation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, tunnel) in self.tunnels().enumerate() {
            let separator = if position > 0 { ", " } else { "" };
            write!(f, "{separator}{}", tunnel.kind)?;
        }
        Ok(())
    }
}

impl fmt::Debug for TunnelEncapsulation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tunnels()).finish()
    }
}
