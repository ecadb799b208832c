//! MRT: archives of BGP messages and tables (RFC 6396, RFC 8050), as route collectors publish them.
//!
//! [`Reader`] iterates over the records of a file, [`Records`] over those of one that lies in memory;
//! [`Record::encode`] writes them. TABLE_DUMP, TABLE_DUMP_V2,
//! BGP4MP and BGP4MP_ET are read, all others are kept as they are.
//!
//! ```
//! use bgp_wire::mrt::{Reader, RecordBody};
//!
//! // A peer index table, then one prefix with one path: 10.0.0.0/8 by 192.0.2.1, AS 64500.
//! let file: &[u8] = &[
//!     0, 0, 0, 1, 0, 13, 0, 1, 0, 0, 0, 21, // the header: time, TABLE_DUMP_V2, PEER_INDEX_TABLE, length
//!     198, 51, 100, 1, 0, 0, 0, 1, 2, 192, 0, 2, 1, 192, 0, 2, 1, 0, 0, 251, 244, //
//!     0, 0, 0, 1, 0, 13, 0, 2, 0, 0, 0, 34, // RIB_IPV4_UNICAST
//!     0, 0, 0, 0, 8, 10, 0, 1, // its sequence number, 10.0.0.0/8, one entry
//!     0, 0, 0, 0, 0, 1, 0, 18, // of the first peer, its time, 18 octets of attributes
//!     64, 1, 1, 0, 64, 2, 4, 2, 1, 0, 1, 64, 3, 4, 192, 0, 2, 1,
//! ];
//! let mut routes = Vec::new();
//! let mut peers = None;
//! for record in Reader::new(file) {
//!     match record?.body {
//!         RecordBody::PeerIndexTable(table) => peers = Some(table),
//!         RecordBody::Rib(rib) => {
//!             for entry in rib.entries() {
//!                 let peer = peers.as_ref().and_then(|table| table.peer(entry.peer_index));
//!                 let peer = peer.ok_or("a path of nobody")?;
//!                 let prefix = rib.prefix().ok_or("no prefix")?;
//!                 let next_hop = entry.next_hop(rib.family()).ok_or("no next hop")?;
//!                 routes.push(format!("{prefix} via {next_hop}, from AS {}", peer.asn));
//!             }
//!         }
//!         _ => {}
//!     }
//! }
//! assert_eq!(routes, ["10.0.0.0/8 via 192.0.2.1, from AS 64500"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bgp4mp;
mod error;
mod kind;
mod nlri;
mod peer_index;
mod reader;
mod record;
mod records;
mod rib;
mod table_dump;

pub use bgp4mp::{Addresses, MessageRecord, Peering, StateChange};
pub use error::{MrtError, ReadError};
pub use kind::{Bgp4mpSubtype, RecordType, State, TableDumpSubtype, TableDumpV2Subtype};
pub use peer_index::{PeerEntry, PeerIndexTable};
pub use reader::Reader;
pub use record::{HEADER_LENGTH, Record, RecordBody, UnknownRecord};
pub use records::{RecordRef, Records};
pub use rib::{Rib, RibEntries, RibEntry, RibRef};
pub use table_dump::TableDump;

use bytes::{BufMut, BytesMut};

use crate::attribute::view::AttributesRef;
use crate::fields::Fields;
use crate::iana::AS_TRANS;

/// A view on attributes that came from outside, in whatever order: the one place where it is made.
const fn received(attributes: &[u8]) -> AttributesRef<'_> {
    AttributesRef::received(attributes, true)
}

/// A record ends where its last field does.
fn check_end(fields: &Fields<'_>) -> Result<(), MrtError> {
    if fields.is_empty() { Ok(()) } else { Err(MrtError::Trailing { offset: fields.offset() }) }
}

/// Writes an AS number with 4 octets or with 2; with 2, AS_TRANS stands for one that does not fit
/// (RFC 6793 §9).
fn put_asn(asn: u32, four_octet_as: bool, out: &mut BytesMut) {
    match four_octet_as {
        true => out.put_u32(asn),
        false => out.put_u16(u16::try_from(asn).unwrap_or(AS_TRANS)),
    }
}

#[cfg(test)]
mod tests;
