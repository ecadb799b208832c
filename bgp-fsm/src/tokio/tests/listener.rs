//! Neighbours that come and go.

use std::fs::File;
use std::process::Command;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};

use super::*;

/// Whether the other side closes the connection without a word.
async fn is_closed(mut stream: TcpStream) -> bool {
    let mut buffer = [0; 64];
    matches!(stream.read(&mut buffer).await, Ok(0) | Err(_))
}

async fn connect(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((from.parse::<IpAddr>().expect("an address"), 0).into()).expect("loopback");
    socket.connect(to).await.expect("a connection")
}

fn from(ip: &str) -> SocketAddr {
    (ip.parse::<IpAddr>().expect("an address"), 179).into()
}

#[test]
fn neighbours_come_and_go() {
    run(async {
        let (listener, address) = listening("127.0.0.1", &ListenOptions::default());
        assert!(is_closed(connect("127.0.0.7", address).await).await);
        assert_eq!(listener.statistics().strangers, 1);
        let peers = ["127.0.0.7", "127.0.0.8"].map(|ip| neighbour(2, true, from(ip).into()));
        for peer in &peers {
            listener.add(peer.acceptor()).expect("no keys");
        }
        // Both at once; each says OPEN.
        for ip in ["127.0.0.7", "127.0.0.8"] {
            assert!(!is_closed(connect(ip, address).await).await);
        }
        assert!(listener.remove(peers[0].address()));
        assert!(!listener.remove(peers[0].address()));
        assert!(is_closed(connect("127.0.0.7", address).await).await);
        // A neighbour whose driver has ended is forgotten.
        let [_, second] = peers;
        let forgotten = second.address().clone();
        let commands = second.commands.clone();
        drop(second);
        commands.closed().await;
        assert!(is_closed(connect("127.0.0.8", address).await).await);
        assert!(!listener.remove(&forgotten));
        let statistics = listener.statistics();
        assert_eq!((statistics.accepted, statistics.strangers), (2, 3));
        assert_eq!((statistics.refused, statistics.errors), (0, 0));
    });
}

#[test]
fn neighbours_are_told_by_our_address_too() {
    run(async {
        let (listener, address) = listening("0.0.0.0", &ListenOptions::default());
        let mut peers = ["127.0.0.1", "127.0.0.2"].map(|local| {
            let local = Some(local.parse().expect("an address"));
            neighbour(2, true, Address { local, ..from("127.0.0.7").into() })
        });
        for peer in &peers {
            listener.add(peer.acceptor()).expect("no keys");
        }
        for (index, to) in ["127.0.0.1", "127.0.0.2"].into_iter().enumerate() {
            let to = SocketAddr::from((to.parse::<IpAddr>().expect("an address"), address.port()));
            let dialling = Address { local: Some([127, 0, 0, 7].into()), ..to.into() };
            let mut a = neighbour(1, false, dialling);
            established(&mut a).await;
            established(&mut peers[index]).await;
        }
        let nobody = SocketAddr::from(([127, 0, 0, 3], address.port()));
        assert!(is_closed(connect("127.0.0.7", nobody).await).await);
    });
}

#[test]
fn ranges() {
    run(async {
        let (listener, address) = listening("127.0.0.1", &ListenOptions::default());
        let range = |text: &str| text.parse().expect("a prefix");
        let options = TransportOptions::default;
        let mut wide = listener.add_range(range("127.0.0.0/8"), options()).expect("no keys");
        let mut narrow = listener.add_range(range("127.0.7.0/24"), options()).expect("no keys");
        let known = neighbour(2, true, from("127.0.7.7").into());
        listener.add(known.acceptor()).expect("no keys");
        let _one = connect("127.0.6.1", address).await;
        let _two = connect("127.0.7.1", address).await;
        assert!(!is_closed(connect("127.0.7.7", address).await).await);
        let ip = |accepted: crate::tokio::Accepted| accepted.address.remote.ip().to_string();
        assert_eq!(ip(wide.next().await.expect("a connection")), "127.0.6.1");
        assert_eq!(ip(narrow.next().await.expect("a connection")), "127.0.7.1");
        drop(narrow);
        let _two = connect("127.0.7.1", address).await;
        assert_eq!(ip(wide.next().await.expect("a connection")), "127.0.7.1");
        // The same again takes its place, and does not end with the old one.
        let mut again = listener.add_range(range("127.0.0.0/8"), options()).expect("no keys");
        assert!(wide.next().await.is_none());
        drop(wide);
        let _one = connect("127.0.6.1", address).await;
        assert_eq!(ip(again.next().await.expect("a connection")), "127.0.6.1");
    });
}

