//! AS_PATH (RFC 4271 §5.1.2, RFC 5065, RFC 6793).

use alloc::vec::Vec;
use core::fmt;

use crate::codec::Cursor;
use crate::iana::AS_TRANS;

/// Kind of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SegmentKind {
    /// AS_SET: unordered
    Set,
    /// AS_SEQUENCE: ordered
    Sequence,
    /// AS_CONFED_SEQUENCE (RFC 5065)
    ConfedSequence,
    /// AS_CONFED_SET (RFC 5065)
    ConfedSet,
}

impl SegmentKind {
    const fn decode(kind: u8) -> Option<Self> {
        Some(match kind {
            1 => Self::Set,
            2 => Self::Sequence,
            3 => Self::ConfedSequence,
            4 => Self::ConfedSet,
            _ => return None,
        })
    }

    const fn code(self) -> u8 {
        match self {
            Self::Set => 1,
            Self::Sequence => 2,
            Self::ConfedSequence => 3,
            Self::ConfedSet => 4,
        }
    }
}

/// One segment of an [`AsPath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsPathSegment<'a> {
    /// Its kind
    pub kind: SegmentKind,
    asns: Asns<'a>,
}

impl<'a> AsPathSegment<'a> {
    /// Its AS numbers, the last one added first.
    pub const fn asns(&self) -> Asns<'a> {
        self.asns
    }
}

/// Iterator of [`AsPathSegment::asns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asns<'a> {
    bytes: &'a [u8],
    /// The numbers have 2 octets.
    narrow: bool,
}

impl Iterator for Asns<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.narrow {
            let (asn, rest) = self.bytes.split_first_chunk()?;
            self.bytes = rest;
            return Some(u16::from_be_bytes(*asn).into());
        }
        let (asn, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(u32::from_be_bytes(*asn))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = if self.narrow { self.bytes.len() / 2 } else { self.bytes.len() / 4 };
        (count, Some(count))
    }
}

impl ExactSizeIterator for Asns<'_> {}

impl DoubleEndedIterator for Asns<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<u32> {
        if self.narrow {
            let (rest, asn) = self.bytes.split_last_chunk()?;
            self.bytes = rest;
            return Some(u16::from_be_bytes(*asn).into());
        }
        let (rest, asn) = self.bytes.split_last_chunk()?;
        self.bytes = rest;
        Some(u32::from_be_bytes(*asn))
    }
}

/// A view on a path.
///
/// ```
/// use bgp_wire::{AsPath, AsPathBuilder, SegmentKind};
/// let mut path = AsPathBuilder::default();
/// path.segment(SegmentKind::Sequence, [64512, 64513]).segment(SegmentKind::Set, [1, 2]);
/// let path = AsPath::new(path.bytes());
/// assert_eq!(path.to_string(), "64512 64513 {1,2}");
/// assert_eq!((path.len(), path.first(), path.origin()), (3, Some(64512), None));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct AsPath<'a> {
    value: &'a [u8],
    narrow: bool,
}

impl<'a> AsPath<'a> {
    /// A view on the attribute's value with AS numbers of 4 octets. What does not parse is not seen:
    /// received paths are checked when their UPDATE is decoded.
    pub const fn new(value: &'a [u8]) -> Self {
        Self { value, narrow: false }
    }

    /// The same with AS numbers of 2 octets (RFC 6793).
    pub const fn two_octet(value: &'a [u8]) -> Self {
        Self { value, narrow: true }
    }

