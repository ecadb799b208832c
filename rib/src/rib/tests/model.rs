//! What a table should hold of a neighbour's routes. Limits make it depend on the order in which routes came, so
//! this follows the history route by route; whatever follows from these routes is computed anew (`oracle`).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use std::collections::HashSet;

use bgp_wire::{AttributeCode, AttributesRef, Community, NextHop, Role};
use core::net::IpAddr;

use super::filters::Filters;
use super::setup::*;
use super::*;
use crate::extra::ExtraRef;
use crate::route::Route;
use crate::{
    ChannelStatistics, Filter, Leak, Limit, LimitAction, LimitKind, NextHopKey, Set, Verdict,
};

/// Everything of a route but its network, its source and how it is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) attributes: Vec<u8>,
    pub(super) extra: Vec<u8>,
    pub(super) next_hop: Option<NextHopKey>,
    pub(super) destination: Destination,
    pub(super) preference: u32,
    pub(super) kind: RouteSource,
}

impl Content {
    pub(super) const fn attributes(&self) -> AttributesRef<'_> {
        AttributesRef::new(self.attributes.as_slice())
    }

    pub(super) fn of(route: &Route<'_>) -> Self {
        Self {
            attributes: route.attributes.bytes().to_vec(),
            extra: route.extra.bytes().to_vec(),
            next_hop: route.next_hop,
            destination: route.destination,
            preference: route.preference,
            kind: route.source,
        }
    }

    fn has(&self, community: Community) -> bool {
        self.attributes().communities().any(|other| other == community)
    }

    fn long_lived(&mut self) {
        if !self.has(Community::LLGR_STALE) {
            let communities: Vec<Community> = self.attributes().communities().collect();
            let mut edited = self.attributes().to_path_attributes();
            edited.communities(communities.into_iter().chain([Community::LLGR_STALE]));
            self.attributes = edited.into_bytes();
        }
    }
}

/// What a filter makes of a route from `from`, of the instance `protocol`.
pub(super) fn filtered(
    filter: Filter,
    net: IpNet,
    content: &Content,
    protocol: &str,
    from: Option<IpAddr>,
) -> Option<(Content, Set)> {
    let Filter::Run(number) = filter else {
        return (filter == Filter::All).then(|| (content.clone(), Set::default()));
    };
    let route = Route {
        net,
        source: content.kind,
        protocol,
        from,
        preference: content.preference,
        destination: content.destination,
        next_hop: content.next_hop,
        attributes: content.attributes(),
        extra: ExtraRef::new(&content.extra),
    };
    let mut edited = Edited::default();
    match Filters.run(number, &route, &mut edited) {
        Verdict::Reject => None,
        Verdict::Accept => Some((content.clone(), Set::default())),
        Verdict::Change => {
            let changed = Content {
                attributes: edited.attributes.view().bytes().to_vec(),
                extra: edited.extra.view().bytes().to_vec(),
                next_hop: edited.next_hop,
                destination: edited.destination,
                preference: edited.preference,
                kind: content.kind,
            };
            Some((changed, edited.set))
        }
    }
}

/// A network, and the path identifier that the route came with.
pub(super) type Key = (IpNet, Option<u32>);

/// A route in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) content: Content,
    pub(super) filtered: bool,
    pub(super) stale: bool,
}

/// What a neighbour has been told, replayed.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Attributes and next hop as text, by network and path identifier
    pub(super) routes: BTreeMap<Key, String>,
    /// During a refresh: what was not told again yet (RFC 7313 §4).
    pub(super) unconfirmed: Option<BTreeSet<Key>>,
    pub(super) ends_of_rib: usize,
    /// Networks that were to be told when the session came up.
    pub(super) owed: BTreeSet<IpNet>,
    /// The export limit was passed.
    pub(super) limit_reported: bool,
    /// Routes that it was told, and that were taken back, as chunks count them.
    pub(super) announced: u64,
    pub(super) withdrawn: u64,
}

/// A channel of a neighbour.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) plan: Plan,
    /// What the neighbour has announced in this session.
    pub(super) announced: BTreeMap<Key, Announcement>,
    /// As received, with whether it is stale.
    pub(super) received: BTreeMap<Key, (Content, bool)>,
    /// Whether that is all.
    pub(super) complete: bool,
    pub(super) held: BTreeMap<Key, Held>,
    pub(super) reported: HashSet<LimitKind>,
    pub(super) statistics: ChannelStatistics,
    pub(super) heard: Heard,
}

