//! Trees to code: types are checked on the way.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::ast::{Attribute, Expr, ExprKind, Filter, Operator, Statement};
use crate::error::Diagnostic;
use crate::program::{Code, FilterId, Instruction, Program, Register};
use crate::span::Span;
use crate::value::{Type, Value};

/// Collects the filters of a program.
#[derive(Debug, Clone, Default)]
pub struct ProgramBuilder {
    program: Program,
}

impl ProgramBuilder {
    /// Compiles a filter with a name.
    ///
    /// # Errors
    /// When the name is taken, a type is wrong, or the filter is too large.
    pub fn add_named(&mut self, filter: &Filter) -> Result<FilterId, Diagnostic> {
        if let Some((name, span)) = &filter.name
            && self.program.filter(name).is_some()
        {
            return Err(Diagnostic::new(*span, format!("filter `{name}` is defined already")));
        }
        self.add(filter)
    }

    /// Compiles a filter.
    ///
    /// # Errors
    /// When a type is wrong, or the filter is too large.
    pub fn add(&mut self, filter: &Filter) -> Result<FilterId, Diagnostic> {
        let mut compiler = Compiler {
            code: Code {
                name: filter.name.as_ref().map(|(name, _)| name.clone()),
                registers: 0,
                instructions: Vec::new(),
                spans: Vec::new(),
                constants: Vec::new(),
            },
            in_use: 0,
        };
        compiler.statements(&filter.body)?;
        compiler.emit(filter.span, Instruction::FellOff);
        let code = compiler.code;
        if code.instructions.len() > usize::from(u16::MAX)
            || code.constants.len() > usize::from(u16::MAX)
        {
            return Err(Diagnostic::new(filter.span, "this filter is too large"));
        }
        code.verify().map_err(|error| {
            Diagnostic::new(filter.span, format!("this filter cannot run: {error}"))
        })?;
        self.program.filters.push(code);
        Ok(FilterId(u32::try_from(self.program.filters.len() - 1).unwrap_or(u32::MAX)))
    }

    /// What was compiled so far.
    pub const fn program(&self) -> &Program {
        &self.program
    }

    /// The program.
    ///
    /// # Errors
    /// None so far; a program whose parts do not fit together will be refused here.
    pub fn finish(self) -> Result<Program, Diagnostic> {
        Ok(self.program)
    }
}

struct Compiler {
    code: Code,
    /// Registers that hold something.
    in_use: u8,
}

impl Compiler {
    fn emit(&mut self, span: Span, instruction: Instruction) -> usize {
        self.code.instructions.push(instruction);
        self.code.spans.push(span);
        self.code.instructions.len() - 1
    }

    fn here(&self) -> u16 {
        u16::try_from(self.code.instructions.len()).unwrap_or(u16::MAX)
    }

    /// Lets the jump at `at` lead to the next instruction.
    fn land(&mut self, at: usize) {
        let here = self.here();
        if let Some(
            Instruction::Jump { target }
            | Instruction::JumpIfFalse { target, .. }
            | Instruction::JumpIfTrue { target, .. },
        ) = self.code.instructions.get_mut(at)
        {
            *target = here;
        }
    }

    fn register(&mut self, span: Span) -> Result<Register, Diagnostic> {
        let register = self.in_use;
        self.in_use = register
            .checked_add(1)
            .ok_or_else(|| Diagnostic::new(span, "this is nested too deeply"))?;
        self.code.registers = self.code.registers.max(self.in_use);
        Ok(register)
    }

