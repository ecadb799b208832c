//! Any sequence of sessions, markers, refreshes and time, against a table of routes that does only what the
//! events say: nothing stale outlives its timers, nothing is forgotten, and nothing is said twice.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::{
    AsPathBuilder, Context, Family, Message, NextHop, Origin, PathAttributes, RouteRefresh,
    SegmentKind, UpdateWriter,
};
use bytes::BytesMut;
use ipnet::IpNet;
use proptest::collection::vec;
use proptest::prelude::*;

use super::graceful::{V4, V6, ours as plain};
use super::scripted::{REMOTE_AS, Scripted, cease, end_of_rib, ends, neighbor, open_of, seconds};
use crate::{Event, Forwarding, RestartConfig, SessionConfig, Shutdown, Stale, State, Timer};

const RESTART_TIME: u64 = 100;
const STALE_TIME: u64 = 180;
const REFRESH_TIME: u64 = 150;
const LONG_LIVED: [u64; 2] = [300, 700];

/// What the two offer each other.
#[derive(Debug, Clone, Copy)]
struct Offer {
    restart: bool,
    notification: bool,
    long_lived: bool,
    /// By family: not in the capability; forwarding lost; preserved
    forwarding: [Option<bool>; 2],
}

fn apply(config: &mut SessionConfig, offer: Offer) {
    config.graceful_restart = offer.restart.then(|| RestartConfig {
        restart_time: seconds(RESTART_TIME),
        notification: offer.notification,
        stale_time: seconds(STALE_TIME),
        ..RestartConfig::default()
    });
    config.long_lived = offer.long_lived.then_some((seconds(0), seconds(100_000)));
    for (index, family) in config.families.iter_mut().enumerate() {
        family.forwarding = offer.forwarding[index]
            .map(|preserved| if preserved { Forwarding::Preserved } else { Forwarding::Lost });
        family.long_lived_stale_time = offer.long_lived.then(|| seconds(LONG_LIVED[index]));
    }
}

#[derive(Debug, Clone)]
enum Act {
    /// The neighbour connects, also while the session is up, and comes up if it is let.
    Connect(Offer),
    /// It connects and goes again before it is up.
    Try(bool),
    Announce(bool, u8),
    Withdraw(bool, u8),
    EndOfRib(bool),
    Begin(bool),
    End(bool),
    Lose,
    Cease(u8),
    Reset(u8),
    Stop,
    Pass(u16),
}

/// A session and what comes after it. Without an offer the neighbour says what it always does.
#[derive(Debug, Clone)]
struct Episode {
    offer: Option<Offer>,
    acts: Vec<Act>,
    end: Act,
    pause: u16,
}

fn offer() -> impl Strategy<Value = Offer> {
    let forwarding = || prop_oneof![1 => Just(None), 1 => Just(Some(false)), 8 => Just(Some(true))];
    let mostly = prop::bool::weighted;
    (mostly(0.9), any::<bool>(), mostly(0.7), forwarding(), forwarding()).prop_map(
        |(restart, notification, long_lived, v4, v6)| Offer {
            restart,
            notification,
            long_lived,
            forwarding: [v4, v6],
        },
    )
}

fn time() -> impl Strategy<Value = u16> {
    prop_oneof![3 => 0..20_u16, 3 => 50..150_u16, 2 => 150..900_u16]
}

fn act() -> impl Strategy<Value = Act> {
    let yes = any::<bool>;
    prop_oneof![
        6 => (yes(), 0..4_u8).prop_map(|(v6, net)| Act::Announce(v6, net)),
        1 => (yes(), 0..4_u8).prop_map(|(v6, net)| Act::Withdraw(v6, net)),
        3 => yes().prop_map(Act::EndOfRib),
        2 => yes().prop_map(Act::Begin),
        2 => yes().prop_map(Act::End),
        3 => time().prop_map(Act::Pass),
    ]
}