/// What became of a route.
enum Outcome {
    Same,
    Accepted,
    Filtered,
    Blocked,
}

/// Who announces.
pub(super) struct Speaker<'a> {
    pub(super) peer: usize,
    pub(super) session: &'a Session,
    pub(super) table: usize,
}

impl Speaker<'_> {
    /// What the attribute Only to Customer of a received route says then (RFC 9234 §5); `None`: it is a leak.
    fn only_to_customer(&self, announcement: &Announcement) -> Option<Option<u32>> {
        let received = announcement.only_to_customer;
        if is_internal(self.peer) {
            return Some(received);
        }
        let remote_as = self.session.config(self.peer).remote_as;
        let (allowed, missing) = match self.session.role {
            None => (true, None),
            Some(Role::PROVIDER | Role::ROUTE_SERVER) => (received.is_none(), None),
            Some(Role::PEER) => (received.is_none_or(|asn| asn == remote_as), Some(remote_as)),
            Some(_) => (true, Some(remote_as)),
        };
        allowed.then_some(received.or(missing))
    }

    /// What is worth a line in the log.
    pub(super) fn leak(&self, nets: &[Key], announcement: &Announcement) -> Option<Leak> {
        let leaks = self.only_to_customer(announcement).is_none();
        let only_to_customer =
            announcement.only_to_customer.filter(|_| leaks && !announcement.is_looped())?;
        Some(Leak { only_to_customer, routes: u32::try_from(nets.len()).expect("few") })
    }

    /// The route as it comes to the import filter; `None`: it is not usable.
    fn content(&self, announcement: &Announcement, preference: u32) -> Option<Content> {
        if announcement.is_looped() {
            return None;
        }
        let only_to_customer = self.only_to_customer(announcement)?;
        let mut attributes = announcement.attributes(self.table);
        // LOCAL_PREF of an external neighbour means nothing.
        let local_pref = announcement.local_pref.filter(|_| is_internal(self.peer));
        attributes.local_pref(local_pref.unwrap_or(100));
        if announcement.only_to_customer.is_none()
            && let Some(asn) = only_to_customer
        {
            attributes.set(0xe0, AttributeCode::ONLY_TO_CUSTOMER, &asn.to_be_bytes());
        }
        let next_hop = address(announcement.next_hop.unwrap_or(self.peer), self.table);
        Some(Content {
            attributes: attributes.into_bytes(),
            extra: Vec::new(),
            next_hop: Some(NextHopKey::direct(NextHop::from(next_hop), None)),
            destination: Destination::Unicast,
            preference,
            kind: RouteSource::Bgp,
        })
    }
}

