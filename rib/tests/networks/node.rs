//! A router: its tables and its sessions.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bgp_fsm::{
    ConnectionId, Deferral, Endpoints, FamilyConfig, Forwarding, Negotiated, RestartConfig,
    Session, SessionConfig,
};
use bgp_wire::{AddPathDirection, Afi, Family, NextHop};
use bytes::BytesMut;
use ipnet::IpNet;
use rib::{AddPath, ChannelConfig, Confederation, PeerConfig, Rib, RouteSource, SourceId, TableId};

use crate::address::{link_local, loopback, loopback6, networks, on_link, on_link6};
use crate::plan::{Announced, End, Plan, SessionPlan, Transport};
use crate::policy::Rules;

pub(crate) const RESTART_TIME: Duration = Duration::from_secs(20);
const LONG_LIVED_STALE_TIME: Duration = Duration::from_secs(30);

/// How a node starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// For the first time
    Fresh,
    /// It has forgotten everything.
    Cold,
    /// Its forwarding has gone on (RFC 4724).
    Graceful,
}

#[derive(Debug)]
pub(crate) struct Router {
    pub(crate) rib: Rib,
    pub(crate) tables: Vec<TableId>,
    pub(crate) own: SourceId,
    /// By session
    pub(crate) neighbours: BTreeMap<usize, Neighbour>,
    pub(crate) rules: Rules,
    /// Routes that it has to wait for before it may say anything
    pub(crate) deferral: Deferral<usize>,
    /// When it looks at its tables next
    pub(crate) flush: Option<Duration>,
}

#[derive(Debug)]
pub(crate) struct Neighbour {
    pub(crate) source: SourceId,
    /// Which end of the session it is
    pub(crate) side: usize,
    pub(crate) session: Session,
    /// The wire of each connection, once it is there
    pub(crate) connections: BTreeMap<ConnectionId, Connection>,
    /// When the session is looked at next
    pub(crate) wake: Option<Duration>,
}

#[derive(Debug, Default)]
pub(crate) struct Connection {
    pub(crate) wire: Option<u64>,
    pub(crate) received: BytesMut,
}

/// Addresses of one end of a session: as next hops of IPv4 and IPv6, and that of the connection.
pub(crate) fn address(transport: Transport, node: usize) -> IpAddr {
    match transport {
        Transport::Link(link) => on_link(link, node).into(),
        Transport::Unnumbered(link) => link_local(link, node).into(),
        Transport::Loopback => loopback(node).into(),
    }
}

pub(crate) fn own_next_hop(transport: Transport, node: usize, family: Family) -> NextHop {
    match (transport, family.afi) {
        (Transport::Unnumbered(link), _) => NextHop::LinkLocal(link_local(link, node)),
        (Transport::Link(link), Afi::IPV4) => NextHop::V4(on_link(link, node)),
        (Transport::Link(link), _) => {
            NextHop::V6(on_link6(link, node), Some(link_local(link, node)))
        }
        (Transport::Loopback, Afi::IPV4) => NextHop::V4(loopback(node)),
        (Transport::Loopback, _) => NextHop::V6(loopback6(node), None),
    }
}

pub(crate) fn endpoints(session: &SessionPlan, side: usize, number: u64) -> Endpoints {
    let address = |side: usize| address(session.transport, session.ends[side].node);
    let port = 10_000 + u16::try_from(number % 50_000).expect("a port");
    Endpoints {
        local: SocketAddr::new(address(side), port),
        remote: SocketAddr::new(address(1 - side), 179),
    }
}

/// What the other end of a session sees of the AS of a node: the identifier of a confederation from outside.
fn seen_as(plan: &Plan, node: usize, from: usize) -> u32 {
    let (node, from) = (&plan.nodes[node], &plan.nodes[from]);
    match node.confederation {
        Some(identifier) if from.confederation != node.confederation => identifier,
        _ => node.asn,
    }
}

fn session_config(plan: &Plan, session: usize, side: usize, start: Start) -> SessionConfig {
    let ends = &plan.sessions[session].ends;
    let (end, other) = (&ends[side], &ends[1 - side]);
    let (own, neighbour) =
        (seen_as(plan, end.node, other.node), seen_as(plan, other.node, end.node));
    let seconds = Duration::from_secs;
    let mut config = SessionConfig::new(own, Some(neighbour), loopback(end.node));
    let confederation = |node: usize| plan.nodes[node].confederation;
    config.confederation_member = own != neighbour
        && confederation(end.node).is_some_and(|one| confederation(other.node) == Some(one));
    config.hold_time = seconds(30);
    config.connect_retry_time = seconds(5);
    config.connect_delay_time = seconds(1);
    config.idle_hold_time = (seconds(1), seconds(4));
    config.passive = end.passive;
    config.role = end.role;
    config.extended_message = session.is_multiple_of(2);
    config.enhanced_refresh = session % 5 != 3;
    config.long_lived = plan.long_lived.then_some((Duration::ZERO, seconds(100)));
    config.graceful_restart = plan.restart.then(|| RestartConfig {
        restart_time: RESTART_TIME,
        stale_time: seconds(25),
        ..RestartConfig::default()
    });
    let sends = end.add_path != AddPath::Off;
    let family = |family: &Family| FamilyConfig {
        extended_next_hop: true,
        add_path: match (sends, end.takes_paths) {
            (true, true) => Some(AddPathDirection::BOTH),
            (true, false) => Some(AddPathDirection::SEND),
            (false, true) => Some(AddPathDirection::RECEIVE),
            (false, false) => None,
        },
        forwarding: plan.restart.then_some(match start {
            Start::Cold => Forwarding::Lost,
            Start::Fresh | Start::Graceful => Forwarding::Preserved,
        }),
        long_lived_stale_time: plan.long_lived.then_some(LONG_LIVED_STALE_TIME),
        ..FamilyConfig::new(*family)
    };
    config.families = plan.families.iter().map(family).collect();
    config
}

