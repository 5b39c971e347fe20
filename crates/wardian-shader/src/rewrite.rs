//! A valid module without what `wgpu-core` refuses although WebGPU has it.

use std::mem;
use std::num::NonZeroU32;

use naga::compact::{KeepUnused, compact};
use naga::diagnostic_filter::{
    DiagnosticFilter, DiagnosticFilterNode, FilterableTriggeringRule, Severity, StandardFilterableTriggeringRule,
};
use naga::proc::IndexableLength;
use naga::{
    ArraySize, Binding, BuiltIn, CollectiveOperation, EntryPoint, Expression, Function, FunctionArgument, Handle,
    ImageClass, Interpolation, Literal, Module, Range, Sampling, Scalar, ShaderStage, Span, Statement, StructMember,
    SubgroupOperation, Type, TypeInner,
};

/// Locations of inputs and outputs. No device has as many, and validators take a bit of memory for each.
const LOCATIONS_MAX: u32 = 1024;

/// Rewrites a module that was validated. `groups` is how many bind groups the device has.
pub(super) fn rewrite(module: &mut Module, groups: Option<u32>) {
    number_invocations(module);
    leave_out(module, groups);
    say_sampling(module);
}

/// Says of each input and output where it is sampled, also where that is the default: what says it and what doesn't
/// belong together.
///
/// <https://www.w3.org/TR/WGSL/#interpolation>
fn say_sampling(module: &mut Module) {
    let mut said = Vec::new();
    for (handle, ty) in module.types.iter() {
        if let TypeInner::Struct { members, span } = &ty.inner {
            let mut all = members.clone();
            all.iter_mut().for_each(|member| say(&mut member.binding));
            if all != *members {
                said.push((
                    handle,
                    Type { name: ty.name.clone(), inner: TypeInner::Struct { members: all, span: *span } },
                ));
            }
        }
    }
    for (handle, ty) in said {
        // No two types of a module are the same.
        if module.types.get(&ty).is_none() {
            module.types.replace(handle, ty);
        }
    }
    for EntryPoint { function, .. } in &mut module.entry_points {
        let arguments = function.arguments.iter_mut().map(|argument| &mut argument.binding);
        for binding in arguments.chain(function.result.iter_mut().map(|result| &mut result.binding)) {
            say(binding);
        }
    }
}

fn say(binding: &mut Option<Binding>) {
    let Some(Binding::Location { interpolation: Some(interpolation), sampling: sampling @ None, .. }) = binding else {
        return;
    };
    *sampling = match interpolation {
        Interpolation::Flat => Some(Sampling::First),
        Interpolation::Perspective | Interpolation::Linear => Some(Sampling::Center),
        Interpolation::PerVertex => None,
    };
}

/// Makes mere functions of entry points that no pipeline can have, for their locations are too many.
pub(super) fn demote(module: &mut Module) {
    let (far, near): (Vec<_>, Vec<_>) =
        mem::take(&mut module.entry_points).into_iter().partition(|entry_point| is_far(entry_point, &module.types));
    module.entry_points = near;
    for EntryPoint { mut function, .. } in far {
        function.arguments.iter_mut().for_each(|argument| argument.binding = None);
        function.result.iter_mut().for_each(|result| result.binding = None);
        module.functions.append(function, Span::UNDEFINED);
    }
}

fn is_far(entry_point: &EntryPoint, types: &naga::UniqueArena<Type>) -> bool {
    let is_far = |binding: &Option<Binding>| matches!(binding, Some(Binding::Location { location, .. }) if *location >= LOCATIONS_MAX);
    let arguments = entry_point.function.arguments.iter().map(|argument| (argument.ty, &argument.binding));
    let mut all = arguments.chain(entry_point.function.result.iter().map(|result| (result.ty, &result.binding)));
    all.any(|(ty, binding)| match types.get_handle(ty) {
        Ok(Type { inner: TypeInner::Struct { members, .. }, .. }) => {
            members.iter().any(|member| is_far(&member.binding))
        }
        _ => is_far(binding),
    })
}

/// Keeps naga's validators from their own analysis of uniformity, which finds fault with right code and knows none of
/// the filters. [`crate::uniformity`] has the right one.
pub(super) fn silence(module: &mut Module) {
    let inner = DiagnosticFilter {
        new_severity: Severity::Off,
        triggering_rule: FilterableTriggeringRule::Standard(StandardFilterableTriggeringRule::DerivativeUniformity),
    };
    let leaf = module.diagnostic_filters.append(DiagnosticFilterNode { inner, parent: None }, Span::UNDEFINED);
    module.diagnostic_filter_leaf = Some(leaf);
    let functions = module.functions.iter_mut().map(|(_, function)| function);
    for function in functions.chain(module.entry_points.iter_mut().map(|entry_point| &mut entry_point.function)) {
        function.diagnostic_filter_leaf = Some(leaf);
    }
}

