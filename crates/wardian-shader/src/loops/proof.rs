//! Whether a loop ends.
//!
//! What is looked for: a whole number `v` of the function's own that each round steps once, always alike, and a test in
//! each round that leaves the loop unless `v` is on one side of a bound. Then the numbers that are tested are a sequence
//! which goes one way as long as no step leaps over the end of the numbers, and that has an end.

use std::collections::HashMap;

use naga::{BinaryOperator, Block, Expression, Function, Handle, Literal, LocalVariable, Statement, UnaryOperator};

use super::Declarations;
use super::facts::Facts;
use super::invariant::Invariant;
use super::number::{Kind, known};

/// A loop statement, and its number.
pub(super) struct Loop<'a> {
    pub(super) number: usize,
    pub(super) body: &'a Block,
    pub(super) continuing: &'a Block,
    pub(super) break_if: Option<Handle<Expression>>,
}

/// When a loop ends.
pub(super) enum Ends {
    Always,
    /// Unless this is so, seen from before the loop.
    Unless(Leap),
    Unknown,
}

/// That a step may leap over the end of the numbers: `bound operator limit`, or that `least` is less than 1.
pub(super) struct Leap {
    pub(super) bound: Handle<Expression>,
    pub(super) operator: BinaryOperator,
    pub(super) limit: Limit,
    pub(super) kind: Kind,
    /// A variable, as it is before the loop.
    pub(super) least: Option<Handle<LocalVariable>>,
}

pub(super) enum Limit {
    Number(i64),
    /// The step less 1. (Of 0 that is the greatest number: such a loop goes nowhere, so nothing must pass.)
    Step(Handle<Expression>),
    /// The greatest number less that.
    FromGreatest(Handle<Expression>),
}

/// What a round does to the number.
enum Step {
    Up(Amount),
    Down(Amount),
    /// Towards 0, by halves or more.
    Shrink,
    /// Times this.
    Grow(i64),
}

enum Amount {
    Number(i64),
    /// Of no sign, and the same in each round.
    Value(Handle<Expression>),
}

/// What every round does that doesn't leave the loop, by the numbers of the statements.
#[derive(Default)]
struct Round {
    computed: HashMap<Handle<Expression>, usize>,
    /// Variables' new values.
    stored: HashMap<usize, (Handle<Expression>, Handle<Expression>)>,
    /// What is tested, and with which outcome the loop goes on.
    tests: Vec<(usize, Handle<Expression>, bool)>,
    /// Variables that `&&` and `||` have written; naga makes branches of these.
    choices: HashMap<Handle<LocalVariable>, Choice>,
}

/// What makes a variable have a value, by an `if`.
struct Choice {
    number: usize,
    condition: Handle<Expression>,
    /// The variable's value where the condition doesn't hold.
    otherwise: bool,
}

pub(super) struct Proof<'a> {
    pub(super) declarations: &'a Declarations<'a>,
    pub(super) facts: &'a Facts,
    pub(super) function: &'a Function,
}

