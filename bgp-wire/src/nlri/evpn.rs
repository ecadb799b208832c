//! Ethernet VPN routes (RFC 7432 §7, RFC 9136 §3.1).

use core::fmt;
use core::net::IpAddr;

use bytes::{BufMut, BytesMut};
use ipnet::IpNet;

use super::label::{put_u24, take_u24};
use super::prefix::{put_address, take_net};
use super::route_distinguisher::RouteDistinguisher;
use crate::attribute::community::MacAddress;
use crate::codec::Cursor;
use crate::iana::registry;

registry! {
    /// EVPN route type (RFC 7432 §7).
    EvpnRouteType(u8) {
        /// RFC 7432 §7.1
        ETHERNET_AUTO_DISCOVERY = 1, "Ethernet Auto-discovery";
        /// RFC 7432 §7.2
        MAC_IP_ADVERTISEMENT = 2, "MAC/IP Advertisement";
        /// RFC 7432 §7.3
        INCLUSIVE_MULTICAST_ETHERNET_TAG = 3, "Inclusive Multicast Ethernet Tag";
        /// RFC 7432 §7.4
        ETHERNET_SEGMENT = 4, "Ethernet Segment";
        /// RFC 9136 §3.1
        IP_PREFIX = 5, "IP Prefix";
    }
}

/// Ethernet segment identifier (RFC 7432 §5): 10 octets, the first of them a type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct EthernetSegmentId(pub [u8; 10]);

