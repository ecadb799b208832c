//! Filters: what a rule of a plan makes of a route.

use bgp_wire::{AsPathBuilder, Community};
use ipnet::IpNet;
use rib::{Edited, Policy, Route, Verdict};

/// LOCAL_PREF of routes of customers, peers, providers.
pub(crate) const CUSTOMER: u32 = 200;
pub(crate) const PEER: u32 = 150;
pub(crate) const PROVIDER: u32 = 50;

/// A filter: what is refused, and what is changed in the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Own routes alone
    pub(crate) own_only: bool,
    /// Own routes and those of customers
    pub(crate) customers_only: bool,
    /// Networks in this one, whose path has no other AS than this
    pub(crate) insiders: Option<(IpNet, u32)>,
    /// Not the networks of every fourth node
    pub(crate) refused: Option<usize>,
    pub(crate) local_pref: Option<u32>,
    pub(crate) prepend: Option<(u32, usize)>,
    pub(crate) community: Option<u32>,
    pub(crate) med: Option<u32>,
}

impl Rule {
    fn refuses(&self, route: &Route<'_>) -> bool {
        let own = route.from.is_none();
        let from_customer = own || route.attributes.local_pref() == Some(CUSTOMER);
        let outside = self.insiders.is_some_and(|(net, asn)| {
            !net.contains(&route.net) || route.attributes.as_path().asns().any(|one| one != asn)
        });
        let node = match route.net {
            IpNet::V4(net) => usize::from(net.addr().octets()[1]),
            IpNet::V6(net) => usize::from(net.addr().segments()[1]),
        };
        (self.own_only && !own)
            || (self.customers_only && !from_customer)
            || outside
            || self.refused.is_some_and(|rest| node % 4 == rest)
    }
}

/// The rules of a plan, by number.
#[derive(Debug, Clone)]
pub(crate) struct Rules(pub(crate) Vec<Rule>);

impl Policy for Rules {
    fn run(&mut self, filter: u32, route: &Route<'_>, edited: &mut Edited) -> Verdict {
        let rule = &self.0[filter as usize];
        if rule.refuses(route) {
            return Verdict::Reject;
        }
        edited.copy_from(route);
        let attributes = &mut edited.attributes;
        if let Some(local_pref) = rule.local_pref {
            attributes.local_pref(local_pref);
        }
        if let Some((asn, times)) = rule.prepend {
            let mut path = AsPathBuilder::from_path(route.attributes.as_path());
            for _ in 0..times {
                path.prepend(asn);
            }
            attributes.as_path(&path);
        }
        if let Some(community) = rule.community {
            let known = route.attributes.communities().filter(|one| one.0 != community);
            attributes.communities(known.chain([Community(community)]).collect::<Vec<_>>());
        }
        if let Some(med) = rule.med {
            attributes.med(med);
            edited.set.med = true;
        }
        let Rule { local_pref, prepend, community, med, .. } = rule;
        let changes = local_pref.or(*community).or(*med).is_some() || prepend.is_some();
        if changes { Verdict::Change } else { Verdict::Accept }
    }
}
