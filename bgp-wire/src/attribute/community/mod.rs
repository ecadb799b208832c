//! Communities: RFC 1997, extended (RFC 4360, RFC 5701), large (RFC 8092).
//!
//! Each has a text form that reads back as the same value.

mod administrator;
mod extended;
mod ipv6;
mod kind;
mod large;
mod parse;
mod standard;
mod text;

pub use administrator::Administrator;
pub use extended::ExtendedCommunity;
pub use ipv6::Ipv6ExtendedCommunity;
pub use kind::{ExtendedCommunityKind, MacAddress, OriginValidationState, TunnelType};
pub use large::LargeCommunity;
pub use parse::ParseCommunityError;
pub use standard::Community;

#[cfg(test)]
mod tests;
