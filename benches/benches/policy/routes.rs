//! The routes of the benches: the filters accept all of them, so that all clauses run.

use bgp_wire::{AsPathBuilder, Community, Origin, PathAttributes, SegmentKind};
use ipnet::{IpNet, Ipv4Net};
use policy::{FilterId, NoHost, Program, Verdict, Vm};
use rib::{Route, RouteSource};

use crate::filter;

/// 6 communities.
pub(crate) const COMMUNITIES: [(u16, u16); 6] =
    [(64511, 3), (64511, 21), (64511, 34), (64511, 44), (64511, 99), (64515, 7)];
pub(crate) const MED: u32 = 50;
pub(crate) const LOCAL_PREF: u32 = 100;

/// How many different attributes there are.
pub(crate) const KINDS: u32 = 9 * 7;

/// 5 hops.
pub(crate) fn path(number: u32) -> [u32; 5] {
    [64511, 64496 + number % 9, 64520, 64530 + number % 7, 64540]
}

pub(crate) fn attributes(number: u32) -> PathAttributes {
    let mut segment = AsPathBuilder::default();
    segment.segment(SegmentKind::Sequence, path(number));
    let mut attributes = PathAttributes::default();
    attributes
        .origin(Origin::Igp)
        .as_path(&segment)
        .med(MED)
        .local_pref(LOCAL_PREF)
        .communities(COMMUNITIES.map(|(asn, value)| Community::new(asn, value)));
    attributes
}

/// A network two bits longer than each of the set's.
pub(crate) fn nets(count: u32) -> Vec<IpNet> {
    let net = |(address, length): (u32, u8)| {
        let length = length + 2;
        let address = (address | 1 << (32 - length)).into();
        Ipv4Net::new(address, length).expect("a length").trunc().into()
    };
    filter::prefixes(count).map(net).collect()
}

/// Runs a filter on a route, and writes the attributes where it has changed them.
#[inline]
pub(crate) fn run(
    (program, filter): (&Program, FilterId),
    vm: &mut Vm,
    net: IpNet,
    attributes: &PathAttributes,
    out: &mut PathAttributes,
) {
    let route = Route {
        net,
        source: RouteSource::Bgp,
        protocol: "dn42_peer",
        from: None,
        preference: 100,
        attributes: attributes.view(),
        destination: rib::Destination::Unicast,
        next_hop: None,
        extra: rib::ExtraRef::default(),
    };
    assert_eq!(program.run(vm, filter, &route, &NoHost), Ok(Verdict::Accept));
    if vm.has_changes() {
        vm.apply(program, &route, out);
    }
}
