//! `gpu-render-pipeline`.

use std::borrow::Cow;
use std::sync::Arc;

use naga::ShaderStage;
use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::{Resource, ResourceTable};
use wgpu_core::id::RenderPipelineId;
use wgpu_core::pipeline::{FragmentState, RenderPipelineDescriptor, VertexBufferLayout, VertexState};
use wgpu_types::{ColorTargetState, DepthStencilState, MultisampleState, PrimitiveState};

use crate::ctx::GpuCtxView;
use crate::device::Device;
use crate::error::GpuError;
use crate::handle::Handle;
use crate::object::bind_group::layout::{BindGroupLayout, StageCounts};
use crate::object::pipeline::{Compiled, Layout, NOWHERE, Plan, Stage, checks, compile};
use crate::table::{Table as _, labelled, stands_behind};

mod lower;

stands_behind! {
    RenderPipeline => webgpu::GpuRenderPipeline,
}

/// <https://www.w3.org/TR/webgpu/#gpurenderpipeline>
#[derive(Debug)]
pub(crate) struct RenderPipeline {
    pub(crate) handle: Handle<RenderPipelineId>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// How many bytes of immediates its layout has.
    pub(crate) immediate_size: u32,
    /// Whether it looks at the stencil reference of the pass.
    pub(crate) needs_reference: bool,
    /// Of the layout that was given.
    counts: Arc<[StageCounts]>,
}

/// A render pipeline to be.
#[derive(Debug)]
pub(crate) struct RenderPlan {
    pub(super) layout: Layout,
    pub(super) vertex: Stage,
    pub(super) buffers: Vec<Option<VertexBufferLayout<'static>>>,
    pub(super) primitive: PrimitiveState,
    pub(super) depth_stencil: Option<DepthStencilState>,
    pub(super) multisample: MultisampleState,
    pub(super) fragment: Option<Fragment>,
    /// The formats of all attachments, as the component named them.
    pub(super) formats: Vec<webgpu::GpuTextureFormat>,
    device: Device,
    label: String,
}

/// A fragment shader and what it writes.
#[derive(Debug)]
pub(crate) struct Fragment {
    pub(super) stage: Stage,
    pub(super) targets: Vec<Option<ColorTargetState>>,
}

impl GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createrenderpipeline>
    pub(crate) async fn create_render_pipeline(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        descriptor: webgpu::GpuRenderPipelineDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuRenderPipeline>> {
        let compiled = self.plan_render_pipeline(device, descriptor)?.compile().await?;
        let (plan, handle) = compiled.reported();
        Ok(self.table.insert(plan.into_pipeline(handle))?)
    }

    /// The first half of an async creation: takes in what the pipeline is made of.
    ///
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createrenderpipelineasync>
    pub(crate) fn plan_render_pipeline(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        descriptor: webgpu::GpuRenderPipelineDescriptor,
    ) -> wasmtime::Result<RenderPlan> {
        let webgpu::GpuRenderPipelineDescriptor {
            vertex,
            primitive,
            depth_stencil,
            multisample,
            fragment,
            layout,
            label,
        } = descriptor;
        let formats = lower::formats(fragment.as_ref(), depth_stencil.as_ref());
        let stage = Stage::new(&vertex.module, vertex.entry_point, vertex.constants, self.table)?;
        Ok(RenderPlan {
            fragment: fragment.map(|fragment| Fragment::new(fragment, self.table)).transpose()?,
            device: self.table.object(device)?.clone(),
            label: label.unwrap_or_default(),
            layout: Layout::new(&layout, self.table)?,
            vertex: stage,
            buffers: lower::vertex_buffers(vertex.buffers.unwrap_or_default()),
            primitive: lower::primitive(primitive.as_ref()),
            depth_stencil: depth_stencil.as_ref().map(lower::depth_stencil),
            multisample: lower::multisample(multisample.as_ref()),
            formats,
        })
    }

    /// The second half of an async creation.
    pub(crate) fn keep_render_pipeline(
        &mut self,
        compiled: Compiled<RenderPlan>,
    ) -> wasmtime::Result<Result<Resource<webgpu::GpuRenderPipeline>, webgpu::CreatePipelineError>> {
        Ok(match compiled.unless_rejected() {
            Ok((plan, handle)) => Ok(self.table.insert(plan.into_pipeline(handle))?),
            Err(rejection) => Err(rejection),
        })
    }
}

