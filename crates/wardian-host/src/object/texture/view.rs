//! `gpu-texture-view`.

use std::borrow::Cow;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;
use wgpu_core::id::TextureViewId;
use wgpu_core::resource::{CreateTextureViewError, TextureViewDescriptor};

use super::{Attributes, Texture};
use crate::convert::ToCore;
use crate::ctx::GpuCtxView;
use crate::device::Device;
use crate::format::missing_feature;
use crate::handle::Handle;
use crate::object::capabilities::Features;
use crate::quota::{Amounts, NOTHING, Quota};
use crate::table::{Table, labelled, stands_behind};

stands_behind! {
    TextureView => webgpu::GpuTextureView,
}

/// <https://www.w3.org/TR/webgpu/#gputextureview>
#[derive(Debug)]
pub(crate) struct TextureView {
    pub(crate) handle: Handle<TextureViewId>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// With the default filled in.
    pub(crate) dimension: wgpu_types::TextureViewDimension,
    /// Made of a texture that was destroyed already. That is legal, and whatever is recorded with the view is refused
    /// by `submit`; `wgpu-core` has no such view, so `handle` is an invalid one that must not reach it.
    pub(crate) of_destroyed: bool,
}

/// What no descriptor at all means.
pub(super) const WHOLE: webgpu::GpuTextureViewDescriptor = webgpu::GpuTextureViewDescriptor {
    format: None,
    dimension: None,
    usage: None,
    aspect: None,
    base_mip_level: None,
    mip_level_count: None,
    base_array_layer: None,
    array_layer_count: None,
    swizzle: None,
    label: None,
};

impl Texture {
    /// <https://www.w3.org/TR/webgpu/#dom-gputexture-createview>
    pub(super) fn create_view(&self, descriptor: webgpu::GpuTextureViewDescriptor) -> wasmtime::Result<TextureView> {
        let device = &self.device;
        let outcome = check_features(&descriptor, device.features());
        let part = Part::of(&descriptor, &self.attributes);
        let label = descriptor.label.unwrap_or_default();
        let charge = device.admit(&label, Amounts::object(Quota::TextureViews, &label, NOTHING));
        let core = if outcome.is_ok() && charge.is_some() { part.to_core(&label) } else { refused(&label) };
        let texture = self.handle.id();
        let (handle, error) = device.create(|global, _| global.texture_create_view(texture, &core, None))?;
        let mut of_destroyed = false;
        if let Err(message) = outcome {
            device.report_validation_of(&label, message);
        } else if charge.is_none() {
            // That it was refused has been reported.
        } else if let Some(CreateTextureViewError::DestroyedResource(_)) = error {
            // `wgpu-core` has not looked at the descriptor, so it falls to us to say whether the view is valid.
            match part.check(&self.attributes, device.features()) {
                Ok(()) => of_destroyed = true,
                Err(message) => device.report_validation_of(&label, message),
            }
        } else if let Some(error) = error {
            device.report_of(&label, &error);
        }
        let handle = handle.charged(charge);
        Ok(TextureView { handle, device: device.clone(), label, dimension: part.dimension, of_destroyed })
    }
}

/// Checks what `wgpu-core` is not asked about: a format whose feature the device lacks, and swizzles, which it has not.
fn check_features(descriptor: &webgpu::GpuTextureViewDescriptor, features: &Features) -> Result<(), String> {
    if let Some(format) = descriptor.format
        && let Some(feature) = missing_feature(format, features)
    {
        return Err(format!("a view of format {format:?} needs the feature {feature}, which the device lacks"));
    }
    match descriptor.swizzle.as_deref() {
        None | Some("rgba") => Ok(()),
        Some(swizzle) if swizzle.len() == 4 && swizzle.bytes().all(|letter| b"rgba01".contains(&letter)) => {
            Err(format!("the swizzle {swizzle:?} needs the feature texture-component-swizzle, which the device lacks"))
        }
        Some(_) => Err("a swizzle must be four letters out of rgba01".to_owned()),
    }
}

/// A descriptor that fits no texture.
fn refused(label: &str) -> TextureViewDescriptor<'_> {
    TextureViewDescriptor {
        label: Some(Cow::Borrowed(label)),
        format: None,
        dimension: None,
        usage: None,
        range: wgpu_types::ImageSubresourceRange {
            aspect: wgpu_types::TextureAspect::All,
            base_mip_level: 0,
            mip_level_count: Some(0),
            base_array_layer: 0,
            array_layer_count: None,
        },
    }
}

/// The part of a texture that a view shows, with defaults filled in.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    format: wgpu_types::TextureFormat,
    dimension: wgpu_types::TextureViewDimension,
    usage: wgpu_types::TextureUsages,
    aspect: wgpu_types::TextureAspect,
    base_mip_level: u32,
    mip_level_count: u32,
    base_array_layer: u32,
    array_layer_count: u32,
}

