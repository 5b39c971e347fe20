//! How textures are sampled: offsets, and which textures can be sampled in which way.

use naga::{Expression, Function, Handle, ImageClass, ImageDimension, Literal, Module, SampleLevel, Span, TypeInner};

use super::{Refusal, range_of};

/// <https://www.w3.org/TR/WGSL/#texturesample>
const OFFSET_MIN: i32 = -8;
const OFFSET_MAX: i32 = 7;

/// Checks all functions of a valid module.
pub(super) fn check(module: &Module) -> Result<(), Refusal> {
    let functions = module.functions.iter().map(|(_, function)| function);
    for function in functions.chain(module.entry_points.iter().map(|entry_point| &entry_point.function)) {
        for (handle, expression) in function.expressions.iter() {
            let fault = fault(module, function, expression);
            if let Some(text) = fault {
                return Err(refusal(function.expressions.get_span(handle), text));
            }
        }
    }
    Ok(())
}

fn refusal(span: Span, text: &str) -> Refusal {
    Refusal { text: text.to_owned(), range: range_of(span) }
}

fn fault(module: &Module, function: &Function, expression: &Expression) -> Option<&'static str> {
    let Expression::ImageSample { image, offset, level, .. } = expression else { return None };
    let (dimension, class) = image_of(module, function, *image)?;
    if matches!(class, ImageClass::Depth { .. }) && matches!(level, SampleLevel::Bias(_) | SampleLevel::Gradient { .. })
    {
        return Some("depth textures are sampled with neither a bias nor gradients");
    }
    let offset = (*offset)?;
    if dimension == ImageDimension::Cube {
        return Some("cube textures are sampled without an offset");
    }
    let mut components = Vec::new();
    literals(module, &function.expressions, offset, &mut components);
    let is_in_range = |literal: &Literal| {
        if let Literal::I32(value) = *literal { (OFFSET_MIN..=OFFSET_MAX).contains(&value) } else { true }
    };
    (!components.iter().all(is_in_range)).then_some("the components of an offset must be at least -8 and at most 7")
}

/// What kind of texture an expression is.
fn image_of(module: &Module, function: &Function, image: Handle<Expression>) -> Option<(ImageDimension, ImageClass)> {
    let ty = if let Expression::GlobalVariable(variable) = function.expressions.try_get(image).ok()? {
        module.global_variables.try_get(*variable).ok()?.ty
    } else if let Expression::FunctionArgument(index) = function.expressions.try_get(image).ok()? {
        function.arguments.get(usize::try_from(*index).ok()?)?.ty
    } else {
        return None;
    };
    let ty = module.types.get_handle(ty).ok()?;
    if let TypeInner::Image { dim, class, .. } = ty.inner { Some((dim, class)) } else { None }
}

/// The scalars of a constant expression, which is at most a vector.
fn literals(
    module: &Module,
    arena: &naga::Arena<Expression>,
    expression: Handle<Expression>,
    found: &mut Vec<Literal>,
) {
    match arena.try_get(expression) {
        Ok(Expression::Literal(literal)) => found.push(*literal),
        Ok(Expression::Splat { value, .. }) => literals(module, arena, *value, found),
        Ok(Expression::Compose { components, .. }) => {
            components.iter().for_each(|component| literals(module, arena, *component, found));
        }
        Ok(Expression::Constant(constant)) => {
            if let Ok(constant) = module.constants.try_get(*constant) {
                literals(module, &module.global_expressions, constant.init, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_all(texture: &str, call: &str) -> Result<(), String> {
        let source = format!(
            "@group(0) @binding(0) var s: sampler; @group(0) @binding(1) var t: {texture}; const far = vec2(8, 0); \
             fn f() {{ _ = {call}; }}"
        );
        let module = naga::front::wgsl::parse_str(&source).expect(&source);
        check(&module).map_err(|refusal| refusal.text)
    }

    #[test]
    fn offsets_are_small() {
        for (offset, is_right) in
            [("vec2(-8, 7)", true), ("vec2(-9, 0)", false), ("vec2(0, 8)", false), ("far", false), ("vec2i()", true)]
        {
            let call = format!("textureSampleLevel(t, s, vec2f(), 0, {offset})");
            assert_eq!(check_all("texture_2d<f32>", &call).is_ok(), is_right, "{offset}");
        }
    }

    #[test]
    fn textures_are_sampled_in_their_ways() {
        let call = "textureSampleLevel(t, s, vec3f(), 0, vec3i())";
        assert!(check_all("texture_cube<f32>", call).is_err(), "a cube with an offset");
        assert!(check_all("texture_3d<f32>", call).is_ok(), "no cube");
        let call = "textureSampleGrad(t, s, vec2f(), vec2f(), vec2f())";
        assert!(check_all("texture_depth_2d", call).is_err(), "a depth texture with gradients");
        assert!(check_all("texture_2d<f32>", call).is_ok(), "no depth");
    }
}
