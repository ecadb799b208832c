//! The filters that a neighbour has put up for what it is told (RFC 5291, RFC 5292).

use alloc::vec::Vec;

use bgp_wire::{AddressPrefixChange, AddressPrefixFilter, Orf, OrfMatch, OrfType, OrfUpdate};
use ipnet::IpNet;

/// Outbound route filters of one family by address prefix, in the order of their sequence numbers.
///
/// ```
/// use bgp_fsm::PrefixFilters;
/// use bgp_wire::{AddressPrefixChange, AddressPrefixFilter, OrfMatch};
///
/// let mut filters = PrefixFilters::default();
/// assert!(filters.permit(&"10.0.0.0/8".parse()?), "no filters, all routes");
/// filters.change(&AddressPrefixChange::Add(AddressPrefixFilter {
///     sequence: 5,
///     action: OrfMatch::Permit,
///     prefix: "192.0.2.0/24".parse()?,
///     min_length: 0,
///     max_length: 32,
/// }));
/// assert!(filters.permit(&"192.0.2.128/25".parse()?));
/// assert!(!filters.permit(&"10.0.0.0/8".parse()?), "what no filter matches");
/// # Ok::<(), ipnet::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrefixFilters(Vec<AddressPrefixFilter>);

impl PrefixFilters {
    /// Whether the neighbour wants to be told of a route (RFC 5291 §6, RFC 5292 §4).
    pub fn permit(&self, net: &IpNet) -> bool {
        let first = self.0.iter().find(|filter| filter.matches(net));
        first.map_or(self.0.is_empty(), |filter| filter.action == OrfMatch::Permit)
    }

    /// The filters.
    pub fn iter(&self) -> core::slice::Iter<'_, AddressPrefixFilter> {
        self.0.iter()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none, so that all routes are wanted.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Does one change. A filter with a sequence number that is there already takes the other's place.
    pub fn change(&mut self, change: &AddressPrefixChange) {
        match change {
            AddressPrefixChange::Add(filter) => {
                match self.0.binary_search_by_key(&filter.sequence, |one| one.sequence) {
                    Ok(place) => self.0[place] = *filter,
                    Err(place) => self.0.insert(place, *filter),
                }
            }
            // One that is not there is ignored (RFC 5291 §6).
            AddressPrefixChange::Remove(filter) => {
                let place = self.0.binary_search_by_key(&filter.sequence, |one| one.sequence);
                if let Some(place) = place.ok().filter(|place| self.0[*place] == *filter) {
                    self.0.remove(place);
                }
            }
            AddressPrefixChange::RemoveAll => self.0.clear(),
        }
    }

    /// Does what a ROUTE-REFRESH says; tells whether anything was about filters of this kind. Those of other
    /// kinds are ignored, and of entries that make no sense nothing is left (RFC 5291 §6).
    pub(crate) fn update(&mut self, update: &OrfUpdate, limit: usize) -> Result<bool, TooMany> {
        let mut changed = false;
        for orf in &update.filters {
            match orf {
                Orf::AddressPrefix(changes) => {
                    changed = true;
                    for change in changes {
                        self.change(change);
                        if self.len() > limit {
                            return Err(TooMany);
                        }
                    }
                }
                Orf::Other { kind: OrfType::ADDRESS_PREFIX, .. } => {
                    changed = true;
                    self.0.clear();
                }
                _ => {}
            }
        }
        Ok(changed)
    }
}

/// More filters than are allowed.
pub(crate) struct TooMany;

impl<'a> IntoIterator for &'a PrefixFilters {
    type Item = &'a AddressPrefixFilter;
    type IntoIter = core::slice::Iter<'a, AddressPrefixFilter>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
