//! Every loop ends, and most do so without a counter.
//!
//! To a GPU's compiler a loop without end is undefined behaviour: it may leave out what stands behind the loop, and with
//! it the checks that keep a shader in its own memory. naga's backends can count the rounds of each loop, but a counter
//! costs a tight loop half of its speed, for it also keeps drivers from unrolling it. Here loops come in three kinds:
//!
//! - Those that count towards a bound and reach it, whatever the numbers are: `for (var i = a; i < b; i++)`. They stay
//!   as they are.
//! - Those that reach it unless a step leaps over the greatest number: `for (var i = a; i < b; i += 64)`. Whether one may
//!   is computed once, before the loop, from what the loop doesn't change. Only if so the rounds are counted.
//! - All others: their rounds are counted.
//!
//! Counted loops end after 2^64 rounds in all of one call, as with naga: nobody waits for that, and a compiler that does
//! not know it cannot take the loop for an endless one. Whether an end comes soon enough is the watchdog's business.
//!
//! [`facts`] says what each statement writes and computes, [`proof`] finds out of which kind a loop is, [`invariant`] moves
//! before the loop what it doesn't change, and [`budget`] counts.

mod budget;
mod facts;
mod invariant;
mod number;
mod proof;
#[cfg(test)]
mod tests;

use std::mem;

use naga::{Block, Expression, Function, Handle, Module, Scalar, Span, Statement, Type, TypeInner};

use self::budget::Budget;
use self::facts::Facts;
use self::invariant::Invariant;
use self::proof::{Ends, Loop, Proof};

/// What the functions of a module share.
struct Declarations<'a> {
    types: &'a naga::UniqueArena<Type>,
    constants: &'a naga::Arena<naga::Constant>,
    global_variables: &'a naga::Arena<naga::GlobalVariable>,
    global_expressions: &'a naga::Arena<Expression>,
    /// The type `u32`.
    unsigned: Handle<Type>,
}

/// Makes every loop of a valid module end. The module stays valid.
pub(super) fn bound(module: &mut Module) {
    let unsigned = Type { name: None, inner: TypeInner::Scalar(Scalar::U32) };
    let unsigned = module.types.insert(unsigned, Span::UNDEFINED);
    let Module { types, constants, global_variables, global_expressions, functions, entry_points, .. } = module;
    let declarations = Declarations { types, constants, global_variables, global_expressions, unsigned };
    let entry_points = entry_points.iter_mut().map(|entry_point| &mut entry_point.function);
    for function in functions.iter_mut().map(|(_, function)| function).chain(entry_points) {
        let facts = Facts::of(function);
        if facts.has_loops() {
            let mut body = mem::take(&mut function.body);
            let mut rewriter = Rewriter { declarations: &declarations, facts: &facts, function, budget: None };
            rewriter.block(&mut body, 0);
            function.body = body;
        }
    }
}

/// Goes through a function's statements, which [`Facts`] has numbered.
struct Rewriter<'a> {
    declarations: &'a Declarations<'a>,
    facts: &'a Facts,
    /// Without its body.
    function: &'a mut Function,
    /// Of the loops whose rounds are counted, if there are any yet.
    budget: Option<Budget>,
}

impl Rewriter<'_> {
    /// Rewrites the statements of a block, the first of which has this number; gives the number behind the last one.
    fn block(&mut self, block: &mut Block, first: usize) -> usize {
        let mut next = first;
        let statements = mem::replace(block, Block::with_capacity(block.len()));
        for (mut statement, span) in statements.span_into_iter() {
            let inside = next.saturating_add(1);
            if let Statement::Block(inner) = &mut statement {
                self.block(inner, inside);
            } else if let Statement::If { accept, reject, .. } = &mut statement {
                let inside = self.block(accept, inside);
                self.block(reject, inside);
            } else if let Statement::Switch { cases, .. } = &mut statement {
                cases.iter_mut().fold(inside, |inside, case| self.block(&mut case.body, inside));
            } else if let Statement::Loop { body, continuing, break_if } = &mut statement {
                let proof = Proof { declarations: self.declarations, facts: self.facts, function: self.function };
                let ends = proof.of(&Loop { number: next, body, continuing, break_if: *break_if });
                let inside = self.block(body, inside);
                self.block(continuing, inside);
                let before = Invariant { declarations: self.declarations, facts: self.facts, of: next };
                self.count(ends, &before, block, body);
            }
            block.push(statement, span);
            next = self.facts.end(next);
        }
        next
    }

    /// Counts the rounds of a loop that may have no end; `before` is what comes before it.
    fn count(&mut self, ends: Ends, invariant: &Invariant<'_>, before: &mut Block, body: &mut Block) {
        let condition = match ends {
            Ends::Always => return,
            Ends::Unless(leap) => Some(leap.write(invariant, self.function, before)),
            Ends::Unknown => None,
        };
        let unsigned = self.declarations.unsigned;
        let budget = *self.budget.get_or_insert_with(|| Budget::declare(self.function, unsigned));
        let mut counted = budget.spend(self.function, condition);
        counted.extend_block(mem::take(body));
        *body = counted;
    }
}