/// Gives arrays that overrides size their sizes, so that none of the overrides is left. They have their values.
pub(super) fn settle(module: &mut Module) {
    let mut sizes = Vec::new();
    for (handle, ty) in module.types.iter() {
        if let TypeInner::Array { base, size: size @ ArraySize::Pending(_), stride } = ty.inner {
            let Ok(IndexableLength::Known(length)) = size.resolve(module.to_ctx()) else { return };
            let Some(length) = NonZeroU32::new(length) else { return };
            sizes.push((handle, TypeInner::Array { base, size: ArraySize::Constant(length), stride }));
        }
    }
    for (handle, inner) in sizes {
        // The name keeps it apart from one that had this size before: no two types of a module are the same.
        let name = Some(format!("array_{}", handle.index()));
        module.types.replace(handle, Type { name, inner });
    }
    module.overrides = naga::Arena::new();
}

/// For workgroups of more than one dimension, the validator that `wgpu-core` has knows no
/// `subgroup_invocation_id`. There it is counted: as many invocations come before this one as it says, for when an
/// entry point begins all of them are active.
fn number_invocations(module: &mut Module) {
    for index in 0..module.entry_points.len() {
        let Some(entry_point) = module.entry_points.get_mut(index) else { continue };
        let EntryPoint { stage: ShaderStage::Compute, workgroup_size: [_, y, z], .. } = *entry_point else { continue };
        let asks =
            (y > 1 || z > 1) && entry_point.function.arguments.iter().any(|argument| asks(argument, &module.types));
        if !asks {
            continue;
        }
        // It becomes a function, and what calls it the entry point.
        let inner = mem::take(&mut entry_point.function);
        let outer = caller(module, inner);
        if let Some(entry_point) = module.entry_points.get_mut(index) {
            entry_point.function = outer;
        }
    }
}

fn asks(argument: &FunctionArgument, types: &naga::UniqueArena<Type>) -> bool {
    if let Ok(Type { inner: TypeInner::Struct { members, .. }, .. }) = types.get_handle(argument.ty) {
        return members.iter().any(|member| is_number(&member.binding));
    }
    is_number(&argument.binding)
}

fn is_number(binding: &Option<Binding>) -> bool {
    *binding == Some(Binding::BuiltIn(BuiltIn::SubgroupInvocationId))
}

/// A function that calls another with its own arguments, and with the number of the invocation.
fn caller(module: &mut Module, mut inner: Function) -> Function {
    let span = Span::UNDEFINED;
    let ty = module.types.insert(Type { name: None, inner: TypeInner::Scalar(Scalar::U32) }, span);
    let mut outer = Function::default();
    outer.name.clone_from(&inner.name);
    let argument = outer.expressions.append(Expression::Literal(Literal::U32(1)), span);
    let number = outer.expressions.append(Expression::SubgroupOperationResult { ty }, span);
    let (op, collective_op) = (SubgroupOperation::Add, CollectiveOperation::ExclusiveScan);
    outer.body.push(Statement::SubgroupCollectiveOperation { op, collective_op, argument, result: number }, span);
    let mut values = Vec::with_capacity(inner.arguments.len());
    for argument in &mut inner.arguments {
        let value = if !asks(argument, &module.types) {
            pass(&mut outer, argument.clone())
        } else if let Ok(Type { name, inner: TypeInner::Struct { members, span } }) =
            module.types.get_handle(argument.ty)
        {
            let (name, members, bytes) = (name.clone(), members.clone(), *span);
            let others: Vec<_> = members.iter().filter(|member| !is_number(&member.binding)).cloned().collect();
            let ty = (!others.is_empty()).then(|| {
                let inner = TypeInner::Struct { members: others, span: bytes };
                module.types.insert(Type { name, inner }, Span::UNDEFINED)
            });
            let whole = ty.map(|ty| pass(&mut outer, FunctionArgument { ty, ..argument.clone() }));
            compose(&mut outer, argument.ty, &members, whole, number)
        } else {
            number
        };
        argument.binding = None;
        values.push(value);
    }
    let function = module.functions.append(inner, span);
    outer.body.push(Statement::Call { function, arguments: values, result: None }, span);
    outer.body.push(Statement::Return { value: None }, span);
    outer
}

/// Gives the function one more argument.
fn pass(function: &mut Function, argument: FunctionArgument) -> Handle<Expression> {
    let index = u32::try_from(function.arguments.len()).unwrap_or(u32::MAX);
    function.arguments.push(argument);
    function.expressions.append(Expression::FunctionArgument(index), Span::UNDEFINED)
}

/// A structure of the members of another, which lacks the number of the invocation, and that number.
fn compose(
    function: &mut Function,
    ty: Handle<Type>,
    members: &[StructMember],
    others: Option<Handle<Expression>>,
    number: Handle<Expression>,
) -> Handle<Expression> {
    let start = function.expressions.len();
    let mut indices = 0..;
    let components = members.iter().map(|member| match others {
        Some(base) if !is_number(&member.binding) => {
            let index = indices.next().unwrap_or(u32::MAX);
            function.expressions.append(Expression::AccessIndex { base, index }, Span::UNDEFINED)
        }
        _ => number,
    });
    let components = components.collect();
    let whole = function.expressions.append(Expression::Compose { ty, components }, Span::UNDEFINED);
    let emitted: Range<Expression> = function.expressions.range_from(start);
    function.body.push(Statement::Emit(emitted), Span::UNDEFINED);
    whole
}

