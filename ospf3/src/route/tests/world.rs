//! Random link state databases of several areas.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use std::vec::Vec;

use ipnet::IpNet;

use crate::lsa::{
    ExternalLsa, ExternalMetricType, InterAreaPrefixLsa, InterAreaRouterLsa, IntraAreaPrefix,
    IntraAreaPrefixLsa, LS_INFINITY, LinkLsa, LsaKey, MAX_AGE, NetworkLsa, RouterFlags, RouterLink,
    RouterLinkType, RouterLsa,
};
use crate::lsdb::Lsdb;
use crate::random::Random;
use crate::route::{Area, Externals, Input, Interface, Neighbor};
use crate::{
    AddressFamily, AreaId, InterfaceId, LinkStateId, LsType, Lsa, LsaBody, Options, Prefix,
    PrefixOptions, RouterId, ScopeId, SequenceNumber,
};

pub(super) const ROOT: RouterId = RouterId(1);
const ROUTERS: u32 = 7;
/// Routers that are in other areas only.
const FAR: u32 = 3;

/// What is configured of an area.
#[derive(Debug, Clone)]
struct Settings {
    externals: Externals,
    imports_summaries: bool,
    ranges: Vec<IpNet>,
}

/// Databases, and what the calculating router knows beside them.
#[derive(Clone)]
pub(super) struct World {
    random: Random,
    now: Duration,
    family: AddressFamily,
    settings: BTreeMap<AreaId, Settings>,
    areas: BTreeMap<AreaId, Lsdb>,
    as_lsdb: Lsdb,
    links: BTreeMap<InterfaceId, (AreaId, Lsdb, Vec<Neighbor>)>,
    /// The root's addresses.
    addresses: BTreeMap<InterfaceId, Vec<IpNet>>,
    virtual_links: BTreeSet<InterfaceId>,
    sequence: i32,
    /// Links may cost nothing.
    gratis: bool,
    /// Which links there are follows from it.
    salt: u64,
    /// Databases that were emptied since the table was last brought up to date.
    pub(super) emptied: BTreeSet<ScopeId>,
}

fn hash(numbers: [u64; 4]) -> u64 {
    let mut state = 0;
    for number in numbers {
        state = Random::new(state ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d)).next();
    }
    state % 100
}

/// The interface of a router to its link with another.
fn to_router(area: AreaId, other: u32) -> InterfaceId {
    InterfaceId(area.0 * 100 + other)
}

/// The interface of a router to a network of that Designated Router.
fn to_network(area: AreaId, designated: u32) -> InterfaceId {
    InterfaceId(area.0 * 100 + 50 + designated)
}

fn to_virtual(other: u32) -> InterfaceId {
    InterfaceId(900 + other)
}

