//! A BGP instance: the session with a neighbour, and what it needs of interfaces.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use bgp_fsm::{
    ConnectionId, Endpoints, FamilyConfig, Forwarding, Negotiated, RestartConfig, Session,
    SessionConfig, Shutdown,
};
use bgp_wire::{AddPathDirection, Family, NextHop};
use bytes::Bytes;
use rib::{
    AddPath, AnnounceOptions, ChannelConfig, Confederation, IgpTables, LimitAction, LimitPassed,
    PeerConfig, ReceiveOptions, TableId,
};

use crate::config::{self, AddressFamily, BgpConfig, RestartMode};
use crate::filters::Filters;
use crate::interface::{Interface, Interfaces};
use crate::protocol::{ProtocolState, Running};
use crate::resolve::igp_tables;
use crate::router::{Dial, LogClass, Router, StreamId};

/// A BGP instance at work.
#[derive(Debug, Clone)]
pub(crate) struct Bgp {
    pub(crate) config: BgpConfig,
    pub(crate) session: Session,
    /// The streams of the session's connections.
    pub(crate) streams: BTreeMap<ConnectionId, StreamId>,
    /// Bytes of the session that a stream has not taken yet.
    pub(crate) pending: BTreeMap<StreamId, VecDeque<Bytes>>,
    /// Whether the session was started: not while a direct neighbour's interface is down.
    pub(crate) started: bool,
    /// Whether a limit has ended the last session.
    pub(crate) limited: bool,
}

pub(crate) const fn wire_family(family: AddressFamily) -> Family {
    match family {
        AddressFamily::Ipv4 => Family::IPV4_UNICAST,
        AddressFamily::Ipv6 => Family::IPV6_UNICAST,
    }
}

const fn next_hop_mode(mode: config::NextHopMode) -> rib::NextHopMode {
    match mode {
        config::NextHopMode::No => rib::NextHopMode::Never,
        config::NextHopMode::All => rib::NextHopMode::Always,
        config::NextHopMode::Ibgp => rib::NextHopMode::Internal,
        config::NextHopMode::Ebgp => rib::NextHopMode::External,
    }
}

impl Bgp {
    pub(crate) fn new(config: &BgpConfig, router_id: Ipv4Addr, seed: u64) -> Self {
        let session = Session::new(session_config(config, router_id), seed);
        Self {
            config: config.clone(),
            session,
            streams: BTreeMap::new(),
            pending: BTreeMap::new(),
            started: false,
            limited: false,
        }
    }

