//! `gpu-texture` and `gpu-texture-view`.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wgpu_core::id::{TextureId, TextureViewId};

use crate::device::Device;
use crate::handle::Handle;
use crate::table::stands_behind;

stands_behind! {
    Texture => webgpu::GpuTexture,
    TextureView => webgpu::GpuTextureView,
}

/// <https://www.w3.org/TR/webgpu/#gputexture>
#[derive(Debug)]
pub(crate) struct Texture {
    pub(crate) handle: Handle<TextureId>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// Whether `destroy` was called.
    pub(crate) destroyed: bool,
}

/// <https://www.w3.org/TR/webgpu/#gputextureview>
#[derive(Debug)]
pub(crate) struct TextureView {
    pub(crate) handle: Handle<TextureViewId>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// Made of a texture that was destroyed already. That is legal, and whatever is recorded with the view is refused
    /// by `submit`; `wgpu-core` has no such view, so `handle` is an invalid one that must not reach it.
    pub(crate) of_destroyed: bool,
}
