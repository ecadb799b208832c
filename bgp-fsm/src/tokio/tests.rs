//! Over real sockets.

mod keys;
mod listener;
mod options;

use std::net::{IpAddr, SocketAddr};
use std::string::String;
use std::time::Duration;
use std::vec::Vec;

use bgp_wire::{Context, Family, UpdateWriter};
use bytes::BytesMut;
use tokio::time::{Instant, sleep, timeout};

use super::{Address, ListenOptions, Listener, Peer, TransportOptions, peer};
use crate::{DownReason, Event, SessionConfig, Shutdown};

fn end_of_rib(count: usize) -> bytes::Bytes {
    let mut out = BytesMut::new();
    for _ in 0..count {
        UpdateWriter::new(&mut out, &Context::default()).end_of_rib(Family::IPV4_UNICAST);
    }
    out.freeze()
}

fn config(local: u32, remote: u32) -> SessionConfig {
    let mut config = SessionConfig::new(local, Some(remote), local.into());
    config.connect_delay_time = Duration::ZERO;
    config
}

async fn established(peer: &mut Peer) {
    loop {
        match peer.next_event().await {
            Some(Event::Established(_)) => return,
            Some(Event::Down { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Runs `test` on a runtime of its own, for 20 s at most.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        timeout(Duration::from_secs(20), test).await.expect("in time");
    });
}

/// Waits until `condition` holds.
async fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        sleep(Duration::from_millis(5)).await;
    }
}

/// A listener that runs, on a port of its own.
fn listening(address: &str, options: &ListenOptions) -> (Listener, SocketAddr) {
    let ip: IpAddr = address.parse().expect("an address");
    let listener = Listener::bind(&[(ip, 0).into()], options).expect("it listens");
    let address = listener.addresses().next().expect("an address");
    let running = listener.clone();
    spawn(async move {
        running.run().await;
    });
    (listener, address)
}

#[expect(clippy::disallowed_methods, reason = "these tasks belong to the test's runtime")]
fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

/// A neighbour with a driver that runs: one that listens for `remote`, or dials it.
fn neighbour(local_as: u32, passive: bool, address: Address) -> Peer {
    let config = SessionConfig {
        passive,
        connect_retry_time: Duration::from_millis(100),
        ..config(local_as, 3 - local_as)
    };
    let (peer, driver) = peer(config, address, local_as.into());
    spawn(driver.run());
    peer
}

fn at(remote: impl Into<SocketAddr>, options: &TransportOptions) -> Address {
    Address { local: None, remote: remote.into(), options: options.clone() }
}

/// A counter of the kernel, of /proc/net/netstat.
fn counter(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/net/netstat").expect("counters");
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').collect()).collect();
    let pairs = lines.chunks_exact(2).flat_map(|two| two[0].iter().zip(&two[1]));
    let value = pairs.into_iter().find(|(key, _)| **key == name).expect("a counter").1;
    value.parse().expect("a number")
}

/// Updates go both ways.
async fn assert_alive(a: &mut Peer, b: &mut Peer) {
    a.send(end_of_rib(1)).await.expect("established");
    b.send(end_of_rib(1)).await.expect("established");
    assert!(matches!(a.next_event().await, Some(Event::Update(_))));
    assert!(matches!(b.next_event().await, Some(Event::Update(_))));
}

/// Runs `test` with a pair of neighbours that can reach each other.
fn with_pair<F: Future<Output = ()>>(passive: bool, test: impl FnOnce(Peer, Peer) -> F) {
    run(async {
        let [(one, first), (two, second)] =
            ["127.0.0.1", "127.0.0.2"].map(|ip| listening(ip, &ListenOptions::default()));
        let between = |local: SocketAddr, remote: SocketAddr| Address {
            local: Some(local.ip()),
            ..Address::from(remote)
        };
        let (a, a_driver) = peer(config(1, 2), between(first, second), 1);
        let waiting = SessionConfig { passive, ..config(2, 1) };
        let (b, b_driver) = peer(waiting, between(second, first), 2);
        one.add(a.acceptor()).expect("no keys");
        two.add(b.acceptor()).expect("no keys");
        let drivers = async { tokio::join!(a_driver.run(), b_driver.run()) };
        tokio::select! {
            _ = drivers => panic!("the drivers end while their peers are held"),
            () = test(a, b) => {}
        }
    });
}

#[test]
fn events_and_updates_go_both_ways() {
    with_pair(true, |mut a, mut b| async move {
        assert!(a.sender().is_none());
        established(&mut a).await;
        established(&mut b).await;
        a.send(end_of_rib(3)).await.expect("established");
        b.send(end_of_rib(1)).await.expect("established");
        for _ in 0..3 {
            assert!(matches!(b.next_event().await, Some(Event::Update(_))));
        }
        assert!(matches!(a.next_event().await, Some(Event::Update(_))));
        a.stop(Shutdown::DeConfigured).await;
        let down = a.next_event().await;
        let stopped = DownReason::Stopped(Shutdown::DeConfigured);
        assert!(matches!(down, Some(Event::Down { reason, .. }) if reason == stopped));
        let Some(Event::Down { reason: DownReason::Received(cease), .. }) = b.next_event().await
        else {
            panic!("no NOTIFICATION")
        };
        assert_eq!((cease.code.0, cease.subcode), (6, 3));
        assert!(a.send(end_of_rib(1)).await.is_err());
        // And up again.
        a.start().await;
        established(&mut a).await;
        established(&mut b).await;
    });
}

