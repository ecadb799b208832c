//! Neighbours that are known by a range of addresses.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use ipnet::IpNet;
use thiserror::Error;

use crate::config::SessionConfig;
use crate::event::{ConnectionId, Endpoints};
use crate::session::Session;

/// A range from which neighbours may connect, and what is configured for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighborRange {
    /// Their addresses
    pub prefix: IpNet,
    /// The configuration, but that they are never dialled
    pub config: SessionConfig,
    /// How many there may be at a time
    pub limit: usize,
}

/// Makes sessions for neighbours that are not configured one by one: whoever connects from a range is one.
///
/// The host keeps the sessions. One that has neither a connection nor routes that are kept is
/// [over](Session::is_over), and takes the place of another: drop it and [`release`](Self::release) its address. It
/// is to be looked for after [`Event::Down`](crate::Event::Down), and, where routes were retained then, after each
/// [`Event::Stale`](crate::Event::Stale): who does not come back after a restart goes down only once.
///
/// ```
/// use bgp_fsm::{DynamicNeighbors, Endpoints, NeighborRange, RemoteAs, SessionConfig, State};
/// use core::time::Duration;
///
/// let config = SessionConfig::new(65001, RemoteAs::External, "192.0.2.1".parse()?);
/// let mut neighbors = DynamicNeighbors::default();
/// neighbors.add(NeighborRange { prefix: "192.0.2.0/24".parse()?, config, limit: 100 });
///
/// let ends = |from: &str| Endpoints {
///     local: "192.0.2.1:179".parse().unwrap(),
///     remote: from.parse().unwrap(),
/// };
/// let (now, seed) = (Duration::ZERO, 1);
/// let (session, connection) = neighbors.accept(now, ends("192.0.2.7:40000"), seed)?;
/// assert_eq!(session.state(), State::OpenSent);
/// assert!(neighbors.accept(now, ends("198.51.100.7:40000"), seed).is_err());
/// neighbors.release("192.0.2.7:40000".parse()?);
/// assert!(neighbors.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct DynamicNeighbors {
    ranges: Vec<Range>,
    /// By address, and scope of a link-local one: the range.
    members: BTreeMap<(IpAddr, u32), IpNet>,
}

#[derive(Debug, Clone)]
struct Range {
    prefix: IpNet,
    config: Arc<SessionConfig>,
    limit: usize,
    members: usize,
}

/// Why a connection is not taken: close it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum NeighborRefused {
    /// No range has the address.
    #[error("{0} is in no range of neighbours")]
    Stranger(IpAddr),
    /// The range has as many neighbours as it may.
    #[error("{prefix} has {limit} neighbours already")]
    Full {
        /// The range
        prefix: IpNet,
        /// How many it may have
        limit: usize,
    },
    /// There is a session with this neighbour, for [`Session::handle_accepted`] to decide.
    #[error("{0} has a session already")]
    Known(IpAddr),
}

fn key(remote: SocketAddr) -> (IpAddr, u32) {
    let address = remote.ip().to_canonical();
    match (address, remote) {
        (IpAddr::V6(v6), SocketAddr::V6(remote)) if v6.is_unicast_link_local() => {
            (address, remote.scope_id())
        }
        _ => (address, 0),
    }
}

impl DynamicNeighbors {
    /// Adds a range, or changes what is configured for new neighbours of one. An address that several have
    /// belongs to the longest.
    pub fn add(&mut self, range: NeighborRange) {
        let NeighborRange { prefix, mut config, limit } = range;
        let prefix = prefix.trunc();
        config.passive = true;
        let members = self.members.values().filter(|of| **of == prefix).count();
        self.ranges.retain(|range| range.prefix != prefix);
        self.ranges.push(Range { prefix, config: Arc::new(config), limit, members });
        self.ranges.sort_by_key(|range| core::cmp::Reverse(range.prefix.prefix_len()));
    }

    /// Removes a range. Its neighbours' sessions are for the host to stop.
    pub fn remove(&mut self, prefix: IpNet) {
        self.ranges.retain(|range| range.prefix != prefix.trunc());
    }

    /// A neighbour has connected: makes its session, which is started and has the connection. `seed` as in
    /// [`Session::new`].
    ///
    /// # Errors
    /// Why not.
    pub fn accept(
        &mut self,
        now: Duration,
        ends: Endpoints,
        seed: u64,
    ) -> Result<(Session, ConnectionId), NeighborRefused> {
        let key = key(ends.remote);
        if self.members.contains_key(&key) {
            return Err(NeighborRefused::Known(key.0));
        }
        let range = self.ranges.iter_mut().find(|range| range.prefix.contains(&key.0));
        let range = range.ok_or(NeighborRefused::Stranger(key.0))?;
        let Range { prefix, limit, .. } = *range;
        if range.members >= limit {
            return Err(NeighborRefused::Full { prefix, limit });
        }
        let mut session = Session::new(range.config.clone(), seed);
        session.start(now);
        let id = session.handle_accepted(now, ends).ok_or(NeighborRefused::Known(key.0))?;
        range.members += 1;
        self.members.insert(key, prefix);
        Ok((session, id))
    }

    /// The session with this neighbour is over.
    pub fn release(&mut self, remote: SocketAddr) {
        let Some(prefix) = self.members.remove(&key(remote)) else { return };
        if let Some(range) = self.ranges.iter_mut().find(|range| range.prefix == prefix) {
            range.members = range.members.saturating_sub(1);
        }
    }

    /// How many neighbours there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Event, RemoteAs, State};

