//! MPLS labels in NLRI (RFC 8277).

use core::fmt;

use bytes::{BufMut, BytesMut};
use smallvec::SmallVec;

use crate::codec::Cursor;

/// The bottom-of-stack bit.
const BOTTOM: u32 = 1;
/// What stands in place of labels where a route is withdrawn (RFC 8277 §2.4).
const WITHDRAWN: u32 = 0x80_0000;

/// A stack of MPLS labels of 20 bits, the top one first (RFC 8277 §2.3).
///
/// ```
/// let labels: bgp_wire::LabelStack = [100, 200].into_iter().collect();
/// assert_eq!(labels.to_string(), "100/200");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct LabelStack(SmallVec<[u32; 2]>);

impl LabelStack {
    /// The labels, the top one first.
    pub fn as_slice(&self) -> &[u32] {
        &self.0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none: a withdrawn route.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the labels of NLRI of `bits` bits: up to the bottom of the stack, where there is one that leaves
    /// room for what has to follow; else one label. A withdrawn route has none, and three octets that mean
    /// nothing.
    ///
    /// RFC 8277 §2.2 allows several labels only to those that agreed on the Multiple Labels capability, and lets
    /// all others ignore the bottom bit. BIRD, FRR, GoBGP and ExaBGP send and read stacks without it, as
    /// RFC 3107 had it.
    pub(crate) fn decode(
        cursor: &mut Cursor<'_>,
        bits: u8,
        vpn: bool,
        withdrawn: bool,
    ) -> Option<Self> {
        let first = take_u24(cursor)?;
        if withdrawn {
            return Some(Self::default());
        }
        let mut labels = SmallVec::from_slice(&[first >> 4]);
        // These two mean that there is none (RFC 8277 §2.4), whatever stands in the bits behind them.
        if first & BOTTOM != 0 || [0, WITHDRAWN >> 4].contains(&(first >> 4)) {
            return Some(Self(labels));
        }
        let mut ahead = *cursor;
        for used in 2..=bits / 24 {
            let entry = take_u24(&mut ahead)?;
            labels.push(entry >> 4);
            if entry & BOTTOM == 0 {
                continue;
            }
            // A route distinguisher has a type of 0, 1 or 2 (RFC 4364 §4.2).
            let distinguished = || bits - used * 24 >= 64 && matches!(ahead.rest(), [0, 0..=2, ..]);
            if !vpn || distinguished() {
                *cursor = ahead;
                return Some(Self(labels));
            }
            break;
        }
        labels.truncate(1);
        Some(Self(labels))
    }

    /// Octets that [`LabelStack::encode`] appends.
    pub(crate) fn encoded_length(&self, withdrawn: bool) -> usize {
        if withdrawn { 3 } else { 3 * self.0.len().max(1) }
    }

    pub(crate) fn encode(&self, withdrawn: bool, out: &mut BytesMut) {
        match self.0.split_last() {
            Some((last, others)) if !withdrawn => {
                others.iter().for_each(|label| put_u24(out, label << 4));
                put_u24(out, last << 4 | BOTTOM);
            }
            _ => put_u24(out, WITHDRAWN),
        }
    }
}

impl FromIterator<u32> for LabelStack {
    /// Labels have 20 bits: what is above is cut.
    fn from_iter<T: IntoIterator<Item = u32>>(iter: T) -> Self {
        Self(iter.into_iter().map(|label| label & 0xf_ffff).collect())
    }
}

impl fmt::Display for LabelStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, label) in self.0.iter().enumerate() {
            let separator = if position > 0 { "/" } else { "" };
            write!(f, "{separator}{label}")?;
        }
        Ok(())
    }
}

pub(crate) fn take_u24(cursor: &mut Cursor<'_>) -> Option<u32> {
    let [a, b, c] = cursor.array()?;
    Some(u32::from_be_bytes([0, a, b, c]))
}

pub(crate) fn put_u24(out: &mut BytesMut, value: u32) {
    let [_, a, b, c] = value.to_be_bytes();
    out.put_slice(&[a, b, c]);
}
