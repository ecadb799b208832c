//! What a filter reads and writes of a route.

use bgp_wire::AttributeCode;

use crate::ast::ListKind;
use crate::types::{EnumType, Type};

/// An attribute of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "named as in the language")]
pub enum Attribute {
    Net,
    Source,
    Proto,
    From,
    Gateway,
    Destination,
    InterfaceName,
    InterfaceIndex,
    Weight,
    GatewayMpls,
    Onlink,
    Scope,
    Preference,
    IgpMetric,
    Origin,
    Path,
    NextHop,
    Med,
    LocalPref,
    AtomicAggregate,
    Aggregator,
    Community,
    OriginatorId,
    ClusterList,
    ExtendedCommunity,
    Aigp,
    LargeCommunity,
    OnlyToCustomer,
    OspfMetric1,
    OspfMetric2,
    OspfTag,
    OspfRouterId,
    RipMetric,
    RipTag,
    KernelSource,
    KernelMetric,
    KernelPrefsrc,
    KernelRealm,
    KernelScope,
    KernelMtu,
    KernelWindow,
    KernelRtt,
    KernelRttvar,
    KernelSsthresh,
    KernelCwnd,
    KernelAdvmss,
    KernelReordering,
    KernelHoplimit,
    KernelInitcwnd,
    KernelRtoMin,
    KernelInitrwnd,
    KernelQuickack,
    KernelCongctl,
    KernelFastopen,
    BabelMetric,
    BabelRouterId,
    RaPreference,
    RaLifetime,
}

/// Who may write an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
    /// Written, and taken away by `unset`
    Unset,
}

use Access::{Read, Unset, Write};
use Attribute as A;

/// Name, attribute, type and access.
const TABLE: &[(&str, Attribute, Type, Access)] = &[
    ("net", A::Net, Type::Prefix, Read),
    ("source", A::Source, Type::Enum(EnumType::Source), Read),
    ("proto", A::Proto, Type::Text, Read),
    ("from", A::From, Type::Ip, Write),
    ("gw", A::Gateway, Type::Ip, Write),
    ("dest", A::Destination, Type::Enum(EnumType::Destination), Write),
    ("ifname", A::InterfaceName, Type::Text, Write),
    ("ifindex", A::InterfaceIndex, Type::Int, Read),
    ("weight", A::Weight, Type::Int, Write),
    ("gw_mpls", A::GatewayMpls, Type::Int, Write),
    ("onlink", A::Onlink, Type::Bool, Write),
    ("scope", A::Scope, Type::Enum(EnumType::Scope), Write),
    ("preference", A::Preference, Type::Int, Write),
    ("igp_metric", A::IgpMetric, Type::Int, Unset),
    ("bgp_origin", A::Origin, Type::Enum(EnumType::Origin), Unset),
    ("bgp_path", A::Path, Type::List(ListKind::Path), Unset),
    ("bgp_next_hop", A::NextHop, Type::Ip, Unset),
    ("bgp_med", A::Med, Type::Int, Unset),
    ("bgp_local_pref", A::LocalPref, Type::Int, Unset),
    ("bgp_atomic_aggr", A::AtomicAggregate, Type::Bool, Unset),
    ("bgp_aggregator", A::Aggregator, Type::Bytes, Unset),
    ("bgp_community", A::Community, Type::List(ListKind::Communities), Unset),
    ("bgp_originator_id", A::OriginatorId, Type::Quad, Unset),
    ("bgp_cluster_list", A::ClusterList, Type::List(ListKind::Communities), Unset),
    ("bgp_ext_community", A::ExtendedCommunity, Type::List(ListKind::Extended), Unset),
    ("bgp_aigp", A::Aigp, Type::Bytes, Unset),
    ("bgp_large_community", A::LargeCommunity, Type::List(ListKind::Large), Unset),
    ("bgp_otc", A::OnlyToCustomer, Type::Int, Unset),
    ("ospf_metric1", A::OspfMetric1, Type::Int, Unset),
    ("ospf_metric2", A::OspfMetric2, Type::Int, Unset),
    ("ospf_tag", A::OspfTag, Type::Int, Unset),
    ("ospf_router_id", A::OspfRouterId, Type::Quad, Unset),
    ("rip_metric", A::RipMetric, Type::Int, Unset),
    ("rip_tag", A::RipTag, Type::Int, Unset),
    ("krt_source", A::KernelSource, Type::Int, Unset),
    ("krt_metric", A::KernelMetric, Type::Int, Unset),
    ("krt_prefsrc", A::KernelPrefsrc, Type::Ip, Unset),
    ("krt_realm", A::KernelRealm, Type::Int, Unset),
    ("krt_scope", A::KernelScope, Type::Int, Unset),
    ("krt_mtu", A::KernelMtu, Type::Int, Unset),
    ("krt_window", A::KernelWindow, Type::Int, Unset),
    ("krt_rtt", A::KernelRtt, Type::Int, Unset),
    ("krt_rttvar", A::KernelRttvar, Type::Int, Unset),
    ("krt_ssthresh", A::KernelSsthresh, Type::Int, Unset),
    ("krt_cwnd", A::KernelCwnd, Type::Int, Unset),
    ("krt_advmss", A::KernelAdvmss, Type::Int, Unset),
    ("krt_reordering", A::KernelReordering, Type::Int, Unset),
    ("krt_hoplimit", A::KernelHoplimit, Type::Int, Unset),
    ("krt_initcwnd", A::KernelInitcwnd, Type::Int, Unset),
    ("krt_rto_min", A::KernelRtoMin, Type::Int, Unset),
    ("krt_initrwnd", A::KernelInitrwnd, Type::Int, Unset),
    ("krt_quickack", A::KernelQuickack, Type::Int, Unset),
    ("krt_congctl", A::KernelCongctl, Type::Text, Unset),
    ("krt_fastopen_no_cookie", A::KernelFastopen, Type::Bool, Unset),
    ("babel_metric", A::BabelMetric, Type::Int, Unset),
    ("babel_router_id", A::BabelRouterId, Type::Bytes, Unset),
    ("ra_preference", A::RaPreference, Type::Enum(EnumType::RouterAdvertisement), Unset),
    ("ra_lifetime", A::RaLifetime, Type::Int, Unset),
];

