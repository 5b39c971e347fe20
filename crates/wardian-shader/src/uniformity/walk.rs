//! One walk over a function, which makes its graph.

use std::collections::BTreeSet;

use naga::{
    AddressSpace, Block, Expression, Function, GatherMode, GlobalVariable, Handle, Module, SampleLevel, ShaderStage,
    Span, Statement, SwitchCase, TypeInner,
};

use super::graph::{DIFFERENT, Graph, Node, SAME, START};
use super::operands::operands;
use super::{
    Analysis, Nodes, Site, Sources, Summary, is_same_input, is_same_space, is_same_variable, is_written_image,
};
use super::{Wanted, severity_of};
use crate::behavior::{Behavior, of_simple};
use crate::diagnostics::{Filters, Rule};
use crate::stages::blocks_of;

/// Whether anything in a module has to be uniform.
pub(super) fn has_sites(module: &Module) -> bool {
    let functions = module.functions.iter().map(|(_, function)| function);
    let mut all = functions.chain(module.entry_points.iter().map(|entry_point| &entry_point.function));
    all.any(|function| {
        function.expressions.iter().any(|(_, expression)| is_derivative(expression) || is_collective(expression))
            || has_barrier(&function.body)
    })
}

fn is_derivative(expression: &Expression) -> bool {
    if let Expression::ImageSample { level, gather: None, .. } = expression {
        return matches!(level, SampleLevel::Auto | SampleLevel::Bias(_));
    }
    matches!(expression, Expression::Derivative { .. })
}

/// Results of statements that want all invocations.
fn is_collective(expression: &Expression) -> bool {
    matches!(
        expression,
        Expression::SubgroupBallotResult
            | Expression::SubgroupOperationResult { .. }
            | Expression::WorkGroupUniformLoadResult { .. }
    )
}

fn has_barrier(block: &Block) -> bool {
    let mut pending = vec![block];
    while let Some(block) = pending.pop() {
        for statement in block {
            if matches!(statement, Statement::ControlBarrier(_)) {
                return true;
            }
            pending.extend(blocks_of(statement));
        }
    }
    false
}

pub(super) fn analyze(
    module: &Module,
    filters: &Filters,
    function: &Function,
    stage: Option<ShaderStage>,
    summaries: &[Summary],
) -> Analysis {
    let mut graph = Graph::new();
    let parameters = function.arguments.iter().map(|argument| {
        let value = match stage {
            None => graph.fresh(),
            Some(stage) if is_same_input(module, argument, stage) => SAME,
            Some(_) => DIFFERENT,
        };
        Nodes { value, contents: graph.fresh(), afterwards: graph.fresh() }
    });
    let parameters: Vec<_> = parameters.collect();
    let result = graph.fresh();
    // Variables of the function first, then what its parameters point to.
    let variables = function.local_variables.iter().map(|_| SAME);
    let variables = variables.chain(parameters.iter().map(|nodes| nodes.contents)).collect();
    let mut walk = Walk {
        module,
        filters,
        function,
        summaries,
        roots: Vec::with_capacity(function.expressions.len()),
        values: vec![SAME; function.expressions.len()],
        variables,
        flow: START,
        jumps: Vec::new(),
        analysis: Analysis { graph, sites: Vec::new(), parameters, result },
    };
    walk.find_roots();
    if walk.block(&function.body).has(Behavior::NEXT) {
        walk.leave();
    }
    walk.analysis
}

/// What a pointer points into.
#[derive(Clone, Copy, Debug)]
enum Root {
    /// A variable of the function, or what a parameter points to.
    Variable(usize),
    Global(Handle<GlobalVariable>),
    /// A parameter that points to a variable of the module, which is the same or not.
    Outside {
        is_same: bool,
    },
    /// It is no pointer.
    Nothing,
}

/// Where variables go on: after a loop or switch, or where the loop's next turn begins.
#[derive(Debug)]
struct Jump {
    assigned: Vec<usize>,
    /// For each of them, what it holds after a `break`.
    breaks: Vec<Node>,
    /// The same after a `continue`; none for a switch.
    continues: Option<Vec<Node>>,
}

