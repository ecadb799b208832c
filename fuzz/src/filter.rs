//! Targets of policy.

use std::sync::OnceLock;

use bgp_wire::{
    AsPathBuilder, AttributesRef, Community, Context, Origin, PathAttributes, SegmentKind, Update,
};
use bytes::Bytes;
use policy::{Limits, NoHost, Program, Vm};
use rib::{Route, RouteSource};

/// Source text of the filter language. What compiles is run for a few routes.
///
/// Errors can be shown; the same text gives the same program and the same verdicts.
pub fn policy_source(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let program = match policy::compile("fuzz", &text) {
        Ok(program) => program,
        Err(errors) => return drop(errors.to_string()),
    };
    let again = policy::compile("fuzz", &text).expect("it compiled before");
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::Sequence, [65001, 4_200_000_000]).segment(SegmentKind::Set, [7, 8]);
    let mut attributes = PathAttributes::default();
    attributes.origin(Origin::Igp).as_path(&path).med(50).communities([Community::new(65001, 1)]);
    let (mut vm, mut used) = (Vm::default(), Vm::default());
    for name in names(&text) {
        let Some(filter) = program.filter(name) else { continue };
        let same = again.filter(name).expect("the same filters");
        for net in ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "::/0"] {
            let route = Route {
                net: net.parse().expect("a prefix"),
                source: RouteSource::Bgp,
                protocol: "fuzz",
                from: None,
                preference: 100,
                destination: rib::Destination::Unicast,
                next_hop: None,
                extra: rib::ExtraRef::default(),
                attributes: attributes.view(),
            };
            let verdict = program.run(&mut vm, filter, &route, &NoHost);
            assert_eq!(verdict, again.run(&mut used, same, &route, &NoHost));
        }
    }
}

/// What stands behind each `filter`.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let separators = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    text.split("filter").skip(1).filter_map(move |rest| {
        rest.trim_start().split(separators).next().filter(|name| !name.is_empty())
    })
}

/// A program as bytes. What is read is in order, and runs to its end.
///
/// Written again it reads the same; a run leaves attributes in order.
pub fn program_bytes(data: &[u8]) {
    let program = match Program::from_bytes(data) {
        Ok(program) => program,
        Err(error) => return drop(error.to_string()),
    };
    assert_eq!(Program::from_bytes(&program.to_bytes()).as_ref(), Ok(&program));
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::Sequence, [65001, 4_200_000_000]).segment(SegmentKind::Set, [7, 8]);
    let mut attributes = PathAttributes::default();
    attributes.origin(Origin::Igp).as_path(&path).med(50).communities([Community::new(65001, 1)]);
    let mut vm = Vm::new(Limits { fuel: 5000, depth: 16, memory: 8192 });
    for filter in program.filters().take(4) {
        let _ = program.fingerprint(filter);
        for (net, attributes) in
            [("10.0.0.0/8", attributes.view()), ("2001:db8::/32", AttributesRef::default())]
        {
            let route = route(net, attributes);
            let _ = program.run(&mut vm, filter, &route, &NoHost);
            let mut out = PathAttributes::default();
            vm.apply(&program, &route, &mut out);
            let again = read_attributes(out.view().bytes()).expect("what is set can be read");
            assert_eq!(again, out, "attributes out of order");
            let _ = vm.changes(&program).count();
        }
    }
}

fn route<'a>(net: &str, attributes: AttributesRef<'a>) -> Route<'a> {
    Route {
        net: net.parse().expect("a prefix"),
        source: RouteSource::Bgp,
        protocol: "fuzz",
        from: None,
        preference: 100,
        destination: rib::Destination::Unicast,
        next_hop: None,
        extra: rib::ExtraRef::default(),
        attributes,
    }
}

/// Filters that change what they can of a route, each in its own way.
const CHANGES: &str = r"
function times(int n) { if n > 0 then { bgp_path.prepend(64500 + n); times(n - 1); } }
filter lists {
    bgp_community.add((65001, 1));
    bgp_community.delete([(0..100, *), (65001, 5)]);
    bgp_ext_community.add((rt, 65001, 1));
    bgp_ext_community.filter([(rt, 1, 1..70000)]);
    bgp_large_community = add(bgp_large_community, (1, 2, 3));
    bgp_cluster_list.add(1.2.3.4);
    accept;
}
filter paths {
    times(3);
    bgp_path.delete([1..100]);
    bgp_path = bgp_path.filter([100..4294967295]);
    if bgp_path ~ [= * (bgp_path.last) =] then bgp_path.prepend(bgp_path.first);
    accept;
}
filter numbers {
    bgp_med = bgp_path.len;
    bgp_local_pref = bgp_path.last_nonaggregated;
    bgp_originator_id = bgp_local_pref;
    bgp_otc = 65001;
    bgp_origin = ORIGIN_INCOMPLETE;
    bgp_next_hop = 192.0.2.1;
    bgp_atomic_aggr = true;
    accept;
}
filter octets {
    if defined(bgp_aggregator) then bgp_aigp = bgp_aggregator; else bgp_aggregator = bgp_aigp;
    accept;
}
filter gone {
    unset(bgp_med);
    unset(bgp_path);
    bgp_community = -empty-;
    unset(bgp_aggregator);
    bgp_atomic_aggr = false;
    accept;
}
filter each {
    clist kept = -empty-;
    for pair c in bgp_community do if c.data != 666 then kept.add(c);
    for int asn in bgp_path do kept.add((asn / 65536, asn - asn / 65536 * 65536));
    bgp_community = kept;
    for lc c in bgp_large_community do if c.asn = 0 then bgp_large_community.delete(c);
    print bgp_path, bgp_community, bgp_ext_community, bgp_large_community, bgp_aggregator;
    accept;
}
";

fn changes() -> &'static Program {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    PROGRAM.get_or_init(|| policy::compile("changes", CHANGES).expect("it compiles"))
}

/// Attributes as they come in an UPDATE, through filters that change them.
///
/// The changed attributes are in canonical form and read without a flaw; a filter that changes nothing says so.
pub fn policy_route(data: &[u8]) {
    let Some(received) = read_attributes(data) else { return };
    let program = changes();
    let mut vm = Vm::default();
    for filter in program.filters() {
        let route = route("10.0.0.0/8", received.view());
        if program.run(&mut vm, filter, &route, &NoHost).is_err() {
            continue;
        }
        let mut out = PathAttributes::default();
        vm.apply(program, &route, &mut out);
        if !vm.has_changes() {
            assert_eq!(out, received);
        }
        let again = read_attributes(out.view().bytes()).expect("what a filter makes can be read");
        assert_eq!(again, out, "filter {:?}", program.name(filter));
    }
}

/// The canonical form of the attributes of an UPDATE, where they have no flaw.
fn read_attributes(attributes: &[u8]) -> Option<PathAttributes> {
    let length = u16::try_from(attributes.len()).ok()?;
    let mut body = vec![0, 0];
    body.extend(length.to_be_bytes());
    body.extend(attributes);
    let context = Context { four_octet_as: true, ..Context::default() };
    let update = Update::decode(Bytes::from(body), &context);
    if !update.flaws().is_empty() {
        return None;
    }
    let mut canonical = Vec::new();
    Some(PathAttributes::from_view(update.canonical_attributes(&mut canonical)))
}