/// Leaves out entry points that no pipeline can have, and what is only theirs: `wasi:webgpu` has no external textures,
/// and the device has so many bind groups. A shader module with them is right all the same.
fn leave_out(module: &mut Module, groups: Option<u32>) {
    let is_left_out = |module: &Module| has_external_textures(module) || has_far_groups(module, groups);
    if !is_left_out(module) {
        return;
    }
    let entry_points = mem::take(&mut module.entry_points);
    module.special_types.external_texture_params = None;
    module.special_types.external_texture_transfer_function = None;
    let without = |entry_point: &EntryPoint| {
        let mut alone = module.clone();
        alone.entry_points.push(entry_point.clone());
        compact(&mut alone, KeepUnused::No);
        !is_left_out(&alone)
    };
    module.entry_points = entry_points.into_iter().filter(without).collect();
    compact(module, KeepUnused::No);
}

fn has_far_groups(module: &Module, groups: Option<u32>) -> bool {
    let mut variables = module.global_variables.iter();
    variables.any(|(_, variable)| {
        variable.binding.as_ref().zip(groups).is_some_and(|(binding, groups)| binding.group >= groups)
    })
}

fn has_external_textures(module: &Module) -> bool {
    module.types.iter().any(|(_, ty)| matches!(ty.inner, TypeInner::Image { class: ImageClass::External, .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(source: &str) -> Module {
        naga::front::wgsl::parse_str(source).expect(source)
    }

    fn names(module: &Module) -> Vec<&str> {
        module.entry_points.iter().map(|entry_point| entry_point.name.as_str()).collect()
    }

    #[test]
    fn entry_points_that_no_pipeline_can_have_are_left_out() {
        let source = "@group(0) @binding(0) var t: texture_external; @group(5) @binding(0) var<uniform> u: u32; \
                      fn uses() { _ = u; } \
                      @compute @workgroup_size(1) fn a() { _ = textureDimensions(t); } \
                      @compute @workgroup_size(1) fn b() { uses(); } @compute @workgroup_size(1) fn c() {}";
        for (groups, expected) in [(Some(4), ["c"].as_slice()), (Some(6), &["b", "c"]), (None, &["b", "c"])] {
            let mut module = parsed(source);
            rewrite(&mut module, groups);
            assert_eq!(names(&module), expected, "with {groups:?} groups");
            assert!(!has_external_textures(&module), "external textures are left");
        }
        let mut module = parsed("@group(5) @binding(0) var<uniform> u: u32; fn unused() {}");
        rewrite(&mut module, Some(8));
        assert_eq!(module.functions.len(), 1, "where nothing is left out, all stays");
    }

    #[test]
    fn far_locations_make_a_function() {
        let mut module = parsed(
            "struct S { @location(2147483647) a: f32 } @vertex fn a(s: S) -> @builtin(position) vec4f { return vec4f(s.a); } \
             @vertex fn b(@location(9) a: f32) -> @builtin(position) vec4f { return vec4f(a); }",
        );
        demote(&mut module);
        assert_eq!(names(&module), ["b"], "one that a pipeline can have");
        let mut validator = naga::valid::Validator::new(Default::default(), Default::default());
        assert!(validator.validate(&module).is_ok(), "the other is a function");
        assert_eq!(module.functions.len(), 1, "the other is a function");
    }
    #[test]
    fn the_sampling_is_said() {
        let mut module = parsed(
            "struct S { @builtin(position) p: vec4f, @location(0) @interpolate(linear) a: f32, \
             @location(1) @interpolate(flat) b: u32, @location(2) @interpolate(linear, sample) c: f32 } \
             @vertex fn v() -> S { return S(); } \
             @fragment fn f(@location(0) @interpolate(linear, center) a: f32, @location(1) @interpolate(flat) b: u32) {}",
        );
        rewrite(&mut module, None);
        let sampling = |binding: &Option<Binding>| match binding {
            Some(Binding::Location { sampling, .. }) => *sampling,
            _ => None,
        };
        let members = module
            .types
            .iter()
            .find_map(|(_, ty)| if let TypeInner::Struct { members, .. } = &ty.inner { Some(members) } else { None });
        let said: Vec<_> = members.expect("a structure").iter().map(|member| sampling(&member.binding)).collect();
        assert_eq!(said, [None, Some(Sampling::Center), Some(Sampling::First), Some(Sampling::Sample)], "of a member");
        let arguments = &module.entry_points.last().expect("an entry point").function.arguments;
        let said: Vec<_> = arguments.iter().map(|argument| sampling(&argument.binding)).collect();
        assert_eq!(said, [Some(Sampling::Center), Some(Sampling::First)], "of an argument");
        let mut validator = naga::valid::Validator::new(Default::default(), Default::default());
        assert!(validator.validate(&module).is_ok(), "it stays valid");
    }
}
