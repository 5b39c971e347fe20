//! Counting rounds.

use naga::{BinaryOperator, Block, Expression, Function, Handle, LocalVariable, Span, Statement, Type};

use super::invariant::{binary, computed, literal};
use super::number::Kind;

/// How many rounds the counted loops of a call have left, all together: 64 bits in two variables.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    low: Handle<Expression>,
    high: Handle<Expression>,
}

impl Budget {
    pub(super) fn declare(function: &mut Function, unsigned: Handle<Type>) -> Self {
        let mut declare = |name: &str| {
            let init = Some(literal(Kind::Unsigned, Kind::Unsigned.greatest(), function));
            let variable = LocalVariable { name: Some(name.to_owned()), ty: unsigned, init };
            let variable = function.local_variables.append(variable, Span::UNDEFINED);
            function.expressions.append(Expression::LocalVariable(variable), Span::UNDEFINED)
        };
        Self { low: declare("rounds_low"), high: declare("rounds_high") }
    }

    /// The beginning of a round: takes one off, and leaves the loop where none is left; only on a condition, if there is one.
    pub(super) fn spend(self, function: &mut Function, condition: Option<Handle<Expression>>) -> Block {
        let mut block = Block::new();
        let low = computed(Expression::Load { pointer: self.low }, function, &mut block);
        let zero = literal(Kind::Unsigned, 0, function);
        let one = literal(Kind::Unsigned, 1, function);
        let is_over = binary(BinaryOperator::Equal, low, zero, function, &mut block);
        let mut borrow = Block::new();
        let high = computed(Expression::Load { pointer: self.high }, function, &mut borrow);
        let is_end = binary(BinaryOperator::Equal, high, zero, function, &mut borrow);
        let mut leave = Block::new();
        leave.push(Statement::Break, Span::UNDEFINED);
        borrow.push(when(is_end, leave), Span::UNDEFINED);
        let less = binary(BinaryOperator::Subtract, high, one, function, &mut borrow);
        borrow.push(Statement::Store { pointer: self.high, value: less }, Span::UNDEFINED);
        block.push(when(is_over, borrow), Span::UNDEFINED);
        let less = binary(BinaryOperator::Subtract, low, one, function, &mut block);
        block.push(Statement::Store { pointer: self.low, value: less }, Span::UNDEFINED);
        let Some(condition) = condition else { return block };
        let mut guarded = Block::new();
        guarded.push(when(condition, block), Span::UNDEFINED);
        guarded
    }
}

fn when(condition: Handle<Expression>, accept: Block) -> Statement {
    Statement::If { condition, accept, reject: Block::new() }
}