impl Lane {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            announced: BTreeMap::new(),
            received: BTreeMap::new(),
            complete: false,
            held: BTreeMap::new(),
            reported: HashSet::new(),
            statistics: ChannelStatistics::default(),
            heard: Heard::default(),
        }
    }

    /// A session has come up.
    pub(super) fn begin(&mut self, plan: Plan) {
        if !plan.keep_received {
            self.received.clear();
        }
        self.complete = plan.keep_received;
        self.plan = plan;
        self.announced.clear();
        self.reported.clear();
        self.statistics = ChannelStatistics::default();
        self.heard = Heard::default();
    }

    pub(super) fn announce(
        &mut self,
        from: &Speaker<'_>,
        nets: &[Key],
        announcement: &Announcement,
    ) -> Option<(LimitKind, Limit)> {
        let mut passed = None;
        for key in nets {
            self.announced.insert(*key, announcement.clone());
            self.statistics.import_updates += 1;
            let Some(content) = from.content(announcement, self.plan.preference) else {
                self.statistics.import_updates_rejected += 1;
                self.received.remove(key);
                self.held.remove(key);
                continue;
            };
            if self.plan.keep_received {
                self.received.insert(*key, (content.clone(), false));
            }
            let (outcome, limit) = self.take(from, *key, &content, false);
            passed = limit.or(passed);
            let statistics = &mut self.statistics;
            *match outcome {
                Outcome::Same => &mut statistics.import_updates_ignored,
                Outcome::Accepted => &mut statistics.import_updates_accepted,
                Outcome::Filtered => &mut statistics.import_updates_filtered,
                Outcome::Blocked => &mut statistics.import_updates_rejected,
            } += 1;
        }
        passed
    }

    pub(super) fn withdraw(&mut self, nets: &[Key]) {
        for key in nets {
            self.announced.remove(key);
            self.received.remove(key);
            self.statistics.import_withdraws += 1;
            let count = if self.held.remove(key).is_some() {
                &mut self.statistics.import_withdraws_accepted
            } else {
                &mut self.statistics.import_withdraws_ignored
            };
            *count += 1;
        }
    }

    /// Puts all that was received through the filter again.
    pub(super) fn reload(&mut self, from: &Speaker<'_>) {
        for (key, (content, stale)) in self.received.clone() {
            self.take(from, key, &content, stale);
        }
    }

    fn take(
        &mut self,
        from: &Speaker<'_>,
        key: Key,
        content: &Content,
        stale: bool,
    ) -> (Outcome, Option<(LimitKind, Limit)>) {
        let Plan { import, keep_filtered, preference, .. } = self.plan;
        let (protocol, content) =
            (from.peer.to_string(), Content { preference, ..content.clone() });
        let result = filtered(import, key.0, &content, &protocol, Some(address(from.peer, 0)));
        let held = match result {
            Some((content, _)) => Held { content, filtered: false, stale },
            None if keep_filtered => Held { content, filtered: true, stale },
            None => {
                self.held.remove(&key);
                return (Outcome::Filtered, None);
            }
        };
        let mut passed = None;
        for kind in [LimitKind::Receive, LimitKind::Import] {
            let (limit, counts): (_, fn(&Held) -> bool) = match kind {
                LimitKind::Receive => (self.plan.receive_limit, |_| true),
                _ => (self.plan.import_limit, |held| !held.filtered),
            };
            let (Some(limit), true) = (limit, counts(&held)) else { continue };
            // One that takes the place of another is not one more.
            if self.held.get(&key).is_some_and(counts) {
                continue;
            }
            if self.held.values().filter(|held| counts(held)).count() < limit.most as usize {
                self.reported.remove(&kind);
                continue;
            }
            if self.reported.insert(kind) {
                passed = Some((kind, limit));
            }
            if limit.action != LimitAction::Warn {
                // As in BIRD: what an import limit keeps out is like filtered.
                if kind == LimitKind::Import && keep_filtered {
                    self.held.insert(key, Held { filtered: true, ..held });
                } else {
                    self.held.remove(&key);
                }
                return (Outcome::Blocked, passed);
            }
        }
        let refused = held.filtered;
        let same = |old: &Held| old.content == held.content && old.filtered == held.filtered;
        let same = self.held.get(&key).is_some_and(same);
        self.held.insert(key, held);
        let outcome = match (refused, same) {
            (true, _) => Outcome::Filtered,
            (false, true) => Outcome::Same,
            (false, false) => Outcome::Accepted,
        };
        (outcome, passed)
    }

    pub(super) fn mark_stale(&mut self) {
        self.held.values_mut().for_each(|held| held.stale = true);
        self.received.values_mut().for_each(|(_, stale)| *stale = true);
    }

    pub(super) fn long_lived(&mut self) {
        self.held.retain(|_, held| !held.stale || !held.content.has(Community::NO_LLGR));
        let stale = self.held.values_mut().filter(|held| held.stale);
        stale.for_each(|held| held.content.long_lived());
        self.received.retain(|_, (content, stale)| !*stale || !content.has(Community::NO_LLGR));
        let stale = self.received.values_mut().filter(|(_, stale)| *stale);
        stale.for_each(|(content, _)| content.long_lived());
    }

    pub(super) fn sweep(&mut self) {
        self.held.retain(|_, held| !held.stale);
        self.received.retain(|_, (_, stale)| !*stale);
    }

    /// Routes that the filter has let pass.
    pub(super) fn routes(&self) -> usize {
        self.held.values().filter(|held| !held.filtered).count()
    }
}
