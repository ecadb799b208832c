//! Our side: a speaker with one neighbour and a table.

mod driver;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bgp_fsm::tokio::TransportOptions;
use bgp_fsm::{Negotiated, PrefixFilters, SessionConfig, Shutdown, Stale};
use bgp_wire::{
    AsPathBuilder, Family, LargeCommunity, Message, NextHop, Notification, OrfUpdate, Origin,
    PathAttributes, RouteRefresh, SegmentKind, Update, UpdateWriter,
};
use bytes::{Bytes, BytesMut};
use ipnet::IpNet;
use testbed::{Node, PATIENCE, wait_for};
use tokio::sync::mpsc;

use crate::addresses::{OUR_AS, PEER, PEER_AS, US, US6};

/// How our side is to be.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) session: SessionConfig,
    pub(crate) local: IpAddr,
    pub(crate) remote: IpAddr,
    /// Wait for whoever connects from a range, instead of calling the peer.
    pub(crate) listen: bool,
    /// We have restarted.
    pub(crate) restarted: bool,
    /// What the connection is like
    pub(crate) options: TransportOptions,
}

impl Config {
    /// Both families of unicast, at once.
    pub(crate) fn new() -> Self {
        let mut session = SessionConfig::new(OUR_AS, PEER_AS, Ipv4Addr::new(10, 0, 0, 1));
        session.families = vec![Family::IPV4_UNICAST.into(), Family::IPV6_UNICAST.into()];
        session.hold_time = Duration::from_secs(30);
        session.connect_delay_time = Duration::ZERO;
        let second = Duration::from_secs(1);
        session.connect_retry_time = second;
        session.idle_hold_time = (second, second);
        let options = TransportOptions::default();
        Self { session, local: US, remote: PEER, listen: false, restarted: false, options }
    }
}

/// A route that the peer has told.
#[derive(Debug, Clone)]
pub(crate) struct Learned {
    pub(crate) next_hop: String,
    pub(crate) as_path: String,
    pub(crate) only_to_customer: Option<u32>,
    /// It was learned on a session that has ended.
    pub(crate) stale: bool,
    /// … beyond the restart time (RFC 9494).
    pub(crate) long_lived: bool,
}

/// What has happened so far.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) established: Option<Negotiated>,
    /// The peer has connected to us
    pub(crate) called: bool,
    /// How often a session came up
    pub(crate) sessions: u32,
    pub(crate) table: BTreeMap<(IpNet, Option<u32>), Learned>,
    /// Announcements of each prefix, over all sessions
    pub(crate) told: BTreeMap<IpNet, u32>,
    /// End-of-RIB markers of this session
    pub(crate) ends: Vec<Family>,
    pub(crate) refreshes: Vec<RouteRefresh>,
    /// What the peer wants to be told only
    pub(crate) filters: Option<Arc<PrefixFilters>>,
    /// What became of stale routes
    pub(crate) stale: Vec<Stale>,
    pub(crate) notifications: Vec<Notification>,
    pub(crate) downs: Vec<String>,
}

fn is_of(net: &IpNet, family: Family) -> bool {
    family_of(net) == family
}

impl State {
    fn up(&mut self, session: Negotiated) {
        self.established = Some(session);
        self.sessions += 1;
        self.ends.clear();
    }

    fn down(&mut self, why: String, retained: &[Family]) {
        self.downs.push(why);
        self.established = None;
        self.table.retain(|(net, _), _| retained.contains(&family_of(net)));
        self.table.values_mut().for_each(|route| route.stale = true);
    }

    fn stale(&mut self, family: Family, what: Stale) {
        self.stale.push(what);
        for ((net, _), route) in &mut self.table {
            match what {
                Stale::Mark if is_of(net, family) => route.stale = true,
                Stale::LongLived if is_of(net, family) && route.stale => route.long_lived = true,
                _ => {}
            }
        }
        if what == Stale::Sweep {
            self.table.retain(|(net, _), route| !(route.stale && is_of(net, family)));
        }
    }

