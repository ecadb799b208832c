use alloc::string::ToString;
use alloc::vec::Vec;

use proptest::prelude::*;

use core::net::{Ipv4Addr, Ipv6Addr};

use bytes::BytesMut;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::*;

fn decode(family: Family, bytes: &[u8], add_path: bool) -> Result<Vec<IpNet>, usize> {
    let form = Form { add_path, ..Form::default() };
    Nlri::decode_form(family, bytes, form).map(|nlri| nlri.prefixes().collect())
}

#[test]
fn bits_behind_the_length_mean_nothing() {
    let nets = decode(Family::IPV4_UNICAST, &[0, 9, 10, 255, 32, 192, 0, 2, 1], false);
    let texts: Vec<_> = nets.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(texts, ["0.0.0.0/0", "10.128.0.0/9", "192.0.2.1/32"]);
}

#[test]
fn a_prefix_too_long_or_cut_off_is_an_error_with_its_place() {
    assert_eq!(decode(Family::IPV4_UNICAST, &[8, 10, 33, 1, 2, 3, 4, 5], false), Err(2));
    assert_eq!(decode(Family::IPV6_UNICAST, &[129], false), Err(0));
    assert_eq!(decode(Family::IPV4_UNICAST, &[8, 10, 24, 10, 0], false), Err(2));
    assert_eq!(decode(Family::IPV4_UNICAST, &[0, 0, 0], true), Err(0));
}

#[test]
fn path_identifiers_are_read() {
    let bytes = [0, 0, 0, 7, 8, 10];
    let form = Form { add_path: true, ..Form::default() };
    let nlri = Nlri::decode_form(Family::IPV4_UNICAST, &bytes, form).expect("well formed");
    let net = "10.0.0.0/8".parse().expect("a prefix");
    assert_eq!(nlri.prefixes().next_with_path_id(), Some((Some(7), net)));
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64), add_path: bool, v6: bool) {
        let family = if v6 { Family::IPV6_UNICAST } else { Family::IPV4_UNICAST };
        let _ = decode(family, &bytes, add_path);
    }

    #[test]
    fn what_is_encoded_comes_back(parts in prop::collection::vec((any::<u128>(), 0u8..=128), 0..20)) {
        let v6 = parts.iter().filter_map(|(a, l)| Ipv6Net::new(Ipv6Addr::from(*a), *l).ok());
        let nets: Vec<IpNet> = v6.map(|net| IpNet::V6(net.trunc())).collect();
        let mut out = BytesMut::new();
        nets.iter().for_each(|net| encode_prefix(net, &mut out));
        prop_assert_eq!(decode(Family::IPV6_UNICAST, &out, false), Ok(nets));
        let v4 = parts.iter().filter_map(|(a, l)| Ipv4Net::new(Ipv4Addr::from(*a as u32), *l / 4).ok());
        let nets: Vec<IpNet> = v4.map(|net| IpNet::V4(net.trunc())).collect();
        let mut out = BytesMut::new();
        nets.iter().for_each(|net| encode_prefix(net, &mut out));
        prop_assert_eq!(decode(Family::IPV4_UNICAST, &out, false), Ok(nets));
    }
}
