//! PEER_INDEX_TABLE (RFC 6396 §4.3.1).

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use bytes::{BufMut, Bytes, BytesMut};

use crate::fields::Fields;
use crate::mrt::error::MrtError;
use crate::mrt::{check_end, put_asn};

/// The A bit of a Peer Type: the AS number has 4 octets.
const FOUR_OCTET_AS: u8 = 2;
/// The I bit: the address is an IPv6 one.
const IPV6: u8 = 1;

/// The peers that the RIB records behind this one name by their place in the list (RFC 6396 §4.3.1).
///
/// ```
/// use bgp_wire::mrt::{PeerEntry, PeerIndexTable, Record, RecordBody};
///
/// let peer = PeerEntry {
///     bgp_id: "192.0.2.1".parse()?,
///     address: "2001:db8::1".parse()?,
///     asn: 4_200_000_001,
///     four_octet_as: true,
/// };
/// let table = PeerIndexTable {
///     collector: "198.51.100.1".parse()?,
///     view_name: "main".into(),
///     peers: vec![peer],
/// };
/// let record = Record::new(1_700_000_000, RecordBody::PeerIndexTable(table));
/// assert_eq!(Record::decode(record.to_bytes()?)?, record);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerIndexTable {
    /// BGP identifier of the collector
    pub collector: Ipv4Addr,
    /// The view's name in UTF-8, or nothing
    pub view_name: Bytes,
    /// The peers
    pub peers: Vec<PeerEntry>,
}

/// A peer of the collector (RFC 6396 §4.3.1). Reserved bits of its Peer Type are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerEntry {
    /// Its BGP identifier
    pub bgp_id: Ipv4Addr,
    /// Its address
    pub address: IpAddr,
    /// Its AS number
    pub asn: u32,
    /// Whether the AS number is written with 4 octets; else AS_TRANS stands for one that needs them
    pub four_octet_as: bool,
}

impl PeerIndexTable {
    pub(super) fn decode(body: &Bytes, start: usize) -> Result<Self, MrtError> {
        let mut fields = Fields::new(body, start);
        let collector = fields.ipv4("collector BGP ID")?;
        let length = usize::from(fields.u16("view name length")?);
        let at = fields.consumed();
        fields.take(length, "view name")?;
        let view_name = body.slice(at..at + length);
        let count = usize::from(fields.u16("peer count")?);
        // An entry has 11 octets at least: a false count reserves no memory.
        let mut peers = Vec::with_capacity(count.min(body.len() / 11));
        for _ in 0..count {
            peers.push(PeerEntry::decode(&mut fields)?);
        }
        check_end(&fields)?;
        Ok(Self { collector, view_name, peers })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) -> Result<(), MrtError> {
        let too_many = |what, count| move |_| MrtError::TooMany { what, count };
        let length = self.view_name.len();
        let count = self.peers.len();
        out.put_slice(&self.collector.octets());
        out.put_u16(u16::try_from(length).map_err(too_many("octets of a view name", length))?);
        out.put_slice(&self.view_name);
        out.put_u16(u16::try_from(count).map_err(too_many("peers", count))?);
        self.peers.iter().for_each(|peer| peer.encode(out));
        Ok(())
    }

    /// The peer that a RIB entry names.
    pub fn peer(&self, index: u16) -> Option<&PeerEntry> {
        self.peers.get(usize::from(index))
    }
}

impl PeerEntry {
    fn decode(fields: &mut Fields<'_>) -> Result<Self, MrtError> {
        let kind = fields.u8("peer type")?;
        let bgp_id = fields.ipv4("peer BGP ID")?;
        let address = match kind & IPV6 {
            0 => IpAddr::V4(fields.ipv4("peer address")?),
            _ => IpAddr::V6(fields.ipv6("peer address")?),
        };
        let four_octet_as = kind & FOUR_OCTET_AS != 0;
        let asn = match four_octet_as {
            true => fields.u32("peer AS")?,
            false => u32::from(fields.u16("peer AS")?),
        };
        Ok(Self { bgp_id, address, asn, four_octet_as })
    }

    fn encode(&self, out: &mut BytesMut) {
        let family = if self.address.is_ipv6() { IPV6 } else { 0 };
        out.put_u8(family | if self.four_octet_as { FOUR_OCTET_AS } else { 0 });
        out.put_slice(&self.bgp_id.octets());
        match self.address {
            IpAddr::V4(address) => out.put_slice(&address.octets()),
            IpAddr::V6(address) => out.put_slice(&address.octets()),
        }
        put_asn(self.asn, self.four_octet_as, out);
    }
}