/// `00:01:02:03:04:05:06:07:08:09`
impl fmt::Display for EthernetSegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, octet) in self.0.iter().enumerate() {
            let separator = if position > 0 { ":" } else { "" };
            write!(f, "{separator}{octet:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for EthernetSegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The label field of an EVPN route: 3 octets, an MPLS label in the upper 20 bits, or a VNI of 24 bits
/// (RFC 8365 §5.1.3). Which of the two it is, the encapsulation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct EvpnLabel(u32);

impl EvpnLabel {
    /// An MPLS label of 20 bits, at the bottom of its stack.
    pub const fn mpls(label: u32) -> Self {
        Self((label & 0xf_ffff) << 4 | 1)
    }

    /// A VXLAN or NVGRE identifier of 24 bits.
    pub const fn vni(vni: u32) -> Self {
        Self(vni & 0xff_ffff)
    }

    /// The field as MPLS label.
    pub const fn as_mpls(self) -> u32 {
        self.0 >> 4
    }

    /// The field as VNI.
    pub const fn as_vni(self) -> u32 {
        self.0
    }
}

/// As a VNI: nothing in the route itself says that it is a label.
impl fmt::Display for EvpnLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A route of an Ethernet VPN. One of a type that is not known keeps its bytes.
///
/// ```
/// use bgp_wire::{EvpnRoute, RouteDistinguisher};
/// let route = EvpnRoute::InclusiveMulticastEthernetTag {
///     rd: RouteDistinguisher::two_octet_as(65000, 1),
///     ethernet_tag: 0,
///     originator: "192.0.2.1".parse()?,
/// };
/// assert_eq!(route.to_string(), "[3][65000:1][0][192.0.2.1]");
/// # Ok::<(), core::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EvpnRoute<'a> {
    /// RFC 7432 §7.1
    EthernetAutoDiscovery {
        /// Route distinguisher
        rd: RouteDistinguisher,
        /// Ethernet segment
        esi: EthernetSegmentId,
        /// Ethernet tag
        ethernet_tag: u32,
        /// Label
        label: EvpnLabel,
    },
    /// RFC 7432 §7.2
    MacIpAdvertisement {
        /// Route distinguisher
        rd: RouteDistinguisher,
        /// Ethernet segment
        esi: EthernetSegmentId,
        /// Ethernet tag
        ethernet_tag: u32,
        /// The address
        mac: MacAddress,
        /// Its IP address, if one goes with it
        ip: Option<IpAddr>,
        /// Label of the bridge table
        label1: EvpnLabel,
        /// Label of the IP routing table
        label2: Option<EvpnLabel>,
    },
    /// RFC 7432 §7.3
    InclusiveMulticastEthernetTag {
        /// Route distinguisher
        rd: RouteDistinguisher,
        /// Ethernet tag
        ethernet_tag: u32,
        /// Originating router
        originator: IpAddr,
    },
    /// RFC 7432 §7.4
    EthernetSegment {
        /// Route distinguisher
        rd: RouteDistinguisher,
        /// Ethernet segment
        esi: EthernetSegmentId,
        /// Originating router
        originator: IpAddr,
    },
    /// RFC 9136 §3.1
    IpPrefix {
        /// Route distinguisher
        rd: RouteDistinguisher,
        /// Ethernet segment
        esi: EthernetSegmentId,
        /// Ethernet tag
        ethernet_tag: u32,
        /// The prefix
        prefix: IpNet,
        /// Gateway of the same family as the prefix; zero where there is none
        gateway: IpAddr,
        /// Label
        label: EvpnLabel,
    },
    /// Any other
    Unknown {
        /// Its type
        kind: EvpnRouteType,
        /// What follows type and length, at most 255 octets
        value: &'a [u8],
    },
}

impl<'a> EvpnRoute<'a> {
    /// Its type.
    pub const fn kind(&self) -> EvpnRouteType {
        match self {
            Self::EthernetAutoDiscovery { .. } => EvpnRouteType::ETHERNET_AUTO_DISCOVERY,
            Self::MacIpAdvertisement { .. } => EvpnRouteType::MAC_IP_ADVERTISEMENT,
            Self::InclusiveMulticastEthernetTag { .. } => {
                EvpnRouteType::INCLUSIVE_MULTICAST_ETHERNET_TAG
            }
            Self::EthernetSegment { .. } => EvpnRouteType::ETHERNET_SEGMENT,
            Self::IpPrefix { .. } => EvpnRouteType::IP_PREFIX,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    /// Whether a prefix has both a gateway and an Ethernet segment to be resolved by: such a route SHOULD be
    /// treated as withdrawn (RFC 9136 §3.2).
    pub fn has_two_overlay_indexes(&self) -> bool {
        match self {
            Self::IpPrefix { esi, gateway, .. } => {
                *esi != EthernetSegmentId::default() && !gateway.is_unspecified()
            }
            _ => false,
        }
    }

    /// Reads type, length and value (RFC 7432 §7).
    pub(crate) fn decode(cursor: &mut Cursor<'a>) -> Option<Self> {
        let kind = EvpnRouteType(cursor.u8()?);
        let length = cursor.u8()?;
        let mut value = cursor.sub(usize::from(length))?;
        let route = Self::decode_value(kind, &mut value)?;
        value.is_empty().then_some(route)
    }

    fn decode_value(kind: EvpnRouteType, value: &mut Cursor<'a>) -> Option<Self> {
        let whole = value.rest();
        let mut rd = || value.array().map(RouteDistinguisher);
        Some(match kind {
            EvpnRouteType::ETHERNET_AUTO_DISCOVERY => Self::EthernetAutoDiscovery {
                rd: rd()?,
                esi: take_esi(value)?,
                ethernet_tag: value.u32()?,
                label: take_label(value)?,
            },
            EvpnRouteType::MAC_IP_ADVERTISEMENT => Self::MacIpAdvertisement {
                rd: rd()?,
                esi: take_esi(value)?,
                ethernet_tag: value.u32()?,
                mac: take_mac(value)?,
                ip: take_optional_ip(value)?,
                label1: take_label(value)?,
                label2: if value.is_empty() { None } else { Some(take_label(value)?) },
            },
            EvpnRouteType::INCLUSIVE_MULTICAST_ETHERNET_TAG => {
                Self::InclusiveMulticastEthernetTag {
                    rd: rd()?,
                    ethernet_tag: value.u32()?,
                    originator: take_optional_ip(value)??,
                }
            }
            EvpnRouteType::ETHERNET_SEGMENT => Self::EthernetSegment {
                rd: rd()?,
                esi: take_esi(value)?,
                originator: take_optional_ip(value)??,
            },
            EvpnRouteType::IP_PREFIX => {
                // The family is told by the length of the whole.
                let ipv6 = match whole.len() {
                    34 => false,
                    58 => true,
                    _ => return None,
                };
                let (rd, esi) = (rd()?, take_esi(value)?);
                let (ethernet_tag, length) = (value.u32()?, value.u8()?);
                let mut field = value.sub(if ipv6 { 16 } else { 4 })?;
                Self::IpPrefix {
                    rd,
                    esi,
                    ethernet_tag,
                    prefix: take_net(&mut field, ipv6, length)?,
                    gateway: take_ip(value, ipv6)?,
                    label: take_label(value)?,
                }
            }
            _ => Self::Unknown { kind, value: value.take(value.remaining())? },
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_slice(&[self.kind().0, 0]);
        let start = out.len();
        self.encode_value(out);
        out.truncate(start + usize::from(u8::MAX));
        let length = u8::try_from(out.len() - start).unwrap_or(u8::MAX);
        if let Some(field) = out.get_mut(start - 1) {
            *field = length;
        }
    }

    fn encode_value(&self, out: &mut BytesMut) {
        match self {
            Self::EthernetAutoDiscovery { rd, esi, ethernet_tag, label } => {
                out.put_slice(&rd.0);
                out.put_slice(&esi.0);
                out.put_u32(*ethernet_tag);
                put_u24(out, label.0);
            }
            Self::MacIpAdvertisement { rd, esi, ethernet_tag, mac, ip, label1, label2 } => {
                out.put_slice(&rd.0);
                out.put_slice(&esi.0);
                out.put_u32(*ethernet_tag);
                out.put_u8(48);
                out.put_slice(&mac.0);
                match ip {
                    Some(ip) => put_ip(out, ip),
                    None => out.put_u8(0),
                }
                put_u24(out, label1.0);
                label2.iter().for_each(|label| put_u24(out, label.0));
            }
            Self::InclusiveMulticastEthernetTag { rd, ethernet_tag, originator } => {
                out.put_slice(&rd.0);
                out.put_u32(*ethernet_tag);
                put_ip(out, originator);
            }
            Self::EthernetSegment { rd, esi, originator } => {
                out.put_slice(&rd.0);
                out.put_slice(&esi.0);
                put_ip(out, originator);
            }
            Self::IpPrefix { rd, esi, ethernet_tag, prefix, gateway, label } => {
                out.put_slice(&rd.0);
                out.put_slice(&esi.0);
                out.put_u32(*ethernet_tag);
                out.put_u8(prefix.prefix_len());
                put_address(prefix, out);
                // "The IP prefix and gateway IP address MUST be from the same IP address family."
                match (prefix, gateway) {
                    (IpNet::V4(_), IpAddr::V4(address)) => out.put_slice(&address.octets()),
                    (IpNet::V6(_), IpAddr::V6(address)) => out.put_slice(&address.octets()),
                    (IpNet::V4(_), IpAddr::V6(_)) => out.put_bytes(0, 4),
                    (IpNet::V6(_), IpAddr::V4(_)) => out.put_bytes(0, 16),
                }
                put_u24(out, label.0);
            }
            Self::Unknown { value, .. } => out.put_slice(value),
        }
    }
}

fn take_esi(value: &mut Cursor<'_>) -> Option<EthernetSegmentId> {
    value.array().map(EthernetSegmentId)
}

fn take_label(value: &mut Cursor<'_>) -> Option<EvpnLabel> {
    take_u24(value).map(EvpnLabel)
}

fn take_mac(value: &mut Cursor<'_>) -> Option<MacAddress> {
    value.u8().filter(|bits| *bits == 48)?;
    value.array().map(MacAddress)
}

/// A length in bits and an address, or nothing behind a length of 0.
fn take_optional_ip(value: &mut Cursor<'_>) -> Option<Option<IpAddr>> {
    Some(match value.u8()? {
        0 => None,
        32 => Some(take_ip(value, false)?),
        128 => Some(take_ip(value, true)?),
        _ => return None,
    })
}

fn take_ip(value: &mut Cursor<'_>, ipv6: bool) -> Option<IpAddr> {
    Some(if ipv6 { IpAddr::from(value.array::<16>()?) } else { IpAddr::from(value.array::<4>()?) })
}

/// A length in bits and the address.
fn put_ip(out: &mut BytesMut, address: &IpAddr) {
    match address {
        IpAddr::V4(address) => {
            out.put_u8(32);
            out.put_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            out.put_u8(128);
            out.put_slice(&address.octets());
        }
    }
}

/// Type and key in brackets: `[2][65000:1][0][02:00:00:00:00:01][192.0.2.1]`. What is no part of the key
/// (RFC 7432 §7) stands behind it.
impl fmt::Display for EvpnRoute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.kind().0)?;
        match self {
            Self::EthernetAutoDiscovery { rd, esi, ethernet_tag, label } => {
                write!(f, "[{rd}][{esi}][{ethernet_tag}] label {label}")
            }
            Self::MacIpAdvertisement { rd, esi, ethernet_tag, mac, ip, label1, label2 } => {
                write!(f, "[{rd}][{ethernet_tag}][{mac}]")?;
                ip.map_or(Ok(()), |ip| write!(f, "[{ip}]"))?;
                write!(f, " esi {esi} label {label1}")?;
                label2.map_or(Ok(()), |label| write!(f, "/{label}"))
            }
            Self::InclusiveMulticastEthernetTag { rd, ethernet_tag, originator } => {
                write!(f, "[{rd}][{ethernet_tag}][{originator}]")
            }
            Self::EthernetSegment { rd, esi, originator } => {
                write!(f, "[{rd}][{esi}][{originator}]")
            }
            Self::IpPrefix { rd, esi, ethernet_tag, prefix, gateway, label } => {
                write!(
                    f,
                    "[{rd}][{ethernet_tag}][{prefix}] esi {esi} gateway {gateway} label {label}"
                )
            }
            Self::Unknown { value, .. } => {
                value.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}
