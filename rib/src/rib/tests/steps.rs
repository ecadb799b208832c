//! What can happen.

use bgp_wire::{Community, Role};
use proptest::prelude::*;
use proptest::sample::select;

use super::filters::{UNWANTED, filters};
use super::setup::*;
use super::*;
use crate::{AddPath, Filter, Limit, LimitAction};

/// A network, and the path identifier where the session has them.
pub(super) type Named = (usize, u32);

#[derive(Debug, Clone)]
pub(super) enum Step {
    Up(usize, Session, Plan),
    /// With the tables whose routes stay.
    Down(usize, Vec<usize>),
    MarkStale(usize, usize),
    LongLived(usize, usize),
    Sweep(usize, usize),
    Announce(usize, usize, Vec<Named>, Announcement),
    Withdraw(usize, usize, Vec<Named>),
    /// An instance of the host, a table, a network, and which of some routes.
    Originate(usize, usize, usize, u8),
    Retract(usize, usize, usize),
    Reconfigure(usize, usize, Plan),
    Reload(usize, usize),
    Revalidate(usize),
    /// A neighbour reads so many chunks.
    Read(usize, usize),
    /// All read all.
    ReadAll,
    Refresh(usize, usize),
    NextHop(usize, Option<u32>),
    Watch(usize, bool),
    Unwatch(usize),
    PollChange(usize, usize),
    Wait(u64),
    /// The instance is removed and one like it made.
    Replace(usize),
}

fn limit() -> impl Strategy<Value = Option<Limit>> {
    let actions =
        [LimitAction::Warn, LimitAction::Block, LimitAction::Restart, LimitAction::Disable];
    let limit = (0u32..4, select(actions.to_vec()));
    prop::option::weighted(0.1, limit.prop_map(|(most, action)| Limit { most, action }))
}

fn filter() -> impl Strategy<Value = Filter> {
    prop_oneof![3 => Just(Filter::All), 2 => select(filters())]
}

/// Often the same, so that neighbours share a group.
fn plan() -> impl Strategy<Value = Plan> {
    prop_oneof![2 => Just(Plan::PLAIN), 2 => Just(Plan::ALL_PATHS), 3 => any_plan()]
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let add_path = prop_oneof![
        2 => Just(AddPath::Off),
        4 => Just(AddPath::All),
        1 => Just(AddPath::Best(1)),
        2 => Just(AddPath::Best(2)),
        1 => Just(AddPath::Equal),
    ];
    (
        prop_oneof![4 => Just(100u32), 1 => Just(110u32)],
        (filter(), filter()),
        (limit(), limit(), limit()),
        (prop::bool::weighted(0.3), prop::bool::weighted(0.4)),
        add_path,
        prop_oneof![4 => Just(0u64), 1 => Just(5u64)],
        prop::bool::weighted(0.9),
    )
        .prop_map(
            |(
                preference,
                (import, export),
                limits,
                kept,
                add_path,
                seconds_between,
                without_next_hop,
            )| Plan {
                preference,
                import,
                export,
                receive_limit: limits.0,
                import_limit: limits.1,
                export_limit: limits.2,
                keep_filtered: kept.0,
                keep_received: kept.1,
                add_path,
                seconds_between,
                own_next_hop: !without_next_hop,
            },
        )
}

fn session() -> impl Strategy<Value = Session> {
    let enhanced = Session { enhanced_refresh: true, ..Session::WIDE };
    prop_oneof![
        2 => Just(Session::PLAIN),
        2 => Just(Session::WIDE),
        1 => Just(enhanced),
        3 => any_session(),
    ]
}

fn any_session() -> impl Strategy<Value = Session> {
    let role = select(alloc::vec![
        Role::PROVIDER,
        Role::ROUTE_SERVER,
        Role::ROUTE_SERVER_CLIENT,
        Role::CUSTOMER,
        Role::PEER,
    ]);
    (
        prop::option::weighted(0.2, role),
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.6),
        prop::bool::weighted(0.6),
        (any::<bool>(), prop::bool::weighted(0.7)),
        prop::option::weighted(0.1, 0..TABLES),
    )
        .prop_map(|(role, other_identifier, sends, receives, knows, without)| {
            let (enhanced_refresh, long_lived) = knows;
            Session {
                role,
                other_identifier,
                sends_path_ids: sends,
                receives_path_ids: receives,
                enhanced_refresh,
                long_lived,
                without,
            }
        })
}

