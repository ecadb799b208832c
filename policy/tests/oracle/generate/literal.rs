//! Names, constants, sets and masks.

use std::fmt::Write;

use super::Kind::{Bool, Ec, Ecs, Int, Ip, Lc, Lcs, Pair, Pairs, Path, Prefix, Text};
use super::{Kind, Writer};

impl Writer {
    pub(super) fn leaf(&mut self, kind: Kind) -> String {
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

    pub(super) fn set(&mut self, of: Kind) -> String {
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

    pub(super) fn set_literal(&mut self, of: Kind) -> String {
        let items: Vec<_> = (0..1 + self.below(4)).map(|_| self.item(of)).collect();
        format!("[{}]", items.join(", "))
    }

    pub(super) fn item(&mut self, of: Kind) -> String {
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

    pub(super) fn mask(&mut self, depth: u32) -> String {
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
