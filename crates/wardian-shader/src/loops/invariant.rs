//! What a loop doesn't change, and so can be computed before it.

use naga::{AddressSpace, BinaryOperator, Block, Expression, Function, Handle, Span, Statement, StorageAccess};

use super::Declarations;
use super::facts::{Facts, root};
use super::number::Kind;
use super::proof::{Leap, Limit};

/// Of how many expressions a value may be made that is computed once more.
const EXPRESSIONS_MAX: u32 = 32;

/// A loop, seen from before it.
pub(super) struct Invariant<'a> {
    pub(super) declarations: &'a Declarations<'a>,
    pub(super) facts: &'a Facts,
    /// The loop's number.
    pub(super) of: usize,
}

impl Invariant<'_> {
    /// Whether an expression that the loop uses has the same value in each round, and can have it before the loop.
    pub(super) fn holds(&self, expression: Handle<Expression>, function: &Function) -> bool {
        self.remains(expression, function, &mut EXPRESSIONS_MAX.clone())
    }

    fn is_there(&self, expression: Handle<Expression>, function: &Function) -> bool {
        let needs_nothing = function.expressions[expression].needs_pre_emit();
        needs_nothing || self.facts.is_computed_before(expression, self.of)
    }

    fn remains(&self, expression: Handle<Expression>, function: &Function, left: &mut u32) -> bool {
        if self.is_there(expression, function) {
            return true;
        }
        let Some(less) = left.checked_sub(1) else { return false };
        *left = less;
        let expression = &function.expressions[expression];
        let is_constant = if let Expression::Load { pointer } = *expression {
            self.is_constant(root(pointer, &function.expressions))
        } else {
            true
        };
        is_constant && parts(expression, |part| self.remains(part, function, left).then_some(part)).is_some()
    }

    /// Whether nobody writes what a pointer into this leads to while the loop runs. What a shader can only read nobody
    /// writes, for the usages of a buffer in one dispatch exclude each other:
    /// <https://www.w3.org/TR/webgpu/#programming-model-synchronization>.
    fn is_constant(&self, root: &Expression) -> bool {
        if let Expression::LocalVariable(variable) = *root {
            return !self.facts.writes(self.of, variable);
        }
        let Expression::GlobalVariable(variable) = *root else { return false };
        let space = self.declarations.global_variables[variable].space;
        let is_read_only = |access: StorageAccess| !access.intersects(StorageAccess::STORE | StorageAccess::ATOMIC);
        matches!(space, AddressSpace::Uniform | AddressSpace::Immediate)
            || matches!(space, AddressSpace::Storage { access } if is_read_only(access))
    }

    /// Computes before the loop what [`Self::holds`].
    fn hoist(&self, expression: Handle<Expression>, function: &mut Function, before: &mut Block) -> Handle<Expression> {
        if self.is_there(expression, function) {
            return expression;
        }
        let old = function.expressions[expression].clone();
        let new = parts(&old, |part| Some(self.hoist(part, function, before)));
        computed(new.unwrap_or(old), function, before)
    }
}

impl Leap {
    /// Computes before the loop whether a step may leap.
    pub(super) fn write(&self, of: &Invariant<'_>, function: &mut Function, before: &mut Block) -> Handle<Expression> {
        let bound = of.hoist(self.bound, function, before);
        let limit = match self.limit {
            Limit::Number(number) => literal(self.kind, number, function),
            Limit::Step(step) | Limit::FromGreatest(step) => {
                let step = of.hoist(step, function, before);
                let one = literal(Kind::Unsigned, 1, function);
                binary(BinaryOperator::Subtract, step, one, function, before)
            }
        };
        let limit = match self.limit {
            Limit::FromGreatest(_) => {
                let greatest = literal(Kind::Unsigned, Kind::Unsigned.greatest(), function);
                binary(BinaryOperator::Subtract, greatest, limit, function, before)
            }
            Limit::Number(_) | Limit::Step(_) => limit,
        };
        let leaps = binary(self.operator, bound, limit, function, before);
        let Some(variable) = self.least else { return leaps };
        let pointer = function.expressions.append(Expression::LocalVariable(variable), Span::UNDEFINED);
        let number = computed(Expression::Load { pointer }, function, before);
        let one = literal(self.kind, 1, function);
        let is_none = binary(BinaryOperator::Less, number, one, function, before);
        binary(BinaryOperator::LogicalOr, leaps, is_none, function, before)
    }
}

/// The same expression with other parts; none where a part has none, or where it is of another kind than the few that are
/// computed from their parts alone, or read.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not named is taken for the worst")]
fn parts(
    expression: &Expression,
    mut part: impl FnMut(Handle<Expression>) -> Option<Handle<Expression>>,
) -> Option<Expression> {
    let mut optional = |handle: Option<Handle<Expression>>| handle.map_or(Some(None), |handle| part(handle).map(Some));
    Some(match *expression {
        Expression::Math { fun, arg, arg1, arg2, arg3 } => {
            let arg = optional(Some(arg))??;
            let (arg1, arg2, arg3) = (optional(arg1)?, optional(arg2)?, optional(arg3)?);
            Expression::Math { fun, arg, arg1, arg2, arg3 }
        }
        Expression::Compose { ty, ref components } => {
            let components = components.iter().map(|&component| part(component)).collect::<Option<_>>()?;
            Expression::Compose { ty, components }
        }
        Expression::Unary { op, expr } => Expression::Unary { op, expr: part(expr)? },
        Expression::Binary { op, left, right } => Expression::Binary { op, left: part(left)?, right: part(right)? },
        Expression::Select { condition, accept, reject } => {
            Expression::Select { condition: part(condition)?, accept: part(accept)?, reject: part(reject)? }
        }
        Expression::As { expr, kind, convert } => Expression::As { expr: part(expr)?, kind, convert },
        Expression::Splat { size, value } => Expression::Splat { size, value: part(value)? },
        Expression::Swizzle { size, vector, pattern } => Expression::Swizzle { size, vector: part(vector)?, pattern },
        Expression::Access { base, index } => Expression::Access { base: part(base)?, index: part(index)? },
        Expression::AccessIndex { base, index } => Expression::AccessIndex { base: part(base)?, index },
        Expression::Load { pointer } => Expression::Load { pointer: part(pointer)? },
        Expression::ArrayLength(array) => Expression::ArrayLength(part(array)?),
        _ => return None,
    })
}

pub(super) fn computed(expression: Expression, function: &mut Function, block: &mut Block) -> Handle<Expression> {
    let handle = function.expressions.append(expression, Span::UNDEFINED);
    block.push(Statement::Emit(naga::Range::new_from_bounds(handle, handle)), Span::UNDEFINED);
    handle
}

pub(super) fn binary(
    op: BinaryOperator,
    left: Handle<Expression>,
    right: Handle<Expression>,
    function: &mut Function,
    block: &mut Block,
) -> Handle<Expression> {
    computed(Expression::Binary { op, left, right }, function, block)
}

/// A number that the kind has.
pub(super) fn literal(kind: Kind, number: i64, function: &mut Function) -> Handle<Expression> {
    function.expressions.append(Expression::Literal(kind.literal(number)), Span::UNDEFINED)
}
