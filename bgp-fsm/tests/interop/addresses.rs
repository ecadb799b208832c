//! Who is who: 10.0.0.1 is ours, 10.0.0.2 the peer's; 10.0.0.3, ours too, feeds the peer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(crate) const OUR_AS: u32 = 65001;
pub(crate) const PEER_AS: u32 = 65002;
pub(crate) const FEEDER_AS: u32 = 65003;
/// For sessions of AS numbers of four octets
pub(crate) const OUR_LARGE_AS: u32 = 4_200_000_001;
pub(crate) const PEER_LARGE_AS: u32 = 4_200_000_002;

pub(crate) const US: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));
pub(crate) const FEEDER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 3));
pub(crate) const US6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
pub(crate) const PEER6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2));

/// Routes of the peer
pub(crate) const THEIRS: &str = "198.51.100.0/24";
pub(crate) const THEIRS_TOO: &str = "198.51.101.0/24";
pub(crate) const THEIRS6: &str = "2001:db8:1::/48";
/// Routes of ours
pub(crate) const OURS: &str = "203.0.113.0/24";
pub(crate) const OURS_TOO: &str = "203.0.114.0/24";
pub(crate) const OURS6: &str = "2001:db8:2::/48";

pub(crate) const PASSWORD: &str = "causeway";
