//! The floor of a call: what Wasmtime takes for crossing the boundary, with nothing on the other side.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu::{
    GpuBindGroup, GpuBuffer, GpuComputePassEncoder, GpuComputePipeline, SetBindGroupError,
};
use wardian_host::INTERFACE;
use wasmtime::component::{Linker, Resource};

use super::State;

/// Puts empty functions in place of those that the guest's `call-*` works time; all others stay Wardian's.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut webgpu = linker.instance(INTERFACE)?;
    webgpu.func_wrap(
        "[method]gpu-compute-pass-encoder.dispatch-workgroups",
        |_, (_, _, _, _): (Resource<GpuComputePassEncoder>, u32, Option<u32>, Option<u32>)| Ok(()),
    )?;
    webgpu.func_wrap(
        "[method]gpu-compute-pass-encoder.set-pipeline",
        |_, (_, _): (Resource<GpuComputePassEncoder>, Resource<GpuComputePipeline>)| Ok(()),
    )?;
    webgpu.func_wrap("[method]gpu-compute-pass-encoder.set-bind-group", |_, _: SetBindGroup| {
        Ok((Ok::<(), SetBindGroupError>(()),))
    })?;
    webgpu.func_wrap("[method]gpu-buffer.size", |_, (_,): (Resource<GpuBuffer>,)| Ok((256_u64,)))?;
    webgpu.func_wrap("[method]gpu-buffer.label", |_, (_,): (Resource<GpuBuffer>,)| Ok(("12345678".to_owned(),)))?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Pass, index, group, dynamic offsets, and which part of them.
type SetBindGroup =
    (Resource<GpuComputePassEncoder>, u32, Option<Resource<GpuBindGroup>>, Option<Vec<u32>>, Option<u64>, Option<u32>);