    /// The interface that a directly connected neighbour is on, if it is up.
    pub(crate) fn interface<'a>(&self, interfaces: &'a Interfaces) -> Option<&'a Interface> {
        if self.config.multihop.is_some() {
            return None;
        }
        let found = match &self.config.interface {
            Some(name) => interfaces.by_name(name),
            None => interfaces.towards(self.config.neighbor_address).or_else(|| {
                // A neighbour on this very host.
                let address = self.config.neighbor_address;
                interfaces.iter_up().find(|interface| {
                    address.is_loopback()
                        && interface.addresses.iter().any(|net| net.contains(&address))
                })
            }),
        };
        found.filter(|interface| interface.up)
    }

    /// Whether the neighbour can be reached at all, as far as interfaces tell.
    pub(crate) fn is_reachable(&self, interfaces: &Interfaces) -> bool {
        self.config.multihop.is_some() || self.interface(interfaces).is_some()
    }

    /// Where to connect to, and from where.
    pub(crate) fn dial(&self, stream: StreamId, interfaces: &Interfaces) -> Dial {
        let neighbour = self.config.neighbor_address;
        let interface = self.interface(interfaces);
        let local = self.config.local_address.or_else(|| match neighbour {
            IpAddr::V6(address) if address.is_unicast_link_local() => {
                interface.and_then(Interface::link_local).map(IpAddr::V6)
            }
            _ => interface.and_then(|interface| interface.address_towards(neighbour)),
        });
        let scope = interface.map_or(0, |interface| interface.index);
        Dial {
            stream,
            local: local.map(|address| socket_address(address, 0, scope)),
            remote: socket_address(neighbour, self.config.neighbor_port, scope),
            hops: self.config.multihop.unwrap_or(1),
        }
    }

    /// Whether a connection from `ends.remote` is this neighbour's.
    pub(crate) fn matches(&self, ends: &Endpoints, interfaces: &Interfaces) -> bool {
        let scope_fits = match ends.remote {
            SocketAddr::V6(remote) if remote.ip().is_unicast_link_local() => self
                .interface(interfaces)
                .is_some_and(|interface| interface.index == remote.scope_id()),
            _ => true,
        };
        scope_fits
            && canonical(ends.remote.ip()) == self.config.neighbor_address
            && ends.local.port() == self.config.local_port
            && self.config.local_address.is_none_or(|address| address == canonical(ends.local.ip()))
    }

    /// The neighbour as the tables know it. `cluster_ids` are those of all sessions.
    pub(crate) fn peer(
        &self,
        negotiated: &Negotiated,
        interfaces: &Interfaces,
        cluster_ids: impl IntoIterator<Item = Ipv4Addr>,
    ) -> PeerConfig {
        let config = &self.config;
        let router_id = self.session.config().router_id;
        let interface = self.interface(interfaces);
        let ends = negotiated.endpoints;
        PeerConfig {
            router_id,
            remote_id: negotiated.remote_id,
            interface: interface.map(|interface| interface.index),
            link: interface.map_or_else(Default::default, |interface| {
                interface.addresses.iter().map(ipnet::IpNet::trunc).collect()
            }),
            reflector_client: config.rr_client,
            cluster_id: config.cluster_id.unwrap_or(router_id),
            other_cluster_ids: cluster_ids.into_iter().collect(),
            route_server_client: config.rs_client,
            role: negotiated.role,
            confederation: config.confederation.map(|identifier| Confederation {
                identifier,
                member: config.confederation_member,
            }),
            // Also without a family: it has nothing of its own to keep then, but knows what the community means.
            long_lived_graceful_restart: negotiated
                .remote
                .capabilities
                .long_lived_graceful_restart()
                .is_some(),
            // A channel without a policy is refused when the configuration is read.
            requires_policy: false,
            receive: ReceiveOptions {
                enforce_first_as: config.enforce_first_as,
                ..ReceiveOptions::default()
            },
            announce: AnnounceOptions {
                interpret_communities: config.interpret_communities,
                allow_med: config.allow_med,
                ..AnnounceOptions::default()
            },
            allow_as_sets: config.allow_as_sets,
            allow_local_pref: config.allow_local_pref,
            allow_local_as: config.allow_local_as,
            default_local_pref: config.default_local_pref,
            default_med: config.default_med.unwrap_or(0),
            enhanced_refresh: negotiated.enhanced_refresh,
            send: negotiated.send.clone(),
            ..PeerConfig::external(
                config.local_as,
                negotiated.remote_as,
                canonical(ends.local.ip()),
                canonical(ends.remote.ip()),
            )
        }
    }

    /// The channels of an established session.
    pub(crate) fn channels(
        &self,
        negotiated: &Negotiated,
        interfaces: &Interfaces,
        tables: &BTreeMap<String, TableId>,
        filters: &mut Filters,
    ) -> Vec<ChannelConfig> {
        let both = self
            .config
            .channels
            .iter()
            .filter(|channel| negotiated.families.contains(&wire_family(channel.family)));
        let made = both.filter_map(|channel| {
            let family = wire_family(channel.family);
            let extended_next_hop = negotiated.extended_next_hop.contains(&family);
            let recursive = channel.gateway_recursive.unwrap_or(self.config.multihop.is_some());
            let igp_tables = if recursive {
                igp_tables(channel, &self.config.channels, tables)
            } else {
                IgpTables::default()
            };
            Some(ChannelConfig {
                preference: channel.preference,
                import: filters.number(&channel.import),
                export: filters.number(&channel.export),
                receive_limit: channel.receive_limit,
                import_limit: channel.import_limit,
                export_limit: channel.export_limit,
                keep_filtered: channel.import_keep_filtered,
                keep_received: channel.import_table,
                add_path: if channel.add_paths_tx { AddPath::All } else { AddPath::Off },
                own_next_hop: self.next_hop(channel, negotiated, interfaces),
                next_hop_self: next_hop_mode(channel.next_hop_self),
                next_hop_keep: next_hop_mode(channel.next_hop_keep),
                any_next_hop: channel.gateway_recursive == Some(true),
                extended_next_hop,
                igp_tables,
                ..ChannelConfig::new(*tables.get(&channel.table)?, family)
            })
        });
        made.collect()
    }

    /// What is announced as next hop where it is not the received one.
    pub(crate) fn next_hop(
        &self,
        channel: &config::ChannelConfig,
        negotiated: &Negotiated,
        interfaces: &Interfaces,
    ) -> Option<NextHop> {
        let extended = negotiated.extended_next_hop.contains(&wire_family(channel.family));
        let configured = channel.next_hop_address.map(NextHop::from);
        configured.or_else(|| self.own_next_hop(channel, negotiated, extended, interfaces))
    }

    /// Our own address as a next hop: that of the session where the family allows, else one of the interface.
    fn own_next_hop(
        &self,
        channel: &config::ChannelConfig,
        negotiated: &Negotiated,
        extended_next_hop: bool,
        interfaces: &Interfaces,
    ) -> Option<NextHop> {
        let local = canonical(negotiated.endpoints.local.ip());
        let interface = self.interface(interfaces);
        let everywhere = || interfaces.iter_up();
        let link_local = interface.and_then(Interface::link_local);
        let ipv6 = |local: IpAddr| match local {
            IpAddr::V6(address) if !address.is_unicast_link_local() => {
                Some(NextHop::V6(address, link_local))
            }
            IpAddr::V6(address) => Some(match interface.and_then(Interface::global_ipv6) {
                Some(global) => NextHop::V6(global, Some(address)),
                None => NextHop::LinkLocal(address),
            }),
            IpAddr::V4(_) => None,
        };
        match (channel.family, local) {
            (AddressFamily::Ipv4, IpAddr::V4(address)) => Some(NextHop::V4(address)),
            (AddressFamily::Ipv4, IpAddr::V6(_)) if extended_next_hop => ipv6(local),
            (AddressFamily::Ipv4, IpAddr::V6(_)) => interface
                .and_then(Interface::ipv4)
                .or_else(|| everywhere().find_map(Interface::ipv4))
                .map(NextHop::V4),
            (AddressFamily::Ipv6, IpAddr::V6(_)) => ipv6(local),
            (AddressFamily::Ipv6, IpAddr::V4(_)) => interface
                .and_then(Interface::global_ipv6)
                .map(|global| NextHop::V6(global, link_local))
                .or_else(|| link_local.map(NextHop::LinkLocal))
                .or_else(|| {
                    everywhere()
                        .find_map(Interface::global_ipv6)
                        .map(|global| NextHop::V6(global, None))
                }),
        }
    }
}