#[test]
fn both_dial_at_once() {
    with_pair(false, |mut a, mut b| async move {
        established(&mut a).await;
        established(&mut b).await;
    });
}

/// A program that does not look at events makes the neighbour wait, and not the memory grow.
#[test]
fn a_slow_program_makes_the_neighbour_wait() {
    with_pair(true, |mut a, mut b| async move {
        established(&mut a).await;
        established(&mut b).await;
        let sender = a.sender().expect("established");
        let chunk = end_of_rib(2000);
        let mut sent = 0;
        while timeout(Duration::from_millis(500), sender.send(chunk.clone())).await.is_ok() {
            sent += 2000;
            assert!(sent < 10_000_000, "no end");
        }
        let mut received = 0;
        while received < sent {
            match b.next_event().await {
                Some(Event::Update(_)) => received += 1,
                other => panic!("{other:?}"),
            }
        }
    });
}

/// However much comes in, HoldTimer is served in both directions: one side has nothing to send but keepalives.
#[test]
fn a_flood_does_not_starve_keepalives() {
    run(async {
        let (listener, address) = listening("127.0.0.1", &ListenOptions::default());
        let short = |local, remote| SessionConfig {
            hold_time: Duration::from_secs(3),
            ..config(local, remote)
        };
        let (mut a, a_driver) = peer(short(1, 2), address.into(), 1);
        let waiting = SessionConfig { passive: true, ..short(2, 1) };
        let (mut b, b_driver) = peer(waiting, address.into(), 2);
        listener.add(b.acceptor()).expect("no keys");
        spawn(a_driver.run());
        spawn(b_driver.run());
        established(&mut a).await;
        established(&mut b).await;
        let sender = a.sender().expect("established");
        let flood = async {
            let chunk = end_of_rib(1000);
            while sender.send(chunk.clone()).await.is_ok() {}
        };
        let start = Instant::now();
        let drain = async {
            let mut count = 0;
            while start.elapsed() < Duration::from_secs(5) {
                let event = b.next_event().await;
                assert!(matches!(event, Some(Event::Update(_))), "{event:?} after {count}");
                count += 1;
            }
        };
        tokio::select! {
            () = flood => panic!("the session is gone"),
            event = a.next_event() => panic!("{event:?}"),
            () = drain => {}
        }
    });
}

/// What a neighbour costs that has nothing to do.
#[test]
fn an_idle_driver_is_small() {
    let address = SocketAddr::from(([127, 0, 0, 1], 179));
    let (_peer, driver) = peer(config(1, 2), address.into(), 1);
    let size = size_of_val(&driver.run());
    assert!(size < 4096, "{size} bytes");
}

/// What has no method of its own.
#[test]
fn the_session_itself_can_be_asked() {
    with_pair(true, |mut a, mut b| async move {
        established(&mut a).await;
        established(&mut b).await;
        let asked =
            a.with_session(|session, now| session.request_refresh(now, Family::IPV4_UNICAST));
        assert_eq!(asked.await, Some(true));
        assert!(matches!(b.next_event().await, Some(Event::RouteRefresh(_))));
        let state = b.with_session(|session, _| session.state()).await;
        assert_eq!(state, Some(crate::State::Established));
    });
}

/// One that was made of a connection, by a range.
#[test]
fn dynamic_neighbours() {
    run(async {
        let (listener, address) = listening("127.0.0.1", &ListenOptions::default());
        let prefix = "127.0.0.0/8".parse().expect("a prefix");
        let mut incoming =
            listener.add_range(prefix, TransportOptions::default()).expect("no keys");
        let mut neighbors = crate::DynamicNeighbors::default();
        neighbors.add(crate::NeighborRange { prefix, config: config(2, 1), limit: 1 });
        let mut a = neighbour(1, false, address.into());
        let accepted = incoming.next().await.expect("a connection");
        let (session, connection) =
            neighbors.accept(Duration::ZERO, accepted.endpoints, 1).expect("there is room");
        let (mut b, driver) = super::accepted_peer(session, connection, accepted);
        spawn(driver.run());
        established(&mut a).await;
        established(&mut b).await;
        assert_alive(&mut a, &mut b).await;
    });
}

/// An unnumbered neighbour is dialled where it was seen last.
#[test]
fn unnumbered_neighbours() {
    run(async {
        let (listener, address) = listening("::1", &ListenOptions::default());
        let unnumbered = SessionConfig { unnumbered: true, ..config(1, 2) };
        let nowhere = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 0], address.port()));
        let (mut a, driver) = peer(unnumbered, nowhere.into(), 1);
        spawn(driver.run());
        let mut b = neighbour(2, true, address.into());
        listener.add(b.acceptor()).expect("no keys");
        let seen =
            a.with_session(move |session, now| session.handle_neighbor(now, Some(address.ip())));
        assert_eq!(seen.await, Some(()));
        established(&mut a).await;
        established(&mut b).await;
    });
}
