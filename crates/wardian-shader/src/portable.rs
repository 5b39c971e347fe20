//! A module of naga's on its way out of the component, as bytes that native code reads without recursion.
//!
//! naga's own form nests blocks in blocks, so whoever reads it needs a stack as deep as its writer likes. Here the
//! blocks of a function are a list: each one after those that are in it. And there is no word for statements that
//! WebGPU hasn't, such as those about rays.

use naga::diagnostic_filter::DiagnosticFilterNode;
use naga::{
    Arena, AtomicFunction, Barrier, Block, CollectiveOperation, Constant, EarlyDepthTest, EntryPoint, Expression,
    Function, FunctionArgument, FunctionResult, GatherMode, GlobalVariable, Handle, LocalVariable, Module, Override,
    Range, ShaderStage, Span, SpecialTypes, Statement, SubgroupOperation, SwitchCase, SwitchValue, Type, UniqueArena,
};
use serde::{Deserialize, Serialize};

use super::bounds::Excess;
use super::{Refusal, range_of};

/// Blocks in blocks. [`crate::shape`] lets fewer through; naga adds some of its own.
const BLOCK_DEPTH_MAX: usize = 1024;

/// What came out of the component is not what comes out of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Broken {
    /// Blocks are missing, left over, or too deep.
    Blocks,
    /// An error and a module, or neither.
    Contradiction,
    /// More than native code takes.
    Excess(Excess),
}

impl From<Excess> for Broken {
    fn from(excess: Excess) -> Self {
        Self::Excess(excess)
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Blocks => formatter.write_str("its blocks do not fit together"),
            Self::Contradiction => formatter.write_str("it is a module and an error, or neither"),
            Self::Excess(excess) => excess.fmt(formatter),
        }
    }
}

impl std::error::Error for Broken {}

/// A module.
#[derive(Debug, Deserialize, Serialize)]
pub struct Portable {
    types: UniqueArena<Type>,
    special_types: SpecialTypes,
    constants: Arena<Constant>,
    overrides: Arena<Override>,
    global_variables: Arena<GlobalVariable>,
    global_expressions: Arena<Expression>,
    functions: Vec<PortableFunction>,
    entry_points: Vec<PortableEntryPoint>,
    diagnostic_filters: Arena<DiagnosticFilterNode>,
    diagnostic_filter_leaf: Option<Handle<DiagnosticFilterNode>>,
}

#[derive(Debug, Deserialize, Serialize)]
struct PortableEntryPoint {
    name: String,
    stage: ShaderStage,
    early_depth_test: Option<EarlyDepthTest>,
    workgroup_size: [u32; 3],
    workgroup_size_overrides: Option<[Option<Handle<Expression>>; 3]>,
    function: PortableFunction,
}

#[derive(Debug, Deserialize, Serialize)]
struct PortableFunction {
    name: Option<String>,
    arguments: Vec<FunctionArgument>,
    result: Option<FunctionResult>,
    local_variables: Arena<LocalVariable>,
    expressions: Arena<Expression>,
    named_expressions: Vec<(Handle<Expression>, String)>,
    blocks: Vec<Vec<Step>>,
    diagnostic_filter_leaf: Option<Handle<DiagnosticFilterNode>>,
}

/// A statement. Those that hold blocks take the last ones that no other statement has taken.
#[derive(Debug, Deserialize, Serialize)]
enum Step {
    Block,
    If {
        condition: Handle<Expression>,
    },
    Switch {
        selector: Handle<Expression>,
        cases: Vec<(SwitchValue, bool)>,
    },
    Loop {
        break_if: Option<Handle<Expression>>,
    },
    Emit(Range<Expression>),
    Break,
    Continue,
    Return {
        value: Option<Handle<Expression>>,
    },
    Kill,
    ControlBarrier(Barrier),
    MemoryBarrier(Barrier),
    Store {
        pointer: Handle<Expression>,
        value: Handle<Expression>,
    },
    ImageStore {
        image: Handle<Expression>,
        coordinate: Handle<Expression>,
        array_index: Option<Handle<Expression>>,
        value: Handle<Expression>,
    },
    Atomic {
        pointer: Handle<Expression>,
        fun: AtomicFunction,
        value: Handle<Expression>,
        result: Option<Handle<Expression>>,
    },
    WorkGroupUniformLoad {
        pointer: Handle<Expression>,
        result: Handle<Expression>,
    },
    Call {
        function: Handle<Function>,
        arguments: Vec<Handle<Expression>>,
        result: Option<Handle<Expression>>,
    },
    SubgroupBallot {
        result: Handle<Expression>,
        predicate: Option<Handle<Expression>>,
    },
    SubgroupGather {
        mode: GatherMode,
        argument: Handle<Expression>,
        result: Handle<Expression>,
    },
    SubgroupCollectiveOperation {
        op: SubgroupOperation,
        collective_op: CollectiveOperation,
        argument: Handle<Expression>,
        result: Handle<Expression>,
    },
}

