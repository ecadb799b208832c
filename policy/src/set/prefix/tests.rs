use alloc::string::{String, ToString};
use core::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use super::*;

fn v4() -> impl Strategy<Value = IpNet> {
    (
        prop::sample::select(alloc::vec![0u32, 0x0a00_0000, 0x0a80_0000, 0xc0a8_0000]),
        any::<u32>(),
        0u8..=32,
    )
        .prop_map(|(base, noise, length)| {
            let net = Ipv4Net::new(Ipv4Addr::from(base ^ (noise & 0x0003_0301)), length);
            IpNet::V4(net.expect("at most 32").trunc())
        })
}

fn v6() -> impl Strategy<Value = IpNet> {
    (any::<u16>(), 0u8..=128).prop_map(|(noise, length)| {
        let address = Ipv6Addr::from(u128::from(noise & 0x303) << 100);
        IpNet::V6(Ipv6Net::new(address, length).expect("at most 128").trunc())
    })
}

fn check(patterns: Vec<(IpNet, u8, u8)>, nets: &[IpNet], most: u8) -> Result<(), TestCaseError> {
    let patterns: Vec<PrefixPattern> = patterns
        .into_iter()
        .map(|(net, a, b)| PrefixPattern {
            net,
            least: a.min(b) % (most + 1),
            most: a.max(b).min(most),
        })
        .collect();
    let set = PrefixSet::new(&patterns).expect("one family");
    for net in nets {
        let slow = patterns.iter().any(|pattern| pattern.matches(net));
        prop_assert_eq!(set.contains(net), slow, "{}", net);
    }
    Ok(())
}

proptest! {
    #[test]
    fn ipv4_matches_as_defined(
        patterns in prop::collection::vec((v4(), 0u8..=32, 0u8..=32), 0..30),
        nets in prop::collection::vec(v4(), 1..60),
    ) {
        check(patterns, &nets, 32)?;
    }

    #[test]
    fn ipv6_matches_as_defined(
        patterns in prop::collection::vec((v6(), 0u8..=128, 0u8..=128), 1..30),
        nets in prop::collection::vec(v6(), 1..60),
    ) {
        check(patterns, &nets, 128)?;
    }
}

/// Many patterns close to each other: slots with tables of their own, in them more of these.
fn crowd(ipv4: bool) -> impl Strategy<Value = Vec<PrefixPattern>> {
    let most = if ipv4 { 32 } else { 128 };
    let close = (any::<u16>(), 0u32..16, 8..=most, 0u8..8, 0u8..8);
    prop::collection::vec(close, 1..400).prop_map(move |parts| {
        let pattern = |(noise, scale, length, before, behind): (u16, u32, u8, u8, u8)| {
            // Sums of few powers of two: distances of all sizes.
            let noise = u32::from(noise >> scale) & 0x1fff;
            let net = match ipv4 {
                true => IpNet::V4(
                    Ipv4Net::new(Ipv4Addr::from(0x0a00_0000 | noise << 3), length).expect("fits"),
                ),
                false => {
                    let address = 0x2001_0db8 << 96 | u128::from(noise) << 50;
                    IpNet::V6(Ipv6Net::new(Ipv6Addr::from(address), length).expect("fits"))
                }
            };
            let length = net.prefix_len();
            PrefixPattern {
                net: net.trunc(),
                least: if before > 5 { length.saturating_sub(before) } else { length },
                most: (length + behind).min(most),
            }
        };
        parts.into_iter().map(pattern).collect()
    })
}

/// Networks at and around the ends of the patterns.
fn ends(pattern: &PrefixPattern) -> Vec<IpNet> {
    let net = pattern.net;
    let (first, last) = (net.network(), net.broadcast());
    let around = |address: IpAddr, length: u8| {
        let length = length.min(net.max_prefix_len());
        let next = match address {
            IpAddr::V4(address) => IpAddr::V4((address.to_bits().wrapping_add(1)).into()),
            IpAddr::V6(address) => IpAddr::V6((address.to_bits().wrapping_add(1)).into()),
        };
        [address, next].map(|address| IpNet::new(address, length).expect("fits").trunc())
    };
    let lengths = [net.prefix_len() - 1, net.prefix_len(), pattern.most, pattern.most + 1, 255];
    lengths
        .iter()
        .flat_map(|length| [around(first, *length), around(last, *length)])
        .flatten()
        .collect()
}

fn check_crowd(patterns: &[PrefixPattern]) -> Result<(), TestCaseError> {
    let set = PrefixSet::new(patterns).expect("one family");
    for net in patterns.iter().step_by(1 + patterns.len() / 40).flat_map(ends) {
        let slow = patterns.iter().any(|pattern| pattern.matches(&net));
        prop_assert_eq!(set.contains(&net), slow, "{}", net);
    }
    Ok(())
}