impl webgpu::HostGpuRenderPipeline for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpupipelinebase-getbindgrouplayout>
    fn get_bind_group_layout(
        &mut self,
        pipeline: Resource<webgpu::GpuRenderPipeline>,
        index: u32,
    ) -> wasmtime::Result<Resource<webgpu::GpuBindGroupLayout>> {
        let pipeline = self.table.object(&pipeline)?;
        let (device, id) = (pipeline.device.clone(), pipeline.handle.id());
        let counts = StageCounts::at(&pipeline.counts, index);
        let handle =
            device.adopt(&pipeline.label, |core, _| core.render_pipeline_get_bind_group_layout(id, index, None))?;
        Ok(self.table.insert(BindGroupLayout { handle, label: String::new(), counts })?)
    }

    labelled!(webgpu::GpuRenderPipeline);
}

impl Fragment {
    fn new(state: webgpu::GpuFragmentState, table: &mut ResourceTable) -> wasmtime::Result<Self> {
        let webgpu::GpuFragmentState { targets, module, entry_point, constants } = state;
        let stage = Stage::new(&module, entry_point, constants, table)?;
        Ok(Self { stage, targets: targets.iter().map(|target| target.as_ref().map(lower::color_target)).collect() })
    }
}

impl RenderPlan {
    pub(crate) async fn compile(self) -> wasmtime::Result<Compiled<Self>> {
        compile(self).await
    }

    fn into_pipeline(self, handle: Handle<RenderPipelineId>) -> RenderPipeline {
        let Self { device, label, layout, vertex, fragment, depth_stencil, .. } = self;
        let needs_reference =
            depth_stencil.is_some_and(|state| state.stencil.is_enabled() && state.stencil.needs_ref_value());
        let fragment = fragment.map(|fragment| fragment.stage);
        let immediate_size = layout.immediate_size(&[Some(&vertex), fragment.as_ref()]);
        RenderPipeline { handle, device, label, immediate_size, needs_reference, counts: layout.into_counts() }
    }

    /// The targets without empty places at the end: to WebGPU they make no difference between a pipeline and a pass,
    /// to `wgpu-core` they do. Too many of them are an error nonetheless.
    fn targets_of<'a>(&self, fragment: &'a Fragment) -> &'a [Option<ColorTargetState>] {
        let targets = fragment.targets.as_slice();
        let count = u64::try_from(targets.len()).unwrap_or(u64::MAX);
        if count > self.device.limits().max_color_attachments {
            return targets;
        }
        let used = targets.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        targets.get(..used).unwrap_or_default()
    }

    fn descriptor(&self) -> RenderPipelineDescriptor<'_> {
        RenderPipelineDescriptor {
            label: Some(Cow::Borrowed(self.label.as_str())),
            layout: self.layout.to_core(),
            vertex: VertexState { stage: self.vertex.to_core(), buffers: Cow::Borrowed(&self.buffers) },
            primitive: self.primitive,
            depth_stencil: self.depth_stencil.clone(),
            multisample: self.multisample,
            fragment: self.fragment.as_ref().map(|fragment| FragmentState {
                stage: fragment.stage.to_core(),
                targets: Cow::Borrowed(self.targets_of(fragment)),
            }),
            // An extension of wgpu's.
            multiview_mask: None,
            cache: None,
        }
    }
}

impl Plan for RenderPlan {
    type Id = RenderPipelineId;

    fn device(&self) -> &Device {
        &self.device
    }

    fn label(&self) -> &str {
        &self.label
    }

    fn resolve(&mut self) -> wasmtime::Result<Result<(), GpuError>> {
        if let Err(error) = self.vertex.resolve(ShaderStage::Vertex, &self.device)? {
            return Ok(Err(error));
        }
        match &mut self.fragment {
            Some(fragment) => fragment.stage.resolve(ShaderStage::Fragment, &self.device),
            None => Ok(Ok(())),
        }
    }

    fn check(&self) -> Result<(), String> {
        checks::render(self, self.device.features(), self.device.limits())
    }

    fn create(&self) -> wasmtime::Result<(Handle<RenderPipelineId>, Option<GpuError>)> {
        let descriptor = self.descriptor();
        let (handle, error) =
            self.device.create(|core, id| core.device_create_render_pipeline(id, &descriptor, None))?;
        Ok((handle, error.and_then(|error| GpuError::of_core(&error))))
    }

    fn invalid(&self) -> wasmtime::Result<Handle<RenderPipelineId>> {
        // Without any target it is refused before anything else is looked at.
        let descriptor = RenderPipelineDescriptor {
            label: Some(Cow::Borrowed(self.label.as_str())),
            layout: None,
            vertex: VertexState { stage: self.vertex.with_entry_point(Some(NOWHERE)), buffers: Cow::Borrowed(&[]) },
            primitive: lower::primitive(None),
            depth_stencil: None,
            multisample: lower::multisample(None),
            fragment: None,
            multiview_mask: None,
            cache: None,
        };
        let (handle, _) = self.device.create(|core, id| core.device_create_render_pipeline(id, &descriptor, None))?;
        Ok(handle)
    }
}