impl Portable {
    /// Takes a module apart.
    pub(super) fn of(module: Module) -> Result<Self, Refusal> {
        let mut module = module;
        let functions = std::mem::take(&mut module.functions);
        let mut portable = Vec::with_capacity(functions.len());
        for (_, function, _) in { functions }.drain() {
            portable.push(PortableFunction::of(function)?);
        }
        let entry_points = std::mem::take(&mut module.entry_points).into_iter().map(PortableEntryPoint::of);
        Ok(Self {
            types: module.types,
            special_types: module.special_types,
            constants: module.constants,
            overrides: module.overrides,
            global_variables: module.global_variables,
            global_expressions: module.global_expressions,
            functions: portable,
            entry_points: entry_points.collect::<Result<_, _>>()?,
            diagnostic_filters: module.diagnostic_filters,
            diagnostic_filter_leaf: module.diagnostic_filter_leaf,
        })
    }

    /// Builds the module up again.
    pub(super) fn into_module(self) -> Result<Module, Broken> {
        let mut functions = Arena::new();
        for function in self.functions {
            functions.append(function.into_function()?, Span::UNDEFINED);
        }
        let entry_points = self.entry_points.into_iter().map(PortableEntryPoint::into_entry_point);
        Ok(Module {
            types: self.types,
            special_types: self.special_types,
            constants: self.constants,
            overrides: self.overrides,
            global_variables: self.global_variables,
            global_expressions: self.global_expressions,
            functions,
            entry_points: entry_points.collect::<Result<_, _>>()?,
            diagnostic_filters: self.diagnostic_filters,
            diagnostic_filter_leaf: self.diagnostic_filter_leaf,
            doc_comments: None,
        })
    }
}

impl PortableEntryPoint {
    fn of(entry_point: EntryPoint) -> Result<Self, Refusal> {
        Ok(Self {
            name: entry_point.name,
            stage: entry_point.stage,
            early_depth_test: entry_point.early_depth_test,
            workgroup_size: entry_point.workgroup_size,
            workgroup_size_overrides: entry_point.workgroup_size_overrides,
            function: PortableFunction::of(entry_point.function)?,
        })
    }

    fn into_entry_point(self) -> Result<EntryPoint, Broken> {
        Ok(EntryPoint {
            name: self.name,
            stage: self.stage,
            early_depth_test: self.early_depth_test,
            workgroup_size: self.workgroup_size,
            workgroup_size_overrides: self.workgroup_size_overrides,
            function: self.function.into_function()?,
            // Nothing of WebGPU's.
            mesh_info: None,
            task_payload: None,
            incoming_ray_payload: None,
        })
    }
}

impl PortableFunction {
    fn of(function: Function) -> Result<Self, Refusal> {
        let mut blocks = Vec::new();
        flatten(function.body, &mut blocks, 0)?;
        Ok(Self {
            name: function.name,
            arguments: function.arguments,
            result: function.result,
            local_variables: function.local_variables,
            expressions: function.expressions,
            named_expressions: function.named_expressions.into_iter().collect(),
            blocks,
            diagnostic_filter_leaf: function.diagnostic_filter_leaf,
        })
    }

    fn into_function(self) -> Result<Function, Broken> {
        Ok(Function {
            name: self.name,
            arguments: self.arguments,
            result: self.result,
            local_variables: self.local_variables,
            expressions: self.expressions,
            named_expressions: self.named_expressions.into_iter().collect(),
            body: assemble(self.blocks)?,
            diagnostic_filter_leaf: self.diagnostic_filter_leaf,
        })
    }
}