    fn update(&mut self, update: &Update) {
        for withdrawn in update.unreach() {
            let mut prefixes = withdrawn.nlri.prefixes();
            while let Some((id, prefix)) = prefixes.next_with_path_id() {
                self.table.remove(&(prefix, id));
            }
        }
        let mut buffer = Vec::new();
        let attributes = update.canonical_attributes(&mut buffer);
        for announced in update.reach() {
            let mut prefixes = announced.nlri.prefixes();
            while let Some((id, prefix)) = prefixes.next_with_path_id() {
                let learned = Learned {
                    next_hop: announced.next_hop.map(|hop| hop.to_string()).unwrap_or_default(),
                    as_path: attributes.as_path().to_string(),
                    only_to_customer: attributes.only_to_customer(),
                    stale: false,
                    long_lived: false,
                };
                self.table.insert((prefix, id), learned);
                *self.told.entry(prefix).or_default() += 1;
            }
        }
        if let Some(family) = update.end_of_rib() {
            self.ends.push(family);
        }
    }

    /// The routes of one prefix.
    pub(crate) fn paths(&self, prefix: &str) -> Vec<&Learned> {
        let prefix: IpNet = prefix.parse().expect("a prefix");
        self.table.iter().filter(|((net, _), _)| *net == prefix).map(|(_, route)| route).collect()
    }
}

/// What the speaker is told to do.
#[derive(Debug)]
enum Command {
    /// UPDATEs, and marks between them
    Send(Bytes),
    Refresh(Family),
    Filters(Family, OrfUpdate),
    /// Ends the session, says why, and begins anew.
    Reset(Shutdown, String),
    /// Reads no more.
    Deafen,
}

/// A running speaker. Dropped, it is gone without a word to the peer, as when its process is killed.
#[derive(Debug)]
pub(crate) struct Speaker {
    state: Arc<Mutex<State>>,
    commands: Option<mpsc::UnboundedSender<Command>>,
    thread: Option<JoinHandle<()>>,
    asn: u32,
}

impl Speaker {
    pub(crate) fn start(node: &Node, config: &Config) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let (commands, queue) = mpsc::unbounded_channel();
        let (shared, config) = (state.clone(), config.clone());
        let asn = config.session.local_as;
        let thread = node.spawn(move || driver::run(config, &shared, queue));
        Self { state, commands: Some(commands), thread: Some(thread), asn }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `probe` finds something.
    #[track_caller]
    pub(crate) fn wait<T>(&self, what: &str, mut probe: impl FnMut(&State) -> Option<T>) -> T {
        wait_for(PATIENCE, format!("we: {what}"), || {
            let state = self.state();
            probe(&state).ok_or_else(|| format!("{state:?}"))
        })
    }

    /// Waits for the `number`th session.
    #[track_caller]
    pub(crate) fn wait_session(&self, number: u32) -> Negotiated {
        self.wait(&format!("session {number} is up"), |state| {
            state.established.clone().filter(|_| state.sessions >= number)
        })
    }

    #[track_caller]
    pub(crate) fn wait_established(&self) -> Negotiated {
        self.wait_session(1)
    }

    #[track_caller]
    pub(crate) fn wait_down(&self) {
        self.wait("the session is down", |state| state.established.is_none().then_some(()));
    }

    /// Waits for a route.
    #[track_caller]
    pub(crate) fn wait_route(&self, prefix: &str) -> Learned {
        self.wait(prefix, |state| state.paths(prefix).first().copied().cloned())
    }

