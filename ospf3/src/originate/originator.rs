//! What is to be originated, part by part.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use ipnet::IpNet;

use super::context::Context;
use super::description::{Area, AreaKind, Description, Router};
use super::ids::{Ids, Path, Subject};
use super::intra_area_prefix::Bits;
use super::packing::Packing;
use super::ranges::range_of;
use super::role::Role;
use super::router::LinkId;
use super::{external, information, inter_area, intra_area_prefix, link, network, prefix, router};
use crate::lsa::{LsType, Lsa, LsaBody, LsaKey};
use crate::{AreaId, InterfaceId, RouterId, ScopeId};

/// All that a router should originate, by database and key.
///
/// A pure function: equal descriptions give equal results, Link State IDs too. An [`Originator`] gives the same LSAs, but
/// their Link State IDs depend on what was there before.
pub fn desired(description: &Description<'_>) -> BTreeMap<(ScopeId, LsaKey), LsaBody> {
    let wanted = Originator::new().update(description, [Part::All]);
    let body = |wanted: Wanted| Some(((wanted.scope, wanted.key), wanted.body?));
    wanted.into_iter().filter_map(body).collect()
}

/// Something that changed, and what is to be looked at anew because of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Everything.
    All,
    /// The Link-LSA of a link: its addresses, address or priority changed.
    Link(InterfaceId),
    /// The Router-LSAs, Network-LSAs and Intra-Area-Prefix-LSAs of an area: an interface there changed, its Designated
    /// Router, its neighbours that are fully adjacent, or the Link-LSAs of those.
    Area(AreaId),
    /// What is told of a prefix, or of a range around it: the route to it changed, or this router's external route. Or
    /// another router's external LSA for a prefix that this router tells of, or would (RFC 2328 §12.4.4.1).
    Prefix(IpNet),
    /// What is told of another router: the route to an AS boundary router changed.
    BoundaryRouter(RouterId),
}

/// An LSA as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The database it belongs into.
    pub scope: ScopeId,
    /// Its key.
    pub key: LsaKey,
    /// What it should say; `None`: it should not be there any more.
    pub body: Option<LsaBody>,
}

/// Says what a router should originate, part by part, and keeps which Link State ID has what.
#[derive(Debug, Clone, Default)]
pub struct Originator {
    ids: Ids,
    links: BTreeMap<AreaId, Packing<LinkId>>,
    /// By area and link; `None` for the router itself.
    prefixes: BTreeMap<(AreaId, Option<InterfaceId>), Packing<Bits>>,
    /// What all parts depend upon.
    basis: Option<Basis>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Basis {
    router: Router,
    areas: BTreeMap<AreaId, Area>,
    role: Role,
}

/// The parts that are to be looked at, each once.
#[derive(Default)]
struct Parts {
    links: BTreeSet<InterfaceId>,
    areas: BTreeSet<AreaId>,
    prefixes: BTreeSet<IpNet>,
    routers: BTreeSet<RouterId>,
}

impl Originator {
    /// One that knows of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the LSAs of some parts should be now: all that should be there, whether it is different or not, and those
    /// that were there and should no longer be. In order of database and key; each once.
    ///
    /// Where the router's own configuration, an area's, or what the router is (border router, boundary router, …) differs from
    /// the last call, the answer is that for [`Part::All`]. For the others the work is in proportion to what the parts hold; for
    /// a prefix, to the routes within the range around it.
    pub fn update(
        &mut self,
        description: &Description<'_>,
        parts: impl IntoIterator<Item = Part>,
    ) -> Vec<Wanted> {
        let role = Role::of(description);
        let context = Context { description, role: &role };
        let same = self.basis.as_ref().is_some_and(|basis| {
            basis.role == role
                && basis.router == *description.router
                && basis.areas == *description.areas
        });
        let some = if same { collect(description, parts) } else { None };
        let parts = some.unwrap_or_else(|| self.all(&context));
        let mut wanted = Vec::new();
        for id in &parts.links {
            self.link(&context, *id, &mut wanted);
        }
        for id in &parts.areas {
            self.area(&context, *id, &mut wanted);
        }
        let areas = self.all_areas(description);
        for net in &parts.prefixes {
            self.prefix(&context, &areas, *net, &mut wanted);
        }
        for router in &parts.routers {
            self.boundary_router(&context, &areas, *router, &mut wanted);
        }
        if !same {
            let (router, areas) = (description.router.clone(), description.areas.clone());
            self.basis = Some(Basis { router, areas, role });
        }
        wanted.sort_by_key(|wanted| (wanted.scope, wanted.key));
        wanted
    }

