//! A table beside a list of who said what, and RFC 6811's definitions word by word.

use std::collections::BTreeSet;
use std::vec::Vec;

use ipnet::{Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use super::*;

fn source(number: u8) -> RpkiSource {
    RpkiSource::new(number).expect("below 32")
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a net")
}

fn roa(prefix: &str, max_length: u8, asn: u32) -> Roa {
    Roa { prefix: net(prefix), max_length, asn }
}

#[derive(Debug, Clone)]
enum Step {
    Add(u8, Roa),
    Remove(u8, prop::sample::Index),
    RemoveSource(u8),
    Mark(u8),
    Sweep(u8),
    /// The host looks at what changed.
    Poll,
}

/// Nets that meet often, some with host bits.
fn nets() -> impl Strategy<Value = IpNet> {
    let v4 = (any::<u32>(), 0..=32u8)
        .prop_map(|(bits, length)| Ipv4Net::new_assert((bits & 0xc001_8003).into(), length).into());
    let v6 = (any::<u32>(), 0..=128u8).prop_map(|(bits, length)| {
        let bits = u128::from(bits & 0xc001_8003) << 96 | u128::from(bits & 3);
        Ipv6Net::new_assert(bits.into(), length).into()
    });
    prop_oneof![3 => v4, 1 => v6]
}

fn roas() -> impl Strategy<Value = Roa> {
    (nets(), prop_oneof![1 => any::<u8>(), 6 => 0..9u8], 0..4u32).prop_map(|(prefix, more, asn)| {
        let max_length = prefix.prefix_len().saturating_add(more);
        Roa { prefix, max_length, asn }
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let from = || 0..3u8;
    let step = prop_oneof![
        12 => (from(), roas()).prop_map(|(from, roa)| Step::Add(from, roa)),
        3 => (from(), any::<prop::sample::Index>()).prop_map(|(from, roa)| Step::Remove(from, roa)),
        1 => from().prop_map(Step::RemoveSource),
        1 => from().prop_map(Step::Mark),
        1 => from().prop_map(Step::Sweep),
        2 => Just(Step::Poll),
    ];
    prop::collection::vec(step, 1..80)
}

/// Who said what; the last is whether it is stale.
#[derive(Debug, Clone, Default)]
struct Naive(Vec<(u8, Roa, bool)>);

impl Naive {
    fn run(&mut self, step: &Step) {
        match *step {
            Step::Add(from, roa) => {
                let roa = Roa { prefix: roa.prefix.trunc(), ..roa };
                self.0.retain(|known| (known.0, known.1) != (from, roa));
                self.0.push((from, roa, false));
            }
            Step::Remove(from, index) => {
                if let Some(roa) = self.pick(index) {
                    self.0.retain(|known| (known.0, known.1) != (from, roa));
                }
            }
            Step::RemoveSource(from) => self.0.retain(|known| known.0 != from),
            Step::Mark(from) => {
                self.0.iter_mut().filter(|known| known.0 == from).for_each(|known| known.2 = true);
            }
            Step::Sweep(from) => self.0.retain(|known| known.0 != from || !known.2),
            Step::Poll => {}
        }
    }

    fn pick(&self, index: prop::sample::Index) -> Option<Roa> {
        (!self.0.is_empty()).then(|| index.get(&self.0).1)
    }

    fn all(&self) -> BTreeSet<Roa> {
        self.0.iter().map(|known| known.1).collect()
    }

    /// RFC 6811 §2.
    fn validate(&self, net: &IpNet, origin: Option<u32>) -> Validity {
        let covered = |roa: &Roa| {
            let bits = roa.prefix.prefix_len();
            roa.prefix.addr().is_ipv4() == net.addr().is_ipv4()
                && bits <= net.prefix_len()
                && IpNet::new(net.addr(), bits).expect("short").trunc() == roa.prefix
        };
        let matched = |roa: &Roa| {
            covered(roa)
                && net.prefix_len() <= roa.max_length
                && roa.asn != 0
                && origin == Some(roa.asn)
        };
        if self.0.iter().any(|known| matched(&known.1)) {
            Validity::Valid
        } else if self.0.iter().any(|known| covered(&known.1)) {
            Validity::Invalid
        } else {
            Validity::NotFound
        }
    }
}

fn run(table: &mut RoaTable, naive: &mut Naive, step: &Step) {
    let before = naive.all();
    match step {
        Step::Add(from, roa) => {
            let new = !before.contains(&Roa { prefix: roa.prefix.trunc(), ..*roa });
            assert_eq!(table.add(source(*from), *roa), new);
            naive.run(step);
        }
        Step::Remove(from, index) => {
            let picked = naive.pick(*index);
            naive.run(step);
            if let Some(roa) = picked {
                let gone = before.len() > naive.all().len();
                assert_eq!(table.remove(source(*from), &roa), gone);
            }
        }
        Step::RemoveSource(from) => table.remove_source(source(*from)),
        Step::Mark(from) => table.mark_stale(source(*from)),
        Step::Sweep(from) => table.sweep(source(*from)),
        Step::Poll => {}
    }
    if !matches!(step, Step::Add(..) | Step::Remove(..)) {
        naive.run(step);
    }
}

/// What a host has found out of routes.
type Found = Vec<(IpNet, Option<u32>, Validity)>;

fn validate(table: &RoaTable, routes: &[(IpNet, Option<u32>)]) -> Found {
    routes.iter().map(|(net, origin)| (*net, *origin, table.validate(net, *origin))).collect()
}

fn check(table: &RoaTable, naive: &Naive, routes: &[(IpNet, Option<u32>)]) {
    assert_eq!(table.len(), naive.all().len());
    let listed: Vec<Roa> = table.iter().map(|view| view.roa).collect();
    let sorted = |roa: &Roa| (roa.prefix, roa.asn, roa.max_length);
    let mut all: Vec<Roa> = naive.all().into_iter().collect();
    all.sort_by_key(sorted);
    assert_eq!(listed, all);
    for view in table.iter() {
        let of = |number: &u8| {
            naive
                .0
                .iter()
                .find(|known| known.0 == *number && known.1 == view.roa)
                .map(|known| known.2)
        };
        let sources: Vec<u8> = (0..3).filter(|number| of(number).is_some()).collect();
        assert!(view.sources().map(RpkiSource::number).eq(sources.iter().copied()));
        assert!(sources.iter().all(|number| Some(view.is_stale(source(*number))) == of(number)));
    }
    for (net, origin) in routes {
        let validity = table.validate(net, *origin);
        assert_eq!(validity, naive.validate(net, *origin), "{net} {origin:?}");
        let covering: Vec<Roa> = table.covering(net).map(|view| view.roa).collect();
        let by_list: Vec<Roa> = all.iter().filter(|roa| roa.covers(net)).copied().collect();
        assert_eq!(covering, by_list);
        let matched = covering.iter().any(|roa| roa.matches(net, *origin));
        assert_eq!(matched, validity == Validity::Valid);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The definitions, and that a host which validates anew what has changed is always right.
    #[test]
    fn rfc6811_2_as_by_its_definitions(
        steps in steps(),
        routes in prop::collection::vec((nets(), prop::option::of(0..4u32)), 30),
        limit in prop_oneof![0..4usize, Just(1000)],
    ) {
        let (mut table, mut naive) = (RoaTable::with_change_limit(limit), Naive::default());
        let mut found = validate(&table, &routes);
        for step in &steps {
            run(&mut table, &mut naive, step);
            check(&table, &naive, &routes);
            prop_assert!(table.changes.iter().all(|changes| changes.len() <= limit.max(1)));
            if !matches!(step, Step::Poll) {
                continue;
            }
            while let Some(changed) = table.poll_change() {
                for (net, origin, validity) in &mut found {
                    if changed.contains(&*net) {
                        *validity = table.validate(net, *origin);
                    }
                }
            }
            prop_assert_eq!(&found, &validate(&table, &routes));
        }
    }
}

#[test]
fn rfc6811_2_1_no_route_is_valid_by_as_0() {
    let mut table = RoaTable::new();
    table.add(source(0), roa("10.0.0.0/8", 32, 0));
    assert_eq!(table.validate(&net("10.1.0.0/16"), Some(0)), Validity::Invalid);
    // RFC 6483 §4: another ROA takes precedence.
    table.add(source(0), roa("10.1.0.0/16", 16, 65001));
    assert_eq!(table.validate(&net("10.1.0.0/16"), Some(65001)), Validity::Valid);
    assert_eq!(table.validate(&net("10.1.0.0/16"), None), Validity::Invalid);
}

#[test]
fn what_two_say_stays_while_one_says_it() {
    let mut table = RoaTable::new();
    let same = roa("10.0.0.0/8", 8, 65001);
    assert!(table.add(source(0), same));
    assert_eq!(table.poll_change(), Some(net("10.0.0.0/8")));
    assert!(!table.add(source(31), same));
    assert!(!table.remove(source(0), &same));
    assert_eq!((table.len(), table.poll_change()), (1, None));
    assert!(table.remove(source(31), &same));
    assert_eq!((table.len(), table.poll_change()), (0, Some(net("10.0.0.0/8"))));
}

#[test]
fn a_new_set_replaces_the_old_one_without_a_gap() {
    let mut table = RoaTable::new();
    let [kept, gone, new] = [1, 2, 3].map(|asn| roa("2001:db8::/32", 48, asn));
    table.add(source(0), kept);
    table.add(source(0), gone);
    while table.poll_change().is_some() {}
    table.mark_stale(source(0));
    table.add(source(0), gone);
    // The cache begins once more.
    table.mark_stale(source(0));
    assert_eq!((table.len(), table.poll_change()), (2, None));
    table.add(source(0), kept);
    table.sweep(source(0));
    assert_eq!(table.poll_change(), Some(net("2001:db8::/32")));
    assert!(table.iter().map(|view| view.roa).eq([kept]));
    // Nothing differs, so nothing changes.
    table.mark_stale(source(0));
    table.add(source(0), kept);
    table.sweep(source(0));
    assert_eq!(table.poll_change(), None);
    table.add(source(0), new);
    assert_eq!(table.len(), 2);
}

#[test]
fn changes_are_folded_to_what_covers_them() {
    let mut table = RoaTable::with_change_limit(100);
    for number in 0..65_536u32 {
        let prefix = Ipv4Net::new_assert((10 << 24 | number << 8).into(), 24).into();
        table.add(source(0), Roa { prefix, max_length: 24, asn: 1 });
        assert!(table.changes.iter().all(|changes| changes.len() <= 100));
    }
    table.add(source(0), roa("2001:db8::/32", 32, 1));
    let changed: Vec<IpNet> = core::iter::from_fn(|| table.poll_change()).collect();
    assert!(changed.contains(&net("2001:db8::/32")));
    assert!(changed.iter().filter(|net| net.addr().is_ipv4()).all(|net| net.prefix_len() >= 8));
    for number in 0..65_536u32 {
        let host = IpNet::from(Ipv4Net::new_assert((10 << 24 | number << 8).into(), 24));
        assert!(changed.iter().any(|net| net.contains(&host)), "{host}");
    }
}

/// The worst that a route can meet: ROAs of all lengths above it, none of them its own, and many for one prefix.
#[test]
fn nested_and_crowded_prefixes() {
    let mut table = RoaTable::new();
    let host = net("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
    for length in 0..=128 {
        let prefix = IpNet::new_assert(host.addr(), length).trunc();
        table.add(source(0), Roa { prefix, max_length: 127, asn: 65001 });
    }
    for asn in 0..5000 {
        table.add(source(0), Roa { prefix: host, max_length: 128, asn: 3 * asn });
    }
    assert_eq!(table.covering(&host).count(), 129 + 5000);
    assert_eq!(table.validate(&host, Some(65001)), Validity::Invalid);
    assert_eq!(table.validate(&host, Some(3 * 4999)), Validity::Valid);
    assert_eq!(table.validate(&host, Some(3 * 4999 + 1)), Validity::Invalid);
}
