//! Router Information LSAs (RFC 7770).

use bytes::Bytes;

use super::description::Information;
use crate::lsa::{InformationalCapabilities, LsaBody, RouterInformationLsa, Tlv};

/// The type of the Dynamic Hostname TLV, and how long a name may be (RFC 5642 §2).
const DYNAMIC_HOSTNAME: u16 = 7;
const HOSTNAME_LENGTH: usize = 255;

/// The first Router Information LSA, which is the only one here.
pub(super) fn router_information_lsa(information: &Information) -> LsaBody {
    // Being a stub router is something that any router here can do (RFC 6987).
    let mut capabilities = InformationalCapabilities::STUB_ROUTER;
    if information.graceful_restart {
        capabilities = capabilities | InformationalCapabilities::GRACEFUL_RESTART;
    }
    if information.graceful_restart_helper {
        capabilities = capabilities | InformationalCapabilities::GRACEFUL_RESTART_HELPER;
    }
    let mut lsa = RouterInformationLsa::new(capabilities);
    if let Some(name) = information.hostname.as_deref().filter(|name| !name.is_empty()) {
        let name = name.as_bytes();
        let value = Bytes::copy_from_slice(name.get(..HOSTNAME_LENGTH).unwrap_or(name));
        lsa.tlvs.push(Tlv { tlv_type: DYNAMIC_HOSTNAME, value });
    }
    LsaBody::RouterInformation(lsa)
}
