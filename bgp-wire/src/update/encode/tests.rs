#![allow(clippy::indexing_slicing)]

use alloc::string::ToString;
use alloc::vec;
use core::net::{Ipv4Addr, Ipv6Addr};

use bytes::Bytes;
use ipnet::{Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use super::*;
use crate::iana::Safi;
use crate::update::Update;
use crate::{
    Aggregator, Community, ExtendedCommunity, LargeCommunity, Message, Origin, split_frame,
};
use crate::{
    Destination, EvpnRoute, FlowComponentType, FlowOperator, FlowSpecBuilder, LabelStack,
    RouteDistinguisher, RouteTargetMembership, encode_prefix,
};

const V4: NextHop = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));
const V6: NextHop = NextHop::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), None);

fn attributes() -> PathAttributes {
    let mut attributes = PathAttributes::default();
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::Sequence, [64512, 200_000, 7]);
    attributes.origin(Origin::Igp).as_path(&path).med(50).local_pref(100);
    attributes.communities([Community::new(64512, 1)]);
    attributes
}

/// The messages in `out`, each within the limit of the context.
fn updates(mut out: BytesMut, context: &Context) -> Vec<Update> {
    let mut list = Vec::new();
    while let Some(frame) = split_frame(&mut out, context).expect("within the limit") {
        match Message::decode(&frame, context) {
            Ok(Message::Update(update)) => list.push(update),
            other => panic!("{other:?}"),
        }
    }
    assert!(out.is_empty());
    list
}

fn announce(
    context: &Context,
    attributes: &PathAttributes,
    family: Family,
    next_hop: &NextHop,
    prefixes: &[IpNet],
) -> Result<Vec<Update>, RoutesLeftOut> {
    let mut out = BytesMut::new();
    let mut writer = UpdateWriter::new(&mut out, context);
    let result = writer.announce(attributes.view(), family, next_hop, prefixes.iter().copied());
    let messages = writer.messages();
    let list = updates(out, context);
    assert_eq!(usize::try_from(messages), Ok(list.len()));
    result.map(|()| list)
}

fn v4(count: u32) -> Vec<IpNet> {
    let nets = (0..count).map(|i| Ipv4Net::new(Ipv4Addr::from(0x0a00_0000 + (i << 8)), 24));
    nets.flatten().map(IpNet::V4).collect()
}

fn v6(count: u128) -> Vec<IpNet> {
    let nets = (0..count).map(|i| Ipv6Net::new(Ipv6Addr::from(0x2001 << 112 | i), 128));
    nets.flatten().map(IpNet::V6).collect()
}

fn prefixes(list: &[Update]) -> Vec<IpNet> {
    let reach =
        list.iter().flat_map(|update| update.reach().flat_map(|reach| reach.nlri.prefixes()));
    reach.collect()
}

/// `length` octets of attributes in all, mandatory ones among them
fn attributes_of(length: usize) -> PathAttributes {
    let mut attributes = PathAttributes::default();
    attributes.origin(Origin::Igp).as_path(&AsPathBuilder::default());
    let filler = vec![7; length - attributes.view().bytes().len() - 4];
    attributes.set(OPTIONAL | TRANSITIVE | 0x20, AttributeCode(99), &filler);
    assert_eq!(attributes.view().bytes().len(), length);
    attributes
}

#[test]
fn ipv4_with_an_ipv4_next_hop_uses_the_classic_fields() {
    let context = Context { four_octet_as: true, ..Context::default() };
    let mut attributes = PathAttributes::default();
    attributes.origin(Origin::Igp).as_path(&AsPathBuilder::default()).med(1);
    let mut out = BytesMut::new();
    let mut writer = UpdateWriter::new(&mut out, &context);
    let nets = ["10.0.0.0/8".parse::<IpNet>().expect("a prefix")];
    writer.announce(attributes.view(), Family::IPV4_UNICAST, &V4, nets).expect("room");
    let expected = [
        0, 46, 2, 0, 0, 0, 21, 0x40, 1, 1, 0, 0x40, 2, 0, // header, lengths, ORIGIN, AS_PATH
        0x40, 3, 4, 192, 0, 2, 1, 0x80, 4, 4, 0, 0, 0, 1, // NEXT_HOP in its place, then MED
        8, 10,
    ];
    assert_eq!(out.get(16..), Some(&expected[..]));
}

