//! Filters on routes: which pass, and with which attributes, in a real BIRD and in the VM.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use bgp_wire::{AttributeCode, AttributesRef, Origin, SegmentKind};
use ipnet::IpNet;
use policy::ast::Name;
use policy::lexer::tokenize;
use policy::parser::Parser;
use policy::span::{SourceId, Span};
use policy::value::Value;
use policy::{Host, ProgramBuilder, Roa, TrapKind, Verdict, Vm};
use rib::{Destination, Edited, ExtraCode, ExtraRef, NextHopKey, Route, RouteSource};
use testbed::bird::{Bird, header};
use testbed::{Lab, PATIENCE, Program, wait_for};

use super::speaker::{self, ADDRESS, AS, Announced, PORT};

/// Address of the daemon.
const DAEMON: &str = "10.9.0.1";
/// Preference of BGP routes. Nobody resolves their next hops, so they are unreachable.
const PREFERENCE: u32 = 100;

/// Prefix, longest length, AS.
type Entry = (&'static str, u8, u32);

/// Tables of origins, by number: name, kind, and what is in them.
const ROAS: [(&str, &str, &[Entry]); 2] = [
    (
        "r4",
        "roa4",
        &[
            ("198.51.100.0/24", 24, 64501),
            ("203.0.113.0/24", 25, 3356),
            ("100.0.0.0/8", 16, 7),
            ("8.0.0.0/8", 24, 174),
            ("0.0.0.0/0", 0, 64501),
        ],
    ),
    ("r6", "roa6", &[("2001:db8::/32", 48, 64501), ("2600::/12", 12, 3356), ("2a00::/16", 32, 8)]),
];

/// A route as it is behind a filter.
#[derive(Debug, PartialEq, Eq)]
struct Passed {
    /// `unreachable`, or what the filter has made of it
    kind: String,
    preference: String,
    /// By the names that BIRD shows
    attributes: BTreeMap<String, String>,
}

/// What came of a comparison.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Filters that were run
    pub(crate) filters: usize,
    /// What BIRD says of those that both sides refuse
    pub(crate) refused: Vec<String>,
    /// Those of which BIRD died
    pub(crate) deadly: usize,
    pub(crate) runs: usize,
    pub(crate) accepted: usize,
    pub(crate) traps: usize,
    pub(crate) changed: usize,
    /// Different lines that were printed
    pub(crate) printed: usize,
    pub(crate) differences: Vec<String>,
}

/// Knows the tables of origins.
struct Origins;

impl Host for Origins {
    /// RFC 6811 §2
    fn roa_check(&self, table: u16, net: &IpNet, asn: u32) -> Roa {
        let mut state = Roa::Unknown;
        let table = ROAS.get(usize::from(table)).expect("a table");
        for (prefix, longest, origin) in table.2 {
            let prefix: IpNet = prefix.parse().expect("a prefix");
            if prefix.contains(net) {
                if net.prefix_len() <= *longest && asn == *origin {
                    return Roa::Valid;
                }
                state = Roa::Invalid;
            }
        }
        state
    }
}

/// Definitions and functions, with the tables of origins.
fn builder(definitions: &str) -> ProgramBuilder {
    let mut builder = ProgramBuilder::default();
    for (number, (name, ..)) in (0..).zip(ROAS) {
        builder.add_table(&Name { text: name.into(), span: Span::default() }, number);
    }
    let mut errors = Vec::new();
    let mut parser = Parser::new(tokenize(SourceId(0), definitions, &mut errors));
    while !parser.at_end() {
        if parser.peek_symbol() == Some("define") {
            let (name, value) = parser.define().expect("a constant");
            builder.define(&name, &value);
        } else {
            builder.add_function(&parser.function().expect("a function"));
        }
    }
    errors.extend(builder.take_errors());
    assert_eq!(errors, []);
    builder
}

/// Adds a filter; an error where it does not compile.
fn add(builder: &mut ProgramBuilder, text: &str) -> Result<(), String> {
    let mut errors = Vec::new();
    let mut parser = Parser::new(tokenize(SourceId(0), text, &mut errors));
    let mut tried = builder.clone();
    match parser.named_filter() {
        Ok(filter) => drop(tried.add_filter(&filter)),
        Err(error) => errors.push(error),
    }
    errors.extend(parser.take_errors());
    errors.extend(tried.take_errors());
    match errors.first() {
        Some(error) => Err(error.message.clone()),
        None => {
            *builder = tried;
            Ok(())
        }
    }
}

