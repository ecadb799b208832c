//! AS_PATH: what is put in front and taken out on the way to a neighbour, and which received paths are refused
//! (RFC 4271 §5.1.2, RFC 5065 §4, RFC 7705 §3).

use bgp_wire::{AsPath, AttributeCode, PathAttributes, SegmentKind};
use smallvec::SmallVec;

use crate::channel::PeerConfig;
use crate::options::{RemovePrivateAs, SessionKind};

/// Flags of a well-known attribute
const WELL_KNOWN: u8 = 0x40;

/// Codes of segments (RFC 4271 §4.3, RFC 5065 §3)
const AS_SEQUENCE: u8 = 2;
const AS_CONFED_SEQUENCE: u8 = 3;

/// The value of a path on its way; that of a usual one needs no memory of its own.
type Value = SmallVec<[u8; 256]>;

/// What becomes of the path of announced routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum AsPathRule {
    /// RFC 4271 §5.1.2 a, RFC 5065 §4.1 a: to an internal neighbour it stays.
    Internal,
    /// RFC 5065 §4.1 b: our Member-AS number comes in front, in an AS_CONFED_SEQUENCE.
    Confederation(u32),
    /// RFC 5065 §4.1 c 1: what is of the confederation is taken out, nothing else (RFC 7947 §2.2.2.1).
    Transparent,
    /// RFC 4271 §5.1.2 b: an AS comes in front.
    Prepend(u32),
    /// The same with what operators ask for.
    Edit(PathEdit),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PathEdit {
    /// Our AS as the neighbour sees it
    shown: u32,
    /// The router's own AS, when that is another and is not to be hidden
    behind: Option<u32>,
    remote_as: u32,
    as_override: bool,
    private: RemovePrivateAs,
}

impl AsPathRule {
    pub(crate) fn new(peer: &PeerConfig) -> Self {
        match peer.kind() {
            SessionKind::Internal => return Self::Internal,
            SessionKind::Confederation => return Self::Confederation(peer.local_as),
            SessionKind::External => {}
        }
        let options = &peer.announce;
        if peer.route_server_client || options.as_path_unchanged {
            return Self::Transparent;
        }
        let shown = peer.shown_as();
        let private = options.remove_private_as;
        // RFC 7705 §3.2: without "Replace Old AS" the router's AS stands behind the one that is shown. One for
        // private use goes with the others.
        let behind = peer.as_migration.filter(|migration| !migration.replace_old_as);
        let behind = behind.map(|_| peer.outside_as()).filter(|asn| {
            *asn != shown && !(private != RemovePrivateAs::Never && is_private(*asn))
        });
        if behind.is_none() && !options.as_override && private == RemovePrivateAs::Never {
            return Self::Prepend(shown);
        }
        let (remote_as, as_override) = (peer.remote_as, options.as_override);
        Self::Edit(PathEdit { shown, behind, remote_as, as_override, private })
    }

    /// Appends the attribute.
    pub(crate) fn write(&self, path: AsPath<'_>, out: &mut PathAttributes) {
        let mut value = Value::new();
        match self {
            Self::Internal => {
                out.append(WELL_KNOWN, AttributeCode::AS_PATH, path.bytes());
                return;
            }
            Self::Prepend(asn) if !has_confederation_segments(path) => {
                out.append_prepended_path(*asn, path);
                return;
            }
            Self::Confederation(member_as) => {
                value.extend_from_slice(path.bytes());
                prepend(AS_CONFED_SEQUENCE, *member_as, &mut value);
            }
            Self::Transparent => copy(path, &mut value, Some),
            Self::Prepend(asn) => {
                copy(path, &mut value, Some);
                prepend(AS_SEQUENCE, *asn, &mut value);
            }
            Self::Edit(edit) => edit.write(path, &mut value),
        }
        out.append(WELL_KNOWN, AttributeCode::AS_PATH, &value);
    }
}

