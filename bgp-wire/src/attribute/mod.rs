//! Path attributes (RFC 4271 §5).

pub(crate) mod as_path;
pub(crate) mod canonical;
pub(crate) mod check;
pub(crate) mod community;
pub(crate) mod next_hop;
pub(crate) mod owned;
pub(crate) mod pmsi;
pub(crate) mod tlv;
pub(crate) mod typed;
pub(crate) mod view;

/// The attribute is not well-known.
pub(crate) const OPTIONAL: u8 = 0x80;
/// It is passed on also by those who do not know it.
pub(crate) const TRANSITIVE: u8 = 0x40;
/// It was passed on by somebody who did not know it.
pub(crate) const PARTIAL: u8 = 0x20;
/// Its length has two octets.
pub(crate) const EXTENDED_LENGTH: u8 = 0x10;
