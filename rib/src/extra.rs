//! Attributes of a route that are no BGP path attributes: metrics of other protocols, options of the kernel's routes.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Number of such an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExtraCode(pub u8);

#[expect(missing_docs, reason = "named as in the filter language")]
impl ExtraCode {
    pub const IGP_METRIC: Self = Self(1);
    pub const OSPF_METRIC1: Self = Self(2);
    pub const OSPF_METRIC2: Self = Self(3);
    pub const OSPF_TAG: Self = Self(4);
    pub const OSPF_ROUTER_ID: Self = Self(5);
    /// The next hop that is announced, when packets take another one
    pub const NEXT_HOP: Self = Self(6);
    /// Name of the interface where packets go out
    pub const INTERFACE_NAME: Self = Self(7);
    pub const WEIGHT: Self = Self(8);
    pub const ONLINK: Self = Self(9);
    pub const SCOPE: Self = Self(10);
    /// The neighbour that the route is said to be from
    pub const FROM: Self = Self(11);
    pub const GATEWAY_MPLS: Self = Self(12);
    /// Index of the interface of a route to a network at hand: next hops in that network are reached there
    pub const INTERFACE: Self = Self(13);
    pub const RIP_METRIC: Self = Self(16);
    pub const RIP_TAG: Self = Self(17);
    pub const BABEL_METRIC: Self = Self(18);
    pub const BABEL_ROUTER_ID: Self = Self(19);
    pub const RA_PREFERENCE: Self = Self(20);
    pub const RA_LIFETIME: Self = Self(21);
    pub const KERNEL_SOURCE: Self = Self(32);
    pub const KERNEL_METRIC: Self = Self(33);
    pub const KERNEL_PREFSRC: Self = Self(34);
    pub const KERNEL_REALM: Self = Self(35);
    pub const KERNEL_SCOPE: Self = Self(36);
    pub const KERNEL_MTU: Self = Self(37);
    pub const KERNEL_WINDOW: Self = Self(38);
    pub const KERNEL_RTT: Self = Self(39);
    pub const KERNEL_RTTVAR: Self = Self(40);
    pub const KERNEL_SSTHRESH: Self = Self(41);
    pub const KERNEL_CWND: Self = Self(42);
    pub const KERNEL_ADVMSS: Self = Self(43);
    pub const KERNEL_REORDERING: Self = Self(44);
    pub const KERNEL_HOPLIMIT: Self = Self(45);
    pub const KERNEL_INITCWND: Self = Self(46);
    pub const KERNEL_RTO_MIN: Self = Self(47);
    pub const KERNEL_INITRWND: Self = Self(48);
    pub const KERNEL_QUICKACK: Self = Self(49);
    pub const KERNEL_CONGCTL: Self = Self(50);
    pub const KERNEL_FASTOPEN: Self = Self(51);
}

/// A view on such attributes: for each its code, the length of its value and the value, by ascending code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExtraRef<'a>(&'a [u8]);

/// The same, owned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExtraAttributes(Vec<u8>);

impl<'a> ExtraRef<'a> {
    /// `bytes` come from [`ExtraRef::bytes`].
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Equal bytes are equal attributes.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// All of them, by ascending code.
    pub fn iter(self) -> impl Iterator<Item = (ExtraCode, &'a [u8])> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let (code, after) = rest.split_first()?;
            let (length, after) = after.split_first()?;
            let (value, after) = after.split_at_checked(usize::from(*length))?;
            rest = after;
            Some((ExtraCode(*code), value))
        })
    }

    /// The value of one.
    pub fn value(self, code: ExtraCode) -> Option<&'a [u8]> {
        self.iter().find(|(other, _)| *other == code).map(|(_, value)| value)
    }

    /// The value of one that is a number.
    pub fn number(self, code: ExtraCode) -> Option<u32> {
        Some(u32::from_be_bytes(self.value(code)?.try_into().ok()?))
    }

    /// The value of one that is an address.
    pub fn address(self, code: ExtraCode) -> Option<IpAddr> {
        let value = self.value(code)?;
        let v4 = <[u8; 4]>::try_from(value).map(|octets| IpAddr::V4(Ipv4Addr::from(octets)));
        v4.or_else(|_| <[u8; 16]>::try_from(value).map(|octets| IpAddr::V6(Ipv6Addr::from(octets))))
            .ok()
    }

    /// The value of one that is text.
    pub fn text(self, code: ExtraCode) -> Option<&'a str> {
        core::str::from_utf8(self.value(code)?).ok()
    }
}

