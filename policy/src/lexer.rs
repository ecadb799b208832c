//! Text to tokens.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr};

use bgp_wire::RouteDistinguisher;

use crate::error::Diagnostic;
use crate::span::{SourceId, Span};

/// A token and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// What it is
    pub kind: TokenKind,
    /// Where it stands
    pub span: Span,
    /// Whether it is the first one of its line
    pub first_of_line: bool,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub enum TokenKind {
    /// A keyword or a name
    Symbol(String),
    /// A name in single quotes
    Quoted(String),
    /// A string in double quotes
    Text(String),
    /// A number
    Number(u32),
    /// An address
    Ip(IpAddr),
    /// A route distinguisher (RFC 4364 §4.2)
    RouteDistinguisher(RouteDistinguisher),
    /// `hex:…`
    Bytes(Vec<u8>),
    /// `{`, `!=`, `..`, …
    Punctuation(&'static str),
    /// Behind the last token
    End,
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symbol(name) => write!(f, "`{name}`"),
            Self::Quoted(name) => write!(f, "'{name}'"),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Number(number) => number.fmt(f),
            Self::Ip(address) => address.fmt(f),
            Self::RouteDistinguisher(value) => value.fmt(f),
            Self::Bytes(_) => f.write_str("a byte string"),
            Self::Punctuation(text) => write!(f, "`{text}`"),
            Self::End => f.write_str("the end of the file"),
        }
    }
}

/// Longer ones first.
const PUNCTUATION: [&str; 34] = [
    "!=", "!~", "<=", ">=", "&&", "||", "..", "->", "++", "[=", "=]", "{", "}", "[", "]", "(", ")",
    ";", ",", "=", "<", ">", "~", "!", "+", "-", "*", "/", ".", ":", "%", "|", "&", "?",
];

/// Splits `text` into tokens; the last one is [`TokenKind::End`]. Errors are added to `errors`, and what is
/// wrong is left out.
pub fn tokenize(source: SourceId, text: &str, errors: &mut Vec<Diagnostic>) -> Vec<Token> {
    let mut lexer = Lexer { source, text, at: 0, line_is_fresh: true, tokens: Vec::new(), errors };
    while lexer.step() {}
    lexer.tokens
}

