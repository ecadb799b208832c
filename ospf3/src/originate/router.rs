//! Router-LSAs (RFC 5340 §4.4.3.2).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::context::Context;
use super::description::{Area, AreaKind, Attachment, Interface, StubRouter};
use super::ids::Subject;
use super::packing::Packing;
use crate::lsa::{LsaBody, LsaHeader, RouterFlags, RouterLink, RouterLinkType, RouterLsa};
use crate::{AreaId, InterfaceId, RouterId};

/// MaxLinkMetric (RFC 6987 §3).
const MAX_LINK_METRIC: u16 = 0xffff;

/// Octets of a Router-LSA before its links, and of a link.
const FIXED: usize = LsaHeader::LENGTH + 4;
const LINK: usize = 16;

/// A link of a router by the interface and, where one interface has several, the neighbour.
pub(super) type LinkId = (InterfaceId, RouterId);

/// This router's Router-LSAs for an area. There is one at least: others find the router by it.
pub(super) fn router_lsas(
    context: &Context<'_>,
    area_id: AreaId,
    area: &Area,
    packing: &mut Packing<LinkId>,
) -> Vec<(Subject, LsaBody)> {
    let links: BTreeMap<LinkId, RouterLink> = context
        .interfaces_of(area_id)
        .flat_map(|(id, interface)| links(context, id, interface))
        .map(|link| ((link.interface_id, link.neighbor_router_id), link))
        .collect();
    let room = context.router().lsa_size.saturating_sub(FIXED);
    let mut fragments = packing.pack(links.keys().map(|id| (*id, LINK)), room);
    fragments.entry(0).or_default();
    let (flags, options) = (flags(context, area_id, area), context.options(&area.kind));
    fragments
        .into_iter()
        .map(|(fragment, ids)| {
            let links = ids.iter().filter_map(|id| links.get(id).copied()).collect();
            let body = LsaBody::Router(RouterLsa { flags, options, links });
            (Subject::Fragment(fragment), body)
        })
        .collect()
}

/// RFC 2328 §12.4.1 and RFC 3101 §3.1
fn flags(context: &Context<'_>, area_id: AreaId, area: &Area) -> RouterFlags {
    let role = context.role;
    let mut flags = RouterFlags::NONE;
    if role.border {
        flags = flags | RouterFlags::B;
    }
    if role.boundary && !matches!(area.kind, AreaKind::Stub(_)) {
        flags = flags | RouterFlags::E;
    }
    if role.virtual_ends.contains(&area_id) {
        flags = flags | RouterFlags::V;
    }
    if let AreaKind::Nssa(nssa) = &area.kind
        && role.border
        && nssa.always_translates
    {
        flags = flags | RouterFlags::NT;
    }
    flags
}

/// The links of one interface (RFC 5340 §4.4.3.2).
fn links(context: &Context<'_>, id: InterfaceId, interface: &Interface) -> Vec<RouterLink> {
    let metric = match context.router().stub {
        StubRouter::MaxLinkMetric => MAX_LINK_METRIC,
        StubRouter::Off | StubRouter::NotRouting => interface.cost,
    };
    let to_neighbors = |link_type| {
        let link = |(router_id, neighbor): (&RouterId, &super::description::Neighbor)| RouterLink {
            link_type,
            metric,
            interface_id: id,
            neighbor_interface_id: neighbor.interface_id,
            neighbor_router_id: *router_id,
        };
        interface.neighbors.iter().map(link).collect()
    };
    match interface.attachment {
        Attachment::Down | Attachment::Loopback | Attachment::Passive => Vec::new(),
        Attachment::PointToPoint | Attachment::PointToMultipoint => {
            to_neighbors(RouterLinkType::POINT_TO_POINT)
        }
        Attachment::Virtual { .. } => to_neighbors(RouterLinkType::VIRTUAL),
        Attachment::Transit(_) => {
            let transit = context.transit(interface).map(|(router_id, interface_id)| RouterLink {
                link_type: RouterLinkType::TRANSIT,
                metric,
                interface_id: id,
                neighbor_interface_id: interface_id,
                neighbor_router_id: router_id,
            });
            transit.into_iter().collect()
        }
    }
}
