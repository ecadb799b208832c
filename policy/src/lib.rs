//! BIRD's filter language: source text in, a verified program out.
//!
//! Source text becomes tokens ([`lexer`]), a tree ([`ast`], made by [`parser`]), a typed tree whose constants are
//! computed, and register code ([`Program`]), which is verified once and then run for each route in a [`Vm`].
//!
//! The language is that of BIRD 2, with functions, `case`, `for`, all types, sets, masks and lists, and the additions of
//! newer versions; an operator's file means here what it means there. `roa_check` and attributes that are no BGP path
//! attributes are asked of a [`Host`].
//!
//! ```
//! use policy::{NoHost, Verdict, Vm, compile};
//! use rib::{AttributesRef, Route, RouteSource};
//!
//! let text = "
//!     define OWN = [ 192.0.2.0/24+ ];
//!     function ours() { return net ~ OWN; }
//!     filter f { if ours() then { bgp_community.add((64500, 1)); accept; } reject; }
//! ";
//! let program = compile("example", text).map_err(|errors| errors.to_string())?;
//! let filter = program.filter("f").ok_or("no such filter")?;
//! let mut route = Route {
//!     net: "192.0.2.128/25".parse().map_err(|_| "no prefix")?,
//!     source: RouteSource::Static,
//!     protocol: "static1",
//!     from: None,
//!     preference: 200,
//!     destination: rib::Destination::Unicast,
//!     next_hop: None,
//!     extra: rib::ExtraRef::default(),
//!     attributes: AttributesRef::default(),
//! };
//! let mut vm = Vm::default();
//! assert_eq!(program.run(&mut vm, filter, &route, &NoHost), Ok(Verdict::Accept));
//! route.net = "198.51.100.0/24".parse().map_err(|_| "no prefix")?;
//! assert_eq!(program.run(&mut vm, filter, &route, &NoHost), Ok(Verdict::Reject));
//! # Ok::<(), String>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod ast;
pub mod attribute;
mod bytes;
mod compile;
pub mod error;
pub mod flow;
mod format;
pub mod lexer;
pub mod mask;
pub mod parser;
mod program;
pub mod set;
pub mod span;
pub mod types;
pub mod value;
mod verify;
mod vm;

pub use bytes::{BytesError, BytesErrorKind};
pub use compile::ProgramBuilder;
pub use error::{Diagnostic, Diagnostics, Severity};
pub use program::{FilterId, Program};
pub use verify::{CodeId, VerifyError, VerifyErrorKind};
pub use vm::{Change, Extra, Host, Limits, NoHost, Roa, TraceStep, Trap, TrapKind, Verdict, Vm};

/// Compiles a text of `define`, `function` and `filter` statements.
///
/// # Errors
/// All errors of the text, each with its place.
pub fn compile(name: &str, text: &str) -> Result<Program, Diagnostics> {
    compile_with_warnings(name, text).0
}

/// The same, and what may not mean what was meant.
///
/// # Errors
/// All errors of the text, each with its place.
pub fn compile_with_warnings(
    name: &str,
    text: &str,
) -> (Result<Program, Diagnostics>, Diagnostics) {
    let mut sources = span::Sources::default();
    let mut errors = alloc::vec::Vec::new();
    let id = sources.add(name, text);
    let tokens = lexer::tokenize(id, text, &mut errors);
    let mut parser = parser::Parser::new(tokens);
    let mut builder = ProgramBuilder::default();
    while !parser.at_end() {
        let start = parser.position();
        let result = match parser.peek_symbol() {
            Some("define") => parser.define().map(|(name, expr)| builder.define(&name, &expr)),
            Some("function") => parser.function().map(|function| builder.add_function(&function)),
            Some("filter") => parser.named_filter().map(|filter| {
                builder.add_filter(&filter);
            }),
            _ => Err(parser.unexpected("`define`, `function` or `filter`")),
        };
        if let Err(error) = result {
            errors.push(error);
            parser.recover(start);
        }
        errors.extend(parser.take_errors());
    }
    errors.extend(builder.take_errors());
    let warnings = Diagnostics::new(sources.clone(), builder.take_warnings());
    let program = match builder.finish() {
        Ok(program) if errors.is_empty() => Ok(program),
        Ok(_) => Err(Diagnostics::new(sources, errors)),
        Err(more) => {
            errors.extend(more);
            Err(Diagnostics::new(sources, errors))
        }
    };
    (program.map_err(Diagnostics::in_order), warnings)
}
