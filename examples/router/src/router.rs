//! The router: protocols and tables put together.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bgp_fsm::{Action as SessionAction, ConnectionId, Endpoints, Event, Shutdown, Stale};
use bgp_wire::{Flaw, UpdateError};
use bytes::{Bytes, BytesMut};
use rib::{Age, Rib, RouteSource, Rules, SourceId, TableId};

use crate::bgp::{Bgp, canonical, wire_family};
use crate::clock::Clock;
use crate::config::{Config, ProtocolConfig, ProtocolKind};
use crate::filters::Filters;
use crate::interface::{InterfaceEvent, Interfaces};
use crate::protocol::{Protocol, ProtocolState, Running};

/// A TCP connection, as the router and its host call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u64);

/// A connection to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial {
    /// What it is called from now on
    pub stream: StreamId,
    /// Address to bind to; the host chooses where it is not given
    pub local: Option<SocketAddr>,
    /// Where to connect to
    pub remote: SocketAddr,
    /// Hop limit of packets: 1 for a direct neighbour
    pub hops: u8,
}

/// An address and port to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listener {
    /// The address, unspecified for all of a family
    pub address: SocketAddr,
}

/// Class of a log line, by BIRD's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogClass {
    /// Protocol state changes
    Trace,
    /// The router's own state changes
    Info,
    /// Errors of neighbours
    Remote,
    /// Something is not as it should be
    Warning,
    /// Something failed
    Error,
}

/// What the host has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Accept connections there.
    Listen(Listener),
    /// Accept no more connections there.
    Unlisten(Listener),
    /// Connect, then call [`Router::handle_connected`] or [`Router::handle_connect_failed`].
    Dial(Dial),
    /// Send what [`Router::poll_stream`] still has for the stream, then close it.
    Close(StreamId),
    /// Write a line to the log.
    Log(LogClass, String),
    /// All sessions are closed: end.
    Exit,
}

/// A full router without I/O.
///
/// # Contract
///
/// Put things in with `handle_*`; after each, and at the beginning, take [`Router::poll_action`] until `None`.
/// For every open stream that has room, take [`Router::poll_stream`]: messages of the session first, then
/// UPDATEs, made when they are taken and shared between neighbours. Wait until [`Router::poll_timeout`], then call
/// [`Router::handle_timeout`].
///
/// `now` is the time since an epoch of the host's choice and never goes back; [`Clock`] ties it to the calendar
/// for those who look.
#[derive(Debug, Clone)]
pub struct Router {
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) router_id: Ipv4Addr,
    pub(crate) hostname: String,
    pub(crate) started_at: Duration,
    pub(crate) configured_at: Duration,
    pub(crate) rib: Rib,
    pub(crate) tables: BTreeMap<String, TableId>,
    pub(crate) filters: Filters,
    pub(crate) interfaces: Interfaces,
    pub(crate) protocols: Vec<Protocol>,
    /// The instance that each stream belongs to.
    streams: BTreeMap<StreamId, (SourceId, ConnectionId)>,
    /// What streams of removed instances still have to send.
    leaving: BTreeMap<StreamId, VecDeque<Bytes>>,
    listeners: BTreeSet<Listener>,
    actions: VecDeque<Action>,
    next_stream: u64,
    seed: u64,
    pub(crate) stopping: bool,
}

impl Router {
    /// A router of `config`. Interfaces are made known by [`Router::handle_interface`] before
    /// [`Router::start`]. `seed` determines all jitter.
    pub fn new(config: Config, clock: Clock, hostname: &str, now: Duration, seed: u64) -> Self {
        let mut rib = Rib::new(seed);
        let tables = config.tables.iter().map(|table| {
            (table.name.clone(), rib.add_table(&table.name, wire_family(table.family)))
        });
        let tables: BTreeMap<String, TableId> = tables.collect();
        Self {
            filters: Filters::new(Arc::clone(&config.program)),
            router_id: config.router_id.unwrap_or(Ipv4Addr::UNSPECIFIED),
            config: Arc::new(config),
            clock,
            hostname: hostname.into(),
            started_at: now,
            configured_at: now,
            rib,
            tables,
            interfaces: Interfaces::default(),
            protocols: Vec::new(),
            streams: BTreeMap::new(),
            leaving: BTreeMap::new(),
            listeners: BTreeSet::new(),
            actions: VecDeque::new(),
            next_stream: 0,
            seed,
            stopping: false,
        }
    }