/// Puts a block behind those that are in it. It recurses, where a stack that ends harms nobody.
fn flatten(block: Block, blocks: &mut Vec<Vec<Step>>, depth: usize) -> Result<(), Refusal> {
    if depth > BLOCK_DEPTH_MAX {
        let text = format!("blocks are nested too deeply: this host takes at most {BLOCK_DEPTH_MAX}");
        return Err(Refusal { text, range: None });
    }
    let mut steps = Vec::with_capacity(block.len());
    for (statement, span) in block.span_into_iter() {
        let step = Step::of(statement, |block| flatten(block, blocks, depth.saturating_add(1)))?;
        steps.push(
            step.ok_or_else(|| Refusal { text: "this statement is not WebGPU's".to_owned(), range: range_of(span) })?,
        );
    }
    blocks.push(steps);
    Ok(())
}

/// The last block, with all others in it.
fn assemble(blocks: Vec<Vec<Step>>) -> Result<Block, Broken> {
    // Blocks that no statement has taken yet, each with how deep it goes.
    let mut free: Vec<(Block, usize)> = Vec::new();
    for steps in blocks {
        let mut depth = 0;
        let mut statements = Vec::with_capacity(steps.len());
        // From the last to the first, for the last block is the one of the last statement.
        for step in steps.into_iter().rev() {
            let mut take = || {
                let (block, inside) = free.pop().ok_or(Broken::Blocks)?;
                depth = depth.max(inside.saturating_add(1));
                Ok(block)
            };
            statements.push(step.into_statement(&mut take)?);
        }
        if depth > BLOCK_DEPTH_MAX {
            return Err(Broken::Blocks);
        }
        statements.reverse();
        free.push((Block::from_vec(statements), depth));
    }
    let (body, _) = free.pop().ok_or(Broken::Blocks)?;
    if free.is_empty() { Ok(body) } else { Err(Broken::Blocks) }
}

impl Step {
    /// A statement, after the blocks that it holds; none where WebGPU has no such.
    fn of(statement: Statement, mut inner: impl FnMut(Block) -> Result<(), Refusal>) -> Result<Option<Self>, Refusal> {
        Ok(Some(match statement {
            Statement::Block(block) => {
                inner(block)?;
                Self::Block
            }
            Statement::If { condition, accept, reject } => {
                inner(accept)?;
                inner(reject)?;
                Self::If { condition }
            }
            Statement::Switch { selector, cases } => {
                let mut heads = Vec::with_capacity(cases.len());
                for SwitchCase { value, body, fall_through } in cases {
                    inner(body)?;
                    heads.push((value, fall_through));
                }
                Self::Switch { selector, cases: heads }
            }
            Statement::Loop { body, continuing, break_if } => {
                inner(body)?;
                inner(continuing)?;
                Self::Loop { break_if }
            }
            Statement::Emit(range) => Self::Emit(range),
            Statement::Break => Self::Break,
            Statement::Continue => Self::Continue,
            Statement::Return { value } => Self::Return { value },
            Statement::Kill => Self::Kill,
            Statement::ControlBarrier(barrier) => Self::ControlBarrier(barrier),
            Statement::MemoryBarrier(barrier) => Self::MemoryBarrier(barrier),
            Statement::Store { pointer, value } => Self::Store { pointer, value },
            Statement::ImageStore { image, coordinate, array_index, value } => {
                Self::ImageStore { image, coordinate, array_index, value }
            }
            Statement::Atomic { pointer, fun, value, result } => Self::Atomic { pointer, fun, value, result },
            Statement::WorkGroupUniformLoad { pointer, result } => Self::WorkGroupUniformLoad { pointer, result },
            Statement::Call { function, arguments, result } => Self::Call { function, arguments, result },
            Statement::SubgroupBallot { result, predicate } => Self::SubgroupBallot { result, predicate },
            Statement::SubgroupGather { mode, argument, result } => Self::SubgroupGather { mode, argument, result },
            Statement::SubgroupCollectiveOperation { op, collective_op, argument, result } => {
                Self::SubgroupCollectiveOperation { op, collective_op, argument, result }
            }
            Statement::ImageAtomic { .. }
            | Statement::RayQuery { .. }
            | Statement::RayPipelineFunction(_)
            | Statement::CooperativeStore { .. } => return Ok(None),
        }))
    }

