//! Which of two connections stays (RFC 4271 §6.8).
//!
//! Both speakers have to come to the same decision, or none of the two connections is left. The RFC compares
//! an OPEN with a connection in OpenConfirm, and gives way to one in Established. That is not symmetric: one
//! speaker may be in Established already while the other is still in OpenConfirm. So here:
//!
//! - Identifiers decide also against a connection in Established, if both were there before (the RFC's
//!   CollisionDetectEstablishedState).
//! - A connection that comes later is refused before an OPEN is sent on it, so that the other side cannot
//!   decide for it: identifiers are compared only upon an OPEN.
//!
//! `session/tests/collision.rs` goes through all interleavings.

use core::net::Ipv4Addr;

/// Whether the connection that we dialled is the one to keep: that of the speaker with the higher BGP
/// identifier; where they are equal, with the higher AS number (RFC 6286 §2.3).
pub(crate) fn keep_dialled(local: (Ipv4Addr, u32), remote: (Ipv4Addr, u32)) -> bool {
    local > remote
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_higher_identifier_dials() {
        let (low, high) = (Ipv4Addr::new(9, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 1));
        assert!(keep_dialled((high, 1), (low, 2)));
        assert!(!keep_dialled((low, 2), (high, 1)));
        assert!(keep_dialled((low, 2), (low, 1)));
    }
}