    fn constant(&mut self, value: &Value) -> u16 {
        let at = self.code.constants.iter().position(|known| known == value).unwrap_or_else(|| {
            self.code.constants.push(value.clone());
            self.code.constants.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    fn statements(&mut self, list: &[Statement]) -> Result<(), Diagnostic> {
        for statement in list {
            match statement {
                Statement::Accept => {
                    self.emit(Span::default(), Instruction::Accept);
                }
                Statement::Reject => {
                    self.emit(Span::default(), Instruction::Reject);
                }
                Statement::If(condition, then, otherwise) => {
                    let (of, ty) = self.expression(condition)?;
                    expect(condition.span, ty, Type::Bool)?;
                    self.in_use = of;
                    let skip =
                        self.emit(condition.span, Instruction::JumpIfFalse { of, target: 0 });
                    self.statements(then)?;
                    let end = self.emit(condition.span, Instruction::Jump { target: 0 });
                    self.land(skip);
                    self.statements(otherwise)?;
                    self.land(end);
                }
            }
        }
        Ok(())
    }

    /// Computes an expression into a new register.
    fn expression(&mut self, expr: &Expr) -> Result<(Register, Type), Diagnostic> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Constant(value) => {
                let to = self.register(span)?;
                let constant = self.constant(value);
                self.emit(span, Instruction::Constant { to, constant });
                Ok((to, value.ty()))
            }
            ExprKind::Attribute(Attribute::Path) => Err(Diagnostic::new(
                span,
                "of `bgp_path`, only `.len`, `.first` and `.last` are supported yet",
            )),
            ExprKind::Attribute(attribute) => {
                let to = self.register(span)?;
                self.emit(span, Instruction::Attribute { to, attribute: *attribute });
                Ok((to, type_of(*attribute)))
            }
            ExprKind::Not(operand) => {
                let (of, ty) = self.expression(operand)?;
                expect(operand.span, ty, Type::Bool)?;
                self.emit(span, Instruction::Not { to: of, of });
                Ok((of, Type::Bool))
            }
            ExprKind::Method(operand, name) => self.method(span, operand, name),
            ExprKind::Binary(operator, left, right) => self.binary(span, *operator, left, right),
        }
    }

    fn method(
        &mut self,
        span: Span,
        operand: &Expr,
        name: &str,
    ) -> Result<(Register, Type), Diagnostic> {
        if operand.kind == ExprKind::Attribute(Attribute::Path) {
            let to = self.register(span)?;
            let instruction = match name {
                "len" => Instruction::PathLength { to },
                "first" => Instruction::PathFirst { to },
                "last" => Instruction::PathLast { to },
                _ => {
                    return Err(Diagnostic::new(
                        span,
                        format!("`.{name}` of a path is not supported yet"),
                    ));
                }
            };
            self.emit(span, instruction);
            return Ok((to, Type::Int));
        }
        let (of, ty) = self.expression(operand)?;
        let (instruction, result) = match (ty, name) {
            (Type::Prefix, "len") => (Instruction::PrefixLength { to: of, of }, Type::Int),
            (Type::Prefix, "ip") => (Instruction::PrefixAddress { to: of, of }, Type::Ip),
            _ => {
                return Err(Diagnostic::new(
                    span,
                    format!("a value of type {ty} has no `.{name}`"),
                ));
            }
        };
        self.emit(span, instruction);
        Ok((of, result))
    }

    fn binary(
        &mut self,
        span: Span,
        operator: Operator,
        left: &Expr,
        right: &Expr,
    ) -> Result<(Register, Type), Diagnostic> {
        match operator {
            Operator::And | Operator::Or => return self.short_circuit(span, operator, left, right),
            Operator::Match | Operator::NotMatch => return self.test(span, operator, left, right),
            _ => {}
        }
        let (to, left_type) = self.expression(left)?;
        let (other, right_type) = self.expression(right)?;
        self.in_use = to + 1;
        let result = match operator {
            Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide => {
                expect(left.span, left_type, Type::Int)?;
                expect(right.span, right_type, Type::Int)?;
                Type::Int
            }
            // `1 = true` is false, not an error: values of different types are different.
            Operator::Equal | Operator::NotEqual => Type::Bool,
            _ => {
                let ordered =
                    [Type::Int, Type::Ip, Type::Source, Type::Origin].contains(&left_type);
                if !ordered || left_type != right_type {
                    let message =
                        format!("values of type {left_type} and {right_type} have no order");
                    return Err(Diagnostic::new(span, message));
                }
                Type::Bool
            }
        };
        self.emit(span, Instruction::Binary { operator, to, left: to, right: other });
        Ok((to, result))
    }

    fn short_circuit(
        &mut self,
        span: Span,
        operator: Operator,
        left: &Expr,
        right: &Expr,
    ) -> Result<(Register, Type), Diagnostic> {
        let (of, ty) = self.expression(left)?;
        expect(left.span, ty, Type::Bool)?;
        let skip = match operator {
            Operator::And => Instruction::JumpIfFalse { of, target: 0 },
            _ => Instruction::JumpIfTrue { of, target: 0 },
        };
        let skip = self.emit(span, skip);
        // The right side goes to the same register.
        self.in_use = of;
        let (_, ty) = self.expression(right)?;
        expect(right.span, ty, Type::Bool)?;
        self.land(skip);
        self.in_use = of + 1;
        Ok((of, Type::Bool))
    }

    /// `a ~ b`, where `b` is a constant.
    fn test(
        &mut self,
        span: Span,
        operator: Operator,
        left: &Expr,
        right: &Expr,
    ) -> Result<(Register, Type), Diagnostic> {
        let (of, ty) = self.expression(left)?;
        let ExprKind::Constant(set) = &right.kind else {
            return Err(Diagnostic::new(right.span, "only a constant may stand behind `~` yet"));
        };
        let fits = matches!(
            (ty, set.ty()),
            (Type::Prefix, Type::PrefixSet | Type::Prefix)
                | (Type::Ip, Type::Prefix | Type::PrefixSet | Type::IpSet)
                | (Type::Int, Type::IntSet)
                | (Type::Source, Type::SourceSet)
                | (Type::Text, Type::Text)
        );
        if !fits {
            let message = format!("a value of type {ty} cannot match one of type {}", set.ty());
            return Err(Diagnostic::new(span, message));
        }
        let constant = self.constant(set);
        self.emit(span, Instruction::Match { to: of, of, constant });
        if operator == Operator::NotMatch {
            self.emit(span, Instruction::Not { to: of, of });
        }
        Ok((of, Type::Bool))
    }
}

const fn type_of(attribute: Attribute) -> Type {
    match attribute {
        Attribute::Net => Type::Prefix,
        Attribute::Source => Type::Source,
        Attribute::Proto => Type::Text,
        Attribute::Preference | Attribute::LocalPref | Attribute::Med | Attribute::Path => {
            Type::Int
        }
        Attribute::From => Type::Ip,
        Attribute::Origin => Type::Origin,
    }
}

fn expect(span: Span, found: Type, wanted: Type) -> Result<(), Diagnostic> {
    if found == wanted {
        return Ok(());
    }
    let message: String = format!("expected a value of type {wanted}, found {found}");
    Err(Diagnostic::new(span, message))
}

#[cfg(test)]
mod tests;
