//! Bytes of the neighbour: from frames to the events of the state machine.

use core::time::Duration;

use bgp_wire::{
    Context, Disposition, Family, Flaw, Frame, Message, MessageError, MessageType, Notification,
    NotificationCode, Open, Update, split_frame, subcode,
};
use bytes::BytesMut;

use super::{MOST_EVENTS, Session};
use crate::collision::keep_dialled;
use crate::connection::Transport;
use crate::error::DownReason;
use crate::event::{ConnectionId, Event};
use crate::fsm::{FsmEvent, State};
use crate::negotiate::{Negotiated, check, negotiate};
use crate::session::machine::Detail;
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
                    if established && frame.kind == MessageType::UPDATE {
                        self.update(now, index, frame);
                    } else if established && frame.kind == MessageType::ROUTE_REFRESH {
                        self.route_refresh(now, index, &frame);
                    } else {
                        match self.decode(index, &frame) {
                            Ok((event, detail)) => drop(self.step(now, index, event, detail)),
                            Err(error) => self.malformed(now, index, error),
                        }
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

    /// An UPDATE on the established session. What a host spends its time with: it is moved as little as can be.
    #[inline]
    fn update(&mut self, now: Duration, index: usize, frame: Frame) {
        let Some(negotiated) = self.connections[index].negotiated() else { return };
        let mut update = Update::decode(frame.body, &negotiated.receive);
        if !update.flaws().is_empty()
            && let Some(error) = ends_session(&update, negotiated)
        {
            return self.malformed(now, index, error);
        }
        let end_of_rib = update.end_of_rib();
        let any = has_negotiated(&mut update, end_of_rib, negotiated);
        if self.step(now, index, FsmEvent::UpdateMsg, Detail::default()) && any {
            self.events.push_back(Event::Update(update));
            if let Some(family) = end_of_rib {
                self.routes_told(family);
            }
        }
    }

    /// A ROUTE-REFRESH on the established session.
    fn route_refresh(&mut self, now: Duration, index: usize, frame: &Frame) {
        match Message::decode(frame, &Context::default()) {
            Ok(Message::RouteRefresh(refresh)) => {
                if self.step(now, index, FsmEvent::RouteRefreshMsg, Detail::of(frame.kind)) {
                    self.refresh(now, refresh);
                }
            }
            Ok(_) => {}
            Err(error) => self.malformed(now, index, error),
        }
    }

    /// The event that any other message is.
    fn decode(&mut self, index: usize, frame: &Frame) -> Result<(FsmEvent, Detail), MessageError> {
        let of = Detail::of(frame.kind);
        Ok(match frame.kind {
            // Whatever is in them, they are not expected yet.
            MessageType::UPDATE => (FsmEvent::UpdateMsg, of),
            MessageType::ROUTE_REFRESH => (FsmEvent::RouteRefreshMsg, of),
            _ => match Message::decode(frame, &Context::default())? {
                Message::Open(open) => return self.decode_open(index, &open),
                Message::Notification(notification) => Self::notified(notification),
                // Framing lets only known types through.
                _ => (FsmEvent::KeepAliveMsg, of),
            },
        })
    }

    fn notified(notification: Notification) -> (FsmEvent, Detail) {
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
    ) -> Result<(FsmEvent, Detail), MessageError> {
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
            let negotiated = negotiate(&self.config, *local, open.clone(), ends);
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

/// The flaw that ends the session. RFC 7606 §3 j leaves the choice between the end of a family and that of the
/// session; families of others are to be ignored anyway (RFC 4760 §7).
#[cold]
fn ends_session(update: &Update, negotiated: &Negotiated) -> Option<MessageError> {
    let ends = |flaw: &&Flaw| match flaw.disposition {
        Disposition::SessionReset => true,
        Disposition::DisableFamily(family) => negotiated.families.contains(&family),
        _ => false,
    };
    let worst = update.flaws().iter().filter(ends).max_by_key(|flaw| flaw.disposition);
    worst.map(|flaw| flaw.error.clone().into())
}

/// Reduces an UPDATE to families that were negotiated; tells whether there is anything for the host in it.
/// RFC 4760 §7 lets a speaker ignore the rest.
fn has_negotiated(
    update: &mut Update,
    end_of_rib: Option<Family>,
    negotiated: &Negotiated,
) -> bool {
    let has = |family: Family| negotiated.families.contains(&family);
    match end_of_rib {
        Some(family) => has(family),
        None => {
            let removed = update.retain_families(has);
            !removed || update.reach().next().is_some() || update.unreach().next().is_some()
        }
    }
}