impl PathEdit {
    fn write(&self, path: AsPath<'_>, value: &mut Value) {
        let (applies, replace) = match self.private {
            RemovePrivateAs::Never => (false, false),
            RemovePrivateAs::IfAll => (is_all_private(path), false),
            RemovePrivateAs::Always => (true, false),
            RemovePrivateAs::ReplaceIfAll => (is_all_private(path), true),
            RemovePrivateAs::Replace => (true, true),
        };
        copy(path, value, |asn| match asn {
            _ if asn == self.remote_as => Some(if self.as_override { self.shown } else { asn }),
            _ if applies && is_private(asn) => replace.then_some(self.shown),
            _ => Some(asn),
        });
        if let Some(asn) = self.behind {
            prepend(AS_SEQUENCE, asn, value);
        }
        prepend(AS_SEQUENCE, self.shown, value);
    }
}

/// RFC 6996 §5
pub(crate) const fn is_private(asn: u32) -> bool {
    matches!(asn, 64_512..=65_534 | 4_200_000_000..=4_294_967_294)
}

fn is_all_private(path: AsPath<'_>) -> bool {
    outside_segments(path).flat_map(|(_, segment)| segment.asns()).all(is_private)
}

pub(crate) const fn is_confederation(kind: SegmentKind) -> bool {
    matches!(kind, SegmentKind::ConfedSequence | SegmentKind::ConfedSet)
}

fn has_confederation_segments(path: AsPath<'_>) -> bool {
    path.segments().any(|segment| is_confederation(segment.kind))
}

/// The segments that neighbours outside a confederation may see, with their codes.
fn outside_segments(
    path: AsPath<'_>,
) -> impl Iterator<Item = (u8, bgp_wire::AsPathSegment<'_>)> + Clone {
    path.segments().filter_map(|segment| match segment.kind {
        SegmentKind::Set => Some((1, segment)),
        SegmentKind::Sequence => Some((AS_SEQUENCE, segment)),
        SegmentKind::ConfedSequence | SegmentKind::ConfedSet => None,
    })
}

/// Appends the segments that neighbours outside may see, each AS as `edit` says; a segment without any goes.
fn copy(path: AsPath<'_>, value: &mut Value, edit: impl Fn(u32) -> Option<u32>) {
    for (code, segment) in outside_segments(path) {
        let start = value.len();
        value.extend_from_slice(&[code, 0]);
        let mut count = 0u8;
        for asn in segment.asns().filter_map(&edit) {
            value.extend_from_slice(&asn.to_be_bytes());
            count += 1;
        }
        match value.get_mut(start + 1) {
            Some(field) if count > 0 => *field = count,
            _ => value.truncate(start),
        }
    }
}

/// Puts `asn` in front: into the first segment where that has this code and room, else into a new one.
fn prepend(code: u8, asn: u32, value: &mut Value) {
    match value.as_mut_slice() {
        [first, count, ..] if *first == code && *count < u8::MAX => {
            *count += 1;
            value.insert_from_slice(2, &asn.to_be_bytes());
        }
        _ => {
            let [a, b, c, d] = asn.to_be_bytes();
            value.insert_from_slice(0, &[code, 1, a, b, c, d]);
        }
    }
}

/// Whether our AS stands in a received path more often than allowed.
pub(crate) fn is_loop(peer: &PeerConfig, path: AsPath<'_>) -> bool {
    // RFC 4271 §9.1.2; RFC 7705: the AS that the session shows is ours too.
    let shown = peer.as_migration.map(|migration| migration.asn);
    let (mut inside, mut outside, mut migrated) = (0usize, 0usize, 0usize);
    for segment in path.segments() {
        // RFC 5065 §4: the identifier anywhere, our Member-AS number in a segment of the confederation. Outside
        // the confederation that may be anybody's.
        let is_ours = is_confederation(segment.kind) || peer.confederation.is_none();
        for asn in segment.asns() {
            inside += usize::from(is_ours && asn == peer.local_as);
            outside += usize::from(asn == peer.outside_as());
            migrated += usize::from(shown == Some(asn));
        }
    }
    let allowed = usize::from(peer.allow_local_as);
    peer.allow_local_as != u8::MAX && inside.max(outside).max(migrated) > allowed
}