struct Lexer<'a> {
    source: SourceId,
    text: &'a str,
    at: usize,
    line_is_fresh: bool,
    tokens: Vec<Token>,
    errors: &'a mut Vec<Diagnostic>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn span(&self, start: usize) -> Span {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { source: self.source, start: place(start), end: place(self.at) }
    }

    fn push(&mut self, start: usize, kind: TokenKind) {
        let first_of_line = core::mem::take(&mut self.line_is_fresh);
        self.tokens.push(Token { kind, span: self.span(start), first_of_line });
    }

    fn error(&mut self, start: usize, message: impl Into<String>) {
        self.errors.push(Diagnostic::new(self.span(start), message));
    }

    /// Takes what `belongs` says from the front.
    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Reads one token, blank or comment; false at the end.
    fn step(&mut self) -> bool {
        let start = self.at;
        let Some(first) = self.rest().chars().next() else {
            self.push(start, TokenKind::End);
            return false;
        };
        match first {
            '\n' => {
                self.at += 1;
                self.line_is_fresh = true;
            }
            c if c.is_whitespace() => self.at += c.len_utf8(),
            '#' => {
                self.take_while(|c| c != '\n');
            }
            '/' if self.rest().starts_with("/*") => match self.rest().find("*/") {
                Some(length) => self.at += length + 2,
                None => {
                    self.at += 2;
                    self.error(start, "this comment does not end");
                    self.at = self.text.len();
                }
            },
            '"' => self.quoted(start, '"', "this string does not end on its line", TokenKind::Text),
            '\'' => {
                self.quoted(start, '\'', "this name does not end on its line", TokenKind::Quoted);
            }
            c if c.is_ascii_digit() || c == ':' => self.number_or_address(start),
            c if c.is_ascii_alphabetic() || c == '_' => self.word(start),
            c => {
                if !self.punctuation(start) {
                    self.at += c.len_utf8();
                    self.error(start, format!("unexpected character `{c}`"));
                }
            }
        }
        true
    }

    fn quoted(
        &mut self,
        start: usize,
        quote: char,
        unfinished: &str,
        kind: fn(String) -> TokenKind,
    ) {
        self.at += 1;
        let body = self.take_while(|c| c != quote && c != '\n');
        if self.rest().starts_with(quote) {
            self.at += 1;
            self.push(start, kind(body.into()));
        } else {
            self.error(start, unfinished);
        }
    }

    /// An IPv6 address may begin like a number, like a word or with colons.
    fn ipv6(&mut self, start: usize) -> bool {
        let rest = self.rest();
        let length = rest
            .find(|c: char| !c.is_ascii_hexdigit() && c != ':' && c != '.')
            .unwrap_or(rest.len());
        // A range (`::1..::2`) does not belong to it.
        let candidate = rest.get(..length).unwrap_or_default();
        let candidate = candidate.split("..").next().unwrap_or_default();
        let colons = candidate.matches(':').count();
        if colons < 2 {
            return false;
        }
        // Nor does a method (`::1.mask(8)`), nor the colon of a label (`::1:`).
        let plain = candidate.split('.').next().unwrap_or_default();
        let mut forms = [candidate, candidate.trim_end_matches('.'), plain]
            .into_iter()
            .flat_map(|one| [Some(one), one.strip_suffix(':')]);
        let found = forms.find_map(|one| {
            let one = one?;
            Some((one.len(), one.parse::<core::net::Ipv6Addr>().ok()?))
        });
        let Some((length, address)) = found else { return false };
        self.at += length;
        self.push(start, TokenKind::Ip(IpAddr::V6(address)));
        true
    }

    fn number_or_address(&mut self, start: usize) {
        if self.ipv6(start) || self.route_distinguisher(start) {
            return;
        }
        let rest = self.rest();
        if rest.starts_with(':') {
            self.punctuation(start);
            return;
        }
        if let Some(digits) = rest.strip_prefix("0x") {
            let length = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
            self.at += 2 + length;
            match u32::from_str_radix(digits.get(..length).unwrap_or_default(), 16) {
                Ok(number) => self.push(start, TokenKind::Number(number)),
                Err(_) => {
                    self.error(start, "a hexadecimal number has 1 to 8 digits");
                    // Stands in its place, so that nothing else seems to be missing. So below.
                    self.push(start, TokenKind::Number(0));
                }
            }
            return;
        }
        let dotted = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let dotted = rest.get(..dotted).unwrap_or_default();
        // Neither a range (`1..2`) nor a method (`10.0.0.1.mask(8)`) belongs to it.
        let dotted = dotted.split("..").next().unwrap_or_default().trim_end_matches('.');
        if dotted.matches('.').count() == 3 {
            self.at += dotted.len();
            match dotted.parse::<core::net::Ipv4Addr>() {
                Ok(address) => self.push(start, TokenKind::Ip(IpAddr::V4(address))),
                Err(_) => {
                    self.error(start, format!("`{dotted}` is not an IPv4 address"));
                    self.push(start, TokenKind::Ip(Ipv4Addr::UNSPECIFIED.into()));
                }
            }
            return;
        }
        let digits = self.take_while(|c| c.is_ascii_digit());
        match digits.parse() {
            Ok(number) => self.push(start, TokenKind::Number(number)),
            Err(_) => {
                self.error(start, format!("{digits} does not fit into 32 bits"));
                self.push(start, TokenKind::Number(0));
            }
        }
    }

    /// `1:2`, `0:1:2` or `10.0.0.1:1000`, without blanks.
    fn route_distinguisher(&mut self, start: usize) -> bool {
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.');
        let candidate = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
        let candidate = candidate.split("..").next().unwrap_or_default();
        let Some(value) = route_distinguisher(candidate) else { return false };
        self.at += candidate.len();
        self.push(start, TokenKind::RouteDistinguisher(value));
        true
    }

    /// `hex:` and pairs of digits, with colons between them or not.
    fn bytes(&mut self, start: usize, digits: &str) {
        let length = digits.find(|c: char| !c.is_ascii_hexdigit() && c != ':');
        let digits = digits.get(..length.unwrap_or(digits.len())).unwrap_or_default();
        self.at += "hex:".len() + digits.len();
        let digits: Vec<u8> = digits.bytes().filter(|digit| *digit != b':').collect();
        let octet = |pair: &[u8]| match pair {
            [_, _] => u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok(),
            _ => None,
        };
        match digits.chunks(2).map(octet).collect() {
            Some(octets) => self.push(start, TokenKind::Bytes(octets)),
            None => self.error(start, "a byte string has pairs of hexadecimal digits"),
        }
    }

    fn word(&mut self, start: usize) {
        if self.ipv6(start) {
            return;
        }
        if let Some(digits) = self.rest().strip_prefix("hex:") {
            return self.bytes(start, digits);
        }
        let word = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
        self.push(start, TokenKind::Symbol(word.into()));
    }

    fn punctuation(&mut self, start: usize) -> bool {
        let Some(text) = PUNCTUATION.into_iter().find(|text| self.rest().starts_with(text)) else {
            return false;
        };
        self.at += text.len();
        self.push(start, TokenKind::Punctuation(text));
        true
    }
}

