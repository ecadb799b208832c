//! The smallest useful BGP speaker, twice: two of them bring up a session over TCP on this machine, tell each
//! other their routes, and print what they have learned.
//!
//! Read [`Speaker`]: it is all that a program needs. `bgp_fsm` keeps the session (connections, timers,
//! negotiation), `bgp_wire` reads and writes UPDATEs, and the table is a map.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use bgp_fsm::tokio::{Address, Driver, ListenOptions, Listener, Peer, peer};
use bgp_fsm::{DownReason, Event, Negotiated, SessionConfig, Shutdown};
use bgp_wire::{
    AsPathBuilder, Community, Family, NextHop, Origin, PathAttributes, SegmentKind, Update,
    UpdateWriter,
};
use bytes::BytesMut;
use ipnet::IpNet;
use tokio::time::timeout;

const HELP: &str = "\
Two BGP speakers in one process bring up a session over TCP on 127.0.0.1,
trade IPv4 and IPv6 routes, and print both tables.

Usage: speaker [--help]

Ends with status 0 when all routes have arrived, else with 1.";

/// All of it takes milliseconds.
const DEADLINE: Duration = Duration::from_secs(10);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// One router: its neighbour, what it has to tell, and what it was told.
struct Speaker {
    asn: u32,
    peer: Peer,
    routes: Vec<(IpNet, NextHop)>,
    table: BTreeMap<IpNet, String>,
}

impl Speaker {
    /// A speaker with one neighbour, and the future that keeps their session alive.
    fn new(asn: u32, neighbour: u32, address: Address, passive: bool) -> (Self, Driver) {
        let router_id = Ipv4Addr::from(asn);
        let mut config = SessionConfig::new(asn, Some(neighbour), router_id);
        config.families = vec![Family::IPV4_UNICAST.into(), Family::IPV6_UNICAST.into()];
        config.connect_delay_time = Duration::ZERO;
        config.passive = passive;
        let (peer, driver) = peer(config, address, asn.into());
        (Self { asn, peer, routes: Vec::new(), table: BTreeMap::new() }, driver)
    }

    /// Adds a route that is told to the neighbour.
    fn originate(&mut self, prefix: &str, next_hop: &str) -> Result<()> {
        let next_hop = match next_hop.parse()? {
            IpAddr::V4(address) => NextHop::V4(address),
            IpAddr::V6(address) => NextHop::V6(address, None),
        };
        self.routes.push((prefix.parse()?, next_hop));
        Ok(())
    }

    /// Waits for the session, tells all routes, and listens until the neighbour has told all of its own.
    async fn trade(&mut self) -> Result<()> {
        let mut missing = BTreeSet::new();
        loop {
            match self.peer.next_event().await.ok_or("the driver is gone")? {
                Event::Established(session) => {
                    println!("AS {}: {}", self.asn, describe(&session));
                    missing.extend(session.families.iter().copied());
                    self.tell(&session).await?;
                }
                Event::Update(update) => {
                    self.learn(&update);
                    if let Some(family) = update.end_of_rib() {
                        missing.remove(&family);
                        if missing.is_empty() {
                            return Ok(());
                        }
                    }
                }
                // We could tell all again; nobody asks for it here.
                Event::RouteRefresh(_) | Event::Filters(..) | Event::Stale(..) => {}
                // The neighbour may not listen yet: the session goes on trying.
                Event::Down { reason: DownReason::ConnectFailed(why), .. } => {
                    println!("AS {}: {why}", self.asn);
                }
                Event::Down { reason, .. } => return Err(reason.into()),
            }
        }
    }

    /// Sends our routes, each family with its End-of-RIB marker.
    async fn tell(&self, session: &Negotiated) -> Result<()> {
        let mut path = AsPathBuilder::default();
        path.segment(SegmentKind::Sequence, [self.asn]);
        let community = Community::new(u16::try_from(self.asn)?, 100);
        let mut attributes = PathAttributes::default();
        attributes.origin(Origin::Igp).as_path(&path).med(50).communities([community]);

        let mut out = BytesMut::new();
        let mut writer = UpdateWriter::new(&mut out, &session.send);
        for family in &session.families {
            for (prefix, next_hop) in &self.routes {
                // Those of the other family it leaves out by itself.
                writer.announce(attributes.view(), *family, next_hop, [*prefix])?;
            }
            writer.end_of_rib(*family);
        }
        Ok(self.peer.send(out.freeze()).await?)
    }

    /// Takes an UPDATE into the table.
    fn learn(&mut self, update: &Update) {
        for withdrawn in update.unreach() {
            for prefix in withdrawn.nlri.prefixes() {
                self.table.remove(&prefix);
            }
        }
        let mut buffer = Vec::new();
        let attributes = update.canonical_attributes(&mut buffer);
        let med = attributes.med().unwrap_or_default();
        let communities: Vec<_> = attributes.communities().map(|one| one.to_string()).collect();
        for announced in update.reach() {
            let via = announced.next_hop.map(|hop| hop.to_string()).unwrap_or_default();
            for prefix in announced.nlri.prefixes() {
                let route = format!(
                    "via {via:14} path {}, MED {med}, communities {}",
                    attributes.as_path(),
                    communities.join(" "),
                );
                self.table.insert(prefix, route);
            }
        }
    }

    fn print(&self) {
        println!("\nTable of AS {}", self.asn);
        for (prefix, route) in &self.table {
            println!("  {:20} {route}", prefix.to_string());
        }
    }
}

fn describe(session: &Negotiated) -> String {
    let families: Vec<_> = session.families.iter().map(Family::to_string).collect();
    let (asn, hold) = (session.remote_as, session.hold_time.as_secs());
    format!("session with AS {asn} is up: {}, hold time {hold} s", families.join(" and "))
}

async fn run() -> Result<()> {
    let listener = Listener::bind(&["127.0.0.1:0".parse()?], &ListenOptions::default())?;
    let address: SocketAddr = listener.addresses().next().ok_or("nothing to listen on")?;
    let (mut first, first_driver) = Speaker::new(64501, 64502, address.into(), false);
    let (mut second, second_driver) = Speaker::new(64502, 64501, address.into(), true);

    first.originate("198.51.100.0/24", "192.0.2.1")?;
    first.originate("2001:db8:1::/48", "2001:db8::1")?;
    second.originate("203.0.113.0/25", "192.0.2.2")?;
    second.originate("203.0.113.128/25", "192.0.2.2")?;
    second.originate("2001:db8:2::/48", "2001:db8::2")?;

    // The second one waits to be called.
    listener.add(second.peer.acceptor())?;
    let trade = async {
        tokio::try_join!(first.trade(), second.trade())?;
        first.print();
        second.print();
        first.peer.stop(Shutdown::AdministrativeShutdown).await;
        let goodbye = second.peer.next_event().await;
        let Some(Event::Down { reason: why, .. }) = goodbye else {
            return Err("no goodbye".into());
        };
        println!("\nAS {}: session is down: {why}", second.asn);
        Ok(())
    };
    // Nothing is spawned: whatever ends first ends the program.
    tokio::select! {
        _ = listener.run() => Err("the listener is gone".into()),
        () = first_driver.run() => Err("the first driver is gone".into()),
        () = second_driver.run() => Err("the second driver is gone".into()),
        result = timeout(DEADLINE, trade) => {
            result.unwrap_or_else(|_| Err(format!("not done within {DEADLINE:?}").into()))
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => run().await,
        ["-h" | "--help"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err("no arguments are needed; see --help".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("speaker: {error}");
            ExitCode::FAILURE
        }
    }
}
