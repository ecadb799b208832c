//! `show route`

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use policy::{FilterId, Program, Verdict, Vm};
use rib::{Destination, NetView, PathView, Resolution, RouteSource, TableId};

use super::{Reply, attributes, single, unknown_protocol};
use crate::config::{Gateway, RouteTarget};
use crate::protocol::{Protocol, Running};
use crate::router::Router;

const ROUTE: u16 = 1007;
const DETAIL: u16 = 1008;

/// What `show route` was asked for.
#[derive(Default)]
struct Query {
    all: bool,
    count: bool,
    primary: bool,
    tables: Vec<TableId>,
    protocol: Option<String>,
    target: Option<Target>,
    filter: Option<(Program, FilterId)>,
}

#[derive(Clone, Copy)]
enum Target {
    /// A network, exactly
    Exact(IpNet),
    /// The longest network around another one
    For(IpNet),
    /// All networks inside another one
    In(IpNet),
}

impl Router {
    pub(super) fn show_route(&self, now: Duration, words: &[&str]) -> String {
        let query = match self.query(words) {
            Ok(query) => query,
            Err(reply) => return reply,
        };
        let explicit = !query.tables.is_empty();
        let tables: Vec<TableId> = if explicit {
            query.tables.clone()
        } else {
            self.config
                .tables
                .iter()
                .filter_map(|table| self.tables.get(&table.name).copied())
                .collect()
        };
        let mut reply = Reply::default();
        let mut vm = Vm::default();
        let (mut shown, mut totals) = (false, [0; 3]);
        for table in &tables {
            let name = self.rib.table_info(*table).map_or("", |(name, _)| name);
            let mut headed = false;
            // A table that was asked for by name is named even when there is nothing in it.
            if explicit && !query.count && query.target.is_none() {
                reply.line(ROUTE, format!("Table {name}:"));
                headed = true;
            }
            let (mut routes, mut networks) = (0, 0);
            for net in self.candidates(*table, query.target) {
                let mut first = true;
                for path in net.paths().filter(|path| self.suits(&query, &mut vm, path)) {
                    routes += 1;
                    networks += usize::from(first);
                    if !query.count {
                        if !headed {
                            if shown {
                                reply.line(ROUTE, "");
                            }
                            reply.line(ROUTE, format!("Table {name}:"));
                            headed = true;
                        }
                        self.show_path(&mut reply, now, *table, &path, first, query.all);
                        shown = true;
                    }
                    first = false;
                }
            }
            let (_, whole) = self.rib.size(*table);
            totals = [totals[0] + routes, totals[1] + whole, totals[2] + networks];
            if query.count {
                let counted = format!("{routes} of {whole} routes for {networks} networks");
                reply.line(ROUTE, format!("{counted} in table {name}"));
            }
        }
        if query.count && !explicit {
            let [routes, whole, networks] = totals;
            let total = format!("{routes} of {whole} routes for {networks} networks");
            return reply.end(14, format!("Total: {total} in {} tables", tables.len()));
        }
        if !shown && query.target.is_some() {
            return single(8001, "Network not found");
        }
        reply.end(0, "")
    }

    fn query(&self, words: &[&str]) -> Result<Query, String> {
        let mut query = Query::default();
        let mut words = words.iter().copied();
        let missing =
            |after: &str| single(9001, format!("syntax error, something has to follow `{after}`"));
        while let Some(word) = words.next() {
            match word {
                "all" => query.all = true,
                "count" => query.count = true,
                "primary" => query.primary = true,
                "table" => {
                    let name = words.next().ok_or_else(|| missing(word))?;
                    let id = self.tables.get(name);
                    query.tables.push(*id.ok_or_else(|| {
                        single(9001, format!("syntax error, there is no table {name}"))
                    })?);
                }
                "protocol" => {
                    let name = words.next().ok_or_else(|| missing(word))?;
                    if !self.protocols.iter().any(|protocol| protocol.name() == name) {
                        return Err(unknown_protocol(name));
                    }
                    query.protocol = Some(name.to_owned());
                }
                "for" | "in" => {
                    let net = words.next().and_then(network).ok_or_else(|| missing(word))?;
                    query.target =
                        Some(if word == "for" { Target::For(net) } else { Target::In(net) });
                }
                "where" => {
                    // The rest is the expression.
                    let expression: Vec<&str> = words.by_ref().collect();
                    let mut expression = expression.join(" ");
                    for word in ["all", "count"] {
                        if let Some(shorter) =
                            expression.strip_suffix(word).filter(|rest| rest.ends_with(' '))
                        {
                            query.all |= word == "all";
                            query.count |= word == "count";
                            expression = shorter.trim_end().to_owned();
                        }
                    }
                    query.filter = Some(compile(&expression)?);
                }
                other => match network(other) {
                    Some(net) => query.target = Some(Target::Exact(net)),
                    None => return Err(single(9001, format!("syntax error, unexpected {other}"))),
                },
            }
        }
        Ok(query)
    }

