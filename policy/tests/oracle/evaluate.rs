//! A program run by walking over its tree: slow, and so simple that it can be read. It knows what the generator
//! writes; anything else is a mistake of the generator.

use std::collections::BTreeMap;

use policy::TrapKind;
use policy::ast::{
    End, Expr, ExprKind, Filter, Function, ListKind, MaskItem, MaskItemKind, Operator, Statement,
    StatementKind,
};

use super::matching::{in_set, mask_matches, within};
use super::operation::{collect, elements, empty, extended, is_list, order, property};
use super::value::{Item, Segment, Val};

/// What ends the walk.
#[derive(Debug)]
pub(crate) enum Stop {
    Trap(TrapKind),
    End(End),
    Return(Val),
}

pub(crate) type Outcome<T> = Result<T, Stop>;

pub(crate) const WRONG: Stop = Stop::Trap(TrapKind::Type);

pub(crate) struct Machine<'a> {
    pub(crate) constants: &'a BTreeMap<String, Expr>,
    pub(crate) functions: &'a BTreeMap<String, Function>,
    /// By the names of the language; what is not there is void
    pub(crate) attributes: BTreeMap<String, Val>,
    pub(crate) changed: Vec<String>,
    pub(crate) output: String,
    pub(crate) depth: usize,
    pub(crate) most_depth: usize,
    /// The variables of the function that runs, inner ones last
    variables: Vec<(String, Val)>,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(
        constants: &'a BTreeMap<String, Expr>,
        functions: &'a BTreeMap<String, Function>,
        attributes: BTreeMap<String, Val>,
        most_depth: usize,
    ) -> Self {
        Self {
            constants,
            functions,
            attributes,
            changed: Vec::new(),
            output: String::new(),
            depth: 0,
            most_depth,
            variables: Vec::new(),
        }
    }

    pub(crate) fn filter(&mut self, filter: &Filter) -> Stop {
        match self.list(&filter.body) {
            Ok(()) => Stop::Trap(TrapKind::FellOff),
            Err(stop) => stop,
        }
    }

    fn list(&mut self, list: &[Statement]) -> Outcome<()> {
        list.iter().try_for_each(|statement| self.statement(statement))
    }

    fn block(&mut self, list: &[Statement]) -> Outcome<()> {
        let outside = self.variables.len();
        let result = self.list(list);
        self.variables.truncate(outside);
        result
    }

    fn statement(&mut self, statement: &Statement) -> Outcome<()> {
        match &statement.kind {
            StatementKind::Block(list) => self.block(list),
            StatementKind::If(condition, then, otherwise) => match self.eval(condition)? {
                Val::Bool(true) => self.block(std::slice::from_ref(then)),
                Val::Bool(false) => match otherwise {
                    Some(otherwise) => self.block(std::slice::from_ref(otherwise)),
                    None => Ok(()),
                },
                _ => Err(WRONG),
            },
            StatementKind::Case(of, arms) => {
                let value = self.eval(of)?;
                for arm in arms {
                    if let Some(labels) = &arm.labels
                        && value != Val::Void
                        && in_set(self, &value, labels)?
                    {
                        return self.block(&arm.body);
                    }
                }
                match arms.iter().find(|arm| arm.labels.is_none()) {
                    Some(arm) => self.block(&arm.body),
                    None => Ok(()),
                }
            }
            StatementKind::For(_, name, list, body) => {
                let elements: Vec<Val> = match self.eval(list)? {
                    Val::Path(path) => {
                        path.into_iter().flat_map(|one| one.asns).map(Val::Int).collect()
                    }
                    Val::Pairs(list) => list.into_iter().map(|(a, b)| Val::Pair(a, b)).collect(),
                    Val::Ecs(list) => list.into_iter().map(Val::Ec).collect(),
                    Val::Lcs(list) => list.into_iter().map(Val::Lc).collect(),
                    _ => return Err(WRONG),
                };
                for element in elements {
                    let outside = self.variables.len();
                    self.variables.push((name.text.clone(), element));
                    let result = self.block(std::slice::from_ref(body));
                    self.variables.truncate(outside);
                    result?;
                }
                Ok(())
            }
            StatementKind::End(end, printed) => {
                if !printed.is_empty() {
                    self.print(printed)?;
                    self.output.push('\n');
                }
                Err(Stop::End(*end))
            }
            StatementKind::Return(value) => {
                let value = value.as_ref().map_or(Ok(Val::Void), |value| self.eval(value))?;
                Err(Stop::Return(value))
            }
            StatementKind::Print(printed, line) => {
                self.print(printed)?;
                if *line {
                    self.output.push('\n');
                }
                Ok(())
            }
            StatementKind::Declare(ty, name, value) => {
                use policy::types::Type;
                let value = match value {
                    Some(value) => self.present(value)?,
                    None => match ty.ty {
                        Type::List(kind) => empty(kind),
                        _ => Val::Void,
                    },
                };
                self.variables.push((name.text.clone(), value));
                Ok(())
            }
            StatementKind::Assign(name, value) => {
                let value = self.present(value)?;
                self.assign(&name.text, value)?;
                Ok(())
            }
            StatementKind::Unset(name) => {
                self.assign(&name.text, Val::Void)?;
                Ok(())
            }
            StatementKind::Expression(expr) => {
                let value = self.eval(expr)?;
                if let ExprKind::Method(of, ..) = &expr.kind
                    && let ExprKind::Name(name) = &of.kind
                {
                    self.assign(name, value)?;
                }
                Ok(())
            }
            other => panic!("not written by the generator: {other:?}"),
        }
    }

    fn present(&mut self, expr: &Expr) -> Outcome<Val> {
        let value = self.eval(expr)?;
        if value == Val::Void { Err(WRONG) } else { Ok(value) }
    }

    fn print(&mut self, list: &[Expr]) -> Outcome<()> {
        for expr in list {
            let value = self.eval(expr)?;
            self.output += &value.to_string();
        }
        Ok(())
    }

    fn assign(&mut self, name: &str, value: Val) -> Outcome<()> {
        if let Some(variable) = self.variables.iter_mut().rev().find(|one| one.0 == name) {
            variable.1 = value;
            return Ok(());
        }
        let refused = match (&value, name) {
            // RFC 7607 §2
            (Val::Path(path), _) => path.iter().any(|segment| segment.asns.contains(&0)),
            // RFC 4271 §6.3
            (Val::Ip(ip), "bgp_next_hop") => {
                ip.is_unspecified() || ip.is_loopback() || ip.is_multicast()
            }
            _ => false,
        };
        if refused {
            return Err(Stop::Trap(TrapKind::Malformed));
        }
        self.changed.push(name.into());
        self.attributes.insert(name.into(), value);
        Ok(())
    }

    pub(crate) fn eval(&mut self, expr: &Expr) -> Outcome<Val> {
        Ok(match &expr.kind {
            ExprKind::Int(value) => Val::Int(*value),
            ExprKind::Bool(value) => Val::Bool(*value),
            ExprKind::Ip(value) => Val::Ip(*value),
            ExprKind::Prefix(value) => Val::Net(*value),
            ExprKind::Text(value) => Val::Text(value.clone()),
            ExprKind::Set(items) => Val::Set(items.clone()),
            ExprKind::Empty(kind) => empty(*kind),
            ExprKind::Mask(items) => {
                let mut mask = Vec::new();
                for item in items {
                    mask.extend(self.mask_item(item)?);
                }
                Val::Mask(mask)
            }
            ExprKind::Name(name) => self.name(name)?,
            ExprKind::Not(of) => match self.eval(of)? {
                Val::Bool(value) => Val::Bool(!value),
                _ => return Err(WRONG),
            },
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right)?,
            ExprKind::Pair(both) => match (self.eval(&both.0)?, self.eval(&both.1)?) {
                (Val::Int(a), Val::Int(b)) if a <= 0xffff && b <= 0xffff => Val::Pair(a, b),
                (Val::Int(_), Val::Int(_)) => return Err(Stop::Trap(TrapKind::TooLarge)),
                _ => return Err(WRONG),
            },
            ExprKind::Triple(parts) => {
                match (self.eval(&parts.0)?, self.eval(&parts.1)?, self.eval(&parts.2)?) {
                    (Val::Int(a), Val::Int(b), Val::Int(c)) => Val::Lc((a, b, c)),
                    _ => return Err(WRONG),
                }
            }
            ExprKind::Extended(kind, both) => {
                let (key, value) = (self.eval(&both.0)?, self.eval(&both.1)?);
                extended(kind, &key, &value)?
            }
            ExprKind::Call(name, arguments) => self.call(&name.text, arguments)?,
            ExprKind::Method(of, name, arguments) => {
                let of = self.eval(of)?;
                match arguments.as_deref().unwrap_or_default() {
                    [] => property(&name.text, of)?,
                    [argument] => {
                        let argument = self.eval(argument)?;
                        self.change(&name.text, of, argument)?
                    }
                    _ => panic!("not written by the generator"),
                }
            }
            other => panic!("not written by the generator: {other:?}"),
        })
    }

    fn name(&mut self, name: &str) -> Outcome<Val> {
        if let Some((_, value)) = self.variables.iter().rev().find(|one| one.0 == name) {
            return Ok(value.clone());
        }
        if let Some(expr) = self.constants.get(name) {
            return self.eval(expr);
        }
        Ok(match name {
            "ORIGIN_IGP" => Val::Enum("31", 0),
            "ORIGIN_EGP" => Val::Enum("31", 1),
            "ORIGIN_INCOMPLETE" => Val::Enum("31", 2),
            "RTS_STATIC" => Val::Enum("30", 1),
            "RTS_BGP" => Val::Enum("30", 11),
            _ => match (self.attributes.get(name), name) {
                (Some(value), _) if *value != Val::Void => value.clone(),
                (_, "bgp_path") => empty(ListKind::Path),
                (_, "bgp_community") => empty(ListKind::Communities),
                (_, "bgp_ext_community") => empty(ListKind::Extended),
                (_, "bgp_large_community") => empty(ListKind::Large),
                _ => Val::Void,
            },
        })
    }

    fn mask_item(&mut self, item: &MaskItem) -> Outcome<Vec<Item>> {
        let once = |low, high| vec![Item::Of(vec![(low, high)], item.repeated)];
        Ok(match &item.kind {
            MaskItemKind::Some => vec![Item::Star],
            MaskItemKind::One => once(0, u32::MAX),
            MaskItemKind::Set(items) => self.mask_set(items, item.repeated)?,
            MaskItemKind::Item(one) => match &one.kind {
                policy::ast::SetItemKind::Range(expr, None) => match self.eval(expr)? {
                    Val::Int(asn) => once(asn, asn),
                    Val::Set(items) => self.mask_set(&items, item.repeated)?,
                    Val::Path(path) => path
                        .into_iter()
                        .flat_map(|one| one.asns)
                        .map(|asn| Item::Of(vec![(asn, asn)], false))
                        .collect(),
                    _ => return Err(WRONG),
                },
                _ => {
                    let (low, high) = self.range(one)?;
                    once(low, high)
                }
            },
        })
    }

    fn mask_set(&mut self, items: &[policy::ast::SetItem], repeated: bool) -> Outcome<Vec<Item>> {
        let ranges: Outcome<Vec<_>> = items.iter().map(|one| self.range(one)).collect();
        Ok(vec![Item::Of(ranges?, repeated)])
    }

    /// The ends of a range of numbers.
    fn range(&mut self, item: &policy::ast::SetItem) -> Outcome<(u32, u32)> {
        let policy::ast::SetItemKind::Range(low, high) = &item.kind else {
            panic!("not written by the generator");
        };
        match (self.eval(low)?, self.eval(high.as_ref().unwrap_or(low))?) {
            (Val::Int(low), Val::Int(high)) => Ok((low, high)),
            _ => Err(WRONG),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Expr]) -> Outcome<Val> {
        let Some(function) = self.functions.get(name) else {
            return self.built_in(name, arguments);
        };
        let mut values = Vec::new();
        for ((_, name), argument) in function.arguments.iter().zip(arguments) {
            values.push((name.text.clone(), self.eval(argument)?));
        }
        if self.depth == self.most_depth {
            return Err(Stop::Trap(TrapKind::TooDeep));
        }
        self.depth += 1;
        let outside = std::mem::replace(&mut self.variables, values);
        let result = self.list(&function.body);
        self.variables = outside;
        self.depth -= 1;
        match result {
            Ok(()) => Ok(Val::Void),
            Err(Stop::Return(value)) => Ok(value),
            Err(stop) => Err(stop),
        }
    }

    fn built_in(&mut self, name: &str, arguments: &[Expr]) -> Outcome<Val> {
        let first = self.eval(&arguments[0])?;
        match name {
            "defined" => Ok(Val::Bool(first != Val::Void)),
            "format" => Ok(Val::Text(first.to_string())),
            _ => {
                let second = self.eval(&arguments[1])?;
                self.change(name, first, second)
            }
        }
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr) -> Outcome<Val> {
        let number = |value| Ok(Val::Int(value));
        // `a > b` is `b < a` in BIRD, also in what comes first.
        let (operator, left, right) = match operator {
            Operator::Greater => (Operator::Less, right, left),
            Operator::GreaterOrEqual => (Operator::LessOrEqual, right, left),
            other => (other, left, right),
        };
        let left = self.eval(left)?;
        if matches!(operator, Operator::And | Operator::Or) {
            return match left {
                Val::Bool(value) if value == (operator == Operator::Or) => Ok(left),
                Val::Bool(_) => match self.eval(right)? {
                    Val::Bool(value) => Ok(Val::Bool(value)),
                    _ => Err(WRONG),
                },
                _ => Err(WRONG),
            };
        }
        let right = self.eval(right)?;
        match (operator, left, right) {
            (Operator::Equal, a, b) => Ok(Val::Bool(a == b)),
            (Operator::NotEqual, a, b) => Ok(Val::Bool(a != b)),
            (Operator::Less, a, b) => Ok(Val::Bool(order(&a, &b)?.is_lt())),
            (Operator::LessOrEqual, a, b) => Ok(Val::Bool(order(&a, &b)?.is_le())),
            (Operator::Match, a, b) => Ok(Val::Bool(self.matches(&a, &b)?)),
            (Operator::NotMatch, a, b) => Ok(Val::Bool(!self.matches(&a, &b)?)),
            (Operator::Add, Val::Int(a), Val::Int(b)) => number(a.wrapping_add(b)),
            (Operator::Subtract, Val::Int(a), Val::Int(b)) => number(a.wrapping_sub(b)),
            (Operator::Multiply, Val::Int(a), Val::Int(b)) => number(a.wrapping_mul(b)),
            (Operator::Divide, Val::Int(_), Val::Int(0)) => {
                Err(Stop::Trap(TrapKind::DivisionByZero))
            }
            (Operator::Divide, Val::Int(a), Val::Int(b)) => number(a / b),
            _ => Err(WRONG),
        }
    }

    /// `left ~ right`
    fn matches(&mut self, left: &Val, right: &Val) -> Outcome<bool> {
        Ok(match (left, right) {
            (Val::Path(path), Val::Mask(mask)) => mask_matches(mask, path),
            (Val::Path(path), Val::Set(items)) => {
                for asn in path.iter().flat_map(|one| &one.asns) {
                    if in_set(self, &Val::Int(*asn), items)? {
                        return Ok(true);
                    }
                }
                false
            }
            (Val::Pairs(_) | Val::Ecs(_) | Val::Lcs(_), Val::Set(items)) => {
                for element in elements(left) {
                    if in_set(self, &element, items)? {
                        return Ok(true);
                    }
                }
                false
            }
            (Val::Void, _) | (_, Val::Void) => return Err(WRONG),
            (_, Val::Set(items)) => in_set(self, left, items)?,
            (Val::Int(asn), Val::Path(path)) => path.iter().any(|one| one.asns.contains(asn)),
            (_, Val::Pairs(_) | Val::Ecs(_) | Val::Lcs(_)) => elements(right).contains(left),
            (Val::Ip(ip), Val::Net(net)) => within((*ip).into(), *net),
            (Val::Net(inner), Val::Net(outer)) => within(*inner, *outer),
            _ => return Err(WRONG),
        })
    }

    /// `prepend`, `add`, `delete`, `filter` and `mask`
    fn change(&mut self, word: &str, of: Val, with: Val) -> Outcome<Val> {
        Ok(match (word, of, with) {
            ("mask", Val::Ip(ip), Val::Int(length)) => {
                let most = if ip.is_ipv4() { 32 } else { 128 };
                let length = length.min(most) as u8;
                Val::Ip(ipnet::IpNet::new(ip, length).expect("a length that fits").network())
            }
            ("prepend", Val::Path(mut path), Val::Int(asn)) => {
                match path.first_mut() {
                    Some(first) if !first.set && first.asns.len() < 255 => {
                        first.asns.insert(0, asn);
                    }
                    _ => path.insert(0, Segment { set: false, asns: vec![asn] }),
                }
                Val::Path(path)
            }
            ("delete" | "filter", Val::Path(path), with) => {
                let mut kept = Vec::new();
                for segment in path {
                    let mut asns = Vec::new();
                    for asn in segment.asns {
                        let belongs = match &with {
                            Val::Int(other) => asn == *other,
                            Val::Set(items) => in_set(self, &Val::Int(asn), items)?,
                            _ => return Err(WRONG),
                        };
                        if belongs == (word == "filter") {
                            asns.push(asn);
                        }
                    }
                    if !asns.is_empty() {
                        kept.push(Segment { set: segment.set, asns });
                    }
                }
                if with == Val::Void {
                    return Err(WRONG);
                }
                Val::Path(kept)
            }
            (_, _, Val::Void) | (_, Val::Void, _) => return Err(WRONG),
            ("add", of, with) => {
                let mut list = elements(&of);
                let more = if is_list(&with) { elements(&with) } else { vec![with] };
                for item in more {
                    if !list.contains(&item) {
                        list.push(item);
                    }
                }
                collect(&of, list)
            }
            ("delete" | "filter", of, with) => {
                let mut list = Vec::new();
                for item in elements(&of) {
                    let belongs = match &with {
                        Val::Set(items) => in_set(self, &item, items)?,
                        other if is_list(other) => elements(other).contains(&item),
                        other => *other == item,
                    };
                    if belongs == (word == "filter") {
                        list.push(item);
                    }
                }
                collect(&of, list)
            }
            (word, of, with) => panic!("not written by the generator: {word} {of:?} {with:?}"),
        })
    }
}
