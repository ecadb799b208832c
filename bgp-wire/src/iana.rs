//! Numbers from IANA's BGP registries.

use core::fmt;

/// Defines an open registry: a number with names for the values that are known.
macro_rules! registry {
    ($(#[$meta:meta])* $name:ident($repr:ty) { $($(#[$vmeta:meta])* $constant:ident = $value:literal, $text:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => write!(f, "{}", self.0),
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self)
            }
        }
    };
}

#[cfg(any(feature = "bmp", feature = "mrt"))]
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
        /// VPN unicast, RFC 4364
        VPN = 128, "vpn";
        /// Flow specification, RFC 8955
        FLOW_SPEC = 133, "flowspec";
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
        /// RFC 8092
        LARGE_COMMUNITIES = 32, "LARGE_COMMUNITIES";
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
        /// Too many prefixes.
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

impl Family {
    /// IPv4 unicast
    pub const IPV4_UNICAST: Self = Self { afi: Afi::IPV4, safi: Safi::UNICAST };
    /// IPv6 unicast
    pub const IPV6_UNICAST: Self = Self { afi: Afi::IPV6, safi: Safi::UNICAST };

    /// Length of an address in bits where the family's NLRI are plain prefixes, else `None`.
    pub const fn prefix_bits(self) -> Option<u8> {
        match (self.afi, self.safi) {
            (Afi::IPV4, Safi::UNICAST) => Some(32),
            (Afi::IPV6, Safi::UNICAST) => Some(128),
            _ => None,
        }
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