    /// Takes over the Link State ID of an LSA of this router's from before a restart (RFC 5187 §3.1), if what it tells has none
    /// yet. The next [`Self::update`] of its part says whether it should be there. Otherwise gives false: it should not.
    pub fn adopt(&mut self, router: &Router, scope: ScopeId, lsa: &Lsa) -> bool {
        let key = lsa.key();
        let Ok(body) = lsa.body() else { return false };
        let area = match scope {
            ScopeId::Area(area) => Some(area),
            ScopeId::As | ScopeId::Link(_) => None,
        };
        let ids = &self.ids;
        let free = |subject: &Subject| !ids.contains(scope, key.ls_type, subject);
        let of_prefix = |prefix| {
            let net = prefix::decode(router.family, prefix)?;
            (0..=u32::MAX).map(|path| Subject::Prefix(net, Path::Adopted(path))).find(free)
        };
        let subject = match &body {
            LsaBody::Router(lsa) => {
                let packing = self.links.entry(area.unwrap_or_default()).or_default();
                for link in &lsa.links {
                    packing
                        .place((link.interface_id, link.neighbor_router_id), key.link_state_id.0);
                }
                Some(Subject::Fragment(key.link_state_id.0))
            }
            LsaBody::RouterInformation(_) => Some(Subject::Fragment(key.link_state_id.0)),
            LsaBody::Network(_) | LsaBody::Link(_) | LsaBody::Grace(_) => {
                Some(Subject::Interface(InterfaceId(key.link_state_id.0)))
            }
            LsaBody::InterAreaPrefix(lsa) => of_prefix(&lsa.prefix),
            LsaBody::AsExternal(lsa) | LsaBody::Nssa(lsa) => of_prefix(&lsa.prefix),
            LsaBody::InterAreaRouter(lsa) => Some(Subject::Router(lsa.destination_router)),
            LsaBody::IntraAreaPrefix(lsa) => {
                let link = (lsa.referenced.ls_type == LsType::NETWORK)
                    .then_some(InterfaceId(lsa.referenced.link_state_id.0));
                let numbered = |number| match link {
                    Some(link) => Subject::NetworkPrefixes(link, number),
                    None => Subject::RouterPrefixes(number),
                };
                let number = (0..=u32::MAX).find(|number| free(&numbered(*number)));
                number.map(|number| {
                    let packing =
                        self.prefixes.entry((area.unwrap_or_default(), link)).or_default();
                    for entry in &lsa.prefixes {
                        packing.place((entry.prefix.address, entry.prefix.length), number);
                    }
                    numbered(number)
                })
            }
            LsaBody::Extended(_) | LsaBody::Unknown(_) => None,
        };
        subject
            .is_some_and(|subject| self.ids.adopt(scope, key.ls_type, subject, key.link_state_id))
    }

    /// The areas that are configured, and those that something was told in.
    fn all_areas(&self, description: &Description<'_>) -> BTreeSet<AreaId> {
        let told = self.ids.spaces().into_iter().filter_map(|(scope, _)| match scope {
            ScopeId::Area(area) => Some(area),
            ScopeId::Link(_) | ScopeId::As => None,
        });
        told.chain(description.areas.keys().copied()).collect()
    }