/// The neighbour at the other end of an established session.
pub(crate) fn peer_config(
    plan: &Plan,
    session: usize,
    side: usize,
    negotiated: &Negotiated,
) -> PeerConfig {
    let SessionPlan { transport, ends, .. } = &plan.sessions[session];
    let (end, other) = (&ends[side], &ends[1 - side]);
    let of = |end: &End| address(*transport, end.node);
    let own = plan.nodes[end.node];
    let member = plan.nodes[other.node].confederation == own.confederation;
    let mut peer = PeerConfig::external(own.asn, negotiated.remote_as, of(end), of(other));
    peer.router_id = loopback(end.node);
    peer.remote_id = negotiated.remote_id;
    peer.interface = transport.link().map(|link| u32::try_from(link + 1).expect("few"));
    if let Transport::Link(link) = transport {
        peer.link = networks(*link).into_iter().collect();
    }
    peer.confederation = own.confederation.map(|identifier| Confederation { identifier, member });
    // RFC 4456 §7: the cluster of a reflector, on all its sessions.
    let clusters = plan.sessions.iter().flat_map(|one| &one.ends);
    let mut clusters = clusters.filter(|one| one.node == end.node).filter_map(|one| one.cluster);
    peer.cluster_id = end.cluster.or_else(|| clusters.next()).unwrap_or(loopback(end.node));
    peer.reflector_client = end.cluster.is_some();
    peer.route_server_client = end.route_server_client;
    peer.receive.enforce_first_as = !other.route_server_client;
    peer.role = negotiated.role;
    peer.long_lived_graceful_restart = plan.long_lived;
    peer.enhanced_refresh = negotiated.enhanced_refresh;
    peer.send = negotiated.send.clone();
    peer
}

pub(crate) fn channel_config(
    plan: &Plan,
    session: usize,
    side: usize,
    family: Family,
    table: TableId,
) -> ChannelConfig {
    let SessionPlan { transport, ends, .. } = &plan.sessions[session];
    let end = &ends[side];
    ChannelConfig {
        import: end.import,
        export: end.export,
        keep_received: end.keep_received,
        add_path: end.add_path,
        next_hop_self: end.next_hop_self,
        own_next_hop: Some(own_next_hop(*transport, end.node, family)),
        extended_next_hop: true,
        min_route_advertisement_interval: end.interval,
        default_originate: end.default_originate,
        aigp: end.aigp,
        ..ChannelConfig::new(table, family)
    }
}

impl Router {
    pub(crate) fn new(plan: &Plan, node: usize, now: Duration, start: Start, seed: u64) -> Self {
        let mut rib = Rib::new(seed);
        rib.set_rules(plan.decision);
        let tables =
            plan.families.iter().map(|family| rib.add_table("master", *family)).collect::<Vec<_>>();
        let own = rib.add_source("own", RouteSource::Static, 200);
        let mut neighbours = BTreeMap::new();
        let mut deferral = Deferral::new(now + RESTART_TIME + Duration::from_secs(10));
        for (number, session) in plan.sessions.iter().enumerate() {
            let Some(side) = session.ends.iter().position(|end| end.node == node) else { continue };
            let source = rib.add_source(&format!("session{number}"), RouteSource::Bgp, 100);
            let config = session_config(plan, number, side, start);
            let mut session = Session::new(config, seed ^ number as u64);
            if start == Start::Graceful {
                session.set_restarted(true);
                deferral.expect(number, plan.families.iter().copied());
            }
            session.start(now);
            let connections = BTreeMap::new();
            neighbours.insert(number, Neighbour { source, side, session, connections, wake: None });
        }
        let rules = Rules(plan.rules.clone());
        let mut router = Self { rib, tables, own, neighbours, rules, deferral, flush: None };
        for ((_, net), announced) in plan.routes.iter().filter(|((of, _), _)| *of == node) {
            router.originate(plan, now, *net, announced);
        }
        router
    }

    pub(crate) fn table(&self, plan: &Plan, net: IpNet) -> TableId {
        let afi = if net.addr().is_ipv4() { Afi::IPV4 } else { Afi::IPV6 };
        let place = plan.families.iter().position(|family| family.afi == afi);
        self.tables[place.expect("a table for each network")]
    }

    pub(crate) fn originate(
        &mut self,
        plan: &Plan,
        now: Duration,
        net: IpNet,
        announced: &Announced,
    ) {
        let table = self.table(plan, net);
        self.rib.originate(now, self.own, table, net, &announced.origination(), &mut self.rules);
    }

    pub(crate) fn withdraw(&mut self, plan: &Plan, net: IpNet) {
        let table = self.table(plan, net);
        self.rib.withdraw(self.own, table, &net);
    }
}
