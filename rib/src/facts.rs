//! What is asked of attributes again and again, read once.

use core::fmt;
use core::net::Ipv4Addr;
use core::num::NonZero;

use bgp_wire::{Aigp, AsPath, AttributeCode, AttributesRef, Community, Origin, SegmentKind};

/// What stands in an attribute set and decides whom it may be told: a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Marks(u16);

impl Marks {
    /// Nothing of it
    pub const NONE: Self = Self(0);
    /// The community NO_EXPORT (RFC 1997)
    pub const NO_EXPORT: Self = Self(1);
    /// The community NO_ADVERTISE (RFC 1997)
    pub const NO_ADVERTISE: Self = Self(1 << 1);
    /// The community NO_EXPORT_SUBCONFED (RFC 1997)
    pub const NO_EXPORT_SUBCONFED: Self = Self(1 << 2);
    /// The community NOPEER (RFC 3765)
    pub const NOPEER: Self = Self(1 << 3);
    /// The community BLACKHOLE (RFC 7999)
    pub const BLACKHOLE: Self = Self(1 << 4);
    /// The community LLGR_STALE (RFC 9494 §4.3)
    pub const LLGR_STALE: Self = Self(1 << 5);
    /// The community NO_LLGR (RFC 9494 §4.2)
    pub const NO_LLGR: Self = Self(1 << 6);
    /// The community GRACEFUL_SHUTDOWN (RFC 8326)
    pub const GRACEFUL_SHUTDOWN: Self = Self(1 << 7);
    /// The attribute Only to Customer (RFC 9234 §5)
    pub const ONLY_TO_CUSTOMER: Self = Self(1 << 8);
    /// An AS_SET or AS_CONFED_SET (RFC 9774)
    pub const AS_SET: Self = Self(1 << 9);
    /// The attribute AIGP (RFC 7311)
    pub const AIGP: Self = Self(1 << 10);

    /// Both together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// `self` if that holds, else nothing.
    #[must_use]
    pub(crate) const fn when(self, holds: bool) -> Self {
        if holds { self } else { Self::NONE }
    }

    /// Whether they have any in common.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    const fn of(community: Community) -> Self {
        match community {
            Community::NO_EXPORT => Self::NO_EXPORT,
            Community::NO_ADVERTISE => Self::NO_ADVERTISE,
            Community::NO_EXPORT_SUBCONFED => Self::NO_EXPORT_SUBCONFED,
            Community::NOPEER => Self::NOPEER,
            Community::BLACKHOLE => Self::BLACKHOLE,
            Community::LLGR_STALE => Self::LLGR_STALE,
            Community::NO_LLGR => Self::NO_LLGR,
            Community::GRACEFUL_SHUTDOWN => Self::GRACEFUL_SHUTDOWN,
            _ => Self::NONE,
        }
    }

    /// Those of a list of communities, as the attribute has it.
    pub(crate) fn of_communities(value: &[u8]) -> Self {
        let items = value.chunks_exact(4).filter_map(|item| item.try_into().ok());
        items.fold(Self::NONE, |marks, item| {
            marks.with(Self::of(Community(u32::from_be_bytes(item))))
        })
    }
}

/// What the decision process and the rules of announcement ask of an attribute set, read once. 48 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeFacts {
    /// LOCAL_PREF, 100 where there is none
    pub local_pref: u32,
    /// MULTI_EXIT_DISC
    pub med: Option<u32>,
    /// The AS that announced the route to us (RFC 4271 §9.1.2.2 c, RFC 5065 §5.3). 0 stands for our own AS or
    /// confederation: the path is empty, has confederation segments only, or a set leads
    pub neighbour_as: u32,
    /// ORIGINATOR_ID (RFC 4456)
    pub originator_id: Option<Ipv4Addr>,
    /// Length of AS_PATH as RFC 4271 §9.1.2.2 a counts it: a set counts 1, confederation segments nothing
    pub path_length: u16,
    /// Length of the confederation segments of AS_PATH, where a set counts 1
    pub confederation_length: u16,
    /// Length of CLUSTER_LIST (RFC 4456 §9)
    pub cluster_list_length: u16,
    /// A digest of AS_PATH (FNV-1a): equal paths have equal ones
    pub path_digest: u32,
    /// ORIGIN
    pub origin: Origin,
    /// What decides whom it may be told
    pub marks: Marks,
    /// The AIGP metric (RFC 7311)
    pub aigp: Option<AigpMetric>,
}

