//! TABLE_DUMP (RFC 6396 §4.2).

use alloc::vec::Vec;
use core::net::IpAddr;

use bytes::{BufMut, Bytes, BytesMut};
use ipnet::IpNet;

use crate::attribute::EXTENDED_LENGTH;
use crate::attribute::as_path::{AsPath, AsPathBuilder, is_well_formed, widen};
use crate::attribute::next_hop::NextHop;
use crate::attribute::owned::put_attribute;
use crate::attribute::view::AttributesRef;
use crate::codec::Cursor;
use crate::fields::Fields;
use crate::iana::{AS_TRANS, AttributeCode, Family};
use crate::mrt::error::MrtError;
use crate::mrt::kind::TableDumpSubtype;
use crate::mrt::{check_end, received, rib};

/// One path to one network, the older form: AS numbers have 2 octets, prefix and peer are of one family
/// (RFC 6396 §4.2).
///
/// ```
/// use bgp_wire::mrt::{Record, RecordBody, TableDump};
/// use bytes::Bytes;
///
/// let path = TableDump {
///     view: 0,
///     sequence: 1,
///     prefix: "192.0.2.0/24".parse()?,
///     status: 1,
///     originated: 1_000_000_000,
///     peer: "198.51.100.1".parse()?,
///     peer_as: 64500,
///     attributes: Bytes::from_static(&[0x40, 2, 6, 2, 2, 0xfb, 0xf4, 0xfb, 0xf5]),
/// };
/// let record = Record::new(1_000_000_000, RecordBody::TableDump(path.clone()));
/// assert_eq!(Record::decode(record.to_bytes()?)?, record);
/// let mut wide = Vec::new();
/// assert_eq!(path.wide_attributes(&mut wide).as_path().to_string(), "64500 64501");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDump {
    /// View number, usually 0
    pub view: u16,
    /// Sequence number; it wraps
    pub sequence: u16,
    /// The network. Bits behind the length are cleared.
    pub prefix: IpNet,
    /// Unused, usually 1
    pub status: u8,
    /// Since when the path has been there, in seconds since 1970
    pub originated: u32,
    /// Address of the peer that told it, of the prefix's family
    pub peer: IpAddr,
    /// AS number of that peer
    pub peer_as: u16,
    /// The attributes as received, AS numbers with 2 octets
    pub attributes: Bytes,
}

impl TableDump {
    pub(super) fn decode(body: &Bytes, start: usize, ipv6: bool) -> Result<Self, MrtError> {
        let mut fields = Fields::new(body, start);
        let view = fields.u16("view number")?;
        let sequence = fields.u16("sequence number")?;
        let address = read_address(&mut fields, ipv6, "prefix")?;
        let offset = fields.offset();
        let length = fields.u8("prefix length")?;
        let net = IpNet::new(address, length);
        let prefix = net.map_err(|_| MrtError::PrefixLength { length, offset })?.trunc();
        let status = fields.u8("status")?;
        let originated = fields.u32("originated time")?;
        let peer = read_address(&mut fields, ipv6, "peer address")?;
        let peer_as = fields.u16("peer AS")?;
        let length = usize::from(fields.u16("attribute length")?);
        let at = fields.consumed();
        fields.take(length, "attributes")?;
        check_end(&fields)?;
        let attributes = body.slice(at..at + length);
        Ok(Self { view, sequence, prefix, status, originated, peer, peer_as, attributes })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) -> Result<(), MrtError> {
        if self.peer.is_ipv6() != self.is_ipv6() {
            return Err(MrtError::Unfit { what: "a peer of another family than the prefix" });
        }
        let count = self.attributes.len();
        let too_many = |_| MrtError::TooMany { what: "octets of attributes", count };
        out.put_u16(self.view);
        out.put_u16(self.sequence);
        put_address(self.prefix.network(), out);
        out.put_u8(self.prefix.prefix_len());
        out.put_u8(self.status);
        out.put_u32(self.originated);
        put_address(self.peer, out);
        out.put_u16(self.peer_as);
        out.put_u16(u16::try_from(count).map_err(too_many)?);
        out.put_slice(&self.attributes);
        Ok(())
    }

