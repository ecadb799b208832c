//! RIB records of TABLE_DUMP_V2 (RFC 6396 §4.3, RFC 8050 §4).

use bytes::{Buf, BufMut, Bytes, BytesMut};
use ipnet::IpNet;

use crate::attribute::next_hop::NextHop;
use crate::attribute::view::AttributesRef;
use crate::codec::Cursor;
use crate::fields::Fields;
use crate::iana::{Afi, AttributeCode, Family, Safi};
use crate::message::Context;
use crate::mrt::error::MrtError;
use crate::mrt::kind::TableDumpV2Subtype;
use crate::mrt::{check_end, nlri, received};
use crate::nlri::prefix::take_net;
use crate::nlri::{Destination, Nlri, encode_prefix};

/// All paths to one network: a view on the received record, which has been checked whole but for what is
/// within the attributes.
///
/// ```
/// use bgp_wire::mrt::{Record, RecordBody, Rib, RibEntry};
/// use bgp_wire::{AsPathBuilder, PathAttributes, Origin, SegmentKind};
///
/// let mut path = AsPathBuilder::default();
/// path.segment(SegmentKind::Sequence, [64500, 4_200_000_001]);
/// let mut attributes = PathAttributes::default();
/// attributes.origin(Origin::Igp).as_path(&path);
/// let entry =
///     RibEntry { peer_index: 0, originated: 1_700_000_000, path_id: None, attributes: attributes.view() };
/// let rib = Rib::unicast(7, &"192.0.2.0/24".parse()?, [entry])?;
///
/// // Through a file and back
/// let record = Record::new(1_700_000_000, RecordBody::Rib(rib));
/// let RecordBody::Rib(rib) = Record::decode(record.to_bytes()?)?.body else { panic!() };
/// assert_eq!((rib.sequence(), rib.prefix()), (7, Some("192.0.2.0/24".parse()?)));
/// let entry = rib.entries().next().expect("one path");
/// assert_eq!(entry.attributes.as_path().to_string(), "64500 4200000001");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rib {
    subtype: TableDumpV2Subtype,
    family: Family,
    body: Bytes,
    /// Where in the body the entry count stands
    count_at: usize,
}

/// One path of a [`Rib`] (RFC 6396 §4.3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RibEntry<'a> {
    /// Place of the peer in the PEER_INDEX_TABLE
    pub peer_index: u16,
    /// Since when it has been there, in seconds since 1970
    pub originated: u32,
    /// Path identifier (RFC 8050 §4): of the entry, or of the NLRI in RIB_GENERIC_ADDPATH
    pub path_id: Option<u32>,
    /// The attributes in the order they came, AS numbers with 4 octets. MP_REACH_NLRI is abbreviated: see
    /// [`RibEntry::next_hop`].
    pub attributes: AttributesRef<'a>,
}

/// Where the entries of a record have their path identifiers.
#[derive(Debug, Clone, Copy)]
enum PathIds {
    None,
    Each,
    All(u32),
}

