//! A few instances on links under virtual time.

mod adjacency;
mod flooding;
mod net;
mod routes;
