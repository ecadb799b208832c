//! Which next hop a neighbour is told (RFC 4271 §5.1.3, RFC 2545 §3, RFC 8950).

use core::net::IpAddr;

use bgp_wire::{Afi, Family, NextHop};
use ipnet::IpNet;
use smallvec::SmallVec;

use super::Outgoing;
use crate::channel::{ChannelConfig, NextHopMode, PeerConfig};
use crate::next_hop::NextHopKey;
use crate::options::{MissingLinkLocal, SessionKind};

/// All that decides about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct NextHopRules {
    family: Family,
    kind: SessionKind,
    route_server_client: bool,
    own: Option<NextHop>,
    own_for: NextHopMode,
    keep_for: NextHopMode,
    missing_link_local: MissingLinkLocal,
    third_party: bool,
    extended: bool,
    interface: Option<u32>,
    /// Networks of the interface, where a third party's next hop may lie
    link: SmallVec<[IpNet; 2]>,
}

/// The next hop of an announced route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) next_hop: NextHop,
    /// It is ourselves.
    pub(crate) is_own: bool,
}

impl Chosen {
    const fn received(next_hop: NextHop) -> Self {
        Self { next_hop, is_own: false }
    }
}

/// Whether routes of `family` may have such a next hop: RFC 8950 for IPv4 routes, RFC 4798 §2 for IPv6 ones.
pub(crate) const fn can_carry(family: Family, extended: bool, next_hop: &NextHop) -> bool {
    match (family.afi, next_hop) {
        (Afi::IPV4, NextHop::V6(..) | NextHop::LinkLocal(_)) | (Afi::IPV6, NextHop::V4(_)) => {
            extended
        }
        _ => true,
    }
}

impl NextHopRules {
    pub(crate) fn new(peer: &PeerConfig, channel: &ChannelConfig) -> Self {
        let (family, extended) = (channel.family, channel.extended_next_hop);
        let own = channel.own_next_hop.unwrap_or_else(|| NextHop::from(peer.local_address));
        // A link-local address is of no use to a neighbour that is not on the link.
        let own = match own {
            NextHop::V6(global, Some(_)) if peer.interface.is_none() => {
                Some(NextHop::V6(global, None))
            }
            NextHop::LinkLocal(_) if peer.interface.is_none() => None,
            other => Some(other),
        };
        let third_party = peer.announce.third_party_next_hop;
        // Elsewhere the networks are of no consequence: groups need not differ in them.
        let asks_for_link = peer.kind() == SessionKind::External
            && (third_party || channel.missing_link_local != MissingLinkLocal::Ignore);
        Self {
            family,
            kind: peer.kind(),
            route_server_client: peer.route_server_client,
            own: own.filter(|own| can_carry(family, extended, own)),
            own_for: channel.next_hop_self,
            keep_for: channel.next_hop_keep,
            missing_link_local: channel.missing_link_local,
            third_party,
            extended,
            interface: peer.interface,
            link: if asks_for_link { peer.link.clone() } else { SmallVec::new() },
        }
    }

    /// `None`: the route has none that the neighbour could use.
    pub(crate) fn choose(&self, route: &Outgoing<'_>) -> Option<Chosen> {
        let own = self.own.map(|next_hop| Chosen { next_hop, is_own: true });
        let Some(received) = route.next_hop else { return own };
        let kind = route.source.session_kind();
        if self.own_for.applies(kind) && !route.set.next_hop {
            return own;
        }
        let on_link = self.is_on_link(route.source.peer.as_ref(), &received);
        // RFC 7947 §2.2.1: a route server never stands in for a client.
        let instead = own.filter(|_| !self.route_server_client);
        let keep = route.set.next_hop
            || self.keep_for.applies(kind)
            || self.route_server_client
            // RFC 4271 §5.1.3 1, RFC 5065 §5.1: inside it stays, and so does a static route's.
            || self.kind.is_inside()
            // RFC 4271 §5.1.3 2: a third party on the common link.
            || (self.third_party && on_link);
        if !keep {
            return own;
        }
        let same_link = self.shares_interface(&received);
        let next_hop = match received.next_hop {
            // RFC 2545 §3: a link-local address means something on its own link only.
            NextHop::LinkLocal(_) if !same_link => return instead,
            NextHop::V6(global, Some(_)) if !same_link => NextHop::V6(global, None),
            NextHop::V6(_, None) if on_link && kind != Some(SessionKind::Internal) => {
                match self.missing_link_local {
                    MissingLinkLocal::Ignore => received.next_hop,
                    MissingLinkLocal::OwnNextHop => return own,
                    MissingLinkLocal::Drop => return None,
                }
            }
            other => other,
        };
        if can_carry(self.family, self.extended, &next_hop) {
            Some(Chosen::received(next_hop))
        } else {
            instead
        }
    }

    fn shares_interface(&self, received: &NextHopKey) -> bool {
        self.interface.is_some() && self.interface == received.interface
    }

    /// Whether it lies on the link that joins us with the neighbour: the address of the router there that announced
    /// the route, or another in the networks of the link.
    fn is_on_link(&self, from: Option<&PeerConfig>, received: &NextHopKey) -> bool {
        self.shares_interface(received)
            && from.is_none_or(|from| {
                let (first, second) = addresses(&received.next_hop);
                first == from.address
                    || second.is_some()
                    || self.link.iter().any(|net| net.contains(&first))
            })
    }
}

/// Its address, and the link-local one where there is one.
pub(crate) fn addresses(next_hop: &NextHop) -> (IpAddr, Option<IpAddr>) {
    let link_local = match next_hop {
        NextHop::V6(_, link_local) => *link_local,
        NextHop::LinkLocal(address) => Some(*address),
        NextHop::V4(_) => None,
    };
    (next_hop.address(), link_local.map(IpAddr::V6))
}