/// RFC 7606 §5.1
#[test]
fn mp_reach_comes_first() {
    for (family, next_hop, nets) in
        [(Family::IPV6_UNICAST, V6, v6(1)), (Family::IPV4_UNICAST, V6, v4(1))]
    {
        let list = announce(&Context::default(), &attributes(), family, &next_hop, &nets);
        let list = list.expect("room");
        let [update] = &list[..] else { panic!("{list:?}") };
        assert_eq!(
            update.body().get(..6),
            Some(&[0, 0, update.body()[2], update.body()[3], 0x90, 14][..])
        );
        assert_eq!(update.next_hop(), None);
        let reach = update.mp_reach().expect("there");
        assert_eq!((reach.nlri.family, reach.next_hop), (family, Some(next_hop)));
        assert_eq!(prefixes(&list), nets);
    }
}

/// RFC 4798 §2
#[test]
fn an_ipv4_next_hop_of_ipv6_routes_is_mapped() {
    let list = announce(&Context::default(), &attributes(), Family::IPV6_UNICAST, &V4, &v6(2))
        .expect("room");
    let next_hop = list
        .iter()
        .flat_map(Update::reach)
        .filter_map(|reach| reach.next_hop)
        .next()
        .map(|hop| hop.to_string());
    assert_eq!(next_hop.as_deref(), Some("::ffff:192.0.2.1"));
    assert_eq!(prefixes(&list), v6(2));
}

/// A message that is full has no room for the default route either, which is one octet only.
#[test]
fn the_default_route_does_not_overfill_a_message() {
    let context = Context { four_octet_as: true, ..Context::default() };
    let default = ["0.0.0.0/0".parse::<IpNet>().expect("a prefix")];
    for length in 1000..1005 {
        let nets = [v4(900), default.repeat(9)].concat();
        let list = announce(&context, &attributes_of(length), Family::IPV4_UNICAST, &V4, &nets);
        assert_eq!(prefixes(&list.expect("room")), nets);
    }
}

#[test]
fn prefixes_of_another_family_are_left_out() {
    let context = Context::default();
    let mixed = [v4(1), v6(1), v4(2)].concat();
    let list = announce(&context, &attributes(), Family::IPV4_UNICAST, &V4, &mixed).expect("room");
    assert_eq!(prefixes(&list), [v4(1), v4(2)].concat());
    assert_eq!(announce(&context, &attributes(), Family::IPV4_UNICAST, &V4, &v6(9)), Ok(vec![]));
    let mut out = BytesMut::new();
    UpdateWriter::new(&mut out, &context).withdraw(Family::IPV6_UNICAST, v4(3));
    assert!(out.is_empty());
}

#[test]
fn host_bits_are_not_sent() {
    let net = "10.255.255.255/9".parse::<IpNet>().expect("a prefix");
    let mut out = BytesMut::new();
    encode_prefix(&net, &mut out);
    assert_eq!(out[..], [9, 10, 128]);
}

/// Messages are filled to the last octet that is of use.
#[test]
fn packing_is_dense_and_within_the_limit() {
    for extended_message in [false, true] {
        let context = Context { four_octet_as: true, extended_message, ..Context::default() };
        let most = context.max_length();
        let used = 23 + attributes().view().bytes().len() + 7;
        let nets = v4(40_000);
        let list =
            announce(&context, &attributes(), Family::IPV4_UNICAST, &V4, &nets).expect("room");
        assert_eq!(prefixes(&list), nets);
        assert_eq!(list.len(), nets.len().div_ceil((most - used) / 4));
        let full = list.iter().take(list.len() - 1);
        assert!(full.clone().all(|update| update.body().len() + 19 + 4 > most));
    }
}

