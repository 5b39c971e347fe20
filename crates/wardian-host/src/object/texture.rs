//! `gpu-texture`.

pub(crate) mod view;

use std::borrow::Cow;
use std::iter;
use std::sync::OnceLock;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;
use wgpu_core::id::{TextureId, TextureViewId};

use crate::convert::ToCore;
use crate::ctx::GpuCtxView;
use crate::device::Device;
use crate::format::missing_feature;
use crate::handle::Handle;
use crate::quota::{Amounts, Quota};
use crate::table::{Table, labelled, stands_behind};

/// More than the edges of any driver's textures.
const EDGE_MAX: u32 = 1 << 16;
/// More levels than a texture with such edges can have.
const LEVELS_MAX: u32 = 17;

stands_behind! {
    Texture => webgpu::GpuTexture,
}

/// <https://www.w3.org/TR/webgpu/#gputexture>
#[derive(Debug)]
pub(crate) struct Texture {
    pub(crate) handle: Handle<TextureId>,
    /// Made when a bind group first names the texture in place of a view.
    default_view: OnceLock<Handle<TextureViewId>>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// As the descriptor has them, even where the texture is invalid.
    pub(crate) attributes: Attributes,
    /// Whether its creation was no error.
    valid: bool,
    /// Whether `destroy` was called on the valid texture. An invalid one stays what it is.
    pub(crate) destroyed: bool,
}

/// What a texture is like, with defaults filled in.
#[derive(Clone, Debug)]
pub(crate) struct Attributes {
    pub(crate) size: wgpu_types::Extent3d,
    pub(crate) mip_level_count: u32,
    pub(crate) sample_count: u32,
    pub(crate) dimension: webgpu::GpuTextureDimension,
    pub(crate) format: webgpu::GpuTextureFormat,
    pub(crate) usage: webgpu::GpuTextureUsage,
    /// Each once; only two can be right, so this is never long where the texture is valid.
    view_formats: Vec<webgpu::GpuTextureFormat>,
}

/// What stands for a texture that a bind group names in place of a view.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DefaultView {
    /// A view of all of it; an invalid one where the texture is invalid.
    Live(TextureViewId),
    /// The texture is destroyed. Such a view is legal, and whatever is recorded with it is refused by `submit`.
    Destroyed,
}

impl GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createtexture>
    pub(crate) fn create_texture(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        descriptor: webgpu::GpuTextureDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuTexture>> {
        let device = self.table.object(device)?.clone();
        Ok(self.table.insert(Texture::new(device, descriptor)?)?)
    }
}

impl Texture {
    fn new(device: Device, mut descriptor: webgpu::GpuTextureDescriptor) -> wasmtime::Result<Self> {
        let label = descriptor.label.take().unwrap_or_default();
        let attributes = Attributes::of(descriptor);
        let created = match attributes.check(&device) {
            Err(message) => {
                device.report_validation_of(&label, message);
                None
            }
            Ok(()) => {
                let memory = (Quota::GpuMemory, attributes.bytes());
                match device.admit(&label, Amounts::object(Quota::Textures, &label, memory)) {
                    Some(charge) => create(&device, &attributes, &label)?.map(|handle| handle.charged(Some(charge))),
                    None => None,
                }
            }
        };
        let valid = created.is_some();
        let handle = match created {
            Some(handle) => handle,
            None => invalid(&device, &label)?,
        };
        let default_view = OnceLock::new();
        Ok(Self { handle, default_view, device, label, attributes, valid, destroyed: false })
    }

    /// The view that the texture itself stands for.
    ///
    /// <https://www.w3.org/TR/webgpu/#abstract-opdef-get-as-texture-view>
    pub(crate) fn default_view(&self) -> wasmtime::Result<DefaultView> {
        if self.destroyed {
            return Ok(DefaultView::Destroyed);
        }
        if let Some(view) = self.default_view.get() {
            return Ok(DefaultView::Live(view.id()));
        }
        let view = self.create_view(view::WHOLE)?.handle;
        Ok(DefaultView::Live(self.default_view.get_or_init(|| view).id()))
    }

