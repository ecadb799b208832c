//! Numbers from IANA's BGP registries.

use core::fmt;

/// Defines an open registry: a number with names for the values that are known.
macro_rules! registry {
    ($(#[$meta:meta])* $name:ident($repr:ty) { $($(#[$vmeta:meta])* $constant:ident = $value:literal, $text:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct $name(pub $repr);

        impl $name {
            $($(#[$vmeta])* pub const $constant: Self = Self($value);)*

            /// The registered name, if the value is known here.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => write!(f, "{}", self.0),
                }
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}({})", stringify!($name), self)
            }
        }
    };
}
pub(crate) use registry;

registry! {
    /// Message type (RFC 4271 §4.1).
    MessageType(u8) {
        /// RFC 4271 §4.2
        OPEN = 1, "OPEN";
        /// RFC 4271 §4.3
        UPDATE = 2, "UPDATE";
        /// RFC 4271 §4.5
        NOTIFICATION = 3, "NOTIFICATION";
        /// RFC 4271 §4.4
        KEEPALIVE = 4, "KEEPALIVE";
        /// RFC 2918
        ROUTE_REFRESH = 5, "ROUTE-REFRESH";
    }
}

registry! {
    /// Address family identifier.
    Afi(u16) {
        /// IPv4
        IPV4 = 1, "ipv4";
        /// IPv6
        IPV6 = 2, "ipv6";
        /// Layer 2 VPN
        L2VPN = 25, "l2vpn";
    }
}

registry! {
    /// Subsequent address family identifier.
    Safi(u8) {
        /// Unicast forwarding
        UNICAST = 1, "unicast";
        /// Multicast forwarding
        MULTICAST = 2, "multicast";
        /// Labelled unicast, RFC 8277
        LABELLED = 4, "labelled";
        /// Ethernet VPN, RFC 7432
        EVPN = 70, "evpn";
        /// Labelled VPN unicast, RFC 4364
        VPN = 128, "vpn";
        /// VPN multicast, RFC 6513
        VPN_MULTICAST = 129, "vpn-multicast";
        /// Route target constraint, RFC 4684
        ROUTE_TARGET = 132, "route-target";
        /// Flow specification, RFC 8955
        FLOW_SPEC = 133, "flowspec";
        /// VPN flow specification, RFC 8955 §8
        VPN_FLOW_SPEC = 134, "vpn-flowspec";
    }
}

registry! {
    /// Path attribute type code.
    AttributeCode(u8) {
        /// RFC 4271 §5.1.1
        ORIGIN = 1, "ORIGIN";
        /// RFC 4271 §5.1.2
        AS_PATH = 2, "AS_PATH";
        /// RFC 4271 §5.1.3
        NEXT_HOP = 3, "NEXT_HOP";
        /// RFC 4271 §5.1.4
        MULTI_EXIT_DISC = 4, "MULTI_EXIT_DISC";
        /// RFC 4271 §5.1.5
        LOCAL_PREF = 5, "LOCAL_PREF";
        /// RFC 4271 §5.1.6
        ATOMIC_AGGREGATE = 6, "ATOMIC_AGGREGATE";
        /// RFC 4271 §5.1.7
        AGGREGATOR = 7, "AGGREGATOR";
        /// RFC 1997
        COMMUNITIES = 8, "COMMUNITIES";
        /// RFC 4456
        ORIGINATOR_ID = 9, "ORIGINATOR_ID";
        /// RFC 4456
        CLUSTER_LIST = 10, "CLUSTER_LIST";
        /// RFC 4760 §3
        MP_REACH_NLRI = 14, "MP_REACH_NLRI";
        /// RFC 4760 §4
        MP_UNREACH_NLRI = 15, "MP_UNREACH_NLRI";
        /// RFC 4360
        EXTENDED_COMMUNITIES = 16, "EXTENDED_COMMUNITIES";
        /// RFC 6793
        AS4_PATH = 17, "AS4_PATH";
        /// RFC 6793
        AS4_AGGREGATOR = 18, "AS4_AGGREGATOR";
        /// RFC 6514 §5
        PMSI_TUNNEL = 22, "PMSI_TUNNEL";
        /// RFC 9012 §2
        TUNNEL_ENCAPSULATION = 23, "TUNNEL_ENCAPSULATION";
        /// RFC 5543
        TRAFFIC_ENGINEERING = 24, "TRAFFIC_ENGINEERING";
        /// RFC 5701
        IPV6_EXTENDED_COMMUNITIES = 25, "IPV6_EXTENDED_COMMUNITIES";
        /// RFC 7311 §3
        AIGP = 26, "AIGP";
        /// RFC 9552
        BGP_LS = 29, "BGP_LS";
        /// RFC 8092
        LARGE_COMMUNITIES = 32, "LARGE_COMMUNITIES";
        /// RFC 8205
        BGPSEC_PATH = 33, "BGPSEC_PATH";
        /// RFC 9234 §5
        ONLY_TO_CUSTOMER = 35, "ONLY_TO_CUSTOMER";
        /// RFC 8669 §3
        PREFIX_SID = 40, "PREFIX_SID";
        /// RFC 6368 §5
        ATTR_SET = 128, "ATTR_SET";
    }
}

