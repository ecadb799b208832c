//! Network-LSAs (RFC 5340 §4.4.3.3).

use core::iter;

use super::context::Context;
use super::description::{AreaKind, Interface};
use crate::lsa::{LsaBody, NetworkLsa};

/// The Network-LSA of a link whose Designated Router this router is.
pub(super) fn network_lsa(
    context: &Context<'_>,
    kind: &AreaKind,
    interface: &Interface,
) -> Option<LsaBody> {
    if !context.is_designated(interface) {
        return None;
    }
    let told = interface.neighbors.values().filter_map(|neighbor| neighbor.link_lsa.as_ref());
    let own = context.options(kind);
    let options = told.fold(own, |options, link_lsa| options | link_lsa.options);
    let attached =
        iter::once(context.router().router_id).chain(interface.neighbors.keys().copied());
    Some(LsaBody::Network(NetworkLsa { options, attached_routers: attached.collect() }))
}
