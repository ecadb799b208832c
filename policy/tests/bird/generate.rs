//! Random expressions, mostly of the types that are wanted.

use std::fmt::Write;

#[path = "generate/filter.rs"]
mod filter;

pub(crate) use filter::filter;

/// SplitMix64
pub(crate) struct Random {
    state: u64,
    /// There is a route, whose attributes are read; and all is of the type that is wanted.
    route: bool,
}

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed, route: false }
    }

    pub(crate) const fn with_route(seed: u64) -> Self {
        Self { state: seed, route: true }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Int,
    Bool,
    Pair,
    Ip,
    Prefix,
    Extended,
    Large,
    Text,
    Path,
    Communities,
    ExtendedList,
    LargeList,
}

use Kind::{
    Bool, Communities, Extended, ExtendedList, Int, Ip, Large, LargeList, Pair, Path, Prefix, Text,
};

const KINDS: [Kind; 13] = [
    Int,
    Bool,
    Bool,
    Pair,
    Ip,
    Prefix,
    Extended,
    Large,
    Text,
    Path,
    Communities,
    ExtendedList,
    LargeList,
];

/// One expression.
pub(crate) fn expression(random: &mut Random) -> String {
    let kind = KINDS[random.below(13) as usize];
    let depth = 1 + random.below(4) as u32;
    random.of(kind, depth)
}

impl Random {
    fn of(&mut self, kind: Kind, depth: u32) -> String {
        // Now and then what does not fit.
        let kind =
            if !self.route && self.chance(1) { KINDS[self.below(13) as usize] } else { kind };
        if depth == 0 {
            return self.leaf(kind);
        }
        let depth = depth - 1;
        match kind {
            Int => self.int(depth),
            Bool => self.bool(depth),
            Path => self.path(depth),
            Communities | ExtendedList | LargeList => self.list(kind, depth),
            Pair => match self.below(6) {
                0 => format!("({}, {})", self.of(Int, depth), self.of(Int, depth)),
                1 => format!("({}).{}", self.of(Communities, depth), self.one(&["min", "max"])),
                _ => self.leaf(kind),
            },
            Ip => match self.below(4) {
                0 => format!("({}).mask({})", self.of(Ip, depth), self.below(33)),
                1 => format!("({}).ip", self.of(Prefix, depth)),
                _ => self.leaf(kind),
            },
            Extended => match self.below(4) {
                0 => format!("({}).{}", self.of(ExtendedList, depth), self.one(&["min", "max"])),
                _ => self.leaf(kind),
            },
            Large => match self.below(6) {
                0 => {
                    let parts = [0; 3].map(|_| self.of(Int, depth));
                    format!("({})", parts.join(", "))
                }
                1 => format!("({}).{}", self.of(LargeList, depth), self.one(&["min", "max"])),
                _ => self.leaf(kind),
            },
            Text => {
                let of = KINDS[self.below(13) as usize];
                format!("format({})", self.of(of, depth))
            }
            Prefix => self.leaf(kind),
        }
    }

    fn int(&mut self, depth: u32) -> String {
        let two = |of: &mut Self, operator: &str| {
            format!("{} {operator} {}", of.of(Int, depth), of.of(Int, depth))
        };
        match self.below(14) {
            0 => two(self, "+"),
            1 => two(self, "-"),
            2 => two(self, "*"),
            3 => two(self, "/"),
            4 => format!(
                "({} {} {})",
                self.of(Int, depth),
                self.one(&["+", "-", "*", "/"]),
                self.of(Int, depth)
            ),
            5 => {
                let of =
                    [Path, Communities, ExtendedList, LargeList, Prefix][self.below(5) as usize];
                format!("({}).len", self.of(of, depth))
            }
            6 => format!(
                "({}).{}",
                self.of(Path, depth),
                self.one(&["first", "last", "last_nonaggregated"])
            ),
            7 => format!("({}).{}", self.of(Pair, depth), self.one(&["asn", "data"])),
            8 => format!("({}).{}", self.of(Large, depth), self.one(&["asn", "data1", "data2"])),
            9 => format!("last_value({})", self.of(Int, depth)),
            10 => format!("sum_of({})", self.of(Path, depth)),
            11 => format!("greatest_divisor({}, {})", self.of(Int, depth), self.of(Int, depth)),
            _ => self.leaf(Int),
        }
    }

