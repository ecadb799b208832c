//! What extended communities mean.

use core::fmt;
use core::net::Ipv4Addr;

use super::administrator::Administrator;
use super::extended::ExtendedCommunity;
use crate::iana::registry;

/// What an [`ExtendedCommunity`] means.
///
/// Reserved bits are not kept: a community with such bits set means the same as one without, but is another.
///
/// ```
/// use bgp_wire::{ExtendedCommunity, ExtendedCommunityKind};
/// let slow = ExtendedCommunityKind::TrafficRateBytes { asn: 65000, rate: 1e6 };
/// assert_eq!(ExtendedCommunity::from(slow).to_string(), "traffic-rate-bytes:65000:1000000");
/// let sampled = ExtendedCommunity([0x80, 7, 0, 0, 0, 0, 0, 2]).decode();
/// assert_eq!(sampled, ExtendedCommunityKind::TrafficAction { sample: true, terminal: false });
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ExtendedCommunityKind {
    /// Who imports the route (RFC 4360 §4): `rt:65000:1`
    RouteTarget(Administrator),
    /// Whose route it is (RFC 4360 §5): `ro:65000:1`
    RouteOrigin(Administrator),
    /// RFC 4577 §4.2.4: `ospf-domain-id:65000:1`
    OspfDomainId(Administrator),
    /// RFC 4577 §4.2.6: `ospf-router-id:192.0.2.1`
    OspfRouterId(Ipv4Addr),
    /// RFC 4577 §4.2.6: `ospf-route-type:0.0.0.1:5:1`
    OspfRouteType {
        /// Area number; 0.0.0.0 of external routes
        area: Ipv4Addr,
        /// 1, 2: intra-area; 3: inter-area; 5: external; 7: NSSA
        route_type: u8,
        /// The least significant bit: the metric is of type 2.
        options: u8,
    },
    /// RFC 10005: `link-bandwidth:65000:125000000`, or `transitive-link-bandwidth:…`
    LinkBandwidth {
        /// Whether it is passed on to other ASes
        transitive: bool,
        /// The AS that has added it
        asn: u16,
        /// Octets a second; not negative
        rate: f32,
    },
    /// RFC 9012 §4.3: `color:100`, or `color:1:100` with the CO bits
    Color {
        /// The Color-Only type, 0 to 3 (RFC 9256 §8.8.1), in the first two bits of the flags (RFC 9830 §3)
        color_only: u8,
        /// The colour
        color: u32,
    },
    /// RFC 9012 §4.1: `encapsulation:vxlan`
    Encapsulation(TunnelType),
    /// RFC 7432 §7.8: `default-gateway`
    DefaultGateway,
    /// RFC 8955 §7.1: `traffic-rate-bytes:65000:0`
    TrafficRateBytes {
        /// The AS; only informative
        asn: u16,
        /// Octets a second; zero: all is dropped
        rate: f32,
    },
    /// RFC 8955 §7.2: `traffic-rate-packets:65000:1000`
    TrafficRatePackets {
        /// The AS; only informative
        asn: u16,
        /// Packets a second; zero: all is dropped
        rate: f32,
    },
    /// RFC 8955 §7.3: `traffic-action:none`, `…:sample`, `…:terminal`, `…:sample-terminal`
    TrafficAction {
        /// The S bit: packets are sampled and logged.
        sample: bool,
        /// The T bit: also later flow specifications are looked at.
        terminal: bool,
    },
    /// RFC 8955 §7.4: `rt-redirect:65000:1`
    RtRedirect(Administrator),
    /// RFC 8955 §7.5: `traffic-marking:46`
    TrafficMarking {
        /// 0 to 63
        dscp: u8,
    },
    /// draft-ietf-idr-flowspec-redirect-ip: `redirect-to-ip:192.0.2.1`, `redirect-to-ip:192.0.2.1:copy`
    RedirectToIp {
        /// Where to
        address: Ipv4Addr,
        /// The C bit: a copy goes there, the packet its usual way.
        copy: bool,
    },
    /// draft-simpson-idr-flowspec-redirect: `redirect-to-next-hop`, `redirect-to-next-hop:copy`
    RedirectToNextHop {
        /// The C bit: a copy goes there, the packet its usual way.
        copy: bool,
    },
    /// RFC 7432 §7.7: `mac-mobility:7`, `mac-mobility:7:sticky`
    MacMobility {
        /// The address cannot move.
        sticky: bool,
        /// Grows with each move
        sequence: u32,
    },
    /// RFC 7432 §7.5: `esi-label:100`, `esi-label:100:single-active`
    EsiLabel {
        /// Only one of the segment's links is in use.
        single_active: bool,
        /// The field of 24 bits as it stands: an MPLS label is in its upper 20 bits.
        label: u32,
    },
    /// RFC 7432 §7.6: `es-import:00:00:5e:00:53:01`
    EsImport(MacAddress),
    /// RFC 9135 §8.1: `router-mac:00:00:5e:00:53:01`
    RouterMac(MacAddress),
    /// RFC 8584 §2.2: `df-election:1:0x4000`
    DfElection {
        /// DF Alg: 0 to 31
        algorithm: u8,
        /// Bitmap of capabilities
        capabilities: u16,
    },
    /// RFC 8097 §2: `origin-validation-state:valid`. Others than the three states mean nothing.
    OriginValidationState(OriginValidationState),
    /// Any other: `generic:0x43000000:0x1`
    Other(ExtendedCommunity),
}

