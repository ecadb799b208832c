//! Which link state database an LSA is in.

use crate::{AreaId, InterfaceId};

/// One link state database of a router: that of a link, of an area or of the AS (RFC 5340 §4.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopeId {
    /// Of the link that an interface is attached to.
    Link(InterfaceId),
    /// Of an area.
    Area(AreaId),
    /// Of the AS.
    As,
}
