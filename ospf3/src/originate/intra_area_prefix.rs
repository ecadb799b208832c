//! Intra-Area-Prefix-LSAs: the prefixes of this router, and of the links whose Designated Router it is
//! (RFC 5340 §4.4.3.9).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

use super::context::Context;
use super::description::{Area, Attachment, Interface};
use super::ids::Subject;
use super::packing::Packing;
use super::prefix;
use crate::lsa::{
    IntraAreaPrefix, IntraAreaPrefixLsa, LinkStateId, LsType, LsaBody, LsaHeader, LsaKey, Prefix,
    PrefixOptions,
};
use crate::{AddressFamily, AreaId, InterfaceId};

/// Octets of an Intra-Area-Prefix-LSA before its prefixes.
const FIXED: usize = LsaHeader::LENGTH + 12;

/// A prefix without its options: what has equal ones is one (RFC 5340 §4.4.3.9).
pub(super) type Bits = (Ipv6Addr, u8);

/// Prefixes with their options and metrics. Of one that comes twice the options are put together, and the lower metric
/// counts.
#[derive(Default)]
struct Prefixes(BTreeMap<Bits, (PrefixOptions, u16)>);

impl Prefixes {
    fn add(&mut self, prefix: Prefix, metric: u16) {
        let entry = self.0.entry((prefix.address, prefix.length));
        entry
            .and_modify(|known| *known = (known.0 | prefix.options, known.1.min(metric)))
            .or_insert((prefix.options, metric));
    }

    /// Those of a fragment each; without prefixes there is none.
    fn pack(
        &self,
        context: &Context<'_>,
        packing: &mut Packing<Bits>,
        referenced: LsaKey,
    ) -> impl Iterator<Item = (u32, LsaBody)> + use<'_> {
        let whole = |bits: &Bits, options| Prefix { address: bits.0, length: bits.1, options };
        let sizes =
            self.0.keys().map(|bits| (*bits, prefix::size(&whole(bits, PrefixOptions::NONE))));
        let fragments = packing.pack(sizes, context.router().lsa_size.saturating_sub(FIXED));
        fragments.into_iter().map(move |(fragment, bits)| {
            let entry = |bits: &Bits| {
                let (options, metric) = self.0.get(bits)?;
                Some(IntraAreaPrefix { prefix: whole(bits, *options), metric: *metric })
            };
            let prefixes = bits.iter().filter_map(entry).collect();
            (fragment, LsaBody::IntraAreaPrefix(IntraAreaPrefixLsa { referenced, prefixes }))
        })
    }
}

/// The prefixes of this router itself: of stub links, its own addresses, and of hosts.
pub(super) fn of_router(
    context: &Context<'_>,
    area_id: AreaId,
    area: &Area,
    packing: &mut Packing<Bits>,
) -> Vec<(Subject, LsaBody)> {
    let mut prefixes = Prefixes::default();
    for (_, interface) in context.interfaces_of(area_id) {
        for net in context.prefixes(interface) {
            match interface.attachment {
                Attachment::Down | Attachment::Virtual { .. } => {}
                Attachment::Loopback | Attachment::PointToMultipoint => {
                    prefixes.add(prefix::host(net), 0);
                }
                Attachment::PointToPoint | Attachment::Passive | Attachment::Transit(_) => {
                    let prefix = prefix::of_link(net);
                    // Those of a transit link are told with that; its routers' own addresses are not.
                    let own = prefix.options.contains(PrefixOptions::LA);
                    if own || context.transit(interface).is_none() {
                        prefixes.add(prefix, interface.cost);
                    }
                }
            }
        }
    }
    for (net, cost) in &area.hosts {
        if prefix::conforms(context.family(), *net) {
            prefixes.add(prefix::encode(*net), *cost);
        }
    }
    let own_address = |(options, _): &(PrefixOptions, u16)| options.contains(PrefixOptions::LA);
    if context.family() == AddressFamily::Ipv6Unicast
        && area.virtual_links
        && !prefixes.0.values().any(own_address)
        && let Some(address) = virtual_address(context, area_id)
    {
        prefixes.add(address, 0);
    }
    let referenced = LsaKey {
        ls_type: LsType::ROUTER,
        advertising_router: context.router().router_id,
        link_state_id: LinkStateId(0),
    };
    let fragments = prefixes.pack(context, packing, referenced);
    fragments.map(|(fragment, body)| (Subject::RouterPrefixes(fragment), body)).collect()
}

/// One of this router's addresses, by which the other end of a virtual link finds it: of the transit area if there is
/// one.
fn virtual_address(context: &Context<'_>, area: AreaId) -> Option<Prefix> {
    let of_interface = |interface| context.prefixes(interface).next();
    let up = |interface: &&Interface| interface.attachment != Attachment::Down;
    let mut of_area = context.interfaces_of(area).map(|(_, interface)| interface).filter(up);
    let mut of_any = context.description.interfaces.values().filter(up);
    of_area.find_map(of_interface).or_else(|| of_any.find_map(of_interface)).map(prefix::host)
}

/// The prefixes of a transit link, if this router is its Designated Router: those of all Link-LSAs of fully adjacent
/// routers, and its own.
pub(super) fn of_network(
    context: &Context<'_>,
    id: InterfaceId,
    interface: &Interface,
    packing: &mut Packing<Bits>,
) -> Vec<(Subject, LsaBody)> {
    let mut prefixes = Prefixes::default();
    if context.is_designated(interface) {
        let own = context.prefixes(interface).map(prefix::of_link);
        let link_lsas =
            interface.neighbors.values().filter_map(|neighbor| neighbor.link_lsa.as_ref());
        let told = link_lsas.flat_map(|link_lsa| link_lsa.prefixes.iter().copied());
        let told = told.filter(|prefix| prefix::decode(context.family(), prefix).is_some());
        for prefix in own.chain(told) {
            if !prefix.options.contains(PrefixOptions::NU)
                && !prefix.options.contains(PrefixOptions::LA)
            {
                prefixes.add(prefix, 0);
            }
        }
    }
    let referenced = LsaKey {
        ls_type: LsType::NETWORK,
        advertising_router: context.router().router_id,
        link_state_id: LinkStateId(id.0),
    };
    let fragments = prefixes.pack(context, packing, referenced);
    fragments.map(|(fragment, body)| (Subject::NetworkPrefixes(id, fragment), body)).collect()
}