registry! {
    /// Capability code (RFC 5492).
    CapabilityCode(u8) {
        /// RFC 4760 §8
        MULTIPROTOCOL = 1, "multiprotocol";
        /// RFC 2918
        ROUTE_REFRESH = 2, "route refresh";
        /// RFC 8950
        EXTENDED_NEXT_HOP = 5, "extended next hop";
        /// RFC 8654
        EXTENDED_MESSAGE = 6, "extended message";
        /// RFC 4724
        GRACEFUL_RESTART = 64, "graceful restart";
        /// RFC 6793
        FOUR_OCTET_AS = 65, "4-octet AS";
        /// RFC 7911
        ADD_PATH = 69, "add-path";
        /// RFC 5291 §5
        ORF = 3, "outbound route filtering";
        /// RFC 8205 §2
        BGPSEC = 7, "BGPsec";
        /// RFC 8277 §2.1
        MULTIPLE_LABELS = 8, "multiple labels";
        /// RFC 9234 §4.1
        ROLE = 9, "role";
        /// draft-ietf-idr-dynamic-cap
        DYNAMIC_CAPABILITY = 67, "dynamic capability";
        /// draft-ietf-idr-bgp-multisession
        MULTISESSION = 68, "multisession";
        /// RFC 7313 §3.1
        ENHANCED_ROUTE_REFRESH = 70, "enhanced route refresh";
        /// RFC 9494
        LONG_LIVED_GRACEFUL_RESTART = 71, "long-lived graceful restart";
        /// draft-walton-bgp-hostname-capability
        FQDN = 73, "FQDN";
        /// draft-ietf-idr-bgp-bfd-strict-mode
        BFD_STRICT_MODE = 74, "BFD strict mode";
        /// draft-abraitis-bgp-version-capability
        SOFTWARE_VERSION = 75, "software version";
        /// draft-abraitis-idr-addpath-paths-limit
        PATHS_LIMIT = 76, "paths limit";
        /// draft-ietf-idr-linklocal-capability
        LINK_LOCAL_NEXT_HOP = 77, "link-local next hop";
        /// Before RFC 2918 gave it a number; Cisco's
        PRESTANDARD_ROUTE_REFRESH = 128, "pre-standard route refresh";
        /// Before RFC 5291 gave it a number; Cisco's
        PRESTANDARD_ORF = 130, "pre-standard outbound route filtering";
    }
}

