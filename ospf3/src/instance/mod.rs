//! One instance of OSPFv3.

mod adjacency;
pub(crate) mod counters;
pub(crate) mod databases;
mod describe;
pub(crate) mod event;
mod exchange;
mod hello;
mod input;
mod link;
mod look;
pub(crate) mod output;
mod own;
mod reconfigure;
mod restart;
mod routes;
pub(crate) mod spf_delay;
pub(crate) mod status;
#[cfg(test)]
mod tests;
mod virtual_link;

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use core::net::Ipv6Addr;
use core::time::Duration;

pub use input::PacketMeta;
pub use output::Transmit;

use crate::auth::SequenceNumbers;
use crate::config::InstanceConfig;
use crate::flood::Arrivals;
use crate::id::{AreaId, InterfaceId};
use crate::interface::Interface;
use crate::interface::fsm::InterfaceInput;
use crate::lsa::LsaKey;
use crate::neighbor::fsm::NeighborInput;
use crate::neighbor::{Neighbor, NeighborState};
use crate::originate::{External, ExternalKey};
use crate::scope::ScopeId;
use crate::timer::{Jitter, Timer, Timers};
use counters::Counters;
use databases::Databases;
use event::{Event, Events};
use output::Task;
use own::OwnLsas;
use restart::Restart;
use routes::Routing;

/// One instance of OSPFv3: its interfaces, neighbours, databases and routes.
///
/// # Contract
///
/// - `handle_*` put something in: packets, what happens to links, the time. [`configure_interface`](Self::configure_interface) and
///   the like are commands. None of them does I/O. `now` is the time since an epoch of the caller's choice and never
///   goes back.
/// - After any of these, call [`poll_transmit`](Self::poll_transmit) and [`poll_event`](Self::poll_event) until both return
///   `None`, in any order. Who cannot send just now may leave `poll_transmit` for later: packets are made when
///   they are polled, from what is known then.
/// - Then wait until [`poll_timeout`](Self::poll_timeout), at most, and call [`handle_timeout`](Self::handle_timeout). Packets that
///   were received before are best put in first.
/// - The host listens on each interface to [`ALL_SPF_ROUTERS`](crate::ALL_SPF_ROUTERS); where the interface is Designated Router or
///   Backup ([`Event::Interface`]), to [`ALL_D_ROUTERS`](crate::ALL_D_ROUTERS) too.
///
/// - An instance that ends calls [`stop`](Self::stop), so that the others need not wait until its LSAs have aged.
///
/// A clone is an instance of its own, in the same state: what is done to it shows what would happen.
///
/// # The run loop
///
/// Two routers on a link. A host has sockets and a clock where this has a queue and a number.
///
/// ```
/// use std::collections::{BTreeSet, VecDeque};
/// use std::time::Duration;
///
/// use ospf3::{
///     AreaId, Event, Instance, InstanceConfig, InterfaceConfig, InterfaceEvent, InterfaceId, Link,
///     NetworkType, PacketMeta, RouterId,
/// };
///
/// let link = InterfaceId(1);
/// let mut now = Duration::ZERO;
/// let mut routers = [1, 2].map(|number| {
///     let config = InstanceConfig::new(RouterId::from([192, 0, 2, number]));
///     let mut router = Instance::new(config, u64::from(number));
///     let config = InterfaceConfig::new(AreaId::BACKBONE, NetworkType::PointToPoint);
///     router.configure_interface(now, link, Some(config));
///     // What the system says of the link.
///     let link_local = format!("fe80::{number}").parse().expect("an address");
///     let prefix = format!("2001:db8:{number}::1/64").parse().expect("a prefix");
///     let up = Link { link_local, mtu: 1500, prefixes: BTreeSet::from([prefix]) };
///     router.handle_interface(now, link, InterfaceEvent::Up(up));
///     router
/// });
/// let mut wire = VecDeque::new();
/// let mut learned = BTreeSet::new();
///
/// while learned.len() < 2 {
///     for (number, router) in routers.iter_mut().enumerate() {
///         while let Some(transmit) = router.poll_transmit() {
///             wire.push_back((1 - number, transmit));
///         }
///         while let Some(event) = router.poll_event() {
///             if let Event::Route { prefix, route: Some(route) } = event
///                 && !route.next_hops.is_empty()
///             {
///                 learned.insert(prefix);
///             }
///         }
///     }
///     if let Some((to, transmit)) = wire.pop_front() {
///         let meta = PacketMeta {
///             interface: link,
///             source: transmit.source,
///             destination: transmit.destination,
///         };
///         // What is dropped has been counted.
///         let _dropped = routers[to].handle_packet(now, meta, &transmit.bytes);
///         continue;
///     }
///     let next = routers.iter().filter_map(Instance::poll_timeout).min().expect("Hellos");
///     now = now.max(next);
///     for router in &mut routers {
///         router.handle_timeout(now);
///     }
/// }
/// assert!(now <= Duration::from_secs(10));
/// ```
#[derive(Debug, Clone)]
pub struct Instance {
    pub(crate) config: InstanceConfig,
    /// The latest time that was told.
    pub(crate) now: Duration,
    pub(crate) interfaces: BTreeMap<InterfaceId, Interface>,
    pub(crate) databases: Databases,
    pub(crate) timers: Timers,
    pub(crate) output: BTreeSet<Task>,
    pub(crate) events: Events,
    /// Events of interfaces that are "scheduled" (RFC 2328 §4.4): they take effect when the current one has.
    pub(crate) scheduled: VecDeque<(InterfaceId, InterfaceInput)>,
    /// Neighbours in all.
    pub(crate) neighbors: usize,
    /// Neighbours in state Exchange or Loading.
    pub(crate) exchanging: usize,
    /// Neighbours that are helped to restart.
    pub(crate) helping: usize,
    /// LSAs at MaxAge that are still in the databases.
    pub(crate) flushing: BTreeSet<(ScopeId, LsaKey)>,
    /// Those of them that may perhaps be removed now.
    pub(crate) sweep: BTreeSet<(ScopeId, LsaKey)>,
    /// All of them may.
    pub(crate) sweep_all: bool,
    pub(crate) overloaded: bool,
    /// It ends: it tells of nothing any more.
    pub(crate) stopped: bool,
    pub(crate) flooded: Arrivals,
    pub(crate) own: OwnLsas,
    pub(crate) externals: BTreeMap<ExternalKey, External>,
    pub(crate) routing: Routing,
    pub(crate) restart: Option<Restart>,
    pub(crate) authentic: SequenceNumbers,
    pub(crate) jitter: Jitter,
    pub(crate) counters: Counters,
}

