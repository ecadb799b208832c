//! Verification of AS paths by ASPAs (draft-ietf-sidrops-aspa-verification-28).

use alloc::collections::{BTreeMap, BTreeSet};
use core::ops::Bound;

use bgp_wire::{AsPath, Role, SegmentKind};
use smallvec::SmallVec;

use crate::rpki::{RpkiSource, Sources};

/// What ASPAs say of a path (draft-ietf-sidrops-aspa-verification §5.5, §5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathValidity {
    /// All hops that have to be are attested.
    Valid,
    /// Somebody on the path has passed the route on who should not have, or the path is one of those that
    /// cannot be verified.
    Invalid,
    /// Too few ASes have ASPAs to tell. Such a route is to be as good as a valid one (§5.7).
    Unknown,
}

/// Which way a path may have come (§5.5, §5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathDirection {
    /// From a customer, a peer, a route server or a client of ours as a route server: up only
    Upstream,
    /// From a provider: up, and down to us
    Downstream,
}

impl PathDirection {
    /// The direction for routes that are received where we have a role. None for roles that are not known.
    ///
    /// ```
    /// use bgp_wire::Role;
    /// use rib::PathDirection;
    /// assert_eq!(PathDirection::of(Role::CUSTOMER), Some(PathDirection::Downstream));
    /// assert_eq!(PathDirection::of(Role::PEER), Some(PathDirection::Upstream));
    /// ```
    pub const fn of(role: Role) -> Option<Self> {
        match role {
            Role::CUSTOMER => Some(Self::Downstream),
            Role::PROVIDER | Role::PEER | Role::ROUTE_SERVER | Role::ROUTE_SERVER_CLIENT => {
                Some(Self::Upstream)
            }
            _ => None,
        }
    }
}

/// What is known of a hop (§5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authorization {
    /// The customer has no ASPA.
    NoAttestation,
    /// The other is one of its providers.
    Provider,
    /// It has ASPAs, and the other is none of its providers.
    NotProvider,
}

/// A customer AS whose set of providers has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AspaChange {
    /// Paths with this AS are to be verified anew.
    Customer(u32),
    /// All paths are: too many customers have changed.
    All,
}

/// A customer's ASPAs, put together.
#[derive(Debug, Clone, Default)]
struct Record {
    sources: Sources,
    /// By number
    providers: SmallVec<[(u32, Sources); 2]>,
}

impl Record {
    fn drop_source(&mut self, source: RpkiSource) {
        self.sources.remove(source);
        self.providers.retain(|(_, sources)| {
            sources.remove(source);
            !sources.is_empty()
        });
    }

    fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.providers.iter().map(|(asn, _)| *asn)
    }
}

/// ASPAs from several sources: the providers of each customer AS.
///
/// All that the sources say of a customer is put together (its U-SPAS, §3): a provider that one of them lists is one.
/// A customer whose sources list none, or AS 0 alone, has no providers.
///
/// The procedures are for routes of IPv4 and IPv6 unicast from external neighbours (§6.2). That the first AS of the
/// path is the neighbour's has to be checked before, and is not here: paths from route servers are exempt, and the
/// neighbour is not known here (§5.5 and §5.6, step 2; RFC 4271 §6.3).
///
/// ```
/// use bgp_wire::{AsPath, AsPathBuilder, Role, SegmentKind};
/// use rib::{AspaChange, AspaTable, PathDirection, PathValidity, RpkiSource};
///
/// let cache = RpkiSource::new(0).ok_or("a number below 32")?;
/// let mut aspas = AspaTable::new();
/// aspas.set(cache, 65001, [65010, 65020]);
/// aspas.set(cache, 65010, [0]);
/// assert_eq!(aspas.poll_change(), Some(AspaChange::Customer(65001)));
///
/// let verify = |asns: &[u32], role| {
///     let mut path = AsPathBuilder::default();
///     path.segment(SegmentKind::Sequence, asns.iter().copied());
///     let direction = PathDirection::of(role)?;
///     Some(aspas.verify(direction, AsPath::new(path.bytes())))
/// };
/// // From our customer 65010, which has it from its customer 65001.
/// assert_eq!(verify(&[65010, 65001], Role::PROVIDER), Some(PathValidity::Valid));
/// // 65001 has passed a route of its provider 65010 on to us, its provider too: a leak.
/// assert_eq!(verify(&[65001, 65010], Role::PROVIDER), Some(PathValidity::Invalid));
/// // But if we are a customer of 65001, it may have it from its provider.
/// assert_eq!(verify(&[65001, 65010], Role::CUSTOMER), Some(PathValidity::Valid));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone)]
pub struct AspaTable {
    records: BTreeMap<u32, Record>,
    changes: BTreeSet<AspaChange>,
    limit: usize,
}

/// How many customers with changes are kept, unless the host says otherwise.
const MOST_CHANGES: usize = 10_000;

