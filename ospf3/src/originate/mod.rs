//! Which LSAs this router should originate (RFC 5340 §4.4.3).
//!
//! [`desired`] says it as a pure function of a [`Description`] of the router. An [`Originator`] says the same part by part,
//! and keeps which Link State ID has what: so a change of one route among 100,000 is little work, and what is not
//! changed keeps its LSA.
//!
//! What becomes of it (sequence numbers, MinLSInterval, refresh, flushing) is the business of whoever installs and floods
//! them.

mod context;
mod description;
mod external;
mod ids;
mod information;
mod inter_area;
mod intra_area_prefix;
mod link;
mod network;
mod originator;
mod packing;
mod prefix;
mod ranges;
mod role;
mod router;
#[cfg(test)]
mod tests;
mod translate;
mod translator;

pub use description::{
    Area, AreaKind, Attachment, Description, External, ExternalKey, Grace, Information, Interface,
    Metric, Neighbor, Nssa, NssaRange, Range, Router, Routes, Stub, StubRouter, Translates,
};
pub use originator::{Originator, Part, Wanted, desired};
pub(crate) use prefix::decode as decode_prefix;
pub use role::{attached_areas, is_area_border_router, options};
pub use translator::{Rival, TRANSLATOR_STABILITY_INTERVAL, Translator, TranslatorRole};
