//! Every way to look something up, beside a `BTreeMap` that is searched from end to end.

use std::collections::BTreeMap;
use std::vec::Vec;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Insert(IpNet, u32),
    Remove(IpNet),
    RemoveEvery(usize),
    Shrink,
}

/// Nets of all lengths that meet often: few bits of the address vary, at both ends.
fn net() -> impl Strategy<Value = IpNet> {
    let v4 = (any::<u32>(), any::<bool>(), 0..=32u8).prop_map(|(bits, ones, length)| {
        let mask = 0x8123_8007;
        let bits = if ones { bits | !mask } else { bits & mask };
        IpNet::from(Ipv4Net::new_assert(bits.into(), length))
    });
    let v6 = (any::<u128>(), any::<bool>(), 0..=128u8).prop_map(|(bits, ones, length)| {
        let mask = 0x8103_0000_0000_0011_0000_0000_8000_0007;
        let bits = if ones { bits | !mask } else { bits & mask };
        IpNet::from(Ipv6Net::new_assert(bits.into(), length))
    });
    prop_oneof![v4, v6]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (net(), any::<u32>()).prop_map(|(net, value)| Step::Insert(net, value)),
        6 => net().prop_map(Step::Remove),
        1 => (1..4usize).prop_map(Step::RemoveEvery),
        1 => Just(Step::Shrink),
    ];
    prop::collection::vec(step, 1..250)
}

type Model = BTreeMap<IpNet, u32>;

fn run(steps: Vec<Step>) -> (PrefixMap<u32>, Model) {
    let (mut map, mut model) = (PrefixMap::new(), Model::new());
    for step in steps {
        match step {
            Step::Insert(net, value) => {
                assert_eq!(map.insert(net, value), model.insert(net.trunc(), value));
            }
            Step::Remove(net) => assert_eq!(map.remove(&net), model.remove(&net.trunc())),
            Step::RemoveEvery(nth) => {
                for net in model.keys().step_by(nth).copied().collect::<Vec<_>>() {
                    assert_eq!(map.remove(&net), model.remove(&net));
                }
            }
            Step::Shrink => map.shrink(),
        }
        assert_eq!(map.len(), model.len());
        check_shape(&map.v4);
        check_shape(&map.v6);
    }
    (map, model)
}

/// No node is there in vain, and all bits are where they belong.
fn check_shape<A: Address>(trie: &Trie<A, u32>) {
    let (mut open, mut nodes) = (Vec::from([ROOT]), 0);
    while let Some(index) = open.pop() {
        let node = trie.node(index).expect("there");
        nodes += 1;
        assert!(!node.is_passage(), "{node:?}");
        assert!(index == ROOT || node.prefixes | node.children != 0, "{node:?}");
        assert_eq!(node.bits, node.bits.masked(node.depth));
        for chunk in (0..64).filter(|chunk| has(node.children, *chunk)) {
            let child = trie.child(node, chunk).expect("there");
            let below = trie.node(child).expect("there");
            assert!(below.depth > node.depth && below.depth == level(below.depth));
            assert!(below.bits.common(node.bits) >= node.depth);
            assert_eq!(below.bits.chunk(node.depth), chunk);
            open.push(child);
        }
    }
    assert!(nodes <= 2 * trie.len() + 1, "{nodes} nodes, {} prefixes", trie.len());
}

fn same_family(left: &IpNet, right: &IpNet) -> bool {
    left.addr().is_ipv4() == right.addr().is_ipv4()
}

fn covers(net: &IpNet, other: &IpNet) -> bool {
    same_family(net, other) && net.contains(other)
}

fn listed<'a>(nets: impl Iterator<Item = (IpNet, &'a u32)>) -> Vec<(IpNet, u32)> {
    nets.map(|(net, value)| (net, *value)).collect()
}

fn filtered(model: &Model, keep: impl Fn(&IpNet) -> bool) -> Vec<(IpNet, u32)> {
    let nets = model.iter().filter(|(net, _)| keep(net));
    nets.map(|(net, value)| (*net, *value)).collect()
}

fn check_net(map: &PrefixMap<u32>, model: &Model, net: IpNet) {
    let trunc = net.trunc();
    assert_eq!(map.get(&net), model.get(&trunc));
    assert_eq!(map.clone().get_mut(&net).copied(), model.get(&trunc).copied());
    let covering = filtered(model, |other| covers(other, &trunc));
    let longest = map.longest_match(&net).map(|(net, value)| (net, *value));
    assert_eq!(longest, covering.last().copied());
    assert_eq!(listed(map.covering(&net)), covering);
    assert_eq!(listed(map.covered(&net)), filtered(model, |other| covers(&trunc, other)));
    assert_eq!(listed(map.after(&net)), filtered(model, |other| *other > trunc));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn all_look_ups_are_as_in_a_sorted_map(steps in steps(), asked in prop::collection::vec(net(), 20)) {
        let (map, model) = run(steps);
        prop_assert_eq!(listed(map.iter()), filtered(&model, |_| true));
        for net in model.keys().copied().chain(asked) {
            check_net(&map, &model, net);
        }
    }
}

#[test]
fn every_prefix_of_a_node_has_its_own_bit_in_order() {
    let mut last = None;
    for (bit, (length, chunk)) in (0..).zip(PLACES) {
        assert_eq!(position(length, chunk), bit);
        assert!(last < Some((chunk, length)));
        last = Some((chunk, length));
    }
}

#[test]
fn nodes_are_small() {
    assert_eq!((size_of::<Node<u32>>(), align_of::<Node<u32>>()), (32, 32));
    assert_eq!(size_of::<Node<u128>>(), 48);
}

#[test]
fn nested_prefixes_of_all_lengths() {
    for text in ["255.255.255.255/32", "0.0.0.0/32", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"]
    {
        let host: IpNet = text.parse().expect("a net");
        let nets: Vec<IpNet> = (0..=host.max_prefix_len())
            .map(|length| IpNet::new_assert(host.addr(), length).trunc())
            .collect();
        let map: PrefixMap<u32> = nets.iter().copied().zip(0..).collect();
        let model: Model = nets.iter().copied().zip(0..).collect();
        assert_eq!(map.covering(&host).count(), nets.len());
        for net in &nets {
            check_net(&map, &model, *net);
        }
    }
}

/// What comes and goes leaves nothing: memory is bounded by what is there.
#[test]
fn memory_is_given_back() {
    let net = |number: u32| IpNet::from(Ipv4Net::new_assert((number << 8).into(), 24));
    let mut map = PrefixMap::new();
    let numbers = || (0..200_000u32).map(|number| number.wrapping_mul(0x9e37_79b1) >> 8);
    for number in numbers() {
        map.insert(net(number), number);
    }
    let full = map.memory();
    for number in numbers().skip(100) {
        map.remove(&net(number));
    }
    assert!(map.len() <= 100);
    assert!(map.memory() < full / 50, "{} of {full}", map.memory());
}