    fn ends(remote: &str) -> Endpoints {
        let local = "192.0.2.1:179".parse().expect("an address");
        Endpoints { local, remote: remote.parse().expect("an address") }
    }

    fn neighbors(ranges: &[(&str, u32, usize)]) -> DynamicNeighbors {
        let mut neighbors = DynamicNeighbors::default();
        for (prefix, asn, limit) in ranges {
            let config = SessionConfig::new(*asn, RemoteAs::Any, [192, 0, 2, 1].into());
            let prefix = prefix.parse().expect("a prefix");
            neighbors.add(NeighborRange { prefix, config, limit: *limit });
        }
        neighbors
    }

    fn accept(neighbors: &mut DynamicNeighbors, from: &str) -> Result<u32, NeighborRefused> {
        let accepted = neighbors.accept(Duration::ZERO, ends(from), 1);
        accepted.map(|(session, _)| {
            assert_eq!(session.state(), State::OpenSent);
            assert!(session.config().passive);
            session.config().local_as
        })
    }

    #[test]
    fn the_longest_range_decides() {
        let mut neighbors =
            neighbors(&[("10.0.0.0/8", 1, 9), ("10.1.0.0/16", 2, 9), ("fe80::/10", 3, 9)]);
        assert_eq!(accept(&mut neighbors, "10.1.2.3:40000"), Ok(2));
        assert_eq!(accept(&mut neighbors, "10.2.2.3:40000"), Ok(1));
        assert_eq!(accept(&mut neighbors, "[::ffff:10.3.0.1]:40000"), Ok(1));
        assert_eq!(accept(&mut neighbors, "[fe80::1%2]:179"), Ok(3));
        assert_eq!(accept(&mut neighbors, "[fe80::1%3]:179"), Ok(3), "on another interface");
        let address = "192.0.2.9".parse().expect("an address");
        assert_eq!(accept(&mut neighbors, "192.0.2.9:1"), Err(NeighborRefused::Stranger(address)));
    }

    /// A neighbour that does not come back after a graceful restart is over when its last routes are: there is
    /// no other [`Event::Down`] then.
    #[test]
    fn rfc4724_4_2_who_never_comes_back_is_over_in_the_end() {
        use bgp_wire::{Family, Message};

        let restarts = |asn: u32| {
            let mut config = SessionConfig::new(asn, RemoteAs::Any, asn.into());
            config.graceful_restart = Some(crate::RestartConfig::default());
            let forwarding = Some(crate::Forwarding::Preserved);
            config.families.iter_mut().for_each(|one| one.forwarding = forwarding);
            config
        };
        let mut neighbors = DynamicNeighbors::default();
        let prefix = "10.0.0.0/8".parse().expect("a prefix");
        neighbors.add(NeighborRange { prefix, config: restarts(1), limit: 1 });
        let (now, family) = (Duration::ZERO, Family::IPV4_UNICAST);
        let (mut session, id) = neighbors.accept(now, ends("10.0.0.1:1"), 1).expect("room");
        let open = Message::Open(restarts(2).open(&Default::default(), false));
        let bytes = [open.to_bytes(), Message::Keepalive.to_bytes()].concat();
        session.handle_input(now, id, &mut bytes[..].into());
        assert_eq!(session.state(), State::Established);
        session.handle_disconnected(now, id);
        let events = |session: &mut Session| -> Vec<_> {
            core::iter::from_fn(|| session.poll_event()).collect()
        };
        let before = events(&mut session);
        assert!(!session.is_over(), "{before:?}");
        let Some(Event::Down { retained, .. }) = before.last() else { panic!("{before:?}") };
        assert_eq!(retained[..], [family]);
        let at = session.poll_timeout().expect("Restart Time");
        session.handle_timeout(at);
        assert_eq!(events(&mut session), [Event::Stale(family, crate::Stale::Sweep)]);
        assert!(session.is_over());
    }

    #[test]
    fn no_more_than_the_limit() {
        let mut neighbors = neighbors(&[("10.0.0.0/8", 1, 2)]);
        let prefix = "10.0.0.0/8".parse().expect("a prefix");
        assert!(accept(&mut neighbors, "10.0.0.1:1").is_ok());
        let known = NeighborRefused::Known([10, 0, 0, 1].into());
        assert_eq!(accept(&mut neighbors, "10.0.0.1:2"), Err(known), "from another port");
        assert!(accept(&mut neighbors, "10.0.0.2:1").is_ok());
        let full = NeighborRefused::Full { prefix, limit: 2 };
        assert_eq!(accept(&mut neighbors, "10.0.0.3:1"), Err(full));
        neighbors.release("10.0.0.1:9".parse().expect("an address"));
        neighbors.release("10.0.0.1:9".parse().expect("an address"));
        assert!(accept(&mut neighbors, "10.0.0.3:1").is_ok());
        assert_eq!(accept(&mut neighbors, "10.0.0.4:1"), Err(full));
        assert_eq!(neighbors.len(), 2);
        // A range that comes back still has those that are there.
        neighbors.remove(prefix);
        assert!(matches!(accept(&mut neighbors, "10.0.0.4:1"), Err(NeighborRefused::Stranger(_))));
        let config = SessionConfig::new(5, RemoteAs::Any, [192, 0, 2, 1].into());
        neighbors.add(NeighborRange { prefix, config, limit: 3 });
        assert_eq!(accept(&mut neighbors, "10.0.0.4:1"), Ok(5));
        assert_eq!(
            accept(&mut neighbors, "10.0.0.5:1"),
            Err(NeighborRefused::Full { prefix, limit: 3 })
        );
    }
}