impl AspaTable {
    /// An empty table that notes up to 10,000 customers.
    pub fn new() -> Self {
        Self::with_change_limit(MOST_CHANGES)
    }

    /// An empty table that notes up to so many customers that have changed; more are [`AspaChange::All`].
    pub fn with_change_limit(limit: usize) -> Self {
        Self { records: BTreeMap::new(), changes: BTreeSet::new(), limit }
    }

    /// Number of customers.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// A source has these providers for a customer, in the place of those that it had. AS 0 is no provider, whatever
    /// stands beside it (§4).
    pub fn set(
        &mut self,
        source: RpkiSource,
        customer: u32,
        providers: impl IntoIterator<Item = u32>,
    ) {
        let mut record = self.records.get(&customer).cloned().unwrap_or_default();
        record.drop_source(source);
        record.sources.add(source);
        for asn in providers.into_iter().filter(|asn| *asn != 0) {
            match record.providers.binary_search_by_key(&asn, |(known, _)| *known) {
                Ok(at) => {
                    let known = record.providers.iter_mut().skip(at).take(1);
                    known.for_each(|(_, sources)| sources.add(source));
                }
                Err(at) => {
                    let mut sources = Sources::default();
                    sources.add(source);
                    record.providers.insert(at, (asn, sources));
                }
            }
        }
        self.put(customer, record);
    }

    /// A source has no ASPA for a customer any more.
    pub fn remove(&mut self, source: RpkiSource, customer: u32) {
        if let Some(mut record) = self.records.get(&customer).cloned() {
            record.drop_source(source);
            self.put(customer, record);
        }
    }

    /// A source is gone, and with it what only it has.
    pub fn remove_source(&mut self, source: RpkiSource) {
        self.remove_where(source, |record| record.sources.has(source));
    }

    /// What a source has turns stale: a new set follows, by which it is replaced without a gap. A source that is
    /// marked once more, since the set broke off, has to say everything again.
    pub fn mark_stale(&mut self, source: RpkiSource) {
        self.records.values_mut().for_each(|record| record.sources.mark_stale(source));
    }

    /// The new set is complete: what the source has not said again since [`AspaTable::mark_stale`] goes.
    pub fn sweep(&mut self, source: RpkiSource) {
        self.remove_where(source, |record| record.sources.is_stale(source));
    }

    fn remove_where(&mut self, source: RpkiSource, which: impl Fn(&Record) -> bool) {
        let mut behind = Bound::Unbounded;
        loop {
            let mut rest = self.records.range((behind, Bound::Unbounded));
            let Some((customer, _)) = rest.find(|(_, record)| which(record)) else { return };
            behind = Bound::Excluded(*customer);
            self.remove(source, *customer);
        }
    }

    /// Puts a record in the place of what is there, and notes it where the providers are others.
    fn put(&mut self, customer: u32, record: Record) {
        let is_there = !record.sources.is_empty();
        let before = self.records.get(&customer);
        let differs = match before {
            Some(before) => !is_there || !before.numbers().eq(record.numbers()),
            None => is_there,
        };
        if is_there {
            self.records.insert(customer, record);
        } else {
            self.records.remove(&customer);
        }
        if differs && !self.changes.contains(&AspaChange::All) {
            self.changes.insert(AspaChange::Customer(customer));
            if self.changes.len() > self.limit {
                self.changes = BTreeSet::from([AspaChange::All]);
            }
        }
    }

    /// A customer whose providers have changed since it was last given: paths without it are as they were.
    /// `None` when there is nothing more.
    pub fn poll_change(&mut self) -> Option<AspaChange> {
        self.changes.pop_first()
    }