    /// Starts all protocols.
    ///
    /// # Errors
    /// When no router id is configured and no interface has an address to take for it.
    pub fn start(&mut self, now: Duration) -> Result<(), String> {
        if self.router_id.is_unspecified() {
            // The lowest address of an interface that is up, as BIRD chooses.
            let addresses = self.interfaces.iter_up().filter_map(crate::interface::Interface::ipv4);
            self.router_id = addresses
                .min()
                .ok_or("cannot determine the router id: set it with `router id A.B.C.D;`")?;
        }
        self.rib.set_rules(rules(&self.config));
        self.resolve_all_next_hops();
        for protocol in self.config.protocols.clone() {
            self.add_protocol(now, &protocol);
        }
        self.update_listeners();
        self.after_change(now);
        Ok(())
    }

    pub(crate) fn log(&mut self, class: LogClass, text: String) {
        self.actions.push_back(Action::Log(class, text));
    }

    /// Adds an instance and starts it, unless it is disabled.
    pub(crate) fn add_protocol(&mut self, now: Duration, config: &ProtocolConfig) {
        let (kind, preference) = match &config.kind {
            ProtocolKind::Bgp(_) => (RouteSource::Bgp, 100),
            ProtocolKind::Static { channel, .. } => (RouteSource::Static, channel.preference),
            ProtocolKind::Device { .. } => (RouteSource::Device, 240),
            ProtocolKind::Direct { channels, .. } => {
                (RouteSource::Device, channels.first().map_or(240, |channel| channel.preference))
            }
        };
        let source = self.rib.add_source(&config.name, kind, preference);
        self.seed =
            self.seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let running = match &config.kind {
            ProtocolKind::Device { .. } => Running::Device,
            ProtocolKind::Direct { .. } => Running::Direct(BTreeMap::new()),
            ProtocolKind::Static { .. } => Running::Static(BTreeMap::new()),
            ProtocolKind::Bgp(bgp) => {
                Running::Bgp(Box::new(Bgp::new(bgp, self.router_id, self.seed)))
            }
        };
        self.protocols.push(Protocol {
            config: config.clone(),
            state: ProtocolState::Down,
            since: now,
            disabled: config.disabled,
            source,
            running,
        });
        self.run_protocol(now, self.protocols.len() - 1);
    }

    /// Brings an instance into the state it should be in.
    pub(crate) fn run_protocol(&mut self, now: Duration, index: usize) {
        let Some(protocol) = self.protocols.get_mut(index) else { return };
        match &mut protocol.running {
            Running::Bgp(bgp) => {
                let wanted = !protocol.disabled && bgp.is_reachable(&self.interfaces);
                if wanted && !bgp.started {
                    bgp.started = true;
                    bgp.session.start(now);
                } else if !wanted && bgp.started {
                    bgp.started = false;
                    let why = if protocol.disabled {
                        Shutdown::AdministrativeShutdown
                    } else {
                        Shutdown::LinkDown
                    };
                    bgp.session.stop(now, why);
                }
                if !protocol.disabled && protocol.state == ProtocolState::Down {
                    protocol.set_state(now, ProtocolState::Start);
                }
                self.pump(now, index);
                let Some(protocol) = self.protocols.get_mut(index) else { return };
                if protocol.disabled {
                    protocol.set_state(now, ProtocolState::Down);
                }
            }
            Running::Device | Running::Direct(_) | Running::Static(_) => {
                let state = if protocol.disabled { ProtocolState::Down } else { ProtocolState::Up };
                protocol.set_state(now, state);
                self.update_own_routes(now, index);
            }
        }
    }

    /// An interface has changed.
    pub fn handle_interface(&mut self, now: Duration, event: InterfaceEvent) {
        if !self.interfaces.handle(event) || self.protocols.is_empty() {
            return;
        }
        for index in 0..self.protocols.len() {
            self.run_protocol(now, index);
        }
        self.resolve_all_next_hops();
        self.after_change(now);
    }

    /// What has to follow every change of routes.
    pub(crate) fn after_change(&mut self, now: Duration) {
        self.resolve_new_next_hops();
        self.work(now);
        self.report_limits(now);
        while let Some(message) = self.filters.poll_message() {
            self.log(LogClass::Error, message);
        }
    }

