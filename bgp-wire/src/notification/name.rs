//! Names of subcodes: in the words that BIRD shows, which operators and their scripts know.

use super::Notification;
use crate::iana::NotificationCode;
use crate::iana::subcode::{cease, fsm, header, open, route_refresh, update};

impl Notification {
    /// What the subcode means in a few words, if it is known here. They are those of BIRD, not always IANA's.
    pub const fn subcode_name(&self) -> Option<&'static str> {
        match self.code {
            NotificationCode::MESSAGE_HEADER => of_header(self.subcode),
            NotificationCode::OPEN_MESSAGE => of_open(self.subcode),
            NotificationCode::UPDATE_MESSAGE => of_update(self.subcode),
            NotificationCode::FINITE_STATE_MACHINE => of_fsm(self.subcode),
            NotificationCode::CEASE => of_cease(self.subcode),
            NotificationCode::ROUTE_REFRESH => match self.subcode {
                route_refresh::INVALID_MESSAGE_LENGTH => Some("Invalid ROUTE-REFRESH length"),
                _ => None,
            },
            _ => None,
        }
    }
}

/// RFC 4271 §6.1
const fn of_header(subcode: u8) -> Option<&'static str> {
    Some(match subcode {
        header::CONNECTION_NOT_SYNCHRONIZED => "Connection not synchronized",
        header::BAD_MESSAGE_LENGTH => "Bad message length",
        header::BAD_MESSAGE_TYPE => "Bad message type",
        _ => return None,
    })
}

/// RFC 4271 §6.2
const fn of_open(subcode: u8) -> Option<&'static str> {
    Some(match subcode {
        open::UNSUPPORTED_VERSION_NUMBER => "Unsupported version number",
        open::BAD_PEER_AS => "Bad peer AS",
        open::BAD_BGP_IDENTIFIER => "Bad BGP identifier",
        open::UNSUPPORTED_OPTIONAL_PARAMETER => "Unsupported optional parameter",
        open::UNACCEPTABLE_HOLD_TIME => "Unacceptable hold time",
        open::UNSUPPORTED_CAPABILITY => "Required capability missing",
        open::ROLE_MISMATCH => "Role Mismatch",
        _ => return None,
    })
}

/// RFC 4271 §6.3
const fn of_update(subcode: u8) -> Option<&'static str> {
    Some(match subcode {
        update::MALFORMED_ATTRIBUTE_LIST => "Malformed attribute list",
        update::UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE => "Unrecognized well-known attribute",
        update::MISSING_WELL_KNOWN_ATTRIBUTE => "Missing mandatory attribute",
        update::ATTRIBUTE_FLAGS_ERROR => "Invalid attribute flags",
        update::ATTRIBUTE_LENGTH_ERROR => "Invalid attribute length",
        update::INVALID_ORIGIN_ATTRIBUTE => "Invalid ORIGIN attribute",
        update::INVALID_NEXT_HOP_ATTRIBUTE => "Invalid NEXT_HOP attribute",
        update::OPTIONAL_ATTRIBUTE_ERROR => "Optional attribute error",
        update::INVALID_NETWORK_FIELD => "Invalid network field",
        update::MALFORMED_AS_PATH => "Malformed AS_PATH",
        _ => return None,
    })
}

/// RFC 6608 §3
const fn of_fsm(subcode: u8) -> Option<&'static str> {
    Some(match subcode {
        fsm::UNEXPECTED_MESSAGE_IN_OPEN_SENT => "Unexpected message in OpenSent state",
        fsm::UNEXPECTED_MESSAGE_IN_OPEN_CONFIRM => "Unexpected message in OpenConfirm state",
        fsm::UNEXPECTED_MESSAGE_IN_ESTABLISHED => "Unexpected message in Established state",
        _ => return None,
    })
}

/// RFC 4486 §3
const fn of_cease(subcode: u8) -> Option<&'static str> {
    Some(match subcode {
        cease::MAXIMUM_NUMBER_OF_PREFIXES => "Maximum number of prefixes reached",
        cease::ADMINISTRATIVE_SHUTDOWN => "Administrative Shutdown",
        cease::PEER_DE_CONFIGURED => "Peer de-configured",
        cease::ADMINISTRATIVE_RESET => "Administrative reset",
        cease::CONNECTION_REJECTED => "Connection rejected",
        cease::OTHER_CONFIGURATION_CHANGE => "Other configuration change",
        cease::CONNECTION_COLLISION_RESOLUTION => "Connection collision resolution",
        cease::OUT_OF_RESOURCES => "Out of Resources",
        cease::HARD_RESET => "Hard Reset",
        cease::BFD_DOWN => "BFD Down",
        _ => return None,
    })
}