/// The definitions of a file, and its filters by name.
pub(crate) fn split(text: &str) -> (String, Vec<(String, String)>) {
    let at = text.find("\nfilter ").expect("a filter") + 1;
    let (definitions, rest) = text.split_at(at);
    let filters = rest.split("\nfilter ").map(|part| {
        let part = part.strip_prefix("filter ").unwrap_or(part);
        let name = part.split_whitespace().next().expect("a name");
        (name.to_owned(), format!("filter {part}\n"))
    });
    (definitions.to_owned(), filters.collect())
}

/// The configuration of the daemon: each filter stands at the way into a table of its own.
fn configuration(definitions: &str, filters: &[(String, String)]) -> String {
    let mut text = header(DAEMON);
    let mut put = |part: String| text.push_str(&part);
    for (name, kind, entries) in ROAS {
        put(format!("{kind} table {name};\nprotocol static {{ {kind} {{ table {name}; }};\n"));
        for (prefix, longest, asn) in entries {
            put(format!("route {prefix} max {longest} as {asn};\n"));
        }
        put("}\n".into());
    }
    put(definitions.into());
    filters.iter().for_each(|(_, filter)| put(filter.clone()));
    put(format!(
        "filter sentinel {{ accept; }}
         protocol bgp feed {{
             local {DAEMON} as {AS}; neighbor {ADDRESS} port {PORT} as {AS};
             multihop; hold time 0; connect delay time 1; connect retry time 1;
             ipv4 {{ import all; export none; }};
             ipv6 {{ import all; export none; }};
         }}\n"
    ));
    for name in filters.iter().map(|filter| filter.0.as_str()).chain(["sentinel"]) {
        for version in ["4", "6"] {
            put(format!(
                "ipv{version} table {name}_{version};
                 protocol pipe {{ table master{version}; peer table {name}_{version};
                                  import none; export filter {name}; }}\n"
            ));
        }
    }
    text
}

