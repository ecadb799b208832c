//! Trees to programs: names and types are checked, constants computed, code made.

mod code;
mod expression;
mod method;
mod sets;
mod statement;
mod tree;
mod warning;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::ast::{Expr, Filter, Function, Name};
use crate::attribute::Attribute;
use crate::compile::code::Emitter;
use crate::compile::tree::{Tree, TreeKind};
use crate::error::{Diagnostic, nearest};
use crate::program::{FilterId, Instruction, Program, Register};
use crate::span::Span;
use crate::types::Type;
use crate::value::Value;
use crate::verify::{CodeId, verify};
use crate::vm::{Vm, cell_of};

/// What a name stands for.
#[derive(Debug, Clone)]
enum Symbol {
    Constant(Value),
    Function(u16),
    Filter(FilterId),
    Table(u16),
}

/// What a function takes and gives.
#[derive(Debug, Clone)]
struct Signature {
    arguments: Vec<Type>,
    result: Type,
}

/// Collects definitions, functions and filters into a [`Program`].
#[derive(Debug, Clone, Default)]
pub struct ProgramBuilder {
    program: Program,
    symbols: BTreeMap<String, (Symbol, Span)>,
    signatures: Vec<Signature>,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// Some were taken.
    had_errors: bool,
    vm: Vm,
}

impl ProgramBuilder {
    /// Adds a constant.
    pub fn define(&mut self, name: &Name, expr: &Expr) {
        warning::of_expression(expr, &mut self.warnings);
        if let Some(value) = self.evaluate(expr) {
            self.add(name, Symbol::Constant(value));
        } else {
            // Known, so that each use is not another error.
            self.add(name, Symbol::Constant(Value::Int(0)));
        }
    }

    /// Adds a constant whose value the host knows.
    pub fn define_value(&mut self, name: &Name, value: Value) {
        self.add(name, Symbol::Constant(value));
    }

    /// Tells of a table of the host: `roa_check` knows it by the number.
    pub fn add_table(&mut self, name: &Name, number: u16) {
        self.add(name, Symbol::Table(number));
    }

    /// The value of a constant expression. Errors are kept.
    pub fn evaluate(&mut self, expr: &Expr) -> Option<Value> {
        let before = self.errors.len();
        let mut function = FunctionState::default();
        let tree = self.expression(&mut function, expr);
        if self.errors.len() > before {
            return None;
        }
        self.evaluate_tree(&tree)
    }

    /// The value of a defined name.
    pub fn constant(&self, name: &str) -> Option<&Value> {
        match self.symbols.get(name) {
            Some((Symbol::Constant(value), _)) => Some(value),
            _ => None,
        }
    }

    /// The filter of that name.
    pub fn filter(&self, name: &str) -> Option<FilterId> {
        match self.symbols.get(name) {
            Some((Symbol::Filter(filter), _)) => Some(*filter),
            _ => None,
        }
    }

    /// What is compiled so far.
    pub const fn program(&self) -> &Program {
        &self.program
    }

    /// Adds a function.
    pub fn add_function(&mut self, function: &Function) {
        let Ok(number) = u16::try_from(self.program.functions.len()) else {
            let message = "there are too many functions";
            return self.errors.push(Diagnostic::new(function.span, message));
        };
        let arguments: Vec<Type> = function.arguments.iter().map(|one| one.0.ty).collect();
        let result = function.result.map_or(Type::Any, |result| result.ty);
        self.signatures.push(Signature { arguments, result });
        // Its own code calls it by this number; until it is there, it is empty.
        self.program.functions.push(crate::program::Code::empty(&function.name.text));
        self.add(&function.name, Symbol::Function(number));
        let mut state = FunctionState {
            function: Some(function.result.map(|one| one.ty)),
            ..Default::default()
        };
        for (ty, name) in &function.arguments {
            self.declare(&mut state, name, ty.ty);
        }
        let arguments = state.top;
        let names = function.arguments.iter().map(|one| &one.1);
        warning::of_body(names, &function.body, &mut self.warnings);
        self.statements(&mut state, &function.body);
        let end = state.end_span(function.span);
        let register = state.temporary();
        state.emit(end, Instruction::Void { to: register });
        state.emit(end, Instruction::Return { of: register });
        let code =
            state.finish(Some(&function.name.text), arguments, function.span, &mut self.errors);
        if function.result.is_none()
            && let Some(signature) = self.signatures.get_mut(usize::from(number))
            && let Some(only) = common(&state.returns)
        {
            signature.result = only;
        }
        if let Some(place) = self.program.functions.get_mut(usize::from(number)) {
            *place = code;
        }
    }

