//! Two sessions that have come up with each other through memory.

use std::time::Duration;

use bgp_fsm::{Action, ConnectionId, Endpoints, Session, SessionConfig};
use bgp_wire::Family;
use bytes::BytesMut;

#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) sessions: [Session; 2],
    pub(crate) ids: [ConnectionId; 2],
    pub(crate) now: Duration,
}

fn config(local: u32, remote: u32) -> SessionConfig {
    let mut config = SessionConfig::new(local, remote, local.into());
    config.connect_delay_time = Duration::ZERO;
    config.hold_time = Duration::from_secs(90);
    config.families = [Family::IPV4_UNICAST, Family::IPV6_UNICAST].map(Into::into).into();
    config
}

/// A pair of which nothing is on its way.
pub(crate) fn established() -> Pair {
    let mut waiting = config(65002, 65001);
    waiting.passive = true;
    let sessions = [Session::new(config(65001, 65002), 1), Session::new(waiting, 2)];
    let mut pair = Pair { sessions, ids: [ConnectionId(0); 2], now: Duration::ZERO };
    let (local, remote) = (([192, 0, 2, 1], 40000).into(), ([192, 0, 2, 2], 179).into());
    for session in &mut pair.sessions {
        session.start(pair.now);
    }
    let Some(Action::Connect(id)) = pair.sessions[0].poll_action() else { panic!("does not dial") };
    let ends = Endpoints { local: remote, remote: local };
    let accepted = pair.sessions[1].handle_accepted(pair.now, ends).expect("accepted");
    pair.ids = [id, accepted];
    pair.sessions[0].handle_connected(pair.now, id, Endpoints { local, remote });
    pair.exchange();
    for session in &mut pair.sessions {
        assert!(session.established().is_some());
        while session.poll_event().is_some() {}
    }
    pair
}

impl Pair {
    /// Lets both say what they have to, until they have nothing more.
    pub(crate) fn exchange(&mut self) {
        let mut buffer = BytesMut::new();
        let mut busy = true;
        while busy {
            busy = false;
            for side in 0..2 {
                while let Some((_, bytes)) = self.sessions[side].poll_transmit() {
                    buffer.extend_from_slice(&bytes);
                    self.sessions[1 - side].handle_input(self.now, self.ids[1 - side], &mut buffer);
                    busy = true;
                }
            }
        }
    }
}
