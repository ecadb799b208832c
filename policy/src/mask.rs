//! Path masks: what `bgp_path ~ [= * 64512 ? =]` tests against.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use bgp_wire::{AsPath, SegmentKind};

use crate::set::RangeSet;

mod nfa;

use nfa::{Narrow, Nfa, Wide};

/// What one item of a mask stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaskKind {
    /// `64512`: this AS
    Asn(u32),
    /// `?`: any AS
    Any,
    /// `*`: any ASes, or none
    Sequence,
    /// `2..5`
    Range(u32, u32),
    /// `[3, 5]`
    Set(Arc<RangeSet<u32>>),
}

/// One item of a mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskItem {
    /// What it stands for
    pub kind: MaskKind,
    /// Followed by `+`: once or more often.
    pub repeat: bool,
}

impl From<MaskKind> for MaskItem {
    fn from(kind: MaskKind) -> Self {
        Self { kind, repeat: false }
    }
}

/// A mask has more than [`PathMask::MAX_ITEMS`] items, the `*` not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a path mask has at most {} items", PathMask::MAX_ITEMS)]
pub struct MaskTooLong;

/// One place in a path: an AS, or a set of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position<S> {
    /// An AS of a sequence
    Asn(u32),
    /// An AS_SET: it stands for one AS or more, each of them any of its own. So in BIRD, where the path `{1,2}` matches
    /// `[= 1 =]`, `[= ? =]`, `[= 2 1 2 =]`, but not `[= 1 3 =]`. One that comes right behind another one may stand for none at all.
    Set(S),
}

/// A path mask as an automaton: all ways through the mask are followed at once, a bit for each.
///
/// ```
/// use bgp_wire::{AsPath, AsPathBuilder, SegmentKind};
/// use policy::mask::{MaskItem, MaskKind, PathMask};
/// let items = vec![MaskKind::Sequence.into(), MaskItem { kind: MaskKind::Asn(64512), repeat: true }];
/// let mask = PathMask::new(items)?;
/// let mut path = AsPathBuilder::default();
/// path.segment(SegmentKind::Sequence, [64510, 64512, 64512]);
/// assert!(mask.matches(AsPath::new(path.bytes())));
/// assert_eq!(mask.to_string(), "[= * 64512 + =]");
/// # Ok::<(), policy::mask::MaskTooLong>(())
/// ```
#[derive(Debug, Clone)]
pub struct PathMask {
    items: Box<[MaskItem]>,
    automaton: Automaton,
    /// For paths that are one sequence, which are nearly all.
    shape: Shape,
}

#[derive(Debug, Clone)]
enum Automaton {
    Narrow(Nfa<Narrow>),
    Wide(Box<Nfa<Wide>>),
}

/// Masks for which there is something faster than the automaton.
#[derive(Debug, Clone)]
enum Shape {
    Other,
    /// `[= * 64512 * =]`
    Contains(u32),
    /// `[= 1 ? =]`; `None` is any AS.
    Exactly(Box<[Option<u32>]>),
    /// `[= 1 ? * =]`, `[= * 1 2 =]`, `[= 1 * 2 =]`
    Around(Box<[Option<u32>]>, Box<[Option<u32>]>),
}

impl PathMask {
    /// Most items a mask has, the `*` not counted.
    pub const MAX_ITEMS: usize = Wide::ITEMS;

    /// A mask of `items`.
    ///
    /// # Errors
    /// There are too many of them.
    pub fn new(items: Vec<MaskItem>) -> Result<Self, MaskTooLong> {
        let count = items.iter().filter(|item| item.kind != MaskKind::Sequence).count();
        let automaton = match count {
            ..=Narrow::ITEMS => Automaton::Narrow(Nfa::new(&items)),
            _ if count <= Wide::ITEMS => Automaton::Wide(Box::new(Nfa::new(&items))),
            _ => return Err(MaskTooLong),
        };
        Ok(Self { shape: Shape::of(&items), automaton, items: items.into_boxed_slice() })
    }

    /// Its items.
    pub const fn items(&self) -> &[MaskItem] {
        &self.items
    }

