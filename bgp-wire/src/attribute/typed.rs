//! Attributes by type.

use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv4Addr;

use super::as_path::AsPath;
use super::pmsi::PmsiTunnel;
use super::tlv::{Aigp, PrefixSid, TunnelEncapsulation};
use super::view::{
    Aggregator, Origin, RawAttribute, addresses, communities, extended_communities,
    ipv6_extended_communities, large_communities,
};
use super::{OPTIONAL, PARTIAL, TRANSITIVE};
use crate::iana::AttributeCode;
use crate::{Community, ExtendedCommunity, Ipv6ExtendedCommunity, LargeCommunity};

macro_rules! lists {
    ($($(#[$meta:meta])* $name:ident($read:path) of $item:ty;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name<'a>(&'a [u8]);

        impl<'a> $name<'a> {
            /// A view on the attribute's value.
            pub const fn new(value: &'a [u8]) -> Self {
                Self(value)
            }

            /// The attribute's value.
            pub const fn bytes(self) -> &'a [u8] {
                self.0
            }

            /// Its items in their order.
            #[inline]
            pub fn iter(self) -> impl ExactSizeIterator<Item = $item> + Clone + use<'a> {
                $read(self.0)
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for (position, item) in self.iter().enumerate() {
                    let separator = if position > 0 { " " } else { "" };
                    write!(f, "{separator}{item}")?;
                }
                Ok(())
            }
        }
    )*};
}

lists! {
    /// The value of COMMUNITIES (RFC 1997).
    Communities(communities) of Community;
    /// The value of EXTENDED_COMMUNITIES (RFC 4360).
    ExtendedCommunities(extended_communities) of ExtendedCommunity;
    /// The value of IPV6_EXTENDED_COMMUNITIES (RFC 5701).
    Ipv6ExtendedCommunities(ipv6_extended_communities) of Ipv6ExtendedCommunity;
    /// The value of LARGE_COMMUNITIES (RFC 8092).
    LargeCommunities(large_communities) of LargeCommunity;
    /// The value of CLUSTER_LIST (RFC 4456).
    ClusterList(addresses) of Ipv4Addr;
}