    fn destroy(&mut self) -> wasmtime::Result<()> {
        if !self.valid || self.destroyed || self.device.is_lost() {
            return Ok(());
        }
        self.destroyed = true;
        drop(self.default_view.take());
        self.device.call(|global| global.texture_destroy(self.handle.id()))?;
        self.handle.discharge_memory();
        Ok(())
    }
}

/// Has `wgpu-core` make a texture; none, and the error is reported, where it refuses.
fn create(device: &Device, attributes: &Attributes, label: &str) -> wasmtime::Result<Option<Handle<TextureId>>> {
    let core = attributes.to_core(label);
    let (handle, error) = device.create(|global, id| global.device_create_texture(id, &core, None))?;
    if let Some(error) = &error {
        device.report_of(label, error);
    }
    Ok(error.is_none().then_some(handle))
}

/// A texture that `wgpu-core` knows to be invalid. It has an ordinary size there, so that no number of the guest's gets
/// into calculations that were not made for it.
fn invalid(device: &Device, label: &str) -> wasmtime::Result<Handle<TextureId>> {
    let descriptor = wgpu_types::TextureDescriptor {
        label: Some(Cow::Borrowed(label)),
        size: wgpu_types::Extent3d { width: 1, height: 1, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu_types::TextureDimension::D2,
        format: wgpu_types::TextureFormat::Rgba8Unorm,
        usage: wgpu_types::TextureUsages::empty(),
        view_formats: Vec::new(),
    };
    let id = device.call(|global| global.create_texture_error(device.id(), None, &descriptor))?;
    Ok(Handle::new(device.core().clone(), id))
}

impl Attributes {
    /// <https://www.w3.org/TR/webgpu/#dictdef-gputexturedescriptor>
    fn of(descriptor: webgpu::GpuTextureDescriptor) -> Self {
        let webgpu::GpuTextureDescriptor {
            size,
            mip_level_count,
            sample_count,
            dimension,
            format,
            usage,
            view_formats,
            // Matters in compatibility mode only, which no device of ours is in.
            texture_binding_view_dimension: _,
            label: _,
        } = descriptor;
        let mut distinct = Vec::new();
        for format in view_formats.into_iter().flatten() {
            if !distinct.contains(&format) {
                distinct.push(format);
            }
        }
        Self {
            size: wgpu_types::Extent3d {
                width: size.width,
                height: size.height.unwrap_or(1),
                depth_or_array_layers: size.depth_or_array_layers.unwrap_or(1),
            },
            mip_level_count: mip_level_count.unwrap_or(1),
            sample_count: sample_count.unwrap_or(1),
            dimension: dimension.unwrap_or(webgpu::GpuTextureDimension::D2),
            format,
            usage,
            view_formats: distinct,
        }
    }

    fn to_core<'a>(&self, label: &'a str) -> wgpu_core::resource::TextureDescriptor<'a> {
        wgpu_types::TextureDescriptor {
            label: Some(Cow::Borrowed(label)),
            size: self.size,
            mip_level_count: self.mip_level_count,
            sample_count: self.sample_count,
            dimension: self.dimension.to_core(),
            format: self.format.to_core(),
            usage: self.usage.to_core(),
            view_formats: self.view_formats.iter().map(|format| format.to_core()).collect(),
        }
    }

    /// Checks what `wgpu-core` leaves out or puts differently: features of formats, and sample counts, of which some
    /// drivers have more than WebGPU.
    ///
    /// # Errors
    ///
    /// What is wrong.
    fn check(&self, device: &Device) -> Result<(), String> {
        for format in iter::once(&self.format).chain(&self.view_formats) {
            if let Some(feature) = missing_feature(*format, device.features()) {
                return Err(format!(
                    "a texture of format {format:?} needs the feature {feature}, which the device lacks"
                ));
            }
        }
        if !matches!(self.sample_count, 1 | 4) {
            return Err(format!("a texture has 1 or 4 samples a texel, not {}", self.sample_count));
        }
        Ok(())
    }

    /// About how much memory it takes. Nothing where the texture is larger than any can be, which `wgpu-core` finds.
    fn bytes(&self) -> u64 {
        let wgpu_types::Extent3d { width, height, depth_or_array_layers } = self.size;
        if [width, height, depth_or_array_layers].into_iter().any(|edge| edge > EDGE_MAX) {
            return 0;
        }
        let (format, dimension) = (self.format.to_core(), self.dimension.to_core());
        let levels = (0..self.mip_level_count.min(LEVELS_MAX)).map(|level| {
            let size = self.size.mip_level_size(level, dimension);
            format.theoretical_memory_footprint(size).saturating_mul(self.sample_count.into())
        });
        levels.fold(0, u64::saturating_add)
    }

    /// <https://www.w3.org/TR/webgpu/#abstract-opdef-array-layer-count>
    fn array_layer_count(&self) -> u32 {
        match self.dimension {
            webgpu::GpuTextureDimension::D1 | webgpu::GpuTextureDimension::D3 => 1,
            webgpu::GpuTextureDimension::D2 => self.size.depth_or_array_layers,
        }
    }
}