    /// Listens where instances need it, and nowhere else.
    pub(crate) fn update_listeners(&mut self) {
        let mut wanted = BTreeSet::new();
        for protocol in &self.protocols {
            let Some(bgp) = protocol.bgp() else { continue };
            let config = &bgp.config;
            let address = match (config.strict_bind, config.local_address, config.neighbor_address)
            {
                (true, Some(address), _) => address,
                (_, _, IpAddr::V4(_)) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                (_, _, IpAddr::V6(_)) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            };
            wanted.insert(Listener { address: SocketAddr::new(address, config.local_port) });
        }
        self.actions.extend(self.listeners.difference(&wanted).copied().map(Action::Unlisten));
        self.actions.extend(wanted.difference(&self.listeners).copied().map(Action::Listen));
        self.listeners = wanted;
    }

    pub(crate) fn index_of(&self, source: SourceId) -> Option<usize> {
        self.protocols.iter().position(|protocol| protocol.source == source)
    }

    /// The instance and connection of a stream.
    fn owner(&self, stream: StreamId) -> Option<(usize, ConnectionId)> {
        let (source, connection) = *self.streams.get(&stream)?;
        Some((self.index_of(source)?, connection))
    }

    /// A connection asked for by [`Action::Dial`] is up.
    pub fn handle_connected(&mut self, now: Duration, stream: StreamId, ends: Endpoints) {
        let Some((index, connection)) = self.owner(stream) else { return };
        if let Some(bgp) = self.protocols.get_mut(index).and_then(Protocol::bgp_mut) {
            bgp.session.handle_connected(now, connection, ends);
        }
        self.pump(now, index);
    }

    /// A connection asked for by [`Action::Dial`] could not be made.
    pub fn handle_connect_failed(&mut self, now: Duration, stream: StreamId, reason: &str) {
        let Some((index, connection)) = self.owner(stream) else { return };
        if let Some(bgp) = self.protocols.get_mut(index).and_then(Protocol::bgp_mut) {
            bgp.session.handle_connect_failed(now, connection, reason.to_owned());
        }
        self.forget_stream(stream);
        self.pump(now, index);
    }

    /// Somebody has connected to us. `None`: nobody we know, or not now: close the connection.
    pub fn handle_accepted(&mut self, now: Duration, ends: Endpoints) -> Option<StreamId> {
        let interfaces = &self.interfaces;
        let suits = |protocol: &Protocol| {
            protocol.bgp().is_some_and(|bgp| bgp.started && bgp.matches(&ends, interfaces))
        };
        let Some(index) = self.protocols.iter().position(suits) else {
            let address = canonical(ends.remote.ip());
            self.log(
                LogClass::Warning,
                format!("BGP: Unexpected connect from unknown address {address}"),
            );
            return None;
        };
        let protocol = self.protocols.get_mut(index)?;
        let source = protocol.source;
        let bgp = protocol.bgp_mut()?;
        let connection = bgp.session.handle_accepted(now, ends)?;
        self.next_stream += 1;
        let stream = StreamId(self.next_stream);
        bgp.streams.insert(connection, stream);
        bgp.pending.insert(stream, VecDeque::new());
        self.streams.insert(stream, (source, connection));
        self.pump(now, index);
        Some(stream)
    }

    /// A stream was closed by the other side, or is broken.
    pub fn handle_disconnected(&mut self, now: Duration, stream: StreamId) {
        let Some((index, connection)) = self.owner(stream) else { return };
        if let Some(bgp) = self.protocols.get_mut(index).and_then(Protocol::bgp_mut) {
            bgp.session.handle_disconnected(now, connection);
        }
        self.forget_stream(stream);
        self.pump(now, index);
    }

    /// Bytes came. Whole messages are taken from the front of `data`, the rest is left there.
    pub fn handle_stream(&mut self, now: Duration, stream: StreamId, data: &mut BytesMut) {
        let Some((index, connection)) = self.owner(stream) else { return };
        loop {
            let before = data.len();
            if let Some(bgp) = self.protocols.get_mut(index).and_then(Protocol::bgp_mut) {
                bgp.session.handle_input(now, connection, data);
            }
            self.pump(now, index);
            if data.is_empty() || data.len() == before {
                return;
            }
        }
    }

