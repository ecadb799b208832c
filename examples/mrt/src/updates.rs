//! Routes of UPDATE messages, wherever they come from.

use std::collections::{HashMap, HashSet};

use bgp_wire::bmp::{self, PeerFlags, PeerHeader, PeerType, PeerUp, RouteMonitoring};
use bgp_wire::{Family, Message, MessageError, Update};
use ipnet::IpNet;

use crate::attributes::Attributes;

/// One route of an UPDATE.
pub(crate) enum Route<'a> {
    Withdrawn,
    Announced(&'a Attributes<'a>),
}

/// Calls `each` for all routes of an UPDATE: those withdrawn, then those announced.
pub(crate) fn for_each_route<E>(
    update: &Update,
    scratch: &mut Vec<u8>,
    mut each: impl FnMut(Family, IpNet, Option<u32>, Route<'_>) -> Result<(), E>,
) -> Result<(), E> {
    for unreach in update.unreach() {
        let mut prefixes = unreach.nlri.prefixes();
        while let Some((path_id, prefix)) = prefixes.next_with_path_id() {
            each(unreach.family, prefix, path_id, Route::Withdrawn)?;
        }
    }
    let attributes = Attributes::read(update.canonical_attributes(scratch)).unwrap_or_default();
    for reach in update.reach() {
        let attributes = Attributes { next_hop: Some(reach.next_hop), ..attributes };
        let mut prefixes = reach.nlri.prefixes();
        while let Some((path_id, prefix)) = prefixes.next_with_path_id() {
            each(reach.family, prefix, path_id, Route::Announced(&attributes))?;
        }
    }
    Ok(())
}

/// The UPDATE among messages.
pub(crate) fn update_of(message: Message) -> Option<Update> {
    match message {
        Message::Update(update) => Some(update),
        _ => None,
    }
}

/// A peer of a BMP stream: type, distinguisher, address.
type Peer = (PeerType, u64, [u8; 16]);

/// What the peers of a BMP stream have negotiated.
#[derive(Debug, Default)]
pub(crate) struct BmpPeers {
    up: HashMap<Peer, PeerUp>,
    /// Tables of peers that are told without path identifiers although the OPENs agree on them
    plain: HashSet<(Peer, PeerFlags)>,
}

impl BmpPeers {
    /// Takes note of sessions that come and go.
    pub(crate) fn note(&mut self, message: &bmp::Message) {
        match message {
            bmp::Message::PeerUp(up) => drop(self.up.insert(key(&up.peer), up.clone())),
            bmp::Message::PeerDown(down) => drop(self.up.remove(&key(&down.peer))),
            _ => {}
        }
    }

    /// Reads routes as their session says; as if it had no path identifiers where it is not known.
    ///
    /// FRR 8.4, and GoBGP 3.10 after the policy, leave path identifiers out that were agreed on. Once a message
    /// can only be read without, those of that table that follow are read so too.
    pub(crate) fn decode(&mut self, routes: &RouteMonitoring) -> Result<Update, MessageError> {
        let (peer, plain) = (key(&routes.peer), routes.peer.context());
        let table = (peer, routes.peer.flags);
        let agreed = self.up.get(&peer).and_then(|up| up.context(&routes.peer).ok());
        match agreed {
            Some(context) if context != plain && !self.plain.contains(&table) => {
                let read = routes.decode_update(&context);
                let Err(error) = read else { return read };
                let again = routes.decode_update(&plain).map_err(|_| error)?;
                self.plain.insert(table);
                Ok(again)
            }
            _ => routes.decode_update(&plain),
        }
    }
}

fn key(peer: &PeerHeader) -> Peer {
    (peer.peer_type, peer.distinguisher, peer.raw_address)
}
