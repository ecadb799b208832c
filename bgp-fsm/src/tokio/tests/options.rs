//! Options, read back from the sockets.

use std::net::{Ipv6Addr, SocketAddrV6};

use socket2::SockRef;
use tokio::net::TcpStream;

use super::*;
use crate::tokio::options::TimeToLive;
use crate::tokio::socket::{Ip, dial};
use crate::tokio::sockopt;

const GTSM: TransportOptions = TransportOptions {
    authentication: None,
    ttl: TimeToLive::Gtsm(2),
    dscp: TransportOptions::CS6,
    device: None,
};

/// TTL, minimum TTL, traffic class, NODELAY, device.
type Set = (u32, i32, u32, bool, Option<String>);

fn read(stream: &TcpStream) -> Set {
    let socket = SockRef::from(stream);
    let remote = stream.peer_addr().expect("connected").ip().to_canonical();
    let (ttl, class) = match Ip::of(remote) {
        Ip::V4 => (socket.ttl_v4(), socket.tos_v4()),
        Ip::V6 => (socket.unicast_hops_v6(), socket.tclass_v6()),
    };
    let device = sockopt::device(&socket).expect("readable");
    (
        ttl.expect("readable"),
        sockopt::minimum_ttl(&socket, Ip::of(remote)).expect("readable"),
        class.expect("readable"),
        socket.tcp_nodelay().expect("readable"),
        device.map(|name| String::from_utf8(name).expect("text")),
    )
}

async fn dialled(remote: SocketAddr, options: &TransportOptions) -> TcpStream {
    dial(at(remote, options).into(), None).await.expect("a connection")
}

/// On both ends, for IPv4, IPv6, and IPv4 on a socket of IPv6.
#[test]
fn dialled_and_accepted_sockets_have_them() {
    let wide = ListenOptions::default();
    let narrow = ListenOptions { only_v6: true, ..ListenOptions::default() };
    for (listen, remote, options) in
        [("127.0.0.1", "127.0.0.1", &wide), ("::", "127.0.0.1", &wide), ("::1", "::1", &narrow)]
    {
        run(async {
            let (listener, address) = listening(listen, options);
            let remote: IpAddr = remote.parse().expect("an address");
            let to = SocketAddr::from((remote, address.port()));
            let mut incoming = listener.add_range(remote.into(), GTSM).expect("no keys");
            let ours = dialled(to, &GTSM).await;
            let expected = (255, 254, 0xC0, true, None);
            assert_eq!(read(&ours), expected);
            let accepted = incoming.next().await.expect("a connection");
            assert_eq!(read(&accepted.stream), expected);
            assert_eq!(accepted.address.remote, ours.local_addr().expect("an address"));
            assert_eq!(accepted.address.local, Some(remote));
            // The listening socket has other values, which do not stay.
            let plain = TransportOptions { dscp: 0, ..TransportOptions::default() };
            let lo = TransportOptions { device: Some("lo".into()), dscp: 10, ..plain.clone() };
            for (options, class) in [(plain, 0), (lo, 40)] {
                let mut incoming =
                    listener.add_range(remote.into(), options.clone()).expect("fine");
                let ours = dialled(to, &options).await;
                let accepted = incoming.next().await.expect("a connection");
                let system = SockRef::from(&tokio::net::TcpSocket::new_v4().expect("a socket"))
                    .ttl_v4()
                    .expect("readable");
                let expected = (system, 0, class, true, options.device);
                assert_eq!(read(&ours), expected);
                assert_eq!(read(&accepted.stream), expected);
            }
        });
    }
}

#[test]
fn limited_ttl() {
    run(async {
        let (listener, address) = listening("127.0.0.1", &ListenOptions::default());
        let options = TransportOptions { ttl: TimeToLive::Limit(1), ..TransportOptions::default() };
        let _incoming = listener.add_range(address.ip().into(), options.clone()).expect("no keys");
        let (ttl, minimum, ..) = read(&dialled(address, &options).await);
        assert_eq!((ttl, minimum), (1, 0));
    });
}

