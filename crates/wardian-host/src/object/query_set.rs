//! `gpu-query-set`.

use std::borrow::Cow;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;
use wgpu_core::id::QuerySetId;

use crate::ctx::GpuCtxView;
use crate::device::Device;
use crate::handle::Handle;
use crate::object::capabilities::feature_name;
use crate::quota::{Amounts, NOTHING, Quota};
use crate::table::{Table, labelled, stands_behind};

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

impl GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createqueryset>
    pub(crate) fn create_query_set(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        descriptor: webgpu::GpuQuerySetDescriptor,
    ) -> wasmtime::Result<Result<Resource<webgpu::GpuQuerySet>, webgpu::CreateQuerySetError>> {
        let device = self.table.object(device)?.clone();
        let webgpu::GpuQuerySetDescriptor { type_: kind, count, label } = descriptor;
        if let Err(error) = check_feature(kind, &device) {
            return Ok(Err(error));
        }
        let label = label.unwrap_or_default();
        let core = wgpu_types::QuerySetDescriptor {
            label: Some(Cow::Borrowed(label.as_str())),
            ty: match kind {
                webgpu::GpuQueryType::Occlusion => wgpu_types::QueryType::Occlusion,
                webgpu::GpuQueryType::Timestamp => wgpu_types::QueryType::Timestamp,
            },
            count: count.max(1),
        };
        let charge = device.admit(&label, Amounts::object(Quota::QuerySets, &label, NOTHING));
        let handle = if charge.is_some() {
            device.adopt(&label, |global, id| global.device_create_query_set(id, &core, None))?.charged(charge)
        } else {
            // More queries than a set can have.
            let refused = wgpu_types::QuerySetDescriptor { count: u32::MAX, ..core };
            device.create(|global, id| global.device_create_query_set(id, &refused, None))?.0
        };
        Ok(Ok(self.table.insert(QuerySet { handle, device, label, kind, count })?))
    }
}

fn check_feature(kind: webgpu::GpuQueryType, device: &Device) -> Result<(), webgpu::CreateQuerySetError> {
    let needed = match kind {
        webgpu::GpuQueryType::Occlusion => return Ok(()),
        webgpu::GpuQueryType::Timestamp => webgpu::GpuFeatureName::TimestampQuery,
    };
    if device.features().has(needed) {
        return Ok(());
    }
    Err(webgpu::CreateQuerySetError {
        kind: webgpu::CreateQuerySetErrorKind::TypeError,
        message: format!("queries of type {kind:?} need the feature {}, which the device lacks", feature_name(needed)),
    })
}

impl webgpu::HostGpuQuerySet for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpuqueryset-destroy>
    fn destroy(&mut self, set: Resource<webgpu::GpuQuerySet>) -> wasmtime::Result<()> {
        let set = self.table.object(&set)?;
        if set.device.is_lost() {
            return Ok(());
        }
        set.device.call(|global| global.query_set_destroy(set.handle.id()))
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuqueryset-type>
    fn type_(&mut self, set: Resource<webgpu::GpuQuerySet>) -> wasmtime::Result<webgpu::GpuQueryType> {
        Ok(self.table.object(&set)?.kind)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuqueryset-count>
    fn count(&mut self, set: Resource<webgpu::GpuQuerySet>) -> wasmtime::Result<u32> {
        Ok(self.table.object(&set)?.count)
    }

    labelled!(webgpu::GpuQuerySet);
}