    /// All customers, by number.
    pub fn iter(&self) -> impl Iterator<Item = AspaView<'_>> {
        self.records.iter().map(|(customer, record)| AspaView { customer: *customer, record })
    }

    /// One customer.
    pub fn get(&self, customer: u32) -> Option<AspaView<'_>> {
        let record = self.records.get(&customer)?;
        Some(AspaView { customer, record })
    }

    /// Whether `provider` is known as a provider of `customer` (§5.3).
    pub fn authorization(&self, customer: u32, provider: u32) -> Authorization {
        let Some(record) = self.records.get(&customer) else {
            return Authorization::NoAttestation;
        };
        match record.providers.binary_search_by_key(&provider, |(asn, _)| *asn) {
            Ok(_) => Authorization::Provider,
            Err(_) => Authorization::NotProvider,
        }
    }

    /// Verifies a path by its direction.
    pub fn verify(&self, direction: PathDirection, path: AsPath<'_>) -> PathValidity {
        match direction {
            PathDirection::Upstream => self.verify_upstream(path),
            PathDirection::Downstream => self.verify_downstream(path),
        }
    }

    /// Verifies a path that must go up at every hop (§5.5). An AS that stands several times in a row counts
    /// once; a path that is empty or has a set is invalid. Segments of a confederation are left out, as in a path's
    /// length (RFC 5065 §5.3): external neighbours send none.
    pub fn verify_upstream(&self, path: AsPath<'_>) -> PathValidity {
        let Some(ramps) = self.ramps(path) else { return PathValidity::Invalid };
        ramps.validity(ramps.up)
    }

    /// Verifies a path that may go up, over one hop between the tops, and down to us (§5.6). What is said of
    /// paths at [`AspaTable::verify_upstream`] holds here.
    pub fn verify_downstream(&self, path: AsPath<'_>) -> PathValidity {
        let Some(ramps) = self.ramps(path) else { return PathValidity::Invalid };
        let [max, min] = [ramps.up.0 + ramps.down.0, ramps.up.1 + ramps.down.1];
        ramps.validity((max, min))
    }

    /// The lengths of §5.4, by one way over the path from the neighbour to the origin.
    fn ramps(&self, path: AsPath<'_>) -> Option<Ramps> {
        let mut hops = hops(path)?;
        let mut before = hops.next()?;
        // How many ASes there are up to `before`, and where from the neighbour the ramps may end: the
        // first hop that does not go down, the last that does not go up.
        let (mut count, mut down, mut up) = (1, (None, None), (0, 0));
        for asn in hops {
            match self.authorization(before, asn) {
                Authorization::NotProvider => {
                    down = (down.0.or(Some(count)), down.1.or(Some(count)));
                }
                Authorization::NoAttestation => down.1 = down.1.or(Some(count)),
                Authorization::Provider => {}
            }
            match self.authorization(asn, before) {
                Authorization::NotProvider => up = (count, count),
                Authorization::NoAttestation => up.1 = count,
                Authorization::Provider => {}
            }
            count += 1;
            before = asn;
        }
        let down = (down.0.unwrap_or(count), down.1.unwrap_or(count));
        Some(Ramps { count, up: (count - up.0, count - up.1), down })
    }

    /// The hops of a path that are not from a customer to one of its providers, as (customer, no provider of it), from
    /// the neighbour's to the origin's, both ways of each: why a path is invalid (§6.6).
    pub fn denied<'a>(&'a self, path: AsPath<'a>) -> impl Iterator<Item = (u32, u32)> + 'a {
        let hops = hops(path).into_iter().flatten();
        let next = hops.clone().skip(1);
        hops.zip(next).flat_map(|(near, far)| [(far, near), (near, far)]).filter(
            |(customer, provider)| {
                self.authorization(*customer, *provider) == Authorization::NotProvider
            },
        )
    }
}

impl Default for AspaTable {
    fn default() -> Self {
        Self::new()
    }
}

/// The longest and shortest that the ramps of a path may be, in ASes (§5.4).
#[derive(Debug, Clone, Copy)]
struct Ramps {
    /// All ASes
    count: u32,
    /// From the origin, (max_up_ramp, min_up_ramp)
    up: (u32, u32),
    /// From the neighbour, (max_down_ramp, min_down_ramp)
    down: (u32, u32),
}

impl Ramps {
    /// The last steps of §5.5 and §5.6, by how far the ramps reach at most and at least.
    const fn validity(&self, (most, least): (u32, u32)) -> PathValidity {
        if most < self.count {
            PathValidity::Invalid
        } else if least < self.count {
            PathValidity::Unknown
        } else {
            PathValidity::Valid
        }
    }
}

/// The ASes of a path from the neighbour to the origin, each once in a row (§5.2). None where there is a set.
fn hops(path: AsPath<'_>) -> Option<impl Iterator<Item = u32> + Clone + '_> {
    let is_set = |kind| matches!(kind, SegmentKind::Set | SegmentKind::ConfedSet);
    if path.segments().any(|segment| is_set(segment.kind)) {
        return None;
    }
    let sequences = path.segments().filter(|segment| segment.kind == SegmentKind::Sequence);
    let mut before = None;
    Some(sequences.flat_map(|segment| segment.asns()).filter(move |asn| {
        let is_new = before != Some(*asn);
        before = Some(*asn);
        is_new
    }))
}

/// What is known of a customer.
#[derive(Debug, Clone, Copy)]
pub struct AspaView<'a> {
    /// The AS
    pub customer: u32,
    record: &'a Record,
}

impl<'a> AspaView<'a> {
    /// Its providers by number, with the sources that list them. None at all: it has no providers.
    pub fn providers(
        self,
    ) -> impl Iterator<Item = (u32, impl Iterator<Item = RpkiSource>)> + use<'a> {
        self.record.providers.iter().map(|(asn, sources)| (*asn, sources.iter()))
    }

    /// The sources that have an ASPA of it.
    pub fn sources(self) -> impl Iterator<Item = RpkiSource> {
        self.record.sources.iter()
    }

    /// Whether this source has not said it again since its data turned stale.
    pub fn is_stale(self, source: RpkiSource) -> bool {
        self.record.sources.is_stale(source)
    }
}

#[cfg(test)]
mod tests;
