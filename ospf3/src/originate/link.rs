//! What is told on a link only: Link-LSAs (RFC 5340 §4.4.3.8) and Grace-LSAs (RFC 5187 §2).

use alloc::vec::Vec;

use super::context::Context;
use super::description::{AreaKind, Attachment, Interface};
use super::prefix;
use crate::lsa::{GraceLsa, LinkLsa, LsaBody};

/// The Link-LSA of a link on which there may be other routers. A virtual link has none.
pub(super) fn link_lsa(
    context: &Context<'_>,
    kind: &AreaKind,
    interface: &Interface,
) -> Option<LsaBody> {
    match interface.attachment {
        Attachment::Transit(_) => {}
        Attachment::PointToPoint | Attachment::PointToMultipoint
            if !interface.suppress_link_lsa => {}
        _ => return None,
    }
    // Several addresses may be of one prefix.
    let mut prefixes: Vec<_> = context.prefixes(interface).map(prefix::of_link).collect();
    prefixes.sort_unstable();
    prefixes.dedup();
    Some(LsaBody::Link(LinkLsa {
        router_priority: interface.priority,
        options: context.options(kind),
        link_local_address: prefix::address(interface.address),
        prefixes,
    }))
}

/// The Grace-LSA of a link: asks the neighbours there for their help (RFC 3623 §2.1).
pub(super) fn grace_lsa(context: &Context<'_>, interface: &Interface) -> Option<LsaBody> {
    let grace = context.router().grace?;
    match interface.attachment {
        Attachment::Down | Attachment::Loopback | Attachment::Passive => return None,
        Attachment::PointToPoint
        | Attachment::PointToMultipoint
        | Attachment::Transit(_)
        | Attachment::Virtual { .. } => {}
    }
    Some(LsaBody::Grace(GraceLsa {
        grace_period: grace.period,
        reason: grace.reason,
        others: Vec::new(),
    }))
}