#[test]
fn attributes_too_long() {
    for extended_message in [false, true] {
        for (family, next_hop, extra, longest, nets) in [
            (Family::IPV4_UNICAST, V4, 7, 5, vec!["192.0.2.1/32".parse().expect("a prefix")]),
            (Family::IPV4_UNICAST, V6, 25, 5, vec!["192.0.2.1/32".parse().expect("a prefix")]),
            (Family::IPV6_UNICAST, V6, 25, 17, v6(1)),
        ] {
            for add_path in [0, 4] {
                let families = if add_path == 4 { vec![family] } else { vec![] };
                let context = Context {
                    four_octet_as: true,
                    extended_message,
                    add_path: families.into_iter().collect(),
                    ..Context::default()
                };
                let room = context.max_length() - 23 - extra - longest - add_path;
                let two = [&nets[..], &nets].concat();
                let list = announce(&context, &attributes_of(room), family, &next_hop, &two);
                let list = list.expect("just room");
                assert_eq!((list.len(), prefixes(&list)), (2, two.clone()));
                let mut out = BytesMut::from(&[1, 2, 3][..]);
                let long = attributes_of(room + 1);
                let result = UpdateWriter::new(&mut out, &context).announce(
                    long.view(),
                    family,
                    &next_hop,
                    two,
                );
                assert_eq!(result, Err(RoutesLeftOut { routes: 2, attributes: room + 1 }));
                assert_eq!(out[..], [1, 2, 3]);
            }
        }
    }
}

/// RFC 6793 §4.2.2 makes attributes longer; that counts.
#[test]
fn as4_path_counts_for_the_limit() {
    let context = Context::default();
    let mut attributes = attributes_of(4096 - 23 - 7 - 5);
    assert!(announce(&context, &attributes, Family::IPV4_UNICAST, &V4, &v4(1)).is_ok());
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::Sequence, [200_000; 3]);
    attributes.set(0xe0, AttributeCode(99), &vec![7; 4096 - 23 - 7 - 5 - 25]).as_path(&path);
    let error = announce(&context, &attributes, Family::IPV4_UNICAST, &V4, &v4(1));
    assert!(matches!(error, Err(RoutesLeftOut { .. })));
}

#[test]
fn rfc6793_4_2_2_as4_attributes_only_where_needed() {
    let encode = |asns: &[u32], aggregator: u32| {
        let mut attributes = PathAttributes::default();
        let mut path = AsPathBuilder::default();
        path.segment(SegmentKind::Sequence, asns.iter().copied());
        let router = Ipv4Addr::new(1, 2, 3, 4);
        attributes.origin(Origin::Igp).as_path(&path);
        attributes.aggregator(Aggregator { asn: aggregator, router });
        narrow_attributes(attributes.view())
    };
    let codes = |bytes: &[u8]| {
        AttributesRef::new(bytes).iter().map(|raw| (raw.flags, raw.code.0)).collect::<Vec<_>>()
    };
    let base = [(0x40, 1), (0x40, 2), (0xc0, 7)];
    assert_eq!(codes(&encode(&[1, 65535], 65535)), base);
    // AS_TRANS itself fits into 2 octets.
    assert_eq!(codes(&encode(&[23456], 23456)), base);
    assert_eq!(codes(&encode(&[1, 65536], 1)), [&base[..], &[(0xc0, 17)]].concat());
    assert_eq!(codes(&encode(&[1], 65536)), [&base[..], &[(0xc0, 18)]].concat());
}

/// RFC 6793 §4.2.2: without confederation segments, and §6: not an empty AS4_PATH
#[test]
fn rfc6793_4_2_2_confederations_stay_out_of_as4_path() {
    let mut attributes = PathAttributes::default();
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::ConfedSequence, [200_001]);
    attributes.as_path(&path);
    let only = narrow_attributes(attributes.view());
    assert_eq!(AttributesRef::new(&only).value(AttributeCode::AS4_PATH), None);
    path.segment(SegmentKind::Sequence, [200_002, 3]);
    attributes.as_path(&path);
    let both = narrow_attributes(attributes.view());
    let as4_path = AttributesRef::new(&both).value(AttributeCode::AS4_PATH);
    let expected = [2, 2, 0, 3, 0x0d, 0x42, 0, 0, 0, 3];
    assert_eq!(as4_path, Some(&expected[..]));
}

