//! Routes.
mod input;
mod result;
pub use input::{Externals, Input, Rules};
pub use result::*;
