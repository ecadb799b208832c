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
