//! The speaker as a program would have it: on `bgp_fsm::tokio`.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bgp_fsm::tokio::{Address, Driver, ListenOptions, Listener, Peer, accepted_peer, peer};
use bgp_fsm::{DownReason, DynamicNeighbors, Event, NeighborRange};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Command, Config, State};

/// Runs until nobody is left to give commands; then everything is dropped as it is.
pub(super) fn run(config: Config, state: &Mutex<State>, commands: UnboundedReceiver<Command>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be built");
    runtime.block_on(async {
        let restarted = config.restarted;
        let (peer, driver) = if config.listen { wait(config, state).await } else { dial(config) };
        tokio::select! {
            () = driver.run() => {}
            () = work(peer, restarted, state, commands) => {}
        }
    });
}

fn dial(config: Config) -> (Peer, Driver) {
    let Config { mut session, local, remote, options, .. } = config;
    if config.restarted {
        // The session has to be told before it says OPEN.
        session.connect_delay_time = Duration::from_millis(100);
    }
    let remote = SocketAddr::new(remote, 179);
    let address = Address { local: Some(local), remote, options };
    peer(session, address, 1)
}

/// The first neighbour to connect from a range.
async fn wait(config: Config, state: &Mutex<State>) -> (Peer, Driver) {
    let prefix = "10.0.0.0/24".parse().expect("a prefix");
    let at = SocketAddr::new(config.local, 179);
    let listener = Listener::bind(&[at], &ListenOptions::default()).expect("a socket that listens");
    let mut incoming = listener.add_range(prefix, config.options).expect("the options can be set");
    let mut neighbors = DynamicNeighbors::default();
    neighbors.add(NeighborRange { prefix, config: config.session, limit: 1 });
    let accepted = tokio::select! {
        never = listener.run() => match never {},
        accepted = incoming.next() => accepted.expect("the range is there once"),
    };
    state.lock().unwrap_or_else(PoisonError::into_inner).called = true;
    let made = neighbors.accept(Duration::ZERO, accepted.endpoints, 1);
    let (session, connection) = made.expect("it is of the range");
    accepted_peer(session, connection, accepted)
}

async fn work(
    mut peer: Peer,
    restarted: bool,
    state: &Mutex<State>,
    mut commands: UnboundedReceiver<Command>,
) {
    peer.with_session(move |session, _| session.set_restarted(restarted)).await;
    let mut deaf = false;
    loop {
        tokio::select! {
            // Where nobody takes events, the driver reads no more.
            event = peer.next_event(), if !deaf => {
                let Some(event) = event else { return };
                happened(&mut state.lock().unwrap_or_else(PoisonError::into_inner), event);
            }
            command = commands.recv() => match command {
                Some(Command::Deafen) => deaf = true,
                Some(command) => obey(&peer, command).await,
                None => return,
            },
        }
    }
}

async fn obey(peer: &Peer, command: Command) {
    // For each, the session may have ended meanwhile.
    match command {
        Command::Send(bytes) => {
            let _ = peer.send(bytes).await;
        }
        Command::Refresh(family) => {
            peer.with_session(move |session, now| session.request_refresh(now, family)).await;
        }
        Command::Filters(family, update) => {
            let work = move |session: &mut bgp_fsm::Session, now| {
                session.change_filters(now, family, update)
            };
            peer.with_session(work).await;
        }
        Command::Reset(why, communication) => {
            peer.with_session(move |session, now| session.reset_saying(now, why, &communication))
                .await;
        }
        Command::Deafen => {}
    }
}

fn happened(state: &mut State, event: Event) {
    match event {
        Event::Established(session) => state.up(*session),
        Event::Update(update) => state.update(&update),
        Event::RouteRefresh(refresh) => state.refreshes.push(refresh),
        Event::Filters(_, filters) => state.filters = Some(filters),
        Event::Stale(family, stale) => state.stale(family, stale),
        Event::Down { reason, retained } => {
            if let DownReason::Received(notification) = &reason {
                state.notifications.push(notification.clone());
            }
            state.down(reason.to_string(), &retained);
        }
    }
}
