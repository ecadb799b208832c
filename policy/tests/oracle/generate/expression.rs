//! Expressions that compute something.

use super::Kind::{Bool, Ec, Ecs, Int, Ip, Lc, Lcs, Pair, Pairs, Path, Prefix, Text};
use super::{Kind, Writer};

impl Writer {
    /// An expression of a type.
    pub(super) fn of(&mut self, kind: Kind, depth: u32) -> String {
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
    pub(super) fn list_method(&mut self, kind: Kind, depth: u32) -> String {
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
}