/// Whichever was added first.
#[test]
fn a_neighbour_goes_before_a_range_of_its_address_alone() {
    for range_last in [true, false] {
        run(async {
            let (listener, address) = listening("127.0.0.1", &ListenOptions::default());
            let known = neighbour(2, true, from("127.0.0.7").into());
            let range = || {
                let range = "127.0.0.7/32".parse().expect("a prefix");
                listener.add_range(range, TransportOptions::default()).expect("no keys")
            };
            let before = (!range_last).then(range);
            listener.add(known.acceptor()).expect("no keys");
            let mut incoming = before.unwrap_or_else(range);
            let stream = connect("127.0.0.7", address).await;
            tokio::select! {
                closed = is_closed(stream) => assert!(!closed, "it says OPEN"),
                accepted = incoming.next() => panic!("{accepted:?}"),
            }
        });
    }
}

/// Who takes no connections keeps nobody from having some.
#[test]
fn a_slow_neighbour_does_not_block_others() {
    run(async {
        let (listener, address) = listening("127.0.0.1", &ListenOptions::default());
        let (slow, _driver) = peer(config(2, 1), from("127.0.0.7").into(), 1);
        let fast = neighbour(2, true, from("127.0.0.8").into());
        listener.add(slow.acceptor()).expect("no keys");
        listener.add(fast.acceptor()).expect("no keys");
        let mut waiting = Vec::new();
        while listener.statistics().refused == 0 {
            waiting.push(connect("127.0.0.7", address).await);
            let count = waiting.len() as u64;
            until(|| listener.statistics().accepted + listener.statistics().refused == count).await;
        }
        assert!(is_closed(waiting.pop().expect("one")).await);
        assert!(!is_closed(connect("127.0.0.8", address).await).await);
        let error = listener.statistics().last_error.expect("an error");
        assert!(error.ends_with(": too many connections wait"), "{error}");
    });
}

#[test]
fn several_addresses() {
    run(async {
        let only = ListenOptions { only_v6: true, ..ListenOptions::default() };
        let first = Listener::bind(&[from_any("0.0.0.0")], &only).expect("it listens");
        let port = first.addresses().next().expect("an address").port();
        drop(first);
        let all = ["0.0.0.0", "::"]
            .map(|ip| SocketAddr::from((ip.parse::<IpAddr>().expect("an address"), port)));
        let listener = Listener::bind(&all, &only).expect("IPv6 leaves IPv4 alone");
        assert!(listener.addresses().eq(all));
        let error = Listener::bind(&all, &only).expect_err("in use").to_string();
        assert_eq!(
            error,
            std::format!("listening on 0.0.0.0:{port}: Address already in use (os error 98)")
        );
        let nowhere = ListenOptions { device: Some("nowhere".into()), ..only };
        let error = Listener::bind(&[from_any("::")], &nowhere).expect_err("no device").to_string();
        let expected = "listening on [::]:0: binding to a device: No such device (os error 19)";
        assert_eq!(error, expected);
        let (a, b) =
            (neighbour(2, true, from("::1").into()), neighbour(2, true, from("127.0.0.1").into()));
        listener.add(a.acceptor()).expect("no keys");
        listener.add(b.acceptor()).expect("no keys");
        let connect = async {
            for ip in ["::1", "127.0.0.1"] {
                let to = (ip.parse::<IpAddr>().expect("an address"), port);
                assert!(!is_closed(TcpStream::connect(to).await.expect("it listens")).await);
            }
        };
        tokio::select! {
            _ = listener.run() => {}
            () = connect => {}
        }
    });
}

fn from_any(ip: &str) -> SocketAddr {
    (ip.parse::<IpAddr>().expect("an address"), 0).into()
}

/// A process of its own with few files, in which the test below runs.
#[test]
fn running_out_of_files_does_not_end_it() {
    let test = std::env::current_exe().expect("this program");
    let script = "ulimit -n 64; exec \"$0\" --exact tokio::tests::listener::out_of_files --ignored";
    let output = Command::new("sh").args(["-c", script]).arg(test).output().expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
#[ignore = "run by the test above, with few files"]
fn out_of_files() {
    run(async {
        let (listener, address) = listening("127.0.0.1", &ListenOptions::default());
        let peer = neighbour(2, true, from("127.0.0.1").into());
        listener.add(peer.acceptor()).expect("no keys");
        let socket = TcpSocket::new_v4().expect("a socket");
        let mut files = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            files.push(file);
        }
        let stream = socket.connect(address).await.expect("the kernel accepts it");
        until(|| listener.statistics().errors >= 3).await;
        let statistics = listener.statistics();
        // It has paused: it did not spin.
        assert!(statistics.errors < 100, "{statistics:?}");
        let error = statistics.last_error.expect("an error");
        assert!(error.starts_with("Too many open files"), "{error}");
        drop(files);
        assert!(!is_closed(stream).await);
    });
}