    /// Networks of a table that the target takes in.
    fn candidates(&self, table: TableId, target: Option<Target>) -> Vec<NetView<'_>> {
        match target {
            None => self.rib.networks(table).collect(),
            Some(Target::Exact(net)) => self.rib.lookup(table, &net).into_iter().collect(),
            Some(Target::For(net)) => {
                let found = self.rib.longest_match(table, net.addr(), net.prefix_len());
                found.into_iter().collect()
            }
            Some(Target::In(outer)) => {
                self.rib.networks(table).filter(|net| outer.contains(&net.net)).collect()
            }
        }
    }

    fn suits(&self, query: &Query, vm: &mut Vm, path: &PathView<'_>) -> bool {
        let Some(route) = path.route() else { return false };
        let of_protocol = query.protocol.as_ref().is_none_or(|name| route.protocol == name);
        let mut accepted = || {
            query.filter.as_ref().is_none_or(|(program, id)| {
                program.run(vm, *id, &route, &policy::NoHost) == Ok(Verdict::Accept)
            })
        };
        (path.best || !query.primary) && of_protocol && accepted()
    }

    fn show_path(
        &self,
        reply: &mut Reply,
        now: Duration,
        table: TableId,
        path: &PathView<'_>,
        first: bool,
        all: bool,
    ) {
        let Some(route) = path.route() else { return };
        let protocol = self.protocols.iter().find(|protocol| protocol.source == path.source());
        let (kind, gateways) = self.target(table, path, protocol);
        let net = if first { route.net.to_string() } else { String::new() };
        let since = self.clock.short(path.since(), now);
        let from = route
            .from
            .filter(|from| gateways.first().is_none_or(|gateway| gateway.address != Some(*from)));
        let from = from.map(|from| format!(" from {from}")).unwrap_or_default();
        let mark = if path.best { " *" } else { "" };
        let info = info(path);
        reply.line(
            ROUTE,
            format!("{net:<20} {kind} [{} {since}{from}]{mark} {info}", route.protocol),
        );
        for gateway in gateways {
            reply.line(ROUTE, gateway.to_string());
        }
        if all {
            let name = match route.source {
                RouteSource::Bgp => "BGP",
                RouteSource::Device => "device",
                _ => "static",
            };
            reply.line(DETAIL, format!("\tType: {name} univ"));
            if route.source == RouteSource::Bgp {
                attributes::show(reply, path.attributes(), path.next_hop());
            }
        }
    }

    /// What the route does with packets.
    fn target(
        &self,
        table: TableId,
        path: &PathView<'_>,
        protocol: Option<&Protocol>,
    ) -> (&'static str, Vec<GatewayLine>) {
        match protocol.map(|protocol| &protocol.running) {
            Some(Running::Static(routes)) => match routes.get(&path.net) {
                Some(RouteTarget::Blackhole) => ("blackhole", Vec::new()),
                Some(RouteTarget::Prohibit) => ("prohibited", Vec::new()),
                Some(RouteTarget::Device(name)) => (
                    "unicast",
                    vec![GatewayLine {
                        address: None,
                        interface: Some(name.clone()),
                        weight: None,
                    }],
                ),
                Some(RouteTarget::Via(gateways)) => {
                    let weighted = gateways.len() > 1;
                    (
                        "unicast",
                        gateways
                            .iter()
                            .map(|gateway| self.static_gateway(gateway, weighted))
                            .collect(),
                    )
                }
                Some(RouteTarget::Recursive(_)) => self.resolved(path),
                Some(RouteTarget::Unreachable) | None => ("unreachable", Vec::new()),
            },
            Some(Running::Direct(routes)) => {
                let interface = routes.get(&(table, path.net)).cloned();
                ("unicast", vec![GatewayLine { address: None, interface, weight: None }])
            }
            _ => self.resolved(path),
        }
    }

    fn static_gateway(&self, gateway: &Gateway, weighted: bool) -> GatewayLine {
        let found =
            || self.interfaces.towards(gateway.address).map(|interface| interface.name.clone());
        GatewayLine {
            address: Some(gateway.address),
            interface: gateway.interface.clone().or_else(found),
            weight: weighted.then_some(gateway.weight),
        }
    }

    /// A route whose next hop has to be found.
    fn resolved(&self, path: &PathView<'_>) -> (&'static str, Vec<GatewayLine>) {
        let Some(found) = path.resolution() else { return ("unreachable", Vec::new()) };
        let kind = match found.destination {
            Destination::Unicast => "unicast",
            Destination::Blackhole => "blackhole",
            Destination::Unreachable => "unreachable",
            Destination::Prohibit => "prohibited",
        };
        let line = |gateway: &rib::Gateway| {
            let interface = gateway.interface.and_then(|index| self.interfaces.by_index(index));
            GatewayLine {
                address: Some(gateway.address),
                interface: interface.map(|interface| interface.name.clone()),
                weight: None,
            }
        };
        (kind, found.gateways().iter().map(line).collect())
    }
}