impl Rib {
    /// A record of one prefix in unicast tables. The entries have path identifiers when the first one has,
    /// then 0 stands for a missing one.
    ///
    /// # Errors
    /// [`MrtError::TooMany`] with more than 65,535 entries, or octets of attributes.
    pub fn unicast<'a>(
        sequence: u32,
        prefix: &IpNet,
        entries: impl IntoIterator<Item = RibEntry<'a>>,
    ) -> Result<Self, MrtError> {
        let mut entries = entries.into_iter().peekable();
        let add_path = entries.peek().is_some_and(|entry| entry.path_id.is_some());
        let subtype = match (prefix, add_path) {
            (IpNet::V4(_), false) => TableDumpV2Subtype::RIB_IPV4_UNICAST,
            (IpNet::V6(_), false) => TableDumpV2Subtype::RIB_IPV6_UNICAST,
            (IpNet::V4(_), true) => TableDumpV2Subtype::RIB_IPV4_UNICAST_ADDPATH,
            (IpNet::V6(_), true) => TableDumpV2Subtype::RIB_IPV6_UNICAST_ADDPATH,
        };
        let family = Family {
            afi: if prefix.addr().is_ipv6() { Afi::IPV6 } else { Afi::IPV4 },
            safi: Safi::UNICAST,
        };
        let mut nlri = BytesMut::new();
        encode_prefix(prefix, &mut nlri);
        Self::with_nlri(subtype, sequence, family, &nlri, entries)
    }

    /// A record of any subtype that has a family, or is RIB_GENERIC or RIB_GENERIC_ADDPATH. `nlri` is as on the wire; with its
    /// path identifier in front for RIB_GENERIC_ADDPATH, without for the others.
    ///
    /// # Errors
    /// [`MrtError::TooMany`], or what [`crate::mrt::Record::decode`] would say of the record: `nlri` has to
    /// be one of the family. Offsets then count in the record without its header.
    /// [`MrtError::Unfit`] of a family that the subtype does not stand for, or that is not known.
    pub fn with_nlri<'a>(
        subtype: TableDumpV2Subtype,
        sequence: u32,
        family: Family,
        nlri: &[u8],
        entries: impl IntoIterator<Item = RibEntry<'a>>,
    ) -> Result<Self, MrtError> {
        let unfit = MrtError::Unfit { what: "a family that the subtype does not have" };
        if subtype.family().is_some_and(|other| other != family) {
            return Err(unfit);
        }
        let mut out = BytesMut::new();
        out.put_u32(sequence);
        if subtype.is_generic() {
            out.put_u16(family.afi.0);
            out.put_u8(family.safi.0);
        }
        out.put_slice(nlri);
        let count_at = out.len();
        out.put_u16(0);
        let mut count = 0usize;
        for entry in entries {
            entry.encode(subtype.has_path_ids(), &mut out)?;
            count += 1;
        }
        let too_many = |_| MrtError::TooMany { what: "entries", count };
        crate::header::put_u16_at(&mut out, count_at, u16::try_from(count).map_err(too_many)?);
        Self::decode(subtype, out.freeze(), 0)?.map_err(|_| unfit)
    }

    /// Checks the body of a record; gives it back when nothing says how long its NLRI is.
    pub(super) fn decode(
        subtype: TableDumpV2Subtype,
        body: Bytes,
        start: usize,
    ) -> Result<Result<Self, Bytes>, MrtError> {
        Ok(match RibRef::decode(subtype, &body, start)? {
            Some(RibRef { family, count_at, .. }) => Ok(Self { subtype, family, body, count_at }),
            None => Err(body),
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        out.put_slice(&self.body);
    }

    /// A view that is not counted by reference.
    pub fn view(&self) -> RibRef<'_> {
        let Self { subtype, family, count_at, .. } = *self;
        RibRef { subtype, family, body: &self.body, count_at }
    }

    /// The record's subtype
    pub const fn subtype(&self) -> TableDumpV2Subtype {
        self.subtype
    }

    /// Family of the network
    pub const fn family(&self) -> Family {
        self.family
    }

    /// Sequence number of the record
    pub fn sequence(&self) -> u32 {
        self.view().sequence()
    }

    /// The network, of families whose NLRI are plain prefixes. Bits behind the length are cleared.
    pub fn prefix(&self) -> Option<IpNet> {
        self.view().prefix()
    }

    /// The NLRI as it stands in the record, without a path identifier.
    pub fn nlri(&self) -> &[u8] {
        self.view().nlri()
    }

    /// How many paths there are.
    pub fn entry_count(&self) -> u16 {
        self.view().entry_count()
    }

    /// The paths.
    #[inline]
    pub fn entries(&self) -> RibEntries<'_> {
        self.view().entries()
    }
}

/// All paths to one network: a [`Rib`] that borrows the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RibRef<'a> {
    subtype: TableDumpV2Subtype,
    family: Family,
    body: &'a [u8],
    count_at: usize,
}

impl<'a> RibRef<'a> {
    /// Checks the body of a record; `None` when nothing says how long its NLRI is.
    #[inline(always)]
    pub(super) fn decode(
        subtype: TableDumpV2Subtype,
        body: &'a [u8],
        start: usize,
    ) -> Result<Option<Self>, MrtError> {
        let checked = check(subtype, body, start)?;
        Ok(checked.map(|(family, count_at)| Self { subtype, family, body, count_at }))
    }

    /// The record's subtype
    pub const fn subtype(&self) -> TableDumpV2Subtype {
        self.subtype
    }

    /// Family of the network
    pub const fn family(&self) -> Family {
        self.family
    }

    /// Sequence number of the record
    pub fn sequence(&self) -> u32 {
        Cursor::new(self.body).u32().unwrap_or_default()
    }

    /// The network, of families whose NLRI are plain prefixes. Bits behind the length are cleared.
    #[inline]
    pub fn prefix(&self) -> Option<IpNet> {
        self.family.prefix_bits()?;
        // What follows the prefix may be read along: it is masked away.
        let mut cursor = Cursor::new(self.body.get(self.nlri_at()..)?);
        let length = cursor.u8()?;
        take_net(&mut cursor, self.family.afi == Afi::IPV6, length)
    }