    /// All parts there are and were.
    fn all(&self, context: &Context<'_>) -> Parts {
        let description = context.description;
        let mut parts = Parts {
            links: description.interfaces.keys().copied().collect(),
            areas: self.all_areas(description),
            prefixes: description.externals.keys().map(|key| key.prefix).collect(),
            routers: description.routes.boundary_routers().collect(),
        };
        for (scope, _) in self.ids.spaces() {
            if let ScopeId::Link(link) = scope {
                parts.links.insert(link);
            }
        }
        for subject in self.ids.subjects() {
            match subject {
                Subject::Prefix(net, _) => {
                    parts.prefixes.insert(*net);
                }
                Subject::Router(router) => {
                    parts.routers.insert(*router);
                }
                _ => {}
            }
        }
        if context.role.border {
            parts.prefixes.extend(inter_area::subjects(context));
            parts.prefixes.extend(context.areas().flat_map(|(_, area)| match &area.kind {
                AreaKind::Nssa(nssa) => nssa.ranges.keys().copied().collect(),
                AreaKind::Normal | AreaKind::Stub(_) => Vec::new(),
            }));
        }
        parts
    }

    fn link(&mut self, context: &Context<'_>, id: InterfaceId, wanted: &mut Vec<Wanted>) {
        let interface = context.description.interfaces.get(&id);
        let of_area = |interface: &super::Interface| context.area(interface.area);
        let area = interface.and_then(of_area);
        let link_lsa = interface
            .zip(area)
            .and_then(|(interface, area)| link::link_lsa(context, &area.kind, interface));
        let grace_lsa = interface.and_then(|interface| link::grace_lsa(context, interface));
        for (ls_type, body) in [(LsType::LINK, link_lsa), (LsType::GRACE, grace_lsa)] {
            let bodies = body.map(|body| (Subject::Interface(id), body));
            self.settle_all(context, (ScopeId::Link(id), ls_type), bodies, wanted);
        }
    }

    fn area(&mut self, context: &Context<'_>, id: AreaId, wanted: &mut Vec<Wanted>) {
        let (mut routers, mut networks, mut prefixes) = (Vec::new(), Vec::new(), Vec::new());
        let mut informations = None;
        if let Some(area) = context.area(id) {
            routers = router::router_lsas(context, id, area, self.links.entry(id).or_default());
            let packing = self.prefixes.entry((id, None)).or_default();
            prefixes = intra_area_prefix::of_router(context, id, area, packing);
            for (link, interface) in context.interfaces_of(id) {
                let body = network::network_lsa(context, &area.kind, interface);
                networks.extend(body.map(|body| (Subject::Interface(link), body)));
                let packing = self.prefixes.entry((id, Some(link))).or_default();
                prefixes.extend(intra_area_prefix::of_network(context, link, interface, packing));
            }
            informations = context.router().information.as_ref().map(|information| {
                (Subject::Fragment(0), information::router_information_lsa(information))
            });
        }
        let scope = ScopeId::Area(id);
        self.settle_all(context, (scope, LsType::ROUTER), routers, wanted);
        self.settle_all(context, (scope, LsType::NETWORK), networks, wanted);
        self.settle_all(context, (scope, LsType::INTRA_AREA_PREFIX), prefixes, wanted);
        self.settle_all(context, (scope, LsType::ROUTER_INFORMATION_AREA), informations, wanted);
    }