    fn into_statement(self, take: &mut impl FnMut() -> Result<Block, Broken>) -> Result<Statement, Broken> {
        Ok(match self {
            Self::Block => Statement::Block(take()?),
            Self::If { condition } => {
                let reject = take()?;
                Statement::If { condition, accept: take()?, reject }
            }
            Self::Switch { selector, cases } => {
                let mut bodies = Vec::with_capacity(cases.len());
                for (value, fall_through) in cases.into_iter().rev() {
                    bodies.push(SwitchCase { value, body: take()?, fall_through });
                }
                bodies.reverse();
                Statement::Switch { selector, cases: bodies }
            }
            Self::Loop { break_if } => {
                let continuing = take()?;
                Statement::Loop { body: take()?, continuing, break_if }
            }
            Self::Emit(range) => Statement::Emit(range),
            Self::Break => Statement::Break,
            Self::Continue => Statement::Continue,
            Self::Return { value } => Statement::Return { value },
            Self::Kill => Statement::Kill,
            Self::ControlBarrier(barrier) => Statement::ControlBarrier(barrier),
            Self::MemoryBarrier(barrier) => Statement::MemoryBarrier(barrier),
            Self::Store { pointer, value } => Statement::Store { pointer, value },
            Self::ImageStore { image, coordinate, array_index, value } => {
                Statement::ImageStore { image, coordinate, array_index, value }
            }
            Self::Atomic { pointer, fun, value, result } => Statement::Atomic { pointer, fun, value, result },
            Self::WorkGroupUniformLoad { pointer, result } => Statement::WorkGroupUniformLoad { pointer, result },
            Self::Call { function, arguments, result } => Statement::Call { function, arguments, result },
            Self::SubgroupBallot { result, predicate } => Statement::SubgroupBallot { result, predicate },
            Self::SubgroupGather { mode, argument, result } => Statement::SubgroupGather { mode, argument, result },
            Self::SubgroupCollectiveOperation { op, collective_op, argument, result } => {
                Statement::SubgroupCollectiveOperation { op, collective_op, argument, result }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_comes_back_as_it_was() {
        let source = "
            override n: u32 = 4; var<workgroup> w: array<atomic<u32>, 4>; @group(0) @binding(0) var<storage, read_write> b: array<u32>;
            fn g(x: u32) -> u32 { switch x { case 1, 2: { return 3; } case 5: {} default: { { { return x; } } } } return 7; }
            @compute @workgroup_size(n) fn f(@builtin(local_invocation_index) i: u32) {
                let y = g(i); workgroupBarrier();
                loop { if y == 1 { break; } else if y == 2 { continue; } else { b[i] = 3; } continuing { b[0] += 1; break if i > 4; } }
                for (var k = 0u; k < 4; k++) { atomicAdd(&w[k], 1); while k > n { k--; } }
            }";
        let module = naga::front::wgsl::parse_str(source).expect("the code is right");
        let copy = Portable::of(module.clone()).expect("all of it is WebGPU's");
        let bytes = postcard::to_allocvec(&copy).expect("it can be written");
        let copy: Portable = postcard::from_bytes(&bytes).expect("it can be read");
        let back = copy.into_module().expect("it fits together");
        // Places are left behind, and `Debug` shows none of them but those of blocks.
        let plain = |module: &Module| {
            let functions = module.functions.iter().map(|(_, function)| function);
            let all = functions.chain(module.entry_points.iter().map(|entry_point| &entry_point.function));
            all.map(|function| {
                let mut blocks = Vec::new();
                flatten(function.body.clone(), &mut blocks, 0).expect("shallow");
                format!("{blocks:?} {:?} {:?}", function.expressions, function.local_variables)
            })
            .collect::<Vec<_>>()
        };
        assert_eq!(plain(&back), plain(&module), "functions");
        assert_eq!(format!("{:?}", back.types), format!("{:?}", module.types), "types");
        assert_eq!(format!("{:?}", back.special_types), format!("{:?}", module.special_types), "special types");
        assert_eq!(format!("{:?}", back.overrides), format!("{:?}", module.overrides), "overrides");
    }

    #[test]
    fn blocks_that_do_not_fit_are_refused() {
        let broken = |blocks| matches!(assemble(blocks), Err(Broken::Blocks));
        assert!(broken(vec![]), "no body");
        assert!(broken(vec![vec![Step::Block]]), "a block that isn't there");
        assert!(broken(vec![vec![], vec![]]), "a block too many");
        assert!(broken(vec![vec![], vec![Step::Loop { break_if: None }]]), "half a loop");
        let tower = |depth| std::iter::once(vec![]).chain((0..depth).map(|_| vec![Step::Block])).collect();
        assert!(!broken(tower(BLOCK_DEPTH_MAX)), "as deep as may be");
        assert!(broken(tower(BLOCK_DEPTH_MAX + 1)), "too deep");
        assert!(broken(tower(3_000_000)), "far too deep, and no stack ends");
    }
}
