//! Addresses as BIRD orders and prints them.

use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::RangeSet;

/// The address as a number that orders as BIRD does: one of IPv4 stands among those of IPv6 at
/// `::ffff:0:0/96`, so `1.2.3.4 ~ [ ::..ffff:: ]`.
pub const fn to_key(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The address of [`to_key`]. `::ffff:1.2.3.4` comes back as `1.2.3.4`: they are one.
pub const fn from_key(key: u128) -> IpAddr {
    IpAddr::V6(Ipv6Addr::from_bits(key)).to_canonical()
}

/// Prints an address of IPv6 as BIRD does.
///
/// ```
/// use policy::set::address::Ipv6Form;
/// // Not as in the standard library:
/// assert_eq!(Ipv6Form("::102:304".parse()?).to_string(), "::1.2.3.4");
/// assert_eq!(Ipv6Form("64:ff9b::102:304".parse()?).to_string(), "64:ff9b::102:304");
/// # Ok::<(), core::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6Form(pub Ipv6Addr);

impl fmt::Display for Ipv6Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0.to_bits();
        match bits >> 32 {
            // `::1` and `::` are no addresses of IPv4.
            0 if bits >> 16 != 0 => {
                write!(f, "::{}", Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or_default()))
            }
            _ => write!(f, "{}", self.0),
        }
    }
}

/// Prints a value of type `ip` as BIRD does.
///
/// ```
/// use policy::set::address::AddressForm;
/// assert_eq!(AddressForm("::ffff:1.2.3.4".parse()?).to_string(), "1.2.3.4");
/// # Ok::<(), core::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressForm(pub IpAddr);

impl fmt::Display for AddressForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_canonical() {
            IpAddr::V4(address) => write!(f, "{address}"),
            IpAddr::V6(address) => write!(f, "{}", Ipv6Form(address)),
        }
    }
}

/// A set of addresses, of both families.
///
/// ```
/// use policy::set::IpSet;
/// let one = |address: &str| address.parse().map(|address| (address, address));
/// let set = IpSet::new(vec![one("1::")?, one("1.2.3.4")?, one("::1")?]);
/// assert!(set.contains("::ffff:1.2.3.4".parse()?));
/// assert_eq!(set.to_string(), "[::1, 1.2.3.4, 1::]");
/// # Ok::<(), core::net::AddrParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct IpSet(RangeSet<u128>);

impl IpSet {
    /// Ranges with both ends included, which may be of different families.
    pub fn new(ranges: Vec<(IpAddr, IpAddr)>) -> Self {
        let keys = ranges.into_iter().map(|(low, high)| (to_key(low), to_key(high)));
        Self(RangeSet::new(keys.collect()))
    }

    /// Whether a range has `address` in it.
    #[inline]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(to_key(address))
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The items in BIRD's order: by their first values. They may overlap.
    pub fn items(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> + '_ {
        self.0.items().map(|(low, high)| (from_key(low), from_key(high)))
    }
}

impl fmt::Display for IpSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, |key, f| AddressForm(from_key(key)).fmt(f))
    }
}

impl fmt::Debug for IpSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items()).finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::*;

    fn set(ranges: &[&str]) -> IpSet {
        let address = |text: &str| text.parse().expect("an address");
        let ranges = ranges.iter().map(|range| {
            let (low, high) = range.split_once("..").unwrap_or((range, range));
            (address(low), address(high))
        });
        IpSet::new(ranges.collect::<Vec<_>>())
    }

    fn form(ranges: &[&str]) -> String {
        set(ranges).to_string()
    }

    /// What BIRD 2.0.12 printed and said.
    #[test]
    fn as_bird() {
        assert_eq!(form(&["ffff::", "1.2.3.4", "::1"]), "[::1, 1.2.3.4, ffff::]");
        assert_eq!(form(&["1.2.3.4..1::", "0.0.0.0"]), "[0.0.0.0, 1.2.3.4..1::]");
        assert_eq!(form(&["::1..1.2.3.4"]), "[::1..1.2.3.4]");
        assert_eq!(form(&["::ffff:1.2.3.4"]), "[1.2.3.4]");
        assert_eq!(set(&["::ffff:1.2.3.4"]), set(&["1.2.3.4"]));
        assert!(set(&["::..ffff::"]).contains("1.2.3.4".parse().expect("an address")));
        assert!(set(&["1.2.3.4"]).contains("::ffff:1.2.3.4".parse().expect("an address")));
    }
}
