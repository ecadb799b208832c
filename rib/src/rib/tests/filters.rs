//! The filters of these tests: each a small rule, so that it can be said again by heart.

use bgp_wire::{AsPathBuilder, Community};

use super::setup::address;
use super::*;
use crate::extra::ExtraCode;
use crate::route::Route;
use crate::{Filter, NextHopKey, Verdict};

pub(super) const MARK: Community = Community::new(9, 9);
pub(super) const UNWANTED: Community = Community::new(1, 2);
const FILTERS: u32 = 11;

pub(super) fn filters() -> Vec<Filter> {
    [Filter::All, Filter::None].into_iter().chain((0..FILTERS).map(Filter::Run)).collect()
}

pub(super) struct Filters;

impl Policy for Filters {
    fn run(&mut self, filter: u32, route: &Route<'_>, edited: &mut Edited) -> Verdict {
        let accept_if = |wanted| if wanted { Verdict::Accept } else { Verdict::Reject };
        edited.copy_from(route);
        let attributes = &mut edited.attributes;
        match filter {
            0 => return accept_if(!route.net.prefix_len().is_multiple_of(16)),
            1 => {
                let communities: Vec<Community> = route.attributes.communities().collect();
                attributes.communities(communities.into_iter().chain([MARK]));
            }
            2 => {
                attributes.local_pref(route.attributes.local_pref().unwrap_or(100) + 10);
            }
            3 => {
                let table = usize::from(matches!(route.net, IpNet::V6(_)));
                let next_hop = address(3, table).into();
                edited.next_hop = Some(NextHopKey::direct(next_hop, None));
                edited.set.next_hop = true;
            }
            // Whether a filter has set it makes a difference, although the attributes are the same.
            4 if route.attributes.med() == Some(1) => return Verdict::Accept,
            4 => {
                attributes.med(1);
                edited.set.med = true;
            }
            5 => {
                edited.preference = 120;
                edited.destination = Destination::Blackhole;
            }
            6 => {
                edited.extra.set_number(ExtraCode::OSPF_TAG, 7);
                let mut path = AsPathBuilder::from_path(route.attributes.as_path());
                path.prepend(7);
                attributes.as_path(&path);
            }
            7 => return accept_if(route.attributes.communities().all(|other| other != UNWANTED)),
            8 => return accept_if(route.from != Some(address(0, 0))),
            9 => return accept_if(route.destination != Destination::Blackhole),
            _ => return accept_if(route.attributes.med().is_none()),
        }
        Verdict::Change
    }
}