    fn bool(&mut self, depth: u32) -> String {
        let (not, comparison) = (self.chance(15), self.below(14));
        let expr = match comparison {
            0..=2 => {
                let operator = self.one(&["&&", "||"]);
                format!("{} {operator} {}", self.of(Bool, depth), self.of(Bool, depth))
            }
            3 => {
                // 2.17 finds a path equal to one that ends in the same AS more often.
                let kind = match KINDS[self.below(13) as usize] {
                    Path if self.route => Communities,
                    kind => kind,
                };
                let operator = self.one(&["=", "!="]);
                format!("({}) {operator} ({})", self.of(kind, depth), self.of(kind, depth))
            }
            4 | 5 => {
                let kind = [Int, Pair, Ip, Prefix, Extended, Large][self.below(6) as usize];
                let operator = self.one(&["<", ">", "<=", ">="]);
                format!("{} {operator} {}", self.of(kind, depth), self.of(kind, depth))
            }
            6..=11 => {
                let operator = self.one(&["~", "~", "~", "!~"]);
                let (left, right) = self.matched(depth);
                format!("({left}) {operator} {right}")
            }
            12 => format!("calls_both({}, {})", self.of(Bool, depth), self.of(Bool, depth)),
            _ => self.leaf(Bool),
        };
        if not { format!("! ({expr})") } else { expr }
    }

    /// Both sides of `~`.
    fn matched(&mut self, depth: u32) -> (String, String) {
        match self.below(14) {
            0 => (self.of(Int, depth), self.set(Int)),
            1 => (self.of(Pair, depth), self.set(Pair)),
            2 => (self.of(Prefix, depth), self.set(Prefix)),
            3 => (format!("q({})", self.address()), self.set(Ip)),
            4 => (self.of(Ip, depth), self.set(Ip)),
            5 => (self.of(Extended, depth), self.set(Extended)),
            6 => (self.of(Large, depth), self.set(Large)),
            7 => (self.of(Path, depth), self.mask(depth)),
            8 => (self.of(Path, depth), self.set(Int)),
            9 => (self.of(Int, depth), format!("({})", self.of(Path, depth))),
            10 => {
                let (list, of) =
                    [(Communities, Pair), (ExtendedList, Extended), (LargeList, Large)]
                        [self.below(3) as usize];
                (self.of(list, depth), self.set(of))
            }
            11 => {
                let (list, of) =
                    [(Communities, Pair), (ExtendedList, Extended), (LargeList, Large)]
                        [self.below(3) as usize];
                (self.of(of, depth), format!("({})", self.of(list, depth)))
            }
            12 => {
                let of = [Prefix, Ip][self.below(2) as usize];
                (self.of(of, depth), self.of(Prefix, depth))
            }
            _ => {
                let pattern = self.pattern();
                (self.of(Text, depth), pattern)
            }
        }
    }

    fn path(&mut self, depth: u32) -> String {
        match self.below(8) {
            // Routes have no AS 0 (RFC 7607).
            0..=2 if self.route => {
                format!("prepend({}, {})", self.of(Path, depth), 64512 + self.below(5))
            }
            0..=2 => format!("prepend({}, {})", self.of(Path, depth), self.of(Int, depth)),
            3 => format!("delete({}, {})", self.of(Path, depth), self.of(Int, depth)),
            4 => format!("delete({}, {})", self.of(Path, depth), self.set(Int)),
            5 => format!("filter({}, {})", self.of(Path, depth), self.set(Int)),
            6 => format!("changes({})", self.of(Path, depth)),
            _ => self.leaf(Path),
        }
    }