impl ExtraAttributes {
    /// A view on them.
    pub fn view(&self) -> ExtraRef<'_> {
        ExtraRef(&self.0)
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes over those of `other`.
    pub fn copy_from(&mut self, other: ExtraRef<'_>) {
        self.0.clear();
        self.0.extend_from_slice(other.0);
    }

    /// Removes one.
    pub fn remove(&mut self, code: ExtraCode) {
        if let Some((start, length)) = self.place(code)
            && length > 0
        {
            self.0.drain(start..start + length);
        }
    }

    /// Sets one. Of values longer than 255 octets the beginning is kept.
    pub fn set(&mut self, code: ExtraCode, value: &[u8]) {
        self.remove(code);
        let value = value.get(..255).unwrap_or(value);
        let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
        let start = self.place(code).map_or(self.0.len(), |(start, _)| start);
        self.0.splice(start..start, [code.0, length].into_iter().chain(value.iter().copied()));
    }

    /// Sets one that is a number.
    pub fn set_number(&mut self, code: ExtraCode, value: u32) {
        self.set(code, &value.to_be_bytes());
    }

    /// Sets one that is an address.
    pub fn set_address(&mut self, code: ExtraCode, value: IpAddr) {
        match value {
            IpAddr::V4(address) => self.set(code, &address.octets()),
            IpAddr::V6(address) => self.set(code, &address.octets()),
        }
    }

    /// Where `code` stands and how many octets it takes with its head, or where it would stand; `None`: at the end.
    fn place(&self, code: ExtraCode) -> Option<(usize, usize)> {
        let mut start = 0;
        for (other, value) in self.view().iter() {
            let length = value.len() + 2;
            if other >= code {
                return Some((start, if other == code { length } else { 0 }));
            }
            start += length;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_as_a_map(steps in prop::collection::vec((0u8..6, prop::option::of(prop::collection::vec(any::<u8>(), 0..300))), 0..40)) {
            let mut attributes = ExtraAttributes::default();
            let mut model: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
            for (code, value) in steps {
                match value {
                    Some(mut value) => {
                        attributes.set(ExtraCode(code), &value);
                        value.truncate(255);
                        model.insert(code, value);
                    }
                    None => {
                        attributes.remove(ExtraCode(code));
                        model.remove(&code);
                    }
                }
                let found: Vec<_> = attributes.view().iter().map(|(code, value)| (code.0, value.to_vec())).collect();
                prop_assert_eq!(found, model.clone().into_iter().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn values_have_types() {
        let mut attributes = ExtraAttributes::default();
        attributes.set_number(ExtraCode::KERNEL_METRIC, 7);
        attributes.set_address(ExtraCode::KERNEL_PREFSRC, IpAddr::from([192, 0, 2, 1]));
        attributes.set_address(ExtraCode::NEXT_HOP, IpAddr::V6(Ipv6Addr::LOCALHOST));
        attributes.set(ExtraCode::INTERFACE_NAME, b"eth0");
        let view = attributes.view();
        assert_eq!(view.number(ExtraCode::KERNEL_METRIC), Some(7));
        assert_eq!(view.address(ExtraCode::KERNEL_PREFSRC), Some(IpAddr::from([192, 0, 2, 1])));
        assert_eq!(view.address(ExtraCode::NEXT_HOP), Some(IpAddr::V6(Ipv6Addr::LOCALHOST)));
        assert_eq!(view.text(ExtraCode::INTERFACE_NAME), Some("eth0"));
        assert_eq!(view.number(ExtraCode::OSPF_TAG), None);
    }
}
