//! What an area border router tells an area of the others (RFC 5340 §4.4.3.4, §4.4.3.5, RFC 2328 §12.4.3).

use alloc::collections::BTreeSet;

use ipnet::IpNet;

use super::context::Context;
use super::description::{Area, AreaKind};
use super::prefix;
use super::ranges::range_of;
use crate::lsa::{InterAreaPrefixLsa, InterAreaRouterLsa, LS_INFINITY, LsaBody};
use crate::route::{NextHop, Route, RouteKind};
use crate::{AreaId, RouterId};

/// All prefixes of which an area may be told something.
pub(super) fn subjects(context: &Context<'_>) -> BTreeSet<IpNet> {
    let default_route = prefix::default_route(context.family());
    let routes = context.description.routes.routes_within(default_route).map(|(net, _)| net);
    let ranges = context.areas().flat_map(|(_, area)| area.ranges.keys().copied());
    routes.chain(ranges).chain([default_route]).collect()
}

/// What area `to` is told of a prefix.
pub(super) fn prefix_lsa(context: &Context<'_>, to: AreaId, net: IpNet) -> Option<LsaBody> {
    let area = context.area(to).filter(|_| context.role.border)?;
    let metric = default_metric(&area.kind, net).or_else(|| {
        let told = area.kind.imports_summaries() && !is_default_into_nssa(&area.kind, net);
        let exact = || of_route(context, to, net);
        told.then(|| ranges(context, to, net).chain(exact()).min()).flatten()
    })?;
    Some(LsaBody::InterAreaPrefix(InterAreaPrefixLsa { metric, prefix: prefix::encode(net) }))
}

/// What area `to` is told of an AS boundary router. Stub areas and NSSAs need not know: they do not take AS-external-LSAs.
pub(super) fn router_lsa(context: &Context<'_>, to: AreaId, router: RouterId) -> Option<LsaBody> {
    context.area(to).filter(|area| context.role.border && area.kind.takes_externals())?;
    let route = context.description.routes.boundary_router(router)?;
    let told = may_be_told(context, to, route.kind, route.area, route.cost, &route.next_hops);
    told.then_some(LsaBody::InterAreaRouter(InterAreaRouterLsa {
        options: route.options,
        metric: route.cost,
        destination_router: router,
    }))
}

/// The default route of an area that is told no others (RFC 2328 §12.4.3.1, RFC 3101 §2.7).
fn default_metric(kind: &AreaKind, net: IpNet) -> Option<u32> {
    let cost = match kind {
        AreaKind::Stub(stub) => stub.default_cost,
        AreaKind::Nssa(nssa) if !nssa.import_summaries => {
            nssa.default_metric.map_or(1, |metric| metric.cost)
        }
        AreaKind::Nssa(_) | AreaKind::Normal => return None,
    };
    (net.prefix_len() == 0).then_some(cost.min(LS_INFINITY))
}

/// An NSSA that is told other routes is told the default route by NSSA-LSAs only: an inter-area route would win over
/// those of its AS boundary routers (RFC 3101 §2.7).
fn is_default_into_nssa(kind: &AreaKind, net: IpNet) -> bool {
    matches!(kind, AreaKind::Nssa(_)) && net.prefix_len() == 0
}

/// The cost of the route to exactly this prefix, if it is told as it is.
fn of_route(context: &Context<'_>, to: AreaId, net: IpNet) -> Option<u32> {
    let route = context.description.routes.route(net)?;
    let condensed = route.kind == RouteKind::IntraArea
        && condenses(context, to, route.area)
            .is_some_and(|area| range_of(&area.ranges, net).is_some());
    (!condensed && route_may_be_told(context, to, route)).then_some(route.cost)
}

/// The costs of this prefix as a range of other areas: the largest of those within, unless one is configured.
fn ranges(context: &Context<'_>, to: AreaId, net: IpNet) -> impl Iterator<Item = u32> {
    let areas = context.areas().filter(move |(id, area)| {
        area.ranges.get(&net).is_some_and(|range| range.advertise)
            && condenses(context, to, *id).is_some()
    });
    areas.filter_map(move |(id, area)| {
        let within = context.description.routes.routes_within(net);
        let components = within.filter(|(prefix, route)| {
            route.kind == RouteKind::IntraArea
                && route.area == id
                && route_may_be_told(context, to, route)
                && range_of(&area.ranges, *prefix).is_some_and(|(range, _)| range == net)
        });
        let largest = components.map(|(_, route)| route.cost).max()?;
        let configured = area.ranges.get(&net).and_then(|range| range.cost);
        Some(configured.map_or(largest, |cost| cost.min(LS_INFINITY - 1)))
    })
}

/// The ranges of area `from` count for what area `to` is told. The backbone's do not in a transit area, where its routes
/// may go (RFC 2328 §12.4.3).
fn condenses<'a>(context: &Context<'a>, to: AreaId, from: AreaId) -> Option<&'a Area> {
    let transit = context.area(to).is_some_and(|area| area.transit);
    context.description.areas.get(&from).filter(|_| !(from == AreaId::BACKBONE && transit))
}

fn route_may_be_told(context: &Context<'_>, to: AreaId, route: &Route) -> bool {
    may_be_told(context, to, route.kind, route.area, route.cost, &route.next_hops)
}

/// RFC 2328 §12.4.3: the steps that look at the route alone.
fn may_be_told(
    context: &Context<'_>,
    to: AreaId,
    kind: RouteKind,
    area: AreaId,
    cost: u32,
    next_hops: &[NextHop],
) -> bool {
    let of_kind = match kind {
        RouteKind::IntraArea => true,
        RouteKind::InterArea => to != AreaId::BACKBONE,
        RouteKind::ExternalType1 | RouteKind::ExternalType2 => false,
    };
    let back = |hop: &NextHop| context.role.interfaces.get(&hop.interface) == Some(&to);
    of_kind && area != to && cost < LS_INFINITY && !next_hops.iter().any(back)
}