registry! {
    /// NOTIFICATION error code (RFC 4271 §4.5).
    NotificationCode(u8) {
        /// RFC 4271 §6.1
        MESSAGE_HEADER = 1, "Message Header Error";
        /// RFC 4271 §6.2
        OPEN_MESSAGE = 2, "OPEN Message Error";
        /// RFC 4271 §6.3
        UPDATE_MESSAGE = 3, "UPDATE Message Error";
        /// RFC 4271 §6.5
        HOLD_TIMER_EXPIRED = 4, "Hold Timer Expired";
        /// RFC 4271 §6.6
        FINITE_STATE_MACHINE = 5, "Finite State Machine Error";
        /// RFC 4271 §6.7
        CEASE = 6, "Cease";
        /// RFC 7313 §5
        ROUTE_REFRESH = 7, "ROUTE-REFRESH Message Error";
        /// RFC 9687
        SEND_HOLD_TIMER_EXPIRED = 8, "Send Hold Timer Expired";
    }
}

/// NOTIFICATION error subcodes, by error code.
pub mod subcode {
    /// RFC 4271 §6.1
    pub mod header {
        /// The marker is not all ones.
        pub const CONNECTION_NOT_SYNCHRONIZED: u8 = 1;
        /// Data: the Length field.
        pub const BAD_MESSAGE_LENGTH: u8 = 2;
        /// Data: the Type field.
        pub const BAD_MESSAGE_TYPE: u8 = 3;
    }
    /// RFC 4271 §6.2, RFC 5492
    pub mod open {
        /// Not one of the others.
        pub const UNSPECIFIC: u8 = 0;
        /// Data: the largest supported version, 2 octets.
        pub const UNSUPPORTED_VERSION_NUMBER: u8 = 1;
        /// The AS is not the configured one.
        pub const BAD_PEER_AS: u8 = 2;
        /// Not a valid identifier.
        pub const BAD_BGP_IDENTIFIER: u8 = 3;
        /// An optional parameter that is not known.
        pub const UNSUPPORTED_OPTIONAL_PARAMETER: u8 = 4;
        /// One or two seconds, or refused locally.
        pub const UNACCEPTABLE_HOLD_TIME: u8 = 6;
        /// Data: the capabilities that are missing.
        pub const UNSUPPORTED_CAPABILITY: u8 = 7;
        /// RFC 9234 §4.2: roles that do not go together. IANA has 8 to 10 as deprecated, without a meaning.
        pub const ROLE_MISMATCH: u8 = 11;
    }
    /// RFC 4271 §6.3
    pub mod update {
        /// Lengths do not add up, or an attribute stands twice.
        pub const MALFORMED_ATTRIBUTE_LIST: u8 = 1;
        /// Data: the attribute.
        pub const UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE: u8 = 2;
        /// Data: the attribute code.
        pub const MISSING_WELL_KNOWN_ATTRIBUTE: u8 = 3;
        /// Data: the attribute.
        pub const ATTRIBUTE_FLAGS_ERROR: u8 = 4;
        /// Data: the attribute.
        pub const ATTRIBUTE_LENGTH_ERROR: u8 = 5;
        /// Data: the attribute.
        pub const INVALID_ORIGIN_ATTRIBUTE: u8 = 6;
        /// Data: the attribute.
        pub const INVALID_NEXT_HOP_ATTRIBUTE: u8 = 8;
        /// Data: the attribute.
        pub const OPTIONAL_ATTRIBUTE_ERROR: u8 = 9;
        /// A prefix that cannot be.
        pub const INVALID_NETWORK_FIELD: u8 = 10;
        /// A path that does not parse.
        pub const MALFORMED_AS_PATH: u8 = 11;
    }
    /// RFC 6608
    pub mod fsm {
        /// A message that does not belong in a state before OpenSent.
        pub const UNSPECIFIED: u8 = 0;
        /// In OpenSent.
        pub const UNEXPECTED_MESSAGE_IN_OPEN_SENT: u8 = 1;
        /// In OpenConfirm.
        pub const UNEXPECTED_MESSAGE_IN_OPEN_CONFIRM: u8 = 2;
        /// In Established.
        pub const UNEXPECTED_MESSAGE_IN_ESTABLISHED: u8 = 3;
    }
    /// RFC 4486
    pub mod cease {
        /// Too many prefixes. Data, if any: the family and its limit.
        pub const MAXIMUM_NUMBER_OF_PREFIXES: u8 = 1;
        /// The session is turned off.
        pub const ADMINISTRATIVE_SHUTDOWN: u8 = 2;
        /// The neighbour is no longer configured.
        pub const PEER_DE_CONFIGURED: u8 = 3;
        /// The session is restarted by command.
        pub const ADMINISTRATIVE_RESET: u8 = 4;
        /// Refused after the connection was accepted.
        pub const CONNECTION_REJECTED: u8 = 5;
        /// Restarted because the configuration changed.
        pub const OTHER_CONFIGURATION_CHANGE: u8 = 6;
        /// The other of two connections was kept.
        pub const CONNECTION_COLLISION_RESOLUTION: u8 = 7;
        /// Out of memory or the like.
        pub const OUT_OF_RESOURCES: u8 = 8;
        /// RFC 8538 §3: no graceful restart. Data: code, subcode and data of the reason.
        pub const HARD_RESET: u8 = 9;
        /// RFC 9384: BFD has lost the neighbour.
        pub const BFD_DOWN: u8 = 10;
    }
    /// RFC 7313 §5
    pub mod route_refresh {
        /// Data: the whole message.
        pub const INVALID_MESSAGE_LENGTH: u8 = 1;
    }
}

