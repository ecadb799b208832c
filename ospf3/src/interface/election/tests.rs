//! The election against the RFC's steps taken one by one, in all small cases.

use super::*;

/// RFC 2328 §9.4 as it stands there: lists, notes and repetition.
fn slow(x: Candidate, neighbors: &[Candidate]) -> Elected {
    // "Router X itself is also considered to be on the list. Discard all routers that are ineligible."
    let mut list = vec![x];
    list.extend_from_slice(neighbors);
    list.retain(|router| router.priority != 0);

    // (1) "Note the current values."
    let noted = (x.designated_router, x.backup_designated_router);
    let mut repeated = false;
    let current = loop {
        // (2)
        let mut eligible = Vec::new();
        for router in &list {
            if router.designated_router != router.router_id {
                eligible.push(*router);
            }
        }
        let mut declared = Vec::new();
        for router in &eligible {
            if router.backup_designated_router == router.router_id {
                declared.push(*router);
            }
        }
        let backup = if declared.is_empty() { highest(eligible) } else { highest(declared) };
        // (3)
        let mut declared = Vec::new();
        for router in &list {
            if router.designated_router == router.router_id {
                declared.push(*router);
            }
        }
        let designated = if declared.is_empty() { backup } else { highest(declared) };
        let current = (designated, backup);
        // (4)
        let id = x.router_id;
        let newly = current.0 == id && noted.0 != id || current.1 == id && noted.1 != id;
        let no_longer = current.0 != id && noted.0 == id || current.1 != id && noted.1 == id;
        if repeated || !(newly || no_longer) {
            break current;
        }
        repeated = true;
        for router in &mut list {
            if router.router_id == id {
                (router.designated_router, router.backup_designated_router) = current;
            }
        }
    };
    Elected { designated_router: current.0, backup_designated_router: current.1 }
}

fn highest(mut routers: Vec<Candidate>) -> RouterId {
    routers.sort_by_key(|router| router.router_id);
    routers.sort_by_key(|router| router.priority);
    routers.last().map_or(RouterId::NONE, |router| router.router_id)
}

/// Routers 1 to `count`, each with each priority from 0 to 2 and each pair of choices of none and of all routers.
fn every_case(count: u32, mut visit: impl FnMut(&[Candidate])) -> usize {
    let choices = count + 1;
    let variants = 3 * choices * choices;
    let mut routers = Vec::new();
    let total = variants.pow(count);
    for case in 0..total {
        routers.clear();
        let mut rest = case;
        for id in 1..=count {
            let variant = rest % variants;
            rest /= variants;
            routers.push(Candidate {
                router_id: RouterId(id),
                priority: u8::try_from(variant % 3).expect("below 3"),
                designated_router: RouterId(variant / 3 % choices),
                backup_designated_router: RouterId(variant / 3 / choices),
            });
        }
        visit(&routers);
    }
    total as usize
}

#[test]
fn rfc2328_9_4_all_cases_of_up_to_three_routers() {
    let mut compared = 0;
    for count in 1..=3 {
        compared += every_case(count, |routers| {
            for (index, x) in routers.iter().enumerate() {
                let mut neighbors = routers.to_vec();
                neighbors.remove(index);
                assert_eq!(elect(*x, &neighbors), slow(*x, &neighbors), "{x:?} {neighbors:?}");
            }
        });
    }
    assert_eq!(compared, 12 + 27 * 27 + 48 * 48 * 48);
}

fn routers(priorities: &[u8]) -> Vec<Candidate> {
    (1..)
        .zip(priorities)
        .map(|(id, priority)| Candidate {
            router_id: RouterId(id),
            priority: *priority,
            designated_router: RouterId::NONE,
            backup_designated_router: RouterId::NONE,
        })
        .collect()
}

/// All take their turns until nothing changes; each then names the same two.
fn settle(all: &mut [Candidate]) -> Elected {
    for _ in 0..10 {
        let before = all.to_vec();
        for index in 0..all.len() {
            let mut neighbors = all.to_vec();
            let x = neighbors.remove(index);
            let elected = elect(x, &neighbors);
            all[index].designated_router = elected.designated_router;
            all[index].backup_designated_router = elected.backup_designated_router;
        }
        if before == all {
            let first = all[0];
            assert!(all.iter().all(|r| r.designated_router == first.designated_router));
            return Elected {
                designated_router: first.designated_router,
                backup_designated_router: first.backup_designated_router,
            };
        }
    }
    panic!("the election does not settle: {all:?}");
}

#[test]
fn a_newcomer_takes_no_office_and_a_backup_succeeds() {
    let mut all = routers(&[1, 1, 1]);
    let elected = settle(&mut all);
    assert_eq!(
        (elected.designated_router, elected.backup_designated_router),
        (RouterId(3), RouterId(2))
    );
    // One with a higher priority comes.
    all.push(Candidate { priority: 9, ..routers(&[0, 0, 0, 9])[3] });
    assert_eq!(settle(&mut all), elected);
    // The Designated Router goes: the Backup succeeds, the newcomer becomes Backup.
    all.remove(2);
    let elected = settle(&mut all);
    assert_eq!(
        (elected.designated_router, elected.backup_designated_router),
        (RouterId(2), RouterId(4))
    );
}

#[test]
fn who_is_alone_or_not_eligible() {
    let alone = settle(&mut routers(&[1]));
    assert_eq!(
        (alone.designated_router, alone.backup_designated_router),
        (RouterId(1), RouterId::NONE)
    );
    assert_eq!(settle(&mut routers(&[0, 0])), Elected::default());
    let elected = settle(&mut routers(&[0, 1, 0]));
    assert_eq!(
        (elected.designated_router, elected.backup_designated_router),
        (RouterId(2), RouterId::NONE)
    );
}
