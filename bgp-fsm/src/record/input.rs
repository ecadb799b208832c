//! What can be done to a session.

use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

use bgp_wire::{Family, OrfUpdate};
use bytes::Bytes;

use super::codec::{Reader, Writer};
use super::filters;
use crate::event::{ConnectionId, Endpoints, Shutdown};

/// Stands in the first octet of an input before which not all was polled.
pub(super) const PARTLY_POLLED: u8 = 0x80;

/// A call of a [`Session`](crate::Session), but for polls.
#[expect(missing_docs, reason = "named as the methods are, with their arguments")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Input {
    Start,
    Stop(Shutdown, String),
    Reset(Shutdown, String),
    SetRestarted(bool),
    Connected(ConnectionId, Endpoints),
    ConnectFailed(ConnectionId, String),
    Accepted(Endpoints),
    Disconnected(ConnectionId),
    Neighbor(Option<IpAddr>),
    Blocked(ConnectionId),
    Written(ConnectionId),
    Backlog(ConnectionId),
    /// Those that came since the last time
    Bytes(ConnectionId, Bytes),
    Timeout,
    UpdateSent(u32),
    RequestRefresh(Family),
    ChangeFilters(Family, OrfUpdate),
}

impl Input {
    pub(super) const fn code(&self) -> u8 {
        match self {
            Self::Start => 0,
            Self::Stop(..) => 1,
            Self::Reset(..) => 2,
            Self::SetRestarted(_) => 3,
            Self::Connected(..) => 4,
            Self::ConnectFailed(..) => 5,
            Self::Accepted(_) => 6,
            Self::Disconnected(_) => 7,
            Self::Neighbor(_) => 8,
            Self::Blocked(_) => 9,
            Self::Written(_) => 10,
            Self::Backlog(_) => 11,
            Self::Bytes(..) => 12,
            Self::Timeout => 13,
            Self::UpdateSent(_) => 14,
            Self::RequestRefresh(_) => 15,
            Self::ChangeFilters(..) => 16,
        }
    }

    pub(super) fn write(&self, log: &mut Writer) {
        match self {
            Self::Start | Self::Timeout => {}
            Self::Stop(why, text) | Self::Reset(why, text) => {
                write_shutdown(log, *why);
                log.bytes(text.as_bytes());
            }
            Self::SetRestarted(restarted) => log.flag(*restarted),
            Self::Connected(id, ends) => {
                log.id(*id);
                log.ends(ends);
            }
            Self::ConnectFailed(id, text) => {
                log.id(*id);
                log.bytes(text.as_bytes());
            }
            Self::Accepted(ends) => log.ends(ends),
            Self::Disconnected(id) | Self::Blocked(id) | Self::Written(id) | Self::Backlog(id) => {
                log.id(*id);
            }
            Self::Neighbor(address) => log.option(*address, Writer::address),
            Self::Bytes(id, bytes) => {
                log.id(*id);
                log.bytes(bytes);
            }
            Self::UpdateSent(messages) => log.number(*messages),
            Self::RequestRefresh(family) => log.family(*family),
            Self::ChangeFilters(family, update) => {
                log.family(*family);
                filters::write(log, update);
            }
        }
    }

    pub(super) fn read(code: u8, log: &mut Reader) -> Option<Self> {
        Some(match code {
            0 => Self::Start,
            1 => Self::Stop(read_shutdown(log)?, log.text()?),
            2 => Self::Reset(read_shutdown(log)?, log.text()?),
            3 => Self::SetRestarted(log.flag()?),
            4 => Self::Connected(log.id()?, log.ends()?),
            5 => Self::ConnectFailed(log.id()?, log.text()?),
            6 => Self::Accepted(log.ends()?),
            7 => Self::Disconnected(log.id()?),
            8 => Self::Neighbor(log.option(Reader::address)?),
            9 => Self::Blocked(log.id()?),
            10 => Self::Written(log.id()?),
            11 => Self::Backlog(log.id()?),
            12 => Self::Bytes(log.id()?, log.bytes()?),
            13 => Self::Timeout,
            14 => Self::UpdateSent(log.small()?),
            15 => Self::RequestRefresh(log.family()?),
            16 => Self::ChangeFilters(log.family()?, filters::read(log)?),
            _ => return None,
        })
    }
}

/// In the order of their codes.
const PLAIN: [Shutdown; 8] = [
    Shutdown::AdministrativeShutdown,
    Shutdown::AdministrativeReset,
    Shutdown::DeConfigured,
    Shutdown::OtherConfigurationChange,
    Shutdown::OutOfResources,
    Shutdown::BfdDown,
    Shutdown::LinkDown,
    Shutdown::Restart,
];
const MAXIMUM_PREFIXES: u8 = 100;

fn write_shutdown(log: &mut Writer, why: Shutdown) {
    if let Shutdown::MaximumPrefixes(limit) = why {
        log.octet(MAXIMUM_PREFIXES);
        return log.option(limit, |log, (family, limit)| {
            log.family(family);
            log.number(limit);
        });
    }
    let code = (0_u8..).zip(PLAIN).find(|one| one.1 == why);
    log.octet(code.map_or(0, |one| one.0));
}

fn read_shutdown(log: &mut Reader) -> Option<Shutdown> {
    match log.octet()? {
        MAXIMUM_PREFIXES => {
            let limit = log.option(|log| Some((log.family()?, log.small()?)))?;
            Some(Shutdown::MaximumPrefixes(limit))
        }
        code => PLAIN.get(usize::from(code)).copied(),
    }
}

/// Short, with bytes by their number.
impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(ConnectionId(id), bytes) => {
                write!(f, "{} bytes on connection {id}", bytes.len())
            }
            Self::Accepted(ends) => write!(f, "accepted {} - {}", ends.local, ends.remote),
            Self::Connected(ConnectionId(id), ends) => {
                write!(f, "connection {id} is up: {} - {}", ends.local, ends.remote)
            }
            Self::ConnectFailed(ConnectionId(id), text) => {
                write!(f, "connection {id} failed: {text}")
            }
            Self::Disconnected(ConnectionId(id)) => write!(f, "connection {id} is lost"),
            other => write!(f, "{other:?}"),
        }
    }
}
