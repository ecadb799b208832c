//! AS-external-LSAs, NSSA-LSAs and their translation.

use core::net::IpAddr;

use super::*;
use crate::lsa::{ExternalMetricType, PrefixOptions};

const TO: &str = "2001:db8:e::/48";
const AS: ScopeId = ScopeId::As;
const NSSA: ScopeId = ScopeId::Area(AREA_1);

fn lsa(text: &str, metric: Metric) -> ExternalLsa {
    ExternalLsa {
        metric_type: metric.metric_type,
        metric: metric.cost,
        prefix: prefix(text),
        forwarding_address: None,
        tag: None,
        referenced: None,
    }
}

/// One of an NSSA that may be translated.
fn nssa_lsa(text: &str, metric: Metric, forwarding: &str) -> ExternalLsa {
    let prefix = prefix(text).with(PrefixOptions::P);
    ExternalLsa { prefix, forwarding_address: forwarding.parse().ok(), ..lsa(text, metric) }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

impl World {
    fn as_externals(&self) -> Vec<ExternalLsa> {
        let told = self.told(AS, LsType::AS_EXTERNAL).into_iter();
        let body = |(_, body)| match body {
            LsaBody::AsExternal(lsa) => lsa,
            other => panic!("{other:?}"),
        };
        told.map(body).collect()
    }

    fn nssa_lsas(&self) -> Vec<ExternalLsa> {
        let told = self.told(NSSA, LsType::NSSA).into_iter();
        let body = |(_, body)| match body {
            LsaBody::Nssa(lsa) => lsa,
            other => panic!("{other:?}"),
        };
        told.map(body).collect()
    }

    /// An NSSA-LSA of another router, installed with a route of this cost.
    fn installed(&mut self, router: u32, lsa: ExternalLsa, cost: u32) {
        let net = prefix::decode(AddressFamily::Ipv6Unicast, &lsa.prefix).expect("a prefix");
        let kind = match lsa.metric_type {
            ExternalMetricType::Type1 => RouteKind::ExternalType1,
            ExternalMetricType::Type2 => RouteKind::ExternalType2,
        };
        self.table.add(&alloc::format!("{net}"), kind, AREA_1, cost, 101);
        let lsas = self.table.externals.entry((Some(AREA_1), net)).or_default();
        lsas.push((RouterId(router), lsa));
    }
}

/// RFC 5340 §4.4.3.6, RFC 2328 §12.4.4
#[test]
fn as_external_lsas() {
    let mut world = World::attached(&[AreaId::BACKBONE, AREA_2]);
    world.area(AREA_2).kind = AreaKind::Stub(Stub::default());
    world.external(TO, Metric::type1(20));
    let mut told = lsa(TO, Metric::type1(20));
    assert_eq!(world.as_externals(), [told]);
    let external = world.external(TO, Metric::type2(30));
    external.tag = Some(77);
    external.forwarding_address = Some(address("2001:db8::9"));
    told = lsa(TO, Metric::type2(30));
    told.tag = Some(77);
    told.forwarding_address = "2001:db8::9".parse().ok();
    assert_eq!(world.as_externals(), [told]);
    // Link-local addresses, and those of another family or of nothing, are never told.
    for text in ["fe80::1", "::", "192.0.2.1"] {
        world.external(TO, Metric::type2(30)).forwarding_address = Some(address(text));
        assert_eq!(world.as_externals(), [lsa(TO, Metric::type2(30))]);
    }
    world.external("fe80::/64", Metric::type2(30));
    world.external("192.0.2.0/24", Metric::type2(30));
    assert_eq!(world.as_externals().len(), 1);
}

/// RFC 5838 §2.6
#[test]
fn as_external_lsas_of_ipv4() {
    let mut world = World::attached(&[AreaId::BACKBONE]);
    world.router.family = AddressFamily::Ipv4Unicast;
    world.external("198.51.100.0/24", Metric::type2(1)).forwarding_address =
        Some(address("192.0.2.9"));
    let mut told = lsa("198.51.100.0/24", Metric::type2(1));
    told.forwarding_address = "c000:209::".parse().ok();
    assert_eq!(world.as_externals(), [told]);
}

/// Several routes to one prefix have an LSA each.
#[test]
fn several_routes_to_one_prefix() {
    let mut world = World::attached(&[AreaId::BACKBONE]);
    let first = *world.external(TO, Metric::type1(20));
    let second = External { metric: Metric::type2(5), ..first };
    world.externals.insert(ExternalKey { prefix: net(TO), path: 9 }, second);
    let told = world.told(AS, LsType::AS_EXTERNAL);
    assert_eq!(
        told,
        [
            (1, LsaBody::AsExternal(lsa(TO, Metric::type1(20)))),
            (2, LsaBody::AsExternal(lsa(TO, Metric::type2(5)))),
        ]
    );
}

/// A router in stub areas and NSSAs only has nowhere to flood them to.
#[test]
fn no_area_takes_them() {
    let mut world = World::attached(&[AREA_1, AREA_2]);
    world.nssa(AREA_1);
    world.area(AREA_2).kind = AreaKind::Stub(Stub::default());
    world.external(TO, Metric::type1(20));
    assert_eq!(world.as_externals(), []);
}

/// RFC 2328 §12.4.4.1: of functionally equivalent ones that of the highest Router ID stays
#[test]
fn equivalent_as_external_lsas() {
    let mut world = World::attached(&[AreaId::BACKBONE]);
    world.external(TO, Metric::type2(7)).forwarding_address = Some(address("2001:db8::9"));
    let [own] = world.as_externals()[..] else { panic!("one LSA") };
    let mut told = |router: u32, other: ExternalLsa| {
        world.table.externals =
            BTreeMap::from([((None, net(TO)), vec![(RouterId(router), other)])]);
        world.as_externals().len()
    };
    assert_eq!(told(9, own), 0);
    assert_eq!(told(4, own), 1);
    assert_eq!(told(9, ExternalLsa { metric: 8, ..own }), 1);
    assert_eq!(told(9, ExternalLsa { metric_type: ExternalMetricType::Type1, ..own }), 1);
    assert_eq!(told(9, ExternalLsa { forwarding_address: None, ..own }), 1);
    let elsewhere = "2001:db8::8".parse().ok();
    assert_eq!(told(9, ExternalLsa { forwarding_address: elsewhere, ..own }), 1);
    assert_eq!(told(9, ExternalLsa { tag: Some(1), ..own }), 0);
}

/// A router within an NSSA, with a loopback, a stub link and a transit link there.
fn within_nssa() -> World {
    let mut world = World::new(&[AREA_1]);
    world.nssa(AREA_1);
    world.interface(1, AREA_1, Attachment::PointToPoint, &["2001:db8:1::5/64"], &[7]);
    world.interface(2, AREA_1, Attachment::Passive, &["2001:db8:2::5/64"], &[]);
    world.interface(3, AREA_1, Attachment::Loopback, &["2001:db8:3::5/128"], &[]);
    world
}

/// RFC 3101 §2.3, §2.4: the P-bit needs a forwarding address: of a loopback first, then of a stub network
#[test]
fn forwarding_addresses_of_nssa_lsas() {
    let mut world = within_nssa();
    world.external(TO, Metric::type2(7));
    let told = |world: &World| world.nssa_lsas();
    assert_eq!(told(&world), [nssa_lsa(TO, Metric::type2(7), "2001:db8:3::5")]);
    world.interfaces.remove(&InterfaceId(3));
    assert_eq!(told(&world), [nssa_lsa(TO, Metric::type2(7), "2001:db8:2::5")]);
    world.interface(2, AREA_1, Attachment::Down, &["2001:db8:2::5/64"], &[]);
    assert_eq!(told(&world), [nssa_lsa(TO, Metric::type2(7), "2001:db8:1::5")]);
    // The route's own, if it is of a network of the NSSA.
    world.external(TO, Metric::type2(7)).forwarding_address = Some(address("2001:db8:1::99"));
    assert_eq!(told(&world), [nssa_lsa(TO, Metric::type2(7), "2001:db8:1::99")]);
    world.external(TO, Metric::type2(7)).forwarding_address = Some(address("2001:db8:9::99"));
    assert_eq!(told(&world), [nssa_lsa(TO, Metric::type2(7), "2001:db8:1::5")]);
    // Without any it is not told.
    world.interface(1, AREA_1, Attachment::PointToPoint, &["fe80::5/64"], &[7]);
    assert_eq!(told(&world), []);
    // One that shall not leave the NSSA needs none.
    world.external(TO, Metric::type2(7)).propagate = false;
    assert_eq!(told(&world), [lsa(TO, Metric::type2(7))]);
    assert_eq!(world.as_externals(), []);
}

/// RFC 3101 §2.4: the P-bit is clear where an AS-external-LSA tells it too
#[test]
fn nssa_lsas_of_a_border_router() {
    let mut world = World::attached(&[AreaId::BACKBONE, AREA_1]);
    world.nssa(AREA_1).default_metric = None;
    world.external(TO, Metric::type2(7));
    assert_eq!(world.nssa_lsas(), [lsa(TO, Metric::type2(7))]);
    assert_eq!(world.as_externals(), [lsa(TO, Metric::type2(7))]);
    world.nssa(AREA_1).import_externals = false;
    assert_eq!(world.nssa_lsas(), []);
    assert_eq!(world.as_externals(), [lsa(TO, Metric::type2(7))]);
}

/// RFC 3101 §2.4: of functionally equivalent ones that with the P-bit stays, then that of the highest Router ID
#[test]
fn equivalent_nssa_lsas() {
    let mut world = within_nssa();
    world.external(TO, Metric::type2(7)).forwarding_address = Some(address("2001:db8:1::99"));
    let own = nssa_lsa(TO, Metric::type2(7), "2001:db8:1::99");
    assert_eq!(world.nssa_lsas(), [own]);
    let clear = ExternalLsa { prefix: prefix(TO), ..own };
    for (router, other, told) in [(9, own, 0), (4, own, 1), (9, clear, 1)] {
        let key = (Some(AREA_1), net(TO));
        world.table.externals = BTreeMap::from([(key, vec![(RouterId(router), other)])]);
        assert_eq!(world.nssa_lsas().len(), told);
    }
    world.external(TO, Metric::type2(7)).propagate = false;
    world.external(TO, Metric::type2(7)).forwarding_address = Some(address("2001:db8:1::99"));
    world.externals.values_mut().for_each(|external| external.propagate = false);
    let key = (Some(AREA_1), net(TO));
    world.table.externals = BTreeMap::from([(key, vec![(RouterId(4), own)])]);
    assert_eq!(world.nssa_lsas(), []);
}

/// RFC 3101 §2.4, §2.7: the default route of a border router
#[test]
fn default_routes_of_an_nssa() {
    let mut world = World::attached(&[AreaId::BACKBONE, AREA_1]);
    world.nssa(AREA_1).default_metric = Some(Metric::type1(4));
    assert_eq!(world.nssa_lsas(), [lsa("::/0", Metric::type1(4))]);
    // Its own external route to there comes first.
    world.external("::/0", Metric::type2(9));
    assert_eq!(world.nssa_lsas(), [lsa("::/0", Metric::type2(9))]);
    world.externals.clear();
    world.nssa(AREA_1).import_summaries = false;
    assert_eq!(world.nssa_lsas(), []);
    world.nssa(AREA_1).import_summaries = true;
    world.nssa(AREA_1).default_metric = None;
    assert_eq!(world.nssa_lsas(), []);
    // No border router.
    let mut world = within_nssa();
    assert_eq!(world.nssa_lsas(), []);
    // But a boundary router may tell one that leaves the NSSA.
    world.external("::/0", Metric::type2(9));
    assert_eq!(world.nssa_lsas(), [nssa_lsa("::/0", Metric::type2(9), "2001:db8:3::5")]);
}

/// A border router of an NSSA that translates.
fn translator() -> World {
    let mut world = World::attached(&[AreaId::BACKBONE, AREA_1]);
    world.nssa(AREA_1).translates = Translates::Yes;
    world
}

const FORWARD: &str = "2001:db8:1::7";

/// RFC 3101 §3.2 (1), (2)
#[test]
fn one_to_one() {
    let mut world = translator();
    let mut installed = nssa_lsa(TO, Metric::type2(7), FORWARD);
    installed.tag = Some(3);
    world.installed(7, installed, 15);
    let translated = ExternalLsa { prefix: prefix(TO), ..installed };
    assert_eq!(world.as_externals(), [translated]);
    for translates in [Translates::No, Translates::NoMore] {
        world.nssa(AREA_1).translates = translates;
        assert_eq!(world.as_externals(), []);
    }
    // The P-bit clear, no forwarding address, or not installed.
    let flawed = [
        ExternalLsa { prefix: prefix(TO), ..installed },
        ExternalLsa { forwarding_address: None, ..installed },
        ExternalLsa { forwarding_address: "::".parse().ok(), ..installed },
    ];
    for flawed in flawed {
        let mut world = translator();
        world.installed(7, flawed, 15);
        assert_eq!(world.as_externals(), []);
    }
    let mut world = translator();
    world.installed(7, installed, 15);
    world.table.add(TO, RouteKind::IntraArea, AreaId::BACKBONE, 1, 100);
    assert_eq!(world.as_externals(), []);
    // No border router.
    let mut world = within_nssa();
    world.nssa(AREA_1).translates = Translates::Yes;
    world.installed(7, installed, 15);
    assert_eq!(world.as_externals(), []);
}

/// RFC 3101 §3.2 (2): one AS-external-LSA for each network
#[test]
fn several_nssa_lsas_for_one_prefix() {
    let mut world = translator();
    world.installed(7, nssa_lsa(TO, Metric::type2(7), FORWARD), 15);
    world.installed(8, nssa_lsa(TO, Metric::type2(7), "2001:db8:1::8"), 15);
    let mut translated = nssa_lsa(TO, Metric::type2(7), "2001:db8:1::8");
    translated.prefix = prefix(TO);
    assert_eq!(world.as_externals(), [translated]);
}

/// RFC 3101 §3.2 (2): of equivalent translations that of the highest Router ID stays
#[test]
fn another_translates_too() {
    let mut world = translator();
    world.installed(7, nssa_lsa(TO, Metric::type2(7), FORWARD), 15);
    let [own] = world.as_externals()[..] else { panic!("one LSA") };
    for (router, told) in [(9, 0), (4, 1)] {
        let key = (None, net(TO));
        world.table.externals.insert(key, vec![(RouterId(router), own)]);
        assert_eq!(world.as_externals().len(), told);
    }
}

/// RFC 3101 §3.2: a translation and a route of this router's own: the better
#[test]
fn a_translation_and_an_own_route() {
    let cases = [
        // What the NSSA tells, the cost of the route, this router's own; whether the translation is told.
        (Metric::type2(7), 15, Metric::type2(8), true),
        (Metric::type2(7), 15, Metric::type2(7), false),
        (Metric::type1(90), 105, Metric::type2(1), true),
        (Metric::type2(1), 15, Metric::type1(90), false),
        // The way to the forwarding address counts.
        (Metric::type1(10), 25, Metric::type1(24), false),
        (Metric::type1(10), 25, Metric::type1(26), true),
    ];
    for (metric, cost, own, wins) in cases {
        let mut world = translator();
        world.installed(7, nssa_lsa(TO, metric, FORWARD), cost);
        world.external(TO, own);
        let told = if wins {
            ExternalLsa { prefix: prefix(TO), ..nssa_lsa(TO, metric, FORWARD) }
        } else {
            lsa(TO, own)
        };
        assert_eq!(world.as_externals(), [told], "{metric:?} {own:?}");
    }
}

/// RFC 3101 §3.2 (3), with its examples
#[test]
fn ranges_of_an_nssa() {
    let range = "2001:db8:e::/40";
    let components = |metrics: [Metric; 3]| {
        let mut world = translator();
        let nssa_range = NssaRange { advertise: true, tag: Some(12) };
        world.nssa(AREA_1).ranges.insert(net(range).trunc(), nssa_range);
        for (number, metric) in (1..).zip(metrics) {
            let to = alloc::format!("2001:db8:{number}::/48");
            // As if the forwarding address was on a link of cost 0.
            world.installed(7, nssa_lsa(&to, metric, FORWARD), metric.cost);
        }
        world
    };
    let told = |metric| ExternalLsa { tag: Some(12), ..lsa(range, metric) };
    let world = components([Metric::type1(10), Metric::type1(11), Metric::type2(5)]);
    assert_eq!(world.as_externals(), [told(Metric::type2(6))]);
    let mut world = components([Metric::type1(10), Metric::type1(11), Metric::type1(5)]);
    assert_eq!(world.as_externals(), [told(Metric::type1(11))]);

    // An own route for the same prefix counts, and is not told beside.
    world.external(range, Metric::type1(30));
    let key = ExternalKey { prefix: net(range).trunc(), path: 0 };
    let own = world.externals.pop_first().expect("just put in").1;
    world.externals.insert(key, own);
    assert_eq!(world.as_externals(), [told(Metric::type1(30))]);
    world.externals.clear();

    // A longer range within it.
    let hidden = NssaRange { advertise: false, tag: None };
    world.nssa(AREA_1).ranges.insert(net("2001:db8:2::/47"), hidden);
    assert_eq!(world.as_externals(), [told(Metric::type1(10))]);
    // RFC 3101 §3.3: ranges go when the router no longer translates.
    world.nssa(AREA_1).translates = Translates::NoMore;
    assert_eq!(world.as_externals(), []);
    // DoNotAdvertise
    world.nssa(AREA_1).translates = Translates::Yes;
    world.nssa(AREA_1).ranges.insert(net(range).trunc(), hidden);
    assert_eq!(world.as_externals(), []);
}

/// RFC 3101 §3.2 (3): a range for the very prefix is as if it was not there, if nothing else is in it
#[test]
fn a_range_of_one_prefix() {
    let mut world = translator();
    world.installed(7, nssa_lsa(TO, Metric::type2(7), FORWARD), 15);
    world.nssa(AREA_1).ranges.insert(net(TO), NssaRange { advertise: true, tag: Some(1) });
    let alone = ExternalLsa { prefix: prefix(TO), ..nssa_lsa(TO, Metric::type2(7), FORWARD) };
    assert_eq!(world.as_externals(), [alone]);
    world.installed(7, nssa_lsa("2001:db8:e:1::/64", Metric::type2(3), FORWARD), 15);
    assert_eq!(world.as_externals(), [ExternalLsa { tag: Some(1), ..lsa(TO, Metric::type2(8)) }]);
}

/// RFC 3101 §3.3: what was translated one to one stays while its NSSA-LSA does
#[test]
fn one_that_translates_no_more() {
    let mut world = translator();
    world.installed(7, nssa_lsa(TO, Metric::type2(7), FORWARD), 15);
    let mut originator = Originator::new();
    let mut told = |world: &World| {
        let wanted = originator.update(&world.description(), [Part::All]).into_iter();
        let externals = wanted.filter(|wanted| wanted.scope == AS && wanted.body.is_some());
        externals.count()
    };
    assert_eq!(told(&world), 1);
    world.nssa(AREA_1).translates = Translates::NoMore;
    assert_eq!(told(&world), 1);
    world.installed(7, nssa_lsa("2001:db8:f::/48", Metric::type2(7), FORWARD), 15);
    assert_eq!(told(&world), 1);
    // The new translator tells of it: in other words even.
    let theirs = nssa_lsa(TO, Metric::type2(9), "2001:db8:1::8");
    world.table.externals.insert((None, net(TO)), vec![(RouterId(4), theirs)]);
    assert_eq!(told(&world), 0);
    world.table.externals.remove(&(None, net(TO)));
    world.nssa(AREA_1).translates = Translates::Yes;
    assert_eq!(told(&world), 2);
    world.nssa(AREA_1).translates = Translates::NoMore;
    assert_eq!(told(&world), 2);
    world.table.routes.remove(&net("2001:db8:f::/48"));
    world.table.routes.remove(&net(TO));
    assert_eq!(told(&world), 0);
    world.installed(7, nssa_lsa(TO, Metric::type2(7), FORWARD), 15);
    assert_eq!(told(&world), 0);
}
