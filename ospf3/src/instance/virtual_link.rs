//! Virtual links (RFC 2328 §15): they come up and go down with the path through their transit area.
