//! Well-typed random programs. Each decision takes one number from a list, so that proptest makes smaller programs
//! of smaller lists; where the list has ended the simplest is taken.

#[path = "generate/expression.rs"]
mod expression;
#[path = "generate/literal.rs"]
mod literal;

use std::fmt::Write;

use proptest::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Int,
    Bool,
    Pair,
    Ip,
    Prefix,
    Ec,
    Lc,
    Text,
    Path,
    Pairs,
    Ecs,
    Lcs,
}

use Kind::{Bool, Ec, Ecs, Int, Ip, Lc, Lcs, Pair, Pairs, Path, Prefix, Text};

const KINDS: [Kind; 12] = [Int, Bool, Pair, Ip, Prefix, Ec, Lc, Text, Path, Pairs, Ecs, Lcs];

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Int => "int",
            Bool => "bool",
            Pair => "pair",
            Ip => "ip",
            Prefix => "prefix",
            Ec => "ec",
            Lc => "lc",
            Text => "string",
            Path => "bgppath",
            Pairs => "clist",
            Ecs => "eclist",
            Lcs => "lclist",
        }
    }

    /// Attributes of this type that are read, and set.
    const fn attributes(self) -> &'static [&'static str] {
        match self {
            Int => &["bgp_med", "bgp_local_pref", "preference"],
            Bool => &["bgp_atomic_aggr"],
            Path => &["bgp_path"],
            Pairs => &["bgp_community"],
            Ecs => &["bgp_ext_community"],
            Lcs => &["bgp_large_community"],
            _ => &[],
        }
    }

    const fn element(self) -> Self {
        match self {
            Path => Int,
            Pairs => Pair,
            Ecs => Ec,
            _ => Lc,
        }
    }
}

struct Writer {
    choices: Vec<u32>,
    at: usize,
    text: String,
    /// Blocks within blocks, with their variables
    scopes: Vec<Vec<(String, Kind)>>,
    functions: Vec<(String, Vec<Kind>, Kind)>,
    in_function: Option<Kind>,
    names: u32,
    statements: u32,
    loops: u32,
}

/// The text of a program whose filter is `f`.
pub(crate) fn program() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u32>(), 0..500).prop_map(|choices| {
        let mut writer = Writer {
            choices,
            at: 0,
            text: String::new(),
            scopes: Vec::new(),
            functions: Vec::new(),
            in_function: None,
            names: 0,
            statements: 0,
            loops: 0,
        };
        writer.program();
        writer.text
    })
}