impl Attribute {
    /// The attribute of that name.
    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.0 == name).map(|row| row.1)
    }

    /// All names.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|row| row.0)
    }

    fn row(self) -> Option<&'static (&'static str, Self, Type, Access)> {
        TABLE.get(self as usize)
    }

    /// The attribute of that number in the table.
    pub(crate) fn numbered(number: u8) -> Option<Self> {
        TABLE.get(usize::from(number)).map(|row| row.1)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().map_or("", |row| row.0)
    }

    pub(crate) fn ty(self) -> Type {
        self.row().map_or(Type::Any, |row| row.2)
    }

    pub(crate) fn access(self) -> Access {
        self.row().map_or(Read, |row| row.3)
    }

    /// The BGP path attribute that it is. `bgp_next_hop` is none: next hops go with a route, and do not stand among
    /// attributes in canonical form.
    pub const fn bgp_code(self) -> Option<AttributeCode> {
        Some(match self {
            Self::Origin => AttributeCode::ORIGIN,
            Self::Path => AttributeCode::AS_PATH,
            Self::Med => AttributeCode::MULTI_EXIT_DISC,
            Self::LocalPref => AttributeCode::LOCAL_PREF,
            Self::AtomicAggregate => AttributeCode::ATOMIC_AGGREGATE,
            Self::Aggregator => AttributeCode::AGGREGATOR,
            Self::Community => AttributeCode::COMMUNITIES,
            Self::OriginatorId => AttributeCode::ORIGINATOR_ID,
            Self::ClusterList => AttributeCode::CLUSTER_LIST,
            Self::ExtendedCommunity => AttributeCode::EXTENDED_COMMUNITIES,
            Self::Aigp => AttributeCode::AIGP,
            Self::LargeCommunity => AttributeCode::LARGE_COMMUNITIES,
            Self::OnlyToCustomer => AttributeCode::ONLY_TO_CUSTOMER,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_attributes() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.1 as usize, index, "{}", row.0);
            assert_eq!(Attribute::named(row.0), Some(row.1));
            assert_eq!(row.1.name(), row.0);
        }
        assert_eq!(TABLE.len(), Attribute::RaLifetime as usize + 1);
    }
}