#[test]
fn markers_and_withdrawals() {
    let context = Context::default();
    let mut out = BytesMut::new();
    let mut writer = UpdateWriter::new(&mut out, &context);
    writer.end_of_rib(Family::IPV4_UNICAST);
    writer.end_of_rib(Family::IPV6_UNICAST);
    writer.withdraw(Family::IPV4_UNICAST, v4(3000));
    writer.withdraw(Family::IPV6_UNICAST, v6(700));
    writer.withdraw::<IpNet>(Family::IPV6_UNICAST, []);
    assert_eq!(writer.messages(), 2 + 3 + 3);
    let list = updates(out, &context);
    let markers: Vec<_> = list.iter().filter_map(Update::end_of_rib).collect();
    assert_eq!(markers, [Family::IPV4_UNICAST, Family::IPV6_UNICAST]);
    let withdrawn: Vec<IpNet> = list
        .iter()
        .flat_map(|update| update.unreach().flat_map(|unreach| unreach.nlri.prefixes()))
        .collect();
    assert_eq!(withdrawn, [v4(3000), v6(700)].concat());
}

fn any_next_hop() -> impl Strategy<Value = NextHop> {
    // Any host, whatever the number
    let global = |bits: u128| Ipv6Addr::from(bits >> 3 | 1 << 125);
    let link_local = |bits: u64| Ipv6Addr::from(0xfe80_u128 << 112 | u128::from(bits));
    prop_oneof![
        (1u8..=126, any::<[u8; 3]>())
            .prop_map(|(a, [b, c, d])| NextHop::V4(Ipv4Addr::new(a, b, c, d))),
        any::<u128>().prop_map(move |bits| NextHop::V6(global(bits), None)),
        any::<(u128, u64)>().prop_map(move |(a, b)| NextHop::V6(global(a), Some(link_local(b)))),
        any::<u64>().prop_map(move |bits| NextHop::LinkLocal(link_local(bits))),
    ]
}

fn any_path() -> impl Strategy<Value = AsPathBuilder> {
    let sequence = prop::collection::vec(prop_oneof![1u32..70_000, 1..=u32::MAX], 1..300);
    let set = prop::collection::vec(1..=u32::MAX, 0..5);
    (sequence, set).prop_map(|(sequence, set)| {
        let mut path = AsPathBuilder::default();
        path.segment(SegmentKind::Sequence, sequence).segment(SegmentKind::Set, set);
        path
    })
}

