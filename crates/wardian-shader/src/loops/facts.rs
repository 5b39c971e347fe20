//! What the statements of a function do, by their numbers: a statement comes before those within it.

use naga::{Arena, Block, Expression, Function, Handle, LocalVariable, Statement};

/// What the proofs ask of a function.
pub(super) struct Facts {
    statements: Vec<Facet>,
    /// Which statement computes an expression; none for those that need not be computed.
    computed_by: Vec<Option<usize>>,
    /// Which statements may write a variable, ascending.
    writers: Vec<Vec<usize>>,
    /// Which statements write who knows what.
    wild_writers: Vec<usize>,
    has_loops: bool,
}

struct Facet {
    /// The number behind its last inner one.
    end: usize,
    /// Whether it may go on with the next round of the loop around it.
    may_continue: bool,
}

impl Facts {
    pub(super) fn of(function: &Function) -> Self {
        let mut facts = Self {
            statements: Vec::new(),
            computed_by: vec![None; function.expressions.len()],
            writers: vec![Vec::new(); function.local_variables.len()],
            wild_writers: Vec::new(),
            has_loops: false,
        };
        facts.walk(&function.body, &function.expressions);
        facts
    }

    pub(super) fn has_loops(&self) -> bool {
        self.has_loops
    }

    /// The number behind the last statement within this one.
    pub(super) fn end(&self, number: usize) -> usize {
        self.statements.get(number).map_or(usize::MAX, |facet| facet.end)
    }

    pub(super) fn may_continue(&self, number: usize) -> bool {
        self.statements.get(number).is_none_or(|facet| facet.may_continue)
    }

    pub(super) fn is_computed_before(&self, expression: Handle<Expression>, number: usize) -> bool {
        self.computed_by.get(expression.index()).is_some_and(|&by| by.is_some_and(|by| by < number))
    }

    /// Whether a statement or those within it may write a variable.
    pub(super) fn writes(&self, number: usize, variable: Handle<LocalVariable>) -> bool {
        let within = number..self.end(number);
        let any = |writers: &[usize]| {
            let first = writers.get(writers.partition_point(|&writer| writer < within.start));
            first.is_some_and(|writer| within.contains(writer))
        };
        any(&self.wild_writers) || self.writers.get(variable.index()).is_none_or(|writers| any(writers))
    }

    /// Whether all that a statement does to a variable is done by this one within it.
    pub(super) fn writes_only_by(&self, number: usize, variable: Handle<LocalVariable>, by: usize) -> bool {
        let Some(writers) = self.writers.get(variable.index()) else { return false };
        let (within, allowed) = (number..self.end(number), by..self.end(by));
        let mut others = writers.iter().chain(&self.wild_writers).filter(|writer| !allowed.contains(writer));
        !others.any(|writer| within.contains(writer))
    }

    /// The one statement within this one that writes a variable.
    pub(super) fn only_writer(&self, number: usize, variable: Handle<LocalVariable>) -> Option<usize> {
        let writers = self.writers.get(variable.index())?;
        let end = self.end(number);
        let from = writers.partition_point(|&writer| writer < number);
        let to = writers.partition_point(|&writer| writer < end);
        let &[only] = writers.get(from..to)? else { return None };
        let is_wild = self.wild_writers.iter().any(|writer| (number..end).contains(writer));
        (!is_wild).then_some(only)
    }

    /// Numbers the statements of a block; says whether they may go on with the next round of the loop around them.
    fn walk(&mut self, block: &Block, expressions: &Arena<Expression>) -> bool {
        let mut may_continue = false;
        for statement in block {
            let number = self.statements.len();
            self.statements.push(Facet { end: 0, may_continue: false });
            let facet =
                Facet { may_continue: self.statement(statement, number, expressions), end: self.statements.len() };
            may_continue |= facet.may_continue;
            if let Some(slot) = self.statements.get_mut(number) {
                *slot = facet;
            }
        }
        may_continue
    }

    /// All kinds of statements are named, so that whoever adds one thinks of what it writes.
    fn statement(&mut self, statement: &Statement, number: usize, expressions: &Arena<Expression>) -> bool {
        match statement {
            Statement::Emit(range) => range.clone().for_each(|expression| self.computes(expression, number)),
            Statement::Block(block) => return self.walk(block, expressions),
            Statement::If { accept, reject, .. } => {
                let accepted = self.walk(accept, expressions);
                return self.walk(reject, expressions) | accepted;
            }
            Statement::Switch { cases, .. } => {
                return cases.iter().fold(false, |may, case| self.walk(&case.body, expressions) | may);
            }
            Statement::Loop { body, continuing, .. } => {
                self.has_loops = true;
                self.walk(body, expressions);
                self.walk(continuing, expressions);
            }
            Statement::Continue => return true,
            Statement::Store { pointer, .. } => self.writes_to(*pointer, number, expressions),
            Statement::Atomic { pointer, result, .. } => {
                self.writes_to(*pointer, number, expressions);
                result.iter().for_each(|&result| self.computes(result, number));
            }
            Statement::WorkGroupUniformLoad { result, .. }
            | Statement::SubgroupBallot { result, .. }
            | Statement::SubgroupGather { result, .. }
            | Statement::SubgroupCollectiveOperation { result, .. } => self.computes(*result, number),
            Statement::Call { arguments, result, .. } => {
                for &argument in arguments {
                    if is_pointer(argument, expressions) {
                        self.writes_to(argument, number, expressions);
                    }
                }
                result.iter().for_each(|&result| self.computes(result, number));
            }
            // WebGPU has none of these.
            Statement::RayQuery { .. } | Statement::RayPipelineFunction(_) | Statement::CooperativeStore { .. } => {
                self.wild_writers.push(number);
            }
            Statement::Break
            | Statement::Return { .. }
            | Statement::Kill
            | Statement::ControlBarrier(_)
            | Statement::MemoryBarrier(_)
            | Statement::ImageStore { .. }
            | Statement::ImageAtomic { .. } => {}
        }
        false
    }

    fn computes(&mut self, expression: Handle<Expression>, number: usize) {
        if let Some(by) = self.computed_by.get_mut(expression.index()) {
            *by = Some(number);
        }
    }

    fn writes_to(&mut self, pointer: Handle<Expression>, number: usize, expressions: &Arena<Expression>) {
        let root = root(pointer, expressions);
        if let Expression::LocalVariable(variable) = *root {
            if let Some(writers) = self.writers.get_mut(variable.index()) {
                writers.push(number);
            }
        // What an argument points to is a variable of another function, or of the module.
        } else if !matches!(root, Expression::GlobalVariable(_) | Expression::FunctionArgument(_)) {
            self.wild_writers.push(number);
        }
    }
}

/// What a pointer leads into.
pub(super) fn root(mut pointer: Handle<Expression>, expressions: &Arena<Expression>) -> &Expression {
    while let Expression::Access { base, .. } | Expression::AccessIndex { base, .. } = &expressions[pointer] {
        pointer = *base;
    }
    &expressions[pointer]
}

/// Whether an argument may be a pointer into a variable of this function. One that is taken for a pointer and is a value
/// does no harm.
fn is_pointer(argument: Handle<Expression>, expressions: &Arena<Expression>) -> bool {
    matches!(root(argument, expressions), Expression::LocalVariable(_))
}
