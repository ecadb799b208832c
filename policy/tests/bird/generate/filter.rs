//! Random filters.

use std::fmt::Write;

use super::Kind::{
    Bool, Communities, Extended, ExtendedList, Int, Ip, Large, LargeList, Pair, Path, Prefix, Text,
};
use super::{Kind, Random};

/// A filter of that name, which uses the functions of `functions.conf`.
pub(crate) fn filter(random: &mut Random, name: &str) -> String {
    let mut text = format!("filter {name} {{\n");
    for _ in 0..1 + random.below(6) {
        random.statement(&mut text, 2);
    }
    text + if random.chance(90) { "accept;\n}\n" } else { "reject;\n}\n" }
}

impl Random {
    /// An attribute, or something of it, that is there with every route; now and then one that need not be.
    pub(super) fn attribute(&mut self, kind: Kind) -> String {
        let rarely = self.chance(4);
        match kind {
            Int if rarely => self.one(&["bgp_med", "bgp_otc"]).into(),
            Int => self
                .one(&[
                    "bgp_local_pref",
                    "preference",
                    "bgp_path.len",
                    "bgp_path.last",
                    "net.len",
                    "bgp_community.len",
                ])
                .into(),
            Bool => self
                .one(&[
                    "defined(bgp_med)",
                    "defined(bgp_aggregator)",
                    "defined(bgp_otc)",
                    "(bgp_origin = ORIGIN_IGP)",
                    "(net.type = NET_IP4)",
                    "(source = RTS_BGP)",
                ])
                .into(),
            Ip => self.one(&["bgp_next_hop", "from", "net.ip"]).into(),
            Prefix => "net".into(),
            Text => "proto".into(),
            Path => "bgp_path".into(),
            Communities => "bgp_community".into(),
            ExtendedList => "bgp_ext_community".into(),
            LargeList => "bgp_large_community".into(),
            Pair => format!("(64500, {})", self.below(10)),
            Extended => format!("(rt, 64500, {})", self.below(10)),
            Large => format!("(64500, {}, 64501)", self.below(4)),
        }
    }

    /// A statement that changes an attribute.
    fn change(&mut self, text: &mut String) {
        // Writing to a string does not fail.
        let _ = match self.below(8) {
            0 | 1 => {
                let (list, of) = [
                    ("bgp_community", Pair),
                    ("bgp_ext_community", Extended),
                    ("bgp_large_community", Large),
                ][self.below(3) as usize];
                let (value, set) = (self.of(of, 2), self.set(of));
                match self.below(4) {
                    0 | 1 => writeln!(text, "{list}.add({value});"),
                    2 => writeln!(text, "{list}.delete({set});"),
                    _ => writeln!(text, "{list}.filter({set});"),
                }
            }
            2 => {
                let (number, set) = (self.of(Int, 1), self.set(Int));
                match self.below(4) {
                    0 | 1 => writeln!(text, "bgp_path.prepend(64512 + {});", self.below(5)),
                    2 => writeln!(text, "bgp_path.delete({number});"),
                    _ => writeln!(text, "bgp_path.delete({set});"),
                }
            }
            3 => {
                let (name, kind) = [
                    ("bgp_community", Communities),
                    ("bgp_ext_community", ExtendedList),
                    ("bgp_large_community", LargeList),
                    ("bgp_path", Path),
                ][self.below(4) as usize];
                writeln!(text, "{name} = {};", self.of(kind, 3))
            }
            4 | 5 => {
                let name = self.one(&["bgp_med", "bgp_local_pref", "bgp_otc"]);
                writeln!(text, "{name} = {};", self.of(Int, 3))
            }
            6 => {
                let value = self.one(&[
                    "bgp_origin = ORIGIN_EGP",
                    "bgp_next_hop = 198.51.100.7",
                    "bgp_next_hop = 2001:db8::7",
                    "bgp_originator_id = 7.7.7.7",
                    "preference = net.len + 50",
                    "bgp_cluster_list.add(7.7.7.7)",
                    "bgp_cluster_list.delete(1.1.1.1)",
                ]);
                writeln!(text, "{value};")
            }
            _ => {
                let name = self.one(&[
                    "bgp_med",
                    "bgp_otc",
                    "bgp_community",
                    "bgp_large_community",
                    "bgp_aggregator",
                    "bgp_atomic_aggr",
                ]);
                writeln!(text, "unset({name});")
            }
        };
    }

    fn statement(&mut self, text: &mut String, depth: u32) {
        // Writing to a string does not fail.
        let _ = match self.below(if depth == 0 { 9 } else { 14 }) {
            0..=7 => {
                self.change(text);
                Ok(())
            }
            8 => {
                let end = self.one(&["accept", "reject", "reject \"no: \", net"]);
                writeln!(text, "if {} then {end};", self.of(Bool, 3))
            }
            9..=11 => {
                let _ = writeln!(text, "if {} then {{", self.of(Bool, 3));
                self.block(text, depth - 1);
                if self.chance(50) {
                    text.push_str("} else {\n");
                    self.block(text, depth - 1);
                }
                writeln!(text, "}}")
            }
            12 => {
                let kind = [Int, Pair][self.below(2) as usize];
                let value = self.of(kind, 2);
                let _ = writeln!(text, "case {value} {{");
                let mut at = 0;
                for _ in 0..1 + self.below(3) {
                    let (low, high) = (at, at + self.below(3));
                    at = high + 1;
                    let label = match kind {
                        Int if low == high => low.to_string(),
                        Int => format!("{low}..{high}"),
                        _ => format!("({low}, {})", self.one(&["*", "1", "2..5"])),
                    };
                    let _ = writeln!(text, "{label}: {{");
                    self.block(text, depth - 1);
                    text.push_str("}\n");
                }
                if self.chance(50) {
                    text.push_str("else: {\n");
                    self.block(text, depth - 1);
                    text.push_str("}\n");
                }
                writeln!(text, "}}")
            }
            _ => {
                let (word, list, step) = [
                    ("int", "bgp_path", "if v > 10 then bgp_large_community.add((64500, 9, v));"),
                    ("pair", "bgp_community", "if v.asn = 64500 then bgp_community.delete(v);"),
                    ("pair", "bgp_community", "bgp_med = v.data;"),
                    ("lc", "bgp_large_community", "bgp_local_pref = v.data1 + v.data2;"),
                ][self.below(4) as usize];
                writeln!(text, "for {word} v in {list} do {{ {step} }}")
            }
        };
    }

    fn block(&mut self, text: &mut String, depth: u32) {
        for _ in 0..1 + self.below(2) {
            self.statement(text, depth);
        }
    }
}
