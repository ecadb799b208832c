//! The capabilities of an OPEN.

use alloc::vec::Vec;

use core::fmt;

use bytes::{Bytes, BytesMut};

use super::{
    AddPathDirection, Capability, ExtendedNextHopEncoding, GracefulRestart, LongLivedFamily,
    OrfDirection, Role,
};
use crate::codec::Cursor;
use crate::iana::{Afi, CapabilityCode, Family};
use crate::orf::OrfType;

/// The capabilities of one OPEN, in their order.
///
/// ```
/// use bgp_wire::{Capabilities, Capability, Family};
///
/// let families = [Family::IPV4_UNICAST, Family::IPV6_UNICAST];
/// let list: Capabilities = families.into_iter().map(Capability::Multiprotocol).collect();
/// assert!(list.families().eq(families));
/// assert_eq!(list.four_octet_as(), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Capabilities(Vec<Capability>);

impl Capabilities {
    /// Appends one.
    pub fn push(&mut self, capability: Capability) {
        self.0.push(capability);
    }

    /// All of them.
    pub fn iter(&self) -> core::slice::Iter<'_, Capability> {
        self.0.iter()
    }

    /// The AS number of the first 4-octet AS capability.
    pub fn four_octet_as(&self) -> Option<u32> {
        self.iter().find_map(|capability| match capability {
            Capability::FourOctetAs(asn) => Some(*asn),
            _ => None,
        })
    }

    /// Whether `capability` stands here as it is.
    pub fn contains(&self, capability: &Capability) -> bool {
        self.0.contains(capability)
    }

    /// The families of all multiprotocol capabilities.
    pub fn families(&self) -> impl Iterator<Item = Family> + '_ {
        self.iter().filter_map(|capability| match capability {
            Capability::Multiprotocol(family) => Some(*family),
            _ => None,
        })
    }

    /// Whether prefixes of `family` may have next hops of AFI `next_hop` (RFC 8950).
    pub fn has_extended_next_hop(&self, family: Family, next_hop: Afi) -> bool {
        self.iter().any(|capability| match capability {
            Capability::ExtendedNextHop(list) => {
                list.contains(&ExtendedNextHopEncoding { family, next_hop })
            }
            _ => false,
        })
    }

    /// The add-path direction of `family`, if any (RFC 7911).
    pub fn add_path(&self, family: Family) -> Option<AddPathDirection> {
        self.iter().find_map(|capability| match capability {
            Capability::AddPath(list) => {
                list.iter().find(|entry| entry.0 == family).map(|entry| entry.1)
            }
            _ => None,
        })
    }

    /// How many paths of a prefix of `family` are wanted (draft-abraitis-idr-addpath-paths-limit).
    pub fn paths_limit(&self, family: Family) -> Option<u16> {
        self.iter().find_map(|capability| match capability {
            Capability::PathsLimit(list) => {
                list.iter().find(|entry| entry.0 == family).map(|entry| entry.1)
            }
            _ => None,
        })
    }

    /// The graceful restart capability: the last one counts (RFC 4724 §3).
    pub fn graceful_restart(&self) -> Option<&GracefulRestart> {
        self.iter().rev().find_map(|capability| match capability {
            Capability::GracefulRestart(restart) => Some(restart),
            _ => None,
        })
    }

    /// Families of the long-lived graceful restart capability (RFC 9494); of several, the last counts as it
    /// does for graceful restart. `None` also without the latter, which it needs.
    pub fn long_lived_graceful_restart(&self) -> Option<&[LongLivedFamily]> {
        self.graceful_restart()?;
        self.iter().rev().find_map(|capability| match capability {
            Capability::LongLivedGracefulRestart(families) => Some(families.as_slice()),
            _ => None,
        })
    }

    /// Which way filters of type `kind` go for `family`, if they go at all (RFC 5291 §5).
    pub fn orf(&self, family: Family, kind: OrfType) -> Option<OrfDirection> {
        let lists = self.iter().filter_map(|capability| match capability {
            Capability::Orf(list) => Some(list),
            _ => None,
        });
        let types = lists.flatten().filter(|entry| entry.family == family);
        types.flat_map(|entry| &entry.types).find(|entry| entry.0 == kind).map(|entry| entry.1)
    }

    /// The role of the sender's AS (RFC 9234 §4.1).
    pub fn role(&self) -> Option<Role> {
        self.roles().next()
    }

    /// Whether there are several roles that are not the same: the session has to be refused with Role
    /// Mismatch (RFC 9234 §4.2).
    pub fn has_conflicting_roles(&self) -> bool {
        self.roles().any(|role| Some(role) != self.role())
    }

    fn roles(&self) -> impl Iterator<Item = Role> + '_ {
        self.iter().filter_map(|capability| match capability {
            Capability::Role(role) => Some(*role),
            _ => None,
        })
    }

    /// Name and domain of the sender (draft-walton-bgp-hostname-capability).
    pub fn fqdn(&self) -> Option<(&str, &str)> {
        self.iter().find_map(|capability| match capability {
            Capability::Fqdn { host, domain } => Some((&**host, &**domain)),
            _ => None,
        })
    }

    /// What runs on the sender (draft-abraitis-bgp-version-capability).
    pub fn software_version(&self) -> Option<&str> {
        self.iter().find_map(|capability| match capability {
            Capability::SoftwareVersion(version) => Some(&**version),
            _ => None,
        })
    }

    /// Appends those of one optional parameter; `Err` tells the offset where lengths do not add up.
    pub(crate) fn decode(&mut self, parameter: &Bytes) -> Result<(), usize> {
        let mut cursor = Cursor::new(parameter);
        while !cursor.is_empty() {
            let start = cursor.offset();
            let (Some(code), Some(length)) = (cursor.u8(), cursor.u8()) else { return Err(start) };
            let value = cursor.offset();
            let mut body = cursor.sub(usize::from(length)).ok_or(start)?;
            let code = CapabilityCode(code);
            let capability = Capability::decode(code, &mut body).filter(|_| body.is_empty());
            self.push(capability.unwrap_or_else(|| Capability::Unknown {
                code,
                value: parameter.slice(value..cursor.offset()),
            }));
        }
        Ok(())
    }

    /// Reads the data of an Unsupported Capability error (RFC 5492 §3); `None` where lengths do not add up.
    ///
    /// ```
    /// use bgp_wire::{Capabilities, Capability};
    /// let list = Capabilities::from_iter([Capability::FourOctetAs(4_200_000_000)]);
    /// assert_eq!(Capabilities::from_bytes(&list.to_bytes()), Some(list));
    /// ```
    pub fn from_bytes(data: &Bytes) -> Option<Self> {
        let mut list = Self::default();
        list.decode(data).ok()?;
        Some(list)
    }

    /// The capabilities as they stand in an OPEN: also the data of an Unsupported Capability error.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::new();
        for capability in self {
            capability.encode(&mut out);
        }
        out.freeze()
    }
}

/// All of them, separated by semicolons.
impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, capability) in self.iter().enumerate() {
            let between = if i == 0 { "" } else { "; " };
            write!(f, "{between}{capability}")?;
        }
        Ok(())
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<T: IntoIterator<Item = Capability>>(iter: T) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Capabilities {
    type Item = &'a Capability;
    type IntoIter = core::slice::Iter<'a, Capability>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