    /// The next bytes for a stream that has room.
    pub fn poll_stream(&mut self, now: Duration, stream: StreamId) -> Option<Bytes> {
        if let Some(bytes) = self.leaving.get_mut(&stream).and_then(VecDeque::pop_front) {
            return Some(bytes);
        }
        let (index, connection) = self.owner(stream)?;
        let protocol = self.protocols.get_mut(index)?;
        let source = protocol.source;
        let Running::Bgp(bgp) = &mut protocol.running else { return None };
        if let Some(bytes) = bgp.pending.get_mut(&stream).and_then(VecDeque::pop_front) {
            return Some(bytes);
        }
        if bgp.session.established().is_none_or(|(id, _)| id != connection) {
            return None;
        }
        let chunk = self.rib.poll_update(now, source, &mut self.filters)?;
        bgp.session.update_sent(now, chunk.messages);
        self.report_limits(now);
        Some(chunk.bytes)
    }

    /// Keeps the last bytes of a removed instance until its streams are closed.
    pub(crate) fn release_streams(&mut self, removed: Protocol) {
        if let Running::Bgp(bgp) = removed.running {
            self.leaving.extend(bgp.pending);
        }
    }

    /// A stream is closed: nothing is left to be sent on it.
    pub fn forget_stream(&mut self, stream: StreamId) {
        self.leaving.remove(&stream);
        let Some((source, connection)) = self.streams.remove(&stream) else { return };
        let index = self.index_of(source);
        if let Some(bgp) =
            index.and_then(|index| self.protocols.get_mut(index)).and_then(Protocol::bgp_mut)
        {
            bgp.pending.remove(&stream);
            bgp.streams.retain(|id, _| *id != connection);
        }
    }