/// A metric accumulated over the ASes of one administration (RFC 7311 §3): any number but the highest, which cannot
/// grow any more (§3.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AigpMetric {
    /// So that an option of it takes no more room.
    complement: NonZero<u64>,
}

impl AigpMetric {
    /// `None` for the highest number.
    pub const fn new(metric: u64) -> Option<Self> {
        match NonZero::new(!metric) {
            Some(complement) => Some(Self { complement }),
            None => None,
        }
    }

    /// As a number.
    pub const fn value(self) -> u64 {
        !self.complement.get()
    }
}

impl fmt::Debug for AigpMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AigpMetric({})", self.value())
    }
}

impl AttributeFacts {
    /// Those of no attributes at all, as a route has that did not come by BGP: ORIGIN counts as IGP.
    pub const NONE: Self = Self {
        local_pref: 100,
        med: None,
        neighbour_as: 0,
        originator_id: None,
        path_length: 0,
        confederation_length: 0,
        cluster_list_length: 0,
        path_digest: FNV_OFFSET,
        origin: Origin::Igp,
        marks: Marks::NONE,
        aigp: None,
    };

    /// Reads them.
    pub fn new(attributes: AttributesRef<'_>) -> Self {
        let mut facts = Self::NONE;
        for raw in attributes.iter() {
            match raw.code {
                AttributeCode::ORIGIN => facts.origin = attributes.origin().unwrap_or(Origin::Igp),
                AttributeCode::AS_PATH => facts.read_path(AsPath::new(raw.value)),
                AttributeCode::MULTI_EXIT_DISC => facts.med = Some(number(raw.value)),
                AttributeCode::LOCAL_PREF => facts.local_pref = number(raw.value),
                AttributeCode::COMMUNITIES => {
                    facts.marks = facts.marks.with(Marks::of_communities(raw.value));
                }
                AttributeCode::ORIGINATOR_ID => {
                    facts.originator_id = Some(number(raw.value).into());
                }
                AttributeCode::CLUSTER_LIST => {
                    facts.cluster_list_length = short(raw.value.len() / 4);
                }
                AttributeCode::AIGP => {
                    facts.marks = facts.marks.with(Marks::AIGP);
                    facts.aigp = Aigp::new(raw.value).metric().and_then(AigpMetric::new);
                }
                AttributeCode::ONLY_TO_CUSTOMER => {
                    facts.marks = facts.marks.with(Marks::ONLY_TO_CUSTOMER);
                }
                _ => {}
            }
        }
        facts
    }

    fn read_path(&mut self, path: AsPath<'_>) {
        self.marks = self.marks.with(Marks::AS_SET.when(has_set(path)));
        let confederation = path.segments().map(|segment| match segment.kind {
            SegmentKind::ConfedSequence => segment.asns().len(),
            SegmentKind::ConfedSet => 1,
            SegmentKind::Sequence | SegmentKind::Set => 0,
        });
        self.confederation_length = short(confederation.sum());
        self.path_length = u16::try_from(path.len()).unwrap_or(u16::MAX);
        self.neighbour_as = path.first().unwrap_or(0);
        self.path_digest = path
            .bytes()
            .iter()
            .fold(FNV_OFFSET, |hash, octet| (hash ^ u32::from(*octet)).wrapping_mul(FNV_PRIME));
    }
}

/// Of the 32-bit FNV-1a hash.
const FNV_OFFSET: u32 = 0x811c_9dc5;
const FNV_PRIME: u32 = 0x0100_0193;

fn number(value: &[u8]) -> u32 {
    value.try_into().map_or(0, u32::from_be_bytes)
}

fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// Whether there is an AS_SET or AS_CONFED_SET in a path.
pub(crate) fn has_set(path: AsPath<'_>) -> bool {
    let is_set = |kind| matches!(kind, SegmentKind::Set | SegmentKind::ConfedSet);
    path.segments().any(|segment| is_set(segment.kind))
}

#[cfg(test)]
mod tests {
    use bgp_wire::{AsPathBuilder, PathAttributes};

    use super::*;