struct Walk<'m> {
    module: &'m Module,
    filters: &'m Filters,
    function: &'m Function,
    summaries: &'m [Summary],
    roots: Vec<Root>,
    /// Of all expressions that have been evaluated.
    values: Vec<Node>,
    /// What all variables hold now.
    variables: Vec<Node>,
    /// Why this point is reached.
    flow: Node,
    jumps: Vec<Jump>,
    analysis: Analysis,
}

impl Walk<'_> {
    fn find_roots(&mut self) {
        for (handle, expression) in self.function.expressions.iter() {
            let root = if let Expression::LocalVariable(variable) = expression {
                Root::Variable(variable.index())
            } else if let Expression::GlobalVariable(variable) = expression {
                Root::Global(*variable)
            } else if let Expression::FunctionArgument(index) = expression {
                let index = usize::try_from(*index).unwrap_or(usize::MAX);
                if let (Some(nodes), Some(value)) =
                    (self.analysis.parameters.get(index), self.values.get_mut(handle.index()))
                {
                    *value = nodes.value;
                }
                self.root_of_parameter(index)
            } else if let Expression::Access { base, .. } | Expression::AccessIndex { base, .. } = expression {
                self.root(*base)
            } else {
                Root::Nothing
            };
            self.roots.push(root);
        }
    }

    fn root_of_parameter(&self, index: usize) -> Root {
        let ty = self.function.arguments.get(index).and_then(|argument| self.module.types.get_handle(argument.ty).ok());
        let space = if let Some(TypeInner::Pointer { space, .. } | TypeInner::ValuePointer { space, .. }) =
            ty.map(|ty| &ty.inner)
        {
            *space
        } else {
            return Root::Nothing;
        };
        if space == AddressSpace::Function {
            Root::Variable(self.function.local_variables.len().saturating_add(index))
        } else {
            Root::Outside { is_same: is_same_space(space) }
        }
    }

    fn root(&self, expression: Handle<Expression>) -> Root {
        self.roots.get(expression.index()).copied().unwrap_or(Root::Nothing)
    }

    fn value(&self, expression: Handle<Expression>) -> Node {
        self.values.get(expression.index()).copied().unwrap_or(DIFFERENT)
    }

    fn set_value(&mut self, expression: Handle<Expression>, node: Node) {
        self.values.get_mut(expression.index()).into_iter().for_each(|value| *value = node);
    }

    fn variable(&self, index: usize) -> Node {
        self.variables.get(index).copied().unwrap_or(DIFFERENT)
    }

    fn set_variable(&mut self, index: usize, node: Node) {
        self.variables.get_mut(index).into_iter().for_each(|variable| *variable = node);
    }

    fn all(&mut self, on: &[Node]) -> Node {
        self.analysis.graph.all(on.iter().copied())
    }

    fn want(&mut self, node: Node, severity: Option<usize>, what: impl Into<String>, span: Span) {
        if let Some(severity) = severity {
            self.analysis.sites.push(Site { node, severity, what: what.into(), span });
        }
    }

    /// What a pointer points to, with the way there.
    fn contents(&mut self, pointer: Handle<Expression>) -> Node {
        let contents = match self.root(pointer) {
            Root::Variable(index) => self.variable(index),
            Root::Global(variable) => match self.module.global_variables.try_get(variable) {
                Ok(variable) if is_same_variable(variable) => SAME,
                _ => DIFFERENT,
            },
            Root::Outside { is_same: true } => SAME,
            Root::Outside { is_same: false } | Root::Nothing => DIFFERENT,
        };
        let way = self.value(pointer);
        self.all(&[contents, way])
    }

    fn evaluate(&mut self, handle: Handle<Expression>) {
        let Ok(expression) = self.function.expressions.try_get(handle) else { return };
        let span = self.function.expressions.get_span(handle);
        if is_derivative(expression) {
            let severity = severity_of(self.filters, Rule::Derivative, span);
            let what = "derivatives, also those that choose the level of a texture, want uniform control flow: all \
                        invocations must come here together, and a condition on the way may differ between them";
            self.want(self.flow, severity, what, span);
            return self.set_value(handle, DIFFERENT);
        }
        let node = if let Expression::Load { pointer } = expression {
            self.contents(*pointer)
        } else if let Expression::ImageLoad { image, .. } = expression
            && self.is_written(*image)
        {
            DIFFERENT
        } else {
            let operands: Vec<_> = operands(expression).into_iter().map(|operand| self.value(operand)).collect();
            self.all(&operands)
        };
        self.set_value(handle, node);
    }

    fn is_written(&self, image: Handle<Expression>) -> bool {
        let ty = match self.function.expressions.try_get(image) {
            Ok(Expression::GlobalVariable(variable)) => {
                self.module.global_variables.try_get(*variable).ok().map(|it| it.ty)
            }
            Ok(Expression::FunctionArgument(index)) => {
                let argument = usize::try_from(*index).ok().and_then(|index| self.function.arguments.get(index));
                argument.map(|argument| argument.ty)
            }
            _ => None,
        };
        ty.and_then(|ty| self.module.types.get_handle(ty).ok()).is_some_and(is_written_image)
    }

    /// Walks a block as far as it is reached.
    fn block(&mut self, block: &Block) -> Behavior {
        let mut behavior = Behavior::NEXT;
        for (statement, span) in block.span_iter() {
            behavior = behavior.then(self.statement(statement, *span));
            if !behavior.has(Behavior::NEXT) {
                break;
            }
        }
        behavior
    }

    fn statement(&mut self, statement: &Statement, span: Span) -> Behavior {
        if let Statement::Block(block) = statement {
            return self.block(block);
        } else if let Statement::If { condition, accept, reject } = statement {
            return self.branch(*condition, &[accept, reject]);
        } else if let Statement::Switch { selector, cases } = statement {
            return self.switch(*selector, cases);
        } else if let Statement::Loop { body, continuing, break_if } = statement {
            return self.repeat(body, continuing, *break_if);
        } else if let Statement::Emit(range) = statement {
            range.clone().for_each(|handle| self.evaluate(handle));
        } else if let Statement::Store { pointer, value } = statement {
            self.store(*pointer, *value);
        } else if let Statement::Call { function, arguments, result } = statement {
            self.call(*function, arguments, *result, span);
        } else if let Statement::Return { value } = statement {
            if let Some(value) = value {
                let node = self.all(&[self.value(*value), self.flow]);
                let result = self.analysis.result;
                self.analysis.graph.depend(result, node);
            }
            self.leave();
        } else if let Statement::Break | Statement::Continue = statement {
            self.jump(matches!(statement, Statement::Break));
        } else {
            self.collective(statement, span);
        }
        of_simple(statement)
    }

    /// Statements that want all invocations, and atomic ones.
    fn collective(&mut self, statement: &Statement, span: Span) {
        let barrier = "barriers want uniform control flow: all invocations of a workgroup must come here together, and a \
                       condition on the way may differ between them";
        let subgroup = "functions on subgroups want uniform control flow: all invocations must come here together, and \
                        a condition on the way may differ between them";
        if let Statement::ControlBarrier(_) = statement {
            self.want(self.flow, Some(0), barrier, span);
        } else if let Statement::WorkGroupUniformLoad { pointer, result } = statement {
            self.want(self.flow, Some(0), barrier, span);
            let what = "`workgroupUniformLoad` wants a pointer that is the same for all invocations of a workgroup";
            self.want(self.value(*pointer), Some(0), what, span);
            self.set_value(*result, SAME);
        } else if let Statement::SubgroupBallot { result, .. }
        | Statement::SubgroupCollectiveOperation { result, .. }
        | Statement::SubgroupGather { result, .. } = statement
        {
            let severity = severity_of(self.filters, Rule::Subgroup, span);
            self.want(self.flow, severity, subgroup, span);
            if let Statement::SubgroupGather {
                mode: GatherMode::ShuffleUp(by) | GatherMode::ShuffleDown(by) | GatherMode::ShuffleXor(by),
                ..
            } = statement
            {
                let node = self.all(&[self.value(*by), self.flow]);
                let what = "the distance of a shuffle must be the same for all invocations of a subgroup";
                self.want(node, severity, what, span);
            }
            self.set_value(*result, DIFFERENT);
        } else if let Statement::Atomic { result: Some(result), .. } = statement {
            self.set_value(*result, DIFFERENT);
        }
    }

    fn store(&mut self, pointer: Handle<Expression>, value: Handle<Expression>) {
        let Root::Variable(index) = self.root(pointer) else { return };
        let mut on = vec![self.value(value), self.flow];
        let is_whole = matches!(
            self.function.expressions.try_get(pointer),
            Ok(Expression::LocalVariable(_) | Expression::FunctionArgument(_))
        );
        if !is_whole {
            on.extend([self.variable(index), self.value(pointer)]);
        }
        let node = self.all(&on);
        self.set_variable(index, node);
    }

    fn call(
        &mut self,
        function: Handle<Function>,
        arguments: &[Handle<Expression>],
        result: Option<Handle<Expression>>,
        span: Span,
    ) {
        let Some(summary) = self.summaries.get(function.index()) else { return };
        let name = self.module.functions.try_get(function).ok().and_then(|function| function.name.as_deref());
        let name = name.unwrap_or_default();
        let severities =
            |wanted: Wanted| (0..wanted.len()).filter(move |severity| wanted.get(*severity) == Some(&true));
        for severity in severities(summary.flow) {
            let what = format!(
                "`{name}` wants uniform control flow, for something that it does: all invocations must come here \
                 together, and a condition on the way may differ between them"
            );
            self.want(self.flow, Some(severity), what, span);
        }
        let before: Vec<_> = arguments.iter().map(|argument| self.contents(*argument)).collect();
        for ((parameter, argument), contents) in summary.parameters.iter().zip(arguments).zip(&before) {
            let value = self.all(&[self.value(*argument), self.flow]);
            let what = || {
                format!("`{name}` wants arguments that are the same for all invocations, for something that it does")
            };
            severities(parameter.value).for_each(|severity| self.want(value, Some(severity), what(), span));
            severities(parameter.contents).for_each(|severity| self.want(*contents, Some(severity), what(), span));
        }
        for (parameter, argument) in summary.parameters.iter().zip(arguments) {
            if let Root::Variable(index) = self.root(*argument) {
                let node = self.given(&parameter.afterwards, arguments, &before);
                self.set_variable(index, node);
            }
        }
        if let Some(result) = result {
            let node = self.given(&summary.result, arguments, &before);
            self.set_value(result, node);
        }
    }

    /// What a called function gives.
    fn given(&mut self, sources: &Sources, arguments: &[Handle<Expression>], contents: &[Node]) -> Node {
        let values = sources.values.iter().filter_map(|index| arguments.get(*index)).map(|value| self.value(*value));
        let contents = sources.contents.iter().filter_map(|index| contents.get(*index)).copied();
        let mut on: Vec<_> = values.chain(contents).collect();
        on.push(self.flow);
        if sources.is_different {
            on.push(DIFFERENT);
        }
        self.all(&on)
    }

    /// The end of the function: what parameters point to now is what they point to afterwards.
    fn leave(&mut self) {
        let locals = self.function.local_variables.len();
        for index in 0..self.analysis.parameters.len() {
            let now = self.variable(locals.saturating_add(index));
            let Some(nodes) = self.analysis.parameters.get(index).copied() else { continue };
            self.analysis.graph.depend(nodes.afterwards, now);
        }
    }

    /// `break` out of the innermost loop or switch, or on with the loop's next turn.
    fn jump(&mut self, is_break: bool) {
        let target = self.jumps.iter().rev().find(|jump| is_break || jump.continues.is_some());
        let Some(Jump { assigned, breaks, continues }) = target else { return };
        let nodes = if is_break { Some(breaks) } else { continues.as_ref() };
        for (index, node) in assigned.iter().zip(nodes.into_iter().flatten()) {
            let now = self.variables.get(*index).copied().unwrap_or(DIFFERENT);
            self.analysis.graph.depend(*node, now);
        }
    }

    /// Walks each block from here on, and goes on after all of them.
    fn branch(&mut self, condition: Handle<Expression>, blocks: &[&Block]) -> Behavior {
        let assigned = self.assigned(blocks);
        let before: Vec<_> = assigned.iter().map(|index| self.variable(*index)).collect();
        let flow = self.flow;
        let inside = self.all(&[self.value(condition), flow]);
        let mut all = Behavior::default();
        let (mut flows, mut ends) = (Vec::new(), vec![Vec::new(); assigned.len()]);
        for block in blocks {
            self.flow = inside;
            assigned.iter().zip(&before).for_each(|(index, node)| self.set_variable(*index, *node));
            let behavior = self.block(block);
            all = all.with(behavior);
            flows.push(self.flow);
            if behavior.has(Behavior::NEXT) {
                ends.iter_mut().zip(&assigned).for_each(|(end, index)| end.push(self.variable(*index)));
            }
        }
        for (index, end) in assigned.iter().zip(&ends) {
            let node = self.all(end);
            self.set_variable(*index, node);
        }
        self.flow = if all == Behavior::NEXT { flow } else { self.all(&flows) };
        all
    }

    fn switch(&mut self, selector: Handle<Expression>, cases: &[SwitchCase]) -> Behavior {
        let blocks: Vec<_> = cases.iter().filter(|case| !case.fall_through).map(|case| &case.body).collect();
        let assigned = self.assigned(&blocks);
        let breaks: Vec<_> = assigned.iter().map(|_| self.analysis.graph.fresh()).collect();
        let flow = self.flow;
        self.jumps.push(Jump { assigned, breaks, continues: None });
        let behavior = self.branch(selector, &blocks);
        let Some(Jump { assigned, breaks, .. }) = self.jumps.pop() else { return behavior };
        for (index, node) in assigned.into_iter().zip(breaks) {
            // Where no case comes to its end, this is nothing.
            let now = self.variable(index);
            self.analysis.graph.depend(node, now);
            self.set_variable(index, node);
        }
        let behavior = behavior.of_switch();
        if behavior == Behavior::NEXT {
            self.flow = flow;
        }
        behavior
    }

    fn repeat(&mut self, body: &Block, continuing: &Block, break_if: Option<Handle<Expression>>) -> Behavior {
        let assigned = self.assigned(&[body, continuing]);
        let mut fresh = || assigned.iter().map(|_| self.analysis.graph.fresh()).collect::<Vec<_>>();
        let (heads, breaks, continues) = (fresh(), fresh(), fresh());
        let (flow, head) = (self.flow, self.analysis.graph.fresh());
        self.analysis.graph.depend(head, flow);
        self.connect(&assigned, &heads);
        self.flow = head;
        self.jumps.push(Jump { assigned: assigned.clone(), breaks, continues: Some(continues.clone()) });
        let of_body = self.block(body);
        if of_body.has(Behavior::NEXT) {
            self.jump(false);
        }
        assigned.iter().zip(&continues).for_each(|(index, node)| self.set_variable(*index, *node));
        let mut all = of_body.with(self.block(continuing));
        if let Some(condition) = break_if {
            self.flow = self.all(&[self.value(condition), self.flow]);
            self.jump(true);
            all = all.with(Behavior::BREAK);
        }
        // The next turn.
        for (index, node) in assigned.iter().zip(&heads) {
            let now = self.variable(*index);
            self.analysis.graph.depend(*node, now);
        }
        self.analysis.graph.depend(head, self.flow);
        if let Some(Jump { breaks, .. }) = self.jumps.pop() {
            assigned.iter().zip(breaks).for_each(|(index, node)| self.set_variable(*index, node));
        }
        let behavior = all.of_loop().unwrap_or(Behavior::RETURN);
        if behavior == Behavior::NEXT {
            self.flow = flow;
        }
        behavior
    }

    /// Lets variables go on as nodes that depend on what they hold.
    fn connect(&mut self, assigned: &[usize], nodes: &[Node]) {
        for (index, node) in assigned.iter().zip(nodes) {
            let now = self.variable(*index);
            self.analysis.graph.depend(*node, now);
            self.set_variable(*index, *node);
        }
    }

    /// The variables that are assigned somewhere in these blocks.
    fn assigned(&self, blocks: &[&Block]) -> Vec<usize> {
        let mut assigned = BTreeSet::new();
        let mut pending = blocks.to_vec();
        while let Some(block) = pending.pop() {
            for statement in block {
                if let Statement::Store { pointer, .. } = statement {
                    self.add(*pointer, &mut assigned);
                } else if let Statement::Call { arguments, .. } = statement {
                    arguments.iter().for_each(|argument| self.add(*argument, &mut assigned));
                } else {
                    pending.extend(blocks_of(statement));
                }
            }
        }
        assigned.into_iter().collect()
    }

    fn add(&self, pointer: Handle<Expression>, assigned: &mut BTreeSet<usize>) {
        if let Root::Variable(index) = self.root(pointer) {
            assigned.insert(index);
        }
    }
}
