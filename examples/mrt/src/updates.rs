//! Routes of UPDATE messages, wherever they come from.

use std::collections::HashMap;

use bgp_wire::bmp::{self, PeerFlags, PeerHeader, PeerType, PeerUp, RouteMonitoring};
use bgp_wire::{AttributesRef, Context, Disposition, Family, Message, MessageError, Update};
use ipnet::IpNet;

use crate::attributes::Attributes;
use crate::error::{Flaw, Place};

/// One route of an UPDATE.
pub(crate) enum Route<'a> {
    Withdrawn,
    Announced(&'a Attributes<'a>),
}

/// Calls `each` for all routes of an UPDATE: those withdrawn, then those announced, the classic ones first. They
/// are taken as they came, with what can be read of their attributes, whatever flaws would have made of them on
/// a session.
pub(crate) fn for_each_route<E>(
    update: &Update,
    scratch: &mut Vec<u8>,
    mut each: impl FnMut(Family, IpNet, Option<u32>, Route<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let multiprotocol = update.mp_unreach().map(|unreach| unreach.nlri);
    for nlri in [Some(update.withdrawn()), multiprotocol].into_iter().flatten() {
        let mut prefixes = nlri.prefixes();
        while let Some((path_id, prefix)) = prefixes.next_with_path_id() {
            each(nlri.family, prefix, path_id, Route::Withdrawn)?;
        }
    }
    let (mut attributes, _) = Attributes::read(update.canonical_attributes(scratch));
    if !update.flaws().is_empty() {
        attributes.add_discarded(attributes_as_they_came(update), update.attributes());
    }
    let multiprotocol = update.mp_reach().map(|reach| (reach.next_hop, reach.nlri));
    // Among the attributes is a NEXT_HOP only where a flaw took it away.
    let classic = Some((update.next_hop().or(attributes.next_hop), update.announced()));
    for (next_hop, nlri) in [classic, multiprotocol].into_iter().flatten() {
        let attributes = Attributes { next_hop, ..attributes };
        let mut prefixes = nlri.prefixes();
        while let Some((path_id, prefix)) = prefixes.next_with_path_id() {
            each(nlri.family, prefix, path_id, Route::Announced(&attributes))?;
        }
    }
    Ok(())
}

/// All attributes, those too that [`Update::attributes`] leaves out for their flaws.
fn attributes_as_they_came(update: &Update) -> AttributesRef<'_> {
    // Each behind its length: withdrawn routes, attributes (RFC 4271 §4.3)
    fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let (length, rest) = bytes.split_first_chunk()?;
        rest.split_at_checked(u16::from_be_bytes(*length).into())
    }
    let attributes = field(update.body()).and_then(|(_, rest)| field(rest));
    let attributes = attributes.map(|(attributes, _)| attributes).unwrap_or_default();
    AttributesRef::received(attributes, update.attributes().four_octet_as())
}

/// The first flaw of an UPDATE.
pub(crate) fn flaw_of(update: &Update, place: Place) -> Result<(), Flaw> {
    match update.flaws().first() {
        Some(flaw) => Err(Flaw::Update { place, error: flaw.error.clone() }),
        None => Ok(()),
    }
}

/// Whether the places of its routes cannot be told.
fn is_unreadable(update: &Update) -> bool {
    matches!(update.disposition(), Some(Disposition::SessionReset | Disposition::DisableFamily(_)))
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
    sessions: HashMap<Peer, Session>,
}

/// A session of the router.
#[derive(Debug)]
struct Session {
    up: PeerUp,
    /// How the tables that were told so far are read, by the flags that say which it is and how it is written.
    contexts: HashMap<PeerFlags, Context>,
}

impl BmpPeers {
    /// Takes note of sessions that come and go.
    pub(crate) fn note(&mut self, message: &bmp::Message) {
        match message {
            bmp::Message::PeerUp(up) => {
                let session = Session { up: up.clone(), contexts: HashMap::new() };
                self.sessions.insert(key(&up.peer), session);
            }
            bmp::Message::PeerDown(down) => drop(self.sessions.remove(&key(&down.peer))),
            _ => {}
        }
    }

    /// Reads routes as their session says; as if it had no path identifiers where it is not known.
    ///
    /// FRR 8.4, and GoBGP 3.10 after the policy, leave path identifiers out that were agreed on. Once a message
    /// can only be read without, those of that table that follow are read so too.
    pub(crate) fn decode(&mut self, routes: &RouteMonitoring) -> Result<Update, MessageError> {
        let header = &routes.peer;
        let plain = header.context();
        let Some(session) = self.sessions.get_mut(&key(header)) else {
            return routes.decode_update(&plain);
        };
        let agreed = || session.up.context(header).unwrap_or_else(|_| plain.clone());
        let context = session.contexts.entry(table_flags(header)).or_insert_with(agreed);
        let update = routes.decode_update(context)?;
        if *context == plain || !is_unreadable(&update) {
            return Ok(update);
        }
        let again = routes.decode_update(&plain)?;
        if is_unreadable(&again) {
            return Ok(update);
        }
        *context = plain;
        Ok(again)
    }
}

/// Those of the flags that matter to how a message is read: others would let one session have 256 tables.
fn table_flags(peer: &PeerHeader) -> PeerFlags {
    let meant = PeerFlags::POST_POLICY | PeerFlags::TWO_OCTET_AS | PeerFlags::ADJ_RIB_OUT;
    PeerFlags(if peer.is_loc_rib() { 0 } else { peer.flags.0 & meant.0 })
}

fn key(peer: &PeerHeader) -> Peer {
    (peer.peer_type, peer.distinguisher, peer.raw_address)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Each table costs a reading of two OPENs.
    #[test]
    fn a_session_has_few_tables() {
        let mut peer = PeerHeader::new([192, 0, 2, 1].into(), 1, [1; 4].into());
        for (peer_type, count) in [(PeerType::GLOBAL_INSTANCE, 8), (PeerType::LOC_RIB_INSTANCE, 1)]
        {
            peer.peer_type = peer_type;
            let of = |flags| table_flags(&PeerHeader { flags: PeerFlags(flags), ..peer });
            assert_eq!((0..=255).map(of).collect::<HashSet<_>>().len(), count);
        }
    }
}
