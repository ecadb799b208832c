//! Numbers from IANA's MRT registries.

use crate::iana::{Afi, Family, Safi, registry};

registry! {
    /// Type of a record (RFC 6396 §4).
    RecordType(u16) {
        /// RFC 6396 §4.1
        OSPFV2 = 11, "OSPFv2";
        /// RFC 6396 §4.2
        TABLE_DUMP = 12, "TABLE_DUMP";
        /// RFC 6396 §4.3
        TABLE_DUMP_V2 = 13, "TABLE_DUMP_V2";
        /// RFC 6396 §4.4
        BGP4MP = 16, "BGP4MP";
        /// RFC 6396 §4.4, with microseconds
        BGP4MP_ET = 17, "BGP4MP_ET";
        /// RFC 6396 §4.5
        ISIS = 32, "ISIS";
        /// RFC 6396 §4.5, with microseconds
        ISIS_ET = 33, "ISIS_ET";
        /// RFC 6396 §4.6
        OSPFV3 = 48, "OSPFv3";
        /// RFC 6396 §4.6, with microseconds
        OSPFV3_ET = 49, "OSPFv3_ET";
    }
}

impl RecordType {
    /// Whether its records have the Extended Timestamp header (RFC 6396 §3).
    pub const fn has_microseconds(self) -> bool {
        matches!(self, Self::BGP4MP_ET | Self::ISIS_ET | Self::OSPFV3_ET)
    }

    /// The name of one of its subtypes, if it is known here.
    pub const fn subtype_name(self, subtype: u16) -> Option<&'static str> {
        match self {
            Self::TABLE_DUMP => TableDumpSubtype(subtype).name(),
            Self::TABLE_DUMP_V2 => TableDumpV2Subtype(subtype).name(),
            Self::BGP4MP | Self::BGP4MP_ET => Bgp4mpSubtype(subtype).name(),
            _ => None,
        }
    }
}

registry! {
    /// Subtype of TABLE_DUMP (RFC 6396 §4.2).
    TableDumpSubtype(u16) {
        /// IPv4
        AFI_IPV4 = 1, "AFI_IPv4";
        /// IPv6
        AFI_IPV6 = 2, "AFI_IPv6";
    }
}

registry! {
    /// Subtype of TABLE_DUMP_V2 (RFC 6396 §4.3, RFC 8050 §4).
    TableDumpV2Subtype(u16) {
        /// RFC 6396 §4.3.1
        PEER_INDEX_TABLE = 1, "PEER_INDEX_TABLE";
        /// RFC 6396 §4.3.2
        RIB_IPV4_UNICAST = 2, "RIB_IPV4_UNICAST";
        /// RFC 6396 §4.3.2
        RIB_IPV4_MULTICAST = 3, "RIB_IPV4_MULTICAST";
        /// RFC 6396 §4.3.2
        RIB_IPV6_UNICAST = 4, "RIB_IPV6_UNICAST";
        /// RFC 6396 §4.3.2
        RIB_IPV6_MULTICAST = 5, "RIB_IPV6_MULTICAST";
        /// RFC 6396 §4.3.3
        RIB_GENERIC = 6, "RIB_GENERIC";
        /// RFC 6397: kept as it is
        GEO_PEER_TABLE = 7, "GEO_PEER_TABLE";
        /// RFC 8050 §4.1
        RIB_IPV4_UNICAST_ADDPATH = 8, "RIB_IPV4_UNICAST_ADDPATH";
        /// RFC 8050 §4.1
        RIB_IPV4_MULTICAST_ADDPATH = 9, "RIB_IPV4_MULTICAST_ADDPATH";
        /// RFC 8050 §4.1
        RIB_IPV6_UNICAST_ADDPATH = 10, "RIB_IPV6_UNICAST_ADDPATH";
        /// RFC 8050 §4.1
        RIB_IPV6_MULTICAST_ADDPATH = 11, "RIB_IPV6_MULTICAST_ADDPATH";
        /// RFC 8050 §4.2
        RIB_GENERIC_ADDPATH = 12, "RIB_GENERIC_ADDPATH";
    }
}