fn episode() -> impl Strategy<Value = Episode> {
    let end = prop_oneof![
        8 => Just(Act::Lose),
        2 => (1..10_u8).prop_map(Act::Cease),
        2 => (0..4_u8).prop_map(Act::Reset),
        1 => Just(Act::Stop),
        // The next connection comes while the session is up.
        3 => Just(Act::Pass(5)),
        1 => any::<bool>().prop_map(Act::Try),
    ];
    (prop::option::weighted(0.2, offer()), vec(act(), 0..8), end, time())
        .prop_map(|(offer, acts, end, pause)| Episode { offer, acts, end, pause })
}

#[derive(Debug, Clone, Copy)]
struct Route {
    /// Since when, and whether it is a long-lived stale one.
    stale: Option<(Duration, bool)>,
}

/// The host, who knows nothing but the events.
#[derive(Debug, Default)]
struct Table {
    routes: BTreeMap<(Family, IpNet), Route>,
    /// Families that were said to stay or marked, and not yet swept or let go of; and since when.
    pending: BTreeMap<Family, Duration>,
    up: bool,
    /// Families with which restarts in a row delete nothing before it is time.
    spared: Vec<Family>,
    /// Families whose marker came on this session.
    end_of_rib: Vec<Family>,
    /// Families whose Long-lived Stale Time ended on this session before that.
    expired: Vec<Family>,
}

impl Table {
    fn of(&mut self, family: Family) -> impl Iterator<Item = &mut Route> {
        self.routes.iter_mut().filter(move |(key, _)| key.0 == family).map(|(_, route)| route)
    }

    fn mark(&mut self, now: Duration, family: Family) {
        for route in self.of(family) {
            route.stale.get_or_insert((now, false));
        }
        self.pending.entry(family).or_insert(now);
    }

    fn follow(&mut self, now: Duration, event: &Event) {
        match event {
            Event::Established(negotiated) => {
                let long_lived =
                    |family: &Family| negotiated.long_lived.iter().any(|one| one.family == *family);
                let n_bit = negotiated.survives_notification();
                let families = negotiated.families.iter().copied();
                self.spared = families.filter(|family| n_bit || long_lived(family)).collect();
                self.up = true;
                self.end_of_rib.clear();
                self.expired.clear();
            }
            Event::Update(update) => {
                self.end_of_rib.extend(update.end_of_rib());
                self.expired.retain(|family| !self.end_of_rib.contains(family));
                for reach in update.reach() {
                    for net in reach.nlri.prefixes() {
                        self.routes.insert((reach.family, net), Route { stale: None });
                    }
                }
                for unreach in update.unreach() {
                    for net in unreach.nlri.prefixes() {
                        self.routes.remove(&(unreach.family, net));
                    }
                }
            }
            Event::Down { retained, .. } => {
                self.up = false;
                // RFC 9494 §4.2
                assert!(!self.expired.iter().any(|family| retained.contains(family)));
                self.routes.retain(|key, _| retained.contains(&key.0));
                self.pending.retain(|family, _| retained.contains(family));
                retained.iter().for_each(|family| self.mark(now, *family));
            }
            Event::Stale(family, Stale::Mark) => {
                assert!(self.up);
                self.mark(now, *family);
            }
            Event::Stale(family, Stale::LongLived) => {
                assert!(self.pending.contains_key(family), "nothing of {family} was to stay");
                for route in self.of(*family) {
                    if let Some((_, long_lived)) = &mut route.stale {
                        *long_lived = true;
                    }
                }
            }
            Event::Stale(family, Stale::Sweep) => {
                self.pending.remove(family).expect("swept once, and only what was to stay");
                let told = self.end_of_rib.contains(family);
                let long_lived = |route: &Route| route.stale.is_some_and(|stale| stale.1);
                if self.up && !told && self.of(*family).any(|route| long_lived(route)) {
                    self.expired.push(*family);
                }
                self.routes.retain(|key, route| key.0 != *family || route.stale.is_none());
            }
            other => panic!("{other:?}"),
        }
    }
}

struct World {
    scripted: Scripted,
    table: Table,
    /// Whether we offer graceful restart.
    restart: bool,
    /// What the neighbour offers.
    theirs: Offer,
    /// Families for which a refresh was begun on this session.
    begun: Vec<Family>,
}

