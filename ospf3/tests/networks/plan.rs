//! A network as it is meant to be: what the oracle looks at, and what the instances are configured from.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use ospf3::originate::{AreaKind, External, ExternalKey, Range, StubRouter};
use ospf3::{AddressFamily, AreaId, InterfaceId, RouterId};

/// Which router, in the order of the plan.
pub(crate) type NodeId = usize;

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) family: AddressFamily,
    pub(crate) nodes: Vec<Node>,
    pub(crate) links: Vec<Link>,
    /// What all routers of an area agree upon; the kind of areas that are not here is normal.
    pub(crate) areas: BTreeMap<AreaId, AreaKind>,
    pub(crate) virtual_links: Vec<VirtualLink>,
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) up: bool,
    /// The area of its loopback.
    pub(crate) home: AreaId,
    pub(crate) stub: StubRouter,
    pub(crate) externals: BTreeMap<ExternalKey, External>,
    pub(crate) ranges: BTreeMap<AreaId, BTreeMap<IpNet, Range>>,
}

/// A virtual link between two routers through an area.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VirtualLink {
    pub(crate) ends: [NodeId; 2],
    pub(crate) transit: AreaId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    PointToPoint,
    Broadcast,
    NonBroadcast,
    PointToMultipoint,
}

#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) kind: Kind,
    pub(crate) area: AreaId,
    pub(crate) ends: Vec<End>,
}

/// An interface.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) node: NodeId,
    pub(crate) cost: u16,
    pub(crate) priority: u8,
    /// It works, as the router is told.
    pub(crate) up: bool,
    /// Ends hear those of the same part only, which the routers are not told.
    pub(crate) part: usize,
    /// It has an address of the link's prefix.
    pub(crate) numbered: bool,
}

impl Plan {
    pub(crate) fn new(name: &'static str, family: AddressFamily, nodes: usize) -> Self {
        let node = Node {
            up: true,
            home: AreaId::BACKBONE,
            stub: StubRouter::Off,
            externals: BTreeMap::new(),
            ranges: BTreeMap::new(),
        };
        Self {
            name,
            family,
            nodes: vec![node; nodes],
            links: Vec::new(),
            areas: BTreeMap::new(),
            virtual_links: Vec::new(),
        }
    }

    pub(crate) fn link(&mut self, kind: Kind, area: AreaId, ends: &[(NodeId, u16)]) -> &mut Link {
        let end = |(node, cost): &(NodeId, u16)| End {
            node: *node,
            cost: *cost,
            priority: 1,
            up: true,
            part: 0,
            numbered: true,
        };
        self.links.push(Link { kind, area, ends: ends.iter().map(end).collect() });
        self.links.last_mut().expect("just pushed")
    }

    pub(crate) fn kind(&self, area: AreaId) -> AreaKind {
        self.areas.get(&area).cloned().unwrap_or_default()
    }

    pub(crate) fn router_id(&self, node: NodeId) -> RouterId {
        // Not in the order of the nodes.
        let number = u32::try_from(node).expect("a small number");
        RouterId(0x0a00_0000 + (number * 7919) % 10_007 + 1)
    }

    /// The interfaces of a link's ends have different numbers.
    pub(crate) fn interface(&self, link: usize, node: NodeId) -> InterfaceId {
        InterfaceId(u32::try_from(link * 64 + 1 + (node * 5) % 61).expect("a small number"))
    }

    pub(crate) const LOOPBACK: InterfaceId = InterfaceId(60_000);

    pub(crate) fn virtual_interface(&self, virtual_link: usize) -> InterfaceId {
        InterfaceId(70_000 + u32::try_from(virtual_link).expect("a small number"))
    }

    pub(crate) fn link_local(&self, link: usize, node: NodeId) -> Ipv6Addr {
        let interface = self.interface(link, node).0;
        let bits =
            (0xfe80_u128 << 112) | u128::from(interface) << 32 | u128::from(self.router_id(node).0);
        Ipv6Addr::from_bits(bits)
    }

    /// A link's prefix, with the address of one of its nodes.
    pub(crate) fn address(&self, link: usize, node: NodeId) -> IpNet {
        let (link, host) = (link as u32 + 1, node as u32 + 1);
        if self.family.is_ipv4() {
            let address = Ipv4Addr::from_bits(0x0a00_0000 | link << 8 | host);
            IpNet::V4(Ipv4Net::new(address, 24).expect("a length"))
        } else {
            let address =
                0x2001_0db8_0000_0000_u128 << 64 | u128::from(link) << 64 | u128::from(host);
            IpNet::V6(Ipv6Net::new(Ipv6Addr::from_bits(address), 64).expect("a length"))
        }
    }

    pub(crate) fn prefix(&self, link: usize) -> IpNet {
        self.address(link, 0).trunc()
    }

    /// The address of a node's loopback.
    pub(crate) fn loopback(&self, node: NodeId) -> IpNet {
        let host = node as u32 + 1;
        if self.family.is_ipv4() {
            IpNet::V4(Ipv4Net::from(Ipv4Addr::from_bits(0xc0a8_0000 | host)))
        } else {
            let bits = 0x2001_0db8_ffff_u128 << 80 | u128::from(host);
            IpNet::V6(Ipv6Net::from(Ipv6Addr::from_bits(bits)))
        }
    }

    /// A prefix from outside.
    pub(crate) fn outside(&self, number: usize) -> IpNet {
        let number = number as u32 + 1;
        if self.family.is_ipv4() {
            let address = Ipv4Addr::from_bits(0xcb00_0000 | number << 8);
            IpNet::V4(Ipv4Net::new(address, 24).expect("a length"))
        } else {
            let bits = 0x2001_0db8_eeee_u128 << 80 | u128::from(number) << 64;
            IpNet::V6(Ipv6Net::new(Ipv6Addr::from_bits(bits), 64).expect("a length"))
        }
    }

    pub(crate) fn default_route(&self) -> IpNet {
        if self.family.is_ipv4() {
            IpNet::V4(Ipv4Net::default())
        } else {
            IpNet::V6(Ipv6Net::default())
        }
    }

    /// Where neighbours send packets for a node.
    pub(crate) fn next_hop(&self, link: usize, node: NodeId) -> IpAddr {
        let mut ends = self.links[link].ends.iter();
        let numbered = ends.any(|end| end.node == node && end.numbered);
        if self.family.is_ipv4() && numbered {
            self.address(link, node).addr()
        } else {
            self.link_local(link, node).into()
        }
    }

    /// The ends of a node, with their links.
    pub(crate) fn ends_of(&self, node: NodeId) -> impl Iterator<Item = (usize, &Link, &End)> {
        let links = self.links.iter().enumerate();
        links.flat_map(move |(number, link)| {
            let of_node = link.ends.iter().filter(move |end| end.node == node);
            of_node.map(move |end| (number, link, end))
        })
    }

    /// All areas that a node is configured for.
    pub(crate) fn areas_of(&self, node: NodeId) -> BTreeSet<AreaId> {
        let mut areas: BTreeSet<AreaId> =
            self.ends_of(node).map(|(_, link, _)| link.area).collect();
        areas.insert(self.nodes[node].home);
        if self.virtual_links.iter().any(|link| link.ends.contains(&node)) {
            areas.insert(AreaId::BACKBONE);
        }
        areas
    }
}