/// The text of the error with which dialling fails.
async fn dial_error(options: TransportOptions) -> String {
    let address = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut peer = neighbour(1, false, at(address, &options));
    match peer.next_event().await {
        Some(Event::Down { reason: DownReason::ConnectFailed(error), .. }) => error.0.into_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_name_the_option() {
    run(async {
        let device = |name: &str| TransportOptions {
            device: Some(name.into()),
            ..TransportOptions::default()
        };
        let missing = "binding to a device: No such device (os error 19)";
        assert_eq!(dial_error(device("nowhere")).await, missing);
        // The kernel would take "lo" for the first, and no binding at all for the second.
        assert_eq!(dial_error(device("lo\0very-long-name")).await, missing);
        assert_eq!(dial_error(device("")).await, missing);
        let dscp = TransportOptions { dscp: 64, ..TransportOptions::default() };
        assert_eq!(dial_error(dscp).await, "DSCP: not from 0 to 63");
        let ttl = TransportOptions { ttl: TimeToLive::Limit(0), ..TransportOptions::default() };
        assert_eq!(dial_error(ttl).await, "TTL: Invalid argument (os error 22)");
        let local = Address {
            local: Some([192, 0, 2, 77].into()),
            ..SocketAddr::from(([127, 0, 0, 1], 1)).into()
        };
        let error = dial(local.into(), None).await.expect_err("not ours").to_string();
        assert!(error.starts_with("binding to 192.0.2.77: "), "{error}");
    });
}

/// The neighbour is told that only what comes from nearby counts, and what does not is dropped.
#[test]
fn gtsm() {
    run(async {
        let (listener, address) = listening("127.0.0.1", &ListenOptions::default());
        let near = TransportOptions { ttl: TimeToLive::Gtsm(1), ..TransportOptions::default() };
        let mut b = neighbour(2, true, at(address, &near));
        listener.add(b.acceptor()).expect("no keys");
        let before = counter("TCPMinTTLDrop");
        let mut a = neighbour(1, false, at(address, &TransportOptions::default()));
        until(|| counter("TCPMinTTLDrop") > before).await;
        assert_eq!(listener.statistics().accepted, 0);
        a.set_options(near).await.expect("known options");
        established(&mut a).await;
        established(&mut b).await;
        assert_alive(&mut a, &mut b).await;
        // On the connection too.
        b.set_options(TransportOptions { ttl: TimeToLive::Limit(64), ..Default::default() })
            .await
            .expect("known options");
        let before = counter("TCPMinTTLDrop");
        b.send(end_of_rib(1)).await.expect("established");
        until(|| counter("TCPMinTTLDrop") > before).await;
    });
}

/// One that has no GTSM lets others in, whose packets do not get through later.
#[test]
fn the_listener_asks_for_no_more_than_each_neighbour() {
    run(async {
        let (listener, address) = listening("::", &ListenOptions::default());
        let minimum = |listener: &Listener, ip| {
            sockopt::minimum_ttl(&listener.socket(0), ip).expect("readable")
        };
        let far: SocketAddr = "127.0.0.9:179".parse().expect("an address");
        let near = TransportOptions { ttl: TimeToLive::Gtsm(1), ..TransportOptions::default() };
        let (one, _driver) = peer(config(1, 2), at(address, &near), 1);
        let (two, _driver) = peer(config(1, 2), at(far, &near), 1);
        let (three, _driver) = peer(config(1, 2), far.into(), 1);
        assert_eq!([Ip::V4, Ip::V6].map(|ip| minimum(&listener, ip)), [0, 0]);
        listener.add(one.acceptor()).expect("no keys");
        listener.add(two.acceptor()).expect("no keys");
        assert_eq!([Ip::V4, Ip::V6].map(|ip| minimum(&listener, ip)), [255, 255]);
        listener.add(three.acceptor()).expect("no keys");
        assert_eq!([Ip::V4, Ip::V6].map(|ip| minimum(&listener, ip)), [0, 255]);
        assert!(listener.remove(one.address()));
        assert_eq!([Ip::V4, Ip::V6].map(|ip| minimum(&listener, ip)), [0, 0]);
        // SYN and ACK go out with 255 whoever is answered.
        assert_eq!(listener.socket(0).ttl_v4().expect("readable"), 255);
        assert_eq!(listener.socket(0).unicast_hops_v6().expect("readable"), 255);
    });
}

/// An address with its scope, as the kernel lists it: `address index length scope flags name`.
fn link_local() -> Option<(IpAddr, u32, String)> {
    let text = std::fs::read_to_string("/proc/net/if_inet6").ok()?;
    let line = text.lines().find(|line| line.starts_with("fe80"))?;
    let mut words = line.split_whitespace();
    let address = u128::from_str_radix(words.next()?, 16).ok()?;
    let index = u32::from_str_radix(words.next()?, 16).ok()?;
    Some((IpAddr::V6(address.into()), index, words.last()?.into()))
}

/// A link-local address of this machine, by scope and by device; nothing where there is none.
#[test]
fn link_local_neighbours() {
    let Some((ip, scope, device)) = link_local() else { return };
    for by_device in [false, true] {
        run(async {
            let (listener, address) = listening("::", &ListenOptions::default());
            let IpAddr::V6(v6) = ip else { return };
            let port = address.port();
            let scoped = |scope| SocketAddrV6::new(v6, port, 0, scope);
            let mut options = TransportOptions::default();
            let remote = if by_device {
                options.device = Some(device.clone());
                scoped(0)
            } else {
                scoped(scope)
            };
            let dialling = Address { local: Some(ip), ..at(remote, &options) };
            let mut a = neighbour(1, false, dialling);
            let mut b = neighbour(2, true, at(remote, &options));
            // The same address on another interface.
            let elsewhere = TransportOptions { device: Some("lo".into()), ..Default::default() };
            let (other, _driver) = peer(config(2, 1), at(scoped(0), &elsewhere), 1);
            let (another, _driver) = peer(config(2, 1), at(scoped(scope + 1), &options), 1);
            let another_address = another.address().remote;
            assert_ne!(another_address, remote.into());
            for peer in [&b, &other, &another] {
                listener.add(peer.acceptor()).expect("no keys");
            }
            established(&mut a).await;
            established(&mut b).await;
            assert_eq!(listener.statistics().accepted, 1);
        });
    }
}

/// A neighbour of which only the interface is known may connect too, from wherever it is there.
#[test]
fn unnumbered_neighbours_connect() {
    let Some((ip, scope, _)) = link_local() else { return };
    run(async {
        let (listener, address) = listening("::", &ListenOptions::default());
        let on = |scope| SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, 179, 0, scope);
        let waiting = SessionConfig { unnumbered: true, passive: true, ..config(2, 1) };
        let unnumbered = |scope| peer(waiting.clone(), SocketAddr::from(on(scope)).into(), 2);
        let (elsewhere, _driver) = unnumbered(scope + 1);
        let (mut b, driver) = unnumbered(scope);
        spawn(driver.run());
        listener.add(b.acceptor()).expect("no keys");
        listener.add(elsewhere.acceptor()).expect("no keys");
        let IpAddr::V6(ip) = ip else { panic!("{ip} is not link-local") };
        let to = SocketAddr::from(SocketAddrV6::new(ip, address.port(), 0, scope));
        let mut a = neighbour(1, false, to.into());
        established(&mut a).await;
        established(&mut b).await;
        assert!(listener.remove(b.address()) && listener.remove(elsewhere.address()));
    });
}
