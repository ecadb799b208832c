//! A description, with what follows from it and is looked up more than once.

use ipnet::IpNet;

use super::description::{Area, AreaKind, Attachment, Description, Interface, Router};
use super::role::{self, Role};
use crate::{AddressFamily, AreaId, InterfaceId, Options, RouterId};

/// What the LSAs of each kind are made from.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) description: &'a Description<'a>,
    pub(super) role: &'a Role,
}

impl<'a> Context<'a> {
    pub(super) const fn router(&self) -> &'a Router {
        self.description.router
    }

    pub(super) const fn family(&self) -> AddressFamily {
        self.description.router.family
    }

    pub(super) fn options(&self, kind: &AreaKind) -> Options {
        role::options(self.description.router, kind)
    }

    /// An area that the router is attached to.
    pub(super) fn area(&self, id: AreaId) -> Option<&'a Area> {
        self.description.areas.get(&id).filter(|_| self.role.attached.contains(&id))
    }

    /// All areas that the router is attached to.
    pub(super) fn areas(&self) -> impl Iterator<Item = (AreaId, &'a Area)> + use<'a> {
        let role = self.role;
        let areas = self.description.areas.iter().map(|(id, area)| (*id, area));
        areas.filter(|(id, _)| role.attached.contains(id))
    }

    pub(super) fn interfaces_of(
        &self,
        area: AreaId,
    ) -> impl Iterator<Item = (InterfaceId, &'a Interface)> + use<'a> {
        let of_area = move |(_, interface): &(_, &Interface)| interface.area == area;
        self.description.interfaces.iter().map(|(id, interface)| (*id, interface)).filter(of_area)
    }

    /// The Designated Router, and its Interface ID, of a transit link that this router's Router-LSA describes: it is fully
    /// adjacent to that one, or is it and fully adjacent to another (RFC 5340 §4.4.3.2).
    pub(super) fn transit(&self, interface: &Interface) -> Option<(RouterId, InterfaceId)> {
        let Attachment::Transit(designated) = interface.attachment else { return None };
        designated.filter(|(router, _)| {
            let neighbors = &interface.neighbors;
            if *router == self.router().router_id {
                !neighbors.is_empty()
            } else {
                neighbors.contains_key(router)
            }
        })
    }

    /// Whether this router is the Designated Router of a transit link.
    pub(super) fn is_designated(&self, interface: &Interface) -> bool {
        self.transit(interface).is_some_and(|(router, _)| router == self.router().router_id)
    }

    /// An interface's addresses that may be told.
    pub(super) fn prefixes(
        &self,
        interface: &'a Interface,
    ) -> impl Iterator<Item = IpNet> + use<'a> {
        let family = self.family();
        let conforms = move |net: &IpNet| super::prefix::conforms(family, *net);
        interface.prefixes.iter().copied().filter(conforms)
    }
}