    /// Whether the mask stands for the whole of `path`.
    pub fn matches(&self, path: AsPath<'_>) -> bool {
        let Some(path) = as_sequence(path) else {
            return self.matches_positions(positions(path));
        };
        match &self.shape {
            Shape::Contains(asn) => path.contains(&asn.to_be_bytes()),
            Shape::Exactly(all) => path.len() == all.len() && agree(path, all),
            Shape::Around(head, tail) => {
                let Some(rest) = path.len().checked_sub(tail.len()) else { return false };
                let end = path.get(rest..).unwrap_or_default();
                rest >= head.len() && agree(path, head) && agree(end, tail)
            }
            Shape::Other => {
                let path =
                    path.iter().map(|asn| Position::<[u32; 0]>::Asn(u32::from_be_bytes(*asn)));
                self.matches_positions(path)
            }
        }
    }

    /// Whether it stands for a path that is given place by place.
    pub fn matches_positions<S: IntoIterator<Item = u32>>(
        &self,
        path: impl IntoIterator<Item = Position<S>>,
    ) -> bool {
        match &self.automaton {
            Automaton::Narrow(nfa) => nfa.matches(path),
            Automaton::Wide(nfa) => nfa.matches(path),
        }
    }
}

/// The ASes of a path that is one sequence, or empty.
fn as_sequence(path: AsPath<'_>) -> Option<&[[u8; 4]]> {
    match path.bytes() {
        [] => Some(&[]),
        [2, count, asns @ ..] if !path.is_two_octet() => {
            let (asns, rest) = asns.as_chunks();
            (rest.is_empty() && asns.len() == usize::from(*count)).then_some(asns)
        }
        _ => None,
    }
}

fn positions<'a>(
    path: AsPath<'a>,
) -> impl Iterator<Item = Position<impl Iterator<Item = u32> + use<'a>>> {
    path.segments().flat_map(|segment| {
        let set = matches!(segment.kind, SegmentKind::Set | SegmentKind::ConfedSet);
        let asns = segment.asns();
        let sequence = asns.take(if set { 0 } else { asns.len() }).map(Position::Asn);
        sequence.chain(set.then_some(Position::Set(asns)))
    })
}

/// Whether `path` begins as `mask` says; it is not shorter.
fn agree(path: &[[u8; 4]], mask: &[Option<u32>]) -> bool {
    path.iter()
        .zip(mask)
        .all(|(asn, wanted)| wanted.is_none_or(|wanted| wanted == u32::from_be_bytes(*asn)))
}

impl Shape {
    fn of(items: &[MaskItem]) -> Self {
        if let [before, MaskItem { kind: MaskKind::Asn(asn), .. }, after] = items
            && before.kind == MaskKind::Sequence
            && after.kind == MaskKind::Sequence
        {
            return Self::Contains(*asn);
        }
        let fixed = |items: &[MaskItem]| {
            let asns = items.iter().map(|item| match item.kind {
                MaskKind::Asn(asn) if !item.repeat => Some(Some(asn)),
                MaskKind::Any if !item.repeat => Some(None),
                _ => None,
            });
            asns.collect::<Option<Box<[_]>>>()
        };
        let mut parts = items.split(|item| item.kind == MaskKind::Sequence);
        let parts = (parts.next().and_then(fixed), parts.next().map(fixed), parts.next());
        match parts {
            (Some(all), None, _) => Self::Exactly(all),
            (Some(head), Some(Some(tail)), None) => Self::Around(head, tail),
            _ => Self::Other,
        }
    }
}

/// As in BIRD: equal when written equally.
impl PartialEq for PathMask {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl Eq for PathMask {}

impl fmt::Display for PathMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[= ")?;
        for item in &self.items {
            match &item.kind {
                MaskKind::Asn(asn) => write!(f, "{asn} "),
                MaskKind::Any => f.write_str("? "),
                MaskKind::Sequence => f.write_str("* "),
                MaskKind::Range(low, high) => write!(f, "{low}..{high} "),
                MaskKind::Set(set) => write!(f, "{set} "),
            }?;
            if item.repeat {
                f.write_str("+ ")?;
            }
        }
        f.write_str("=]")
    }
}

#[cfg(test)]
mod tests;
