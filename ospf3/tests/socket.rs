//! The socket of the tokio adapter, in network namespaces.
//!
//! ```text
//! cargo test -p ospf3 --features tokio --test socket -- --ignored
//! ```

#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "a host reads the clock")]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::future::Future;
use std::net::Ipv6Addr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ospf3::auth::{Algorithm, SecurityAssociation, SecurityAssociations};
use ospf3::tokio::{LONGEST, Socket};
use ospf3::{
    ALL_D_ROUTERS, ALL_SPF_ROUTERS, AreaId, Event, Instance, InstanceConfig, InterfaceConfig,
    InterfaceEvent, InterfaceId, Link, NeighborState, NetworkType, PacketMeta, RouterId, Transmit,
};
use testbed::{Lab, Node};
use tokio::runtime::{Builder, Runtime};

const PATIENCE: Duration = Duration::from_secs(20);

fn address(text: &str) -> Ipv6Addr {
    text.parse().expect("an address")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A socket on this machine, whatever thread uses it.
fn socket(runtime: &Runtime, node: &Node) -> Socket {
    node.inside(|| {
        let _guard = runtime.enter();
        Socket::new().expect("root")
    })
}

fn interface(node: &Node, other: &Node) -> InterfaceId {
    let name = node.towards(other);
    InterfaceId(node.inside(|| nix::net::if_::if_nametoindex(&name[..]).expect("an interface")))
}

fn transmit(interface: InterfaceId, source: &str, destination: &str, text: &str) -> Transmit {
    Transmit {
        interface,
        source: address(source),
        destination: address(destination),
        hop_limit: 1,
        bytes: Bytes::copy_from_slice(text.as_bytes()),
    }
}

async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("{what}: not in time"))
}

async fn receive(socket: &Socket) -> (PacketMeta, String) {
    let mut buffer = vec![0; LONGEST];
    let (meta, data) =
        within("a packet", socket.receive(&mut buffer)).await.expect("the socket goes on");
    (meta, String::from_utf8(data.to_vec()).expect("text"))
}

#[test]
#[ignore = "needs root"]
fn groups_addresses_and_interfaces() {
    let (lab, runtime) = (Lab::new(), runtime());
    let (a, b, c) = (lab.node("a"), lab.node("b"), lab.node("c"));
    lab.link(&a, &b);
    lab.link(&c, &b);
    a.addresses(&b, &["fe80::a/64"]);
    c.addresses(&b, &["fe80::c/64"]);
    b.addresses(&a, &["fe80::b/64"]);
    b.addresses(&c, &["fe80::b/64"]);
    let (from_a, from_c, at_b) = (socket(&runtime, &a), socket(&runtime, &c), socket(&runtime, &b));
    let (a_to_b, c_to_b) = (interface(&a, &b), interface(&c, &b));
    let (b_to_a, b_to_c) = (interface(&b, &a), interface(&b, &c));
    runtime.block_on(async {
        // Nobody listens to the other group yet, nor on the other interface; one's own packets do not come back.
        from_a.join(a_to_b, ALL_SPF_ROUTERS).expect("an interface");
        at_b.join(b_to_a, ALL_SPF_ROUTERS).expect("an interface");
        assert!(at_b.join(b_to_a, ALL_SPF_ROUTERS).is_err(), "already");
        let lost = transmit(c_to_b, "fe80::c", "ff02::5", "wrong interface");
        from_c.send(&lost).await.expect("sent");
        let lost = transmit(a_to_b, "fe80::a", "ff02::6", "wrong group");
        from_a.send(&lost).await.expect("sent");
        from_a.send(&transmit(a_to_b, "fe80::a", "ff02::5", "one")).await.expect("sent");
        let meta = PacketMeta {
            interface: b_to_a,
            source: address("fe80::a"),
            destination: ALL_SPF_ROUTERS,
        };
        assert_eq!(receive(&at_b).await, (meta, "one".to_owned()));

        at_b.join(b_to_c, ALL_D_ROUTERS).expect("an interface");
        from_c.send(&transmit(c_to_b, "fe80::c", "ff02::6", "two")).await.expect("sent");
        let meta = PacketMeta {
            interface: b_to_c,
            source: address("fe80::c"),
            destination: ALL_D_ROUTERS,
        };
        assert_eq!(receive(&at_b).await, (meta, "two".to_owned()));
        at_b.leave(b_to_c, ALL_D_ROUTERS).expect("joined");
        from_c.send(&transmit(c_to_b, "fe80::c", "ff02::6", "left")).await.expect("sent");

        // The same address on two links: the interface says which.
        from_c.send(&transmit(c_to_b, "fe80::c", "fe80::b", "three")).await.expect("sent");
        let meta =
            PacketMeta { destination: address("fe80::b"), source: address("fe80::c"), ..meta };
        assert_eq!(receive(&at_b).await, (meta, "three".to_owned()));
        at_b.send(&transmit(b_to_a, "fe80::b", "fe80::a", "four")).await.expect("sent");
        let meta = PacketMeta {
            interface: a_to_b,
            source: address("fe80::b"),
            destination: address("fe80::a"),
        };
        assert_eq!(receive(&from_a).await, (meta, "four".to_owned()));

        // Longer than the link takes at once; and an address that is not ours.
        let long = "x".repeat(20_000);
        from_a.send(&transmit(a_to_b, "fe80::a", "ff02::5", &long)).await.expect("sent");
        assert_eq!(receive(&at_b).await.1, long);
        assert!(from_a.send(&transmit(a_to_b, "fe80::99", "ff02::5", "five")).await.is_err());
        // A buffer that is too short: the packet is passed over.
        from_a.send(&transmit(a_to_b, "fe80::a", "ff02::5", "too long")).await.expect("sent");
        from_a.send(&transmit(a_to_b, "fe80::a", "ff02::5", "short")).await.expect("sent");
        let mut buffer = [0; 5];
        let received = within("a packet", at_b.receive(&mut buffer)).await.expect("received");
        assert_eq!(received.1, b"short");
    });
}

