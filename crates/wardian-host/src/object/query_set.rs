//! `gpu-query-set`.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wgpu_core::id::QuerySetId;

use crate::device::Device;
use crate::handle::Handle;
use crate::table::stands_behind;

stands_behind! {
    QuerySet => webgpu::GpuQuerySet,
}

/// <https://www.w3.org/TR/webgpu/#gpuqueryset>
#[derive(Debug)]
pub(crate) struct QuerySet {
    pub(crate) handle: Handle<QuerySetId>,
    pub(crate) device: Device,
    pub(crate) label: String,
    pub(crate) kind: webgpu::GpuQueryType,
    /// As the descriptor has it; `wgpu-core` has no empty sets, so there an empty one has one query.
    pub(crate) count: u32,
}
