//! Well-typed random programs. Each decision takes one number from a list, so that proptest makes smaller programs
//! of smaller lists; where the list has ended the simplest is taken.

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

    /// An expression of a type.
    fn of(&mut self, kind: Kind, depth: u32) -> String {
        if depth == 0 || self.below(4) == 0 {
            return self.leaf(kind);
        }
        let depth = depth - 1;
        if self.below(7) == 6 {
            let found: Vec<_> =
                self.functions.iter().filter(|one| one.2 == kind).cloned().collect();
            if let Some((name, arguments, _)) = found.first() {
                let arguments: Vec<_> =
                    arguments.iter().map(|argument| self.of(*argument, depth.min(1))).collect();
                return format!("{name}({})", arguments.join(", "));
            }
        }
        match kind {
            Int => self.int(depth),
            Bool => self.bool(depth),
            Pair => match self.below(3) {
                0 => format!("({}, {})", self.of(Int, depth), self.of(Int, depth)),
                1 => format!("({}).{}", self.of(Pairs, depth), self.one(&["min", "max"])),
                _ => self.leaf(kind),
            },
            Ip => match self.below(3) {
                0 => format!("({}).mask({})", self.of(Ip, depth), self.of(Int, depth)),
                1 => format!("({}).ip", self.of(Prefix, depth)),
                _ => self.leaf(kind),
            },
            Ec => match self.below(4) {
                0 => format!("(rt, {}, {})", self.of(Int, depth), self.of(Int, depth)),
                1 => format!("({}).{}", self.of(Ecs, depth), self.one(&["min", "max"])),
                _ => self.leaf(kind),
            },
            Lc => match self.below(4) {
                0 => format!(
                    "({}, {}, {})",
                    self.of(Int, depth),
                    self.of(Int, depth),
                    self.of(Int, depth)
                ),
                1 => format!("({}).{}", self.of(Lcs, depth), self.one(&["min", "max"])),
                _ => self.leaf(kind),
            },
            Text => {
                let of = self.one(&[Int, Bool, Pair, Lc, Ec, Path, Pairs, Lcs, Ecs]);
                format!("format({})", self.of(of, depth))
            }
            Prefix => self.leaf(kind),
            Path | Pairs | Ecs | Lcs => {
                let list = self.of(kind, depth);
                let method = self.list_method(kind, depth);
                match method.split_once('(') {
                    Some((word, argument)) if self.below(2) == 1 => {
                        format!("{word}({list}, {argument}")
                    }
                    _ => format!("({list}).{method}"),
                }
            }
        }
    }

    /// `add(…)`, without what it is called on.
    fn list_method(&mut self, kind: Kind, depth: u32) -> String {
        let element = kind.element();
        match (self.below(7), kind) {
            (0..=2, Path) => format!("prepend({})", self.of(Int, depth)),
            (0..=1, _) => format!("add({})", self.of(element, depth)),
            (2, _) => format!("add({})", self.of(kind, depth)),
            (3, _) => format!("delete({})", self.of(element, depth)),
            (4, Path) | (5, _) => format!("filter({})", self.set(element)),
            (4, _) => {
                let word = self.one(&["filter", "delete"]);
                format!("{word}({})", self.of(kind, depth))
            }
            _ => format!("delete({})", self.set(element)),
        }
    }

    fn int(&mut self, depth: u32) -> String {
        match self.below(9) {
            0..=3 => {
                let operator = self.one(&["+", "-", "*", "/"]);
                format!("({} {operator} {})", self.of(Int, depth), self.of(Int, depth))
            }
            4 => {
                let of = self.one(&[Path, Pairs, Ecs, Lcs, Prefix]);
                format!("({}).len", self.of(of, depth))
            }
            5 => format!("({}).{}", self.of(Path, depth), self.one(&["first", "last"])),
            6 => format!("({}).{}", self.of(Pair, depth), self.one(&["asn", "data"])),
            7 => format!("({}).{}", self.of(Lc, depth), self.one(&["asn", "data1", "data2"])),
            _ => self.leaf(Int),
        }
    }

    fn bool(&mut self, depth: u32) -> String {
        match self.below(12) {
            0 | 1 => {
                let operator = self.one(&["&&", "||"]);
                format!("{} {operator} {}", self.of(Bool, 0), self.brackets(Bool, depth))
            }
            2 => format!("! ({})", self.of(Bool, depth)),
            3 => {
                let kind = self.kind();
                let operator = self.one(&["=", "!="]);
                format!(
                    "({} {operator} {})",
                    self.brackets(kind, depth),
                    self.brackets(kind, depth)
                )
            }
            4 => {
                let kind = self.one(&[Int, Pair, Ip, Prefix, Ec, Lc]);
                let operator = self.one(&["<", ">", "<=", ">="]);
                format!("({} {operator} {})", self.of(kind, depth), self.of(kind, depth))
            }
            5 => {
                let name = self.one(&[
                    "bgp_med",
                    "bgp_local_pref",
                    "bgp_path",
                    "bgp_atomic_aggr",
                    "bgp_origin",
                ]);
                format!("defined({name})")
            }
            6 => format!("(bgp_origin = {})", self.one(&["ORIGIN_IGP", "ORIGIN_EGP"])),
            7 => format!("(source = {})", self.one(&["RTS_BGP", "RTS_STATIC"])),
            _ => {
                let operator = self.one(&["~", "!~"]);
                let (left, right) = self.matched(depth);
                format!("({left} {operator} {right})")
            }
        }
    }

    fn brackets(&mut self, kind: Kind, depth: u32) -> String {
        format!("({})", self.of(kind, depth))
    }

    fn matched(&mut self, depth: u32) -> (String, String) {
        match self.below(6) {
            0 => {
                let kind = self.one(&[Int, Pair, Prefix, Ec, Lc]);
                (self.of(kind, depth), self.set(kind))
            }
            1 => ("net".into(), self.set(Prefix)),
            2 => {
                let kind = self.one(&[Path, Pairs, Ecs, Lcs]);
                (self.of(kind, depth), self.set(kind.element()))
            }
            3 => {
                let kind = self.one(&[Path, Pairs, Ecs, Lcs]);
                (self.of(kind.element(), depth), self.brackets(kind, depth))
            }
            4 => {
                let kind = self.one(&[Ip, Prefix]);
                (self.of(kind, depth), self.of(Prefix, 0))
            }
            _ => {
                let path =
                    if self.below(2) == 0 { "bgp_path".into() } else { self.of(Path, depth) };
                (path, self.mask(depth))
            }
        }
    }

    fn leaf(&mut self, kind: Kind) -> String {
        let mut names = self.variables(kind);
        names.extend(kind.attributes().iter().map(|name| (*name).to_owned()));
        if kind == Prefix {
            names.push("net".into());
        }
        if !names.is_empty() && self.below(2) == 1 {
            return names[self.below(names.len() as u32) as usize].clone();
        }
        match kind {
            Int => self.number(),
            Bool => self.one(&["true", "false"]).into(),
            Pair => format!("({}, {})", self.below(5), self.below(5)),
            Ip => self.one(&["10.0.0.1", "10.1.2.3", "192.0.2.1", "2001:db8::1", "::"]).into(),
            Prefix => self.net(),
            Ec => match self.below(4) {
                0 => format!("(ro, {}, {})", 65536 + self.below(2), self.below(3)),
                1 => format!("(rt, 10.0.0.{}, {})", self.below(2), self.below(3)),
                _ => format!("({}, {}, {})", self.one(&["rt", "ro"]), self.below(3), self.below(4)),
            },
            Lc => format!("({}, {}, {})", self.below(3), self.below(3), self.below(3)),
            Text => self.one(&["\"a\"", "\"\"", "\"x y\""]).into(),
            Path => "+empty+".into(),
            Pairs => "-empty-".into(),
            Ecs => "--empty--".into(),
            Lcs => "---empty---".into(),
        }
    }

    fn number(&mut self) -> String {
        match self.below(8) {
            7 => "4294967295".into(),
            6 => self.below(u32::MAX).to_string(),
            5 => "65536".into(),
            _ => self.below(8).to_string(),
        }
    }

    fn net(&mut self) -> String {
        let length = self.one(&[8, 16, 24, 32, 9, 0, 25]);
        let address = 0x0a00_0000 | self.below(4) << 16 | self.below(3) << 7;
        let address = address & u32::MAX.checked_shl(32 - length).unwrap_or(0);
        format!("{}/{length}", std::net::Ipv4Addr::from(address))
    }

    fn set(&mut self, of: Kind) -> String {
        if self.below(4) == 0 {
            return match of {
                Int => "S_INT",
                Pair => "S_PAIR",
                Prefix => "S_PREFIX",
                Ec => "S_EC",
                _ => "S_LC",
            }
            .into();
        }
        self.set_literal(of)
    }

    fn set_literal(&mut self, of: Kind) -> String {
        let items: Vec<_> = (0..1 + self.below(4)).map(|_| self.item(of)).collect();
        format!("[{}]", items.join(", "))
    }

    fn item(&mut self, of: Kind) -> String {
        let (low, more) = (self.below(5), self.below(5));
        match (of, self.below(4)) {
            (Int, 0) => format!("{low}..{}", low + more),
            (Int, _) => self.number(),
            (Pair, 0) => format!("({low}, *)"),
            (Pair, 1) => format!("({}, {low}..{})", self.below(5), low + more),
            (Pair, 2) => format!("({low}..{}, {})", low + more, self.below(5)),
            (Pair, _) => format!("({low}, {more})"),
            (Prefix, 0) => format!("{}+", self.net()),
            (Prefix, 1) => format!("{}-", self.net()),
            (Prefix, 2) => format!("{}{{{low},{}}}", self.net(), low + 5 * more),
            (Prefix, _) => self.net(),
            (Ec, 0) => format!("(rt, {}, *)", self.below(3)),
            (Ec, 1) => format!("(ro, {}, {low}..{})", self.one(&[0, 1, 65536]), low + more),
            (Ec, _) => format!("(rt, {}, {low})", self.below(3)),
            (_, 0) => format!("({low}, *, *)"),
            (_, 1) => format!("({}, {}, {low}..{})", self.below(3), self.below(3), low + more),
            (_, 2) => format!("({}, {}, *)", self.below(3), self.below(3)),
            _ => format!("({}, {}, {})", self.below(3), self.below(3), self.below(3)),
        }
    }

    fn mask(&mut self, depth: u32) -> String {
        let mut text = String::from("[=");
        for _ in 0..self.below(5) {
            let item = match self.below(8) {
                0 | 1 => "*".into(),
                2 => "?".into(),
                3 => format!("{}..{}", self.below(4), self.below(8)),
                4 => self.set(Int),
                5 => format!("({})", self.of(Int, depth.min(1))),
                _ => self.below(8).to_string(),
            };
            let again = item != "*" && self.below(5) == 4;
            let _ = write!(text, " {item}{}", if again { " +" } else { "" });
        }
        text + " =]"
    }
}
