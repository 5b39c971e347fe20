//! The functions that move bytes, without the copy that generated bindings make: data is read where it lies in the
//! guest's memory, and mapped bytes go there from where they lie.
//!
//! They take the place of those that `bindgen!` has put into a linker, and are the same but for this.

use bytes::Bytes;
use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, Resource, WasmList};

use crate::ctx::GpuView;

/// Their interface's name in a linker.
const INTERFACE: &str = "wasi:webgpu/webgpu@0.3.0-rc.2";

/// Replaces the functions in a linker to which the generated ones were added before.
///
/// # Errors
///
/// When the linker has something else under the interface's name.
pub(crate) fn add_to_linker<T: GpuView + 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let added = linker.instance(INTERFACE).and_then(|mut interface| {
        add_writes(&mut interface)?;
        add_mapped_ranges(&mut interface)
    });
    linker.allow_shadowing(false);
    added
}

/// The span that `bindgen!` makes for a call, by which calls are counted and traced.
macro_rules! span {
    ($function:ident) => {
        tracing::trace_span!("wit-bindgen import", module = "webgpu", function = $function).entered()
    };
}

type Refused<E> = Result<(), E>;

fn add_writes<T: GpuView + 'static>(interface: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    const WRITE_BUFFER: &str = "[method]gpu-queue.write-buffer-with-copy";
    const WRITE_TEXTURE: &str = "[method]gpu-queue.write-texture-with-copy";

    type WriteBuffer =
        (Resource<webgpu::GpuQueue>, Resource<webgpu::GpuBuffer>, u64, WasmList<u8>, Option<u64>, Option<u64>);
    type WriteTexture = (
        Resource<webgpu::GpuQueue>,
        webgpu::GpuTexelCopyTextureInfo,
        WasmList<u8>,
        webgpu::GpuTexelCopyBufferLayout,
        webgpu::GpuExtent3D,
    );

    interface.func_wrap(WRITE_BUFFER, |mut store: StoreContextMut<'_, T>, arguments: WriteBuffer| {
        let _span = span!(WRITE_BUFFER);
        let (queue, buffer, offset, data, data_offset, size) = arguments;
        let view = store.data_mut().gpu();
        let result: Refused<webgpu::WriteBufferError> =
            match view.plan_buffer_write(&queue, &buffer, offset, data.len(), data_offset, size)? {
                Ok(write) => Ok(write.run(data.as_le_slice(&store))?),
                Err(error) => Err(error),
            };
        Ok((result,))
    })?;
    interface.func_wrap(WRITE_TEXTURE, |mut store: StoreContextMut<'_, T>, arguments: WriteTexture| {
        let _span = span!(WRITE_TEXTURE);
        let (queue, destination, data, data_layout, size) = arguments;
        let write = store.data_mut().gpu().plan_texture_write(&queue, &destination, data_layout, size)?;
        write.run(data.as_le_slice(&store))
    })
}

fn add_mapped_ranges<T: GpuView + 'static>(interface: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    const GET: &str = "[method]gpu-buffer.get-mapped-range-get-with-copy";
    const SET: &str = "[method]gpu-buffer.get-mapped-range-set-with-copy";

    type Get = (Resource<webgpu::GpuBuffer>, Option<u64>, Option<u64>);
    type Set = (Resource<webgpu::GpuBuffer>, WasmList<u8>, Option<u64>, Option<u64>);

    interface.func_wrap(GET, |mut store: StoreContextMut<'_, T>, (buffer, offset, size): Get| {
        let _span = span!(GET);
        // Wasmtime copies the bytes to the guest when this returns, and drops them.
        let bytes: Result<Bytes, webgpu::GetMappedRangeError> =
            store.data_mut().gpu().mapped_bytes(&buffer, offset, size)?;
        Ok((bytes,))
    })?;
    interface.func_wrap(SET, |mut store: StoreContextMut<'_, T>, (buffer, data, offset, size): Set| {
        let _span = span!(SET);
        let target = store.data_mut().gpu().mapped_target(&buffer, data.len(), offset, size)?;
        let result: Refused<webgpu::GetMappedRangeError> = match target {
            Ok(target) => target.set(data.as_le_slice(&store))?,
            Err(error) => Err(error),
        };
        Ok((result,))
    })
}
