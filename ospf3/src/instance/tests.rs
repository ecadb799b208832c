//! A few instances on links under virtual time.

mod adjacency;
mod net;
mod routes;
