//! The header of LSAs, and which of two instances is newer (RFC 5340 §A.4.2, RFC 2328 §12.1, §13.1).

use core::cmp::Ordering;
use core::fmt;
use core::net::Ipv4Addr;

use bytes::{BufMut, BytesMut};

use super::ls_type::LsType;
use crate::codec::Reader;
use crate::error::ReadError;
use crate::id::RouterId;

/// The age at which an LSA is no longer used, in seconds (RFC 2328 §B).
pub const MAX_AGE: u16 = 3600;
/// By how much ages of one instance may differ, in seconds (RFC 2328 §B).
pub const MAX_AGE_DIFF: u16 = 900;

/// The originator's number for an LSA among those of its type; it prints as a dotted quad and is no address
/// (RFC 5340 §A.4.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LinkStateId(
    /// Its 32 bits.
    pub u32,
);

impl fmt::Display for LinkStateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ipv4Addr::from_bits(self.0).fmt(f)
    }
}

impl fmt::Debug for LinkStateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkStateId({self})")
    }
}

/// What names an LSA within its flooding scope, whichever instance of it (RFC 2328 §12.1).
///
/// Ordered by type, then router, then Link State ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LsaKey {
    // The order of the fields is the order of keys.
    /// What it is.
    pub ls_type: LsType,
    /// Who originated it.
    pub advertising_router: RouterId,
    /// The originator's number for it.
    pub link_state_id: LinkStateId,
}

impl LsaKey {
    /// Without the reserved octets before it.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let ls_type = LsType(reader.u16("LS type")?);
        let link_state_id = LinkStateId(reader.u32("Link State ID")?);
        let advertising_router = RouterId(reader.u32("Advertising Router")?);
        Ok(Self { ls_type, advertising_router, link_state_id })
    }

    pub(crate) fn put(&self, out: &mut BytesMut) {
        out.put_u16(self.ls_type.0);
        out.put_u32(self.link_state_id.0);
        out.put_u32(self.advertising_router.0);
    }
}

impl fmt::Display for LsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of {}", self.ls_type, self.link_state_id, self.advertising_router)
    }
}

/// The number of an instance of an LSA: signed, and each is one above that of the instance before
/// (RFC 2328 §12.1.6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SequenceNumber(
    /// Its 32 bits, as a signed number.
    pub i32,
);

impl SequenceNumber {
    /// Never used (RFC 2328 §12.1.6).
    pub const RESERVED: Self = Self(i32::MIN);
    /// InitialSequenceNumber: of an LSA's first instance.
    pub const INITIAL: Self = Self(i32::MIN + 1);
    /// MaxSequenceNumber: before the next instance this one must be flushed (RFC 2328 §12.1.6).
    pub const MAX: Self = Self(i32::MAX);

    /// That of the next instance; `None` after [`Self::MAX`].
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

impl fmt::Debug for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SequenceNumber({self})")
    }
}

/// The header of an LSA: which one it is, which instance, and how old (RFC 5340 §A.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LsaHeader {
    /// Seconds since it was originated; at most [`MAX_AGE`]. A higher number is read as that, since the bit
    /// DoNotAge of demand circuits is not supported.
    pub age: u16,
    /// Which LSA it is.
    pub key: LsaKey,
    /// Which instance.
    pub sequence: SequenceNumber,
    /// The LS checksum, over all but the age.
    pub checksum: u16,
    /// The LSA's length with this header, in octets.
    pub length: u16,
}

