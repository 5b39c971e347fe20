//! What a vertex shader gives to a fragment shader.

use std::collections::BTreeMap;

use naga::{Binding, EntryPoint, Handle, Module, ShaderStage, Type, TypeInner};

/// What passes between stages, by its location: what a vertex shader gives, or what a fragment shader takes.
pub(super) type Varyings = BTreeMap<u32, TypeInner>;

pub(super) fn varyings(module: &Module, entry_point: &EntryPoint) -> Varyings {
    let mut varyings = Varyings::new();
    let function = &entry_point.function;
    if entry_point.stage == ShaderStage::Vertex {
        function.result.iter().for_each(|result| add(module, result.ty, result.binding.as_ref(), &mut varyings));
    } else {
        function.arguments.iter().for_each(|it| add(module, it.ty, it.binding.as_ref(), &mut varyings));
    }
    varyings
}

fn add(module: &Module, ty: Handle<Type>, binding: Option<&Binding>, varyings: &mut Varyings) {
    let Ok(Type { inner, .. }) = module.types.get_handle(ty) else { return };
    if let Some(Binding::Location { location, .. }) = binding {
        varyings.insert(*location, inner.clone());
    } else if let TypeInner::Struct { members, .. } = inner {
        // Structures of inputs and outputs have no structures in them.
        let at =
            |binding: &Binding| if let Binding::Location { location, .. } = binding { Some(*location) } else { None };
        for member in members {
            if let Some(location) = member.binding.as_ref().and_then(at)
                && let Ok(ty) = module.types.get_handle(member.ty)
            {
                varyings.insert(location, ty.inner.clone());
            }
        }
    }
}

/// <https://www.w3.org/TR/webgpu/#abstract-opdef-validating-inter-stage-interfaces>
///
/// `wgpu-core` lets a fragment shader take fewer components than there are. What isn't there at all, it refuses.
pub(super) fn check(given: &Varyings, taken: &Varyings) -> Result<(), String> {
    for (location, taken) in taken {
        if let Some(given) = given.get(location)
            && given != taken
        {
            return Err(format!(
                "the fragment shader takes another type at location {location} than the vertex shader gives there"
            ));
        }
    }
    Ok(())
}
