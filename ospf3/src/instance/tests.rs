//! A few instances on links under virtual time.

mod abuse;
mod adjacency;
mod flooding;
mod net;
mod restart;
mod routes;