    /// The attribute's value.
    pub const fn bytes(self) -> &'a [u8] {
        self.value
    }

    /// Whether its AS numbers have 2 octets.
    pub const fn is_two_octet(self) -> bool {
        self.narrow
    }

    /// Its segments.
    pub fn segments(self) -> impl Iterator<Item = AsPathSegment<'a>> + Clone {
        let mut cursor = Cursor::new(self.value);
        let narrow = self.narrow;
        core::iter::from_fn(move || {
            let kind = SegmentKind::decode(cursor.u8()?)?;
            let octets = usize::from(cursor.u8()?) * if narrow { 2 } else { 4 };
            Some(AsPathSegment { kind, asns: Asns { bytes: cursor.take(octets)?, narrow } })
        })
    }

    /// All AS numbers, those of sets too.
    pub fn asns(self) -> impl Iterator<Item = u32> + Clone + use<'a> {
        let segments = Self::segments(self);
        segments.flat_map(|segment| segment.asns())
    }

    /// Length for the decision process: a set counts 1, confederation segments nothing (RFC 4271 §9.1.2.2,
    /// RFC 5065 §5.3).
    pub fn len(self) -> u32 {
        self.segments()
            .map(|segment| match segment.kind {
                SegmentKind::Sequence => u32::try_from(segment.asns().len()).unwrap_or(u32::MAX),
                SegmentKind::Set => 1,
                SegmentKind::ConfedSequence | SegmentKind::ConfedSet => 0,
            })
            .sum()
    }

    /// Whether there is no AS in it.
    pub fn is_empty(self) -> bool {
        self.asns().next().is_none()
    }

    /// The AS that announced the route to us: the first one, unless a set leads.
    pub fn first(self) -> Option<u32> {
        let segment = self.segments().find(|segment| !is_confederation(segment.kind))?;
        segment.asns().next().filter(|_| segment.kind == SegmentKind::Sequence)
    }

    /// The AS where the route began: the last one, unless a set ends the path.
    pub fn origin(self) -> Option<u32> {
        let segment = self.segments().last()?;
        segment.asns().next_back().filter(|_| segment.kind == SegmentKind::Sequence)
    }

    /// How often `asn` stands in it.
    pub fn count(self, asn: u32) -> usize {
        self.asns().filter(|other| *other == asn).count()
    }

    /// Whether it parses to its end, without an empty segment and without AS 0 (RFC 7606 §7.2, RFC 7607 §2).
    /// What does not parse is not seen by the other methods.
    ///
    /// ```
    /// use bgp_wire::AsPath;
    /// assert!(AsPath::new(&[2, 1, 0, 0, 0xfd, 0xe8]).is_well_formed());
    /// // Two AS numbers are announced, one is there.
    /// assert!(!AsPath::new(&[2, 2, 0, 0, 0xfd, 0xe8]).is_well_formed());
    /// ```
    pub fn is_well_formed(self) -> bool {
        is_well_formed(self.value, self.narrow)
    }

    /// Number of ASes as RFC 6793 §4.2.3 counts them to compare AS_PATH with AS4_PATH.
    fn hops(self) -> usize {
        usize::try_from(self.len()).unwrap_or(usize::MAX)
    }
}

const fn is_confederation(kind: SegmentKind) -> bool {
    matches!(kind, SegmentKind::ConfedSequence | SegmentKind::ConfedSet)
}

impl fmt::Display for AsPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.segments().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            let (open, between, close) = match segment.kind {
                SegmentKind::Sequence => ("", " ", ""),
                SegmentKind::Set => ("{", ",", "}"),
                SegmentKind::ConfedSequence => ("(", " ", ")"),
                SegmentKind::ConfedSet => ("[", ",", "]"),
            };
            f.write_str(open)?;
            for (position, asn) in segment.asns().enumerate() {
                let separator = if position > 0 { between } else { "" };
                write!(f, "{separator}{asn}")?;
            }
            f.write_str(close)?;
        }
        Ok(())
    }
}

impl fmt::Debug for AsPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AsPath({self})")
    }
}

/// Builds the value of an AS_PATH with 4-octet AS numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AsPathBuilder(Vec<u8>);

impl AsPathBuilder {
    /// A copy of `path` to change.
    pub fn from_path(path: AsPath<'_>) -> Self {
        {
            let mut copy = Self::default();
            match path.narrow {
                true => path.segments().for_each(|segment| {
                    copy.segment(segment.kind, segment.asns());
                }),
                false => copy.0.extend_from_slice(path.value),
            }
            copy
        }
    }

    /// Appends a segment; one of more than 255 AS numbers is split. An empty one is left out.
    pub fn segment(&mut self, kind: SegmentKind, asns: impl IntoIterator<Item = u32>) -> &mut Self {
        let mut asns = asns.into_iter().peekable();
        while asns.peek().is_some() {
            let start = self.0.len();
            self.0.extend([kind.code(), 0]);
            let mut count = 0u8;
            while count < u8::MAX {
                let Some(asn) = asns.next() else { break };
                self.0.extend(asn.to_be_bytes());
                count += 1;
            }
            if let Some(field) = self.0.get_mut(start + 1) {
                *field = count;
            }
        }
        self
    }

