//! TCP MD5 and TCP-AO.

use std::sync::{Mutex, PoisonError};

use super::*;
use crate::tokio::options::{AoAlgorithm, AoKey, Authentication, OptionError, SocketOption};

fn md5(key: &str) -> TransportOptions {
    let authentication = Some(Authentication::Md5(key.into()));
    TransportOptions { authentication, ..TransportOptions::default() }
}

fn ao(id: u8, key: &str) -> TransportOptions {
    let key =
        AoKey { send_id: id, receive_id: id, algorithm: AoAlgorithm::HmacSha1, key: key.into() };
    let authentication = Some(Authentication::Ao(Vec::from([key])));
    TransportOptions { authentication, ..TransportOptions::default() }
}

/// Segments that the kernel dropped for their signature, or for having none.
fn dropped() -> u64 {
    ["TCPMD5NotFound", "TCPMD5Unexpected", "TCPMD5Failure"].map(counter).iter().sum()
}

/// Held by tests that look at [`dropped`], which is one number for all.
static COUNTING: Mutex<()> = Mutex::new(());

/// Where a listener listens, and at which of its addresses it is dialled.
const PLACES: [(&str, &str); 3] = [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::", "127.0.0.1")];

#[test]
fn only_the_right_md5_key_gets_through() {
    let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    for (listen, dial) in PLACES {
        run(async {
            let (listener, address) = listening(listen, &ListenOptions::default());
            let ip: IpAddr = dial.parse().expect("an address");
            let to = SocketAddr::from((ip, address.port()));
            let mut b = neighbour(2, true, at(to, &md5("right")));
            listener.add(b.acceptor()).expect("the kernel has MD5");
            let mut a = neighbour(1, false, at(to, &md5("wrong")));
            for next in [TransportOptions::default(), md5("right")] {
                let before = dropped();
                until(|| dropped() > before).await;
                assert_eq!(listener.statistics().accepted, 0);
                a.set_options(next).await.expect("no connection");
            }
            established(&mut a).await;
            established(&mut b).await;
            assert_alive(&mut a, &mut b).await;
            // A new key, and none, while the session is up.
            for next in [md5("new"), TransportOptions::default(), md5("again")] {
                a.set_options(next.clone()).await.expect("known options");
                b.set_options(next).await.expect("known options");
                assert_alive(&mut a, &mut b).await;
            }
            // The listener has not been told.
            a.stop(Shutdown::AdministrativeShutdown).await;
            while !matches!(b.next_event().await, Some(Event::Down { .. })) {}
            b.start().await;
            let before = dropped();
            a.start().await;
            until(|| dropped() > before).await;
            listener.add(b.acceptor()).expect("the kernel has MD5");
            established(&mut a).await;
            established(&mut b).await;
        });
    }
}

#[test]
fn md5_keys_of_ranges() {
    let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    for (listen, dial, range) in [
        ("127.0.0.1", "127.0.0.1", "127.0.0.0/8"),
        ("::1", "::1", "::/64"),
        ("::", "127.0.0.1", "127.0.0.0/8"),
        ("::", "127.0.0.1", "0.0.0.0/0"),
    ] {
        run(async {
            let (listener, address) = listening(listen, &ListenOptions::default());
            let ip: IpAddr = dial.parse().expect("an address");
            let to = SocketAddr::from((ip, address.port()));
            let range = range.parse().expect("a prefix");
            let mut incoming = listener.add_range(range, md5("of the range")).expect("a key");
            let before = dropped();
            let mut a = neighbour(1, false, at(to, &md5("wrong")));
            until(|| dropped() > before).await;
            a.set_options(md5("of the range")).await.expect("known options");
            let accepted = incoming.next().await.expect("a connection");
            let mut b = neighbour(2, true, accepted.address);
            b.acceptor().accept(accepted.stream).expect("a driver");
            established(&mut a).await;
            established(&mut b).await;
            // One neighbour of the range with a key of its own, that goes again.
            let own = at(to, &md5("its own"));
            let (known, _driver) = peer(config(2, 1), own.clone(), 1);
            listener.add(known.acceptor()).expect("a key");
            let stream = || crate::tokio::socket::dial(own.clone().into(), None);
            drop(stream().await.expect("the longest prefix wins"));
            assert!(listener.remove(&own));
            let of_the_range = at(to, &md5("of the range"));
            drop(crate::tokio::socket::dial(of_the_range.into(), None).await.expect("as before"));
            drop(incoming);
            let plain = crate::tokio::socket::dial(Address::from(to).into(), None);
            drop(plain.await.expect("no key is left"));
        });
    }
}

#[test]
fn keys_that_cannot_be() {
    run(async {
        let (listener, address) = listening("127.0.0.1", &ListenOptions::default());
        for key in [String::new(), "x".repeat(81)] {
            for options in [md5(&key), ao(1, &key)] {
                let (peer, _driver) = peer(config(2, 1), at(address, &options), 1);
                let error = listener.add(peer.acceptor()).expect_err("no such keys");
                assert!(matches!(error, OptionError::KeyLength(_)), "{error}");
            }
        }
        let none = TransportOptions {
            authentication: Some(Authentication::Ao(Vec::new())),
            ..TransportOptions::default()
        };
        let (peer, _driver) = peer(config(2, 1), at(address, &none), 1);
        let error = listener.add(peer.acceptor()).expect_err("no key");
        assert!(matches!(error, OptionError::NoKey), "{error}");
        // None of them is listened to.
        assert!(!listener.remove(peer.address()));
    });
}

/// Where the kernel has no TCP-AO, the errors say so, and the keys before stay.
#[test]
fn tcp_ao() {
    let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    for (listen, dial) in PLACES {
        run(async {
            let (listener, address) = listening(listen, &ListenOptions::default());
            let ip: IpAddr = dial.parse().expect("an address");
            let to = SocketAddr::from((ip, address.port()));
            let mut b = neighbour(2, true, at(to, &md5("before")));
            listener.add(b.acceptor()).expect("the kernel has MD5");
            b.set_options(ao(1, "key")).await.expect("no connection");
            let mut a = neighbour(1, false, at(to, &ao(1, "key")));
            match listener.add(b.acceptor()) {
                Ok(()) => {
                    established(&mut a).await;
                    established(&mut b).await;
                    assert_alive(&mut a, &mut b).await;
                }
                Err(error) => {
                    assert!(matches!(error, OptionError::Missing(SocketOption::Ao)), "{error}");
                    let missing = "this kernel has no TCP-AO (RFC 5925)";
                    assert_eq!(std::format!("{error}"), missing);
                    let down = a.next_event().await;
                    let Some(Event::Down { reason: DownReason::ConnectFailed(error), .. }) = down
                    else {
                        panic!("{down:?}")
                    };
                    assert_eq!(error.0, missing);
                    // As before.
                    a.set_options(md5("before")).await.expect("no connection");
                    b.set_options(md5("before")).await.expect("no connection");
                    until(|| listener.statistics().accepted > 0).await;
                }
            }
        });
    }
}

/// Neighbours with one address share the key that was added last: also after another could not be set.
#[test]
fn a_key_that_cannot_be_set_changes_none() {
    run(async {
        let (listener, address) = listening("0.0.0.0", &ListenOptions::default());
        let to = |local: &str, key: &str| {
            let local = Some(local.parse().expect("an address"));
            Address { local, ..at(([127, 0, 0, 7], 179), &md5(key)) }
        };
        // Nobody takes the connection; that it comes up is enough.
        let add = |place| listener.add(peer(config(2, 1), place, 1).0.acceptor());
        add(to("127.0.0.1", "first")).expect("the kernel has MD5");
        add(to("127.0.0.2", "second")).expect("the kernel has MD5");
        add(to("127.0.0.1", &"long".repeat(100))).expect_err("it is too long");
        let local = Some([127, 0, 0, 7].into());
        let dialling = Address { local, ..at(([127, 0, 0, 1], address.port()), &md5("second")) };
        drop(crate::tokio::socket::dial(dialling.into(), None).await.expect("the key of before"));
    });
}
