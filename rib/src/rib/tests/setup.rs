//! Who the neighbours are, and what can be chosen about their sessions and channels.

use alloc::collections::BTreeSet;

use bgp_wire::{
    AsPathBuilder, AttributeCode, Community, Context, NextHop, Origin, Role, SegmentKind,
};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::*;
use crate::{AddPath, Filter, Limit, PeerConfig};

pub(super) const LOCAL_AS: u32 = 65000;
/// Neighbours 0, 1, 5 and 7 are external, 2 and 6 internal clients, 3 and 4 internal non-clients.
pub(super) const PEERS: usize = 8;
/// Tables 0 and 2 are IPv4, table 1 is IPv6.
pub(super) const TABLES: usize = 3;
/// Instances of the host itself, of different preference.
pub(super) const OWN: usize = 2;
pub(super) const OWN_PREFERENCE: [u32; OWN] = [50, 250];
/// Networks of each table.
pub(super) const NETS: usize = 5;

pub(super) const fn family(table: usize) -> Family {
    if table == 1 { Family::IPV6_UNICAST } else { Family::IPV4_UNICAST }
}

pub(super) fn net(table: usize, index: usize) -> IpNet {
    const V4: [&str; NETS] =
        ["10.0.0.0/8", "10.1.0.0/16", "172.16.0.0/12", "198.51.100.0/25", "0.0.0.0/0"];
    const V6: [&str; NETS] =
        ["2001:db8::/32", "2001:db8:1::/48", "2001:db8:2::/47", "2001:db8::5/128", "::/0"];
    (if table == 1 { V6 } else { V4 })[index % NETS].parse().expect("a prefix")
}

/// The tables that a neighbour may have a channel to.
pub(super) const fn tables_of(peer: usize) -> &'static [usize] {
    match peer {
        0..4 => &[0, 1],
        4 | 7 => &[0],
        _ => &[2],
    }
}

pub(super) const fn is_internal(peer: usize) -> bool {
    matches!(peer, 2 | 3 | 4 | 6)
}

pub(super) const fn is_client(peer: usize) -> bool {
    matches!(peer, 2 | 6)
}

fn last(peer: usize) -> u8 {
    u8::try_from(peer).expect("few") + 1
}

/// Address of a neighbour, and next hop of what it announces.
pub(super) fn address(peer: usize, table: usize) -> IpAddr {
    if table == 1 {
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xff, 0, 0, 0, 0, last(peer).into()))
    } else {
        IpAddr::from([192, 0, 2, last(peer)])
    }
}

/// Whose address that is.
pub(super) fn owner_of(next_hop: IpAddr) -> usize {
    let is = |peer: &usize| address(*peer, 0) == next_hop || address(*peer, 1) == next_hop;
    (0..PEERS).find(is).expect("a neighbour's own address")
}

pub(super) const OWN_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xff, 0, 0, 0, 0, 0xfa);

/// What two speakers have agreed on.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Session {
    /// Ours; without meaning for internal neighbours.
    pub(super) role: Option<Role>,
    /// The neighbour has come back with another BGP identifier.
    pub(super) other_identifier: bool,
    pub(super) sends_path_ids: bool,
    pub(super) receives_path_ids: bool,
    pub(super) enhanced_refresh: bool,
    /// It can be told routes that stay for long without their neighbour (RFC 9494).
    pub(super) long_lived: bool,
    /// Which of its tables it has no channel to this time.
    pub(super) without: Option<usize>,
}

impl Session {
    /// With path identifiers both ways
    pub(super) const WIDE: Self =
        Self { sends_path_ids: true, receives_path_ids: true, ..Self::PLAIN };

    pub(super) const PLAIN: Self = Self {
        role: None,
        other_identifier: false,
        sends_path_ids: false,
        receives_path_ids: false,
        enhanced_refresh: false,
        long_lived: true,
        without: None,
    };

    pub(super) fn config(&self, peer: usize) -> PeerConfig {
        let local = IpAddr::from([192, 0, 2, 250]);
        let remote_as = if is_internal(peer) { LOCAL_AS } else { 65001 + u32::from(last(peer)) };
        let identifier = if self.other_identifier { 100 } else { 9 };
        PeerConfig {
            remote_id: Ipv4Addr::new(9, 9, identifier, 90 - last(peer)),
            reflector_client: is_client(peer),
            router_id: Ipv4Addr::new(1, 1, 1, 1),
            cluster_id: Ipv4Addr::new(1, 1, 1, 1),
            role: self.role,
            enhanced_refresh: self.enhanced_refresh,
            long_lived_graceful_restart: self.long_lived,
            send: self.context(self.sends_path_ids),
            ..PeerConfig::external(LOCAL_AS, remote_as, local, address(peer, 0))
        }
    }

    pub(super) fn context(&self, path_ids: bool) -> Context {
        let families = [Family::IPV4_UNICAST, Family::IPV6_UNICAST];
        let add_path = families.into_iter().filter(|_| path_ids).collect();
        Context { four_octet_as: true, add_path, ..Context::default() }
    }

    pub(super) fn tables(&self, peer: usize) -> impl Iterator<Item = usize> {
        tables_of(peer).iter().copied().filter(|table| self.without != Some(*table))
    }
}