    fn prefix(
        &mut self,
        context: &Context<'_>,
        areas: &BTreeSet<AreaId>,
        net: IpNet,
        wanted: &mut Vec<Wanted>,
    ) {
        let paths = || Subject::paths_of(net);
        for id in areas {
            let scope = ScopeId::Area(*id);
            let summary = inter_area::prefix_lsa(context, *id, net);
            let summary = summary.map(|body| (Subject::Prefix(net, Path::Told(0)), body));
            self.settle(context, (scope, LsType::INTER_AREA_PREFIX), paths(), summary, wanted);
            let nssa = context.area(*id).and_then(|area| match &area.kind {
                AreaKind::Nssa(nssa) => Some(nssa),
                AreaKind::Normal | AreaKind::Stub(_) => None,
            });
            let lsas = nssa.map(|nssa| external::nssa_lsas(context, *id, nssa, net));
            let lsas = lsas.unwrap_or_default().into_iter();
            let lsas = lsas
                .map(|(path, lsa)| (Subject::Prefix(net, Path::Told(path)), LsaBody::Nssa(lsa)));
            self.settle(context, (scope, LsType::NSSA), paths(), lsas, wanted);
        }
        let cell = (ScopeId::As, LsType::AS_EXTERNAL);
        let told = self.ids.contains(cell.0, cell.1, &Subject::Prefix(net, Path::Told(0)));
        let lsas = external::as_external_lsas(context, net, told).into_iter();
        let lsas = lsas
            .map(|(path, lsa)| (Subject::Prefix(net, Path::Told(path)), LsaBody::AsExternal(lsa)));
        self.settle(context, cell, paths(), lsas, wanted);
    }

    fn boundary_router(
        &mut self,
        context: &Context<'_>,
        areas: &BTreeSet<AreaId>,
        router: RouterId,
        wanted: &mut Vec<Wanted>,
    ) {
        let subject = Subject::Router(router);
        for id in areas {
            let cell = (ScopeId::Area(*id), LsType::INTER_AREA_ROUTER);
            let body = inter_area::router_lsa(context, *id, router).map(|body| (subject, body));
            self.settle(context, cell, subject..=subject, body, wanted);
        }
    }

    fn settle_all(
        &mut self,
        context: &Context<'_>,
        cell: (ScopeId, LsType),
        bodies: impl IntoIterator<Item = (Subject, LsaBody)>,
        wanted: &mut Vec<Wanted>,
    ) {
        self.settle(context, cell, Subject::FIRST..=Subject::LAST, bodies, wanted);
    }

    /// Says that of a range of subjects these are told, and no others.
    fn settle(
        &mut self,
        context: &Context<'_>,
        (scope, ls_type): (ScopeId, LsType),
        range: RangeInclusive<Subject>,
        bodies: impl IntoIterator<Item = (Subject, LsaBody)>,
        wanted: &mut Vec<Wanted>,
    ) {
        let advertising_router = context.router().router_id;
        let key = |link_state_id| LsaKey { ls_type, advertising_router, link_state_id };
        let mut told = BTreeSet::new();
        for (subject, body) in bodies {
            let id = self.ids.of(scope, ls_type, subject);
            wanted.push(Wanted { scope, key: key(id), body: Some(body) });
            told.insert(subject);
        }
        let gone = self.ids.release(scope, ls_type, range, |subject| told.contains(subject));
        wanted.extend(gone.into_iter().map(|id| Wanted { scope, key: key(id), body: None }));
    }
}

/// The parts, with the ranges around each prefix; `None` if they are everything.
fn collect(description: &Description<'_>, parts: impl IntoIterator<Item = Part>) -> Option<Parts> {
    let mut all = Parts::default();
    for part in parts {
        match part {
            Part::All => return None,
            Part::Link(id) => {
                all.links.insert(id);
            }
            Part::Area(id) => {
                all.areas.insert(id);
            }
            Part::Prefix(net) => {
                all.prefixes.insert(net);
                for area in description.areas.values() {
                    let range = range_of(&area.ranges, net).map(|(range, _)| range);
                    let nssa_range = match &area.kind {
                        AreaKind::Nssa(nssa) => range_of(&nssa.ranges, net).map(|(range, _)| range),
                        AreaKind::Normal | AreaKind::Stub(_) => None,
                    };
                    all.prefixes.extend(range.into_iter().chain(nssa_range));
                }
            }
            Part::BoundaryRouter(router) => {
                all.routers.insert(router);
            }
        }
    }
    Some(all)
}
