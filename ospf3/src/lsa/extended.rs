//! Extended LSAs: the same as the others, made of TLVs (RFC 8362). They are checked, kept and flooded; routes do not
//! come of them.

use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};

use bytes::{BufMut, Bytes, BytesMut};

use super::external::{ExternalMetricType, metric_type, metric_word};
use super::header::LsaKey;
use super::inter_area::{InterAreaPrefixLsa, InterAreaRouterLsa, LS_INFINITY};
use super::intra_area_prefix::read_referenced;
use super::ls_type::LsType;
use super::prefix::Prefix;
use super::router::{RouterFlags, RouterLink};
use crate::codec::Reader;
use crate::error::LsaError;
use crate::id::RouterId;
use crate::options::Options;
use crate::tlv::{self, Tlv};

/// An extended LSA's body (RFC 8362 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedLsa {
    /// What stands before the TLVs.
    pub fields: ExtendedFields,
    /// The TLVs, in their order. Those that do not belong into an LSA of its type are to be ignored.
    pub tlvs: Vec<ExtendedTlv>,
}

/// What stands before an extended LSA's TLVs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtendedFields {
    /// Of an E-Router-LSA (RFC 8362 §4.1).
    Router {
        /// What the router is.
        flags: RouterFlags,
        /// What it supports.
        options: Options,
    },
    /// Of an E-Network-LSA (RFC 8362 §4.2).
    Network {
        /// Those of all Link-LSAs of the link together.
        options: Options,
    },
    /// Of an E-Link-LSA (RFC 8362 §4.7).
    Link {
        /// How much the router wants to be Designated Router.
        router_priority: u8,
        /// What the router would like to be in the E-Network-LSA.
        options: Options,
    },
    /// Of an E-Intra-Area-Prefix-LSA (RFC 8362 §4.8).
    IntraAreaPrefix {
        /// The E-Router-LSA or E-Network-LSA that the prefixes belong to.
        referenced: LsaKey,
    },
    /// Nothing: of the other types.
    None,
}

/// A TLV of an extended LSA (RFC 8362 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtendedTlv {
    /// One link of a router (RFC 8362 §3.2).
    RouterLink {
        /// As a Router-LSA has it.
        link: RouterLink,
        /// Sub-TLVs.
        sub_tlvs: Vec<Tlv>,
    },
    /// The routers on a link (RFC 8362 §3.3).
    AttachedRouters(Vec<RouterId>),
    /// A prefix of another area (RFC 8362 §3.4).
    InterAreaPrefix {
        /// As an Inter-Area-Prefix-LSA has it.
        route: InterAreaPrefixLsa,
        /// Sub-TLVs.
        sub_tlvs: Vec<Tlv>,
    },
    /// An AS boundary router in another area (RFC 8362 §3.5).
    InterAreaRouter {
        /// As an Inter-Area-Router-LSA has it.
        route: InterAreaRouterLsa,
        /// Sub-TLVs.
        sub_tlvs: Vec<Tlv>,
    },
    /// A destination outside of the AS (RFC 8362 §3.6).
    ExternalPrefix {
        /// What the metric means: the E bit.
        metric_type: ExternalMetricType,
        /// The cost, 24 bits.
        metric: u32,
        /// The destination.
        prefix: Prefix,
        /// Sub-TLVs: among them [forwarding addresses](ExtendedTlv::IPV6_FORWARDING_ADDRESS) and the
        /// [tag](ExtendedTlv::ROUTE_TAG), which are as long as they must be.
        sub_tlvs: Vec<Tlv>,
    },
    /// A prefix of a router or a network (RFC 8362 §3.7).
    IntraAreaPrefix {
        /// Its cost, 24 bits.
        metric: u32,
        /// The prefix.
        prefix: Prefix,
        /// Sub-TLVs.
        sub_tlvs: Vec<Tlv>,
    },
    /// A router's IPv6 address on a link (RFC 8362 §3.8).
    Ipv6LinkLocalAddress {
        /// The address.
        address: Ipv6Addr,
        /// Sub-TLVs.
        sub_tlvs: Vec<Tlv>,
    },
    /// A router's IPv4 address on a link (RFC 8362 §3.9).
    Ipv4LinkLocalAddress {
        /// The address.
        address: Ipv4Addr,
        /// Sub-TLVs.
        sub_tlvs: Vec<Tlv>,
    },
    /// One of another type, which is to be ignored (RFC 8362 §6.3).
    Other(Tlv),
}

const ROUTER_LINK: u16 = 1;
const ATTACHED_ROUTERS: u16 = 2;
const INTER_AREA_PREFIX: u16 = 3;
const INTER_AREA_ROUTER: u16 = 4;
const EXTERNAL_PREFIX: u16 = 5;
const INTRA_AREA_PREFIX: u16 = 6;
const IPV6_LINK_LOCAL_ADDRESS: u16 = 7;
const IPV4_LINK_LOCAL_ADDRESS: u16 = 8;