impl TableDumpV2Subtype {
    /// The family that it stands for; `None` of RIB_GENERIC, which says itself, and of what is no RIB.
    pub const fn family(self) -> Option<Family> {
        let (afi, safi) = match self {
            Self::RIB_IPV4_UNICAST | Self::RIB_IPV4_UNICAST_ADDPATH => (Afi::IPV4, Safi::UNICAST),
            Self::RIB_IPV6_UNICAST | Self::RIB_IPV6_UNICAST_ADDPATH => (Afi::IPV6, Safi::UNICAST),
            Self::RIB_IPV4_MULTICAST | Self::RIB_IPV4_MULTICAST_ADDPATH => {
                (Afi::IPV4, Safi::MULTICAST)
            }
            Self::RIB_IPV6_MULTICAST | Self::RIB_IPV6_MULTICAST_ADDPATH => {
                (Afi::IPV6, Safi::MULTICAST)
            }
            _ => return None,
        };
        Some(Family { afi, safi })
    }

    /// Whether the record itself says which family it is of (RFC 6396 §4.3.3).
    pub(super) const fn is_generic(self) -> bool {
        matches!(self, Self::RIB_GENERIC | Self::RIB_GENERIC_ADDPATH)
    }

    /// Whether the entries have path identifiers (RFC 8050 §4.1; §4.2: not those of RIB_GENERIC_ADDPATH).
    pub(super) const fn has_path_ids(self) -> bool {
        matches!(
            self,
            Self::RIB_IPV4_UNICAST_ADDPATH
                | Self::RIB_IPV4_MULTICAST_ADDPATH
                | Self::RIB_IPV6_UNICAST_ADDPATH
                | Self::RIB_IPV6_MULTICAST_ADDPATH
        )
    }
}

registry! {
    /// Subtype of BGP4MP and BGP4MP_ET (RFC 6396 §4.4, RFC 8050 §3).
    Bgp4mpSubtype(u16) {
        /// RFC 6396 §4.4.1
        STATE_CHANGE = 0, "STATE_CHANGE";
        /// RFC 6396 §4.4.2
        MESSAGE = 1, "MESSAGE";
        /// RFC 6396 §4.4.3
        MESSAGE_AS4 = 4, "MESSAGE_AS4";
        /// RFC 6396 §4.4.4
        STATE_CHANGE_AS4 = 5, "STATE_CHANGE_AS4";
        /// RFC 6396 §4.4.5
        MESSAGE_LOCAL = 6, "MESSAGE_LOCAL";
        /// RFC 6396 §4.4.6
        MESSAGE_AS4_LOCAL = 7, "MESSAGE_AS4_LOCAL";
        /// RFC 8050 §3
        MESSAGE_ADDPATH = 8, "MESSAGE_ADDPATH";
        /// RFC 8050 §3
        MESSAGE_AS4_ADDPATH = 9, "MESSAGE_AS4_ADDPATH";
        /// RFC 8050 §3
        MESSAGE_LOCAL_ADDPATH = 10, "MESSAGE_LOCAL_ADDPATH";
        /// RFC 8050 §3
        MESSAGE_AS4_LOCAL_ADDPATH = 11, "MESSAGE_AS4_LOCAL_ADDPATH";
    }
}

registry! {
    /// State of a neighbour (RFC 6396 §4.4.1).
    State(u16) {
        /// RFC 4271 §8.2.2
        IDLE = 1, "Idle";
        /// RFC 4271 §8.2.2
        CONNECT = 2, "Connect";
        /// RFC 4271 §8.2.2
        ACTIVE = 3, "Active";
        /// RFC 4271 §8.2.2
        OPEN_SENT = 4, "OpenSent";
        /// RFC 4271 §8.2.2
        OPEN_CONFIRM = 5, "OpenConfirm";
        /// RFC 4271 §8.2.2
        ESTABLISHED = 6, "Established";
    }
}