impl Instance {
    /// An instance without interfaces. `seed` determines DD sequence numbers and the jitter of refreshes.
    pub fn new(config: InstanceConfig, seed: u64) -> Self {
        let mut databases = Databases::default();
        for area in config.areas.keys() {
            databases.create(ScopeId::Area(*area));
        }
        let mut instance = Self {
            now: Duration::ZERO,
            interfaces: BTreeMap::new(),
            databases,
            timers: Timers::default(),
            output: BTreeSet::new(),
            events: Events::default(),
            scheduled: VecDeque::new(),
            neighbors: 0,
            exchanging: 0,
            helping: 0,
            flushing: BTreeSet::new(),
            sweep: BTreeSet::new(),
            sweep_all: false,
            overloaded: false,
            stopped: false,
            flooded: Arrivals::default(),
            own: OwnLsas::default(),
            externals: BTreeMap::new(),
            routing: Routing::new(&config),
            restart: None,
            authentic: SequenceNumbers::new(config.boot_count),
            jitter: Jitter::new(seed),
            counters: Counters::default(),
            config,
        };
        if !instance.config.stub_router_after_start.is_zero() {
            instance.timers.set(Timer::StubRouter, instance.config.stub_router_after_start);
        }
        instance.own_changed();
        instance
    }

    /// How it is configured.
    pub const fn config(&self) -> &InstanceConfig {
        &self.config
    }