    /// Adds a filter; one with a name is known by it.
    pub fn add_filter(&mut self, filter: &Filter) -> FilterId {
        let mut state = FunctionState::default();
        warning::of_body(core::iter::empty(), &filter.body, &mut self.warnings);
        self.statements(&mut state, &filter.body);
        state.emit(state.end_span(filter.span), Instruction::FellOff);
        let name = filter.name.as_ref().map(|name| name.text.as_str());
        let code = state.finish(name, 0, filter.span, &mut self.errors);
        self.program.filters.push(code);
        let number = u32::try_from(self.program.filters.len() - 1).unwrap_or(u32::MAX);
        if let Some(name) = &filter.name {
            self.add(name, Symbol::Filter(FilterId(number)));
        }
        FilterId(number)
    }

    /// The errors so far; they are not told again.
    pub fn take_errors(&mut self) -> Vec<Diagnostic> {
        self.had_errors |= !self.errors.is_empty();
        core::mem::take(&mut self.errors)
    }

    /// The warnings so far, by their places; they are not told again.
    pub fn take_warnings(&mut self) -> Vec<Diagnostic> {
        let mut list = core::mem::take(&mut self.warnings);
        list.sort_by_key(|warning| (warning.span.source, warning.span.start));
        list
    }

    /// The program.
    ///
    /// # Errors
    /// Those that were not taken.
    pub fn finish(self) -> Result<Program, Vec<Diagnostic>> {
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        match verify(&self.program) {
            Ok(()) => Ok(self.program),
            // What had errors, which were told, need not be in order.
            Err(_) if self.had_errors => Err(Vec::new()),
            Err(error) => {
                let code = match error.code {
                    CodeId::Function(number) => self.program.functions.get(number),
                    CodeId::Filter(number) => self.program.filters.get(number),
                };
                let span = code.and_then(|code| code.spans.get(error.at));
                let message = format!("this was compiled wrongly: {error}");
                Err(Vec::from([Diagnostic::new(span.copied().unwrap_or_default(), message)
                    .hint("this is an error of the compiler")]))
            }
        }
    }

    /// Whether two functions do the same.
    pub fn same(&self, one: &str, two: &str) -> Option<bool> {
        let code = |name: &str| match self.symbols.get(name) {
            Some((Symbol::Function(number), _)) => self.program.functions.get(usize::from(*number)),
            _ => None,
        };
        let (one, two) = (code(one)?, code(two)?);
        Some(one.instructions == two.instructions)
    }