    /// Appends a segment; a sequence goes on with the one at the end where that has room.
    fn join(&mut self, segment: AsPathSegment<'_>) {
        let path = AsPath::new(&self.0);
        let last = path.segments().last().filter(|last| {
            last.kind == SegmentKind::Sequence
                && segment.kind == SegmentKind::Sequence
                && last.asns().len() + segment.asns().len() <= usize::from(u8::MAX)
        });
        let start = last.map(|last| path.value.len() - last.asns.bytes.len() - 1);
        match start.and_then(|start| self.0.get_mut(start)) {
            Some(count) => {
                *count += u8::try_from(segment.asns().len()).unwrap_or_default();
                self.0.extend_from_slice(segment.asns.bytes);
            }
            None => {
                self.segment(segment.kind, segment.asns());
            }
        }
    }

    /// Puts `asn` in front (RFC 4271 §5.1.2 b).
    pub fn prepend(&mut self, asn: u32) -> &mut Self {
        match self.0.as_mut_slice() {
            // Into the leading sequence where it has room …
            [2, count, ..] if *count < u8::MAX => {
                *count += 1;
                self.0.splice(2..2, asn.to_be_bytes());
            }
            // … else into a new one.
            _ => {
                let [a, b, c, d] = asn.to_be_bytes();
                self.0.splice(0..0, [2, 1, a, b, c, d]);
            }
        }
        self
    }

