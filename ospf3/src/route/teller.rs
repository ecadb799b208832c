//! LSAs that tell of prefixes or of routers in other areas: what they say, and what that rests on.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use smallvec::SmallVec;

use super::prefixes::PrefixId;
use crate::lsa::{ExternalLsa, ExternalMetricType, LsaKey, narrow};
use crate::spf::VertexId;
use crate::{AddressFamily, AreaId, Options, Prefix, PrefixOptions, RouterId, ScopeId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TellerId(u32);

impl TellerId {
    pub(super) const FIRST: Self = Self(0);
    pub(super) const LAST: Self = Self(u32::MAX);
}

/// What must be reached for what an LSA tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RestsOn {
    /// A vertex of an area.
    Vertex(AreaId, VertexId),
    /// An AS boundary router, wherever it is.
    Boundary(RouterId),
}

/// What an LSA tells.
#[derive(Debug, Clone)]
pub(super) enum Says {
    /// Prefixes of an area's router or transit link.
    Intra(SmallVec<[PrefixId; 2]>),
    /// A prefix of another area.
    Inter { prefix: PrefixId, metric: u32 },
    /// An AS boundary router of another area.
    Router { router: RouterId, metric: u32, options: Options },
    /// A prefix outside the AS.
    External(PrefixId, External),
}

/// What an AS-external-LSA or NSSA-LSA says, but for the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct External {
    pub(super) metric_type: ExternalMetricType,
    pub(super) metric: u32,
    pub(super) forwarding: Option<IpAddr>,
    pub(super) tag: Option<u32>,
    pub(super) propagate: bool,
}

impl External {
    pub(super) fn new(lsa: &ExternalLsa, family: AddressFamily) -> Self {
        let address = |address: Ipv6Addr| {
            if family.is_ipv4() { narrow(address).into() } else { address.into() }
        };
        Self {
            metric_type: lsa.metric_type,
            metric: lsa.metric,
            forwarding: lsa.forwarding_address.map(address),
            tag: lsa.tag,
            propagate: lsa.prefix.options.contains(PrefixOptions::P),
        }
    }
}

/// An LSA that tells of something.
#[derive(Debug, Clone)]
pub(super) struct Teller {
    pub(super) scope: ScopeId,
    pub(super) key: LsaKey,
    pub(super) rests_on: RestsOn,
    pub(super) says: Says,
    /// Its place in the list of those that rest on the same.
    position: u32,
}

impl Teller {
    pub(super) fn prefixes(&self) -> &[PrefixId] {
        match &self.says {
            Says::Intra(prefixes) => prefixes,
            Says::Inter { prefix, .. } | Says::External(prefix, _) => core::slice::from_ref(prefix),
            Says::Router { .. } => &[],
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Tellers {
    numbers: BTreeMap<(ScopeId, LsaKey), TellerId>,
    tellers: Vec<Option<Teller>>,
    free: Vec<TellerId>,
}

impl Tellers {
    pub(super) fn get(&self, id: TellerId) -> Option<&Teller> {
        self.tellers.get(id.0 as usize)?.as_ref()
    }

    pub(super) fn id(&self, scope: ScopeId, key: LsaKey) -> Option<TellerId> {
        self.numbers.get(&(scope, key)).copied()
    }

    /// The prefixes that one tells of.
    pub(super) fn prefixes(&self, id: TellerId) -> &[PrefixId] {
        self.get(id).map_or(&[], Teller::prefixes)
    }

    /// The number that the next one will have.
    pub(super) fn next_id(&self) -> TellerId {
        let next = TellerId(u32::try_from(self.tellers.len()).unwrap_or(u32::MAX));
        self.free.last().copied().unwrap_or(next)
    }

    /// Puts in one that is not there, and puts it on the list of those that rest on the same.
    pub(super) fn insert(
        &mut self,
        (scope, key): (ScopeId, LsaKey),
        rests_on: RestsOn,
        says: Says,
        list: &mut Vec<TellerId>,
    ) {
        let id = self.next_id();
        let position = u32::try_from(list.len()).unwrap_or(u32::MAX);
        let teller = Teller { scope, key, rests_on, says, position };
        if self.free.pop().is_some() {
            if let Some(place) = self.tellers.get_mut(id.0 as usize) {
                *place = Some(teller);
            }
        } else {
            self.tellers.push(Some(teller));
        }
        list.push(id);
        self.numbers.insert((scope, key), id);
    }

    /// Takes one out, and off its list.
    pub(super) fn remove(&mut self, id: TellerId, list: &mut Vec<TellerId>) -> Option<Teller> {
        let teller = self.tellers.get_mut(id.0 as usize)?.take()?;
        self.numbers.remove(&(teller.scope, teller.key));
        self.free.push(id);
        let position = teller.position as usize;
        if list.get(position) == Some(&id) {
            list.swap_remove(position);
        }
        if let Some(moved) = list.get(position)
            && let Some(Some(moved)) = self.tellers.get_mut(moved.0 as usize)
        {
            moved.position = teller.position;
        }
        Some(teller)
    }

    /// All in one database.
    pub(super) fn of_scope(&self, scope: ScopeId) -> Vec<TellerId> {
        let all = self.numbers.iter().filter(|((there, _), _)| *there == scope);
        all.map(|(_, id)| *id).collect()
    }

    pub(super) fn octets(&self) -> usize {
        self.numbers.len() * size_of::<((ScopeId, LsaKey), TellerId)>() * 4 / 3
            + self.tellers.capacity() * size_of::<Option<Teller>>()
    }
}

/// The destination that an LSA's prefix stands for; `None` if it takes no part: the NU-bit is set, it is not of the
/// family (RFC 5838 §2.3), or it is link-local, which no LSA may tell (RFC 5340 §4.4.3.9).
pub(super) fn destination(prefix: &Prefix, family: AddressFamily) -> Option<IpNet> {
    if prefix.options.contains(PrefixOptions::NU) || prefix.length > family.max_prefix_length() {
        return None;
    }
    if family.is_ipv4() {
        return Some(Ipv4Net::new(prefix.ipv4(), prefix.length).ok()?.trunc().into());
    }
    let link_local = prefix.length >= 10 && prefix.address.is_unicast_link_local();
    Some(Ipv6Net::new(prefix.address, prefix.length).ok()?.trunc().into()).filter(|_| !link_local)
}
