//! What an entry point uses, with all the functions that it calls.

use std::collections::{HashMap, HashSet};

use naga::{ArraySize, Block, Expression, Function, GlobalVariable, Handle, Statement, Type, TypeInner};

/// What an entry point uses.
pub(super) struct Usage {
    /// <https://www.w3.org/TR/WGSL/#statically-accessed>
    pub(super) globals: HashSet<Handle<GlobalVariable>>,
    /// Bytes of variables in functions, each function counting once; none when beyond all counting.
    pub(super) local_bytes: Option<u64>,
    /// How many calls there are when each function is copied to where it is called, as drivers do.
    pub(super) inlined_calls: u64,
}

pub(super) fn of(module: &naga::Module, entry_point: &naga::EntryPoint) -> Usage {
    let inlined_calls = inlined_calls(module, &entry_point.function);
    let mut usage = Usage { globals: HashSet::new(), local_bytes: Some(0), inlined_calls };
    let mut seen = HashSet::new();
    let mut pending = vec![&entry_point.function];
    while let Some(function) = pending.pop() {
        for (_, expression) in function.expressions.iter() {
            if let Expression::GlobalVariable(global) = expression {
                usage.globals.insert(*global);
            }
        }
        for (_, variable) in function.local_variables.iter() {
            let sum = usage.local_bytes.zip(bytes_of(module, variable.ty));
            usage.local_bytes = sum.and_then(|(sum, bytes)| sum.checked_add(bytes));
        }
        let callees = callees(function).into_iter().filter(|callee| seen.insert(*callee));
        pending.extend(callees.filter_map(|callee| module.functions.try_get(callee).ok()));
    }
    usage
}

fn inlined_calls(module: &naga::Module, function: &Function) -> u64 {
    let mut calls_of: HashMap<Handle<Function>, u64> = HashMap::new();
    let count = |function: &Function, calls_of: &HashMap<Handle<Function>, u64>| {
        let inside = callees(function).into_iter().map(|callee| calls_of.get(&callee).copied().unwrap_or(0));
        inside.fold(0_u64, |sum, inside| sum.saturating_add(inside).saturating_add(1))
    };
    // In a valid module, functions come before those that call them.
    for (handle, function) in module.functions.iter() {
        let calls = count(function, &calls_of);
        calls_of.insert(handle, calls);
    }
    count(function, &calls_of)
}

/// The functions that a function calls, once for each call.
fn callees(function: &Function) -> Vec<Handle<Function>> {
    let mut callees = Vec::new();
    // A list instead of recursion: a shader may be nested as deep as its author likes.
    let mut pending: Vec<&Block> = vec![&function.body];
    while let Some(block) = pending.pop() {
        for statement in block {
            if let Statement::Call { function, .. } = statement {
                callees.push(*function);
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
    callees
}

/// How large a variable of this type is; none when its size is unknown or beyond all that `naga` can count.
pub(super) fn bytes_of(module: &naga::Module, ty: Handle<Type>) -> Option<u64> {
    let ty = module.types.get_handle(ty).ok()?;
    // For `naga`, arrays of unknown length are empty.
    if let TypeInner::Array { size: size @ ArraySize::Pending(_), .. } = ty.inner {
        size.resolve(module.to_ctx()).ok()?;
    }
    ty.inner.try_size(module.to_ctx()).map(u64::from)
}