pub(crate) fn session_config(config: &BgpConfig, router_id: Ipv4Addr) -> SessionConfig {
    let family = |channel: &config::ChannelConfig| {
        let family = wire_family(channel.family);
        let extended_next_hop = channel.extended_next_hop && family == Family::IPV4_UNICAST;
        let add_path = match (channel.add_paths_tx, channel.add_paths_rx) {
            (true, true) => Some(AddPathDirection::BOTH),
            (true, false) => Some(AddPathDirection::SEND),
            (false, true) => Some(AddPathDirection::RECEIVE),
            (false, false) => None,
        };
        let keeps = channel.graceful_restart.unwrap_or(config.graceful_restart == RestartMode::On);
        let long = channel.long_lived.unwrap_or(config.long_lived == RestartMode::On);
        let long_lived_stale_time = channel.long_lived_stale_time;
        let long_lived_stale_time = long_lived_stale_time.unwrap_or(config.long_lived_stale_time);
        FamilyConfig {
            extended_next_hop,
            add_path,
            forwarding: keeps.then_some(Forwarding::Preserved),
            long_lived_stale_time: (keeps && long).then_some(long_lived_stale_time),
            ..FamilyConfig::new(family)
        }
    };
    SessionConfig {
        hold_time: config.hold_time,
        startup_hold_time: config.startup_hold_time,
        keepalive_time: config.keepalive_time,
        connect_retry_time: config.connect_retry_time,
        connect_delay_time: config.connect_delay_time,
        idle_hold_time: config.error_wait_time,
        error_forget_time: config.error_forget_time,
        passive: config.passive,
        families: config.channels.iter().map(family).collect(),
        graceful_restart: (config.graceful_restart != RestartMode::Off).then(|| RestartConfig {
            restart_time: config.graceful_restart_time,
            ..RestartConfig::default()
        }),
        long_lived: (config.long_lived != RestartMode::Off).then_some(config.long_lived_bounds),
        role: config.local_role,
        strict_role: config.require_roles,
        confederation_member: config.confederation_member,
        allow_local_pref: config.allow_local_pref,
        extended_message: config.enable_extended_messages,
        route_refresh: config.enable_route_refresh,
        four_octet_as: config.enable_as4,
        capabilities: config.capabilities,
        ..SessionConfig::new(shown_as(config), config.neighbor_as, router_id)
    }
}

