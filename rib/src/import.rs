//! What becomes of received attributes before a filter sees them (RFC 4271 §9, RFC 4456 §8).

use bgp_wire::{AttributeCode, AttributesRef, PathAttributes};

use crate::channel::PeerConfig;

/// Attributes as they are kept: those that mean nothing from this neighbour are removed, LOCAL_PREF is always
/// there.
pub(crate) fn import_attributes<'a>(
    peer: &PeerConfig,
    attributes: AttributesRef<'a>,
    edited: &'a mut PathAttributes,
) -> AttributesRef<'a> {
    let local_pref = attributes.local_pref();
    // RFC 4271 §5.1.5 and RFC 7606 §7.9, §7.10: these are of no meaning from an external peer.
    let reflection = [AttributeCode::ORIGINATOR_ID, AttributeCode::CLUSTER_LIST];
    let foreign = !peer.is_internal()
        && (local_pref.is_some()
            || reflection.iter().any(|code| attributes.value(*code).is_some()));
    if local_pref.is_some() && !foreign {
        return attributes;
    }
    edited.copy_from(attributes);
    if foreign {
        for code in reflection {
            edited.remove(code);
        }
    }
    edited.local_pref(peer.default_local_pref);
    edited.view()
}

/// Whether the route is not one that has come back to us (RFC 4271 §9.1.2, RFC 4456 §8).
pub(crate) fn is_usable(peer: &PeerConfig, attributes: AttributesRef<'_>) -> bool {
    if attributes.as_path().count(peer.local_as) > usize::from(peer.allow_local_as) {
        return false;
    }
    !peer.is_internal()
        || (attributes.originator_id() != Some(peer.router_id)
            && !attributes.cluster_list().any(|cluster| cluster == peer.cluster_id))
}
