//! NSSA-LSAs as AS-external-LSAs (RFC 3101 §3.2, §3.3).

use alloc::vec::Vec;

use ipnet::IpNet;

use super::context::Context;
use super::description::{AreaKind, Metric, Nssa, NssaRange, Translates};
use super::external::{metric, propagates};
use super::prefix;
use super::ranges::range_of;
use crate::AreaId;
use crate::lsa::{ExternalLsa, ExternalMetricType, LS_INFINITY, PrefixOptions};
use crate::route::RouteKind;

/// The AS-external-LSA for a prefix that comes of the NSSA-LSAs of other routers. `own` is the best metric that this
/// router tells the prefix with itself; it is `None` where that is not worse. `told` says whether the prefix is told now.
pub(super) fn translated(
    context: &Context<'_>,
    net: IpNet,
    own: Option<Metric>,
    told: bool,
) -> Option<ExternalLsa> {
    let areas = context.areas().filter(|_| context.role.border);
    let nssas = areas.filter_map(|(id, area)| match &area.kind {
        AreaKind::Nssa(nssa) if nssa.translates != Translates::No => Some((id, nssa)),
        AreaKind::Nssa(_) | AreaKind::Normal | AreaKind::Stub(_) => None,
    });
    let candidates = nssas.filter_map(|(id, nssa)| {
        let range = aggregated(context, id, nssa, net, own);
        range.or_else(|| {
            let lsa = one_to_one(context, id, nssa, net)?;
            let better = own.is_none_or(|own| with_way(context, net, metric(&lsa)) < own);
            let stays = nssa.translates == Translates::Yes
                || told && context.description.routes.external_lsas(None, net).is_empty();
            (better && stays).then_some(lsa)
        })
    });
    candidates.min_by_key(metric)
}

/// Step 2: an NSSA-LSA that no range condenses, or one that is the only one of a range for the same prefix.
fn one_to_one(
    context: &Context<'_>,
    area_id: AreaId,
    nssa: &Nssa,
    net: IpNet,
) -> Option<ExternalLsa> {
    if let Some((range, configured)) = range_of(&nssa.ranges, net)
        && (range != net || !configured.advertise || !is_alone(context, area_id, nssa, net))
    {
        return None;
    }
    let (_, lsa) = translatable(context, area_id, net)
        .into_iter()
        .min_by_key(|(router, lsa)| (metric(lsa), core::cmp::Reverse(*router)))?;
    Some(ExternalLsa {
        prefix: lsa.prefix.with(lsa.prefix.options.without(PrefixOptions::P)),
        ..lsa
    })
}

/// The metric from here: one of type 1 with the way to the forwarding address (RFC 3101 §2.5 step 6).
fn with_way(context: &Context<'_>, net: IpNet, metric: Metric) -> Metric {
    let route = context.description.routes.route(net);
    match (metric.metric_type, route) {
        (ExternalMetricType::Type1, Some(route)) => Metric { cost: route.cost, ..metric },
        _ => metric,
    }
}

/// Step 3: the range as one, if something lies within it.
fn aggregated(
    context: &Context<'_>,
    area_id: AreaId,
    nssa: &Nssa,
    net: IpNet,
    own: Option<Metric>,
) -> Option<ExternalLsa> {
    let NssaRange { advertise, tag } = *nssa.ranges.get(&net)?;
    // RFC 3101 §3.3: ranges go with the last translator.
    if !advertise || nssa.translates != Translates::Yes || is_alone(context, area_id, nssa, net) {
        return None;
    }
    let metrics = components(context, area_id, nssa, net).filter_map(|(prefix, cost)| {
        let lsas = translatable(context, area_id, prefix);
        let worst = lsas.iter().map(|(_, lsa)| metric(lsa)).max()?;
        Some(match worst.metric_type {
            // Packets come to this router first: its way to there is part of the cost.
            ExternalMetricType::Type1 => Metric { cost, ..worst },
            ExternalMetricType::Type2 => worst,
        })
    });
    let worst = metrics.max()?;
    let worst = own.map_or(worst, |own| own.max(worst));
    let cost = match worst.metric_type {
        ExternalMetricType::Type1 => worst.cost,
        ExternalMetricType::Type2 => worst.cost.saturating_add(1),
    };
    Some(ExternalLsa {
        metric_type: worst.metric_type,
        metric: cost.min(LS_INFINITY - 1),
        prefix: prefix::encode(net),
        forwarding_address: None,
        tag,
        referenced: None,
    })
}

/// Whether the only NSSA-LSAs that a range condenses are for the same prefix.
fn is_alone(context: &Context<'_>, area_id: AreaId, nssa: &Nssa, net: IpNet) -> bool {
    let mut others = components(context, area_id, nssa, net).filter(|(prefix, _)| *prefix != net);
    !others.any(|(prefix, _)| !translatable(context, area_id, prefix).is_empty())
}

/// The external routes by an NSSA of which this range is the longest, with their costs.
fn components<'a>(
    context: &Context<'a>,
    area_id: AreaId,
    nssa: &'a Nssa,
    range: IpNet,
) -> impl Iterator<Item = (IpNet, u32)> + use<'a> {
    let within = context.description.routes.routes_within(range);
    let of_area = within
        .filter(move |(_, route)| route.area == area_id && is_external(route.kind))
        .map(|(prefix, route)| (prefix, route.cost));
    of_area.filter(move |(prefix, _)| {
        range_of(&nssa.ranges, *prefix).is_some_and(|(longest, _)| longest == range)
    })
}

/// The installed NSSA-LSAs for a prefix that may be translated (step 1).
fn translatable(
    context: &Context<'_>,
    area_id: AreaId,
    net: IpNet,
) -> Vec<(crate::RouterId, ExternalLsa)> {
    let mut lsas = context.description.routes.installed_nssa_lsas(area_id, net);
    lsas.retain(|(_, lsa)| {
        propagates(lsa) && lsa.forwarding_address.is_some_and(|address| !address.is_unspecified())
    });
    lsas
}

const fn is_external(kind: RouteKind) -> bool {
    matches!(kind, RouteKind::ExternalType1 | RouteKind::ExternalType2)
}
