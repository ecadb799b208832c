//! Criterion benchmarks of the libraries, beside others from the registry: see `benches/` and README.md.

#![forbid(unsafe_code)]
