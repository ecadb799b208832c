//! RFC 8092.

use core::fmt;
use core::str::FromStr;

use super::parse::{ParseCommunityError, Result, Text};

/// A large community (RFC 8092). Text is `65001:1:2`.
///
/// ```
/// use bgp_wire::LargeCommunity;
///
/// let community = LargeCommunity { global: 65001, local1: 1, local2: 2 };
/// assert_eq!("65001:1:2".parse(), Ok(community));
/// assert_eq!(community.to_string(), "65001:1:2");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LargeCommunity {
    /// Global Administrator: an AS number
    pub global: u32,
    /// Local Data Part 1
    pub local1: u32,
    /// Local Data Part 2
    pub local2: u32,
}

/// As RFC 8092 §5 has it.
impl fmt::Display for LargeCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.global, self.local1, self.local2)
    }
}

impl fmt::Debug for LargeCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for LargeCommunity {
    type Err = ParseCommunityError;

    fn from_str(text: &str) -> Result<Self> {
        let mut text = Text::new(text);
        let global = text.number()?;
        text.colon()?;
        let local1 = text.number()?;
        text.colon()?;
        let local2 = text.number()?;
        text.end()?;
        Ok(Self { global, local1, local2 })
    }
}
