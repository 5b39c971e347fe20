//! The interface's records in `wgpu`'s terms, with WebGPU's defaults: those that queues and encoders share.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::{ResourceTable, ResourceTableError};
use wgpu_core::id::{BufferId, TextureId};

use crate::convert::ToCore;
use crate::table::Table as _;

/// A value of the interface that names objects, which are looked up on the way to `wgpu`'s counterpart.
pub(crate) trait Lower {
    type Core;

    /// Fails only on a handle that the component doesn't own.
    fn lower(&self, table: &ResourceTable) -> Result<Self::Core, ResourceTableError>;
}

impl ToCore for webgpu::GpuExtent3D {
    type Core = wgpu_types::Extent3d;

    /// <https://www.w3.org/TR/webgpu/#typedefdef-gpuextent3d>
    fn to_core(self) -> wgpu_types::Extent3d {
        wgpu_types::Extent3d {
            width: self.width,
            height: self.height.unwrap_or(1),
            depth_or_array_layers: self.depth_or_array_layers.unwrap_or(1),
        }
    }
}

impl ToCore for webgpu::GpuOrigin3D {
    type Core = wgpu_types::Origin3d;

    /// <https://www.w3.org/TR/webgpu/#typedefdef-gpuorigin3d>
    fn to_core(self) -> wgpu_types::Origin3d {
        wgpu_types::Origin3d { x: self.x.unwrap_or(0), y: self.y.unwrap_or(0), z: self.z.unwrap_or(0) }
    }
}

impl ToCore for webgpu::GpuTexelCopyBufferLayout {
    type Core = wgpu_types::TexelCopyBufferLayout;

    /// <https://www.w3.org/TR/webgpu/#dictdef-gputexelcopybufferlayout>
    fn to_core(self) -> wgpu_types::TexelCopyBufferLayout {
        wgpu_types::TexelCopyBufferLayout {
            offset: self.offset.unwrap_or(0),
            bytes_per_row: self.bytes_per_row,
            rows_per_image: self.rows_per_image,
        }
    }
}

impl Lower for webgpu::GpuTexelCopyBufferInfo {
    type Core = wgpu_types::TexelCopyBufferInfo<BufferId>;

    /// <https://www.w3.org/TR/webgpu/#dictdef-gputexelcopybufferinfo>
    fn lower(&self, table: &ResourceTable) -> Result<Self::Core, ResourceTableError> {
        Ok(wgpu_types::TexelCopyBufferInfo {
            buffer: table.object(&self.buffer)?.handle.id(),
            layout: wgpu_types::TexelCopyBufferLayout {
                offset: self.offset.unwrap_or(0),
                bytes_per_row: self.bytes_per_row,
                rows_per_image: self.rows_per_image,
            },
        })
    }
}

impl Lower for webgpu::GpuTexelCopyTextureInfo {
    type Core = wgpu_types::TexelCopyTextureInfo<TextureId>;

    /// <https://www.w3.org/TR/webgpu/#dictdef-gputexelcopytextureinfo>
    fn lower(&self, table: &ResourceTable) -> Result<Self::Core, ResourceTableError> {
        Ok(wgpu_types::TexelCopyTextureInfo {
            texture: table.object(&self.texture)?.handle.id(),
            mip_level: self.mip_level.unwrap_or(0),
            origin: self.origin.map_or(wgpu_types::Origin3d::ZERO, ToCore::to_core),
            aspect: self.aspect.map_or(wgpu_types::TextureAspect::All, ToCore::to_core),
        })
    }
}