/// Takes away what BIRD does not read, and gives the names of it.
fn readable(
    lab: &Lab,
    program: &Program,
    definitions: &str,
    filters: &mut Vec<(String, String)>,
) -> Vec<(String, String)> {
    let path = lab.file("check.conf");
    let mut refused = Vec::new();
    loop {
        let text = configuration(definitions, filters);
        std::fs::write(&path, &text).expect("a file that can be written");
        let output = program.hurried().arg("-p").arg("-c").arg(&path).output().expect("BIRD runs");
        if output.status.success() {
            return refused;
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // What comes before are warnings.
        let line = said.rsplit("check.conf:").next().and_then(|rest| {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse::<usize>().ok()
        });
        let line = line.unwrap_or_else(|| panic!("BIRD says {said}"));
        let before: Vec<&str> = text.lines().take(line).collect();
        let name = before.iter().rev().find_map(|line| line.strip_prefix("filter "));
        let name = name.and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
        let at = filters.iter().position(|filter| filter.0 == name);
        let at = at.unwrap_or_else(|| panic!("BIRD says {said}"));
        refused.push((filters.remove(at).0, said.trim().to_owned()));
    }
}

/// Runs filters on routes here and there.
pub(crate) fn compare(
    program: &Program,
    definitions: &str,
    filters: &[(String, String)],
    routes: &[Announced],
) -> Outcome {
    let mut filters = filters.to_vec();
    let mut outcome = Outcome::default();
    let mut builder = builder(definitions);
    let mut refused = BTreeMap::new();
    for (name, text) in &filters {
        if let Err(error) = add(&mut builder, text) {
            refused.insert(name.clone(), error);
        }
    }
    let lab = Lab::new();
    let texts: BTreeMap<String, String> = filters.iter().cloned().collect();
    for (name, said) in readable(&lab, program, definitions, &mut filters) {
        if refused.remove(&name).is_some() {
            outcome.refused.push(said);
        } else {
            let text = &texts[&name];
            outcome.differences.push(format!("{name}: BIRD refuses it: {said}\n{text}"));
        }
    }
    for (name, error) in &refused {
        let text = &texts[name];
        outcome.differences.push(format!("{name}: refused only here: {error}\n{text}"));
        filters.retain(|filter| filter.0 != *name);
    }
    let mut deadly = Vec::new();
    let theirs = survived(program, definitions, &filters, routes, &mut deadly);
    filters.retain(|filter| !deadly.contains(&filter.0));
    outcome.filters = filters.len();
    outcome.deadly = deadly.len();
    let compiled = builder.finish().expect("each filter compiled");
    let mut vm = Vm::default();
    let mut printed = BTreeSet::new();
    for (name, text) in &filters {
        let filter = compiled.filter(name).expect("it was added");
        for route in routes {
            let view = Route {
                net: route.net,
                source: RouteSource::Bgp,
                protocol: "feed",
                from: Some(ADDRESS.parse().expect("an address")),
                preference: PREFERENCE,
                destination: Destination::Unreachable,
                next_hop: Some(NextHopKey::direct(route.next_hop, None)),
                extra: ExtraRef::default(),
                attributes: route.attributes.view(),
            };
            let verdict = compiled.run(&mut vm, filter, &view, &Origins);
            outcome.runs += 1;
            outcome.accepted += usize::from(verdict == Ok(Verdict::Accept));
            outcome.traps += usize::from(verdict.is_err());
            outcome.changed += usize::from(vm.has_changes());
            let ours = match verdict {
                Ok(Verdict::Accept) => Some(passed(&vm, &compiled, &view)),
                // RFC 7607 §2: BIRD sends AS 0.
                Err(trap) if trap.kind == TrapKind::Malformed => continue,
                _ => None,
            };
            let version = if route.net.addr().is_ipv4() { "4" } else { "6" };
            printed.extend(vm.output().lines().map(str::to_owned));
            let theirs = theirs.passed.get(&(format!("{name}_{version}"), route.net));
            if theirs != ours.as_ref() {
                let mut message = format!("{name} on {} {verdict:?}\n", route.net);
                // Writing to a string does not fail.
                let _ = writeln!(message, "    BIRD {theirs:?}\n    here {ours:?}");
                let _ = writeln!(message, "    from {:?}\n{text}", shown(route.attributes.view()));
                outcome.differences.push(message);
            }
        }
    }
    outcome.printed = printed.len();
    for line in printed.symmetric_difference(&theirs.printed) {
        let side = if printed.contains(line) { "here" } else { "by BIRD" };
        outcome.differences.push(format!("printed only {side}: {line}\n"));
    }
    outcome
}

/// What came of all filters in BIRD.
#[derive(Default)]
struct Theirs {
    /// What has passed a filter: by the name of its table, and network
    passed: BTreeMap<(String, IpNet), Passed>,
    /// Lines that filters printed
    printed: BTreeSet<String>,
}

/// What passes in BIRD. Where it dies of a filter, the others are tried without that one.
fn survived(
    program: &Program,
    definitions: &str,
    filters: &[(String, String)],
    routes: &[Announced],
    deadly: &mut Vec<String>,
) -> Theirs {
    if let Some(all) = theirs(program, &configuration(definitions, filters), routes) {
        return all;
    }
    if let [(name, _)] = filters {
        deadly.push(name.clone());
        return Theirs::default();
    }
    let (one, other) = filters.split_at(filters.len() / 2);
    let mut all = survived(program, definitions, one, routes, deadly);
    let more = survived(program, definitions, other, routes, deadly);
    all.passed.extend(more.passed);
    all.printed.extend(more.printed);
    all
}

/// What passes in BIRD; `None` when it dies of it.
fn theirs(program: &Program, text: &str, routes: &[Announced]) -> Option<Theirs> {
    let lab = Lab::new();
    let node = lab.node("bird");
    for address in [DAEMON, ADDRESS] {
        node.ip(&format!("address add {address}/32 dev lo"));
    }
    let ipv4 = routes.iter().filter(|route| route.net.addr().is_ipv4()).count();
    let speaker = speaker::start(&node, routes.to_vec());
    let bird = Bird::start(&lab, &node, text, program);
    // The pipe behind all others has the routes last.
    for (table, count) in [("sentinel_4", ipv4), ("sentinel_6", routes.len() - ipv4)] {
        let wanted = format!("{count} of {count} routes for");
        wait_for(PATIENCE, format!("{count} routes in {table}"), || {
            let reply = bird.birdc(&format!("show route table {table} count"));
            match reply.success && !reply.lines.is_empty() {
                // It has answered before.
                false => Ok(None),
                true if reply.text().contains(&wanted) => Ok(Some(())),
                true => Err(reply.text()),
            }
        })?;
    }
    let session = speaker.join().expect("the speaker has sent all");
    let all = bird.routes("table all");
    drop(session);
    let all = all.into_iter().filter(|route| !ROAS.iter().any(|(name, ..)| route.table == *name));
    let passed = all.map(|route| {
        let net = route.net.parse().unwrap_or_else(|_| panic!("a network: {}", route.net));
        // `(100)`, or `(100s)` for a route with LLGR_STALE (RFC 9494)
        let preference = route.info.split([' ', '/', '(', ')', 's']).nth(1).unwrap_or_default();
        let passed = Passed {
            kind: route.kind,
            preference: preference.to_owned(),
            attributes: route.attributes.into_iter().filter(|one| !is_empty_list(one)).collect(),
        };
        ((route.table, net), passed)
    });
    // `2026-11-21 16:21:48.226 <INFO> TEXT`, but for what it says of itself
    let log = bird.log();
    let lines = log.lines().filter_map(|line| Some(line.split_once("<INFO> ")?.1.to_owned()));
    let printed = lines.filter(|line| line != "Started").collect();
    Some(Theirs { passed: passed.collect(), printed })
}

/// BIRD keeps an empty list as an attribute, and does not send it; here it is no attribute.
fn is_empty_list((name, value): &(String, String)) -> bool {
    const LISTS: [&str; 4] = ["community", "cluster_list", "ext_community", "large_community"];
    value.is_empty() && LISTS.contains(&name.as_str())
}

/// The route that has passed a filter here.
fn passed(vm: &Vm, program: &policy::Program, route: &Route<'_>) -> Passed {
    let mut edited = Edited::default();
    match vm.has_changes() {
        true => vm.edit(program, route, &mut edited),
        false => edited.copy_from(route),
    }
    let mut attributes = shown(edited.attributes.view());
    let set = edited.extra.view().address(ExtraCode::NEXT_HOP);
    let next_hop = set.or(edited.next_hop.map(|key| key.next_hop.address()));
    attributes.extend(next_hop.map(|ip| ("next_hop".to_owned(), ip.to_string())));
    let kind = match edited.destination {
        Destination::Unicast => "unicast",
        Destination::Blackhole => "blackhole",
        Destination::Unreachable => "unreachable",
        Destination::Prohibit => "prohibited",
    };
    Passed { kind: kind.into(), preference: edited.preference.to_string(), attributes }
}

/// Attributes as BIRD shows them.
fn shown(attributes: AttributesRef<'_>) -> BTreeMap<String, String> {
    let list = |octets: &[u8], size: usize, one: &dyn Fn(&[u8]) -> String| {
        octets.chunks(size).map(one).collect::<Vec<_>>().join(" ")
    };
    let number = |octets: &[u8]| u32::from_be_bytes(octets.try_into().expect("4 octets"));
    let address = |octets: &[u8]| std::net::Ipv4Addr::from(number(octets)).to_string();
    let all = attributes.iter().map(|raw| {
        let value = raw.value;
        let (name, text) = match raw.code {
            AttributeCode::ORIGIN => {
                let name = match attributes.origin() {
                    Some(Origin::Igp) => "IGP",
                    Some(Origin::Egp) => "EGP",
                    _ => "Incomplete",
                };
                ("origin", name.into())
            }
            AttributeCode::AS_PATH => {
                let segments = attributes.as_path().segments().map(|segment| {
                    let asns: Vec<String> = segment.asns().map(|asn| asn.to_string()).collect();
                    let asns = asns.join(" ");
                    if segment.kind == SegmentKind::Set { format!("{{{asns}}}") } else { asns }
                });
                ("as_path", segments.collect::<Vec<_>>().join(" "))
            }
            AttributeCode::MULTI_EXIT_DISC => ("med", number(value).to_string()),
            AttributeCode::LOCAL_PREF => ("local_pref", number(value).to_string()),
            AttributeCode::ATOMIC_AGGREGATE => ("atomic_aggr", String::new()),
            AttributeCode::AGGREGATOR => {
                ("aggregator", format!("{} AS{}", address(&value[4..]), number(&value[..4])))
            }
            AttributeCode::ORIGINATOR_ID => ("originator_id", address(value)),
            AttributeCode::CLUSTER_LIST => ("cluster_list", list(value, 4, &address)),
            AttributeCode::AIGP => ("aigp", number(&value[7..]).to_string()),
            AttributeCode::ONLY_TO_CUSTOMER => ("otc", number(value).to_string()),
            AttributeCode::COMMUNITIES => {
                ("community", list(value, 4, &|one| Value::Pair(number(one)).to_string()))
            }
            AttributeCode::EXTENDED_COMMUNITIES => (
                "ext_community",
                list(value, 8, &|one| {
                    let one = u64::from_be_bytes(one.try_into().expect("8 octets"));
                    Value::Extended(one).to_string()
                }),
            ),
            AttributeCode::LARGE_COMMUNITIES => (
                "large_community",
                list(value, 12, &|one| {
                    let parts = [0, 4, 8].map(|at| number(&one[at..at + 4]));
                    Value::Large(parts).to_string()
                }),
            ),
            other => {
                let hex: Vec<String> = value.iter().map(|octet| format!("{octet:02x}")).collect();
                return (format!("{:02x} [t]", other.0), hex.join(" "));
            }
        };
        (name.to_owned(), text)
    });
    all.collect()
}