    /// Lets timers take effect.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.rib.poll_timeout().is_some_and(|at| at <= now) {
            self.rib.handle_timeout(now);
        }
        self.after_change(now);
        for index in 0..self.protocols.len() {
            let bgp = self.protocols.get_mut(index).and_then(Protocol::bgp_mut);
            if let Some(bgp) =
                bgp.filter(|bgp| bgp.session.poll_timeout().is_some_and(|at| at <= now))
            {
                bgp.session.handle_timeout(now);
                self.pump(now, index);
            }
        }
    }

    /// When [`Router::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Duration> {
        if self.rib.has_work() {
            return Some(Duration::ZERO);
        }
        let sessions = self.protocols.iter().filter_map(|protocol| protocol.bgp());
        let sessions = sessions.filter_map(|bgp| bgp.session.poll_timeout());
        sessions.chain(self.rib.poll_timeout()).min()
    }

    /// The next thing for the host to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        let action = self.actions.pop_front();
        if action.is_none() && self.stopping && self.streams.is_empty() {
            self.stopping = false;
            return Some(Action::Exit);
        }
        action
    }

    /// Takes everything out of a session.
    pub(crate) fn pump(&mut self, now: Duration, index: usize) {
        let Some(protocol) = self.protocols.get_mut(index) else { return };
        let source = protocol.source;
        let Running::Bgp(bgp) = &mut protocol.running else { return };
        // Bytes before actions: a Close comes behind what is to be sent.
        while let Some((connection, bytes)) = bgp.session.poll_transmit() {
            let pending =
                bgp.streams.get(&connection).and_then(|stream| bgp.pending.get_mut(stream));
            if let Some(pending) = pending {
                pending.push_back(bytes);
            }
        }
        while let Some(action) = bgp.session.poll_action() {
            match action {
                SessionAction::Connect(connection) => {
                    self.next_stream += 1;
                    let stream = StreamId(self.next_stream);
                    bgp.streams.insert(connection, stream);
                    bgp.pending.insert(stream, VecDeque::new());
                    self.streams.insert(stream, (source, connection));
                    self.actions.push_back(Action::Dial(bgp.dial(stream, &self.interfaces)));
                }
                SessionAction::Close(connection) => {
                    if let Some(stream) = bgp.streams.get(&connection) {
                        self.actions.push_back(Action::Close(*stream));
                    }
                }
            }
        }
        self.take_events(now, index);
    }

    fn take_events(&mut self, now: Duration, index: usize) {
        let mut changed = false;
        while let Some(event) = self
            .protocols
            .get_mut(index)
            .and_then(Protocol::bgp_mut)
            .and_then(|bgp| bgp.session.poll_event())
        {
            changed = true;
            let Some(protocol) = self.protocols.get(index) else { return };
            let source = protocol.source;
            match event {
                Event::Update(update) => {
                    // RFC 7606 §6. A LOCAL_PREF where none belongs some neighbours send with every route.
                    let worth =
                        |flaw: &&Flaw| !matches!(flaw.error, UpdateError::OutOfPlace { .. });
                    let log = |flaw| format!("{}: UPDATE with {flaw}", protocol.name());
                    let flaws: Vec<_> = update.flaws().iter().filter(worth).map(log).collect();
                    flaws.into_iter().for_each(|text| self.log(LogClass::Remote, text));
                    let outcome = self.rib.handle_update(now, source, &update, &mut self.filters);
                    if let Some(leak) = outcome.leak {
                        let text = format!("{}: {leak}", self.protocols[index].name());
                        self.log(LogClass::Remote, text);
                    }
                    if let Some(passed) = outcome.limit {
                        self.limit_passed(now, index, passed);
                    }
                }
                Event::RouteRefresh(refresh) => {
                    self.rib.handle_route_refresh(source, refresh.family);
                }
                // Not negotiated
                Event::Filters(..) => {}
                Event::Stale(family, Stale::Mark) => self.rib.mark_stale(source, family),
                Event::Stale(family, Stale::LongLived) => self.rib.long_lived(source, family),
                Event::Stale(family, Stale::Sweep) => self.rib.sweep(source, family),
                Event::Established(negotiated) => {
                    let Some(bgp) = protocol.bgp() else { return };
                    let peer = bgp.peer(&negotiated, &self.interfaces);
                    let channels = bgp.channels(
                        &negotiated,
                        &self.interfaces,
                        &self.tables,
                        &mut self.filters,
                    );
                    self.rib.peer_up(source, peer, channels);
                    let text = format!("{}: Session established", protocol.name());
                    self.log(LogClass::Trace, text);
                    self.set_protocol_state(now, index, ProtocolState::Up);
                }
                Event::Down { reason, retained } => {
                    let was_up = protocol.state == ProtocolState::Up;
                    let disables = protocol.bgp().is_some_and(|bgp| bgp.config.disable_after_error);
                    let text = format!("{}: {reason}", protocol.name());
                    self.log(LogClass::Remote, text);
                    if was_up {
                        self.rib.peer_down(source, &retained);
                        for family in &retained {
                            self.rib.mark_stale(source, *family);
                        }
                        self.set_protocol_state(now, index, ProtocolState::Start);
                    }
                    let by_error = matches!(
                        reason,
                        bgp_fsm::DownReason::Malformed(_)
                            | bgp_fsm::DownReason::Sent(_)
                            | bgp_fsm::DownReason::Received(_)
                    );
                    if disables && by_error {
                        self.disable(now, index);
                    }
                }
            }
        }
        if changed {
            self.after_change(now);
        }
    }

    pub(crate) fn set_protocol_state(&mut self, now: Duration, index: usize, state: ProtocolState) {
        if let Some(protocol) = self.protocols.get_mut(index) {
            protocol.set_state(now, state);
        }
    }

    /// Turns an instance off.
    pub(crate) fn disable(&mut self, now: Duration, index: usize) {
        if let Some(protocol) = self.protocols.get_mut(index) {
            protocol.disabled = true;
        }
        self.run_protocol(now, index);
        self.after_change(now);
    }

    /// Turns an instance on.
    pub(crate) fn enable(&mut self, now: Duration, index: usize) {
        if let Some(protocol) = self.protocols.get_mut(index) {
            protocol.disabled = false;
        }
        self.run_protocol(now, index);
        self.after_change(now);
    }

    /// Ends all sessions; [`Action::Exit`] follows when their streams are closed.
    pub fn shutdown(&mut self, now: Duration) {
        for index in 0..self.protocols.len() {
            let Some(bgp) = self.protocols.get_mut(index).and_then(Protocol::bgp_mut) else {
                continue;
            };
            if bgp.started {
                bgp.started = false;
                bgp.session.stop(now, Shutdown::AdministrativeShutdown);
                self.pump(now, index);
            }
        }
        self.stopping = true;
    }

    /// Whether the router is on its way to its end.
    pub const fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The tables.
    pub const fn rib(&self) -> &Rib {
        &self.rib
    }
}

/// The rules of the decision process. BIRD has them by instance; the tables here have one set, so a step that any
/// instance turns off is off.
pub(crate) fn rules(config: &Config) -> Rules {
    let mut rules = Rules::default();
    for protocol in &config.protocols {
        if let ProtocolKind::Bgp(bgp) = &protocol.kind {
            rules.as_path_length &= bgp.path_metric;
            rules.always_compare_med |= bgp.med_metric;
            rules.igp_metric &= bgp.igp_metric;
            if bgp.prefer_older {
                rules.age = Age::Existing;
            }
        }
    }
    rules
}
