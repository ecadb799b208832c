//! What filters set in attributes: nothing that a neighbour would refuse, and what a host is told of the others.

use std::net::{IpAddr, Ipv4Addr};

use bgp_wire::{AttributeCode, Context, PathAttributes, Update};
use policy::attribute::Attribute;
use policy::{Change, Extra, Host, NoHost, Program, TrapKind, Verdict, Vm, compile};
use proptest::prelude::*;
use rib::{AttributesRef, Route, RouteSource};

fn route(attributes: AttributesRef<'_>) -> Route<'_> {
    Route {
        net: "2001:db8::/32".parse().expect("a prefix"),
        source: RouteSource::Bgp,
        protocol: "up1",
        from: None,
        preference: 100,
        destination: rib::Destination::Unicast,
        next_hop: None,
        extra: rib::ExtraRef::default(),
        attributes,
    }
}

fn program(statements: &str) -> Program {
    let text = format!("filter f {{ {statements} accept; }}");
    compile("attributes", &text).unwrap_or_else(|errors| panic!("{text}: {errors}"))
}

fn run(vm: &mut Vm, program: &Program, host: &dyn Host) -> Result<Verdict, TrapKind> {
    let filter = program.filter("f").expect("the filter");
    let route = route(AttributesRef::default());
    program.run(vm, filter, &route, host).map_err(|trap| trap.kind)
}

/// RFC 4271 §4.3, RFC 7606 §7.7, RFC 7607 §2, RFC 7311 §3: whether octets are an AGGREGATOR or an AIGP attribute.
fn fits(attribute: &str, octets: &[u8]) -> bool {
    if attribute == "bgp_aggregator" {
        return octets.len() == 8 && octets[..4] != [0; 4];
    }
    let mut rest = octets;
    let mut first_metric = None;
    while !rest.is_empty() {
        let [kind, high, low, ..] = *rest else { return false };
        let length = usize::from(high) << 8 | usize::from(low);
        if length < 3 || length > rest.len() || kind == 1 && length != 11 {
            return false;
        }
        if kind == 1 && first_metric.is_none() {
            first_metric = Some(rest[3..11].to_vec());
        }
        rest = &rest[length..];
    }
    !octets.is_empty() && first_metric.as_deref() != Some(&[0xff; 8])
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![Just(0), Just(1), Just(3), Just(11), Just(255), any::<u8>()];
    let metric = prop::collection::vec(prop_oneof![Just(255u8), any::<u8>()], 8);
    prop_oneof![
        prop::collection::vec(octet, 0..24),
        prop::collection::vec(any::<u8>(), 8),
        metric.prop_map(|metric| [&[1, 0, 11][..], &metric].concat()),
        prop::collection::vec(any::<u8>(), 0..6).prop_map(|value| [
            &[2, 0, value.len() as u8 + 3][..],
            &value
        ]
        .concat()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn octets_of_a_wrong_form_are_not_set(
        attribute in prop::sample::select(vec!["bgp_aggregator", "bgp_aigp"]),
        octets in octets(),
    ) {
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        let program = program(&format!("{attribute} = from_hex(\"{hex}\");"));
        let mut vm = Vm::default();
        let fine = fits(attribute, &octets);
        let expected = if fine { Ok(Verdict::Accept) } else { Err(TrapKind::Malformed) };
        prop_assert_eq!(run(&mut vm, &program, &NoHost), expected);
        let mut out = PathAttributes::default();
        vm.apply(&program, &route(AttributesRef::default()), &mut out);
        prop_assert_eq!(out.view().bytes().is_empty(), !fine);
        let mut body = vec![0, 0];
        body.extend((out.view().bytes().len() as u16).to_be_bytes());
        body.extend(out.view().bytes());
        let context = Context { four_octet_as: true, ..Context::default() };
        prop_assert!(Update::decode(body.into(), &context).flaws().is_empty());
    }
}

#[test]
fn values_that_no_neighbour_takes_are_not_set() {
    for statement in [
        "bgp_path.prepend(0);",
        "bgp_path = prepend(+empty+, 0);",
        "bgp_path.prepend(1); bgp_path.prepend(0); bgp_path.prepend(2);",
        "bgp_next_hop = 0.0.0.0;",
        "bgp_next_hop = 127.0.0.1;",
        "bgp_next_hop = ::ffff:127.0.0.1;",
        "bgp_next_hop = 224.0.0.1;",
        "bgp_next_hop = ::1;",
        "bgp_next_hop = ::;",
        "bgp_next_hop = ff02::1;",
    ] {
        let result = run(&mut Vm::default(), &program(statement), &NoHost);
        assert_eq!(result, Err(TrapKind::Malformed), "{statement}");
    }
    // In a variable it does no harm.
    let fine = program("bgppath p = prepend(+empty+, 0); if p.len != 1 then reject;");
    assert_eq!(run(&mut Vm::default(), &fine, &NoHost), Ok(Verdict::Accept));
    assert_eq!(Program::from_bytes(&fine.to_bytes()).as_ref(), Ok(&fine));
}

#[test]
fn next_hops_come_out_of_a_run() {
    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    for (statement, expected) in [
        ("", Change::Kept),
        ("bgp_next_hop = bgp_next_hop;", Change::Set(address("192.0.2.1"))),
        ("bgp_next_hop = 198.51.100.1;", Change::Set(address("198.51.100.1"))),
        ("bgp_next_hop = ::ffff:198.51.100.1;", Change::Set(address("198.51.100.1"))),
        ("bgp_next_hop = 2001:db8::1;", Change::Set(address("2001:db8::1"))),
        ("bgp_next_hop = fe80::1;", Change::Set(address("fe80::1"))),
        ("bgp_next_hop = 2001:db8::1; unset(bgp_next_hop);", Change::Removed),
        ("gw = 2001:db8::1;", Change::Kept),
    ] {
        let program = program(statement);
        let mut vm = Vm::default();
        assert_eq!(run(&mut vm, &program, &Machine), Ok(Verdict::Accept), "{statement}");
        assert_eq!(vm.next_hop(), expected, "{statement}");
        let mut out = PathAttributes::default();
        vm.apply(&program, &route(AttributesRef::default()), &mut out);
        assert_eq!(out.view().value(AttributeCode::NEXT_HOP), None);
    }
}

/// A host that knows what a route has beyond its path attributes.
struct Machine;

impl Host for Machine {
    fn attribute(&self, attribute: Attribute) -> Option<Extra<'_>> {
        Some(match attribute {
            Attribute::NextHop | Attribute::Gateway => {
                Extra::Ip(Ipv4Addr::new(192, 0, 2, 1).into())
            }
            Attribute::InterfaceName => Extra::Text("eth0"),
            Attribute::IgpMetric => Extra::Int(20),
            Attribute::BabelRouterId => Extra::Bytes(&[1, 2, 3, 4, 5, 6, 7, 8]),
            _ => return None,
        })
    }
}

#[test]
fn other_attributes_come_out_of_a_run() {
    let program = program(
        "if gw != 192.0.2.1 || ifname != \"eth0\" || igp_metric != 20 then reject;
         preference = 50; bgp_med = 7; gw = ::ffff:192.0.2.9; ifname = proto; onlink = true;
         dest = RTD_BLACKHOLE; ospf_router_id = 1.2.3.4; babel_router_id = babel_router_id;
         krt_mtu = 9000; unset(krt_mtu); preference = 60; bgp_next_hop = 2001:db8::1;
         krt_congctl = \"cubic\";",
    );
    let mut vm = Vm::default();
    assert_eq!(run(&mut vm, &program, &Machine), Ok(Verdict::Accept));
    let expected = [
        (Attribute::Gateway, Some(Extra::Ip(Ipv4Addr::new(192, 0, 2, 9).into()))),
        (Attribute::InterfaceName, Some(Extra::Text("up1"))),
        (Attribute::Onlink, Some(Extra::Bool(true))),
        (Attribute::Destination, Some(Extra::Enum(2))),
        (Attribute::OspfRouterId, Some(Extra::Quad(0x0102_0304))),
        (Attribute::BabelRouterId, Some(Extra::Bytes(&[1, 2, 3, 4, 5, 6, 7, 8]))),
        (Attribute::KernelMtu, None),
        (Attribute::Preference, Some(Extra::Int(60))),
        (Attribute::NextHop, Some(Extra::Ip("2001:db8::1".parse().expect("an address")))),
        (Attribute::KernelCongctl, Some(Extra::Text("cubic"))),
    ];
    assert_eq!(vm.changes(&program).collect::<Vec<_>>(), expected);
}
