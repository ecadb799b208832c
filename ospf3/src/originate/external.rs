//! What this router tells from outside the AS: AS-external-LSAs (RFC 5340 §4.4.3.6) and NSSA-LSAs (§4.4.3.7, RFC 3101
//! §2.4).

use alloc::collections::BTreeMap;
use core::net::IpAddr;

use ipnet::IpNet;

use super::context::Context;
use super::description::{Attachment, External, ExternalKey, Metric, Nssa};
use super::prefix;
use super::translate;
use crate::lsa::{ExternalLsa, PrefixOptions};
use crate::{AreaId, RouterId};

/// The AS-external-LSAs for a prefix, by the number of the path. `told` says whether there is one for path 0 now.
pub(super) fn as_external_lsas(
    context: &Context<'_>,
    net: IpNet,
    told: bool,
) -> BTreeMap<u32, ExternalLsa> {
    if !context.areas().any(|(_, area)| area.kind.takes_externals()) {
        return BTreeMap::new();
    }
    let own = own_routes(context, net);
    let mut lsas: BTreeMap<u32, ExternalLsa> = own
        .map(|(path, external)| (path, lsa(net, external, external.forwarding_address)))
        .collect();
    let best = lsas.values().map(metric).min();
    if let Some(translated) = translate::translated(context, net, best, told) {
        lsas = BTreeMap::from([(0, translated)]);
    }
    if lsas.values().any(|lsa| lsa.forwarding_address.is_some()) {
        let others = context.description.routes.external_lsas(None, net);
        lsas.retain(|_, lsa| {
            // RFC 2328 §12.4.4.1, RFC 3101 §3.2 step 2
            !others.iter().any(|(router, other)| {
                equivalent(lsa, other) && *router > context.router().router_id
            })
        });
    }
    lsas
}

/// The NSSA-LSAs for a prefix in an area, by the number of the path.
pub(super) fn nssa_lsas(
    context: &Context<'_>,
    area_id: AreaId,
    nssa: &Nssa,
    net: IpNet,
) -> BTreeMap<u32, ExternalLsa> {
    let mut lsas: BTreeMap<u32, ExternalLsa> = BTreeMap::new();
    if nssa.import_externals {
        let own = own_routes(context, net);
        lsas.extend(own.filter_map(|(path, external)| {
            Some((path, nssa_lsa(context, area_id, net, external)?))
        }));
    }
    if lsas.values().any(|lsa| lsa.forwarding_address.is_some()) {
        let others = context.description.routes.external_lsas(Some(area_id), net);
        lsas.retain(|_, lsa| {
            let rank = |router: RouterId, lsa: &ExternalLsa| (propagates(lsa), router);
            let own = rank(context.router().router_id, lsa);
            !others
                .iter()
                .any(|(router, other)| equivalent(lsa, other) && rank(*router, other) > own)
        });
    }
    if lsas.is_empty()
        && context.role.border
        && net.prefix_len() == 0
        && nssa.import_summaries
        && let Some(metric) = nssa.default_metric
    {
        // RFC 3101 §2.4: a border router's has the P-bit clear.
        let external = External { metric, tag: None, forwarding_address: None, propagate: false };
        lsas.insert(0, lsa(net, &external, None));
    }
    lsas
}

fn own_routes<'a>(
    context: &Context<'a>,
    net: IpNet,
) -> impl Iterator<Item = (u32, &'a External)> + use<'a> {
    let key = |path| ExternalKey { prefix: net, path };
    let conforms = prefix::conforms(context.family(), net);
    let routes = context.description.externals.range(key(0)..=key(u32::MAX));
    routes.filter(move |_| conforms).map(|(key, external)| (key.path, external))
}

fn nssa_lsa(
    context: &Context<'_>,
    area_id: AreaId,
    net: IpNet,
    external: &External,
) -> Option<ExternalLsa> {
    // RFC 3101 §2.4: the P-bit is clear where an AS-external-LSA tells it already.
    let told = context.areas().any(|(_, area)| area.kind.takes_externals());
    let propagate = external.propagate && !told;
    let of_area =
        external.forwarding_address.filter(|address| is_on_link(context, area_id, *address));
    let chosen = || context.role.forwarding.get(&area_id).copied();
    let forwarding_address = if propagate { Some(of_area.or_else(chosen)?) } else { of_area };
    let mut lsa = lsa(net, external, forwarding_address);
    if propagate {
        lsa.prefix = lsa.prefix.with(PrefixOptions::P);
    }
    Some(lsa)
}

/// Whether an address belongs to a link of an area (RFC 3101 §2.3).
fn is_on_link(context: &Context<'_>, area_id: AreaId, address: IpAddr) -> bool {
    let interfaces = context.interfaces_of(area_id);
    let mut up = interfaces.filter(|(_, interface)| interface.attachment != Attachment::Down);
    up.any(|(_, interface)| context.prefixes(interface).any(|net| net.contains(&address)))
}

fn lsa(net: IpNet, external: &External, forwarding_address: Option<IpAddr>) -> ExternalLsa {
    ExternalLsa {
        metric_type: external.metric.metric_type,
        metric: external.metric.cost,
        prefix: prefix::encode(net),
        // RFC 5340 §4.4.3.6: never a link-local one. No address says that there is none.
        forwarding_address: forwarding_address
            .filter(|address| prefix::is_forwarding(*address, net))
            .map(prefix::address),
        tag: external.tag,
        referenced: None,
    }
}

/// The metric of an external LSA.
pub(super) const fn metric(lsa: &ExternalLsa) -> Metric {
    Metric { metric_type: lsa.metric_type, cost: lsa.metric }
}

/// Whether the P-bit is set.
pub(super) const fn propagates(lsa: &ExternalLsa) -> bool {
    lsa.prefix.options.contains(PrefixOptions::P)
}

/// Functionally equivalent: same destination, cost and non-zero forwarding address (RFC 2328 §12.4.4.1).
fn equivalent(one: &ExternalLsa, other: &ExternalLsa) -> bool {
    one.forwarding_address.is_some()
        && metric(one) == metric(other)
        && one.forwarding_address == other.forwarding_address
}