/// Two numbers, or an address and a number; three with the type in front.
fn route_distinguisher(text: &str) -> Option<RouteDistinguisher> {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |text: &str| text.parse::<u32>().ok();
    let short = |number: u32| u16::try_from(number).ok();
    match parts[..] {
        [address, local] if address.contains('.') => {
            let address = address.parse::<Ipv4Addr>().ok()?;
            Some(RouteDistinguisher::ipv4(address, short(number(local)?)?))
        }
        [asn, local] => match (number(asn)?, number(local)?) {
            (asn, local) if asn <= 0xffff => {
                Some(RouteDistinguisher::two_octet_as(short(asn)?, local))
            }
            (asn, local) => Some(RouteDistinguisher::four_octet_as(asn, short(local)?)),
        },
        ["0", asn, local] => {
            Some(RouteDistinguisher::two_octet_as(short(number(asn)?)?, number(local)?))
        }
        ["2", asn, local] => {
            Some(RouteDistinguisher::four_octet_as(number(asn)?, short(number(local)?)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::*;

    fn tokens(text: &str) -> String {
        let mut errors = Vec::new();
        let tokens = tokenize(SourceId(0), text, &mut errors);
        assert_eq!(errors, []);
        tokens.iter().map(|token| token.kind.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_kinds_of_token() {
        let end = "the end of the file";
        assert_eq!(tokens("a_1 'x-y.z' \"s\" 10 0x1F"), format!("`a_1` 'x-y.z' \"s\" 10 31 {end}"));
        assert_eq!(tokens("10.0.0.0/8{8,24}"), format!("10.0.0.0 `/` 8 `{{` 8 `,` 24 `}}` {end}"));
        assert_eq!(
            tokens("2001:db8::/32+ ::/0 fe80::1%eth0"),
            format!("2001:db8:: `/` 32 `+` :: `/` 0 fe80::1 `%` `eth0` {end}")
        );
        assert_eq!(
            tokens("1..2 [=] # no\n a /* b\n */ c"),
            format!("1 `..` 2 `[=` `]` `a` `c` {end}")
        );
        assert_eq!(
            tokens("[= ? =] ::1.mask(8) ::1: fe80::: ::1.2.3.4.mask"),
            format!(
                "`[=` `?` `=]` ::1 `.` `mask` `(` 8 `)` ::1 `:` fe80:: `:` ::102:304 `.` `mask` {end}"
            )
        );
        assert_eq!(tokens("[= ? =]"), format!("`[=` `?` `=]` {end}"));
        assert_eq!(tokens("::1.is_v4 ::1..::2"), format!("::1 `.` `is_v4` ::1 `..` ::2 {end}"));
        assert_eq!(tokens("add:1 dead:beef::1"), format!("`add` `:` 1 dead:beef::1 {end}"));
    }

    #[test]
    fn what_cannot_be_has_its_place() {
        let mut errors = Vec::new();
        tokenize(SourceId(0), "a 99999999999 \"x\n 300.1.1.1 @", &mut errors);
        let found: Vec<_> =
            errors.iter().map(|error| (error.span.start, error.message.as_str())).collect();
        assert_eq!(
            found,
            [
                (2, "99999999999 does not fit into 32 bits"),
                (14, "this string does not end on its line"),
                (18, "`300.1.1.1` is not an IPv4 address"),
                (28, "unexpected character `@`"),
            ]
        );
    }

    proptest! {
        #[test]
        fn never_panics_and_ends(text in "\\PC{0,80}") {
            let mut errors = Vec::new();
            let tokens = tokenize(SourceId(0), &text, &mut errors);
            let last = tokens.last().map(|token| token.kind.clone());
            prop_assert_eq!(last, Some(TokenKind::End));
        }
    }
}