proptest! {
    #[test]
    fn crowds_of_ipv4(patterns in crowd(true)) {
        check_crowd(&patterns)?;
    }

    #[test]
    fn crowds_of_ipv6(patterns in crowd(false)) {
        check_crowd(&patterns)?;
    }

    /// What a set is does not depend on how it is written.
    #[test]
    fn order_does_not_matter(
        mut patterns in prop::collection::vec((v4(), 0u8..=32, 0u8..=8), 0..12),
        at in any::<prop::sample::Index>(),
    ) {
        let set = |patterns: &[(IpNet, u8, u8)]| {
            let pattern = |&(net, least, more): &(IpNet, u8, u8)| PrefixPattern { net, least, most: (least + more).min(32) };
            PrefixSet::new(&patterns.iter().map(pattern).collect::<Vec<_>>()).expect("one family")
        };
        let one = set(&patterns);
        if !patterns.is_empty() {
            let at = at.index(patterns.len());
            patterns.rotate_left(at);
            patterns.push(patterns[0]);
        }
        let other = set(&patterns);
        prop_assert_eq!(one.to_string(), other.to_string());
        prop_assert_eq!(one, other);
    }
}

fn pattern(text: &str) -> PrefixPattern {
    let end = text.find(['+', '-', '{']).unwrap_or(text.len());
    let (net, lengths) = text.split_at(end);
    let net: IpNet = net.parse().expect("a prefix");
    let (least, most) = match lengths {
        "" => (net.prefix_len(), net.prefix_len()),
        "+" => (net.prefix_len(), net.max_prefix_len()),
        "-" => (0, net.prefix_len()),
        lengths => {
            let (least, most) = lengths.trim_matches(['{', '}']).split_once(',').expect("two");
            (least.parse().expect("a length"), most.parse().expect("a length"))
        }
    };
    PrefixPattern { net, least, most }
}

fn set(text: &str) -> PrefixSet {
    let items = text.trim_matches(['[', ']', ' ']);
    let patterns: Vec<PrefixPattern> =
        items.split(", ").filter(|item| !item.is_empty()).map(pattern).collect();
    PrefixSet::new(&patterns).expect("one family")
}

/// Lines of what was asked and what BIRD said: `set => form`, `net ~ set => bool`, `set = set => bool`.
fn behaves_as_observed(lines: &str) -> usize {
    let lines = lines.lines().filter_map(|line| line.split_once(" => "));
    let check = |(question, answer): (&str, &str)| {
        let said = if let Some((net, items)) = question.split_once(" ~ ") {
            let net: IpNet = net.parse().expect("a prefix");
            set(items).contains(&net).to_string().to_uppercase()
        } else if let Some((one, other)) = question.split_once(" = ") {
            (set(one) == set(other)).to_string().to_uppercase()
        } else {
            set(question).to_string()
        };
        (said != answer).then(|| std::format!("{question}\n  BIRD: {answer}\n  here: {said}\n"))
    };
    let checked: Vec<Option<String>> = lines.map(check).collect();
    let wrong: Vec<&str> = checked.iter().flatten().map(String::as_str).collect();
    assert!(wrong.is_empty(), "{}{} of {}", wrong.concat(), wrong.len(), checked.len());
    checked.len()
}

/// More of them than the repository holds: the file that CAUSEWAY_OBSERVED_PREFIX_SETS names.
#[test]
fn behaves_as_bird() {
    assert!(behaves_as_observed(include_str!("observed.txt")) > 500);
    if let Ok(path) = std::env::var("CAUSEWAY_OBSERVED_PREFIX_SETS") {
        let lines: String = std::fs::read_to_string(path).expect("a file");
        behaves_as_observed(&lines);
    }
}

#[test]
fn families_do_not_mix() {
    assert_eq!(PrefixSet::new(&[pattern("10.0.0.0/8"), pattern("2001:db8::/32")]), None);
}

/// BIRD 2.0.12 has them equal: it compares only lengths that are multiples of 4.
#[test]
fn sets_that_differ_within_a_node_differ() {
    assert_ne!(set("[ 10.0.0.0/13 ]"), set("[ 10.8.0.0/13 ]"));
    assert_ne!(set("[ 10.0.0.0/12, 10.0.0.0/13 ]"), set("[ 10.0.0.0/12 ]"));
}

#[test]
fn the_ends_of_the_address_space() {
    let all = set("[ 0.0.0.0/0+ ]");
    for net in ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/32", "255.255.255.255/32"] {
        let net: IpNet = net.parse().expect("a prefix");
        assert!(all.contains(&net) && !all.contains(&"::/0".parse().expect("a prefix")), "{net}");
        assert_eq!(
            set("[ 128.0.0.0/1+ ]").contains(&net),
            net.prefix_len() > 0 && !net.to_string().starts_with('0'),
            "{net}"
        );
    }
    let ends = set("[ 0.0.0.0/32, 255.255.255.255/32 ]");
    let contains = |address: &str| ends.contains_address(address.parse().expect("an address"));
    assert!(contains("0.0.0.0") && contains("255.255.255.255"));
    assert!(!contains("0.0.0.1") && !contains("255.255.255.254") && !contains("::"));
    let halves = set("[ ::/1{1,1}, 8000::/1{2,2}, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128 ]");
    let contains = |net: &str| halves.contains(&net.parse().expect("a prefix"));
    assert!(contains("::/1") && contains("8000::/2") && contains("c000::/2"));
    assert!(!contains("8000::/1") && !contains("::/2") && !contains("::/0"));
    assert!(contains("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"));
    assert!(PrefixSet::new(&[]).is_some_and(|set| set.is_empty() && set.to_string() == "[]"));
}