    /// The value.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Whether a value parses as segments of AS numbers of 2 octets (`narrow`) or 4, none of them empty, none of
/// the numbers zero (RFC 4271 §6.3, RFC 7606 §7.2, RFC 7607 §2).
pub(crate) fn is_well_formed(value: &[u8], narrow: bool) -> bool {
    let mut cursor = Cursor::new(value);
    while !cursor.is_empty() {
        let (Some(kind), Some(count)) = (cursor.u8(), cursor.u8()) else { return false };
        let octets = usize::from(count) * if narrow { 2 } else { 4 };
        let Some(bytes) = cursor.take(octets) else { return false };
        let mut asns = Asns { bytes, narrow };
        if SegmentKind::decode(kind).is_none() || count == 0 || asns.any(|asn| asn == 0) {
            return false;
        }
    }
    true
}

/// Whether a path that is well-formed has segments that stay within a confederation (RFC 5065 §3).
pub(crate) fn has_confederation_segments(value: &[u8], narrow: bool) -> bool {
    AsPath { value, narrow }.segments().any(|segment| is_confederation(segment.kind))
}

/// Turns a path of 2-octet AS numbers, and the AS4_PATH that came with it, into the real path
/// (RFC 6793 §4.2.3).
pub(crate) fn widen(value: &[u8], as4_path: Option<AsPath<'_>>, out: &mut AsPathBuilder) {
    let path = AsPath::two_octet(value);
    let Some(as4_path) = as4_path.filter(|as4_path| as4_path.hops() <= path.hops()) else {
        *out = AsPathBuilder::from_path(path);
        return;
    };
    // The ASes that did not know AS4_PATH stand in front of it, with the confederation segments that lead
    // or adjoin what is taken.
    let mut missing = path.hops() - as4_path.hops();
    for segment in path.segments() {
        let length = segment.asns().len();
        let (taken, hops) = match segment.kind {
            SegmentKind::Sequence => (missing.min(length), missing.min(length)),
            SegmentKind::Set if missing > 0 => (length, 1),
            SegmentKind::Set => (0, 0),
            SegmentKind::ConfedSequence | SegmentKind::ConfedSet => (length, 0),
        };
        missing -= hops;
        out.segment(segment.kind, segment.asns().take(taken));
        if taken < length {
            break;
        }
    }
    // AS4_PATH holds no confederation segments (RFC 6793 §3).
    let mut kept = as4_path.segments().filter(|segment| !is_confederation(segment.kind));
    if let Some(first) = kept.next() {
        out.join(first);
    }
    for segment in kept {
        out.segment(segment.kind, segment.asns());
    }
}

/// Writes a path with 2-octet AS numbers; true when AS_TRANS had to stand in for one, so that an AS4_PATH
/// has to go with it (RFC 6793 §4.2.2).
pub(crate) fn narrow(path: AsPath<'_>, out: &mut Vec<u8>) -> bool {
    let mut lossy = false;
    for segment in path.segments() {
        out.extend([segment.kind.code(), u8::try_from(segment.asns().len()).unwrap_or(u8::MAX)]);
        for asn in segment.asns() {
            let short = u16::try_from(asn).unwrap_or(AS_TRANS);
            lossy |= u32::from(short) != asn;
            out.extend(short.to_be_bytes());
        }
    }
    lossy
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use proptest::prelude::*;

    use super::*;

    fn path(segments: &[(SegmentKind, &[u32])]) -> AsPathBuilder {
        let mut builder = AsPathBuilder::default();
        for (kind, asns) in segments {
            builder.segment(*kind, asns.iter().copied());
        }
        builder
    }

    fn merge(as_path: &[(SegmentKind, &[u32])], as4_path: &[(SegmentKind, &[u32])]) -> String {
        let mut narrowed = Vec::new();
        narrow(AsPath::new(&path(as_path).0), &mut narrowed);
        let as4_path = path(as4_path);
        let mut out = AsPathBuilder::default();
        widen(&narrowed, Some(AsPath::new(&as4_path.0)), &mut out);
        AsPath::new(&out.0).to_string()
    }

    #[test]
    fn prepending_starts_a_new_sequence_when_it_must() {
        let mut builder = path(&[(SegmentKind::Set, &[1, 2])]);
        builder.prepend(3).prepend(4);
        assert_eq!(AsPath::new(&builder.0).to_string(), "4 3 {1,2}");
        let mut long = AsPathBuilder::default();
        long.segment(SegmentKind::Sequence, 1..=255).prepend(7);
        assert_eq!(AsPath::new(&long.0).segments().count(), 2);
        assert_eq!((AsPath::new(&long.0).len(), AsPath::new(&long.0).first()), (256, Some(7)));
    }

    #[test]
    fn length_counts_a_set_once_and_confederations_not() {
        let builder = path(&[
            (SegmentKind::ConfedSequence, &[65100, 65101]),
            (SegmentKind::Sequence, &[1, 2, 3]),
            (SegmentKind::Set, &[4, 5]),
        ]);
        let path = AsPath::new(&builder.0);
        assert_eq!((path.len(), path.first(), path.origin(), path.count(5)), (4, Some(1), None, 1));
        assert_eq!(path.to_string(), "(65100 65101) 1 2 3 {4,5}");
    }

    /// RFC 6793 §4.2.3
    #[test]
    fn as4_path_is_merged() {
        use SegmentKind::{Sequence, Set};
        assert_eq!(
            merge(&[(Sequence, &[1, 200_000, 3])], &[(Sequence, &[200_000, 3])]),
            "1 200000 3"
        );
        assert_eq!(merge(&[(Sequence, &[200_000])], &[(Sequence, &[200_000])]), "200000");
        // A longer AS4_PATH is ignored.
        assert_eq!(merge(&[(Sequence, &[1, 200_000])], &[(Sequence, &[9, 8, 7])]), "1 23456");
        let with_set = merge(
            &[(Sequence, &[1, 200_000]), (Set, &[5, 6])],
            &[(Sequence, &[200_000]), (Set, &[5, 6])],
        );
        assert_eq!(with_set, "1 200000 {5,6}");
    }

    /// RFC 6793 §4.2.3, last sentence
    #[test]
    fn confederation_segments_lead_or_adjoin_what_is_prepended() {
        use SegmentKind::{ConfedSequence, ConfedSet, Sequence};
        let confederation = (ConfedSequence, &[65100, 65101][..]);
        let leading = merge(&[confederation, (Sequence, &[200_000])], &[(Sequence, &[200_000])]);
        assert_eq!(leading, "(65100 65101) 200000");
        let two = merge(
            &[confederation, (ConfedSet, &[65102]), (Sequence, &[1, 200_000])],
            &[(Sequence, &[200_000])],
        );
        assert_eq!(two, "(65100 65101) [65102] 1 200000");
        let adjacent = merge(
            &[(Sequence, &[1]), confederation, (Sequence, &[200_000])],
            &[(Sequence, &[200_000])],
        );
        assert_eq!(adjacent, "1 (65100 65101) 200000");
        // Behind what AS4_PATH replaces it is neither.
        let behind = merge(&[(Sequence, &[1, 200_000]), confederation], &[(Sequence, &[200_000])]);
        assert_eq!(behind, "1 200000");
    }

    /// RFC 6793 §6
    #[test]
    fn confederation_segments_in_as4_path_are_discarded() {
        use SegmentKind::{ConfedSequence, Sequence};
        let as4_path = [(ConfedSequence, &[9, 9, 9][..]), (Sequence, &[200_000])];
        assert_eq!(merge(&[(Sequence, &[1, 200_000])], &as4_path), "1 200000");
    }

    /// So that it is the same path, byte for byte, that a 4-octet session would have brought.
    #[test]
    fn a_merged_sequence_is_one_segment() {
        use SegmentKind::{Sequence, Set};
        let bytes = |as_path: &[(SegmentKind, &[u32])], as4_path: &[(SegmentKind, &[u32])]| {
            let mut narrowed = Vec::new();
            narrow(AsPath::new(&path(as_path).0), &mut narrowed);
            let (as4_path, mut out) = (path(as4_path), AsPathBuilder::default());
            widen(&narrowed, Some(AsPath::new(&as4_path.0)), &mut out);
            out
        };
        let whole = [(Sequence, &[1, 2, 200_000][..]), (Set, &[7, 8])];
        assert_eq!(bytes(&whole, &[(Sequence, &[200_000]), (Set, &[7, 8])]), path(&whole));
        assert_eq!(bytes(&whole, &[(Set, &[7, 8])]).bytes().len(), 2 + 3 * 4 + 2 + 2 * 4);
        let long: Vec<u32> = (1..=255).collect();
        let as_path = [(Sequence, &[7][..]), (Sequence, &long)];
        assert_eq!(bytes(&as_path, &[(Sequence, &long)]), path(&as_path));
    }

    /// RFC 7606 §7.2, RFC 7607 §2
    #[test]
    fn what_is_malformed() {
        for (value, width, fine) in [
            (&[][..], 4, true),
            (&[2, 1, 0, 0, 0, 1], 4, true),
            (&[2, 1, 0, 1], 2, true),
            (&[4, 1, 0, 1, 3, 1, 0, 2, 1, 1, 0, 3], 2, true),
            (&[2], 4, false),                   // half a segment header
            (&[2, 0], 4, false),                // an empty segment
            (&[2, 2, 0, 0, 0, 1], 4, false),    // too few numbers
            (&[2, 1, 0, 0, 0, 1, 2], 4, false), // something behind
            (&[0, 1, 0, 1], 2, false),          // unknown kinds
            (&[5, 1, 0, 1], 2, false),
            (&[2, 2, 0, 1, 0, 0], 2, false), // AS 0
        ] {
            assert_eq!(is_well_formed(value, width == 2), fine, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn narrow_then_widen_gives_the_path_back(asns in prop::collection::vec(1u32..1_000_000, 1..300)) {
            let mut builder = AsPathBuilder::default();
            builder.segment(SegmentKind::Sequence, asns);
            let mut narrowed = Vec::new();
            let lossy = narrow(AsPath::new(&builder.0), &mut narrowed);
            prop_assert!(is_well_formed(&narrowed, true) && is_well_formed(&builder.0, false));
            let mut out = AsPathBuilder::default();
            widen(&narrowed, lossy.then_some(AsPath::new(&builder.0)), &mut out);
            prop_assert_eq!(AsPath::new(&out.0).to_string(), AsPath::new(&builder.0).to_string());
        }

        #[test]
        fn views_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let path = AsPath::new(&bytes);
            let _ = (path.to_string(), path.len(), path.first(), path.origin(), is_well_formed(&bytes, true));
            let mut out = AsPathBuilder::default();
            widen(&bytes, Some(path), &mut out);
        }
    }
}