impl Part {
    /// <https://www.w3.org/TR/webgpu/#abstract-opdef-resolving-gputextureviewdescriptor-defaults>
    fn of(descriptor: &webgpu::GpuTextureViewDescriptor, texture: &Attributes) -> Self {
        use wgpu_types::TextureViewDimension as View;
        let aspect = descriptor.aspect.unwrap_or(webgpu::GpuTextureAspect::All).to_core();
        let texture_format = texture.format.to_core();
        let format = descriptor.format.map(ToCore::to_core);
        let format = format.or_else(|| texture_format.aspect_specific_format(aspect)).unwrap_or(texture_format);
        let layers = texture.array_layer_count();
        let dimension = descriptor.dimension.map(ToCore::to_core).unwrap_or(match texture.dimension {
            webgpu::GpuTextureDimension::D1 => View::D1,
            webgpu::GpuTextureDimension::D2 if layers == 1 => View::D2,
            webgpu::GpuTextureDimension::D2 => View::D2Array,
            webgpu::GpuTextureDimension::D3 => View::D3,
        });
        let base_mip_level = descriptor.base_mip_level.unwrap_or(0);
        let base_array_layer = descriptor.base_array_layer.unwrap_or(0);
        // Where nothing is left, the count becomes 0, which is refused later.
        let levels_left = texture.mip_level_count.saturating_sub(base_mip_level);
        let array_layer_count = match dimension {
            View::D1 | View::D2 | View::D3 => 1,
            View::Cube => 6,
            View::D2Array | View::CubeArray => layers.saturating_sub(base_array_layer),
        };
        let usage = descriptor.usage.map(ToCore::to_core).filter(|usage| !usage.is_empty());
        Self {
            format,
            dimension,
            usage: usage.unwrap_or_else(|| texture.usage.to_core()),
            aspect,
            base_mip_level,
            mip_level_count: descriptor.mip_level_count.unwrap_or(levels_left),
            base_array_layer,
            array_layer_count: descriptor.array_layer_count.unwrap_or(array_layer_count),
        }
    }

    fn to_core(self, label: &str) -> TextureViewDescriptor<'_> {
        TextureViewDescriptor {
            label: Some(Cow::Borrowed(label)),
            format: Some(self.format),
            dimension: Some(self.dimension),
            usage: Some(self.usage),
            range: wgpu_types::ImageSubresourceRange {
                aspect: self.aspect,
                base_mip_level: self.base_mip_level,
                mip_level_count: Some(self.mip_level_count),
                base_array_layer: self.base_array_layer,
                array_layer_count: Some(self.array_layer_count),
            },
        }
    }

    /// Whether a texture has such a part: what `wgpu-core` checks for textures that aren't destroyed.
    ///
    /// <https://www.w3.org/TR/webgpu/#dom-gputexture-createview>
    ///
    /// # Errors
    ///
    /// What is wrong.
    fn check(&self, texture: &Attributes, features: &Features) -> Result<(), String> {
        self.check_format(texture)?;
        self.check_usage(texture, features)?;
        check_range("mip levels", self.base_mip_level, self.mip_level_count, texture.mip_level_count)?;
        check_range("array layers", self.base_array_layer, self.array_layer_count, texture.array_layer_count())?;
        self.check_dimension(texture)
    }

    fn check_format(&self, texture: &Attributes) -> Result<(), String> {
        let format = texture.format.to_core();
        let Some(of_aspect) = format.aspect_specific_format(self.aspect) else {
            return Err(format!("textures of format {format:?} have no aspect {:?}", self.aspect));
        };
        let mut view_formats = texture.view_formats.iter().map(|format| format.to_core());
        let of_whole = self.aspect == wgpu_types::TextureAspect::All;
        if self.format == of_aspect || of_whole && view_formats.any(|format| format == self.format) {
            return Ok(());
        }
        Err(format!(
            "a view of aspect {:?} can't have the format {:?}, the texture's is {format:?}",
            self.aspect, self.format
        ))
    }

    fn check_usage(&self, texture: &Attributes, features: &Features) -> Result<(), String> {
        use wgpu_types::TextureUsages as Usages;
        let of_texture = texture.usage.to_core();
        if !of_texture.contains(self.usage) {
            return Err(format!("a view's usage {:?} must be part of the texture's, {of_texture:?}", self.usage));
        }
        if of_texture.contains(Usages::TRANSIENT_ATTACHMENT) && self.usage != of_texture {
            return Err(format!(
                "a view of a transient attachment must have the texture's usage, not {:?}",
                self.usage
            ));
        }
        let wanted = self.usage & (Usages::RENDER_ATTACHMENT | Usages::STORAGE_BINDING);
        let allowed = self.format.guaranteed_format_features(features.core()).allowed_usages;
        if !allowed.contains(wanted) {
            return Err(format!("a view of format {:?} can't have the usage {wanted:?}", self.format));
        }
        Ok(())
    }

    fn check_dimension(&self, texture: &Attributes) -> Result<(), String> {
        use wgpu_types::TextureViewDimension as View;
        let (dimension, layers) = (self.dimension, self.array_layer_count);
        if dimension.compatible_texture_dimension() != texture.dimension.to_core() {
            return Err(format!("a texture of dimension {:?} can't be seen as {dimension:?}", texture.dimension));
        }
        if texture.sample_count > 1 && dimension != View::D2 {
            return Err(format!("a multisampled texture can't be seen as {dimension:?}"));
        }
        let layers_fit = match dimension {
            View::D1 | View::D2 | View::D3 => layers == 1,
            View::D2Array => true,
            View::Cube => layers == 6,
            View::CubeArray => layers.is_multiple_of(6),
        };
        if !layers_fit {
            return Err(format!("a view of dimension {dimension:?} can't have {layers} array layers"));
        }
        if matches!(dimension, View::Cube | View::CubeArray) && texture.size.width != texture.size.height {
            return Err(format!("only a square texture can be seen as {dimension:?}"));
        }
        Ok(())
    }
}

