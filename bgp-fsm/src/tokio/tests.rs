//! Over real sockets.

use std::time::Duration;
use std::vec::Vec;

use bgp_wire::{Context, Family, UpdateWriter};
use bytes::BytesMut;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::{Address, Peer, listen, peer};
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

/// Runs `test` with a pair of neighbours that can reach each other.
fn with_pair<F: Future<Output = ()>>(passive: bool, test: impl FnOnce(Peer, Peer) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listeners = [TcpListener::bind("127.0.0.1:0"), TcpListener::bind("127.0.0.2:0")];
        let [first, second] = listeners;
        let (first, second) = (first.await.expect("a port"), second.await.expect("a port"));
        let [one, two] =
            [&first, &second].map(|listener| listener.local_addr().expect("an address"));
        let (a, a_driver) = peer(config(1, 2), Address { local: Some(one.ip()), remote: two }, 1);
        let listening = SessionConfig { passive, ..config(2, 1) };
        let (b, b_driver) = peer(listening, Address { local: Some(two.ip()), remote: one }, 2);
        let to_a = listen(first, Vec::from([(two.ip(), a.acceptor())]));
        let to_b = listen(second, Vec::from([(one.ip(), b.acceptor())]));
        let drivers = async { tokio::join!(a_driver.run(), b_driver.run()) };
        tokio::select! {
            _ = to_a => panic!("a does not listen"),
            _ = to_b => panic!("b does not listen"),
            _ = drivers => panic!("the drivers end while their peers are held"),
            result = timeout(Duration::from_secs(20), test(a, b)) => result.expect("in time"),
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
