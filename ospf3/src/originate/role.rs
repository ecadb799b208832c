//! What a router is, as far as it follows from its interfaces and its configuration: what all its LSAs depend upon.

use alloc::collections::{BTreeMap, BTreeSet};
use core::net::IpAddr;

use ipnet::IpNet;

use super::description::{Area, AreaKind, Attachment, Description, Interface, Router, StubRouter};
use super::prefix;
use crate::{AddressFamily, AreaId, InterfaceId, Options};

/// What a router is. Where it changes, everything is told anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Role {
    /// The areas that it is actively attached to.
    pub(super) attached: BTreeSet<AreaId>,
    /// It is an area border router.
    pub(super) border: bool,
    /// It is an AS boundary router.
    pub(super) boundary: bool,
    /// The transit areas of its virtual links that are fully adjacent.
    pub(super) virtual_ends: BTreeSet<AreaId>,
    /// The areas of its interfaces: a route through one is not told into its area.
    pub(super) interfaces: BTreeMap<InterfaceId, AreaId>,
    /// What it tells NSSAs for forwarding address where it has no other.
    pub(super) forwarding: BTreeMap<AreaId, IpAddr>,
}

impl Role {
    pub(super) fn of(description: &Description<'_>) -> Self {
        let Description { router, areas, interfaces, externals, .. } = *description;
        let attached = attached_areas(areas, interfaces);
        let border = is_area_border_router(areas, interfaces);
        let nssas = areas.iter().filter(|(_, area)| matches!(area.kind, AreaKind::Nssa(_)));
        let nssas = nssas.map(|(id, _)| *id).filter(|id| attached.contains(id));
        let forwarding: BTreeMap<_, _> = nssas
            .filter_map(|id| Some((id, forwarding_address(router.family, id, interfaces)?)))
            .collect();
        let in_nssa = attached
            .iter()
            .any(|id| areas.get(id).is_some_and(|area| matches!(area.kind, AreaKind::Nssa(_))));
        let virtual_ends = interfaces
            .values()
            .filter(|interface| !interface.neighbors.is_empty())
            .filter_map(|interface| match interface.attachment {
                Attachment::Virtual { transit } => Some(transit),
                _ => None,
            })
            .collect();
        Self {
            attached,
            border,
            // RFC 3101 §3.1: all NSSA border routers.
            boundary: !externals.is_empty() || border && in_nssa,
            virtual_ends,
            interfaces: interfaces.iter().map(|(id, interface)| (*id, interface.area)).collect(),
            forwarding,
        }
    }
}

/// The areas with an interface that is not down: those the router is actively attached to.
pub fn attached_areas(
    areas: &BTreeMap<AreaId, Area>,
    interfaces: &BTreeMap<InterfaceId, Interface>,
) -> BTreeSet<AreaId> {
    interfaces
        .values()
        .filter(|interface| interface.attachment != Attachment::Down)
        .map(|interface| interface.area)
        .filter(|area| areas.contains_key(area))
        .collect()
}

/// Whether the router is an area border router: it is actively attached to two areas, be the backbone one of them or
/// not (RFC 2328 §12.4.1). The backbone counts where a virtual link is configured: without the B-bit the link's other end
/// would not find this one.
pub fn is_area_border_router(
    areas: &BTreeMap<AreaId, Area>,
    interfaces: &BTreeMap<InterfaceId, Interface>,
) -> bool {
    let mut attached = attached_areas(areas, interfaces);
    if areas.iter().any(|(id, area)| area.virtual_links && attached.contains(id)) {
        attached.insert(AreaId::BACKBONE);
    }
    attached.len() > 1
}

/// The options that the router has in an area: in its Hellos and Database Descriptions, and in its LSAs
/// (RFC 5340 §4.4.3.1, RFC 5838 §2.2).
pub fn options(router: &Router, kind: &AreaKind) -> Options {
    let mut options = match kind {
        AreaKind::Normal => Options::E,
        AreaKind::Stub(_) => Options::NONE,
        AreaKind::Nssa(_) => Options::N,
    };
    if router.stub != StubRouter::NotRouting {
        options = options | Options::R;
    }
    let base = router.family == AddressFamily::Ipv6Unicast;
    if base {
        options = options | Options::V6;
    }
    if !base || router.address_families {
        options = options | Options::AF;
    }
    options
}

/// An address of this router's in an NSSA: first one of a loopback, then one of a stub network, then any
/// (RFC 3101 §2.3).
fn forwarding_address(
    family: AddressFamily,
    area: AreaId,
    interfaces: &BTreeMap<InterfaceId, Interface>,
) -> Option<IpAddr> {
    let addresses = |interface: &'_ Interface| {
        let mut of_family = interface.prefixes.iter().filter(|net| prefix::conforms(family, **net));
        of_family.next().map(IpNet::addr)
    };
    interfaces
        .values()
        .filter(|interface| interface.area == area)
        .filter_map(|interface| {
            let order = match interface.attachment {
                Attachment::Down | Attachment::Virtual { .. } => return None,
                Attachment::Loopback => 0,
                _ if interface.neighbors.is_empty() => 1,
                _ => 2,
            };
            Some((order, addresses(interface)?))
        })
        .min_by_key(|(order, _)| *order)
        .map(|(_, address)| address)
}