prop_compose! {
    fn any_attributes()(
        path in any_path(),
        origin in 0u8..3,
        med: Option<u32>,
        local_pref: Option<u32>,
        aggregator in any::<Option<(u32, u32)>>(),
        communities in prop::collection::vec(any::<u32>(), 0..100),
        extended in prop::collection::vec(any::<[u8; 8]>(), 0..4),
        large in prop::collection::vec(any::<(u32, u32, u32)>(), 0..4),
        clusters in prop::collection::vec(any::<u32>(), 0..3),
        unknown in prop::option::of((129u8..255, prop::collection::vec(any::<u8>(), 0..300))),
    ) -> PathAttributes {
        let mut attributes = PathAttributes::default();
        if let Some((code, value)) = unknown {
            attributes.set(0xe0, AttributeCode(code), &value);
        }
        attributes.cluster_list(clusters.into_iter().map(Ipv4Addr::from));
        attributes.large_communities(
            large.into_iter().map(|(global, local1, local2)| LargeCommunity { global, local1, local2 }),
        );
        attributes.extended_communities(extended.into_iter().map(ExtendedCommunity));
        attributes.communities(communities.into_iter().map(Community));
        if let Some((asn, router)) = aggregator {
            attributes.aggregator(Aggregator { asn: asn.max(1), router: router.into() });
        }
        local_pref.map(|value| attributes.local_pref(value));
        med.map(|value| attributes.med(value));
        attributes.as_path(&path);
        Origin::decode(origin).map(|origin| attributes.origin(origin));
        attributes
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// decode(encode(x)) == x, for both families, both widths, with and without path identifiers.
    #[test]
    fn what_is_announced_comes_back(
        attributes in any_attributes(),
        next_hop in any_next_hop(),
        v4: bool,
        four_octet_as: bool,
        extended_message: bool,
        add_path: bool,
        nets in prop::collection::vec((any::<u128>(), 0u8..=128), 0..900),
    ) {
        let family = if v4 { Family::IPV4_UNICAST } else { Family::IPV6_UNICAST };
        let nets: Vec<IpNet> = nets
            .into_iter()
            .filter_map(|(bits, length)| Some(if v4 {
                IpNet::V4(Ipv4Net::new(Ipv4Addr::from(bits as u32), length / 4).ok()?.trunc())
            } else {
                IpNet::V6(Ipv6Net::new(Ipv6Addr::from(bits), length).ok()?.trunc())
            }))
            .collect();
        let context = Context {
            four_octet_as,
            extended_message,
            add_path: add_path.then_some(family).into_iter().collect(),
            ..Context::default()
        };
        let list = announce(&context, &attributes, family, &next_hop, &nets).expect("room");
        prop_assert_eq!(&prefixes(&list), &nets);
        for update in &list {
            let mut out = Vec::new();
            update.canonical_attributes(&mut out);
            prop_assert_eq!(AttributesRef::new(&out), attributes.view());
            let reach: Vec<_> = update.reach().collect();
            let mapped = match next_hop {
                NextHop::V4(address) if !v4 => NextHop::V6(address.to_ipv6_mapped(), None),
                other => other,
            };
            prop_assert_eq!(reach.len(), 1);
            prop_assert_eq!(reach[0].next_hop, Some(mapped));
            prop_assert_eq!(reach[0].family, family);
            let id = reach[0].nlri.prefixes().next_with_path_id().map(|(id, _)| id);
            prop_assert_eq!(id, Some(add_path.then_some(1)));
            // What was written, read and written again is the same (as it is for what was received).
            let message = Message::Update(update.clone()).to_bytes();
            let body = Bytes::copy_from_slice(&message[19..]);
            prop_assert_eq!(&Update::decode(body, &context), update);
        }
        // Splitting is a matter of prefixes alone: written one by one, each is the same.
        if let (Some(first), Some(update)) = (nets.first(), list.first()) {
            let single = announce(&context, &attributes, family, &next_hop, &[*first]).expect("room");
            let (mut one, mut all) = (Vec::new(), Vec::new());
            prop_assert_eq!(
                single[0].canonical_attributes(&mut one),
                update.canonical_attributes(&mut all)
            );
        }
    }

    /// Prefixes of all lengths, the shortest ones too, at the very end of a message.
    #[test]
    fn no_message_is_overfull(
        length in 3900usize..4066,
        bits in prop::collection::vec((any::<u32>(), 0u8..20), 1..400),
        add_path: bool,
    ) {
        let family = Family::IPV4_UNICAST;
        let add_path = add_path.then_some(family).into_iter().collect();
        let context = Context { four_octet_as: true, add_path, ..Context::default() };
        let nets: Vec<IpNet> = bits
            .into_iter()
            .filter_map(|(bits, length)| Ipv4Net::new(Ipv4Addr::from(bits), length).ok())
            .map(|net| IpNet::V4(net.trunc()))
            .collect();
        match announce(&context, &attributes_of(length), family, &V4, &nets) {
            Ok(list) => prop_assert_eq!(prefixes(&list), nets),
            Err(_) => prop_assert!(length + 30 + 5 > 4092),
        }
    }

    /// Reading and writing is stable: encode(decode(bytes)) == bytes for what this crate writes.
    #[test]
    fn canonical_messages_are_written_as_they_were(
        attributes in any_attributes(),
        v4_routes: bool,
        count in 1usize..20,
        four_octet_as: bool,
    ) {
        let context = Context { four_octet_as, ..Context::default() };
        let (family, next_hop, nets) = if v4_routes {
            (Family::IPV4_UNICAST, V4, v4(20))
        } else {
            (Family::IPV6_UNICAST, V6, v6(20))
        };
        let mut out = BytesMut::new();
        let write = UpdateWriter::new(&mut out, &context)
            .announce(attributes.view(), family, &next_hop, nets.into_iter().take(count));
        prop_assert_eq!(write, Ok(()));
        let bytes = out.clone().freeze();
        let mut again = BytesMut::new();
        for update in updates(out, &context) {
            let mut canonical = Vec::new();
            let view = update.canonical_attributes(&mut canonical);
            let mut writer = UpdateWriter::new(&mut again, &context);
            for reach in update.reach() {
                let nets = reach.nlri.prefixes();
                prop_assert_eq!(writer.announce(view, reach.family, &reach.next_hop.expect("there"), nets), Ok(()));
            }
        }
        prop_assert_eq!(again.freeze(), bytes);
    }
}

/// One route of each family, with and without path identifiers: announced, read, withdrawn, read.
#[test]
fn routes_of_every_family_come_back() {
    let rd = RouteDistinguisher::two_octet_as(65000, 1);
    let labels: LabelStack = [100].into_iter().collect();
    let mut flows = [FlowSpecBuilder::ipv4(), FlowSpecBuilder::ipv6()];
    for flow in &mut flows {
        flow.operators(FlowComponentType::IP_PROTOCOL, [FlowOperator { bits: 1, value: 6 }]);
    }
    let evpn = EvpnRoute::InclusiveMulticastEthernetTag {
        rd,
        ethernet_tag: 1,
        originator: core::net::IpAddr::from([192, 0, 2, 1]),
    };
    let target = ExtendedCommunity([0, 2, 0xfd, 0xe8, 0, 0, 0, 1]);
    for family in Family::KNOWN {
        let ipv6 = family.afi == Afi::IPV6;
        let flow = flows[usize::from(ipv6)].view();
        let prefix: IpNet =
            if ipv6 { "2001:db8::/32" } else { "10.0.0.0/8" }.parse().expect("a prefix");
        let destination = match family.safi {
            Safi::UNICAST | Safi::MULTICAST => Destination::Prefix(prefix),
            Safi::LABELLED => Destination::Labelled { labels: labels.clone(), prefix },
            Safi::VPN => Destination::LabelledVpn { labels: labels.clone(), rd, prefix },
            Safi::VPN_MULTICAST => Destination::Vpn { rd, prefix },
            Safi::FLOW_SPEC => Destination::FlowSpec(flow),
            Safi::VPN_FLOW_SPEC => Destination::VpnFlowSpec { rd, flow },
            Safi::EVPN => Destination::Evpn(evpn),
            _ => Destination::RouteTarget(RouteTargetMembership::new(65000, target)),
        };
        for add_path in [false, true] {
            let context = Context {
                four_octet_as: true,
                add_path: add_path.then_some(family).into_iter().collect(),
                ..Context::default()
            };
            let mut out = BytesMut::new();
            let mut writer = UpdateWriter::new(&mut out, &context);
            let route = [(7, destination.clone())];
            let attributes = attributes();
            let hop = if ipv6 { V6 } else { V4 };
            let flow = matches!(family.safi, Safi::FLOW_SPEC | Safi::VPN_FLOW_SPEC);
            let written = if flow {
                writer.announce_without_next_hop(attributes.view(), family, route.clone())
            } else {
                writer.announce(attributes.view(), family, &hop, route.clone())
            };
            assert_eq!(written, Ok(()));
            writer.withdraw(family, route);
            writer.end_of_rib(family);
            assert_eq!(writer.messages(), 3, "{family}");
            let list = updates(out, &context);
            assert!(list.iter().all(|update| update.flaws().is_empty()), "{list:?}");
            let reach = list[0].reach().next().expect("announced");
            assert_eq!((reach.family, reach.next_hop), (family, (!flow).then_some(hop)));
            let id = add_path.then_some(7);
            assert_eq!(reach.nlri.destinations().collect::<Vec<_>>(), [(id, destination.clone())]);
            let unreach = list[1].unreach().next().expect("withdrawn");
            let withdrawn = match destination.clone() {
                Destination::Labelled { prefix, .. } => {
                    Destination::Labelled { labels: LabelStack::default(), prefix }
                }
                Destination::LabelledVpn { rd, prefix, .. } => {
                    Destination::LabelledVpn { labels: LabelStack::default(), rd, prefix }
                }
                other => other,
            };
            assert_eq!(unreach.nlri.destinations().collect::<Vec<_>>(), [(id, withdrawn)]);
            assert_eq!(list[2].end_of_rib(), Some(family));
        }
    }
}

/// Path identifiers of one's own
#[test]
fn each_route_has_its_path_identifier() {
    let family = Family::IPV4_UNICAST;
    let context = Context { add_path: [family].into_iter().collect(), ..Context::default() };
    let mut out = BytesMut::new();
    let routes = (0u32..).zip(v4(3000));
    let mut writer = UpdateWriter::new(&mut out, &context);
    writer.announce(attributes().view(), family, &V4, routes.clone()).expect("room");
    let list = updates(out, &context);
    assert!(list.len() > 2);
    let mut found = Vec::new();
    for reach in list.iter().flat_map(Update::reach) {
        let mut prefixes = reach.nlri.prefixes();
        while let Some((id, net)) = prefixes.next_with_path_id() {
            found.push((id.expect("with identifiers"), net));
        }
    }
    let expected: Vec<_> = routes.collect();
    assert_eq!(found, expected);
}

fn big_flow(count: u64) -> FlowSpecBuilder {
    let mut flow = FlowSpecBuilder::ipv4();
    let operators = (0..count).map(|value| FlowOperator { bits: 1, value: 300 + value });
    flow.operators(FlowComponentType::PORT, operators);
    flow
}

/// A route that no message can hold does not keep those behind it from being written.
#[test]
fn a_route_that_is_too_long_is_left_out_alone() {
    let context = Context { four_octet_as: true, ..Context::default() };
    let (big, impossible) = (big_flow(1359), big_flow(1400));
    let mut small = FlowSpecBuilder::ipv4();
    small.prefix(FlowComponentType::DESTINATION_PREFIX, "10.0.0.0/8".parse().expect("a prefix"));
    let routes = [&small, &big, &impossible, &small].map(|flow| Destination::FlowSpec(flow.view()));
    let family = Family::IPV4_FLOW_SPEC;
    let mut out = BytesMut::new();
    let mut writer = UpdateWriter::new(&mut out, &context);
    writer.withdraw(family, routes.clone());
    let attributes = attributes();
    let left_out = writer.announce_without_next_hop(attributes.view(), family, routes);
    let length = attributes.view().bytes().len();
    assert_eq!(left_out, Err(RoutesLeftOut { routes: 2, attributes: length }));
    let list = updates(out, &context);
    let withdrawn = list.iter().flat_map(Update::unreach);
    assert_eq!(withdrawn.map(|unreach| unreach.nlri.destinations().count()).sum::<usize>(), 2);
    let announced = list.iter().flat_map(Update::reach);
    assert_eq!(announced.map(|reach| reach.nlri.destinations().count()).sum::<usize>(), 2);
}

/// What a format cannot say is an error, not another route.
#[test]
fn routes_without_labels_or_next_hop_are_refused() {
    let context = Context { four_octet_as: true, ..Context::default() };
    let prefix = "10.0.1.0/24".parse().expect("a prefix");
    let mut out = BytesMut::new();
    let mut writer = UpdateWriter::new(&mut out, &context);
    for labels in [LabelStack::default(), (1..20).collect()] {
        let route = [Destination::Labelled { labels, prefix }];
        let result = writer.announce(attributes().view(), Family::IPV4_LABELLED, &V4, route);
        assert!(result.is_err());
    }
    let result = writer.announce_without_next_hop(attributes().view(), Family::IPV6_UNICAST, v6(3));
    assert!(matches!(result, Err(RoutesLeftOut { routes: 3, .. })));
    assert!(out.is_empty());
}

/// Received attributes are made canonical on their way out: NEXT_HOP and MP_REACH_NLRI would stand twice.
#[test]
fn received_attributes_can_be_announced() {
    for four_octet_as in [true, false] {
        let context = Context { four_octet_as, ..Context::default() };
        for (family, hop, nets) in
            [(Family::IPV4_UNICAST, V4, v4(3)), (Family::IPV6_UNICAST, V6, v6(3))]
        {
            let list = announce(&context, &attributes(), family, &hop, &nets).expect("room");
            let mut out = BytesMut::new();
            let mut writer = UpdateWriter::new(&mut out, &context);
            let received = list[0].attributes();
            assert_eq!(received.to_path_attributes(), attributes());
            writer.announce(received, family, &hop, nets.iter().copied()).expect("room");
            assert_eq!(updates(out, &context), list);
        }
    }
}
