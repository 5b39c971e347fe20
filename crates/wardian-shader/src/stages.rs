//! What the stages of a pipeline may have: what vertex shaders can't use, and inputs and outputs of compute shaders.

use naga::{
    AddressSpace, Binding, Block, EntryPoint, Expression, Function, FunctionArgument, Handle, ImageClass, Module,
    ShaderStage, Span, Statement, StorageAccess, Type, TypeInner,
};

use super::{Refusal, range_of};

/// What a function does that isn't for all stages, itself or by those that it calls, and where.
#[derive(Clone, Copy, Debug, Default)]
struct Uses {
    /// A variable that can be written, and that other invocations see.
    written: Option<Span>,
    subgroups: Option<Span>,
}

/// Checks all entry points of a valid module.
pub(super) fn check(module: &Module) -> Result<(), Refusal> {
    let mut all: Vec<Uses> = Vec::with_capacity(module.functions.len());
    for (_, function) in module.functions.iter() {
        let uses = uses(module, function, &all);
        all.push(uses);
    }
    for entry_point in &module.entry_points {
        check_vertex(entry_point, uses(module, &entry_point.function, &all))?;
        check_compute(module, entry_point)?;
    }
    Ok(())
}

fn refusal(span: Span, text: &str) -> Refusal {
    Refusal { text: text.to_owned(), range: range_of(span) }
}

/// <https://www.w3.org/TR/WGSL/#address-spaces-and-access-modes>, <https://www.w3.org/TR/WGSL/#subgroup-builtin-functions>
fn check_vertex(entry_point: &EntryPoint, uses: Uses) -> Result<(), Refusal> {
    if entry_point.stage != ShaderStage::Vertex {
        return Ok(());
    }
    match uses {
        Uses { written: Some(span), .. } => {
            Err(refusal(span, "a vertex shader can't use a buffer or texture that can be written"))
        }
        Uses { subgroups: Some(span), .. } => Err(refusal(span, "a vertex shader can't use functions on subgroups")),
        Uses { written: None, subgroups: None } => Ok(()),
    }
}

/// <https://www.w3.org/TR/WGSL/#input-output-locations>
fn check_compute(module: &Module, entry_point: &EntryPoint) -> Result<(), Refusal> {
    if entry_point.stage != ShaderStage::Compute {
        return Ok(());
    }
    let arguments = entry_point.function.arguments.iter();
    let arguments = arguments.map(|FunctionArgument { ty, binding, .. }| (*ty, binding));
    let result = entry_point.function.result.iter().map(|result| (result.ty, &result.binding));
    for (ty, binding) in arguments.chain(result) {
        if has_location(module, ty, binding.as_ref()) {
            let span = module.types.get_span(ty);
            return Err(refusal(span, "a compute shader has no inputs and outputs with a `@location`"));
        }
    }
    Ok(())
}

fn has_location(module: &Module, ty: Handle<Type>, binding: Option<&Binding>) -> bool {
    let is_location = |binding: Option<&Binding>| matches!(binding, Some(Binding::Location { .. }));
    match module.types.get_handle(ty) {
        Ok(Type { inner: TypeInner::Struct { members, .. }, .. }) => {
            members.iter().any(|member| is_location(member.binding.as_ref()))
        }
        _ => is_location(binding),
    }
}

fn uses(module: &Module, function: &Function, all: &[Uses]) -> Uses {
    let mut uses = Uses::default();
    for (handle, expression) in function.expressions.iter() {
        let span = function.expressions.get_span(handle);
        if matches!(expression, Expression::SubgroupBallotResult | Expression::SubgroupOperationResult { .. }) {
            uses.subgroups.get_or_insert(span);
        } else if let Expression::GlobalVariable(variable) = expression
            && let Ok(variable) = module.global_variables.try_get(*variable)
            && is_written(module, variable.space, variable.ty)
        {
            uses.written.get_or_insert(span);
        }
    }
    let mut pending: Vec<&Block> = vec![&function.body];
    while let Some(block) = pending.pop() {
        for (statement, span) in block.span_iter() {
            if let Statement::Call { function, .. } = statement {
                let called = all.get(function.index()).copied().unwrap_or_default();
                uses.written = uses.written.or(called.written.map(|_| *span));
                uses.subgroups = uses.subgroups.or(called.subgroups.map(|_| *span));
            }
            pending.extend(blocks_of(statement));
        }
    }
    uses
}

/// The blocks that are in a statement.
pub(super) fn blocks_of(statement: &Statement) -> Vec<&Block> {
    if let Statement::Block(block) = statement {
        vec![block]
    } else if let Statement::If { accept, reject, .. } = statement {
        vec![accept, reject]
    } else if let Statement::Switch { cases, .. } = statement {
        cases.iter().map(|case| &case.body).collect()
    } else if let Statement::Loop { body, continuing, .. } = statement {
        vec![body, continuing]
    } else {
        Vec::new()
    }
}

fn is_written(module: &Module, space: AddressSpace, ty: Handle<Type>) -> bool {
    if let AddressSpace::Storage { access } = space {
        return access.contains(StorageAccess::STORE);
    }
    if let Ok(Type { inner: TypeInner::Image { class: ImageClass::Storage { access, .. }, .. }, .. }) =
        module.types.get_handle(ty)
    {
        return access.contains(StorageAccess::STORE);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_all(source: &str) -> Result<(), String> {
        let module = naga::front::wgsl::parse_str(source).expect(source);
        check(&module).map_err(|refusal| refusal.text)
    }

    #[test]
    fn vertex_shaders_write_nothing() {
        let vertex = |declarations: &str, body: &str| {
            check_all(&format!(
                "{declarations} @vertex fn v() -> @builtin(position) vec4f {{ {body} return vec4f(); }}"
            ))
        };
        let buffer = "@group(0) @binding(0) var<storage, read_write> a: u32; fn f() { a = 1; }";
        assert!(vertex(buffer, "").is_ok(), "it is not used");
        assert!(vertex(buffer, "_ = a;").is_err(), "a buffer that can be written");
        assert!(vertex(buffer, "f();").is_err(), "by way of a function");
        assert!(vertex("@group(0) @binding(0) var<storage> a: u32;", "_ = a;").is_ok(), "a buffer that can't");
        let texture = "@group(0) @binding(0) var t: texture_storage_2d<r32uint, write>; fn f() { _ = t; }";
        assert!(vertex(texture, "_ = t;").is_err(), "a texture");
        assert!(vertex("fn f() { _ = subgroupAdd(1u); }", "if false { f(); }").is_err(), "subgroups");
    }

    #[test]
    fn compute_shaders_have_no_locations() {
        for code in [
            "@compute @workgroup_size(1) fn f(@location(0) a: u32) {}",
            "struct S { @location(0) a: u32 } @compute @workgroup_size(1) fn f(s: S) {}",
            "struct S { @location(0) a: u32 } @compute @workgroup_size(1) fn f() -> S { return S(); }",
        ] {
            assert!(check_all(code).is_err(), "{code}");
        }
        let code = "struct S { @location(0) a: u32 } @compute @workgroup_size(1) fn f() { _ = S(); }";
        assert!(check_all(code).is_ok(), "a structure that is no input");
    }
}