    /// Sends UPDATEs.
    #[track_caller]
    pub(crate) fn send(&self, write: impl FnOnce(&mut UpdateWriter<'_>)) {
        let context = self.wait_established().send;
        let mut out = BytesMut::new();
        write(&mut UpdateWriter::new(&mut out, &context));
        self.command(Command::Send(out.freeze()));
    }

    /// Announces routes.
    #[track_caller]
    pub(crate) fn announce(&self, routes: &[Route]) {
        self.send(|writer| {
            for route in routes {
                let family = family_of(&route.prefix);
                let attributes = route.attributes(self.asn);
                let prefix = (route.path_id, route.prefix);
                let written = writer.announce(attributes.view(), family, &route.next_hop, [prefix]);
                written.expect("a route fits into a message");
            }
        });
    }

    /// Announces `count` prefixes as `route`: its own, and those that follow it.
    #[track_caller]
    pub(crate) fn announce_many(&self, route: &Route, count: u32) {
        let IpNet::V4(first) = route.prefix else { unreachable!("an IPv4 prefix") };
        let step = 1 << (32 - first.prefix_len());
        let start = u32::from(first.network());
        let prefixes = (0..count).filter_map(|index| {
            ipnet::Ipv4Net::new((start + index * step).into(), first.prefix_len()).ok()
        });
        self.send(|writer| {
            let attributes = route.attributes(self.asn);
            let prefixes = prefixes.map(|prefix| (0, IpNet::V4(prefix)));
            let family = family_of(&route.prefix);
            let written = writer.announce(attributes.view(), family, &route.next_hop, prefixes);
            written.expect("a route fits into a message");
        });
    }

    /// Says that all has been told.
    #[track_caller]
    pub(crate) fn end_of_rib(&self) {
        self.send(|writer| {
            writer.end_of_rib(Family::IPV4_UNICAST);
            writer.end_of_rib(Family::IPV6_UNICAST);
        });
    }

    /// Marks begin or end of what is told anew.
    #[track_caller]
    pub(crate) fn mark(&self, mark: RouteRefresh) {
        self.command(Command::Send(Message::RouteRefresh(mark).to_bytes()));
    }

    /// Asks for all routes again.
    pub(crate) fn ask_refresh(&self, family: Family) {
        self.command(Command::Refresh(family));
    }

    /// Changes what the peer is to tell.
    pub(crate) fn change_filters(&self, family: Family, update: OrfUpdate) {
        self.command(Command::Filters(family, update));
    }

    /// Ends the session, says why, and begins anew.
    pub(crate) fn reset(&self, why: Shutdown, communication: &str) {
        self.command(Command::Reset(why, communication.to_owned()));
    }

    /// Reads no more.
    pub(crate) fn deafen(&self) {
        self.command(Command::Deafen);
    }

    fn command(&self, command: Command) {
        if let Some(commands) = &self.commands {
            let _ = commands.send(command);
        }
    }

    /// Ends it as if its process were killed.
    pub(crate) fn kill(self) {
        drop(self);
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed.
            let _ = thread.join();
        }
    }
}

fn family_of(prefix: &IpNet) -> Family {
    match prefix {
        IpNet::V4(_) => Family::IPV4_UNICAST,
        IpNet::V6(_) => Family::IPV6_UNICAST,
    }
}

/// A route of ours.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) prefix: IpNet,
    pub(crate) next_hop: NextHop,
    pub(crate) path_id: u32,
    pub(crate) med: u32,
    /// How many large communities it has
    pub(crate) large_communities: u32,
}

impl Route {
    pub(crate) fn new(prefix: &str) -> Self {
        let prefix: IpNet = prefix.parse().expect("a prefix");
        let next_hop = match (prefix, US, US6) {
            (IpNet::V4(_), IpAddr::V4(us), _) => NextHop::V4(us),
            (_, _, IpAddr::V6(us)) => NextHop::V6(us, None),
            _ => unreachable!("an address of each family"),
        };
        Self { prefix, next_hop, path_id: 0, med: 0, large_communities: 0 }
    }

    fn attributes(&self, asn: u32) -> PathAttributes {
        let mut path = AsPathBuilder::default();
        path.segment(SegmentKind::Sequence, [asn]);
        let mut attributes = PathAttributes::default();
        attributes.origin(Origin::Igp).as_path(&path).med(self.med);
        let community = |local1| LargeCommunity { global: 65001, local1, local2: self.path_id };
        if self.large_communities > 0 {
            attributes.large_communities((0..self.large_communities).map(community));
        }
        attributes
    }
}