fn check_range(what: &str, base: u32, count: u32, total: u32) -> Result<(), String> {
    if count > 0 && base.checked_add(count).is_some_and(|end| end <= total) {
        return Ok(());
    }
    Err(format!("a view of {count} {what} from {base} on doesn't fit the texture, which has {total}"))
}

impl webgpu::HostGpuTextureView for GpuCtxView<'_> {
    labelled!(webgpu::GpuTextureView);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use webgpu::{
        GpuTextureAspect as Aspect, GpuTextureDimension as Dimension, GpuTextureFormat as Format,
        GpuTextureUsage as Usage, GpuTextureViewDescriptor as Descriptor, GpuTextureViewDimension as View,
    };

    use super::*;

    /// 16 by 16 texels, 5 levels.
    fn texture(dimension: Dimension, depth_or_array_layers: u32, format: Format) -> Attributes {
        Attributes {
            size: wgpu_types::Extent3d { width: 16, height: 16, depth_or_array_layers },
            mip_level_count: 5,
            sample_count: 1,
            dimension,
            format,
            usage: Usage::TEXTURE_BINDING | Usage::RENDER_ATTACHMENT,
            view_formats: Vec::new(),
        }
    }

    fn color(layers: u32) -> Attributes {
        texture(Dimension::D2, layers, Format::Rgba8unorm)
    }

    fn depth() -> Attributes {
        texture(Dimension::D2, 1, Format::Depth24plusStencil8)
    }

    fn check(texture: &Attributes, descriptor: &Descriptor) -> Result<(), String> {
        let features = Features::of_adapter(wgpu_types::Features::empty(), &BTreeSet::new());
        Part::of(descriptor, texture).check(texture, &features)
    }

    #[test]
    fn dimension_and_layers_have_defaults() {
        use wgpu_types::TextureViewDimension as Core;
        let seen = |texture: &Attributes, descriptor: &Descriptor| {
            let part = Part::of(descriptor, texture);
            (part.dimension, part.array_layer_count)
        };
        let cases = [
            (texture(Dimension::D1, 1, Format::R8unorm), (Core::D1, 1)),
            (color(1), (Core::D2, 1)),
            (color(7), (Core::D2Array, 7)),
            (texture(Dimension::D3, 7, Format::R8unorm), (Core::D3, 1)),
        ];
        for (texture, expected) in cases {
            assert_eq!(seen(&texture, &WHOLE), expected, "all of {texture:?}");
        }
        let from_two = |dimension| Descriptor { dimension: Some(dimension), base_array_layer: Some(2), ..WHOLE };
        let cases = [
            (View::D2, (Core::D2, 1)),
            (View::D2Array, (Core::D2Array, 12)),
            (View::Cube, (Core::Cube, 6)),
            (View::CubeArray, (Core::CubeArray, 12)),
        ];
        for (dimension, expected) in cases {
            assert_eq!(
                seen(&color(14), &from_two(dimension)),
                expected,
                "{dimension:?} from the third of 14 layers on"
            );
        }
        let beyond = Descriptor { base_array_layer: Some(u32::MAX), ..WHOLE };
        assert_eq!(seen(&color(7), &beyond), (Core::D2Array, 0), "nothing is left");
    }

    #[test]
    fn levels_usage_and_format_have_defaults() {
        let part = Part::of(&Descriptor { base_mip_level: Some(2), usage: Some(Usage::empty()), ..WHOLE }, &color(1));
        assert_eq!((part.base_mip_level, part.mip_level_count), (2, 3), "levels");
        assert_eq!(part.usage, color(1).usage.to_core(), "usage");
        let formats = [
            (Aspect::All, wgpu_types::TextureFormat::Depth24PlusStencil8),
            (Aspect::DepthOnly, wgpu_types::TextureFormat::Depth24Plus),
            (Aspect::StencilOnly, wgpu_types::TextureFormat::Stencil8),
        ];
        for (aspect, expected) in formats {
            let part = Part::of(&Descriptor { aspect: Some(aspect), ..WHOLE }, &depth());
            assert_eq!(part.format, expected, "format of {aspect:?}");
        }
    }

    #[test]
    fn views_that_fit_are_valid() {
        let twin = Attributes { view_formats: vec![Format::Rgba8unormSrgb], ..color(1) };
        let cases = [
            (color(1), WHOLE),
            (color(7), Descriptor { dimension: Some(View::Cube), base_array_layer: Some(1), ..WHOLE }),
            (color(12), Descriptor { dimension: Some(View::CubeArray), ..WHOLE }),
            (color(1), Descriptor { base_mip_level: Some(4), mip_level_count: Some(1), ..WHOLE }),
            (twin, Descriptor { format: Some(Format::Rgba8unormSrgb), ..WHOLE }),
            (depth(), Descriptor { aspect: Some(Aspect::StencilOnly), format: Some(Format::Stencil8), ..WHOLE }),
            (color(1), Descriptor { usage: Some(Usage::TEXTURE_BINDING), ..WHOLE }),
        ];
        for (texture, descriptor) in cases {
            assert_eq!(check(&texture, &descriptor), Ok(()), "{descriptor:?} of {texture:?}");
        }
    }

    #[test]
    fn views_that_do_not_fit_are_invalid() {
        let oblong = Attributes { size: wgpu_types::Extent3d { height: 8, ..color(6).size }, ..color(6) };
        let samples = Attributes { sample_count: 4, mip_level_count: 1, ..color(1) };
        let transient = Usage::TRANSIENT_ATTACHMENT | Usage::RENDER_ATTACHMENT;
        let transient = Attributes { usage: transient, mip_level_count: 1, ..color(1) };
        let storage =
            Attributes { usage: Usage::STORAGE_BINDING, view_formats: vec![Format::Rgba8unormSrgb], ..color(1) };
        let cases = [
            (color(1), Descriptor { base_mip_level: Some(5), ..WHOLE }),
            (color(1), Descriptor { base_mip_level: Some(u32::MAX), mip_level_count: Some(u32::MAX), ..WHOLE }),
            (color(7), Descriptor { array_layer_count: Some(0), ..WHOLE }),
            (color(7), Descriptor { base_array_layer: Some(6), array_layer_count: Some(2), ..WHOLE }),
            (color(7), Descriptor { dimension: Some(View::D2), array_layer_count: Some(2), ..WHOLE }),
            (color(7), Descriptor { dimension: Some(View::CubeArray), ..WHOLE }),
            (color(7), Descriptor { dimension: Some(View::D3), ..WHOLE }),
            (oblong, Descriptor { dimension: Some(View::Cube), ..WHOLE }),
            (samples, Descriptor { dimension: Some(View::D2Array), ..WHOLE }),
            (color(1), Descriptor { aspect: Some(Aspect::DepthOnly), ..WHOLE }),
            (color(1), Descriptor { format: Some(Format::Rgba8unormSrgb), ..WHOLE }),
            (depth(), Descriptor { format: Some(Format::Depth24plus), ..WHOLE }),
            (color(1), Descriptor { usage: Some(Usage::COPY_SRC), ..WHOLE }),
            (transient, Descriptor { usage: Some(Usage::RENDER_ATTACHMENT), ..WHOLE }),
            (storage, Descriptor { format: Some(Format::Rgba8unormSrgb), ..WHOLE }),
        ];
        for (texture, descriptor) in cases {
            assert!(check(&texture, &descriptor).is_err(), "{descriptor:?} of {texture:?} is refused");
        }
    }

    #[test]
    fn swizzles_but_rgba_are_refused() {
        let features = Features::of_adapter(wgpu_types::Features::all(), &BTreeSet::new());
        let outcome =
            |swizzle: &str| check_features(&Descriptor { swizzle: Some(swizzle.to_owned()), ..WHOLE }, &features);
        assert_eq!(outcome("rgba"), Ok(()), "as it is");
        assert!(outcome("bgr1").is_err_and(|message| message.contains("texture-component-swizzle")), "the feature");
        for swizzle in ["", "rgb", "rgbaa", "xyzw", "rgba ", "rgbä"] {
            assert!(outcome(swizzle).is_err_and(|message| message.contains("four letters")), "{swizzle:?}");
        }
    }
}