/// A packet with hop limit 1 is not forwarded; one of a virtual link is (RFC 5340 §A.1).
#[test]
#[ignore = "needs root"]
fn hop_limits() {
    let (lab, runtime) = (Lab::new(), runtime());
    let (a, b, c) = (lab.node("a"), lab.node("b"), lab.node("c"));
    lab.link(&a, &b);
    lab.link(&b, &c);
    a.addresses(&b, &["2001:db8:1::a/64"]);
    b.addresses(&a, &["2001:db8:1::b/64"]);
    // Who forwards asks for neighbours by a link-local address.
    b.addresses(&c, &["2001:db8:2::b/64", "fe80::b/64"]);
    c.addresses(&b, &["2001:db8:2::c/64"]);
    a.ip("-6 route add default via 2001:db8:1::b");
    b.inside(|| {
        std::fs::write("/proc/sys/net/ipv6/conf/all/forwarding", "1").expect("a namespace of ours");
    });
    let (from_a, at_c) = (socket(&runtime, &a), socket(&runtime, &c));
    let (a_to_b, c_to_b) = (interface(&a, &b), interface(&c, &b));
    runtime.block_on(async {
        let near = transmit(a_to_b, "2001:db8:1::a", "2001:db8:2::c", "near");
        from_a.send(&near).await.expect("sent");
        let far = Transmit { hop_limit: 64, bytes: Bytes::from_static(b"far"), ..near };
        from_a.send(&far).await.expect("sent");
        let meta =
            PacketMeta { interface: c_to_b, source: far.source, destination: far.destination };
        assert_eq!(receive(&at_c).await, (meta, "far".to_owned()));
    });
}

/// Runs an instance until `full` counts two neighbours that are Full.
async fn run(mut instance: Instance, socket: Socket, epoch: Instant, full: &Cell<usize>) {
    let mut buffer = vec![0; LONGEST];
    loop {
        while let Some(transmit) = instance.poll_transmit() {
            socket.send(&transmit).await.expect("sent");
        }
        while let Some(event) = instance.poll_event() {
            if let Event::Neighbor { to: NeighborState::Full, .. } = event {
                full.set(full.get() + 1);
            }
        }
        if full.get() == 2 {
            return;
        }
        let timeout = instance.poll_timeout().expect("a Hello is due");
        tokio::select! {
            received = socket.receive(&mut buffer) => {
                let (meta, data) = received.expect("the socket goes on");
                instance.handle_packet(epoch.elapsed(), meta, data).expect("well-formed");
            }
            () = tokio::time::sleep_until((epoch + timeout).into()) => {
                instance.handle_timeout(epoch.elapsed());
            }
        }
    }
}

/// Two instances become neighbours, with authentication.
#[test]
#[ignore = "needs root"]
fn instances() {
    let (lab, runtime, epoch) = (Lab::new(), runtime(), Instant::now());
    let (a, b) = (lab.node("a"), lab.node("b"));
    lab.link(&a, &b);
    a.addresses(&b, &["fe80::a/64"]);
    b.addresses(&a, &["fe80::b/64"]);
    let router = |node: &Node, other: &Node, last: u8, link_local: &str| {
        let mut config = InstanceConfig::new(RouterId::from([192, 0, 2, last]));
        config.boot_count = 1;
        let mut instance = Instance::new(config, u64::from(last));
        let mut config = InterfaceConfig::new(AreaId::BACKBONE, NetworkType::PointToPoint);
        (config.hello_interval, config.router_dead_interval) = (1, 10);
        let key = SecurityAssociation::new(1, Algorithm::HmacSha256, "secret");
        config.authentication = SecurityAssociations::from_iter([key]);
        let (id, now) = (interface(node, other), epoch.elapsed());
        instance.configure_interface(now, id, Some(config));
        let link = Link { link_local: address(link_local), mtu: 1500, prefixes: BTreeSet::new() };
        instance.handle_interface(now, id, InterfaceEvent::Up(link));
        let socket = socket(&runtime, node);
        socket.join(id, ALL_SPF_ROUTERS).expect("an interface");
        (instance, socket)
    };
    let (left, left_socket) = router(&a, &b, 1, "fe80::a");
    let (right, right_socket) = router(&b, &a, 2, "fe80::b");
    let full = Cell::new(0);
    runtime.block_on(within("Full on both sides", async {
        tokio::select! {
            () = run(left, left_socket, epoch, &full) => {}
            () = run(right, right_socket, epoch, &full) => {}
        }
    }));
}