    fn list(&mut self, kind: Kind, depth: u32) -> String {
        let of = match kind {
            Communities => Pair,
            ExtendedList => Extended,
            _ => Large,
        };
        match self.below(9) {
            0..=2 => format!("add({}, {})", self.of(kind, depth), self.of(of, depth)),
            3 => format!("add({}, {})", self.of(kind, depth), self.of(kind, depth)),
            4 => format!("delete({}, {})", self.of(kind, depth), self.of(of, depth)),
            5 => format!("delete({}, {})", self.of(kind, depth), self.set(of)),
            6 => format!("filter({}, {})", self.of(kind, depth), self.set(of)),
            7 => {
                let word = self.one(&["delete", "filter"]);
                format!("{word}({}, {})", self.of(kind, depth), self.of(kind, depth))
            }
            _ => self.leaf(kind),
        }
    }

    /// A constant, or one that goes through a function so that it is not known before.
    fn leaf(&mut self, kind: Kind) -> String {
        if self.route && self.chance(60) {
            return self.attribute(kind);
        }
        let (value, function) = match kind {
            Int => (self.number(), "i"),
            Bool => (self.one(&["true", "false"]).into(), "b"),
            Pair => (format!("({}, {})", self.short(), self.short()), "p"),
            Ip => (if self.chance(70) { self.address() } else { self.address6() }, "ad"),
            Prefix => (self.net(), "n"),
            Extended => (self.extended(), "e"),
            Large => (format!("({}, {}, {})", self.short(), self.short(), self.short()), "l"),
            Text => (self.pattern(), "t"),
            Path => (self.one(&["PATH", "+empty+"]).into(), "way"),
            Communities => (self.one(&["COMMUNITIES", "-empty-"]).into(), "com"),
            ExtendedList => (self.one(&["EXTENDEDS", "--empty--"]).into(), "ext"),
            LargeList => (self.one(&["LARGES", "---empty---"]).into(), "lar"),
        };
        if self.chance(40) { format!("{function}({value})") } else { value }
    }

    fn number(&mut self) -> String {
        match self.below(10) {
            0 => "4294967295".into(),
            1 => self.below(1 << 32).to_string(),
            2 => (65530 + self.below(12)).to_string(),
            3 => "0".into(),
            _ => self.below(10).to_string(),
        }
    }

    fn short(&mut self) -> u64 {
        if self.chance(5) { 65535 } else { self.below(8) }
    }

    fn address(&mut self) -> String {
        let last = self.below(8);
        format!("10.{}.0.{last}", self.below(3))
    }

    fn address6(&mut self) -> String {
        format!("2001:db8:{}::{}", self.below(3), self.below(4))
    }

    fn net(&mut self) -> String {
        if self.chance(20) {
            let length = 32 + 4 * self.below(5);
            let group = if length < 48 { 0 } else { self.below(4) };
            return format!("2001:db8:{group}::/{length}");
        }
        let length = self.below(33) as u32;
        let all = 0x0a00_0000 | (self.next() as u32 & 0x0003_0003);
        let address = all & u32::MAX.checked_shl(32 - length).unwrap_or(0);
        format!("{}/{length}", std::net::Ipv4Addr::from(address))
    }

    fn extended(&mut self) -> String {
        let kind = self.one(&["rt", "ro"]);
        match self.below(5) {
            0 => format!("({kind}, {}, {})", 65536 + self.below(3), self.below(4)),
            1 => format!("({kind}, 10.0.0.{}, {})", self.below(3), self.below(4)),
            2 => format!("(generic, {:#x}, {})", 0x0002_0000 + self.below(4), self.below(4)),
            3 => format!("({kind}, {}, {})", self.number(), self.number()),
            _ => format!("({kind}, {}, {})", 10 * self.below(3), self.below(40)),
        }
    }