impl Writer {
    fn below(&mut self, end: u32) -> u32 {
        let choice = self.choices.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        choice % end
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u32) as usize]
    }

    fn kind(&mut self) -> Kind {
        self.one(&KINDS)
    }

    fn program(&mut self) {
        for (name, of) in
            [("S_INT", Int), ("S_PAIR", Pair), ("S_PREFIX", Prefix), ("S_EC", Ec), ("S_LC", Lc)]
        {
            let set = self.set_literal(of);
            let _ = writeln!(self.text, "define {name} = {set};");
        }
        for number in 0..self.below(4) {
            self.function(number);
        }
        self.text.push_str("filter f\n{\n");
        self.scopes.push(Vec::new());
        for _ in 0..1 + self.below(8) {
            self.statement(3);
        }
        let end = self.one(&["accept;", "reject;", "", "error;"]);
        let _ = writeln!(self.text, "{end}\n}}");
    }

    fn function(&mut self, number: u32) {
        let (result, recursive) = (self.kind(), self.below(3) == 1);
        let mut arguments: Vec<Kind> = (0..self.below(3)).map(|_| self.kind()).collect();
        if recursive {
            arguments.insert(0, Int);
        }
        let names: Vec<_> = (0..arguments.len()).map(|at| format!("a{at}")).collect();
        let list: Vec<_> = arguments
            .iter()
            .zip(&names)
            .map(|(kind, name)| format!("{} {name}", kind.word()))
            .collect();
        let name = format!("g{number}");
        let _ =
            writeln!(self.text, "function {name}({}) -> {}\n{{", list.join("; "), result.word());
        self.scopes = vec![names.into_iter().zip(arguments.iter().copied()).collect()];
        self.in_function = Some(result);
        for _ in 0..self.below(4) {
            self.statement(2);
        }
        if recursive {
            let end = self.of(result, 1);
            let _ = writeln!(self.text, "if a0 < 1 || a0 > 30 then return {end};");
            let mut call = format!("{name}(a0 - 1");
            for kind in arguments.iter().skip(1) {
                let argument = self.of(*kind, 1);
                let _ = write!(call, ", {argument}");
            }
            let _ = writeln!(self.text, "return {call});");
        } else if self.below(8) != 7 {
            let value = self.of(result, 2);
            let _ = writeln!(self.text, "return {value};");
        }
        self.text.push_str("}\n");
        self.in_function = None;
        self.scopes.clear();
        self.functions.push((name, arguments, result));
    }

    fn block(&mut self, depth: u32) {
        self.text.push_str("{\n");
        self.scopes.push(Vec::new());
        for _ in 0..self.below(4) {
            self.statement(depth);
        }
        self.scopes.pop();
        self.text.push_str("}\n");
    }

    fn declare(&mut self, kind: Kind) -> String {
        // A name of an outer block may be taken again.
        let mut outer: Vec<String> =
            self.scopes.iter().flatten().map(|one| one.0.clone()).collect();
        let last = self.scopes.last().expect("a block");
        outer.retain(|name| last.iter().all(|one| one.0 != *name));
        let name = if !outer.is_empty() && self.below(6) == 5 {
            outer[self.below(outer.len() as u32) as usize].clone()
        } else {
            self.names += 1;
            format!("x{}", self.names)
        };
        self.scopes.last_mut().expect("a block").push((name.clone(), kind));
        name
    }

    /// Variables that can be seen and are of this type.
    fn variables(&self, kind: Kind) -> Vec<String> {
        let mut seen = Vec::new();
        let mut found = Vec::new();
        for (name, of) in self.scopes.iter().rev().flat_map(|scope| scope.iter().rev()) {
            if !seen.contains(name) {
                seen.push(name.clone());
                if *of == kind {
                    found.push(name.clone());
                }
            }
        }
        // What a recursion counts down is left alone.
        found.retain(|name| name != "a0");
        found
    }

    fn statement(&mut self, depth: u32) {
        self.statements += 1;
        if self.statements > 40 {
            return;
        }
        let choice = self.below(if depth == 0 { 12 } else { 19 });
        match choice {
            0..=2 => {
                let kind = self.kind();
                let value = self.of(kind, 2);
                let given = self.below(5) != 4;
                let name = self.declare(kind);
                let value = if given { format!(" = {value}") } else { String::new() };
                let _ = writeln!(self.text, "{} {name}{value};", kind.word());
            }
            3..=5 => {
                let kind = self.kind();
                let mut names = self.variables(kind);
                names.extend(kind.attributes().iter().map(|name| (*name).to_owned()));
                if names.is_empty() {
                    return;
                }
                let name = names[self.below(names.len() as u32) as usize].clone();
                let value = self.of(kind, 3);
                let _ = writeln!(self.text, "{name} = {value};");
            }
            6 => {
                let name = self.one(&[
                    "bgp_med",
                    "bgp_community",
                    "bgp_path",
                    "bgp_local_pref",
                    "bgp_ext_community",
                    "bgp_large_community",
                    "bgp_atomic_aggr",
                ]);
                let _ = writeln!(self.text, "unset({name});");
            }
            7 => {
                let value = self.one(&[
                    "bgp_origin = ORIGIN_IGP",
                    "bgp_origin = ORIGIN_EGP",
                    "bgp_next_hop = 192.0.2.7",
                    "bgp_next_hop = 2001:db8::7",
                    "bgp_next_hop = bgp_next_hop.mask(24)",
                    "bgp_next_hop = 224.0.0.1",
                    "unset(bgp_next_hop)",
                ]);
                let _ = writeln!(self.text, "{value};");
            }
            8 | 9 => {
                let kind = self.one(&[Pairs, Path, Ecs, Lcs]);
                let mut names = self.variables(kind);
                names.push(kind.attributes()[0].to_owned());
                let name = names[self.below(names.len() as u32) as usize].clone();
                let method = self.list_method(kind, 2);
                let _ = writeln!(self.text, "{name}.{method};");
            }
            10 => {
                let kind = self.kind();
                let value = self.of(kind, 2);
                let word = self.one(&["print", "printn"]);
                let _ = writeln!(self.text, "{word} \"-\", {value};");
            }
            11 if self.in_function.is_some() => {
                let (kind, condition) = (self.in_function.expect("a function"), self.of(Bool, 1));
                let value = self.of(kind, 1);
                let _ = writeln!(self.text, "if {condition} then return {value};");
            }
            11 => {
                let condition = self.of(Bool, 2);
                let end = self.one(&["accept", "reject", "reject \"no\""]);
                let _ = writeln!(self.text, "if {condition} then {end};");
            }
            12..=14 => {
                let condition = self.of(Bool, 3);
                let _ = write!(self.text, "if {condition} then ");
                self.block(depth - 1);
                if self.below(2) == 1 {
                    self.text.push_str("else ");
                    self.block(depth - 1);
                }
            }
            15 | 16 => self.case(depth - 1),
            17 if self.loops < 2 => {
                let kind = self.one(&[Path, Pairs, Ecs, Lcs]);
                let list = self.of(kind, 1);
                let element = kind.element();
                self.loops += 1;
                self.scopes.push(Vec::new());
                let name = self.declare(element);
                let _ = write!(self.text, "for {} {name} in {list} do ", element.word());
                self.block(depth - 1);
                self.scopes.pop();
                self.loops -= 1;
            }
            _ => self.block(depth - 1),
        }
    }

    fn case(&mut self, depth: u32) {
        let kind = self.one(&[Int, Pair, Lc, Ec]);
        let value = self.of(kind, 2);
        let _ = writeln!(self.text, "case {value} {{");
        let arms = 1 + self.below(3);
        let last = self.below(4);
        for arm in 0..arms {
            if arm == last {
                self.text.push_str("else: ");
            } else {
                let labels: Vec<_> = (0..1 + self.below(2)).map(|_| self.item(kind)).collect();
                let _ = write!(self.text, "{}: ", labels.join(", "));
            }
            self.block(depth);
        }
        self.text.push_str("}\n");
    }
}