impl Proof<'_> {
    pub(super) fn of(&self, of: &Loop<'_>) -> Ends {
        let mut round = Round::default();
        let inside = of.number.saturating_add(1);
        let mut is_reached = true;
        let behind = self.follow(of.body, inside, &mut is_reached, &mut round);
        self.follow(of.continuing, behind, &mut true, &mut round);
        if let Some(condition) = of.break_if {
            round.tests.push((self.facts.end(of.number), condition, false));
        }
        let mut ends = Ends::Unknown;
        for &(test, condition, outcome) in &round.tests {
            let Some((operator, left, right)) = self.comparison(of.number, &round, condition, outcome) else {
                continue;
            };
            let mirrored = mirrored(operator).map(|operator| (operator, right, left));
            for (operator, number, bound) in [Some((operator, left, right)), mirrored].into_iter().flatten() {
                match self.counts(of.number, &round, test, (operator, number, bound)).unwrap_or(Ends::Unknown) {
                    Ends::Always => return Ends::Always,
                    Ends::Unless(leap) => ends = Ends::Unless(leap),
                    Ends::Unknown => {}
                }
            }
        }
        ends
    }

    /// Takes up what is done in every round, as long as no statement may have gone on with the next.
    fn follow(&self, block: &Block, first: usize, is_reached: &mut bool, round: &mut Round) -> usize {
        let mut next = first;
        for statement in block {
            let number = next;
            next = self.facts.end(number);
            if let Statement::Block(inner) = statement {
                self.follow(inner, number.saturating_add(1), is_reached, round);
                continue;
            }
            if !*is_reached {
                continue;
            }
            if let Statement::Emit(range) = statement {
                round.computed.extend(range.clone().map(|expression| (expression, number)));
            } else if let Statement::Store { pointer, value } = statement {
                round.stored.insert(number, (*pointer, *value));
            } else if let Statement::If { condition, accept, reject } = statement {
                if leaves(accept) {
                    round.tests.push((number, *condition, false));
                } else if leaves(reject) {
                    round.tests.push((number, *condition, true));
                } else if let Some((variable, otherwise)) = self.chooses(accept, reject) {
                    round.choices.insert(variable, Choice { number, condition: *condition, otherwise });
                }
            }
            *is_reached &= !self.facts.may_continue(number);
        }
        next
    }

    /// What the branches of an `if` write, if the second one writes what is known and nothing else.
    fn chooses(&self, accept: &Block, reject: &Block) -> Option<(Handle<LocalVariable>, bool)> {
        let written = |statement: Option<&Statement>| {
            let Some(&Statement::Store { pointer, value }) = statement else { return None };
            let Expression::LocalVariable(variable) = self.function.expressions[pointer] else { return None };
            Some((variable, value))
        };
        let ((variable, _), (also, value)) = (written(accept.last())?, written(reject.last())?);
        let Expression::Literal(Literal::Bool(otherwise)) = self.function.expressions[value] else { return None };
        (variable == also && reject.len() == 1).then_some((variable, otherwise))
    }

    /// What is compared, such that the loop goes on only where it holds.
    fn comparison(
        &self,
        of: usize,
        round: &Round,
        mut condition: Handle<Expression>,
        mut outcome: bool,
    ) -> Option<(BinaryOperator, Handle<Expression>, Handle<Expression>)> {
        loop {
            if let Expression::Binary { op, left, right } = self.function.expressions[condition] {
                return Some((if outcome { op } else { negated(op)? }, left, right));
            } else if let Expression::Unary { op: UnaryOperator::LogicalNot, expr } =
                self.function.expressions[condition]
            {
                (condition, outcome) = (expr, !outcome);
            } else {
                let (variable, read) = self.loaded(condition, round)?;
                let choice = round.choices.get(&variable)?;
                let is_its_value = choice.number < read && self.facts.writes_only_by(of, variable, choice.number);
                if !is_its_value || choice.otherwise == outcome {
                    return None;
                }
                // It has another value, so the condition has held.
                (condition, outcome) = (choice.condition, true);
            }
        }
    }

    /// When a loop ends whose every round tests a number so.
    fn counts(
        &self,
        of: usize,
        round: &Round,
        test: usize,
        (operator, tested, bound): (BinaryOperator, Handle<Expression>, Handle<Expression>),
    ) -> Option<Ends> {
        use BinaryOperator::{Greater, GreaterEqual, Less, LessEqual, NotEqual};
        let (variable, _) = self.loaded(tested, round)?;
        let kind = Kind::of(&self.function.local_variables[variable], self.declarations)?;
        let writer = self.facts.only_writer(of, variable)?;
        let &(pointer, value) = round.stored.get(&writer)?;
        if !matches!(self.function.expressions[pointer], Expression::LocalVariable(_)) {
            return None;
        }
        let before = Invariant { declarations: self.declarations, facts: self.facts, of };
        let step = self.step(value, variable, kind, writer, round, &before)?;
        let constant = known(bound, &self.function.expressions, self.declarations);
        let leap = |operator, limit| {
            if let (Some(bound), Limit::Number(limit)) = (constant, &limit) {
                let leaps = if operator == Greater { bound > *limit } else { bound < *limit };
                return if leaps { Ends::Unknown } else { Ends::Always };
            }
            match before.holds(bound, self.function) {
                true => Ends::Unless(Leap { bound, operator, limit, kind, least: None }),
                false => Ends::Unknown,
            }
        };
        let (least, greatest) = (kind.least(), kind.greatest());
        Some(match (step, operator) {
            // From below the bound there is room for a step of 1, even if the bound moves.
            (Step::Up(Amount::Number(1)), Less) | (Step::Down(Amount::Number(1)), Greater) => Ends::Always,
            // One after the other all numbers come.
            (Step::Up(Amount::Number(1)) | Step::Down(Amount::Number(1)), NotEqual)
                if before.holds(bound, self.function) =>
            {
                Ends::Always
            }
            (Step::Up(Amount::Number(step)), Less) => {
                leap(Greater, Limit::Number(greatest.saturating_sub(step).saturating_add(1)))
            }
            (Step::Up(Amount::Number(step)), LessEqual) => leap(Greater, Limit::Number(greatest.saturating_sub(step))),
            (Step::Down(Amount::Number(step)), Greater) => {
                leap(Less, Limit::Number(least.saturating_add(step).saturating_sub(1)))
            }
            (Step::Down(Amount::Number(step)), GreaterEqual) => leap(Less, Limit::Number(least.saturating_add(step))),
            (Step::Up(Amount::Value(step)), Less) => leap(Greater, Limit::FromGreatest(step)),
            (Step::Up(Amount::Value(step)), LessEqual) => leap(GreaterEqual, Limit::FromGreatest(step)),
            (Step::Down(Amount::Value(step)), Greater) => leap(Less, Limit::Step(step)),
            (Step::Down(Amount::Value(step)), GreaterEqual) => leap(LessEqual, Limit::Step(step)),
            (Step::Shrink, Greater) if kind == Kind::Unsigned => Ends::Always,
            (Step::Shrink, NotEqual) if kind == Kind::Unsigned && constant == Some(0) => Ends::Always,
            (Step::Shrink, Greater) => leap(Less, Limit::Number(0)),
            (Step::Shrink, GreaterEqual) => leap(Less, Limit::Number(1)),
            // Nothing grows out of 0.
            (Step::Grow(factor), Less | LessEqual) if test < writer && before.holds(bound, self.function) => {
                let limit = Limit::Number(greatest.checked_div(factor)?);
                Ends::Unless(Leap { bound, operator: Greater, limit, kind, least: Some(variable) })
            }
            _ => Ends::Unknown,
        })
    }

    /// The variable whose value of this round this is, and the statement that reads it.
    fn loaded(&self, value: Handle<Expression>, round: &Round) -> Option<(Handle<LocalVariable>, usize)> {
        let Expression::Load { pointer } = self.function.expressions[value] else { return None };
        let Expression::LocalVariable(variable) = self.function.expressions[pointer] else { return None };
        Some((variable, *round.computed.get(&value)?))
    }

    /// What a round makes of a variable when it stores this value in it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not named is taken for the worst")]
    fn step(
        &self,
        value: Handle<Expression>,
        variable: Handle<LocalVariable>,
        kind: Kind,
        writer: usize,
        round: &Round,
        before: &Invariant<'_>,
    ) -> Option<Step> {
        let Expression::Binary { op, left, right } = self.function.expressions[value] else { return None };
        let is_own = |side| self.loaded(side, round).is_some_and(|(of, read)| of == variable && read < writer);
        let other = match op {
            _ if is_own(left) => right,
            BinaryOperator::Add | BinaryOperator::Multiply if is_own(right) => left,
            _ => return None,
        };
        let number = known(other, &self.function.expressions, self.declarations);
        Some(match (op, number) {
            (BinaryOperator::Add, Some(number)) => along(number)?,
            (BinaryOperator::Subtract, Some(number)) => along(number.checked_neg()?)?,
            (BinaryOperator::Divide, Some(2..)) | (BinaryOperator::ShiftRight, Some(1..=31)) => Step::Shrink,
            (BinaryOperator::Multiply, Some(factor @ 2..)) => Step::Grow(factor),
            (BinaryOperator::ShiftLeft, Some(places @ 1..=31)) => {
                Step::Grow(1_i64.checked_shl(u32::try_from(places).ok()?)?)
            }
            (BinaryOperator::Add, None) if kind == Kind::Unsigned && before.holds(other, self.function) => {
                Step::Up(Amount::Value(other))
            }
            (BinaryOperator::Subtract, None) if kind == Kind::Unsigned && before.holds(other, self.function) => {
                Step::Down(Amount::Value(other))
            }
            _ => return None,
        })
    }
}