/// What is configured of a channel.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) preference: u32,
    pub(super) import: Filter,
    pub(super) export: Filter,
    pub(super) receive_limit: Option<Limit>,
    pub(super) import_limit: Option<Limit>,
    pub(super) export_limit: Option<Limit>,
    pub(super) keep_filtered: bool,
    pub(super) keep_received: bool,
    pub(super) add_path: AddPath,
    pub(super) seconds_between: u64,
    pub(super) own_next_hop: bool,
}

impl Plan {
    pub(super) const ALL_PATHS: Self = Self { add_path: AddPath::All, ..Self::PLAIN };

    pub(super) const PLAIN: Self = Self {
        preference: 100,
        import: Filter::All,
        export: Filter::All,
        receive_limit: None,
        import_limit: None,
        export_limit: None,
        keep_filtered: false,
        keep_received: false,
        add_path: AddPath::Off,
        seconds_between: 0,
        own_next_hop: true,
    };

    pub(super) fn config(&self, id: TableId, table: usize) -> ChannelConfig {
        let own = NextHop::V6(OWN_V6, None);
        ChannelConfig {
            preference: self.preference,
            import: self.import,
            export: self.export,
            receive_limit: self.receive_limit,
            import_limit: self.import_limit,
            export_limit: self.export_limit,
            keep_filtered: self.keep_filtered,
            keep_received: self.keep_received,
            add_path: self.add_path,
            min_route_advertisement_interval: Duration::from_secs(self.seconds_between),
            own_next_hop: Some(own).filter(|_| table == 1 && self.own_next_hop),
            ..ChannelConfig::new(id, family(table))
        }
    }

    /// Whether the order in which routes come in decides which of them are taken.
    pub(super) fn blocks(&self) -> bool {
        let limits = [self.receive_limit, self.import_limit];
        limits.iter().flatten().any(|limit| limit.action != crate::LimitAction::Warn)
    }
}

/// What a neighbour can announce: everything of a route but its prefix.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Announcement {
    pub(super) path: Vec<u32>,
    pub(super) med: Option<u32>,
    pub(super) local_pref: Option<u32>,
    pub(super) communities: BTreeSet<Community>,
    pub(super) only_to_customer: Option<u32>,
    /// Somebody else's address
    pub(super) next_hop: Option<usize>,
    /// It nearly fills a message.
    pub(super) long: bool,
}

impl Announcement {
    pub(super) fn by(path: impl Into<Vec<u32>>) -> Self {
        Self {
            path: path.into(),
            med: None,
            local_pref: None,
            communities: BTreeSet::new(),
            only_to_customer: None,
            next_hop: None,
            long: false,
        }
    }

    /// It comes back to us.
    pub(super) fn is_looped(&self) -> bool {
        self.path.contains(&LOCAL_AS)
    }

    pub(super) fn attributes(&self, table: usize) -> PathAttributes {
        let mut attributes = PathAttributes::default();
        let mut path = AsPathBuilder::default();
        path.segment(SegmentKind::Sequence, self.path.iter().copied());
        let mut communities: Vec<Community> = self.communities.iter().copied().collect();
        if self.long {
            // Behind it there is room for one prefix, but not for our AS or what a reflector adds.
            let (path, options) = (path.bytes().len(), [self.med, self.local_pref]);
            let options = options.iter().flatten().count() * 7
                + if self.only_to_customer.is_some() { 7 } else { 0 };
            let frame = if table == 1 { 9 + 16 + 21 } else { 7 + 9 };
            let left = 4096 - 23 - 4 - (3 + path) - options - 4 - frame;
            let own = communities.len();
            communities.extend(
                (own..left / 4).map(|at| Community::new(7, u16::try_from(at).expect("few"))),
            );
        }
        attributes.origin(Origin::Igp).as_path(&path);
        if !communities.is_empty() {
            attributes.communities(communities);
        }
        self.med.map(|med| attributes.med(med));
        self.local_pref.map(|preference| attributes.local_pref(preference));
        if let Some(asn) = self.only_to_customer {
            attributes.set(0xc0, AttributeCode::ONLY_TO_CUSTOMER, &asn.to_be_bytes());
        }
        attributes
    }
}

/// Says what is not as usual, in the form in which it can be put into a test.
macro_rules! short_debug {
    ($($name:ident: $usual:expr, [$($field:ident),*];)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} {{ ", stringify!($name))?;
                $(if self.$field != $usual.$field {
                    write!(f, "{}: {:?}, ", stringify!($field), self.$field)?;
                })*
                write!(f, "..{} }}", stringify!($usual))
            }
        }
    )*};
}

short_debug! {
    Session: Session::PLAIN, [role, other_identifier, sends_path_ids, receives_path_ids, enhanced_refresh, long_lived, without];
    Plan: Plan::PLAIN, [
        preference, import, export, receive_limit, import_limit, export_limit, keep_filtered,
        keep_received, add_path, seconds_between, own_next_hop
    ];
    Announcement: Announcement::by([]), [path, med, local_pref, communities, only_to_customer, next_hop, long];
}
