//! Link state advertisements (RFC 5340 §A.4).

mod body;
mod checksum;
mod extended;
mod external;
mod grace;
mod header;
mod inter_area;
mod intra_area_prefix;
mod link;
mod ls_type;
mod network;
mod prefix;
mod router;
mod router_information;
#[cfg(test)]
pub(crate) mod tests;

pub use crate::tlv::Tlv;
pub use body::LsaBody;
pub use extended::{ExtendedFields, ExtendedLsa, ExtendedTlv};
pub use external::{ExternalLsa, ExternalMetricType};
pub use grace::{GraceLsa, RestartReason};
pub use header::{LinkStateId, LsaHeader, LsaKey, MAX_AGE, MAX_AGE_DIFF, SequenceNumber};
pub use inter_area::{InterAreaPrefixLsa, InterAreaRouterLsa, LS_INFINITY};
pub use intra_area_prefix::{IntraAreaPrefix, IntraAreaPrefixLsa};
pub use link::LinkLsa;
pub use ls_type::{LsType, Scope};
pub use network::NetworkLsa;
pub use prefix::{Prefix, PrefixOptions, narrow, widen};
pub use router::{RouterFlags, RouterLink, RouterLinkType, RouterLsa};
pub use router_information::{InformationalCapabilities, RouterInformationLsa};

use bytes::{BufMut, Bytes, BytesMut};

use crate::codec::{Reader, put_u16_at};
use crate::error::{LsaError, LsaTooLong};

/// One instance of an LSA, whole and encoded. Its length and its LS checksum are right. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lsa {
    header: LsaHeader,
    /// All of it; the age in there is not used.
    bytes: Bytes,
}

impl PartialEq for Lsa {
    fn eq(&self, other: &Self) -> bool {
        self.header == other.header && self.body_bytes() == other.body_bytes()
    }
}

impl Eq for Lsa {}

impl Lsa {
    /// Takes an LSA off the front of `data`, which then starts after it, and shares its octets.
    ///
    /// The body is not looked at, but for extended LSAs, which must not be kept or flooded if they are malformed
    /// (RFC 8362 §5).
    ///
    /// # Errors
    /// If it is not all there, or the checksum is wrong (RFC 2328 §13 (1)). `data` then starts after it as well, unless
    /// the length is what is wrong: it is then empty.
    pub fn decode(data: &mut Bytes) -> Result<Self, LsaError> {
        let available = data.len();
        let mut reader = Reader::new(data);
        let header = match LsaHeader::read(&mut reader) {
            Ok(header) => header,
            Err(error) => {
                data.clear();
                return Err(error.into());
            }
        };
        let length = usize::from(header.length);
        if length < LsaHeader::LENGTH || length > available {
            data.clear();
            return Err(LsaError::BadLength { length: header.length, available });
        }
        let bytes = data.split_to(length);
        if !checksum::verify(&bytes) {
            return Err(LsaError::BadChecksum { found: header.checksum });
        }
        let lsa = Self { header, bytes };
        if header.key.ls_type.is_extended() {
            lsa.body()?;
        }
        Ok(lsa)
    }

    /// One with this body, which must be of the key's type.
    ///
    /// # Errors
    /// If it is longer than 65,535 octets.
    pub fn new(
        age: u16,
        key: LsaKey,
        sequence: SequenceNumber,
        body: &LsaBody,
    ) -> Result<Self, LsaTooLong> {
        const LENGTH_OFFSET: usize = 18;
        let age = age.min(MAX_AGE);
        let mut header = LsaHeader { age, key, sequence, checksum: 0, length: 0 };
        let mut out = BytesMut::with_capacity(128);
        header.put(&mut out);
        body.encode(&mut out);
        let length = out.len();
        header.length = u16::try_from(length).map_err(|_| LsaTooLong { length })?;
        put_u16_at(&mut out, LENGTH_OFFSET, header.length);
        header.checksum = checksum::compute(&out);
        put_u16_at(&mut out, checksum::OFFSET, header.checksum);
        Ok(Self { header, bytes: Bytes::copy_from_slice(&out) })
    }

    /// Its header, with the age as it was received or made.
    pub const fn header(&self) -> &LsaHeader {
        &self.header
    }

    /// Which LSA it is.
    pub const fn key(&self) -> LsaKey {
        self.header.key
    }

    /// What follows the header, as octets.
    pub fn body_bytes(&self) -> &[u8] {
        self.bytes.get(LsaHeader::LENGTH..).unwrap_or_default()
    }

    /// What follows the header.
    ///
    /// # Errors
    /// If that is malformed. Such an LSA is kept and flooded all the same: if it were not, the neighbour would send it for
    /// ever and an adjacency with it might never be Full. It takes part in nothing else.
    pub fn body(&self) -> Result<LsaBody, LsaError> {
        LsaBody::decode(self.header.key.ls_type, self.body_bytes())
    }

    /// Whether another instance says the same: the bodies are equal, and both or none are at MaxAge
    /// (RFC 2328 §13.2).
    pub fn same_contents(&self, other: &Self) -> bool {
        self.header.is_max_age() == other.header.is_max_age()
            && self.body_bytes() == other.body_bytes()
    }

    /// The same instance at another age, in seconds.
    #[must_use]
    pub fn at_age(&self, age: u16) -> Self {
        let header = LsaHeader { age: age.min(MAX_AGE), ..self.header };
        Self { header, bytes: self.bytes.clone() }
    }

    /// The same with octets of its own, so that no packet is kept for its sake.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self { header: self.header, bytes: Bytes::copy_from_slice(&self.bytes) }
    }

    /// Octets of the whole.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Never: an LSA has a header.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Appends the LSA, as it is sent, with this age.
    pub fn put(&self, age: u16, out: &mut BytesMut) {
        out.put_u16(age);
        out.put_slice(self.bytes.get(2..).unwrap_or_default());
    }
}
