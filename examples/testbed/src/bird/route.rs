//! Routes as `show route all` gives them.

use std::collections::BTreeMap;

use super::{Reply, ReplyLine};

/// A route of `show route all`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The table it is in
    pub table: String,
    /// The network
    pub net: String,
    /// `unicast`, `blackhole`, …
    pub kind: String,
    /// The protocol instance it comes from.
    pub protocol: String,
    /// `from ADDRESS`, shown where it differs from the gateway.
    pub from: Option<String>,
    /// Whether it is marked as the best
    pub best: bool,
    /// Preference and origin: `(100) [AS65002i]`.
    pub info: String,
    /// `via 10.0.0.2 on eth0`
    pub gateways: Vec<String>,
    /// `BGP univ`
    pub route_type: String,
    /// BGP attributes by name, without the `BGP.` or `bgp_`: `as_path`, `community`, …
    pub attributes: BTreeMap<String, String>,
}

impl Route {
    /// All routes of an answer.
    pub fn parse_all(reply: &Reply) -> Vec<Self> {
        let mut routes: Vec<Self> = Vec::new();
        let (mut table, mut net) = (String::new(), String::new());
        for ReplyLine { code, text } in &reply.lines {
            if let Some(name) = text.strip_prefix("Table ") {
                table = name.trim_end_matches(':').to_owned();
            } else if let Some(detail) = text.strip_prefix('\t') {
                let Some(route) = routes.last_mut() else { continue };
                route.detail(detail);
            } else if *code == 1007 && !text.trim().is_empty() {
                // A further route to the same network has blanks in place of it.
                if !text.starts_with(' ') {
                    text.split(' ').next().unwrap_or_default().clone_into(&mut net);
                }
                let rest = text.strip_prefix(net.as_str()).unwrap_or(text);
                routes.extend(Self::parse(&table, &net, rest));
            }
        }
        routes
    }

    /// `unicast [up1 04:24:31.559 from 10.0.0.9] * (100) [AS65002i]`
    fn parse(table: &str, net: &str, line: &str) -> Option<Self> {
        let (kind, rest) = line.trim().split_once(" [")?;
        let (source, rest) = rest.split_once(']')?;
        let mut source = source.split(' ');
        let protocol = source.next()?.to_owned();
        let from = source.skip_while(|word| *word != "from").nth(1).map(str::to_owned);
        let rest = rest.trim_start();
        let (best, info) = rest.strip_prefix("* ").map_or((false, rest), |info| (true, info));
        Some(Self {
            table: table.to_owned(),
            net: net.to_owned(),
            kind: kind.to_owned(),
            protocol,
            from,
            best,
            info: info.to_owned(),
            gateways: Vec::new(),
            route_type: String::new(),
            attributes: BTreeMap::new(),
        })
    }

    fn detail(&mut self, line: &str) {
        // BIRD 2 has `BGP.as_path`, BIRD 3 `bgp_path`.
        let attribute = line.strip_prefix("BGP.").or_else(|| line.strip_prefix("bgp_"));
        if let Some((name, value)) = attribute.and_then(|line| line.split_once(": ")) {
            let name = if name == "path" { "as_path" } else { name };
            self.attributes.insert(name.to_owned(), value.trim_end().to_owned());
        } else if let Some(name) = line.strip_prefix("Type: ") {
            name.trim_end().clone_into(&mut self.route_type);
        } else if line.starts_with("via ") || line.starts_with("dev ") {
            self.gateways.push(line.trim_end().to_owned());
        }
    }

    /// A BGP attribute; empty where the route has none of that name.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}