fn family(v6: bool) -> Family {
    if v6 { V6 } else { V4 }
}

fn net(family: Family, number: u8) -> IpNet {
    let text = match family {
        V4 => std::format!("10.{number}.0.0/16"),
        _ => std::format!("2001:db8:{number}::/48"),
    };
    text.parse().expect("a prefix")
}

fn update(write: impl FnOnce(&mut UpdateWriter<'_>)) -> Vec<u8> {
    let mut out = BytesMut::new();
    let context = Context { four_octet_as: true, ..Context::default() };
    write(&mut UpdateWriter::new(&mut out, &context));
    out.to_vec()
}

fn announce(family: Family, number: u8) -> Vec<u8> {
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::Sequence, [REMOTE_AS]);
    let mut attributes = PathAttributes::default();
    attributes.origin(Origin::Igp).as_path(&path);
    let next_hop = match family {
        V4 => NextHop::V4([192, 0, 2, 2].into()),
        _ => NextHop::V6("2001:db8::1".parse().expect("an address"), None),
    };
    update(|writer| {
        let nets = [net(family, number)];
        writer.announce(attributes.view(), family, &next_hop, nets).expect("fits");
    })
}

impl World {
    fn new(offer: Offer, theirs: Offer) -> Self {
        let mut config = plain();
        apply(&mut config, offer);
        config.refresh_time = seconds(REFRESH_TIME);
        config.damp_peer_oscillations = false;
        config.idle_hold_time = (seconds(1), seconds(1));
        config.passive = true;
        let scripted = Scripted::started(config);
        let restart = offer.restart;
        Self { scripted, table: Table::default(), restart, theirs, begun: Vec::new() }
    }

    fn open(offer: Offer) -> bgp_wire::Open {
        let mut config = neighbor(&[V4, V6]);
        apply(&mut config, offer);
        config.hold_time = seconds(0);
        open_of(&config)
    }

    fn up(&self) -> bool {
        self.scripted.session.state() == State::Established
    }

    fn act(&mut self, act: &Act) {
        let now = self.scripted.now;
        let scripted = &mut self.scripted;
        match *act {
            Act::Connect(offer) => {
                scripted.session.start(now);
                if let Some(id) = scripted.session.handle_accepted(now, ends()) {
                    scripted.id = id;
                    scripted.poll();
                    scripted.receive(&Message::Open(Self::open(offer)));
                    scripted.receive(&Message::Keepalive);
                    self.begun.clear();
                }
            }
            Act::Try(error) => {
                if scripted.session.state() == State::Active {
                    scripted.accept();
                    if error {
                        scripted.receive_bytes(&[0; 19]);
                    } else {
                        scripted.lose();
                    }
                }
            }
            Act::Pass(time) => {
                // Step by step, so that what happens is seen when it does.
                let until = now + seconds(time.into());
                while let Some(next) =
                    self.scripted.session.poll_timeout().filter(|next| *next <= until)
                {
                    self.scripted.run_until(next.max(self.scripted.now));
                    self.check();
                }
                self.scripted.run_until(until);
            }
            Act::Stop => scripted.session.stop(now, Shutdown::AdministrativeShutdown),
            _ if !self.up() => {}
            Act::Announce(v6, number) => {
                self.scripted.receive_bytes(&announce(family(v6), number));
            }
            Act::Withdraw(v6, number) => {
                let family = family(v6);
                let bytes = update(|writer| writer.withdraw(family, [net(family, number)]));
                self.scripted.receive_bytes(&bytes);
            }
            Act::EndOfRib(v6) => {
                self.scripted.receive_bytes(&end_of_rib(family(v6)));
            }
            Act::Begin(v6) => {
                self.scripted.receive(&Message::RouteRefresh(RouteRefresh::begin(family(v6))));
                self.begun.push(family(v6));
            }
            Act::End(v6) => {
                self.scripted.receive(&Message::RouteRefresh(RouteRefresh::end(family(v6))));
            }
            Act::Lose => self.scripted.lose(),
            Act::Cease(subcode) => self.scripted.receive(&cease(subcode)),
            Act::Reset(why) => {
                let why = [
                    Shutdown::AdministrativeReset,
                    Shutdown::OutOfResources,
                    Shutdown::MaximumPrefixes(None),
                    Shutdown::LinkDown,
                ][usize::from(why)];
                self.scripted.session.reset(now, why);
            }
        }
        self.scripted.poll();
        self.check();
    }

