//! What is asked of attributes again and again, read once.

use core::net::Ipv4Addr;

use bgp_wire::{AsPath, AttributeCode, AttributesRef, Community, Origin, SegmentKind};

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

/// What the decision process and the rules of announcement ask of an attribute set, read once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeFacts {
    /// LOCAL_PREF, 100 where there is none
    pub local_pref: u32,
    /// MULTI_EXIT_DISC
    pub med: Option<u32>,
    /// The AS that announced the route to us; 0 for none
    pub neighbour_as: u32,
    /// ORIGINATOR_ID (RFC 4456)
    pub originator_id: Option<Ipv4Addr>,
    /// Length of AS_PATH as RFC 4271 §9.1.2.2 a counts it
    pub path_length: u16,
    /// Length of CLUSTER_LIST (RFC 4456 §9)
    pub cluster_list_length: u16,
    /// ORIGIN
    pub origin: Origin,
    /// What decides whom it may be told
    pub marks: Marks,
}

impl AttributeFacts {
    /// Reads them. Routes that did not come by BGP have no ORIGIN; they count as IGP.
    pub fn new(attributes: AttributesRef<'_>) -> Self {
        let mut facts = Self {
            local_pref: 100,
            med: None,
            neighbour_as: 0,
            originator_id: None,
            path_length: 0,
            cluster_list_length: 0,
            origin: Origin::Igp,
            marks: Marks::NONE,
        };
        let number = |value: &[u8]| value.try_into().map_or(0, u32::from_be_bytes);
        for raw in attributes.iter() {
            match raw.code {
                AttributeCode::ORIGIN => facts.origin = attributes.origin().unwrap_or(Origin::Igp),
                AttributeCode::AS_PATH => {
                    let path = AsPath::new(raw.value);
                    facts.marks = facts.marks.with(Marks::AS_SET.when(has_set(path)));
                    facts.path_length = u16::try_from(path.len()).unwrap_or(u16::MAX);
                    facts.neighbour_as = path.first().unwrap_or(0);
                }
                AttributeCode::MULTI_EXIT_DISC => facts.med = Some(number(raw.value)),
                AttributeCode::LOCAL_PREF => facts.local_pref = number(raw.value),
                AttributeCode::COMMUNITIES => {
                    facts.marks = facts.marks.with(Marks::of_communities(raw.value));
                }
                AttributeCode::ORIGINATOR_ID => {
                    facts.originator_id = Some(number(raw.value).into());
                }
                AttributeCode::CLUSTER_LIST => {
                    facts.cluster_list_length =
                        u16::try_from(raw.value.len() / 4).unwrap_or(u16::MAX);
                }
                AttributeCode::AIGP => facts.marks = facts.marks.with(Marks::AIGP),
                AttributeCode::ONLY_TO_CUSTOMER => {
                    facts.marks = facts.marks.with(Marks::ONLY_TO_CUSTOMER);
                }
                _ => {}
            }
        }
        facts
    }
}

/// Whether there is an AS_SET or AS_CONFED_SET in a path.
pub(crate) fn has_set(path: AsPath<'_>) -> bool {
    let is_set = |kind| matches!(kind, SegmentKind::Set | SegmentKind::ConfedSet);
    path.segments().any(|segment| is_set(segment.kind))
}