    /// Lets timers expire.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.advance(now);
        while let Some(timer) = self.timers.take_expired(now) {
            self.expired(timer);
        }
        self.settle();
    }

    /// When [`Instance::handle_timeout`] is to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.timers.next()
    }

    /// The next thing to know.
    pub fn poll_event(&mut self) -> Option<Event> {
        if let Some(event) = self.events.pop() {
            return Some(event);
        }
        // RFC 3623 §2 (2): a router that restarts installs no routes.
        if self.is_restarting() {
            return None;
        }
        let prefix = self.events.pop_route()?;
        Some(Event::Route { prefix, route: self.routing.table.route(prefix).cloned() })
    }

    /// BFD, or something else that knows, says that the neighbour with this address is not reached (LLDown).
    pub fn handle_bfd_down(&mut self, now: Duration, at: InterfaceId, address: Ipv6Addr) {
        self.advance(now);
        let Some(interface) = self.interfaces.get(&at) else { return };
        // Of one that restarts it was to be expected.
        let here = |neighbor: &&Neighbor| neighbor.address == address && neighbor.help.is_none();
        let down = interface.neighbors.values().find(here);
        if let Some(id) = down.map(|neighbor| neighbor.router_id) {
            self.neighbor_event(at, id, NeighborInput::LlDown);
        }
        self.settle();
    }

    /// Tells of a route from outside the AS, or tells of it otherwise; `None`: no longer (RFC 2328 §12.4.4).
    pub fn set_external(&mut self, now: Duration, key: ExternalKey, external: Option<External>) {
        self.advance(now);
        let before = match external {
            Some(external) => self.externals.insert(key, external),
            None => self.externals.remove(&key),
        };
        if before != external {
            self.own_prefix_changed(key.prefix);
        }
        self.settle();
    }

    pub(crate) fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    /// What was put off until the current event has taken effect.
    pub(crate) fn settle(&mut self) {
        while let Some((at, input)) = self.scheduled.pop_front() {
            self.interface_event(at, input);
        }
        self.update_own_lsas();
        self.sweep();
    }

    fn expired(&mut self, timer: Timer) {
        match timer {
            Timer::Inactivity(at, id) => self.inactivity_timer(at, id),
            Timer::Hello(at) => self.hello_timer(at),
            Timer::Wait(at) => self.interface_event(at, InterfaceInput::WaitTimer),
            Timer::ActiveInterface(at) => {
                self.interface_event(at, InterfaceInput::ActiveInterfaceDead);
            }
            Timer::Poll(at) => self.poll_timer(at),
            Timer::Attempt(at) => {
                if let Some(interface) = self.interfaces.get_mut(&at) {
                    interface.attempts.clear();
                }
            }
            Timer::DescriptionRetransmit(at, id) => self.description_timer(at, id),
            Timer::DescriptionRelease(at, id) => {
                if let Some(neighbor) = self.neighbor_mut(at, id)
                    && neighbor.state >= NeighborState::Loading
                {
                    neighbor.exchange.last_sent = None;
                }
            }
            Timer::RequestRetransmit(at, id) => {
                self.output.insert(Task::Request(at, id));
            }
            Timer::Retransmit(at, id) => self.retransmit_timer(at, id),
            Timer::Grace(at, id) => {
                self.end_help(at, id, Some(event::HelperStatus::TimedOut));
            }
            Timer::DelayedAck(at) => self.delayed_ack_timer(at),
            Timer::Pacing(at) => self.pacing_timer(at),
            Timer::Age => self.age_timer(),
            Timer::Originate => self.originate_timer(),
            Timer::Spf => self.compute_routes(),
            Timer::SpfLearn => self.routing.delay.learn_timer(),
            Timer::SpfHolddown => self.routing.delay.holddown_timer(&mut self.timers),
            Timer::Restart => self.end_restart(false),
            Timer::StubRouter => self.own_changed(),
            Timer::Translator => self.translator_timer(),
        }
    }

    /// All areas that are configured or have interfaces.
    pub(crate) fn areas(&self) -> BTreeSet<AreaId> {
        let of_interfaces = self.interfaces.values().map(Interface::area);
        self.config.areas.keys().copied().chain(of_interfaces).collect()
    }
}