/// The AS number that stands for one that does not fit into 2 octets (RFC 6793).
pub const AS_TRANS: u16 = 23456;

/// An address family: AFI and SAFI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Family {
    /// Address family identifier
    pub afi: Afi,
    /// Subsequent address family identifier
    pub safi: Safi,
}

/// How the NLRI of a family are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NlriKind {
    /// A prefix (RFC 4760 §5)
    Prefix,
    /// Labels and a prefix (RFC 8277)
    Labelled,
    /// Labels, a route distinguisher and a prefix (RFC 4364)
    LabelledVpn,
    /// A route distinguisher and a prefix (RFC 6513)
    Vpn,
    /// RFC 8955
    FlowSpec,
    /// With a route distinguisher (RFC 8955 §8)
    VpnFlowSpec,
    /// RFC 7432
    Evpn,
    /// RFC 4684
    RouteTarget,
}

impl Family {
    /// IPv4 unicast
    pub const IPV4_UNICAST: Self = Self { afi: Afi::IPV4, safi: Safi::UNICAST };
    /// IPv6 unicast
    pub const IPV6_UNICAST: Self = Self { afi: Afi::IPV6, safi: Safi::UNICAST };
    /// IPv4 multicast
    pub const IPV4_MULTICAST: Self = Self { afi: Afi::IPV4, safi: Safi::MULTICAST };
    /// IPv6 multicast
    pub const IPV6_MULTICAST: Self = Self { afi: Afi::IPV6, safi: Safi::MULTICAST };
    /// IPv4 labelled unicast (RFC 8277)
    pub const IPV4_LABELLED: Self = Self { afi: Afi::IPV4, safi: Safi::LABELLED };
    /// IPv6 labelled unicast (RFC 8277)
    pub const IPV6_LABELLED: Self = Self { afi: Afi::IPV6, safi: Safi::LABELLED };
    /// VPN-IPv4 unicast (RFC 4364)
    pub const IPV4_VPN: Self = Self { afi: Afi::IPV4, safi: Safi::VPN };
    /// VPN-IPv6 unicast (RFC 4659)
    pub const IPV6_VPN: Self = Self { afi: Afi::IPV6, safi: Safi::VPN };
    /// VPN-IPv4 multicast (RFC 6513)
    pub const IPV4_VPN_MULTICAST: Self = Self { afi: Afi::IPV4, safi: Safi::VPN_MULTICAST };
    /// VPN-IPv6 multicast (RFC 6513)
    pub const IPV6_VPN_MULTICAST: Self = Self { afi: Afi::IPV6, safi: Safi::VPN_MULTICAST };
    /// IPv4 flow specification (RFC 8955)
    pub const IPV4_FLOW_SPEC: Self = Self { afi: Afi::IPV4, safi: Safi::FLOW_SPEC };
    /// IPv6 flow specification (RFC 8956)
    pub const IPV6_FLOW_SPEC: Self = Self { afi: Afi::IPV6, safi: Safi::FLOW_SPEC };
    /// VPN-IPv4 flow specification (RFC 8955 §8)
    pub const IPV4_VPN_FLOW_SPEC: Self = Self { afi: Afi::IPV4, safi: Safi::VPN_FLOW_SPEC };
    /// VPN-IPv6 flow specification (RFC 8956 §4)
    pub const IPV6_VPN_FLOW_SPEC: Self = Self { afi: Afi::IPV6, safi: Safi::VPN_FLOW_SPEC };
    /// Ethernet VPN (RFC 7432)
    pub const EVPN: Self = Self { afi: Afi::L2VPN, safi: Safi::EVPN };
    /// Route target constraint (RFC 4684)
    pub const ROUTE_TARGET: Self = Self { afi: Afi::IPV4, safi: Safi::ROUTE_TARGET };