    #[test]
    fn facts_are_small() {
        assert_eq!(size_of::<AttributeFacts>(), 48);
    }

    fn facts(fill: impl FnOnce(&mut PathAttributes)) -> AttributeFacts {
        let mut attributes = PathAttributes::default();
        fill(&mut attributes);
        AttributeFacts::new(attributes.view())
    }

    fn of_path(segments: &[(SegmentKind, &[u32])]) -> AttributeFacts {
        let mut path = AsPathBuilder::default();
        for (kind, asns) in segments {
            path.segment(*kind, asns.iter().copied());
        }
        facts(|attributes| {
            attributes.as_path(&path);
        })
    }

    #[test]
    fn nothing_is_known_of_no_attributes() {
        assert_eq!(AttributeFacts::new(AttributesRef::default()), AttributeFacts::NONE);
        assert_eq!(AttributeFacts::NONE.aigp, None);
    }

    /// RFC 5065 §5.3, 1 to 3, and RFC 4271 §9.1.2.2 c
    #[test]
    fn rfc5065_5_3_neighbour_as_and_length() {
        use SegmentKind::{ConfedSequence, ConfedSet, Sequence, Set};
        let read = |segments: &[(SegmentKind, &[u32])]| {
            let facts = of_path(segments);
            (facts.neighbour_as, facts.path_length, facts.confederation_length)
        };
        assert_eq!(read(&[(Sequence, &[1, 2, 3])]), (1, 3, 0));
        assert_eq!(read(&[(ConfedSequence, &[65001, 65002]), (Sequence, &[7, 8])]), (7, 2, 2));
        assert_eq!(read(&[(ConfedSequence, &[65001]), (ConfedSet, &[65002, 65003])]), (0, 0, 2));
        assert_eq!(read(&[(Set, &[4, 5, 6]), (Sequence, &[7])]), (0, 2, 0));
        assert_eq!(read(&[(ConfedSet, &[65001]), (Set, &[4, 5])]), (0, 1, 1));
    }

    #[test]
    fn equal_paths_have_equal_digests() {
        let digest = |asns: &[u32]| of_path(&[(SegmentKind::Sequence, asns)]).path_digest;
        assert_eq!(digest(&[1, 2]), digest(&[1, 2]));
        assert_ne!(digest(&[1, 2]), digest(&[2, 1]));
        assert_ne!(digest(&[1, 2]), digest(&[1, 3]));
        assert_ne!(of_path(&[(SegmentKind::Set, &[1])]).path_digest, digest(&[1]));
    }

    #[test]
    fn communities_that_mean_something() {
        let marks = [
            (Community::NO_EXPORT, Marks::NO_EXPORT),
            (Community::NO_EXPORT_SUBCONFED, Marks::NO_EXPORT_SUBCONFED),
            (Community::NO_ADVERTISE, Marks::NO_ADVERTISE),
            (Community::NOPEER, Marks::NOPEER),
            (Community::BLACKHOLE, Marks::BLACKHOLE),
            (Community::LLGR_STALE, Marks::LLGR_STALE),
            (Community::NO_LLGR, Marks::NO_LLGR),
            (Community::GRACEFUL_SHUTDOWN, Marks::GRACEFUL_SHUTDOWN),
        ];
        for (community, mark) in marks {
            let read = facts(|attributes| {
                attributes.communities([Community::new(65001, 1), community]);
            });
            assert_eq!(read.marks, mark, "{community}");
        }
    }

    /// RFC 7311 §3: the first AIGP TLV counts.
    #[test]
    fn the_accumulated_metric() {
        let read = |value: &[u8]| {
            facts(|attributes| {
                attributes.append(0x80, AttributeCode::AIGP, value);
            })
            .aigp
            .map(AigpMetric::value)
        };
        let tlv = |metric: u8| [1, 0, 11, 0, 0, 0, 0, 0, 0, 0, metric];
        assert_eq!(read(&tlv(9)), Some(9));
        assert_eq!(read(&[tlv(0), tlv(9)].concat()), Some(0));
        assert_eq!(read(&[2, 0, 3]), None);
        assert_eq!(AigpMetric::new(u64::MAX), None);
        assert_eq!(size_of::<Option<AigpMetric>>(), 8);
    }
}
