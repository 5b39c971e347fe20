//! What a module may amount to that native code walks: `wgpu-core`'s validation, backends, the driver's compiler.
//!
//! It is checked where the module is made, and again where it is received. What nests is bounded by [`crate::portable`].

use naga::{Arena, Block, Expression, Function, Handle, Module, Statement, Type, TypeInner};

/// Expressions and statements of a module. The largest shaders that are known have a tenth.
const ITEMS_MAX: usize = 1 << 21;
/// Expressions and statements of one function.
const FUNCTION_ITEMS_MAX: usize = 1 << 18;
/// Functions, types, variables and constants of a module.
const DECLARATIONS_MAX: usize = 1 << 17;
/// Types in types. <https://www.w3.org/TR/WGSL/#limits> wants 15.
const TYPE_DEPTH_MAX: usize = 255;
/// Constant expressions that are made of others, one in the other.
const CONSTANT_DEPTH_MAX: usize = 4096;
/// Functions that call functions.
const CALL_DEPTH_MAX: usize = 255;

/// A limit of this host that a module exceeds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Excess {
    what: &'static str,
    limit: usize,
}

impl Excess {
    fn check(value: usize, limit: usize, what: &'static str) -> Result<(), Self> {
        if value > limit { Err(Self { what, limit }) } else { Ok(()) }
    }
}

impl std::fmt::Display for Excess {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: this host takes at most {}", self.what, self.limit)
    }
}

impl std::error::Error for Excess {}

/// Checks a module whose handles may lead anywhere.
pub(super) fn check(module: &Module) -> Result<(), Excess> {
    let declarations = [
        module.types.len(),
        module.constants.len(),
        module.overrides.len(),
        module.global_variables.len(),
        module.functions.len(),
        module.entry_points.len(),
        module.diagnostic_filters.len(),
    ];
    let declarations = declarations.into_iter().fold(0, usize::saturating_add);
    Excess::check(declarations, DECLARATIONS_MAX, "too many types, variables, constants and functions")?;
    let mut items = module.global_expressions.len();
    let entry_points = module.entry_points.iter().map(|entry_point| &entry_point.function);
    let mut depths = Vec::with_capacity(module.functions.len());
    for function in module.functions.iter().map(|(_, function)| function).chain(entry_points) {
        let (statements, depth) = walk(function, &depths);
        Excess::check(depth, CALL_DEPTH_MAX, "functions call each other too deeply")?;
        depths.push(depth);
        let of_function = function.expressions.len().saturating_add(statements);
        Excess::check(of_function, FUNCTION_ITEMS_MAX, "a function has too many expressions and statements")?;
        items = items.saturating_add(of_function).saturating_add(function.local_variables.len());
        check_constants(&function.expressions)?;
    }
    Excess::check(items, ITEMS_MAX, "the functions have too many expressions and statements together")?;
    check_constants(&module.global_expressions)?;
    check_types(module)
}

/// How many statements a function has, and how deep it calls others, given that of those before it.
fn walk(function: &Function, depths: &[usize]) -> (usize, usize) {
    let (mut statements, mut depth) = (0_usize, 1_usize);
    // A list instead of recursion, and no statement is looked at that can't be counted.
    let mut pending: Vec<&Block> = vec![&function.body];
    while let Some(block) = pending.pop() {
        statements = statements.saturating_add(block.len());
        for statement in block {
            if let Statement::Call { function, .. } = statement {
                let callee = depths.get(function.index()).copied().unwrap_or(0);
                depth = depth.max(callee.saturating_add(1));
            } else if let Statement::Block(block) = statement {
                pending.push(block);
            } else if let Statement::If { accept, reject, .. } = statement {
                pending.extend([accept, reject]);
            } else if let Statement::Switch { cases, .. } = statement {
                pending.extend(cases.iter().map(|case| &case.body));
            } else if let Statement::Loop { body, continuing, .. } = statement {
                pending.extend([body, continuing]);
            }
        }
    }
    (statements, depth)
}

/// Values that are made of values, which backends write out recursively.
fn check_constants(expressions: &Arena<Expression>) -> Result<(), Excess> {
    let mut depths: Vec<usize> = Vec::with_capacity(expressions.len());
    for (_, expression) in expressions.iter() {
        let of = |handle: &Handle<Expression>| depths.get(handle.index()).copied().unwrap_or(0);
        let inner = if let Expression::Compose { components, .. } = expression {
            components.iter().map(of).max().unwrap_or(0)
        } else if let Expression::Splat { value, .. } = expression {
            of(value)
        } else if let Expression::Unary { expr, .. } = expression {
            of(expr)
        } else if let Expression::Binary { left, right, .. } = expression {
            of(left).max(of(right))
        } else {
            0
        };
        depths.push(inner.saturating_add(1));
    }
    let deepest = depths.into_iter().max().unwrap_or(0);
    Excess::check(deepest, CONSTANT_DEPTH_MAX, "a value is nested or chained too deeply")
}

fn check_types(module: &Module) -> Result<(), Excess> {
    let mut depths: Vec<usize> = Vec::with_capacity(module.types.len());
    for (_, ty) in module.types.iter() {
        let of = |handle: Handle<Type>| depths.get(handle.index()).copied().unwrap_or(0);
        let inner = if let TypeInner::Struct { members, .. } = &ty.inner {
            members.iter().map(|member| of(member.ty)).max().unwrap_or(0)
        } else if let TypeInner::Array { base, .. }
        | TypeInner::BindingArray { base, .. }
        | TypeInner::Pointer { base, .. } = ty.inner
        {
            of(base)
        } else {
            0
        };
        depths.push(inner.saturating_add(1));
    }
    Excess::check(depths.into_iter().max().unwrap_or(0), TYPE_DEPTH_MAX, "types are nested too deeply")
}