fn announcement() -> impl Strategy<Value = Announcement> {
    let asn = || select(alloc::vec![65002u32, 65003, 7, LOCAL_AS]);
    let community = select(alloc::vec![
        Community::NO_EXPORT,
        Community::NO_ADVERTISE,
        Community::NO_LLGR,
        UNWANTED,
    ]);
    (
        prop::collection::vec(
            prop_oneof![3 => select(alloc::vec![65002u32, 65003, 7]), 1 => asn()],
            0..3,
        ),
        prop::option::of(0u32..3),
        prop::option::of(99u32..102),
        prop::collection::btree_set(community, 0..2),
        prop::option::weighted(0.15, asn()),
        prop::option::weighted(0.2, 0..PEERS),
        prop::bool::weighted(0.03),
    )
        .prop_map(|(path, med, local_pref, communities, only_to_customer, next_hop, long)| {
            Announcement { path, med, local_pref, communities, only_to_customer, next_hop, long }
        })
}

/// A neighbour and one of its tables.
fn channel() -> impl Strategy<Value = (usize, usize)> {
    (0..PEERS, any::<bool>()).prop_map(|(peer, second)| {
        let tables = tables_of(peer);
        (peer, tables[usize::from(second) % tables.len()])
    })
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let named = || prop::collection::vec((0..NETS, 1u32..4), 1..4);
    let kept = prop::collection::vec(0..TABLES, 0..3);
    prop_oneof![
        12 => (0..PEERS, session(), plan()).prop_map(|(peer, session, plan)| Step::Up(peer, session, plan)),
        3 => (0..PEERS, kept).prop_map(|(peer, kept)| Step::Down(peer, kept)),
        1 => channel().prop_map(|(peer, table)| Step::MarkStale(peer, table)),
        1 => channel().prop_map(|(peer, table)| Step::LongLived(peer, table)),
        1 => channel().prop_map(|(peer, table)| Step::Sweep(peer, table)),
        40 => (channel(), named(), announcement())
            .prop_map(|((peer, table), nets, a)| Step::Announce(peer, table, nets, a)),
        16 => (channel(), named()).prop_map(|((peer, table), nets)| Step::Withdraw(peer, table, nets)),
        4 => (0..OWN, 0..TABLES, 0..NETS, 0u8..5)
            .prop_map(|(own, table, net, which)| Step::Originate(own, table, net, which)),
        4 => (0..OWN, 0..TABLES, 0..NETS).prop_map(|(own, table, net)| Step::Retract(own, table, net)),
        6 => (channel(), plan()).prop_map(|((peer, table), plan)| Step::Reconfigure(peer, table, plan)),
        1 => channel().prop_map(|(peer, table)| Step::Reload(peer, table)),
        1 => (0..TABLES).prop_map(Step::Revalidate),
        24 => (0..PEERS, 1..5usize).prop_map(|(peer, count)| Step::Read(peer, count)),
        1 => Just(Step::ReadAll),
        5 => channel().prop_map(|(peer, table)| Step::Refresh(peer, table)),
        4 => (0..PEERS, prop::option::of(0u32..3)).prop_map(|(peer, metric)| Step::NextHop(peer, metric)),
        1 => (0..TABLES, any::<bool>()).prop_map(|(table, paths)| Step::Watch(table, paths)),
        1 => (0..4usize).prop_map(Step::Unwatch),
        4 => (0..4usize, 1..5usize).prop_map(|(watcher, count)| Step::PollChange(watcher, count)),
        3 => (1u64..5).prop_map(Step::Wait),
        1 => (0..PEERS).prop_map(Step::Replace),
    ]
}