    fn add(&mut self, name: &Name, symbol: Symbol) {
        if self.symbols.contains_key(&name.text) {
            let message = format!("`{}` is defined already", name.text);
            return self.errors.push(Diagnostic::new(name.span, message));
        }
        self.symbols.insert(name.text.clone(), (symbol, name.span));
    }

    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.errors.push(Diagnostic::new(span, message));
    }

    fn declare(&mut self, state: &mut FunctionState, name: &Name, ty: Type) -> Register {
        let scope = state.scope_start;
        if state.locals.iter().skip(scope).any(|local| local.name == name.text) {
            self.error(name.span, format!("there is a variable `{}` here already", name.text));
        }
        let register = state.temporary();
        state.locals.push(Local { name: name.text.clone(), register, ty });
        register
    }

    fn evaluate_tree(&mut self, tree: &Tree) -> Option<Value> {
        if let TreeKind::Constant(value) = &tree.kind {
            return Some(value.clone());
        }
        if let Some(span) = tree.depends() {
            self.error(span, "this is not a constant");
            return None;
        }
        let mut state = FunctionState::default();
        let register = state.temporary();
        self.emit(&mut state, tree, register);
        state.emit(tree.span, Instruction::Return { of: register });
        let code = state.finish(None, 0, tree.span, &mut self.errors);
        let mut vm = core::mem::take(&mut self.vm);
        let result = self.program.evaluate(&mut vm, &code);
        self.vm = vm;
        match result {
            Ok(value) => Some(value),
            Err(trap) => {
                self.error(trap.span, format!("{trap}"));
                None
            }
        }
    }

    /// The number of a constant of the program.
    fn number(&mut self, span: Span, value: &Value) -> u16 {
        let constants = &mut self.program.constants;
        let found = constants.iter().position(|known| known == value && known.ty() == value.ty());
        let place = found.unwrap_or_else(|| {
            constants.push(value.clone());
            constants.len() - 1
        });
        let Ok(number) = u16::try_from(place) else {
            self.error(span, "there are too many constants");
            return 0;
        };
        if place == self.program.cells.len() {
            self.program.cells.push(cell_of(value, number));
        }
        number
    }
}

/// The only type that is returned.
fn common(returns: &[Type]) -> Option<Type> {
    let (first, rest) = returns.split_first()?;
    rest.iter().all(|other| other == first).then_some(*first)
}

#[derive(Debug, Clone)]
struct Local {
    name: String,
    register: Register,
    ty: Type,
}

/// A function or filter that is being compiled.
#[derive(Debug, Clone, Default)]
struct FunctionState {
    /// A function, and its declared result
    function: Option<Option<Type>>,
    locals: Vec<Local>,
    /// Where the variables of the innermost block begin among `locals`
    scope_start: usize,
    /// The first register that is free
    top: Register,
    /// The most registers that were in use
    most: Register,
    overflow: bool,
    returns: Vec<Type>,
    code: Emitter,
}

impl FunctionState {
    fn temporary(&mut self) -> Register {
        let register = self.top;
        match self.top.checked_add(1) {
            Some(top) if top < 250 => self.top = top,
            _ => self.overflow = true,
        }
        self.most = self.most.max(self.top);
        register
    }

    fn local(&self, name: &str) -> Option<&Local> {
        self.locals.iter().rev().find(|local| local.name == name)
    }

    fn emit(&mut self, span: Span, instruction: Instruction) -> usize {
        self.code.emit(span, instruction)
    }

    /// The last octet of a block.
    fn end_span(&self, span: Span) -> Span {
        Span { start: span.end.saturating_sub(1).max(span.start), ..span }
    }

    fn finish(
        &mut self,
        name: Option<&str>,
        arguments: Register,
        span: Span,
        errors: &mut Vec<Diagnostic>,
    ) -> crate::program::Code {
        let code = core::mem::take(&mut self.code);
        if self.overflow || code.instructions.len() > usize::from(u16::MAX) - 1 {
            errors.push(Diagnostic::new(span, "this is too large to be compiled"));
        }
        crate::program::Code {
            name: name.map(Into::into),
            registers: self.most,
            arguments,
            instructions: code.instructions,
            spans: code.spans,
        }
    }
}

impl ProgramBuilder {
    /// An error about a name that is not known.
    fn unknown(&self, state: &FunctionState, name: &str, span: Span) -> Diagnostic {
        let mut known: Vec<&str> = state.locals.iter().map(|local| local.name.as_str()).collect();
        known.extend(self.symbols.keys().map(String::as_str));
        for name in Attribute::names().chain(Value::names()) {
            known.push(name);
        }
        let error = Diagnostic::new(span, format!("`{name}` is not known here"));
        match nearest(name, known.into_iter()) {
            Some(near) => error.hint(format!("there is `{near}`")),
            None => error,
        }
    }
}
