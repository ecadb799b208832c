//! Sets: what `~` tests against.
//!
//! Each is made once from what the source text says and then only asked. It keeps two things: a form that is fast
//! to ask, and what it takes to print the set, and to compare it with another, as BIRD does.

pub mod address;
mod pair;
mod points;
mod prefix;
mod range;

pub use address::IpSet;
pub use pair::{PairItem, PairSet};
pub use points::Member;
pub use prefix::{PrefixPattern, PrefixSet};
pub use range::RangeSet;
