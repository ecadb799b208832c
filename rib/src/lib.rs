//! Routing tables of a BGP speaker: who announced what, which route is best, and what to tell whom.
//!
//! A [`Rib`] does no I/O and reads no clock. Updates go in with [`Rib::handle_update`], routes of the host
//! itself with [`Rib::originate`]; packed UPDATE messages come out with [`Rib::poll_update`], changes of best
//! routes with [`Rib::poll_change`].
//!
//! ```
//! use rib::{AcceptAll, ChannelConfig, Family, Origination, PeerConfig, Rib, Rules, RouteSource};
//! use bgp_wire::Context;
//! use core::time::Duration;
//!
//! let mut rib = Rib::new(7);
//! let master4 = rib.add_table("master4", Family::IPV4_UNICAST);
//! let own = rib.add_source("static1", RouteSource::Static, 200);
//! let (now, net) = (Duration::ZERO, "192.0.2.0/24".parse()?);
//! rib.originate(now, own, master4, net, &Origination::default(), &mut AcceptAll);
//!
//! // A neighbour in another AS; its session has just come up.
//! let peer = rib.add_source("up1", RouteSource::Bgp, 100);
//! let config = PeerConfig::external(65001, 65002, "203.0.113.1".parse()?, "203.0.113.2".parse()?);
//! rib.peer_up(peer, config, [ChannelConfig::new(master4, Family::IPV4_UNICAST)]);
//! let message = rib.poll_update(now, peer, &mut AcceptAll).ok_or("there is a route to announce")?;
//! assert_eq!(message.announced, 1);
//! let end_of_rib = rib.poll_update(now, peer, &mut AcceptAll).ok_or("and its end is marked")?;
//! assert_eq!((end_of_rib.announced, end_of_rib.messages), (0, 1));
//! assert!(rib.poll_update(now, peer, &mut AcceptAll).is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod as_path;
mod aspa;
mod attributes;
mod change;
mod channel;
mod damping;
mod decision;
mod export;
mod extra;
mod facts;
mod group;
mod import;
mod in_order;
mod next_hop;
mod only_to_customer;
mod options;
#[cfg(test)]
mod oracle;
mod path_id;
mod policy;
mod rib;
mod roa;
mod route;
mod rpki;
mod show;
mod table;
mod trie;

pub use bgp_wire::{AttributesRef, Family, NextHop};

pub use crate::aspa::{
    AspaChange, AspaTable, AspaView, Authorization, PathDirection, PathValidity,
};
pub use crate::channel::{
    AddPath, ChannelConfig, ChannelStatistics, Limit, LimitAction, LimitKind, LimitPassed,
    NextHopMode, PeerConfig, SourceId,
};
pub use crate::damping::{Damping, DampingConfig, DampingError, DampingView};
pub use crate::decision::{
    Age, Candidate, DecisionStep, Explanation, Loss, Multipath, PathMatch, Rules, best_path,
    equal_paths, explain, ranking,
};
pub use crate::extra::{ExtraAttributes, ExtraCode, ExtraRef};
pub use crate::facts::{AigpMetric, AttributeFacts, Marks};
pub use crate::group::Chunk;
pub use crate::import::Refusal;
pub use crate::next_hop::{Gateway, IgpTable, IgpTables, NextHopId, NextHopKey, Resolution};
pub use crate::only_to_customer::Leak;
pub use crate::options::{
    AigpSession, AnnounceOptions, Confederation, LocalAs, MissingLinkLocal, ReceiveOptions,
    RemovePrivateAs, SessionKind,
};
pub use crate::policy::{AcceptAll, Edited, Filter, Policy, Set, Verdict};
pub use crate::rib::{
    AggregateConfig, Change, Condition, Origination, PipeConfig, Rib, UpdateOutcome, WatcherId,
};
pub use crate::roa::{Roa, RoaTable, RoaView, Validity, route_origin};
pub use crate::route::{Destination, Route, RouteSource};
pub use crate::rpki::RpkiSource;
pub use crate::show::{NetView, PathView};
pub use crate::table::TableId;
pub use crate::trie::{CoveringPrefixes, PrefixMap, Prefixes};
