//! The Only to Customer attribute: which routes are leaks, and which must not become any (RFC 9234 §5).
//!
//! The rules are by the role that we have on a session; nothing configures or filters them away. Between the
//! members of a confederation there are none, and its identifier is what leaves it, as §5 asks for.

use core::fmt;

use bgp_wire::{AttributeCode, AttributesRef, Family, PathAttributes, Role};

use crate::channel::PeerConfig;

/// Flags of the attribute: optional, transitive
const FLAGS: u8 = 0xc0;
const PARTIAL: u8 = 0x20;

/// Routes that were refused since they are leaks (RFC 9234 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leak {
    /// What the Only to Customer attribute says: the AS behind which the route was for customers only
    pub only_to_customer: u32,
    /// How many routes
    pub routes: u32,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { only_to_customer, routes } = self;
        write!(
            f,
            "route leak, for customers of AS {only_to_customer} only; routes refused: {routes}"
        )
    }
}

/// What becomes of a received route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ingress {
    Keep,
    /// The attribute is added with this AS.
    Add(u32),
    /// The attribute says this AS, and so the route is none that may come from there.
    Leak(u32),
}

/// Our role on the session where there are rules for it; inside an AS or a confederation there are none.
pub(crate) fn role(peer: &PeerConfig) -> Option<Role> {
    peer.role.filter(|_| !peer.kind().is_inside())
}

/// Whether the rules are about routes of `family`.
pub(crate) const fn covers(family: Family) -> bool {
    matches!(family, Family::IPV4_UNICAST | Family::IPV6_UNICAST)
}

/// The ingress procedure, for routes of a covered family.
pub(crate) fn ingress(peer: &PeerConfig, attributes: AttributesRef<'_>) -> Ingress {
    let Some(role) = role(peer) else { return Ingress::Keep };
    match (role, attributes.only_to_customer()) {
        // Rule 1: from a customer or a client of ours as a route server.
        (Role::PROVIDER | Role::ROUTE_SERVER, Some(asn)) => Ingress::Leak(asn),
        // Rule 2: a peer marks its routes itself in sending them; the mark of another AS it has received with them.
        (Role::PEER, Some(asn)) if asn != peer.remote_as => Ingress::Leak(asn),
        // Rule 3: from a provider, a peer, a route server.
        (Role::CUSTOMER | Role::PEER | Role::ROUTE_SERVER_CLIENT, None) => {
            Ingress::Add(peer.remote_as)
        }
        _ => Ingress::Keep,
    }
}

/// Rule 1 of egress: whether a neighbour towards which we have `role` gets the attribute added where it is missing.
pub(crate) const fn is_added(role: Role) -> bool {
    matches!(role, Role::PROVIDER | Role::PEER | Role::ROUTE_SERVER)
}

/// Rule 2 of egress: whether routes with the attribute are kept from a neighbour towards which we have `role`.
pub(crate) const fn is_kept_back(role: Role) -> bool {
    matches!(role, Role::CUSTOMER | Role::PEER | Role::ROUTE_SERVER_CLIENT)
}

/// Appends the attribute, in a list that is written in order. RFC 4271 §5: it is partial where the route is not
/// our own.
pub(crate) fn append(asn: u32, own_route: bool, out: &mut PathAttributes) {
    let flags = if own_route { FLAGS } else { FLAGS | PARTIAL };
    out.append(flags, AttributeCode::ONLY_TO_CUSTOMER, &asn.to_be_bytes());
}

#[cfg(test)]
mod network;
#[cfg(test)]
mod tests;