impl ExtendedTlv {
    /// The type of a sub-TLV of [`Self::ExternalPrefix`]: 16 octets, in the IPv6 address families (RFC 8362 §3.10).
    pub const IPV6_FORWARDING_ADDRESS: u16 = 1;
    /// The type of a sub-TLV of [`Self::ExternalPrefix`]: 4 octets, in the IPv4 address families (RFC 8362 §3.11).
    pub const IPV4_FORWARDING_ADDRESS: u16 = 2;
    /// The type of a sub-TLV of [`Self::ExternalPrefix`]: 4 octets (RFC 8362 §3.12).
    pub const ROUTE_TAG: u16 = 3;

    fn read(reader: &mut Reader<'_>) -> Result<Self, LsaError> {
        let (tlv_type, mut value) = tlv::read(reader)?;
        let value = &mut value;
        Ok(match tlv_type {
            ROUTER_LINK => {
                let link = RouterLink::read(value)?;
                Self::RouterLink { link, sub_tlvs: tlv::read_all(*value)? }
            }
            ATTACHED_ROUTERS => {
                let mut routers = Vec::from([RouterId(value.u32("Adjacent Neighbor Router ID")?)]);
                while value.remaining() >= 4 {
                    routers.push(RouterId(value.u32("Adjacent Neighbor Router ID")?));
                }
                Self::AttachedRouters(routers)
            }
            INTER_AREA_PREFIX => {
                let route = InterAreaPrefixLsa::read(value)?;
                Self::InterAreaPrefix { route, sub_tlvs: tlv::read_all(*value)? }
            }
            INTER_AREA_ROUTER => {
                let route = InterAreaRouterLsa::read(value)?;
                Self::InterAreaRouter { route, sub_tlvs: tlv::read_all(*value)? }
            }
            EXTERNAL_PREFIX => {
                let word = value.u32("Metric")?;
                let (prefix, _reserved) = Prefix::read(value)?;
                let sub_tlvs = read_external(*value)?;
                let (metric_type, metric) = (metric_type(word), word & LS_INFINITY);
                Self::ExternalPrefix { metric_type, metric, prefix, sub_tlvs }
            }
            INTRA_AREA_PREFIX => {
                let metric = value.u24_padded("Metric")?;
                let (prefix, _reserved) = Prefix::read(value)?;
                Self::IntraAreaPrefix { metric, prefix, sub_tlvs: tlv::read_all(*value)? }
            }
            IPV6_LINK_LOCAL_ADDRESS => {
                let address = value.ipv6("IPv6 Link-Local Interface Address")?;
                Self::Ipv6LinkLocalAddress { address, sub_tlvs: tlv::read_all(*value)? }
            }
            IPV4_LINK_LOCAL_ADDRESS => {
                let address =
                    Ipv4Addr::from(value.array::<4>("IPv4 Link-Local Interface Address")?);
                Self::Ipv4LinkLocalAddress { address, sub_tlvs: tlv::read_all(*value)? }
            }
            _ => Self::Other(Tlv { tlv_type, value: Bytes::copy_from_slice(value.rest()) }),
        })
    }

    fn put(&self, out: &mut BytesMut) {
        match self {
            Self::RouterLink { link, sub_tlvs } => tlv::put(ROUTER_LINK, out, |out| {
                link.put(out);
                tlv::put_all(sub_tlvs, out);
            }),
            Self::AttachedRouters(routers) => tlv::put(ATTACHED_ROUTERS, out, |out| {
                for router in routers {
                    out.put_u32(router.0);
                }
            }),
            Self::InterAreaPrefix { route, sub_tlvs } => tlv::put(INTER_AREA_PREFIX, out, |out| {
                route.put(out);
                tlv::put_all(sub_tlvs, out);
            }),
            Self::InterAreaRouter { route, sub_tlvs } => tlv::put(INTER_AREA_ROUTER, out, |out| {
                route.put(out);
                tlv::put_all(sub_tlvs, out);
            }),
            Self::ExternalPrefix { metric_type, metric, prefix, sub_tlvs } => {
                tlv::put(EXTERNAL_PREFIX, out, |out| {
                    out.put_u32(metric_word(*metric_type, *metric));
                    prefix.put(0, out);
                    tlv::put_all(sub_tlvs, out);
                });
            }
            Self::IntraAreaPrefix { metric, prefix, sub_tlvs } => {
                tlv::put(INTRA_AREA_PREFIX, out, |out| {
                    out.put_u32((*metric).min(LS_INFINITY));
                    prefix.put(0, out);
                    tlv::put_all(sub_tlvs, out);
                });
            }
            Self::Ipv6LinkLocalAddress { address, sub_tlvs } => {
                tlv::put(IPV6_LINK_LOCAL_ADDRESS, out, |out| {
                    out.put_slice(&address.octets());
                    tlv::put_all(sub_tlvs, out);
                });
            }
            Self::Ipv4LinkLocalAddress { address, sub_tlvs } => {
                tlv::put(IPV4_LINK_LOCAL_ADDRESS, out, |out| {
                    out.put_slice(&address.octets());
                    tlv::put_all(sub_tlvs, out);
                });
            }
            Self::Other(Tlv { tlv_type, value }) => {
                tlv::put(*tlv_type, out, |out| out.put_slice(value));
            }
        }
    }
}