    /// What the record is about, of any family that is known.
    pub fn destination(&self) -> Option<Destination<'a>> {
        let nlri = Nlri::decode(self.family, self.nlri(), &Context::default()).ok()?;
        nlri.destinations().next().map(|(_, destination)| destination)
    }

    /// The NLRI as it stands in the record, without a path identifier.
    pub fn nlri(&self) -> &'a [u8] {
        self.body.get(self.nlri_at()..self.count_at).unwrap_or_default()
    }

    #[inline]
    fn nlri_at(&self) -> usize {
        match self.subtype {
            TableDumpV2Subtype::RIB_GENERIC => 7,
            TableDumpV2Subtype::RIB_GENERIC_ADDPATH => 11,
            _ => 4,
        }
    }

    /// How many paths there are.
    pub fn entry_count(&self) -> u16 {
        Cursor::new(self.body.get(self.count_at..).unwrap_or_default()).u16().unwrap_or_default()
    }

    /// The paths.
    #[inline]
    pub fn entries(&self) -> RibEntries<'a> {
        let path_ids = match self.subtype {
            TableDumpV2Subtype::RIB_GENERIC_ADDPATH => {
                let id = self.body.get(7..).unwrap_or_default();
                PathIds::All(Cursor::new(id).u32().unwrap_or_default())
            }
            subtype if subtype.has_path_ids() => PathIds::Each,
            _ => PathIds::None,
        };
        let entries = self.body.get(self.count_at + 2..).unwrap_or_default();
        RibEntries { cursor: Cursor::new(entries), path_ids }
    }
}

/// Checks the body of a record, and tells the family and where the entry count stands; `None` when nothing
/// says how long its NLRI is.
#[inline(always)]
fn check(
    subtype: TableDumpV2Subtype,
    body: &[u8],
    start: usize,
) -> Result<Option<(Family, usize)>, MrtError> {
    let mut fields = Fields::new(body, start);
    fields.u32("sequence number")?;
    let family = match subtype.family() {
        Some(family) => family,
        None => Family {
            afi: Afi(fields.u16("address family")?),
            safi: Safi(fields.u8("subsequent address family")?),
        },
    };
    if subtype == TableDumpV2Subtype::RIB_GENERIC_ADDPATH {
        fields.u32("path identifier")?;
    }
    if !nlri::skip(&mut fields, family)? {
        return Ok(None);
    }
    let count_at = fields.consumed();
    let fixed = if subtype.has_path_ids() { 10 } else { 6 };
    for _ in 0..fields.u16("entry count")? {
        fields.take(fixed, "RIB entry")?;
        let length = fields.u16("attribute length")?;
        fields.take(usize::from(length), "attributes")?;
    }
    check_end(&fields)?;
    Ok(Some((family, count_at)))
}

/// Iterator of [`Rib::entries`].
#[derive(Debug, Clone)]
pub struct RibEntries<'a> {
    cursor: Cursor<'a>,
    path_ids: PathIds,
}

impl<'a> Iterator for RibEntries<'a> {
    type Item = RibEntry<'a>;

    #[inline]
    fn next(&mut self) -> Option<RibEntry<'a>> {
        let (peer_index, originated) = (self.cursor.u16()?, self.cursor.u32()?);
        let path_id = match self.path_ids {
            PathIds::None => None,
            PathIds::Each => Some(self.cursor.u32()?),
            PathIds::All(id) => Some(id),
        };
        let length = self.cursor.u16()?;
        let attributes = received(self.cursor.take(usize::from(length))?);
        Some(RibEntry { peer_index, originated, path_id, attributes })
    }
}

impl RibEntry<'_> {
    fn encode(&self, with_path_id: bool, out: &mut BytesMut) -> Result<(), MrtError> {
        let attributes = self.attributes.bytes();
        let count = attributes.len();
        let too_many = |_| MrtError::TooMany { what: "octets of attributes", count };
        out.put_u16(self.peer_index);
        out.put_u32(self.originated);
        if with_path_id {
            out.put_u32(self.path_id.unwrap_or_default());
        }
        out.put_u16(u16::try_from(count).map_err(too_many)?);
        out.put_slice(attributes);
        Ok(())
    }

    /// The next hop: of MP_REACH_NLRI, in the form that `family`, the record's, has it (RFC 4364 §4.3.2 of
    /// VPNs), else NEXT_HOP. `None` also for a length that the family does not have.
    pub fn next_hop(&self, family: Family) -> Option<NextHop> {
        next_hop(family, self.attributes)
    }
}

/// The next hop of attributes in a table. RFC 6396 §4.3.4 keeps of MP_REACH_NLRI only the next hop and its
/// length; some writers keep all of it, then the first octet is 0, the upper half of an AFI.
pub(super) fn next_hop(family: Family, attributes: AttributesRef<'_>) -> Option<NextHop> {
    let mut classic = None;
    for raw in attributes.iter() {
        match raw.code {
            AttributeCode::NEXT_HOP => classic = NextHop::decode(raw.value),
            AttributeCode::MP_REACH_NLRI => {
                let mut value = raw.value;
                if value.first() == Some(&0) && value.len() > 4 {
                    value.advance(3);
                }
                let (length, field) = value.split_first()?;
                let field = field.get(..usize::from(*length))?;
                return NextHop::decode_of(family, field).ok().flatten();
            }
            _ => {}
        }
    }
    classic
}
