//! Listens to all neighbours of a range, and prints who comes and goes, and which routes they announce.
//!
//! ```text
//! Usage: listener AS ROUTER-ID ADDRESS:PORT RANGE [KEY]
//!
//!   AS            our own
//!   ROUTER-ID     our own, as an IPv4 address
//!   ADDRESS:PORT  where to listen; [::]:179 is all addresses of both families (port 179 needs root)
//!   RANGE         who may connect, as a prefix; from any AS
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

use bgp_fsm::tokio::{
    Accepted, Authentication, ListenOptions, Listener, Peer, TransportOptions, peer,
};
use bgp_fsm::{Event, SessionConfig};
use bgp_wire::Family;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "Usage: listener AS ROUTER-ID ADDRESS:PORT RANGE [KEY]";

async fn run(arguments: &[String]) -> Result<()> {
    let (required, key) = match arguments {
        [required @ .., key] if required.len() == 4 => (required, Some(key)),
        all => (all, None),
    };
    let [asn, router_id, address, range] = required else { return Err(USAGE.into()) };
    let mut config = SessionConfig::new(asn.parse()?, None, router_id.parse()?);
    config.passive = true;
    config.families = vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST];
    let authentication = key.map(|key| Authentication::Md5(key.as_str().into()));
    let options = TransportOptions { authentication, ..TransportOptions::default() };

    let address: SocketAddr = address.parse()?;
    let listener = Listener::bind(&[address], &ListenOptions::default())?;
    let mut incoming = listener.add_range(range.parse()?, options)?;
    let accept = async {
        for seed in 0.. {
            let Some(accepted) = incoming.next().await else { break };
            if let Err(error) = serve(&listener, &config, accepted, seed) {
                eprintln!("{error}");
            }
        }
    };
    tokio::select! {
        _ = listener.run() => {}
        () = accept => {}
    }
    Ok(())
}

/// Makes a neighbour of a connection. From then on its connections go to its own driver.
#[expect(clippy::disallowed_methods, reason = "the program's own tasks")]
fn serve(listener: &Listener, config: &SessionConfig, accepted: Accepted, seed: u64) -> Result<()> {
    let (peer, driver) = peer(config.clone(), accepted.address, seed);
    listener.add(peer.acceptor())?;
    peer.acceptor().accept(accepted.stream)?;
    tokio::spawn(driver.run());
    tokio::spawn(print(peer, listener.clone()));
    Ok(())
}

/// Prints what a neighbour does, until it is down. Then it is one of the range again.
async fn print(mut peer: Peer, listener: Listener) {
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
            Event::Down(why) => {
                println!("{from}: down: {why}");
                listener.remove(peer.address());
                return;
            }
            // There are no routes to send again.
            _ => {}
        }
    }
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
