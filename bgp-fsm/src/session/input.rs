//! Bytes of the neighbour: from frames to the events of the state machine.

use core::time::Duration;

use bgp_wire::{
    Context, Disposition, Frame, Message, MessageError, MessageType, Notification,
    NotificationCode, Open, split_frame, subcode,
};
use bytes::BytesMut;

use super::{MOST_EVENTS, Session};
use crate::collision::keep_dialled;
use crate::connection::Transport;
use crate::error::DownReason;
use crate::event::ConnectionId;
use crate::fsm::{FsmEvent, State};
use crate::negotiate::{check, negotiate, only_negotiated};
use crate::session::machine::{Deliver, Detail};
use crate::timer::Timer;

impl Session {
    /// Bytes came: takes whole messages off the front of `data`, as long as not too many events wait to be
    /// polled.
    pub fn handle_input(&mut self, now: Duration, id: ConnectionId, data: &mut BytesMut) {
        // However much comes in, these go out in time.
        self.send_due_keepalives(now);
        loop {
            let Some(index) = self.index_of(id) else {
                // The connection is being closed: what still comes means nothing.
                data.clear();
                return;
            };
            let connection = &mut self.connections[index];
            if !connection.is_open() {
                return;
            }
            connection.backlog = self.events.len() >= MOST_EVENTS && !data.is_empty();
            if connection.backlog {
                return;
            }
            let established = connection.state == State::Established;
            let negotiated = connection.negotiated().filter(|_| established);
            let plain = Context::default();
            let context = negotiated.map_or(&plain, |negotiated| &negotiated.receive);
            match split_frame(data, context) {
                Ok(None) => return,
                Ok(Some(frame)) => {
                    self.statistics.received.count(frame.kind, 1);
                    match self.decode(index, &frame) {
                        Ok((event, detail)) => self.step(now, index, event, detail),
                        Err(Some(error)) => self.malformed(now, index, error),
                        Err(None) => {}
                    }
                }
                Err(error) => self.malformed(now, index, error.into()),
            }
        }
    }

    fn malformed(&mut self, now: Duration, index: usize, error: MessageError) {
        let (event, kind) = match error {
            MessageError::Open(_) => (FsmEvent::BgpOpenMsgErr, Some(MessageType::OPEN)),
            MessageError::Update(_) => (FsmEvent::UpdateMsgErr, Some(MessageType::UPDATE)),
            _ => (FsmEvent::BgpHeaderErr, None),
        };
        self.step(now, index, event, Detail { kind, ..Detail::malformed(error) });
    }

    /// The event that a message is. `Err(None)`: none.
    fn decode(
        &mut self,
        index: usize,
        frame: &Frame,
    ) -> Result<(FsmEvent, Detail), Option<MessageError>> {
        let connection = &self.connections[index];
        let of = Detail::of(frame.kind);
        let negotiated = match (connection.state, connection.negotiated()) {
            (State::Established, Some(negotiated)) => negotiated,
            // Whatever is in them, they are not expected yet.
            _ if frame.kind == MessageType::UPDATE => return Ok((FsmEvent::UpdateMsg, of)),
            _ if frame.kind == MessageType::ROUTE_REFRESH => {
                return Ok((FsmEvent::RouteRefreshMsg, of));
            }
            _ => return self.decode_opening(index, frame),
        };
        let message = Message::decode(frame, &negotiated.receive)?;
        // RFC 7606 §3 j leaves the choice between the end of the family and that of the session.
        if let Message::Update(update) = &message
            && let Some(Disposition::DisableFamily(family)) = update.disposition()
            // Those of others are to be ignored anyway (RFC 4760 §7).
            && negotiated.families.contains(&family)
            && let Some(flaw) = update.flaws().iter().max_by_key(|flaw| flaw.disposition)
        {
            return Err(Some(flaw.error.clone().into()));
        }
        Ok(match message {
            Message::Open(_) => (FsmEvent::BgpOpen, of),
            Message::Keepalive => (FsmEvent::KeepAliveMsg, of),
            Message::Notification(notification) => self.notified(notification),
            Message::Update(update) => match only_negotiated(update, negotiated) {
                Some((update, end)) => {
                    let deliver = Deliver::Update(update, end);
                    (FsmEvent::UpdateMsg, Detail { deliver, ..of })
                }
                None => (FsmEvent::UpdateMsg, of),
            },
            Message::RouteRefresh(refresh) => {
                let deliver = Deliver::RouteRefresh(refresh);
                (FsmEvent::RouteRefreshMsg, Detail { deliver, ..of })
            }
            // `Message` may grow; framing lets only known types through.
            _ => return Err(None),
        })
    }

