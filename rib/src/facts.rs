//! What is asked of attributes again and again, read once.

use core::net::Ipv4Addr;

use bgp_wire::{AttributeCode, AttributesRef, Community, Origin};

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
    /// Has the community NO_EXPORT or NO_EXPORT_SUBCONFED (RFC 1997)
    pub no_export: bool,
    /// Has the community NO_ADVERTISE (RFC 1997)
    pub no_advertise: bool,
    /// Has the attribute Only to Customer (RFC 9234 §5)
    pub only_to_customer: bool,
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
            no_export: false,
            no_advertise: false,
            only_to_customer: false,
        };
        let number = |value: &[u8]| value.try_into().map_or(0, u32::from_be_bytes);
        for raw in attributes.iter() {
            match raw.code {
                AttributeCode::ORIGIN => facts.origin = attributes.origin().unwrap_or(Origin::Igp),
                AttributeCode::AS_PATH => {
                    let path = bgp_wire::AsPath::new(raw.value);
                    facts.path_length = u16::try_from(path.len()).unwrap_or(u16::MAX);
                    facts.neighbour_as = path.first().unwrap_or(0);
                }
                AttributeCode::MULTI_EXIT_DISC => facts.med = Some(number(raw.value)),
                AttributeCode::LOCAL_PREF => facts.local_pref = number(raw.value),
                AttributeCode::COMMUNITIES => {
                    for item in raw.value.chunks_exact(4) {
                        let community = Community(number(item));
                        facts.no_advertise |= community == Community::NO_ADVERTISE;
                        facts.no_export |= community == Community::NO_EXPORT
                            || community == Community::NO_EXPORT_SUBCONFED;
                    }
                }
                AttributeCode::ORIGINATOR_ID => {
                    facts.originator_id = Some(number(raw.value).into());
                }
                AttributeCode::CLUSTER_LIST => {
                    facts.cluster_list_length =
                        u16::try_from(raw.value.len() / 4).unwrap_or(u16::MAX);
                }
                AttributeCode::ONLY_TO_CUSTOMER => facts.only_to_customer = true,
                _ => {}
            }
        }
        facts
    }
}