/// One attribute, interpreted.
///
/// ```
/// use bgp_wire::{Attribute, AttributesRef};
/// let bytes = [0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe8, 0x80, 4, 4, 0, 0, 0, 50];
/// let texts: Vec<_> = AttributesRef::new(&bytes).typed().map(|item| item.to_string()).collect();
/// assert_eq!(texts, ["ORIGIN IGP", "AS_PATH 65000", "MULTI_EXIT_DISC 50"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attribute<'a> {
    /// RFC 4271 §5.1.1
    Origin(Origin),
    /// RFC 4271 §5.1.2
    AsPath(AsPath<'a>),
    /// RFC 4271 §5.1.3
    NextHop(Ipv4Addr),
    /// RFC 4271 §5.1.4
    MultiExitDisc(u32),
    /// RFC 4271 §5.1.5
    LocalPref(u32),
    /// RFC 4271 §5.1.6
    AtomicAggregate,
    /// RFC 4271 §5.1.7
    Aggregator(Aggregator),
    /// RFC 1997
    Communities(Communities<'a>),
    /// RFC 4456 §8
    OriginatorId(Ipv4Addr),
    /// RFC 4456 §8
    ClusterList(ClusterList<'a>),
    /// RFC 4760 §3: what is in it, [`crate::Update::mp_reach`] reads
    MpReachNlri(&'a [u8]),
    /// RFC 4760 §4: what is in it, [`crate::Update::mp_unreach`] reads
    MpUnreachNlri(&'a [u8]),
    /// RFC 4360 §2
    ExtendedCommunities(ExtendedCommunities<'a>),
    /// RFC 6793 §3
    As4Path(AsPath<'a>),
    /// RFC 6793 §3
    As4Aggregator(Aggregator),
    /// RFC 6514 §5
    PmsiTunnel(PmsiTunnel<'a>),
    /// RFC 9012 §2
    TunnelEncapsulation(TunnelEncapsulation<'a>),
    /// RFC 5701 §2
    Ipv6ExtendedCommunities(Ipv6ExtendedCommunities<'a>),
    /// RFC 7311 §3
    Aigp(Aigp<'a>),
    /// RFC 8092 §3
    LargeCommunities(LargeCommunities<'a>),
    /// RFC 9234 §5
    OnlyToCustomer(u32),
    /// RFC 8669 §3
    PrefixSid(PrefixSid<'a>),
    /// Any other, and one whose value does not parse
    Unknown(RawAttribute<'a>),
}

impl<'a> Attribute<'a> {
    /// Interprets an attribute.
    #[inline]
    pub fn decode(raw: RawAttribute<'a>, four_octet_as: bool) -> Self {
        Self::decode_known(raw, four_octet_as).unwrap_or(Self::Unknown(raw))
    }

    #[inline]
    fn decode_known(raw: RawAttribute<'a>, four_octet_as: bool) -> Option<Self> {
        let value = raw.value;
        let number = || <[u8; 4]>::try_from(value).ok().map(u32::from_be_bytes);
        Some(match raw.code {
            AttributeCode::ORIGIN => Self::Origin(Origin::decode(*value.first()?)?),
            AttributeCode::AS_PATH if four_octet_as => Self::AsPath(AsPath::new(value)),
            AttributeCode::AS_PATH => Self::AsPath(AsPath::two_octet(value)),
            AttributeCode::NEXT_HOP => Self::NextHop(number()?.into()),
            AttributeCode::MULTI_EXIT_DISC => Self::MultiExitDisc(number()?),
            AttributeCode::LOCAL_PREF => Self::LocalPref(number()?),
            AttributeCode::ATOMIC_AGGREGATE if value.is_empty() => Self::AtomicAggregate,
            AttributeCode::AGGREGATOR => {
                Self::Aggregator(Aggregator::decode(value, four_octet_as)?)
            }
            AttributeCode::COMMUNITIES => Self::Communities(Communities(value)),
            AttributeCode::ORIGINATOR_ID => Self::OriginatorId(number()?.into()),
            AttributeCode::CLUSTER_LIST => Self::ClusterList(ClusterList(value)),
            AttributeCode::MP_REACH_NLRI => Self::MpReachNlri(value),
            AttributeCode::MP_UNREACH_NLRI => Self::MpUnreachNlri(value),
            AttributeCode::EXTENDED_COMMUNITIES => {
                Self::ExtendedCommunities(ExtendedCommunities(value))
            }
            AttributeCode::AS4_PATH => Self::As4Path(AsPath::new(value)),
            AttributeCode::AS4_AGGREGATOR => Self::As4Aggregator(Aggregator::decode(value, true)?),
            AttributeCode::PMSI_TUNNEL => Self::PmsiTunnel(PmsiTunnel::decode(value)?),
            AttributeCode::TUNNEL_ENCAPSULATION => {
                Self::TunnelEncapsulation(TunnelEncapsulation::new(value))
            }
            AttributeCode::IPV6_EXTENDED_COMMUNITIES => {
                Self::Ipv6ExtendedCommunities(Ipv6ExtendedCommunities(value))
            }
            AttributeCode::AIGP => Self::Aigp(Aigp::new(value)),
            AttributeCode::LARGE_COMMUNITIES => Self::LargeCommunities(LargeCommunities(value)),
            AttributeCode::ONLY_TO_CUSTOMER => Self::OnlyToCustomer(number()?),
            AttributeCode::PREFIX_SID => Self::PrefixSid(PrefixSid::new(value)),
            _ => return None,
        })
    }

    /// Its code.
    pub const fn code(&self) -> AttributeCode {
        match self {
            Self::Origin(_) => AttributeCode::ORIGIN,
            Self::AsPath(_) => AttributeCode::AS_PATH,
            Self::NextHop(_) => AttributeCode::NEXT_HOP,
            Self::MultiExitDisc(_) => AttributeCode::MULTI_EXIT_DISC,
            Self::LocalPref(_) => AttributeCode::LOCAL_PREF,
            Self::AtomicAggregate => AttributeCode::ATOMIC_AGGREGATE,
            Self::Aggregator(_) => AttributeCode::AGGREGATOR,
            Self::Communities(_) => AttributeCode::COMMUNITIES,
            Self::OriginatorId(_) => AttributeCode::ORIGINATOR_ID,
            Self::ClusterList(_) => AttributeCode::CLUSTER_LIST,
            Self::MpReachNlri(_) => AttributeCode::MP_REACH_NLRI,
            Self::MpUnreachNlri(_) => AttributeCode::MP_UNREACH_NLRI,
            Self::ExtendedCommunities(_) => AttributeCode::EXTENDED_COMMUNITIES,
            Self::As4Path(_) => AttributeCode::AS4_PATH,
            Self::As4Aggregator(_) => AttributeCode::AS4_AGGREGATOR,
            Self::PmsiTunnel(_) => AttributeCode::PMSI_TUNNEL,
            Self::TunnelEncapsulation(_) => AttributeCode::TUNNEL_ENCAPSULATION,
            Self::Ipv6ExtendedCommunities(_) => AttributeCode::IPV6_EXTENDED_COMMUNITIES,
            Self::Aigp(_) => AttributeCode::AIGP,
            Self::LargeCommunities(_) => AttributeCode::LARGE_COMMUNITIES,
            Self::OnlyToCustomer(_) => AttributeCode::ONLY_TO_CUSTOMER,
            Self::PrefixSid(_) => AttributeCode::PREFIX_SID,
            Self::Unknown(raw) => raw.code,
        }
    }

    /// The flags of its type, without the partial bit; those that an unknown one came with, with it.
    pub fn flags(&self) -> u8 {
        match self {
            Self::Unknown(raw) => raw.flags & (OPTIONAL | TRANSITIVE | PARTIAL),
            _ => super::check::category(self.code()).unwrap_or(OPTIONAL | TRANSITIVE),
        }
    }

    /// Appends its value with AS numbers of 4 octets, as canonical form has them.
    pub fn encode_value(&self, out: &mut Vec<u8>) {
        match self {
            Self::Origin(origin) => out.push(origin.code()),
            Self::AsPath(path) | Self::As4Path(path) if path.is_two_octet() => {
                let wide = super::as_path::AsPathBuilder::from_path(*path);
                out.extend_from_slice(wide.bytes());
            }
            Self::AsPath(path) | Self::As4Path(path) => out.extend_from_slice(path.bytes()),
            Self::NextHop(address) | Self::OriginatorId(address) => out.extend(address.octets()),
            Self::MultiExitDisc(number)
            | Self::LocalPref(number)
            | Self::OnlyToCustomer(number) => {
                out.extend(number.to_be_bytes());
            }
            Self::AtomicAggregate => {}
            Self::Aggregator(aggregator) | Self::As4Aggregator(aggregator) => {
                out.extend(aggregator.asn.to_be_bytes());
                out.extend(aggregator.router.octets());
            }
            Self::PmsiTunnel(tunnel) => tunnel.put(out),
            Self::MpReachNlri(value) | Self::MpUnreachNlri(value) => out.extend_from_slice(value),
            Self::Communities(list) => out.extend_from_slice(list.0),
            Self::ClusterList(list) => out.extend_from_slice(list.0),
            Self::ExtendedCommunities(list) => out.extend_from_slice(list.0),
            Self::Ipv6ExtendedCommunities(list) => out.extend_from_slice(list.0),
            Self::LargeCommunities(list) => out.extend_from_slice(list.0),
            Self::TunnelEncapsulation(tunnels) => out.extend_from_slice(tunnels.bytes()),
            Self::Aigp(aigp) => out.extend_from_slice(aigp.bytes()),
            Self::PrefixSid(sid) => out.extend_from_slice(sid.bytes()),
            Self::Unknown(raw) => out.extend_from_slice(raw.value),
        }
    }
}

/// Its name and its value, as an operator reads it: `AS_PATH 64512 64513`. An unknown one in hexadecimal.
impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code())?;
        let mut show = |value: &dyn fmt::Display| write!(f, " {value}");
        match self {
            Self::Origin(origin) => show(origin),
            Self::AsPath(path) | Self::As4Path(path) => show(path),
            Self::NextHop(address) | Self::OriginatorId(address) => show(address),
            Self::MultiExitDisc(number)
            | Self::LocalPref(number)
            | Self::OnlyToCustomer(number) => show(number),
            Self::AtomicAggregate => Ok(()),
            Self::Aggregator(aggregator) | Self::As4Aggregator(aggregator) => show(aggregator),
            Self::Communities(list) => show(list),
            Self::ClusterList(list) => show(list),
            Self::ExtendedCommunities(list) => show(list),
            Self::Ipv6ExtendedCommunities(list) => show(list),
            Self::LargeCommunities(list) => show(list),
            Self::PmsiTunnel(tunnel) => show(tunnel),
            Self::TunnelEncapsulation(tunnels) => show(tunnels),
            Self::Aigp(aigp) => show(aigp),
            Self::PrefixSid(sid) => show(sid),
            Self::MpReachNlri(value) | Self::MpUnreachNlri(value) => hexadecimal(value, f),
            Self::Unknown(raw) => hexadecimal(raw.value, f),
        }
    }
}

fn hexadecimal(value: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(" 0x")?;
    value.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::attribute::owned::PathAttributes;

    /// One of each type, with its text
    #[test]
    fn every_type_comes_back_and_prints() {
        let aigp = [1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 100];
        let sid =
            [&[1, 0, 7, 0, 0, 0, 0, 0, 0, 42][..], &[3, 0, 8, 0, 0, 0, 0x3e, 0x80, 0, 0x1f, 0x40]]
                .concat();
        for (code, value, text) in [
            (1, vec![2], "ORIGIN Incomplete"),
            (2, vec![2, 1, 0, 0, 0xfd, 0xe8], "AS_PATH 65000"),
            (3, vec![192, 0, 2, 1], "NEXT_HOP 192.0.2.1"),
            (4, vec![0, 0, 0, 50], "MULTI_EXIT_DISC 50"),
            (5, vec![0, 0, 0, 100], "LOCAL_PREF 100"),
            (6, vec![], "ATOMIC_AGGREGATE"),
            (7, vec![0, 0, 0xfd, 0xe8, 192, 0, 2, 1], "AGGREGATOR 65000 192.0.2.1"),
            (8, vec![0xfd, 0xe8, 0, 1, 0xfd, 0xe8, 0, 2], "COMMUNITIES 65000:1 65000:2"),
            (9, vec![192, 0, 2, 1], "ORIGINATOR_ID 192.0.2.1"),
            (10, vec![192, 0, 2, 1, 192, 0, 2, 2], "CLUSTER_LIST 192.0.2.1 192.0.2.2"),
            (14, vec![0, 2, 1], "MP_REACH_NLRI 0x000201"),
            (15, vec![0, 2, 1], "MP_UNREACH_NLRI 0x000201"),
            (16, vec![0, 2, 0xfd, 0xe8, 0, 0, 0, 1], "EXTENDED_COMMUNITIES rt:65000:1"),
            (17, vec![2, 1, 0, 3, 0xd, 0x40], "AS4_PATH 200000"),
            (18, vec![0, 3, 0xd, 0x40, 192, 0, 2, 1], "AS4_AGGREGATOR 200000 192.0.2.1"),
            (
                22,
                vec![0, 6, 0, 0, 100, 192, 0, 2, 1],
                "PMSI_TUNNEL ingress-replication label 100 192.0.2.1",
            ),
            (22, vec![1, 2, 0, 0, 0, 0xab], "PMSI_TUNNEL mldp-p2mp label 0 0xab"),
            (23, vec![0, 8, 0, 0, 0, 99, 0, 0], "TUNNEL_ENCAPSULATION vxlan, 99"),
            (26, aigp.to_vec(), "AIGP 100"),
            (32, vec![0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3], "LARGE_COMMUNITIES 1:2:3"),
            (35, vec![0, 0, 0xfd, 0xe8], "ONLY_TO_CUSTOMER 65000"),
            (40, sid, "PREFIX_SID index 42 srgb 16000+8000"),
            (99, vec![0xab, 1], "99 0xab01"),
            (1, vec![9], "ORIGIN 0x09"),
        ] {
            let raw = RawAttribute { flags: 0xc0, code: AttributeCode(code), value: &value };
            let attribute = Attribute::decode(raw, true);
            assert_eq!((attribute.to_string().as_str(), attribute.code()), (text, raw.code));
            let mut out = Vec::new();
            attribute.encode_value(&mut out);
            assert_eq!(out, value, "{text}");
            // And through a list that keeps it
            let mut list = PathAttributes::default();
            list.put(&attribute);
            assert_eq!(list.view().value(raw.code), Some(&value[..]));
        }
    }

    /// RFC 4271 §5: it "MUST NOT be set back to 0".
    #[test]
    fn the_partial_bit_of_an_unknown_attribute_stays() {
        let raw = RawAttribute { flags: 0xe0, code: AttributeCode(99), value: &[1] };
        let mut list = PathAttributes::default();
        list.put(&Attribute::decode(raw, true));
        assert_eq!(list.view().iter().next(), Some(raw));
    }

    #[test]
    fn two_octet_as_numbers_become_wide() {
        let raw = |code, value| RawAttribute { flags: 0x40, code, value };
        let path = Attribute::decode(raw(AttributeCode::AS_PATH, &[2, 1, 0xfd, 0xe8]), false);
        let aggregator = raw(AttributeCode::AGGREGATOR, &[0xfd, 0xe8, 192, 0, 2, 1]);
        let aggregator = Attribute::decode(aggregator, false);
        assert_eq!(path.to_string(), "AS_PATH 65000");
        assert_eq!(aggregator.to_string(), "AGGREGATOR 65000 192.0.2.1");
        let mut list = PathAttributes::default();
        list.put(&aggregator).put(&path);
        assert_eq!(list.view().value(AttributeCode::AS_PATH), Some(&[2, 1, 0, 0, 0xfd, 0xe8][..]));
        assert_eq!(list.view().aggregator().map(|one| one.asn), Some(65000));
    }

    proptest! {
        /// Whatever the octets, what is interpreted is written as it was, and prints.
        #[test]
        fn any_value_comes_back(code: u8, value in prop::collection::vec(any::<u8>(), 0..40)) {
            let raw = RawAttribute { flags: 0xc0, code: AttributeCode(code), value: &value };
            let attribute = Attribute::decode(raw, true);
            let mut out = Vec::new();
            attribute.encode_value(&mut out);
            // Octets behind an ORIGIN or an AGGREGATOR are not read: checks of a message refuse them.
            prop_assert!(value.starts_with(&out));
            let _ = attribute.to_string();
        }
    }
}