/// The sub-TLVs of an External-Prefix TLV. One that is known and too short makes the LSA malformed (RFC 8362 §6.3).
fn read_external(mut reader: Reader<'_>) -> Result<Vec<Tlv>, LsaError> {
    let sub_tlvs = tlv::read_all(reader)?;
    while reader.remaining() > 0 {
        let (sub_type, mut value) = tlv::read(&mut reader)?;
        match sub_type {
            ExtendedTlv::IPV6_FORWARDING_ADDRESS => value.skip("IPv6 Forwarding Address", 16)?,
            ExtendedTlv::IPV4_FORWARDING_ADDRESS => value.skip("IPv4 Forwarding Address", 4)?,
            ExtendedTlv::ROUTE_TAG => value.skip("Route Tag", 4)?,
            _ => {}
        }
    }
    Ok(sub_tlvs)
}

impl ExtendedLsa {
    pub(super) fn read(ls_type: LsType, mut reader: Reader<'_>) -> Result<Self, LsaError> {
        let fields = match ls_type {
            LsType::E_ROUTER => ExtendedFields::Router {
                flags: RouterFlags(reader.u8("flags")?),
                options: Options::from_be_bytes(reader.array("Options")?),
            },
            LsType::E_NETWORK => ExtendedFields::Network {
                options: Options::from_bits(reader.u24_padded("Options")?),
            },
            LsType::E_LINK => ExtendedFields::Link {
                router_priority: reader.u8("Rtr Priority")?,
                options: Options::from_be_bytes(reader.array("Options")?),
            },
            LsType::E_INTRA_AREA_PREFIX => {
                reader.skip("octets before the Referenced LS Type", 2)?;
                let referenced_type = reader.u16("Referenced LS Type")?;
                let referenced = read_referenced(referenced_type, &mut reader)?;
                ExtendedFields::IntraAreaPrefix { referenced }
            }
            _ => ExtendedFields::None,
        };
        let mut tlvs = Vec::new();
        while reader.remaining() > 0 {
            tlvs.push(ExtendedTlv::read(&mut reader)?);
        }
        let lsa = Self { fields, tlvs };
        match lsa.missing(ls_type) {
            Some(what) => Err(LsaError::MissingTlv { what }),
            None => Ok(lsa),
        }
    }

    /// The name of a TLV that an LSA of this type must have and this one has not (RFC 8362 §4).
    fn missing(&self, ls_type: LsType) -> Option<&'static str> {
        let has = |is: fn(&ExtendedTlv) -> bool| self.tlvs.iter().any(is);
        let (there, what) = match ls_type {
            LsType::E_NETWORK => {
                (has(|tlv| matches!(tlv, ExtendedTlv::AttachedRouters(_))), "Attached-Routers")
            }
            LsType::E_INTER_AREA_PREFIX => {
                (has(|tlv| matches!(tlv, ExtendedTlv::InterAreaPrefix { .. })), "Inter-Area-Prefix")
            }
            LsType::E_INTER_AREA_ROUTER => {
                (has(|tlv| matches!(tlv, ExtendedTlv::InterAreaRouter { .. })), "Inter-Area-Router")
            }
            LsType::E_AS_EXTERNAL | LsType::E_NSSA => {
                (has(|tlv| matches!(tlv, ExtendedTlv::ExternalPrefix { .. })), "External-Prefix")
            }
            // Which of the two is for the address family to say.
            LsType::E_LINK => (
                has(|tlv| {
                    matches!(
                        tlv,
                        ExtendedTlv::Ipv6LinkLocalAddress { .. }
                            | ExtendedTlv::Ipv4LinkLocalAddress { .. }
                    )
                }),
                "Link-Local Address",
            ),
            _ => (true, ""),
        };
        (!there).then_some(what)
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        match &self.fields {
            ExtendedFields::Router { flags: RouterFlags(octet), options }
            | ExtendedFields::Link { router_priority: octet, options } => {
                out.put_u8(*octet);
                out.put_slice(&options.to_be_bytes());
            }
            ExtendedFields::Network { options } => out.put_u32(options.bits()),
            ExtendedFields::IntraAreaPrefix { referenced } => {
                out.put_u16(0);
                referenced.put(out);
            }
            ExtendedFields::None => {}
        }
        for tlv in &self.tlvs {
            tlv.put(out);
        }
    }
}
