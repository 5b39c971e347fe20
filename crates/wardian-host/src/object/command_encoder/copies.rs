//! Copies of texels, and the resolving of queries: what of them `wgpu-core` doesn't check.

use std::ops::Range;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::{Resource, ResourceTable};

use super::Outcome;
use crate::convert::ToCore;
use crate::lower::Lower;
use crate::object::buffer::Buffer;
use crate::object::pass::recording::Fault;
use crate::table::Table as _;

/// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-resolvequeryset>
const RESOLVE_ALIGNMENT: u64 = 256;
const QUERY_BYTES: u64 = 8;

/// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-copybuffertotexture>
pub(super) fn buffer_to_texture(
    table: &ResourceTable,
    encoder: &Resource<webgpu::GpuCommandEncoder>,
    source: &webgpu::GpuTexelCopyBufferInfo,
    destination: &webgpu::GpuTexelCopyTextureInfo,
    size: webgpu::GpuExtent3D,
) -> wasmtime::Result<()> {
    let (source, destination, size) = (source.lower(table)?, destination.lower(table)?, size.to_core());
    table.object(encoder)?.record(0, |core, encoder| {
        Ok(core.command_encoder_copy_buffer_to_texture(encoder, &source, &destination, &size)?)
    })
}

/// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-copytexturetobuffer>
pub(super) fn texture_to_buffer(
    table: &ResourceTable,
    encoder: &Resource<webgpu::GpuCommandEncoder>,
    source: &webgpu::GpuTexelCopyTextureInfo,
    destination: &webgpu::GpuTexelCopyBufferInfo,
    size: webgpu::GpuExtent3D,
) -> wasmtime::Result<()> {
    let (source, destination, size) = (source.lower(table)?, destination.lower(table)?, size.to_core());
    table.object(encoder)?.record(0, |core, encoder| {
        Ok(core.command_encoder_copy_texture_to_buffer(encoder, &source, &destination, &size)?)
    })
}

/// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-copytexturetotexture>
pub(super) fn texture_to_texture(
    table: &ResourceTable,
    encoder: &Resource<webgpu::GpuCommandEncoder>,
    source: &webgpu::GpuTexelCopyTextureInfo,
    destination: &webgpu::GpuTexelCopyTextureInfo,
    size: webgpu::GpuExtent3D,
) -> wasmtime::Result<()> {
    let dimension = table.object(&source.texture)?.attributes.dimension;
    let (source, destination, size) = (source.lower(table)?, destination.lower(table)?, size.to_core());
    table.object(encoder)?.record(0, |core, encoder| {
        // `wgpu-core` takes the slices of a level for layers.
        let whole_levels = match dimension {
            webgpu::GpuTextureDimension::D1 | webgpu::GpuTextureDimension::D3 => true,
            webgpu::GpuTextureDimension::D2 => false,
        };
        if whole_levels && source.texture == destination.texture && source.mip_level == destination.mip_level {
            return Err(Fault::host(format!("a copy within level {} of a texture", source.mip_level)));
        }
        Ok(core.command_encoder_copy_texture_to_texture(encoder, &source, &destination, &size)?)
    })
}

/// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-resolvequeryset>
pub(super) fn resolve_queries(
    table: &ResourceTable,
    encoder: &Resource<webgpu::GpuCommandEncoder>,
    set: &Resource<webgpu::GpuQuerySet>,
    queries: Range<u32>,
    destination: &Resource<webgpu::GpuBuffer>,
    offset: u64,
) -> wasmtime::Result<()> {
    let (set, destination) = (table.object(set)?, table.object(destination)?);
    let encoder = table.object(encoder)?;
    let of_device = encoder.device.is(&set.device) && encoder.device.is(&destination.device);
    encoder.record(0, |core, encoder| {
        if queries.end > set.count {
            // An empty set has a query in `wgpu-core`.
            return Err(Fault::host(format!("queries {queries:?} of a set of {}", set.count)));
        }
        check_destination(destination, &queries, offset)?;
        if !of_device {
            return Err(Fault::host("queries of another device can't be resolved here, nor into its buffers"));
        }
        let count = queries.end - queries.start;
        if count == 0 {
            // Drivers must not be asked for none, so a command that does nothing stands in.
            return Ok(core.command_encoder_insert_debug_marker(encoder, "")?);
        }
        let (set, destination) = (set.handle.id(), destination.handle.id());
        Ok(core.command_encoder_resolve_query_set(encoder, set, queries.start, count, destination, offset)?)
    })
}

/// Where queries are resolved to, checked before `wgpu-core` so that none are, too, and no offset is too much for it.
fn check_destination(buffer: &Buffer, queries: &Range<u32>, offset: u64) -> Outcome {
    if !buffer.usage.contains(webgpu::GpuBufferUsage::QUERY_RESOLVE) {
        return Err(Fault::host("queries are resolved into a buffer without the usage query-resolve"));
    }
    if !offset.is_multiple_of(RESOLVE_ALIGNMENT) {
        return Err(Fault::host(format!("queries are resolved to {offset}, which is not a multiple of 256")));
    }
    let bytes = u64::from(queries.end.saturating_sub(queries.start)) * QUERY_BYTES;
    if offset.checked_add(bytes).is_none_or(|end| end > buffer.size) {
        let size = buffer.size;
        return Err(Fault::host(format!("{bytes} bytes of queries at {offset} in a buffer of {size} bytes")));
    }
    // `wgpu-core` counts time stamps with 32 bits.
    if u32::try_from(offset / QUERY_BYTES).is_err() {
        return Err(Fault::host(format!("queries are resolved to {offset}, beyond what this host supports")));
    }
    Ok(())
}
