//! Sessions of one router, of all kinds.

use core::net::{IpAddr, Ipv4Addr};

use bgp_wire::{Family, NextHop, Role};
use proptest::prelude::*;

use super::model::v4;
use crate::channel::{ChannelConfig, NextHopMode, PeerConfig};
use crate::options::{
    AigpSession, AnnounceOptions, Confederation, LocalAs, MissingLinkLocal, ReceiveOptions,
    RemovePrivateAs,
};
use crate::table::TableId;

pub(super) const MEMBER_AS: u32 = 65010;
pub(super) const IDENTIFIER: u32 = 100;
pub(super) const OTHER_MEMBER: u32 = 65020;
pub(super) const REMOTE: u32 = 7;
pub(super) const ROUTER: Ipv4Addr = Ipv4Addr::new(1, 1, 1, 1);

/// What a neighbour is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Neighbour {
    NonClient,
    Client,
    Member,
    External(u32),
    RouteServerClient,
}

/// One with the usual options; `last` makes its address, which is on the link of interface 1.
pub(super) fn peer(neighbour: Neighbour, confederation: bool, last: u8) -> PeerConfig {
    let remote_as = match neighbour {
        Neighbour::NonClient | Neighbour::Client => MEMBER_AS,
        Neighbour::Member => OTHER_MEMBER,
        Neighbour::External(asn) => asn,
        Neighbour::RouteServerClient => 8,
    };
    let member = neighbour == Neighbour::Member;
    PeerConfig {
        router_id: ROUTER,
        remote_id: Ipv4Addr::from([last; 4]),
        cluster_id: ROUTER,
        interface: Some(1),
        link: ["192.0.2.0/24", "2001:db8::/64"].map(|net| net.parse().expect("a net")).into(),
        reflector_client: neighbour == Neighbour::Client,
        route_server_client: neighbour == Neighbour::RouteServerClient,
        confederation: (confederation || member)
            .then_some(Confederation { identifier: IDENTIFIER, member }),
        ..PeerConfig::external(MEMBER_AS, remote_as, v4(250), v4(last))
    }
}

pub(super) fn channel(family: Family) -> ChannelConfig {
    ChannelConfig::new(TableId(0), family)
}

fn neighbour(confederation: bool) -> BoxedStrategy<Neighbour> {
    let mut kinds = alloc::vec![
        Neighbour::NonClient,
        Neighbour::Client,
        Neighbour::External(REMOTE),
        Neighbour::External(64600),
        Neighbour::RouteServerClient,
    ];
    if confederation {
        kinds.extend([Neighbour::Member; 3]);
    }
    prop::sample::select(kinds).boxed()
}

/// Off mostly
fn rarely() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.2)
}

fn announce() -> impl Strategy<Value = AnnounceOptions> {
    let private = prop_oneof![
        3 => Just(RemovePrivateAs::Never),
        1 => Just(RemovePrivateAs::IfAll),
        1 => Just(RemovePrivateAs::Always),
        1 => Just(RemovePrivateAs::ReplaceIfAll),
        1 => Just(RemovePrivateAs::Replace),
    ];
    let flags = (rarely(), rarely(), rarely(), rarely(), rarely(), rarely(), rarely(), rarely());
    (flags, private, rarely()).prop_map(|(flags, remove_private_as, no_third_party)| {
        AnnounceOptions {
            interpret_communities: !flags.0,
            bilateral_peer: flags.1,
            blackhole: flags.2,
            llgr_partial_deployment: flags.3,
            client_to_client: !flags.4,
            allow_med: flags.5,
            as_path_unchanged: flags.6,
            as_override: flags.7,
            remove_private_as,
            third_party_next_hop: !no_third_party,
        }
    })
}

fn receive() -> impl Strategy<Value = ReceiveOptions> {
    (rarely(), prop::option::weighted(0.2, 0u32..5), rarely(), any::<bool>(), any::<bool>())
        .prop_map(|(first_as, most_as_hops, remove_med, shutdown, blackhole)| ReceiveOptions {
            enforce_first_as: first_as,
            most_as_hops,
            remove_med,
            honor_graceful_shutdown: shutdown,
            confine_blackhole: blackhole,
        })
}

fn role() -> impl Strategy<Value = Option<Role>> {
    prop::option::of(prop::sample::select(alloc::vec![
        Role::PROVIDER,
        Role::ROUTE_SERVER,
        Role::ROUTE_SERVER_CLIENT,
        Role::CUSTOMER,
        Role::PEER,
    ]))
}

