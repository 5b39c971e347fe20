//! What a function evaluates once its conditions are known.

use hashbrown::HashSet;

use crate::front::Typifier;
use crate::proc::{ResolveContext, TypeResolution};
use crate::{Block, Expression, Function, Handle, Module, Span, Statement, Type};

/// Whether an expression is evaluated: not so in a branch whose condition is known to be another.
pub(super) fn evaluated(module: &Module, function: &Function) -> impl Fn(Handle<Expression>) -> bool {
    let mut live = HashSet::new();
    collect(module, function, &function.body, &mut live);
    move |expr| live.contains(&expr)
}

fn collect(module: &Module, function: &Function, block: &Block, live: &mut HashSet<Handle<Expression>>) {
    for statement in block {
        match *statement {
            Statement::Emit(ref range) => live.extend(range.clone()),
            Statement::Block(ref block) => collect(module, function, block, live),
            Statement::If { condition, ref accept, ref reject } => {
                let known = module.to_ctx().get_const_val_from::<bool, _>(condition, &function.expressions).ok();
                if known != Some(false) {
                    collect(module, function, accept, live);
                }
                if known != Some(true) {
                    collect(module, function, reject, live);
                }
            }
            Statement::Switch { ref cases, .. } => {
                cases.iter().for_each(|case| collect(module, function, &case.body, live));
            }
            Statement::Loop { ref body, ref continuing, .. } => {
                collect(module, function, body, live);
                collect(module, function, continuing, live);
            }
            _ => {}
        }
    }
}

/// Puts zeros in the place of expressions that are never evaluated.
pub(super) fn replace(module: &mut Module, function: &mut Function, faulty: impl Iterator<Item = Handle<Expression>>) {
    let mut typifier = Typifier::new();
    for expr in faulty {
        let context = ResolveContext::with_locals(module, &function.local_variables, &function.arguments);
        if typifier.grow(expr, &function.expressions, &context).is_err() {
            continue;
        }
        let ty = match typifier[expr] {
            TypeResolution::Handle(ty) => ty,
            TypeResolution::Value(ref inner) => {
                module.types.insert(Type { name: None, inner: inner.clone() }, Span::UNDEFINED)
            }
        };
        function.expressions[expr] = Expression::ZeroValue(ty);
    }
}
