//! Listens to all neighbours of a range, and prints who comes and goes, and which routes they announce.
//!
//! ```text
//! Usage: listener AS ROUTER-ID ADDRESS:PORT RANGE [KEY]
//!
//!   AS            our own
//!   ROUTER-ID     our own, as an IPv4 address
//!   ADDRESS:PORT  where to listen; [::]:179 is all addresses of both families (port 179 needs root)
//!   RANGE         who may connect, as a prefix; from any AS, at most 100
//!   KEY           the key of TCP MD5 (RFC 2385) that all of them have
//!
//! cargo run -p bgp-fsm --features tokio --example listener -- 65000 192.0.2.1 127.0.0.1:1790 127.0.0.0/8
//! ```
//!
//! It tells nobody any routes. It ends when it cannot listen, or is ended.

use std::env;
use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use bgp_fsm::tokio::{
    Authentication, ListenOptions, Listener, Peer, TransportOptions, accepted_peer,
};
use bgp_fsm::{DynamicNeighbors, Event, FamilyConfig, NeighborRange, RemoteAs, SessionConfig};
use bgp_wire::Family;
use tokio::sync::mpsc;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "Usage: listener AS ROUTER-ID ADDRESS:PORT RANGE [KEY]";
const LIMIT: usize = 100;

async fn run(arguments: &[String]) -> Result<()> {
    let (required, key) = match arguments {
        [required @ .., key] if required.len() == 4 => (required, Some(key)),
        all => (all, None),
    };
    let [asn, router_id, address, range] = required else { return Err(USAGE.into()) };
    let mut config = SessionConfig::new(asn.parse()?, RemoteAs::Any, router_id.parse()?);
    config.families = [Family::IPV4_UNICAST, Family::IPV6_UNICAST].map(FamilyConfig::new).into();
    let authentication = key.map(|key| Authentication::Md5(key.as_str().into()));
    let options = TransportOptions { authentication, ..TransportOptions::default() };

    let address: SocketAddr = address.parse()?;
    let listener = Listener::bind(&[address], &ListenOptions::default())?;
    tokio::select! {
        _ = listener.run() => Ok(()),
        result = accept(&listener, config, range.parse()?, options) => result,
    }
}

/// Makes neighbours of those who connect, and forgets those who have gone.
#[expect(clippy::disallowed_methods, reason = "the program's own tasks")]
async fn accept(
    listener: &Listener,
    config: SessionConfig,
    prefix: ipnet::IpNet,
    options: TransportOptions,
) -> Result<()> {
    let mut incoming = listener.add_range(prefix, options)?;
    let mut neighbors = DynamicNeighbors::default();
    neighbors.add(NeighborRange { prefix, config, limit: LIMIT });
    let (gone, mut leaving) = mpsc::channel(LIMIT);
    for seed in 0.. {
        tokio::select! {
            Some(accepted) = incoming.next() => {
                let (now, remote) = (Duration::ZERO, accepted.endpoints.remote);
                match neighbors.accept(now, accepted.endpoints, seed) {
                    Ok((session, connection)) => {
                        let (peer, driver) = accepted_peer(session, connection, accepted);
                        // It may connect once more before it is known that it has gone.
                        listener.add(peer.acceptor())?;
                        tokio::spawn(driver.run());
                        tokio::spawn(print(peer, gone.clone()));
                    }
                    // It is closed.
                    Err(error) => println!("{}: {error}", remote.ip()),
                }
            }
            Some(peer) = leaving.recv() => {
                listener.remove(peer.address());
                neighbors.release(peer.address().remote);
            }
        }
    }
    Ok(())
}

/// Prints what a neighbour does, until it is down.
async fn print(mut peer: Peer, gone: mpsc::Sender<Peer>) {
    let from = peer.address().remote.ip();
    while let Some(event) = peer.next_event().await {
        match event {
            Event::Established(session) => println!("{from}: up, AS {}", session.remote_as),
            Event::Update(update) => {
                for prefix in update.unreach().flat_map(|gone| gone.nlri.prefixes()) {
                    println!("{from}: - {prefix}");
                }
                for prefix in update.reach().flat_map(|new| new.nlri.prefixes()) {
                    println!("{from}: + {prefix}");
                }
            }
            Event::Down { reason, .. } => {
                println!("{from}: down: {reason}");
                break;
            }
            // There are no routes to send again.
            _ => {}
        }
    }
    // Nobody minds when the program ends.
    let _ = gone.send(peer).await;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("listener: {error}");
            ExitCode::FAILURE
        }
    }
}