    const fn is_ipv6(&self) -> bool {
        matches!(self.prefix, IpNet::V6(_))
    }

    /// The record's subtype
    pub const fn subtype(&self) -> TableDumpSubtype {
        if self.is_ipv6() { TableDumpSubtype::AFI_IPV6 } else { TableDumpSubtype::AFI_IPV4 }
    }

    /// The next hop: of MP_REACH_NLRI, whole or abbreviated, else NEXT_HOP.
    pub fn next_hop(&self) -> Option<NextHop> {
        let family = if self.is_ipv6() { Family::IPV6_UNICAST } else { Family::IPV4_UNICAST };
        rib::next_hop(family, received(&self.attributes))
    }

    /// Writes the attributes with 4-octet AS numbers over `out`, in the order they came, and returns a view
    /// on them. AS4_PATH and AS4_AGGREGATOR are merged (RFC 6793 §4.2.3).
    pub fn wide_attributes<'a>(&self, out: &'a mut Vec<u8>) -> AttributesRef<'a> {
        let list = received(&self.attributes);
        let find = |code| list.iter().find(|raw| raw.code == code).map(|raw| raw.value);
        out.clear();
        for raw in list.iter() {
            match raw.code {
                AttributeCode::AS_PATH => {
                    let mut path = AsPathBuilder::default();
                    widen(raw.value, as4_path(find), &mut path);
                    put_attribute(out, raw.flags, raw.code, path.bytes());
                }
                AttributeCode::AGGREGATOR => {
                    let value = aggregator(raw.value, find(AttributeCode::AS4_AGGREGATOR));
                    put_attribute(out, raw.flags, raw.code, &value);
                }
                AttributeCode::AS4_PATH | AttributeCode::AS4_AGGREGATOR => {}
                _ => put_attribute(out, raw.flags, raw.code, raw.value),
            }
        }
        // What does not parse stays: a reader sees the list end before its bytes do.
        let parsed: usize = list
            .iter()
            .map(|raw| raw.value.len() + if raw.flags & EXTENDED_LENGTH != 0 { 4 } else { 3 })
            .sum();
        out.extend_from_slice(self.attributes.get(parsed..).unwrap_or_default());
        received(out)
    }
}

/// AS4_PATH, unless it is malformed (RFC 6793 §6), or AGGREGATOR has a real AS number beside AS4_AGGREGATOR
/// (RFC 6793 §4.2.3).
fn as4_path<'a>(find: impl Fn(AttributeCode) -> Option<&'a [u8]>) -> Option<AsPath<'a>> {
    let aggregator = find(AttributeCode::AGGREGATOR);
    let real = aggregator.is_some_and(|value| !value.starts_with(&AS_TRANS.to_be_bytes()));
    if real && find(AttributeCode::AS4_AGGREGATOR).is_some() {
        return None;
    }
    let value = find(AttributeCode::AS4_PATH)?;
    Some(AsPath::new(value)).filter(|_| !value.is_empty() && is_well_formed(value, false))
}

/// RFC 6793 §4.2.3: AS4_AGGREGATOR counts when AGGREGATOR has AS_TRANS.
fn aggregator(value: &[u8], as4: Option<&[u8]>) -> [u8; 8] {
    let mut cursor = Cursor::new(value);
    let (asn, router) = (cursor.u16().unwrap_or_default(), cursor.u32().unwrap_or_default());
    match as4.and_then(|as4| <[u8; 8]>::try_from(as4).ok()) {
        Some(as4) if asn == AS_TRANS => as4,
        _ => (u64::from(asn) << 32 | u64::from(router)).to_be_bytes(),
    }
}

fn read_address(
    fields: &mut Fields<'_>,
    ipv6: bool,
    what: &'static str,
) -> Result<IpAddr, MrtError> {
    Ok(if ipv6 { fields.ipv6(what)?.into() } else { fields.ipv4(what)?.into() })
}

fn put_address(address: IpAddr, out: &mut BytesMut) {
    match address {
        IpAddr::V4(address) => out.put_slice(&address.octets()),
        IpAddr::V6(address) => out.put_slice(&address.octets()),
    }
}