/// Our AS as the neighbour sees it (RFC 5065 §4).
fn shown_as(config: &BgpConfig) -> u32 {
    let inside = config.confederation_member || config.neighbor_as == Some(config.local_as);
    config.confederation.filter(|_| !inside).unwrap_or(config.local_as)
}

/// An IPv4 address that came mapped into IPv6 as what it is.
pub(crate) fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn socket_address(address: IpAddr, port: u16, scope: u32) -> SocketAddr {
    match address {
        IpAddr::V6(address) if address.is_unicast_link_local() => {
            SocketAddr::V6(SocketAddrV6::new(address, port, 0, scope))
        }
        _ => SocketAddr::new(address, port),
    }
}

impl Router {
    /// The clusters that we reflect routes in (RFC 4456 §7): what carries one of them has been here.
    pub(crate) fn cluster_ids(&self) -> BTreeSet<Ipv4Addr> {
        let sessions = self.protocols.iter().filter_map(|protocol| protocol.bgp());
        let configs = sessions.map(|bgp| &bgp.config);
        let reflecting = configs.filter(|config| config.rr_client || config.cluster_id.is_some());
        reflecting.map(|config| config.cluster_id.unwrap_or(self.router_id)).collect()
    }

    /// A session has come up.
    pub(crate) fn established(&mut self, now: Duration, index: usize, negotiated: &Negotiated) {
        let cluster_ids = self.cluster_ids();
        let Some(protocol) = self.protocols.get_mut(index) else { return };
        let (source, name) = (protocol.source, protocol.name().to_owned());
        let Running::Bgp(bgp) = &mut protocol.running else { return };
        bgp.limited = false;
        let peer = bgp.peer(negotiated, &self.interfaces, cluster_ids);
        let channels = bgp.channels(negotiated, &self.interfaces, &self.tables, &mut self.filters);
        self.rib.peer_up(source, peer, channels);
        self.recovery_established(source, negotiated);
        self.log(LogClass::Trace, format!("{name}: Session established"));
        self.set_protocol_state(now, index, ProtocolState::Up);
    }

    /// Looks whether a neighbour is told more routes than it may be.
    pub(crate) fn report_limits(&mut self, now: Duration) {
        while let Some((source, passed)) = self.rib.poll_limit() {
            if let Some(index) = self.index_of(source) {
                self.limit_passed(now, index, passed);
            }
        }
    }

    /// What is to be done when a channel has more routes than it may have.
    pub(crate) fn limit_passed(&mut self, now: Duration, index: usize, passed: LimitPassed) {
        let Some(protocol) = self.protocols.get_mut(index) else { return };
        let name = protocol.name().to_owned();
        let Running::Bgp(bgp) = &mut protocol.running else { return };
        let LimitPassed { family, kind, limit } = passed;
        let prefixes = Shutdown::MaximumPrefixes(Some((family, limit.most)));
        bgp.limited |= matches!(limit.action, LimitAction::Restart | LimitAction::Disable);
        match limit.action {
            LimitAction::Warn | LimitAction::Block => {}
            LimitAction::Restart => bgp.session.reset(now, prefixes),
            LimitAction::Disable => {
                bgp.started = false;
                bgp.session.stop(now, prefixes);
                protocol.disabled = true;
            }
        }
        let (kind, most) = (kind.name(), limit.most);
        self.log(
            LogClass::Warning,
            format!("{name}: {family} {kind} limit of {most} routes is passed"),
        );
        self.pump(now, index);
        if self.protocols.get(index).is_some_and(|protocol| protocol.disabled) {
            self.set_protocol_state(now, index, ProtocolState::Down);
        }
    }
}
