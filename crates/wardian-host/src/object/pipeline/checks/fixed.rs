//! The fixed settings of render pipelines, and how they fit to what the fragment shader gives.

use std::collections::BTreeMap;

use naga::{Binding, BuiltIn, TypeInner, VectorSize};
use wgpu_types::{BlendFactor, ColorTargetState, TextureFormat, TextureFormatFeatureFlags};

use crate::format::missing_feature;
use crate::object::capabilities::Features;
use crate::object::pipeline::render::RenderPlan;

/// What a fragment shader gives.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    /// The locations, and whether there is alpha.
    colors: BTreeMap<u32, bool>,
    sample_mask: bool,
}

impl Outputs {
    pub(super) fn of(module: &naga::Module, entry_point: &naga::EntryPoint) -> Self {
        let mut outputs = Self::default();
        let Some(result) = &entry_point.function.result else { return outputs };
        let Ok(ty) = module.types.get_handle(result.ty) else { return outputs };
        if let TypeInner::Struct { members, .. } = &ty.inner {
            for member in members {
                if let Ok(ty) = module.types.get_handle(member.ty) {
                    outputs.add(member.binding.as_ref(), &ty.inner);
                }
            }
        } else {
            outputs.add(result.binding.as_ref(), &ty.inner);
        }
        outputs
    }

    fn add(&mut self, binding: Option<&Binding>, ty: &TypeInner) {
        match binding {
            Some(Binding::Location { location, .. }) => {
                let alpha = matches!(ty, TypeInner::Vector { size: VectorSize::Quad, .. });
                // With two sources for blending a location is there twice, with the same type.
                self.colors.insert(*location, alpha);
            }
            Some(Binding::BuiltIn(BuiltIn::SampleMask)) => self.sample_mask = true,
            Some(Binding::BuiltIn(_)) | None => {}
        }
    }
}

/// What needs no shader to be known.
pub(super) fn check(plan: &RenderPlan, features: &Features) -> Result<(), String> {
    for format in &plan.formats {
        if let Some(feature) = missing_feature(*format, features) {
            return Err(format!("{format:?} needs the feature {feature}"));
        }
    }
    check_attributes(plan)?;
    // WebGPU throws a `TypeError` here.
    if let Some(state) = &plan.depth_stencil
        && !(state.bias.slope_scale.is_finite() && state.bias.clamp.is_finite())
    {
        return Err("the slope scale and the clamp of the depth bias must be finite".to_owned());
    }
    check_multisample(plan, features)
}

/// <https://www.w3.org/TR/webgpu/#abstract-opdef-validating-gpuvertexbufferlayout>
///
/// `wgpu-core` adds without care.
fn check_attributes(plan: &RenderPlan) -> Result<(), String> {
    let attributes = plan.buffers.iter().flatten().flat_map(|buffer| buffer.attributes.iter());
    for attribute in attributes {
        if attribute.offset.checked_add(attribute.format.size()).is_none() {
            return Err(format!(
                "the vertex attribute of location {} ends beyond 2^64 bytes",
                attribute.shader_location
            ));
        }
    }
    Ok(())
}

/// <https://www.w3.org/TR/webgpu/#abstract-opdef-validating-gpumultisamplestate>
fn check_multisample(plan: &RenderPlan, features: &Features) -> Result<(), String> {
    let count = plan.multisample.count;
    if count != 1 && count != 4 {
        return Err(format!("a pixel has 1 sample or 4, but {count} were asked for"));
    }
    if !plan.multisample.alpha_to_coverage_enabled {
        return Ok(());
    }
    if count == 1 {
        return Err("alpha-to-coverage needs 4 samples a pixel".to_owned());
    }
    let first = plan.fragment.as_ref().and_then(|fragment| fragment.targets.first());
    let Some(Some(first)) = first else {
        return Err("alpha-to-coverage needs a first color target".to_owned());
    };
    let flags = first.format.guaranteed_format_features(features.core()).flags;
    if !has_alpha(first.format) || !flags.contains(TextureFormatFeatureFlags::BLENDABLE) {
        return Err(format!(
            "alpha-to-coverage needs a first color target with alpha that can be blended, which {:?} is not",
            first.format
        ));
    }
    Ok(())
}

fn has_alpha(format: TextureFormat) -> bool {
    format.components() == 4
}

/// <https://www.w3.org/TR/webgpu/#abstract-opdef-validating-gpufragmentstate>
pub(super) fn check_outputs(
    plan: &RenderPlan,
    targets: &[Option<ColorTargetState>],
    outputs: &Outputs,
) -> Result<(), String> {
    if plan.multisample.alpha_to_coverage_enabled {
        if outputs.sample_mask {
            return Err("alpha-to-coverage and a sample mask of the shader exclude each other".to_owned());
        }
        if outputs.colors.get(&0) != Some(&true) {
            return Err("alpha-to-coverage needs an alpha of the shader at location 0".to_owned());
        }
    }
    for (location, target) in (0_u32..).zip(targets) {
        let Some(target) = target else { continue };
        match outputs.colors.get(&location) {
            None if !target.write_mask.is_empty() => {
                return Err(format!("color target {location} is written, but the shader gives nothing at it"));
            }
            Some(false) if blends_by_alpha(target) => {
                return Err(format!("color target {location} blends by an alpha that the shader doesn't give"));
            }
            None | Some(_) => {}
        }
    }
    Ok(())
}

/// Whether the colors are blended by the alpha of the shader. For alpha itself that is no question: where it is
/// blended, the target has it, and then the shader must.
fn blends_by_alpha(target: &ColorTargetState) -> bool {
    let by_alpha = |factor| {
        matches!(
            factor,
            BlendFactor::SrcAlpha
                | BlendFactor::OneMinusSrcAlpha
                | BlendFactor::SrcAlphaSaturated
                | BlendFactor::Src1Alpha
                | BlendFactor::OneMinusSrc1Alpha
        )
    };
    target.blend.is_some_and(|blend| by_alpha(blend.color.src_factor) || by_alpha(blend.color.dst_factor))
}