    /// RFC 8538 §4.1, RFC 9494 §4.2: what was stale before is only deleted when it has been for long.
    fn check_restarts_in_a_row(&mut self, events: &[Event]) {
        let [Event::Stale(family, Stale::Sweep), rest @ ..] = events else { return };
        let retains = |event: &Event| match event {
            Event::Down { retained, .. } => retained.contains(family),
            _ => false,
        };
        if self.table.up && rest.iter().any(retains) && self.table.spared.contains(family) {
            // Families are not divided: the first of a row of restarts counts.
            let since = self.table.pending.get(family).expect("some are to stay");
            assert!(self.scripted.now - *since >= seconds(STALE_TIME), "{family}");
        }
    }

    fn check(&mut self) {
        let now = self.scripted.now;
        let events = self.scripted.take_events();
        for (index, event) in events.iter().enumerate() {
            if let Event::Down { retained, .. } = event {
                assert!(self.restart || retained.is_empty());
            }
            self.check_restarts_in_a_row(&events[index..]);
            self.table.follow(now, event);
        }
        if events.iter().any(|event| matches!(event, Event::Established(_))) {
            // What was swept then was not preserved.
            self.table.expired.clear();
        }
        assert_eq!(self.table.up, self.up());
        let session = &self.scripted.session;
        let mut deadlines = Vec::new();
        for (index, family) in [V4, V6].into_iter().enumerate() {
            let left = session.stale_time_left(family, now);
            deadlines.extend(left);
            assert_eq!(left.is_some(), self.table.pending.contains_key(&family), "{family}");
            if !self.up() && left.is_none() {
                assert_eq!(self.table.of(family).count(), 0, "{family}");
            }
            let stale: Vec<_> = self.table.of(family).filter_map(|route| route.stale).collect();
            // A refresh has an end of its own (RFC 7313 §4).
            let told = self.table.end_of_rib.contains(&family) && !self.begun.contains(&family);
            if left.is_none() || (self.up() && told) {
                assert!(stale.is_empty(), "{family}: {stale:?}");
            }
            // They become long-lived together.
            assert!(stale.windows(2).all(|two| two[0].1 == two[1].1), "{family}: {stale:?}");
            // Restart Time and stale timer, or Long-lived Stale Time in place of the latter; as much again for
            // restarts in a row.
            let most = 2 * (RESTART_TIME + STALE_TIME) + LONG_LIVED[index] + REFRESH_TIME;
            for (since, _) in stale {
                assert!(
                    now - since <= seconds(most),
                    "{family}: stale since {since:?}, now {now:?}"
                );
            }
        }
        assert_eq!(session.timer_left(Timer::Stale, now), deadlines.into_iter().min());
    }
}

proptest! {
    #[test]
    fn what_is_stale_goes_in_time(
        (ours, theirs) in (offer(), offer()),
        episodes in vec(episode(), 1..12),
    ) {
        let mut world = World::new(ours, theirs);
        world.check();
        for episode in &episodes {
            world.act(&Act::Connect(episode.offer.unwrap_or(world.theirs)));
            episode.acts.iter().for_each(|act| world.act(act));
            world.act(&episode.end);
            world.act(&Act::Pass(episode.pause));
        }
        // In the end nothing is left that was not confirmed, without another word of the neighbour.
        world.act(&Act::Pass(10_000));
        assert!(world.table.pending.is_empty());
        assert!(world.table.routes.values().all(|route| route.stale.is_none()));
        assert!(world.up() || world.table.routes.is_empty());
    }
}