/// A step by a number of either sign.
fn along(number: i64) -> Option<Step> {
    match number {
        0 => None,
        1.. => Some(Step::Up(Amount::Number(number))),
        _ => Some(Step::Down(Amount::Number(number.checked_neg()?))),
    }
}

/// Whether a branch of an `if` always leaves the loop around it.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not named is taken for the worst")]
fn leaves(branch: &Block) -> bool {
    for statement in branch {
        match statement {
            Statement::Break | Statement::Return { .. } => return true,
            Statement::Block(inner) if leaves(inner) => return true,
            Statement::Emit(_) | Statement::Store { .. } => {}
            _ => return false,
        }
    }
    false
}

/// The comparison of whole numbers that holds where this one doesn't.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not named is taken for the worst")]
fn negated(operator: BinaryOperator) -> Option<BinaryOperator> {
    use BinaryOperator::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
    Some(match operator {
        Less => GreaterEqual,
        GreaterEqual => Less,
        Greater => LessEqual,
        LessEqual => Greater,
        Equal => NotEqual,
        NotEqual => Equal,
        _ => return None,
    })
}

/// The same comparison with its sides changed.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not named is taken for the worst")]
fn mirrored(operator: BinaryOperator) -> Option<BinaryOperator> {
    use BinaryOperator::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
    Some(match operator {
        Less => Greater,
        Greater => Less,
        LessEqual => GreaterEqual,
        GreaterEqual => LessEqual,
        Equal | NotEqual => operator,
        _ => return None,
    })
}