    fn pattern(&mut self) -> String {
        let mut text = String::from("\"");
        for _ in 0..self.below(6) {
            let next = self.one(&["a", "b", "*", "?", "1", "(", ")", "T", ",", " "]);
            // 2.0.12 finds nothing for a wildcard behind a star.
            if !(text.ends_with('*') && matches!(next, "*" | "?")) {
                text.push_str(next);
            }
        }
        text + "\""
    }

    fn set(&mut self, kind: Kind) -> String {
        if self.chance(15) {
            return match kind {
                Int => self.one(&["INTS", "INTS_AGAIN"]),
                Pair => "PAIRS",
                Prefix => self.one(&["V4", "V6"]),
                Extended => "EXTENDED",
                Large => "LARGE",
                _ => "ADDRESSES",
            }
            .into();
        }
        if kind == Pair && self.chance(10) {
            return format!("[(*, {})]", self.short());
        }
        // 2.0.12 does not find all there is in items that overlap: these ascend.
        let (count, mut at) = (1 + self.below(4), self.below(3));
        let items: Vec<String> = (0..count)
            .map(|_| {
                let (low, high) = (at, at + self.below(3));
                at = high + 1 + self.below(3);
                self.item(kind, low, high)
            })
            .collect();
        format!("[{}]", items.join(", "))
    }

    /// An item between two numbers; what else may be in it is below 1000.
    fn item(&mut self, kind: Kind, low: u64, high: u64) -> String {
        let range = self.chance(30);
        let (one, more) = (self.below(6), self.below(12));
        match kind {
            Int if range => format!("{low}..{high}"),
            Int => low.to_string(),
            Pair => match self.below(4) {
                0 => format!("({low}, *)"),
                1 => format!("({low}, {one}..{})", one + more),
                2 => format!("({low}..{high}, {one}..{})", one + more),
                _ => format!("({low}, {one})"),
            },
            Prefix => {
                let net = loop {
                    let net = self.net();
                    if !net.contains(':') {
                        break net;
                    }
                };
                let tail = match self.below(5) {
                    0 => "+".into(),
                    1 => "-".into(),
                    2 => {
                        let low = self.below(33);
                        format!("{{{low},{}}}", low + self.below(33 - low))
                    }
                    _ => String::new(),
                };
                format!("{net}{tail}")
            }
            Extended => {
                let key = 10 * low + if self.chance(20) { 65536 } else { 0 };
                match self.below(4) {
                    0 => format!("(rt, {key}, *)"),
                    1 => format!("(ro, {key}, {one}..{})", one + 3 * more),
                    2 => format!("(ro, {key}, {one})"),
                    _ => format!("(rt, {key}, {})", 10 * one),
                }
            }
            Large => match self.below(4) {
                0 => format!("({low}, {one}, *)"),
                1 => format!("({low}, *, *)"),
                2 => format!("({low}, {one}, {one}..{})", one + more),
                _ => format!("({low}, {one}, {one})"),
            },
            _ if range => format!("10.{low}.0.{one}..10.{high}.0.{}", one + more),
            _ => format!("10.{low}.0.{one}"),
        }
    }

    fn mask(&mut self, depth: u32) -> String {
        let mut text = String::from("[=");
        for _ in 0..1 + self.below(5) {
            let _ = match self.below(9) {
                0 => write!(text, " *"),
                1 => write!(text, " ?"),
                2 => write!(text, " {}..{}", self.below(4), self.below(9)),
                3 => write!(text, " {}", self.set(Int)),
                4 => write!(text, " ({})", self.of(Int, depth.min(1))),
                5 => write!(text, " *"),
                _ => write!(text, " {}", self.below(5)),
            };
            if self.chance(15) && !text.ends_with('*') {
                text.push_str(" +");
            }
        }
        text + " =]"
    }
}
