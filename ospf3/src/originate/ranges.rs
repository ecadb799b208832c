//! Which of the ranges that a prefix lies in counts.

use alloc::collections::BTreeMap;

use ipnet::IpNet;

/// The longest of some ranges that a prefix lies in.
pub(super) fn range_of<T>(ranges: &BTreeMap<IpNet, T>, net: IpNet) -> Option<(IpNet, &T)> {
    // What contains a prefix stands before it in order; of several the longest stands last.
    let mut probe = net.trunc();
    loop {
        let (range, value) = ranges.range(..=probe).next_back()?;
        if range.contains(&net) {
            return Some((*range, value));
        }
        // Nothing that is longer than what the two have in common contains the prefix.
        probe = common(*range, net)?;
    }
}

/// The prefix that two have in common; `None` if they are of different address families.
fn common(one: IpNet, other: IpNet) -> Option<IpNet> {
    let length = match (one, other) {
        (IpNet::V4(one), IpNet::V4(other)) => {
            (one.network().to_bits() ^ other.network().to_bits()).leading_zeros()
        }
        (IpNet::V6(one), IpNet::V6(other)) => {
            (one.network().to_bits() ^ other.network().to_bits()).leading_zeros()
        }
        _ => return None,
    };
    let shorter = one.prefix_len().min(other.prefix_len());
    let length = u8::try_from(length).unwrap_or(shorter).min(shorter);
    IpNet::new(other.addr(), length).ok().map(|net| net.trunc())
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use core::net::Ipv4Addr;

    use ipnet::Ipv4Net;
    use proptest::prelude::*;

    use super::*;

    fn net() -> impl Strategy<Value = IpNet> {
        // Few bits, so that prefixes lie within each other.
        (0u32..256, 0u8..=8).prop_map(|(bits, length)| {
            let address = Ipv4Addr::from_bits(bits << 24);
            Ipv4Net::new(address, length).map(|net| IpNet::V4(net.trunc())).expect("length")
        })
    }

    proptest! {
        #[test]
        fn the_longest_is_found(ranges: Vec<u8>, nets in proptest::collection::vec(net(), 0..20), probe in net()) {
            let ranges: BTreeMap<IpNet, u8> = nets.into_iter().zip(ranges).collect();
            let slow = ranges.iter().filter(|(range, _)| range.contains(&probe));
            let slow = slow.max_by_key(|(range, _)| range.prefix_len());
            prop_assert_eq!(range_of(&ranges, probe), slow.map(|(range, value)| (*range, value)));
        }
    }

    #[test]
    fn families_are_apart() {
        let net = |text: &str| text.parse::<IpNet>().expect("prefix");
        let ranges = BTreeMap::from([(net("0.0.0.0/0"), 4), (net("2001:db8::/32"), 6)]);
        assert_eq!(range_of(&ranges, net("2001:db8:1::/48")), Some((net("2001:db8::/32"), &6)));
        assert_eq!(range_of(&ranges, net("2001:db9::/48")), None);
        assert_eq!(range_of(&ranges, net("10.0.0.0/8")), Some((net("0.0.0.0/0"), &4)));
        assert_eq!(range_of(&BTreeMap::from([(net("::/0"), 0)]), net("10.0.0.0/8")), None);
    }
}