/// A MAC address.
///
/// ```
/// use bgp_wire::MacAddress;
/// assert_eq!(MacAddress([0, 0, 0x5e, 0, 0x53, 1]).to_string(), "00:00:5e:00:53:01");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacAddress(pub [u8; 6]);

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, octet) in self.0.iter().enumerate() {
            write!(f, "{}{octet:02x}", if i == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What origin validation found (RFC 8097 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OriginValidationState {
    /// A ROA covers the prefix and fits.
    Valid = 0,
    /// No ROA covers the prefix.
    NotFound = 1,
    /// ROAs cover the prefix, and none fits.
    Invalid = 2,
}

registry! {
    /// Tunnel type of RFC 9012 §4.1, in IANA's registry of BGP tunnel encapsulation attribute tunnel types.
    TunnelType(u16) {
        /// L2TPv3 over IP, RFC 9012
        L2TPV3 = 1, "l2tpv3";
        /// GRE, RFC 9012
        GRE = 2, "gre";
        /// IP in IP, RFC 9012
        IP_IN_IP = 7, "ip-in-ip";
        /// VXLAN, RFC 8365
        VXLAN = 8, "vxlan";
        /// NVGRE, RFC 8365
        NVGRE = 9, "nvgre";
        /// MPLS, RFC 8365
        MPLS = 10, "mpls";
        /// MPLS in GRE, RFC 9012
        MPLS_IN_GRE = 11, "mpls-in-gre";
        /// VXLAN GPE, RFC 8365
        VXLAN_GPE = 12, "vxlan-gpe";
        /// MPLS in UDP, RFC 7510
        MPLS_IN_UDP = 13, "mpls-in-udp";
        /// SR policy, RFC 9830
        SR_POLICY = 15, "sr-policy";
        /// Geneve, RFC 8926
        GENEVE = 19, "geneve";
    }
}

/// EVPN (RFC 7432 §7)
const EVPN: u8 = 0x06;

impl ExtendedCommunityKind {
    pub(super) fn decode(community: ExtendedCommunity) -> Self {
        let [kind, sub, value @ ..] = community.0;
        let decoded = match kind {
            0x00..=0x02 => specific(kind, sub, value),
            0x40 if sub == 0x04 => link_bandwidth(false, value),
            0x03 => opaque(sub, value),
            0x43 if sub == 0x00 => validation(value),
            EVPN => evpn(sub, value),
            0x08 if sub == 0x00 => {
                let [.., flags] = value;
                Some(Self::RedirectToNextHop { copy: flags & 1 != 0 })
            }
            0x80..=0x82 => experimental(kind, sub, value),
            _ => None,
        };
        decoded.unwrap_or(Self::Other(community))
    }

    pub(super) fn encode(self) -> ExtendedCommunity {
        let (kind, sub, [a, b, c, d, e, f]) = self.parts();
        ExtendedCommunity([kind, sub, a, b, c, d, e, f])
    }

    /// Type, sub-type and value
    fn parts(self) -> (u8, u8, [u8; 6]) {
        let ipv4 = |address, number| Administrator::Ipv4 { address, number }.encode();
        match self {
            Self::RouteTarget(of) => (of.kind(), 0x02, of.encode()),
            Self::RouteOrigin(of) => (of.kind(), 0x03, of.encode()),
            Self::OspfDomainId(of) => (of.kind(), 0x05, of.encode()),
            Self::OspfRouterId(id) => (0x01, 0x07, ipv4(id, 0)),
            Self::OspfRouteType { area, route_type, options } => {
                (0x03, 0x06, ipv4(area, u16::from_be_bytes([route_type, options])))
            }
            Self::LinkBandwidth { transitive: true, asn, rate } => {
                (0x00, 0x04, put_rate(asn, rate))
            }
            Self::LinkBandwidth { asn, rate, .. } => (0x40, 0x04, put_rate(asn, rate)),
            Self::Color { color_only, color } => (0x03, 0x0b, flags((color_only & 3) << 6, color)),
            Self::Encapsulation(tunnel) => (0x03, 0x0c, flags(0, tunnel.0.into())),
            Self::DefaultGateway => (0x03, 0x0d, [0; 6]),
            Self::TrafficRateBytes { asn, rate } => (0x80, 0x06, put_rate(asn, rate)),
            Self::TrafficRatePackets { asn, rate } => (0x80, 0x0c, put_rate(asn, rate)),
            Self::TrafficAction { sample, terminal } => {
                (0x80, 0x07, flags(0, u32::from(sample) << 1 | u32::from(terminal)))
            }
            Self::RtRedirect(of) => (0x80 | of.kind(), 0x08, of.encode()),
            Self::TrafficMarking { dscp } => (0x80, 0x09, flags(0, u32::from(dscp & 0x3f))),
            Self::RedirectToIp { address, copy } => (0x01, 0x0c, ipv4(address, copy.into())),
            Self::RedirectToNextHop { copy } => (0x08, 0x00, flags(0, copy.into())),
            Self::MacMobility { sticky, sequence } => (EVPN, 0x00, flags(sticky.into(), sequence)),
            Self::EsiLabel { single_active, label } => {
                (EVPN, 0x01, flags(single_active.into(), label & 0x00ff_ffff))
            }
            Self::EsImport(address) => (EVPN, 0x02, address.0),
            Self::RouterMac(address) => (EVPN, 0x03, address.0),
            Self::DfElection { algorithm, capabilities } => {
                let [b, c] = capabilities.to_be_bytes();
                (EVPN, 0x06, [algorithm & 0x1f, b, c, 0, 0, 0])
            }
            Self::OriginValidationState(state) => (0x43, 0x00, flags(0, state as u32)),
            Self::Other(ExtendedCommunity([kind, sub, value @ ..])) => (kind, sub, value),
        }
    }
}

/// An octet of flags, a reserved one, and a number
const fn flags(flags: u8, number: u32) -> [u8; 6] {
    let [c, d, e, f] = number.to_be_bytes();
    [flags, 0, c, d, e, f]
}

/// A rate is never written as less than zero (RFC 8955 §7.1).
fn put_rate(asn: u16, rate: f32) -> [u8; 6] {
    let rate = if rate > 0.0 { rate } else { 0.0 };
    Administrator::TwoOctetAs { asn, number: rate.to_bits() }.encode()
}

/// An AS and a rate; `None` when it is not a number.
fn rate([a, b, rate @ ..]: [u8; 6]) -> Option<(u16, f32)> {
    let rate = f32::from_be_bytes(rate);
    (!rate.is_nan()).then(|| (u16::from_be_bytes([a, b]), rate))
}

fn link_bandwidth(transitive: bool, value: [u8; 6]) -> Option<ExtendedCommunityKind> {
    let (asn, rate) = rate(value).filter(|(_, rate)| rate.is_sign_positive())?;
    Some(ExtendedCommunityKind::LinkBandwidth { transitive, asn, rate })
}

/// Transitive, of an AS or an IPv4 address (RFC 4360 §3.1, §3.2, RFC 5668 §2)
fn specific(kind: u8, sub: u8, value: [u8; 6]) -> Option<ExtendedCommunityKind> {
    use ExtendedCommunityKind as Kind;
    let administrator = Administrator::decode(kind, value)?;
    Some(match (sub, administrator) {
        (0x02, _) => Kind::RouteTarget(administrator),
        (0x03, _) => Kind::RouteOrigin(administrator),
        (0x04, Administrator::TwoOctetAs { .. }) => return link_bandwidth(true, value),
        (0x05, _) => Kind::OspfDomainId(administrator),
        (0x07, Administrator::Ipv4 { address, .. }) => Kind::OspfRouterId(address),
        (0x0c, Administrator::Ipv4 { address, number }) => {
            Kind::RedirectToIp { address, copy: number & 1 != 0 }
        }
        _ => return None,
    })
}

/// Transitive opaque (RFC 4360 §3.3)
const fn opaque(sub: u8, value: [u8; 6]) -> Option<ExtendedCommunityKind> {
    use ExtendedCommunityKind as Kind;
    let [a, b, c, d, e, f] = value;
    Some(match sub {
        0x06 => Kind::OspfRouteType { area: Ipv4Addr::new(a, b, c, d), route_type: e, options: f },
        0x0b => Kind::Color { color_only: a >> 6, color: u32::from_be_bytes([c, d, e, f]) },
        0x0c => Kind::Encapsulation(TunnelType(u16::from_be_bytes([e, f]))),
        0x0d => Kind::DefaultGateway,
        _ => return None,
    })
}

/// Of "Generic Transitive Experimental Use" types, where flow specification (RFC 8955 §7) and what OSPF
/// had before it was given numbers (RFC 4577 §4.2.4, §4.2.6) are.
fn experimental(kind: u8, sub: u8, value: [u8; 6]) -> Option<ExtendedCommunityKind> {
    use ExtendedCommunityKind as Kind;
    let [a, b, c, d, _, last] = value;
    // "On decoding, negative values MUST be treated as zero."
    let rate = || rate(value).map(|(asn, rate)| (asn, if rate > 0.0 { rate } else { 0.0 }));
    Some(match (kind, sub) {
        (_, 0x08) => Kind::RtRedirect(Administrator::decode(kind & 0x7f, value)?),
        (0x80, 0x00) => return opaque(0x06, value),
        (0x80, 0x01) => Kind::OspfRouterId(Ipv4Addr::new(a, b, c, d)),
        (0x80, 0x05) => Kind::OspfDomainId(Administrator::decode(0, value)?),
        (0x80, 0x06) => rate().map(|(asn, rate)| Kind::TrafficRateBytes { asn, rate })?,
        (0x80, 0x07) => Kind::TrafficAction { sample: last & 2 != 0, terminal: last & 1 != 0 },
        (0x80, 0x09) => Kind::TrafficMarking { dscp: last & 0x3f },
        (0x80, 0x0c) => rate().map(|(asn, rate)| Kind::TrafficRatePackets { asn, rate })?,
        _ => return None,
    })
}

/// RFC 7432 §7, RFC 9135 §8.1, RFC 8584 §2.2
const fn evpn(sub: u8, value: [u8; 6]) -> Option<ExtendedCommunityKind> {
    use ExtendedCommunityKind as Kind;
    let [a, b, c, d, e, f] = value;
    Some(match sub {
        0x00 => {
            Kind::MacMobility { sticky: a & 1 != 0, sequence: u32::from_be_bytes([c, d, e, f]) }
        }
        0x01 => {
            Kind::EsiLabel { single_active: a & 1 != 0, label: u32::from_be_bytes([0, d, e, f]) }
        }
        0x02 => Kind::EsImport(MacAddress(value)),
        0x03 => Kind::RouterMac(MacAddress(value)),
        0x06 => Kind::DfElection { algorithm: a & 0x1f, capabilities: u16::from_be_bytes([b, c]) },
        _ => return None,
    })
}

/// "If the value received is greater than the largest specified value (2)": discarded.
const fn validation([.., state]: [u8; 6]) -> Option<ExtendedCommunityKind> {
    use OriginValidationState::{Invalid, NotFound, Valid};
    Some(ExtendedCommunityKind::OriginValidationState(match state {
        0 => Valid,
        1 => NotFound,
        2 => Invalid,
        _ => return None,
    }))
}
