//! `gpu-compute-pipeline`.

use std::borrow::Cow;
use std::sync::Arc;

use naga::ShaderStage;
use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;
use wgpu_core::id::ComputePipelineId;
use wgpu_core::pipeline::{ComputePipelineDescriptor, ProgrammableStageDescriptor};

use crate::ctx::GpuCtxView;
use crate::device::Device;
use crate::error::GpuError;
use crate::handle::Handle;
use crate::object::bind_group::layout::{BindGroupLayout, StageCounts};
use crate::object::pipeline::{Compiled, Layout, NOWHERE, Plan, Stage, checks, compile};
use crate::table::{Table as _, labelled, stands_behind};

stands_behind! {
    ComputePipeline => webgpu::GpuComputePipeline,
}

/// <https://www.w3.org/TR/webgpu/#gpucomputepipeline>
#[derive(Debug)]
pub(crate) struct ComputePipeline {
    pub(crate) handle: Handle<ComputePipelineId>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// How many bytes of immediates its layout has.
    pub(crate) immediate_size: u32,
    /// Of the layout that was given.
    counts: Arc<[StageCounts]>,
}

/// A compute pipeline to be.
#[derive(Debug)]
pub(crate) struct ComputePlan {
    layout: Layout,
    stage: Stage,
    device: Device,
    label: String,
}

impl GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createcomputepipeline>
    pub(crate) async fn create_compute_pipeline(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        descriptor: webgpu::GpuComputePipelineDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuComputePipeline>> {
        let compiled = self.plan_compute_pipeline(device, descriptor)?.compile().await?;
        let (plan, handle) = compiled.reported();
        Ok(self.table.insert(plan.into_pipeline(handle))?)
    }

    /// The first half of an async creation: takes in what the pipeline is made of.
    ///
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createcomputepipelineasync>
    pub(crate) fn plan_compute_pipeline(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        descriptor: webgpu::GpuComputePipelineDescriptor,
    ) -> wasmtime::Result<ComputePlan> {
        let webgpu::GpuComputePipelineDescriptor { compute, layout, label } = descriptor;
        let stage = Stage::new(&compute.module, compute.entry_point, compute.constants, self.table)?;
        let device = self.table.object(device)?.clone();
        let layout = Layout::new(&layout, self.table)?;
        Ok(ComputePlan { device, label: label.unwrap_or_default(), layout, stage })
    }

    /// The second half of an async creation.
    pub(crate) fn keep_compute_pipeline(
        &mut self,
        compiled: Compiled<ComputePlan>,
    ) -> wasmtime::Result<Result<Resource<webgpu::GpuComputePipeline>, webgpu::CreatePipelineError>> {
        Ok(match compiled.unless_rejected() {
            Ok((plan, handle)) => Ok(self.table.insert(plan.into_pipeline(handle))?),
            Err(rejection) => Err(rejection),
        })
    }
}

impl webgpu::HostGpuComputePipeline for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpupipelinebase-getbindgrouplayout>
    fn get_bind_group_layout(
        &mut self,
        pipeline: Resource<webgpu::GpuComputePipeline>,
        index: u32,
    ) -> wasmtime::Result<Resource<webgpu::GpuBindGroupLayout>> {
        let pipeline = self.table.object(&pipeline)?;
        let (device, id) = (pipeline.device.clone(), pipeline.handle.id());
        let counts = StageCounts::at(&pipeline.counts, index);
        let handle =
            device.adopt(&pipeline.label, |core, _| core.compute_pipeline_get_bind_group_layout(id, index, None))?;
        Ok(self.table.insert(BindGroupLayout { handle, label: String::new(), counts })?)
    }

    labelled!(webgpu::GpuComputePipeline);
}

impl ComputePlan {
    pub(crate) async fn compile(self) -> wasmtime::Result<Compiled<Self>> {
        compile(self).await
    }

    fn into_pipeline(self, handle: Handle<ComputePipelineId>) -> ComputePipeline {
        let Self { device, label, layout, stage } = self;
        let immediate_size = layout.immediate_size(&[Some(&stage)]);
        ComputePipeline { handle, device, label, immediate_size, counts: layout.into_counts() }
    }

    fn descriptor<'a>(&'a self, stage: ProgrammableStageDescriptor<'a>) -> ComputePipelineDescriptor<'a> {
        ComputePipelineDescriptor {
            label: Some(Cow::Borrowed(self.label.as_str())),
            layout: self.layout.to_core(),
            stage,
            cache: None,
        }
    }
}

impl Plan for ComputePlan {
    type Id = ComputePipelineId;

    fn device(&self) -> &Device {
        &self.device
    }

    fn label(&self) -> &str {
        &self.label
    }

    fn resolve(&mut self) -> wasmtime::Result<Result<(), GpuError>> {
        self.stage.resolve(ShaderStage::Compute, &self.device)
    }

    fn check(&self) -> Result<(), String> {
        checks::compute(&self.stage, &self.layout, self.device.limits())
    }

    fn create(&self) -> wasmtime::Result<(Handle<ComputePipelineId>, Option<GpuError>)> {
        let descriptor = self.descriptor(self.stage.to_core());
        let (handle, error) =
            self.device.create(|core, id| core.device_create_compute_pipeline(id, &descriptor, None))?;
        Ok((handle, error.and_then(|error| GpuError::of_core(&error))))
    }

    fn invalid(&self) -> wasmtime::Result<Handle<ComputePipelineId>> {
        let descriptor = self.descriptor(self.stage.with_entry_point(Some(NOWHERE)));
        let (handle, _) = self.device.create(|core, id| core.device_create_compute_pipeline(id, &descriptor, None))?;
        Ok(handle)
    }
}
