//! The per-peer header (RFC 7854 §4.2, RFC 8671 §4, RFC 9069 §4).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::{BufMut, BytesMut};

use crate::bmp::error::BmpError;
use crate::bmp::kind::PeerType;
use crate::fields::Fields;
use crate::message::Context;

/// Which neighbour a message is about, and which of its tables (RFC 7854 §4.2).
///
/// ```
/// use bgp_wire::bmp::{PeerFlags, PeerHeader, PeerType};
///
/// let mut peer = PeerHeader::new("2001:db8::1".parse()?, 64500, "192.0.2.1".parse()?);
/// assert_eq!(peer.flags, PeerFlags::IPV6);
/// peer.flags |= PeerFlags::ADJ_RIB_OUT | PeerFlags::POST_POLICY;
/// assert!(peer.is_adj_rib_out() && peer.is_post_policy());
///
/// // The same bits mean other things of the router's own table.
/// peer.peer_type = PeerType::LOC_RIB_INSTANCE;
/// assert!(peer.is_filtered() && !peer.is_adj_rib_out() && peer.address().is_none());
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerHeader {
    /// What kind of peer it is
    pub peer_type: PeerType,
    /// The flags: their meaning depends on the type
    pub flags: PeerFlags,
    /// Distinguishes instances: 0, a route distinguisher or a local number
    pub distinguisher: u64,
    /// The address field as it stands: see [`PeerHeader::address`]
    pub raw_address: [u8; 16],
    /// The peer's AS number
    pub asn: u32,
    /// The peer's BGP identifier
    pub bgp_id: Ipv4Addr,
    /// When the routes came, in seconds since 1970; 0 when it is not known
    pub timestamp: u32,
    /// Microseconds to add
    pub microseconds: u32,
}

/// Flags of a [`PeerHeader`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PeerFlags(pub u8);

impl PeerFlags {
    /// V: the peer has an IPv6 address (RFC 7854 §4.2).
    pub const IPV6: Self = Self(0x80);
    /// L: after the policy (RFC 7854 §4.2).
    pub const POST_POLICY: Self = Self(0x40);
    /// A: AS_PATH has 2-octet AS numbers (RFC 7854 §4.2).
    pub const TWO_OCTET_AS: Self = Self(0x20);
    /// O: Adj-RIB-Out (RFC 8671 §4).
    pub const ADJ_RIB_OUT: Self = Self(0x10);
    /// F: the Loc-RIB is filtered (RFC 9069 §4.2); only of [`PeerType::LOC_RIB_INSTANCE`].
    pub const FILTERED: Self = Self(0x80);

    /// Whether all flags of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl core::ops::BitOr for PeerFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl core::ops::BitOrAssign for PeerFlags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl PeerHeader {
    /// A neighbour of the main instance, its Adj-RIB-In before the policy, without a time.
    pub fn new(address: IpAddr, asn: u32, bgp_id: Ipv4Addr) -> Self {
        Self {
            peer_type: PeerType::GLOBAL_INSTANCE,
            flags: if address.is_ipv6() { PeerFlags::IPV6 } else { PeerFlags::default() },
            distinguisher: 0,
            raw_address: to_field(address),
            asn,
            bgp_id,
            timestamp: 0,
            microseconds: 0,
        }
    }

    pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Self, BmpError> {
        Ok(Self {
            peer_type: PeerType(fields.u8("peer type")?),
            flags: PeerFlags(fields.u8("peer flags")?),
            distinguisher: u64::from_be_bytes(fields.array("peer distinguisher")?),
            raw_address: fields.array("peer address")?,
            asn: fields.u32("peer AS")?,
            bgp_id: fields.ipv4("peer BGP ID")?,
            timestamp: fields.u32("timestamp")?,
            microseconds: fields.u32("timestamp")?,
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.peer_type.0);
        out.put_u8(self.flags.0);
        out.put_u64(self.distinguisher);
        out.put_slice(&self.raw_address);
        out.put_u32(self.asn);
        out.put_slice(&self.bgp_id.octets());
        out.put_u32(self.timestamp);
        out.put_u32(self.microseconds);
    }

    /// Whether it stands for the router's own table (RFC 9069).
    pub fn is_loc_rib(&self) -> bool {
        self.peer_type == PeerType::LOC_RIB_INSTANCE
    }

    /// A flag that means nothing of the Loc-RIB.
    fn has(&self, flag: PeerFlags) -> bool {
        !self.is_loc_rib() && self.flags.contains(flag)
    }

    /// The peer's address; `None` of the Loc-RIB.
    pub fn address(&self) -> Option<IpAddr> {
        Some(self.read_address(&self.raw_address)).filter(|_| !self.is_loc_rib())
    }

    /// Reads an address field: the V flag says what it holds.
    pub(super) fn read_address(&self, field: &[u8; 16]) -> IpAddr {
        let [.., a, b, c, d] = *field;
        match self.has(PeerFlags::IPV6) {
            true => IpAddr::V6(Ipv6Addr::from(*field)),
            false => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
        }
    }

    /// Whether the routes are those after the policy (RFC 7854 §4.2, RFC 8671 §5).
    pub fn is_post_policy(&self) -> bool {
        self.has(PeerFlags::POST_POLICY)
    }

    /// Whether the routes are those told to the peer (RFC 8671 §4).
    pub fn is_adj_rib_out(&self) -> bool {
        self.has(PeerFlags::ADJ_RIB_OUT)
    }

    /// Whether not all routes of the Loc-RIB are told (RFC 9069 §4.2).
    pub fn is_filtered(&self) -> bool {
        self.is_loc_rib() && self.flags.contains(PeerFlags::FILTERED)
    }

    /// How messages about this peer's routes are to be read, but for path identifiers: those are negotiated,
    /// and [`crate::bmp::PeerUp::context`] knows them.
    pub fn context(&self) -> Context {
        Context {
            // RFC 9069 §5.4.1: always of the Loc-RIB.
            four_octet_as: !self.has(PeerFlags::TWO_OCTET_AS),
            extended_message: true,
            ..Context::default()
        }
    }
}

/// An address in 16 octets, zeros in front of an IPv4 one (RFC 7854 §4.2).
pub(super) fn to_field(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)).to_be_bytes(),
        IpAddr::V6(address) => address.octets(),
    }
}
