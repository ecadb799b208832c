//! Reading the text forms.

use core::net::{Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use thiserror::Error;

/// A text that is not a community.
///
/// ```
/// use bgp_wire::{Community, LargeCommunity};
///
/// let error = "65001:x:2".parse::<LargeCommunity>().expect_err("not a number");
/// assert_eq!(error.to_string(), "expected a number up to 4294967295 at offset 6");
/// let error = "no-exprot".parse::<Community>().expect_err("misspelt");
/// assert_eq!(error.offset, 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected {expected} at offset {offset}")]
pub struct ParseCommunityError {
    /// Where it goes wrong, in octets
    pub offset: usize,
    /// What could stand there
    pub expected: &'static str,
}

pub(super) type Result<T> = core::result::Result<T, ParseCommunityError>;

/// What is expected where a number of the type stands
pub(super) trait Number: FromStr {
    const EXPECTED: &'static str;
}

impl Number for u8 {
    const EXPECTED: &'static str = "a number up to 255";
}

impl Number for u16 {
    const EXPECTED: &'static str = "a number up to 65535";
}

impl Number for u32 {
    const EXPECTED: &'static str = "a number up to 4294967295";
}

/// What is left of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    rest: &'a str,
    offset: usize,
}

impl<'a> Text<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { rest: text, offset: 0 }
    }

    pub(super) const fn error<T>(&self, expected: &'static str) -> Result<T> {
        Err(ParseCommunityError { offset: self.offset, expected })
    }

    /// The field up to the next colon or the end, without consuming it.
    pub(super) fn peek(&self) -> &'a str {
        self.rest.split(':').next().unwrap_or_default()
    }

    fn advance(&mut self, octets: usize) {
        self.rest = self.rest.get(octets..).unwrap_or_default();
        self.offset += octets;
    }

    /// The field, as something that is parsed from it; consumes nothing when that fails.
    pub(super) fn field<T>(
        &mut self,
        expected: &'static str,
        parse: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T> {
        let field = self.peek();
        let Some(value) = parse(field) else { return self.error(expected) };
        self.advance(field.len());
        Ok(value)
    }

    /// Consumes `token` if it stands here.
    pub(super) fn accept(&mut self, token: &str) -> bool {
        let here = self.rest.starts_with(token);
        if here {
            self.advance(token.len());
        }
        here
    }

    pub(super) fn colon(&mut self) -> Result<()> {
        if self.accept(":") { Ok(()) } else { self.error("a colon") }
    }

    pub(super) fn end(&self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { self.error("the end") }
    }

    pub(super) fn number<T: Number>(&mut self) -> Result<T> {
        self.field(T::EXPECTED, decimal)
    }

    pub(super) fn ipv4(&mut self) -> Result<Ipv4Addr> {
        self.field("an IPv4 address", |field| field.parse().ok())
    }

    /// In brackets, because of its colons
    pub(super) fn ipv6(&mut self) -> Result<Ipv6Addr> {
        let expected = "an IPv6 address in brackets";
        let inner = self.rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let Some((address, _)) = inner else { return self.error(expected) };
        let Ok(value) = address.parse() else { return self.error(expected) };
        self.advance(address.len() + 2);
        Ok(value)
    }

    /// `0x` and up to eight digits
    pub(super) fn hexadecimal(&mut self) -> Result<u32> {
        self.field("a hexadecimal number of 32 bits", |field| {
            let digits = field.strip_prefix("0x").filter(|digits| is_hexadecimal(digits))?;
            u32::from_str_radix(digits, 16).ok()
        })
    }

    /// `0x` and two digits for each octet
    pub(super) fn octets<const N: usize>(&mut self, expected: &'static str) -> Result<[u8; N]> {
        self.field(expected, |field| {
            let digits = field.strip_prefix("0x").filter(|digits| is_hexadecimal(digits))?;
            let mut pairs = digits.as_bytes().chunks(2);
            let mut octets = [0; N];
            for octet in &mut octets {
                *octet = pair(pairs.next()?)?;
            }
            pairs.next().is_none().then_some(octets)
        })
    }

    /// Six pairs of hexadecimal digits between colons
    pub(super) fn mac(&mut self) -> Result<[u8; 6]> {
        let expected = "a MAC address";
        let start = *self;
        let mut octets = [0; 6];
        for (i, octet) in octets.iter_mut().enumerate() {
            if i > 0 && !self.accept(":") {
                return start.error(expected);
            }
            let Ok(value) = self.field(expected, |field| pair(field.as_bytes())) else {
                return start.error(expected);
            };
            *octet = value;
        }
        Ok(octets)
    }

    /// Not negative, and a number
    pub(super) fn rate(&mut self) -> Result<f32> {
        self.field("a rate that is not negative", |field| {
            let rate = field.parse::<f32>().ok()?;
            (rate.is_sign_positive() && !rate.is_nan()).then_some(rate)
        })
    }
}

fn is_hexadecimal(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn pair(digits: &[u8]) -> Option<u8> {
    let digits = core::str::from_utf8(digits).ok()?;
    (digits.len() == 2 && is_hexadecimal(digits)).then(|| u8::from_str_radix(digits, 16).ok())?
}

/// Without a sign and leading zeros: RFC 8092 §5 forbids these, and elsewhere they look like octal numbers.
pub(super) fn decimal<T: FromStr>(digits: &str) -> Option<T> {
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    (plain && !leading_zero).then(|| digits.parse().ok())?
}