/// A session of our router, in a confederation or not; `last` makes the neighbour's address.
pub(super) fn session(confederation: bool, last: u8) -> impl Strategy<Value = PeerConfig> {
    let migration =
        prop::option::weighted(
            0.2,
            (any::<bool>(), any::<bool>()).prop_map(|(no_prepend_inbound, replace_old_as)| {
                LocalAs { asn: 3000, no_prepend_inbound, replace_old_as }
            }),
        );
    let options = (announce(), receive(), role(), migration);
    let numbers = (
        prop::sample::select(alloc::vec![0u8, 0, 1, 2, 255]),
        prop::sample::select(alloc::vec![100u32, 50]),
        prop::sample::select(alloc::vec![ROUTER, Ipv4Addr::from([2; 4])]),
        prop::sample::select(alloc::vec![Some(1u32), Some(2), None]),
    );
    let flags = (any::<bool>(), rarely(), any::<bool>());
    (neighbour(confederation), options, numbers, flags).prop_map(
        move |(neighbour, options, numbers, flags)| PeerConfig {
            announce: options.0,
            receive: options.1,
            role: options.2,
            as_migration: options.3,
            allow_local_as: numbers.0,
            default_local_pref: numbers.1,
            cluster_id: numbers.2,
            interface: numbers.3,
            allow_as_sets: flags.0,
            allow_local_pref: flags.1,
            long_lived_graceful_restart: flags.2,
            ..peer(neighbour, confederation, last)
        },
    )
}

/// Whose routes, or none's: the host's own ones; and who is told.
pub(super) fn pair() -> impl Strategy<Value = (Option<PeerConfig>, PeerConfig)> {
    any::<bool>().prop_flat_map(|confederation| {
        (prop::option::weighted(0.8, session(confederation, 11)), session(confederation, 12))
    })
}

pub(super) fn channels() -> impl Strategy<Value = ChannelConfig> {
    let mode = || {
        prop_oneof![
            4 => Just(NextHopMode::Never),
            1 => Just(NextHopMode::Always),
            1 => Just(NextHopMode::Internal),
            1 => Just(NextHopMode::External),
        ]
    };
    let missing = prop::sample::select(alloc::vec![
        MissingLinkLocal::Ignore,
        MissingLinkLocal::OwnNextHop,
        MissingLinkLocal::Drop,
    ]);
    let aigp = prop::sample::select(alloc::vec![
        AigpSession::Usual,
        AigpSession::Disabled,
        AigpSession::Enabled,
        AigpSession::Originate,
    ]);
    let family = prop::sample::select(alloc::vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST]);
    let own = prop::option::of(next_hop("192.0.2.250", "2001:db8::250"));
    let modes = (mode(), mode(), mode());
    let flags = (any::<bool>(), any::<bool>(), rarely());
    (family, own, modes, missing, aigp, flags).prop_map(
        |(family, own_next_hop, modes, missing_link_local, aigp, flags)| ChannelConfig {
            own_next_hop,
            next_hop_self: modes.0,
            next_hop_keep: modes.1,
            next_hop_prefer_global: modes.2,
            missing_link_local,
            aigp,
            extended_next_hop: flags.0,
            any_next_hop: flags.1,
            graceful_shutdown: flags.2,
            ..channel(family)
        },
    )
}

/// One of the forms a next hop has, with these addresses.
fn next_hop(v4: &str, v6: &str) -> impl Strategy<Value = NextHop> + use<> {
    let (v4, v6) = (v4.parse().expect("an address"), v6.parse().expect("an address"));
    let link_local = match v6 {
        IpAddr::V6(address) => {
            let [.., last] = address.segments();
            core::net::Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last)
        }
        IpAddr::V4(_) => core::net::Ipv6Addr::UNSPECIFIED,
    };
    let (IpAddr::V4(v4), IpAddr::V6(v6)) = (v4, v6) else { panic!("one of each") };
    prop::sample::select(alloc::vec![
        NextHop::V4(v4),
        NextHop::V4(v4),
        NextHop::V6(v6, None),
        NextHop::V6(v6, Some(link_local)),
        NextHop::LinkLocal(link_local),
    ])
}

/// Next hops: ours, that of the neighbour that announces, another on the link, one far away
pub(super) fn next_hops() -> impl Strategy<Value = NextHop> {
    prop_oneof![
        1 => next_hop("192.0.2.250", "2001:db8::250"),
        3 => next_hop("192.0.2.11", "2001:db8::11"),
        3 => next_hop("192.0.2.77", "2001:db8::77"),
        3 => next_hop("198.51.100.1", "2001:db8:1::1"),
    ]
}