    /// Before the session is established.
    fn decode_opening(
        &mut self,
        index: usize,
        frame: &Frame,
    ) -> Result<(FsmEvent, Detail), Option<MessageError>> {
        Ok(match Message::decode(frame, &Context::default())? {
            Message::Open(open) => return self.decode_open(index, &open),
            Message::Keepalive => (FsmEvent::KeepAliveMsg, Detail::of(frame.kind)),
            Message::Notification(notification) => self.notified(notification),
            _ => return Err(None),
        })
    }

    fn notified(&self, notification: Notification) -> (FsmEvent, Detail) {
        let version = notification.code == NotificationCode::OPEN_MESSAGE
            && notification.subcode == subcode::open::UNSUPPORTED_VERSION_NUMBER;
        let event = if version { FsmEvent::NotifMsgVerErr } else { FsmEvent::NotifMsg };
        (event, Detail::because(DownReason::Received(notification)))
    }

    /// Checks and negotiates; the first OPEN of a connection only.
    fn decode_open(
        &mut self,
        index: usize,
        open: &Open,
    ) -> Result<(FsmEvent, Detail), Option<MessageError>> {
        let connection = &mut self.connections[index];
        let of = Detail::of(MessageType::OPEN);
        if connection.state > State::OpenSent {
            return Ok((FsmEvent::BgpOpen, of));
        }
        let delayed = connection.timers.is_running(Timer::DelayOpen);
        if let Some(transport) = &mut connection.transport
            && let Some(ends) = transport.ends
        {
            check(&self.config, open).map_err(MessageError::from)?;
            let local = transport
                .local
                .take()
                .unwrap_or_else(|| self.config.open(&self.refused, self.restarted).into());
            let negotiated = negotiate(&self.config, &local, open, ends);
            transport.local = Some(local);
            transport.negotiated = Some(negotiated.map_err(MessageError::from)?.into());
        }
        let event =
            if delayed { FsmEvent::BgpOpenWithDelayOpenTimerRunning } else { FsmEvent::BgpOpen };
        Ok((event, of))
    }

    /// RFC 4271 §6.8, for a connection whose OPEN has just come: ends it, or the other one, or none. Tells
    /// whether it is left.
    pub(super) fn resolve_collision(&mut self, now: Duration, index: usize) -> bool {
        let other = 1 - index;
        if !self.connections[other].is_open() {
            // One connection is enough. No OPEN was sent on the other, so nobody can have decided for it.
            self.clear(other);
            return true;
        }
        let connection = &self.connections[index];
        let (Some(Transport { dialled, .. }), Some(negotiated)) =
            (&connection.transport, connection.negotiated())
        else {
            return true;
        };
        if self.state_of(other) < State::OpenConfirm {
            return true;
        }
        let local = (self.config.router_id, self.config.local_as);
        let remote = (negotiated.remote_id, negotiated.remote_as);
        let stays = *dialled == keep_dialled(local, remote);
        let loser = if stays { other } else { index };
        let subcode = subcode::cease::CONNECTION_COLLISION_RESOLUTION;
        let notification = Notification::new(NotificationCode::CEASE, subcode);
        self.step(now, loser, FsmEvent::OpenCollisionDump, Detail::answer(notification));
        stays
    }
}