/// The interface that all Designated Routers have to their network.
const DESIGNATED: InterfaceId = InterfaceId(50);

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let family = match random.below(4) {
            0 => AddressFamily::Ipv4Unicast,
            1 => AddressFamily::Ipv6Multicast,
            _ => AddressFamily::Ipv6Unicast,
        };
        let salt = random.next();
        let mut world = Self {
            random,
            now: Duration::from_secs(100),
            family,
            settings: BTreeMap::new(),
            areas: BTreeMap::new(),
            as_lsdb: Lsdb::new(),
            links: BTreeMap::new(),
            addresses: BTreeMap::new(),
            virtual_links: BTreeSet::new(),
            sequence: 0,
            gratis: seed.is_multiple_of(4),
            salt,
            emptied: BTreeSet::new(),
        };
        let count = world.random.below(3) + 1;
        for number in 0..count {
            let id = if world.random.chance(85) { number } else { number + 1 };
            world.areas.insert(AreaId(id as u32), Lsdb::new());
        }
        let ids: Vec<_> = world.areas.keys().copied().collect();
        for id in ids {
            let settings = world.area_settings(id);
            world.settings.insert(id, settings);
            world.make_interfaces(id);
        }
        for _ in 0..150 {
            world.change();
        }
        world
    }

    fn area_settings(&mut self, id: AreaId) -> Settings {
        let externals = match self.random.below(4) {
            0 if id != AreaId::BACKBONE => Externals::Stub,
            1 | 2 if id != AreaId::BACKBONE => Externals::Nssa,
            _ => Externals::AsExternal,
        };
        let ranges = (0..self.random.below(3)).map(|_| self.net()).collect();
        Settings { externals, imports_summaries: self.random.chance(70), ranges }
    }

    fn make_interfaces(&mut self, area: AreaId) {
        for other in 1..=ROUTERS {
            for id in [to_router(area, other), to_network(area, other)] {
                self.make_neighbors(id, area);
            }
            self.virtual_links.insert(to_virtual(other));
        }
    }

    /// An interface of the root, with some of the neighbours that may be there.
    fn make_neighbors(&mut self, id: InterfaceId, area: AreaId) {
        let on_network = id.0 % 100 > 50;
        let mut neighbors = Vec::new();
        for router in 2..=ROUTERS {
            let theirs = if on_network { id } else { to_router(area, ROOT.0) };
            if (on_network || id == to_router(area, router)) && self.random.chance(80) {
                let address = self.link_local(router, id.0 + 1000);
                let (router_id, interface_id) = (RouterId(router), theirs);
                neighbors.push(Neighbor { router_id, interface_id, address });
            }
        }
        let addresses = (0..self.random.below(2))
            .map(|_| {
                let net = self.net();
                let bits = u32::from(net.max_prefix_len() - net.prefix_len()).min(1);
                let host = self.random.below(2) as u32 * bits;
                match net.network() {
                    IpAddr::V4(address) => {
                        let address = Ipv4Addr::from_bits(address.to_bits() | host);
                        IpNet::new(address.into(), net.prefix_len())
                    }
                    IpAddr::V6(address) => {
                        let address = Ipv6Addr::from_bits(address.to_bits() | u128::from(host));
                        IpNet::new(address.into(), net.prefix_len())
                    }
                }
                .expect("the length is the family's")
            })
            .collect();
        self.addresses.insert(id, addresses);
        let lsdb = self.links.remove(&id).map(|(_, lsdb, _)| lsdb).unwrap_or_default();
        self.links.insert(id, (area, lsdb, neighbors));
    }

    fn link_local(&mut self, router: u32, link: u32) -> Ipv6Addr {
        let again = u128::from(self.random.below(3));
        let (router, link) = (u128::from(router), u128::from(link));
        Ipv6Addr::from_bits(0xfe80 << 112 | again << 32 | router << 16 | link)
    }

    /// Some changes, and the LSAs that these concern.
    pub(super) fn changes(&mut self) -> BTreeSet<(ScopeId, LsaKey)> {
        self.emptied.clear();
        (0..4).filter_map(|_| self.change()).collect()
    }

    /// What the routing table is calculated from.
    pub(super) fn input(&self) -> Input<'_> {
        let area = |(id, lsdb)| {
            let Settings { externals, imports_summaries, ranges } = self.settings[id].clone();
            (*id, Area { lsdb, externals, imports_summaries, ranges })
        };
        let links = self.links.iter().map(|(id, (area, lsdb, neighbors))| {
            let (area, lsdb, neighbors) = (*area, Some(lsdb), neighbors.clone());
            let prefixes = self.addresses.get(id).cloned().unwrap_or_default();
            (*id, Interface { area, lsdb, prefixes, neighbors })
        });
        let virtual_links = self.virtual_links.iter().map(|id| {
            let (area, prefixes, neighbors) = (AreaId::BACKBONE, Vec::new(), Vec::new());
            (*id, Interface { area, lsdb: None, prefixes, neighbors })
        });
        Input {
            now: self.now,
            router_id: ROOT,
            family: self.family,
            areas: self.areas.iter().map(area).collect(),
            as_lsdb: &self.as_lsdb,
            interfaces: links.chain(virtual_links).collect(),
        }
    }

    /// Something else: an LSA, all of a sudden old or gone; neighbours; rarely what is configured, or an area.
    fn change(&mut self) -> Option<(ScopeId, LsaKey)> {
        match self.random.below(100) {
            0 => {
                let ids: Vec<_> = self.settings.keys().copied().collect();
                let id = ids[self.random.below(ids.len() as u64) as usize];
                let settings = self.area_settings(id);
                self.settings.insert(id, settings);
                None
            }
            1 => {
                let id = AreaId(self.random.below(3) as u32);
                if self.areas.len() > 1 && self.areas.remove(&id).is_some() {
                    self.emptied.insert(ScopeId::Area(id));
                } else if !self.areas.contains_key(&id) {
                    self.areas.insert(id, Lsdb::new());
                    let settings = self.area_settings(id);
                    self.settings.insert(id, settings);
                    self.make_interfaces(id);
                }
                None
            }
            2..5 => {
                let ids: Vec<_> = self.links.iter().map(|(id, (area, ..))| (*id, *area)).collect();
                let (id, area) = ids[self.random.below(ids.len() as u64) as usize];
                self.make_neighbors(id, area);
                None
            }
            5 => {
                match self.random.below(10) {
                    0 => {
                        self.as_lsdb = Lsdb::new();
                        self.emptied.insert(ScopeId::As);
                    }
                    1 => {
                        for (id, (_, lsdb, _)) in &mut self.links {
                            *lsdb = Lsdb::new();
                            self.emptied.insert(ScopeId::Link(*id));
                        }
                    }
                    _ => self.salt = self.random.next(),
                }
                None
            }
            _ => Some(self.change_lsa()),
        }
    }

    /// A change of prefixes only: it needs no shortest paths.
    pub(super) fn change_prefixes(&mut self) -> (ScopeId, LsaKey) {
        loop {
            let mut trial = self.clone();
            let (scope, key) = trial.change_lsa();
            if !matches!(key.ls_type, LsType::ROUTER | LsType::NETWORK) {
                *self = trial;
                return (scope, key);
            }
            self.random.next();
        }
    }

    fn change_lsa(&mut self) -> (ScopeId, LsaKey) {
        let ids: Vec<_> = self.areas.keys().copied().collect();
        let area = ids[self.random.below(ids.len() as u64) as usize];
        let router = self.random.below(u64::from(ROUTERS)) as u32 + 1;
        let number = self.random.below(4) as u32;
        let (scope, ls_type, router, number) = match self.random.below(20) {
            0..=5 => {
                let number = if self.random.chance(10) { number } else { 0 };
                (ScopeId::Area(area), LsType::ROUTER, router, number)
            }
            6..=7 => (ScopeId::Area(area), LsType::NETWORK, router, DESIGNATED.0),
            8..=10 => (ScopeId::Area(area), LsType::INTRA_AREA_PREFIX, router, number),
            11..=13 => (ScopeId::Area(area), LsType::INTER_AREA_PREFIX, router, number),
            14 => (ScopeId::Area(area), LsType::INTER_AREA_ROUTER, router, number),
            15 | 16 => {
                let router = self.random.below(u64::from(ROUTERS + FAR)) as u32 + 1;
                (ScopeId::As, LsType::AS_EXTERNAL, router, number)
            }
            17 => (ScopeId::Area(area), LsType::NSSA, router, number),
            _ => {
                let designated = self.random.below(u64::from(ROUTERS)) as u32 + 1;
                let (id, theirs) = if self.random.chance(50) {
                    (to_router(area, router), to_router(area, ROOT.0))
                } else {
                    let id = to_network(area, designated);
                    (id, id)
                };
                (ScopeId::Link(id), LsType::LINK, router, theirs.0)
            }
        };
        let key = LsaKey {
            ls_type,
            advertising_router: RouterId(router),
            link_state_id: LinkStateId(number),
        };
        let body = self.body(area, key);
        self.sequence += 1;
        let age = if self.random.chance(5) { MAX_AGE } else { self.random.below(1000) as u16 };
        let lsa = Lsa::new(age, key, SequenceNumber(self.sequence), &body).expect("it is short");
        let gone = self.random.chance(8);
        let now = self.now;
        let lsdb = match scope {
            ScopeId::As => Some(&mut self.as_lsdb),
            ScopeId::Area(id) => self.areas.get_mut(&id),
            ScopeId::Link(id) => self.links.get_mut(&id).map(|(_, lsdb, _)| lsdb),
        };
        if let Some(lsdb) = lsdb {
            if gone {
                lsdb.remove(&key);
            } else {
                lsdb.install(now, lsa);
            }
        }
        (scope, key)
    }

    fn body(&mut self, area: AreaId, key: LsaKey) -> LsaBody {
        let (router, number) = (key.advertising_router.0, key.link_state_id.0);
        match key.ls_type {
            LsType::ROUTER => LsaBody::Router(self.router_lsa(area, router, number)),
            LsType::NETWORK => {
                let mut attached_routers: Vec<_> = (1..=ROUTERS)
                    .filter(|other| self.is_attached(area, router, *other))
                    .map(RouterId)
                    .collect();
                if self.random.chance(10) {
                    attached_routers.pop();
                }
                LsaBody::Network(NetworkLsa { options: Options::NONE, attached_routers })
            }
            LsType::INTRA_AREA_PREFIX => LsaBody::IntraAreaPrefix(self.intra_lsa(router)),
            LsType::INTER_AREA_PREFIX => {
                let (metric, prefix) = (self.metric(), self.prefix());
                LsaBody::InterAreaPrefix(InterAreaPrefixLsa { metric, prefix })
            }
            LsType::INTER_AREA_ROUTER => LsaBody::InterAreaRouter(InterAreaRouterLsa {
                options: Options::E,
                metric: self.metric(),
                destination_router: RouterId(
                    self.random.below(u64::from(ROUTERS + FAR)) as u32 + 1,
                ),
            }),
            LsType::AS_EXTERNAL => LsaBody::AsExternal(self.external_lsa()),
            LsType::NSSA => LsaBody::Nssa(self.external_lsa()),
            _ => {
                let link_local_address = match self.random.below(4) {
                    0 => Ipv6Addr::UNSPECIFIED,
                    1 => Ipv6Addr::from_bits((0x0a63_0000 + u128::from(router)) << 96),
                    _ => self.link_local(router, number),
                };
                LsaBody::Link(LinkLsa {
                    router_priority: 1,
                    options: Options::NONE,
                    link_local_address,
                    prefixes: Vec::new(),
                })
            }
        }
    }

    fn is_linked(&self, area: AreaId, one: u32, other: u32) -> bool {
        let (least, most) = (one.min(other).into(), one.max(other).into());
        one != other && hash([self.salt, area.0.into(), least, most]) < 30
    }

    fn is_attached(&self, area: AreaId, designated: u32, router: u32) -> bool {
        let network = hash([self.salt, area.0.into(), designated.into(), 100]) < 35;
        let there =
            hash([self.salt, area.0.into(), designated.into(), 200 + u64::from(router)]) < 45;
        network && (there || designated == router)
    }

    fn cost(&mut self) -> u16 {
        match self.random.below(40) {
            0 => u16::MAX,
            1 if self.gratis => 0,
            _ => self.random.below(4) as u16 + 1,
        }
    }

    fn router_lsa(&mut self, area: AreaId, router: u32, number: u32) -> RouterLsa {
        let mut flags = RouterFlags::NONE;
        for (flag, percent) in [
            (RouterFlags::B, 70),
            (RouterFlags::E, 60),
            (RouterFlags::V, 15),
            (RouterFlags::NT, 10),
        ] {
            if self.random.chance(percent) {
                flags = flags | flag;
            }
        }
        let mut options = Options::NONE;
        for (option, percent) in [(Options::V6, 97), (Options::R, 93), (Options::E, 50)] {
            if self.random.chance(percent) {
                options = options | option;
            }
        }
        let mut links = Vec::new();
        for other in 1..=ROUTERS {
            let extra = number > 0 || self.random.chance(3);
            if self.is_linked(area, router, other) && !self.random.chance(3)
                || extra && other != router
            {
                for _ in 0..=u32::from(self.random.chance(15)) {
                    links.push(RouterLink {
                        link_type: RouterLinkType::POINT_TO_POINT,
                        metric: self.cost(),
                        interface_id: to_router(area, other),
                        neighbor_interface_id: to_router(area, router),
                        neighbor_router_id: RouterId(other),
                    });
                }
            }
            if self.is_attached(area, other, router) && !self.random.chance(3) {
                links.push(RouterLink {
                    link_type: RouterLinkType::TRANSIT,
                    metric: self.cost(),
                    interface_id: to_network(area, other),
                    neighbor_interface_id: DESIGNATED,
                    neighbor_router_id: RouterId(other),
                });
            }
            if area == AreaId::BACKBONE && self.is_linked(AreaId(99), router, other) {
                links.push(RouterLink {
                    link_type: RouterLinkType::VIRTUAL,
                    metric: self.cost(),
                    interface_id: to_virtual(other),
                    neighbor_interface_id: to_virtual(router),
                    neighbor_router_id: RouterId(other),
                });
            }
        }
        RouterLsa { flags, options, links }
    }

    fn intra_lsa(&mut self, router: u32) -> IntraAreaPrefixLsa {
        let referenced = if self.random.chance(35) {
            let designated = self.random.below(u64::from(ROUTERS)) as u32 + 1;
            LsaKey {
                ls_type: LsType::NETWORK,
                advertising_router: RouterId(designated),
                link_state_id: LinkStateId(DESIGNATED.0),
            }
        } else {
            let ls_type = if self.random.chance(5) { LsType::LINK } else { LsType::ROUTER };
            LsaKey { ls_type, advertising_router: RouterId(router), link_state_id: LinkStateId(0) }
        };
        let prefixes = (0..self.random.below(4))
            .map(|_| IntraAreaPrefix { prefix: self.prefix(), metric: self.random.below(4) as u16 })
            .collect();
        IntraAreaPrefixLsa { referenced, prefixes }
    }

    fn external_lsa(&mut self) -> ExternalLsa {
        let metric_type = if self.random.chance(50) {
            ExternalMetricType::Type1
        } else {
            ExternalMetricType::Type2
        };
        let forwarding_address = self.random.chance(40).then(|| {
            let net = self.prefix().address.to_bits();
            let host = self.random.below(2) as u128;
            let shift = if self.family.is_ipv4() { 96 } else { 0 };
            Ipv6Addr::from_bits(net | host << shift)
        });
        ExternalLsa {
            metric_type,
            metric: self.metric(),
            prefix: self.prefix(),
            forwarding_address,
            tag: self.random.chance(50).then(|| self.random.below(5) as u32),
            referenced: None,
        }
    }

    fn metric(&mut self) -> u32 {
        if self.random.chance(5) { LS_INFINITY } else { self.random.below(5) as u32 }
    }

    /// One of a few prefixes, some of which lie within others.
    fn net(&mut self) -> IpNet {
        let prefix = Prefix { options: PrefixOptions::NONE, ..self.prefix() };
        super::super::teller::destination(&prefix, self.family).unwrap_or_else(|| self.net())
    }

    fn prefix(&mut self) -> Prefix {
        let mut options = PrefixOptions::NONE;
        for (option, percent) in
            [(PrefixOptions::NU, 4), (PrefixOptions::LA, 20), (PrefixOptions::P, 50)]
        {
            if self.random.chance(percent) {
                options = options | option;
            }
        }
        let number = self.random.below(16) as u32;
        let (bits, length) = match (self.family.is_ipv4(), self.random.below(10)) {
            (_, 0) => (0, 0),
            (true, 1) => (0x0a00_0000_u128 << 96, 8),
            (true, 2) => (u128::from(0x0a00_0001 + (number << 16)) << 96, 32),
            (true, 3) => (u128::from(0x0a00_0000 + (number << 16)) << 96, 33),
            (true, _) => (u128::from(0x0a00_0000 + (number << 16)) << 96, 16),
            (false, 1) => (0x2001_0db8 << 96, 32),
            (false, 2) => (0x2001_0db8 << 96 | u128::from(number) << 80 | 1, 128),
            (false, 3) => (0xfe80 << 112, 64),
            (false, _) => (0x2001_0db8 << 96 | u128::from(number) << 80, 48),
        };
        Prefix { address: Ipv6Addr::from_bits(bits), length, options }
    }
}
