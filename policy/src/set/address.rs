//! Addresses as BIRD orders and prints them.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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
