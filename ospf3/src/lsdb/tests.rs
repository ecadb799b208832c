//! Against a list that is searched.

use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::lsa::{LsaBody, NetworkLsa, SequenceNumber};
use crate::options::Options;

/// The database as a list, all questions answered by looking at all.
#[derive(Default)]
struct Slow(Vec<(LsaKey, Entry)>);

impl Slow {
    fn install(&mut self, now: Duration, lsa: &Lsa) -> Installed {
        let was = self.remove(&lsa.key());
        self.0.push((lsa.key(), Entry { lsa: lsa.clone(), installed: now }));
        self.0.sort_by_key(|(key, _)| *key);
        match was {
            None => Installed::New,
            Some(was) => {
                let old = was.age(now) == MAX_AGE;
                let new = lsa.header().age == MAX_AGE;
                let same = was.lsa.body_bytes() == lsa.body_bytes() && old == new;
                if same { Installed::Refreshed } else { Installed::Changed }
            }
        }
    }

    fn remove(&mut self, key: &LsaKey) -> Option<Entry> {
        let at = self.0.iter().position(|(other, _)| other == key)?;
        Some(self.0.remove(at).1)
    }

    fn matching(&self, wanted: impl Fn(&LsaKey) -> bool) -> Vec<(LsaKey, Entry)> {
        self.0.iter().filter(|(key, _)| wanted(key)).cloned().collect()
    }
}

fn owned<'a>(entries: impl Iterator<Item = (&'a LsaKey, &'a Entry)>) -> Vec<(LsaKey, Entry)> {
    entries.map(|(key, entry)| (*key, entry.clone())).collect()
}

fn lsa(key: LsaKey, age: u16, routers: u32) -> Lsa {
    let attached_routers = (0..routers).map(RouterId).collect();
    let body = LsaBody::Network(NetworkLsa { options: Options::NONE, attached_routers });
    Lsa::new(age, key, SequenceNumber::INITIAL, &body).expect("short enough")
}

#[derive(Debug, Clone)]
enum Step {
    Install(LsaKey, u16, u32),
    Remove(LsaKey),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let types = prop::sample::select(Vec::from([LsType::ROUTER, LsType::NETWORK, LsType::LINK]));
    let edge = || prop::sample::select(Vec::from([0, 1, 2, u32::MAX]));
    let any_key = (types, edge(), edge())
        .prop_map(|(ls_type, router, id)| key(ls_type, RouterId(router), id));
    let age = prop_oneof![Just(0), 0..=MAX_AGE, Just(MAX_AGE)];
    prop_oneof![
        4 => (any_key.clone(), age, 0u32..4)
            .prop_map(|(key, age, routers)| Step::Install(key, age, routers)),
        1 => any_key.prop_map(Step::Remove),
        2 => (0u64..2000).prop_map(Step::Wait),
    ]
}

proptest! {
    #[test]
    fn like_a_list_that_is_searched(steps in prop::collection::vec(step(), 1..60)) {
        let (mut lsdb, mut slow, mut now) = (Lsdb::new(), Slow::default(), Duration::ZERO);
        // Those installed below MaxAge that have not been named since.
        let mut ageing = Vec::<(Duration, LsaKey)>::new();
        for step in steps {
            match step {
                Step::Install(key, age, routers) => {
                    let lsa = lsa(key, age, routers);
                    prop_assert_eq!(lsdb.install(now, lsa.clone()), slow.install(now, &lsa));
                    ageing.retain(|(_, other)| *other != key);
                    if age < MAX_AGE {
                        ageing.push((now + Duration::from_secs(u64::from(MAX_AGE - age)), key));
                    }
                }
                Step::Remove(key) => {
                    prop_assert_eq!(lsdb.remove(&key), slow.remove(&key));
                    ageing.retain(|(_, other)| *other != key);
                }
                Step::Wait(seconds) => now += Duration::from_secs(seconds),
            }
            prop_assert_eq!(lsdb.next_expiry(), ageing.iter().min().map(|(expiry, _)| *expiry));
            ageing.sort_unstable();
            while ageing.first().is_some_and(|(expiry, _)| *expiry <= now) {
                let (_, key) = ageing.remove(0);
                prop_assert_eq!(lsdb.take_expired(now), Some(key));
                prop_assert_eq!(lsdb.get(&key).map(|entry| entry.age(now)), Some(MAX_AGE));
            }
            prop_assert_eq!(lsdb.take_expired(now), None);

            prop_assert_eq!(owned(lsdb.iter()), slow.matching(|_| true));
            prop_assert_eq!(lsdb.len(), slow.0.len());
            prop_assert_eq!(lsdb.is_empty(), slow.0.is_empty());
            let octets = slow.0.iter().map(|(_, entry)| entry.lsa.len()).sum::<usize>();
            prop_assert_eq!(lsdb.octets(), octets);
            for (key, entry) in &slow.0 {
                prop_assert_eq!(lsdb.get(key), Some(entry));
                let of_type = slow.matching(|other| other.ls_type == key.ls_type);
                prop_assert_eq!(owned(lsdb.of_type(key.ls_type)), of_type);
                let by = slow.matching(|other| {
                    (other.ls_type, other.advertising_router) == (key.ls_type, key.advertising_router)
                });
                prop_assert_eq!(owned(lsdb.by(key.ls_type, key.advertising_router)), by);
                prop_assert_eq!(owned(lsdb.after(key)), slow.matching(|other| other > key));
            }
        }
    }

    #[test]
    fn ages_count_from_installation(age in 0..=MAX_AGE, at: u32, later in 0u64..100_000) {
        let entry = Entry {
            lsa: lsa(key(LsType::NETWORK, RouterId(1), 1), age, 1),
            installed: Duration::from_secs(u64::from(at)),
        };
        // A second counts when it is over.
        let now = entry.installed + Duration::from_millis(later);
        let expected = (u64::from(age) + later / 1000).min(3600);
        prop_assert_eq!(u64::from(entry.age(now)), expected);
        prop_assert_eq!(entry.header(now), LsaHeader { age: entry.age(now), ..*entry.lsa.header() });
        prop_assert_eq!(entry.age(Duration::ZERO), age);
    }
}