impl webgpu::HostGpuTexture for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gputexture-createview>
    fn create_view(
        &mut self,
        texture: Resource<webgpu::GpuTexture>,
        descriptor: Option<webgpu::GpuTextureViewDescriptor>,
    ) -> wasmtime::Result<Resource<webgpu::GpuTextureView>> {
        let view = self.table.object(&texture)?.create_view(descriptor.unwrap_or(view::WHOLE))?;
        Ok(self.table.insert(view)?)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gputexture-destroy>
    fn destroy(&mut self, texture: Resource<webgpu::GpuTexture>) -> wasmtime::Result<()> {
        self.table.object_mut(&texture)?.destroy()
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gputexture-width>
    fn width(&mut self, texture: Resource<webgpu::GpuTexture>) -> wasmtime::Result<u32> {
        Ok(self.table.object(&texture)?.attributes.size.width)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gputexture-height>
    fn height(&mut self, texture: Resource<webgpu::GpuTexture>) -> wasmtime::Result<u32> {
        Ok(self.table.object(&texture)?.attributes.size.height)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gputexture-depthorarraylayers>
    fn depth_or_array_layers(&mut self, texture: Resource<webgpu::GpuTexture>) -> wasmtime::Result<u32> {
        Ok(self.table.object(&texture)?.attributes.size.depth_or_array_layers)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gputexture-miplevelcount>
    fn mip_level_count(&mut self, texture: Resource<webgpu::GpuTexture>) -> wasmtime::Result<u32> {
        Ok(self.table.object(&texture)?.attributes.mip_level_count)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gputexture-samplecount>
    fn sample_count(&mut self, texture: Resource<webgpu::GpuTexture>) -> wasmtime::Result<u32> {
        Ok(self.table.object(&texture)?.attributes.sample_count)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gputexture-dimension>
    fn dimension(&mut self, texture: Resource<webgpu::GpuTexture>) -> wasmtime::Result<webgpu::GpuTextureDimension> {
        Ok(self.table.object(&texture)?.attributes.dimension)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gputexture-format>
    fn format(&mut self, texture: Resource<webgpu::GpuTexture>) -> wasmtime::Result<webgpu::GpuTextureFormat> {
        Ok(self.table.object(&texture)?.attributes.format)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gputexture-usage>
    fn usage(&mut self, texture: Resource<webgpu::GpuTexture>) -> wasmtime::Result<webgpu::GpuTextureUsage> {
        Ok(self.table.object(&texture)?.attributes.usage)
    }

    /// None, since no device of ours is in compatibility mode.
    ///
    /// <https://www.w3.org/TR/webgpu/#dom-gputexture-texturebindingviewdimension>
    fn texture_binding_view_dimension(
        &mut self,
        texture: Resource<webgpu::GpuTexture>,
    ) -> wasmtime::Result<Option<webgpu::GpuTextureViewDimension>> {
        self.table.object(&texture)?;
        Ok(None)
    }

    labelled!(webgpu::GpuTexture);
}
