//! Numbers from IANA's BMP registries.

use crate::iana::registry;

registry! {
    /// Message type (RFC 7854 §4.1).
    MessageType(u8) {
        /// RFC 7854 §4.6
        ROUTE_MONITORING = 0, "Route Monitoring";
        /// RFC 7854 §4.8
        STATISTICS_REPORT = 1, "Statistics Report";
        /// RFC 7854 §4.9
        PEER_DOWN = 2, "Peer Down Notification";
        /// RFC 7854 §4.10
        PEER_UP = 3, "Peer Up Notification";
        /// RFC 7854 §4.3
        INITIATION = 4, "Initiation";
        /// RFC 7854 §4.5
        TERMINATION = 5, "Termination";
        /// RFC 7854 §4.7
        ROUTE_MIRRORING = 6, "Route Mirroring";
    }
}

registry! {
    /// Peer type (RFC 7854 §4.2, RFC 9069 §4.1).
    PeerType(u8) {
        /// A neighbour of the router's main instance
        GLOBAL_INSTANCE = 0, "Global Instance Peer";
        /// A neighbour in a VPN: the distinguisher is its route distinguisher
        RD_INSTANCE = 1, "RD Instance Peer";
        /// A neighbour in an instance with a locally defined number
        LOCAL_INSTANCE = 2, "Local Instance Peer";
        /// No neighbour but the router's table (RFC 9069)
        LOC_RIB_INSTANCE = 3, "Loc-RIB Instance Peer";
    }
}

registry! {
    /// TLVs of an Initiation message (RFC 7854 §4.4).
    InitiationTlv(u16) {
        /// Any text
        STRING = 0, "String";
        /// sysDescr of the router
        SYS_DESCR = 1, "sysDescr";
        /// sysName of the router
        SYS_NAME = 2, "sysName";
    }
}

registry! {
    /// TLVs of a Peer Up message (RFC 7854 §4.10, RFC 8671 §6.3.1, RFC 9069 §5.2.1, RFC 9736).
    PeerUpTlv(u16) {
        /// Any text
        STRING = 0, "String";
        /// Name of the VRF or table
        VRF_TABLE_NAME = 3, "VRF/Table Name";
        /// RFC 8671 §6.3.1
        ADMIN_LABEL = 4, "Admin Label";
    }
}

registry! {
    /// TLVs of a Peer Down message with reason 6 (RFC 9069 §5.3).
    PeerDownTlv(u16) {
        /// Name of the VRF or table
        VRF_TABLE_NAME = 3, "VRF/Table Name";
    }
}

registry! {
    /// TLVs of a Termination message (RFC 7854 §4.5).
    TerminationTlv(u16) {
        /// Any text
        STRING = 0, "String";
        /// A [`TerminationReason`]
        REASON = 1, "Reason";
    }
}

registry! {
    /// Why a BMP session ends (RFC 7854 §4.5).
    TerminationReason(u16) {
        /// It may come again.
        ADMINISTRATIVELY_CLOSED = 0, "Session administratively closed";
        /// Not told
        UNSPECIFIED = 1, "Unspecified reason";
        /// The router has none left for BMP.
        OUT_OF_RESOURCES = 2, "Out of resources";
        /// There is another session.
        REDUNDANT_CONNECTION = 3, "Redundant connection";
        /// It will not come again.
        PERMANENTLY_CLOSED = 4, "Session permanently administratively closed";
    }
}

registry! {
    /// TLVs of a Route Mirroring message (RFC 7854 §4.7).
    MirroringTlv(u16) {
        /// A BGP message; the last TLV
        BGP_MESSAGE = 0, "BGP Message";
        /// A [`MirroringInformation`]
        INFORMATION = 1, "Information";
    }
}

registry! {
    /// What is told of mirrored messages (RFC 7854 §4.7).
    MirroringInformation(u16) {
        /// The message was treated as a withdrawal (RFC 7606).
        ERRORED_PDU = 0, "Errored PDU";
        /// Some are missing.
        MESSAGES_LOST = 1, "Messages Lost";
    }
}

registry! {
    /// What a statistic counts (RFC 7854 §4.8, RFC 8671 §6.2).
    StatType(u16) {
        /// 32-bit counter
        PREFIXES_REJECTED = 0, "prefixes rejected by inbound policy";
        /// 32-bit counter
        DUPLICATE_ADVERTISEMENTS = 1, "duplicate prefix advertisements";
        /// 32-bit counter
        DUPLICATE_WITHDRAWS = 2, "duplicate withdraws";
        /// 32-bit counter
        CLUSTER_LIST_LOOP = 3, "updates invalidated due to CLUSTER_LIST loop";
        /// 32-bit counter
        AS_PATH_LOOP = 4, "updates invalidated due to AS_PATH loop";
        /// 32-bit counter
        ORIGINATOR_ID = 5, "updates invalidated due to ORIGINATOR_ID";
        /// 32-bit counter
        CONFEDERATION_LOOP = 6, "updates invalidated due to AS_CONFED loop";
        /// 64-bit gauge
        ADJ_RIB_IN = 7, "routes in Adj-RIBs-In";
        /// 64-bit gauge
        LOC_RIB = 8, "routes in Loc-RIB";
        /// Family and 64-bit gauge
        FAMILY_ADJ_RIB_IN = 9, "routes in per-AFI/SAFI Adj-RIB-In";
        /// Family and 64-bit gauge
        FAMILY_LOC_RIB = 10, "routes in per-AFI/SAFI Loc-RIB";
        /// 32-bit counter
        UPDATES_TREATED_AS_WITHDRAW = 11, "updates treated as withdraw";
        /// 32-bit counter
        PREFIXES_TREATED_AS_WITHDRAW = 12, "prefixes treated as withdraw";
        /// 32-bit counter
        DUPLICATE_UPDATES = 13, "duplicate update messages";
        /// 64-bit gauge
        PRE_POLICY_ADJ_RIB_OUT = 14, "routes in pre-policy Adj-RIB-Out";
        /// 64-bit gauge
        POST_POLICY_ADJ_RIB_OUT = 15, "routes in post-policy Adj-RIB-Out";
        /// Family and 64-bit gauge
        FAMILY_PRE_POLICY_ADJ_RIB_OUT = 16, "routes in per-AFI/SAFI pre-policy Adj-RIB-Out";
        /// Family and 64-bit gauge
        FAMILY_POST_POLICY_ADJ_RIB_OUT = 17, "routes in per-AFI/SAFI post-policy Adj-RIB-Out";
    }
}