impl LsaHeader {
    /// Octets of a header.
    pub const LENGTH: usize = 20;

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let age = reader.u16("LS age")?.min(MAX_AGE);
        let key = LsaKey::read(reader)?;
        let sequence = SequenceNumber(reader.u32("LS sequence number")?.cast_signed());
        let checksum = reader.u16("LS checksum")?;
        let length = reader.u16("length")?;
        Ok(Self { age, key, sequence, checksum, length })
    }

    pub(crate) fn put(&self, out: &mut BytesMut) {
        out.put_u16(self.age);
        self.key.put(out);
        out.put_i32(self.sequence.0);
        out.put_u16(self.checksum);
        out.put_u16(self.length);
    }

    /// Whether it is no longer to be used.
    pub const fn is_max_age(&self) -> bool {
        self.age >= MAX_AGE
    }

    /// Which of two instances of one LSA is newer: that is greater (RFC 2328 §13.1). Ages must be those of now.
    ///
    /// Not an order: of three, each may be the same as the next although the first is newer than the last.
    pub fn compare(&self, other: &Self) -> Ordering {
        let by_age = || match (self.is_max_age(), other.is_max_age()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (true, true) => Ordering::Equal,
            _ if self.age.abs_diff(other.age) > MAX_AGE_DIFF => other.age.cmp(&self.age),
            _ => Ordering::Equal,
        };
        let by_contents = (self.sequence, self.checksum).cmp(&(other.sequence, other.checksum));
        by_contents.then_with(by_age)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::*;

    fn header(age: u16, sequence: i32, checksum: u16) -> LsaHeader {
        let key = LsaKey {
            ls_type: LsType::ROUTER,
            advertising_router: RouterId(1),
            link_state_id: LinkStateId(0),
        };
        LsaHeader { age, key, sequence: SequenceNumber(sequence), checksum, length: 24 }
    }

    /// RFC 2328 §13.1 sentence by sentence: whether `a` is more recent than `b`.
    fn is_more_recent(a: &LsaHeader, b: &LsaHeader) -> bool {
        if a.sequence != b.sequence {
            return a.sequence.0 > b.sequence.0;
        }
        if a.checksum != b.checksum {
            return a.checksum > b.checksum;
        }
        if (a.age == 3600) != (b.age == 3600) {
            return a.age == 3600;
        }
        if i32::abs(i32::from(a.age) - i32::from(b.age)) > 15 * 60 {
            return a.age < b.age;
        }
        false
    }

    fn any_header() -> impl Strategy<Value = LsaHeader> {
        let age = prop_oneof![0u16..=3600, Just(3600), Just(3599), 895u16..905, Just(0)];
        let sequence = prop_oneof![3 => -1i32..=1, 1 => any::<i32>()];
        let checksum = prop_oneof![0x7fffu16..=0x8000, Just(1)];
        (age, sequence, checksum)
            .prop_map(|(age, sequence, checksum)| header(age, sequence, checksum))
    }

    proptest! {
        #[test]
        fn rfc2328_13_1(a in any_header(), b in any_header()) {
            let expected = match (is_more_recent(&a, &b), is_more_recent(&b, &a)) {
                (true, _) => Ordering::Greater,
                (_, true) => Ordering::Less,
                _ => Ordering::Equal,
            };
            prop_assert_eq!(a.compare(&b), expected);
        }

        #[test]
        fn headers_are_read_as_written(words: (u16, u16, u32, u32, i32, u16, u16)) {
            let (age, ls_type, link_state_id, router, sequence, checksum, length) = words;
            let header = LsaHeader {
                age: age.min(MAX_AGE),
                key: LsaKey {
                    ls_type: LsType(ls_type),
                    advertising_router: RouterId(router),
                    link_state_id: LinkStateId(link_state_id),
                },
                sequence: SequenceNumber(sequence),
                checksum,
                length,
            };
            let mut out = BytesMut::new();
            header.put(&mut out);
            prop_assert_eq!(out.len(), LsaHeader::LENGTH);
            prop_assert_eq!(LsaHeader::read(&mut Reader::new(&out)), Ok(header));
            out[..2].copy_from_slice(&age.to_be_bytes());
            prop_assert_eq!(LsaHeader::read(&mut Reader::new(&out)), Ok(header));
        }
    }

    /// RFC 2328 §12.1.6: the oldest is -N + 1, the newest N - 1.
    #[test]
    fn sequence_numbers_are_signed() {
        assert_eq!(SequenceNumber::INITIAL.0.cast_unsigned(), 0x8000_0001);
        assert_eq!(SequenceNumber::MAX.0.cast_unsigned(), 0x7fff_ffff);
        assert_eq!(SequenceNumber::RESERVED.next(), Some(SequenceNumber::INITIAL));
        assert_eq!(SequenceNumber(-1).next(), Some(SequenceNumber(0)));
        assert_eq!(SequenceNumber::MAX.next(), None);
        assert!(SequenceNumber::INITIAL < SequenceNumber(-1));
        assert!(SequenceNumber(-1) < SequenceNumber::MAX);
        assert_eq!(SequenceNumber::INITIAL.to_string(), "0x80000001");
        assert_eq!(format!("{:?}", SequenceNumber(3)), "SequenceNumber(0x00000003)");
    }

    #[test]
    fn keys_are_ordered_by_type_router_and_number() {
        let key = |ls_type, router, id| LsaKey {
            ls_type,
            advertising_router: RouterId(router),
            link_state_id: LinkStateId(id),
        };
        let sorted = [
            key(LsType::LINK, 9, 9),
            key(LsType::ROUTER, 1, 8),
            key(LsType::ROUTER, 2, 1),
            key(LsType::ROUTER, 2, 7),
            key(LsType::NETWORK, 0, 0),
        ];
        assert!(sorted.is_sorted());
        assert_eq!(sorted[1].to_string(), "Router-LSA 0.0.0.8 of 0.0.0.1");
        assert_eq!(format!("{:?}", LinkStateId(7)), "LinkStateId(0.0.0.7)");
    }
}