/// One `via` line.
struct GatewayLine {
    address: Option<IpAddr>,
    interface: Option<String>,
    weight: Option<u16>,
}

impl std::fmt::Display for GatewayLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let interface = self.interface.as_deref().unwrap_or("?");
        match self.address {
            Some(address) => write!(f, "\tvia {address} on {interface}")?,
            None => write!(f, "\tdev {interface}")?,
        }
        self.weight.map_or(Ok(()), |weight| write!(f, " weight {weight}"))
    }
}

/// `(100) [AS65002i]`: preference, with the cost of the next hop where it had to be found; origin.
fn info(path: &PathView<'_>) -> String {
    let preference = path.preference();
    if path.peer().is_none() {
        return format!("({preference})");
    }
    let looked_up = path.next_hop().is_some_and(|key| key.igp.is_some());
    let metric = match path.metric() {
        None => "/-".into(),
        Some(metric) if !looked_up || metric == 0 => String::new(),
        Some(metric) if metric >= Resolution::UNKNOWN_METRIC => "/?".into(),
        Some(metric) => format!("/{metric}"),
    };
    let attributes = path.attributes();
    let origin = match attributes.origin() {
        Some(bgp_wire::Origin::Igp) => "i",
        Some(bgp_wire::Origin::Egp) => "e",
        _ => "?",
    };
    let asn = attributes.as_path().origin().map(|asn| format!("AS{asn}")).unwrap_or_default();
    format!("({preference}{metric}) [{asn}{origin}]")
}

/// A prefix, or an address as the longest one.
fn network(word: &str) -> Option<IpNet> {
    word.parse().ok().or_else(|| word.parse::<IpAddr>().ok().map(IpNet::from))
}

/// Compiles the expression behind `where`.
fn compile(expression: &str) -> Result<(Program, FilterId), String> {
    let text = format!("filter w {{ if {expression} then accept; reject; }}");
    let program = policy::compile("command", &text).map_err(|errors| {
        let message = errors.iter().next().map(|error| error.message.clone()).unwrap_or_default();
        single(9001, format!("syntax error: {message}"))
    })?;
    match program.filter("w") {
        Some(id) => Ok((program, id)),
        None => Err(single(9001, "syntax error")),
    }
}