    /// All families whose NLRI are known here.
    pub const KNOWN: [Self; 16] = [
        Self::IPV4_UNICAST,
        Self::IPV6_UNICAST,
        Self::IPV4_MULTICAST,
        Self::IPV6_MULTICAST,
        Self::IPV4_LABELLED,
        Self::IPV6_LABELLED,
        Self::IPV4_VPN,
        Self::IPV6_VPN,
        Self::IPV4_VPN_MULTICAST,
        Self::IPV6_VPN_MULTICAST,
        Self::IPV4_FLOW_SPEC,
        Self::IPV6_FLOW_SPEC,
        Self::IPV4_VPN_FLOW_SPEC,
        Self::IPV6_VPN_FLOW_SPEC,
        Self::EVPN,
        Self::ROUTE_TARGET,
    ];

    /// Length of an address in bits where the family's NLRI are plain prefixes, else `None`.
    pub const fn prefix_bits(self) -> Option<u8> {
        match (self.afi, self.safi) {
            (Afi::IPV4, Safi::UNICAST | Safi::MULTICAST) => Some(32),
            (Afi::IPV6, Safi::UNICAST | Safi::MULTICAST) => Some(128),
            _ => None,
        }
    }

    /// How its NLRI are built; `None` for a family that is not known.
    pub(crate) const fn nlri_kind(self) -> Option<NlriKind> {
        Some(match (self.afi, self.safi) {
            (Afi::IPV4 | Afi::IPV6, safi) => match safi {
                Safi::UNICAST | Safi::MULTICAST => NlriKind::Prefix,
                Safi::LABELLED => NlriKind::Labelled,
                Safi::VPN => NlriKind::LabelledVpn,
                Safi::VPN_MULTICAST => NlriKind::Vpn,
                Safi::FLOW_SPEC => NlriKind::FlowSpec,
                Safi::VPN_FLOW_SPEC => NlriKind::VpnFlowSpec,
                Safi::ROUTE_TARGET if matches!(self.afi, Afi::IPV4) => NlriKind::RouteTarget,
                _ => return None,
            },
            (Afi::L2VPN, Safi::EVPN) => NlriKind::Evpn,
            _ => return None,
        })
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.afi, self.safi) {
            (afi, Safi::UNICAST) => write!(f, "{afi}"),
            (afi, safi) => write!(f, "{afi}-{safi}"),
        }
    }
}
