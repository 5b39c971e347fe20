//! `gpu-device`: an index. What it makes is made in the file of the object.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::{Access, Accessor, FutureReader, Resource, StreamReader};

use crate::convert::ToCore;
use crate::ctx::{GpuCtxView, HasGpu};
use crate::device::{Device, LossReason};
use crate::object::adapter::Info;
use crate::object::errors;
use crate::table::{Table, dropped, stands_behind};

stands_behind! {
    Device => webgpu::GpuDevice,
}

type Handle = Resource<webgpu::GpuDevice>;

impl webgpu::HostGpuDevice for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-features>
    fn features(&mut self, device: Handle) -> wasmtime::Result<Resource<webgpu::GpuSupportedFeatures>> {
        let features = *self.table.object(&device)?.features();
        Ok(self.table.insert(features)?)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-limits>
    fn limits(&mut self, device: Handle) -> wasmtime::Result<Resource<webgpu::GpuSupportedLimits>> {
        let limits = self.table.object(&device)?.limits().clone();
        Ok(self.table.insert(limits)?)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-adapterinfo>
    fn adapter_info(&mut self, device: Handle) -> wasmtime::Result<Resource<webgpu::GpuAdapterInfo>> {
        let info = Info::new(self.table.object(&device)?.info().clone());
        Ok(self.table.insert(info)?)
    }

    fn queue(&mut self, device: Handle) -> wasmtime::Result<Resource<webgpu::GpuQueue>> {
        GpuCtxView::queue(self, &device)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-destroy>
    fn destroy(&mut self, device: Handle) -> wasmtime::Result<()> {
        let device = self.table.object(&device)?;
        device.lose(LossReason::Destroyed, "the component destroyed the device");
        device.call(|core| core.device_destroy(device.id()))?;
        device.poll()
    }

    fn create_buffer(
        &mut self,
        device: Handle,
        descriptor: webgpu::GpuBufferDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuBuffer>> {
        GpuCtxView::create_buffer(self, &device, descriptor)
    }

    fn create_texture(
        &mut self,
        device: Handle,
        descriptor: webgpu::GpuTextureDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuTexture>> {
        GpuCtxView::create_texture(self, &device, descriptor)
    }

    fn create_sampler(
        &mut self,
        device: Handle,
        descriptor: Option<webgpu::GpuSamplerDescriptor>,
    ) -> wasmtime::Result<Resource<webgpu::GpuSampler>> {
        GpuCtxView::create_sampler(self, &device, descriptor)
    }

    fn create_bind_group_layout(
        &mut self,
        device: Handle,
        descriptor: webgpu::GpuBindGroupLayoutDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuBindGroupLayout>> {
        GpuCtxView::create_bind_group_layout(self, &device, descriptor)
    }

    fn create_pipeline_layout(
        &mut self,
        device: Handle,
        descriptor: webgpu::GpuPipelineLayoutDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuPipelineLayout>> {
        GpuCtxView::create_pipeline_layout(self, &device, descriptor)
    }

    fn create_bind_group(
        &mut self,
        device: Handle,
        descriptor: webgpu::GpuBindGroupDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuBindGroup>> {
        GpuCtxView::create_bind_group(self, &device, descriptor)
    }

    async fn create_shader_module(
        &mut self,
        device: Handle,
        descriptor: webgpu::GpuShaderModuleDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuShaderModule>> {
        GpuCtxView::create_shader_module(self, &device, descriptor).await
    }

    async fn create_compute_pipeline(
        &mut self,
        device: Handle,
        descriptor: webgpu::GpuComputePipelineDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuComputePipeline>> {
        GpuCtxView::create_compute_pipeline(self, &device, descriptor).await
    }

    async fn create_render_pipeline(
        &mut self,
        device: Handle,
        descriptor: webgpu::GpuRenderPipelineDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuRenderPipeline>> {
        GpuCtxView::create_render_pipeline(self, &device, descriptor).await
    }

    fn create_command_encoder(
        &mut self,
        device: Handle,
        descriptor: Option<webgpu::GpuCommandEncoderDescriptor>,
    ) -> wasmtime::Result<Resource<webgpu::GpuCommandEncoder>> {
        GpuCtxView::create_command_encoder(self, &device, descriptor)
    }

    fn create_render_bundle_encoder(
        &mut self,
        device: Handle,
        descriptor: webgpu::GpuRenderBundleEncoderDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuRenderBundleEncoder>> {
        GpuCtxView::create_render_bundle_encoder(self, &device, descriptor)
    }

    fn create_query_set(
        &mut self,
        device: Handle,
        descriptor: webgpu::GpuQuerySetDescriptor,
    ) -> wasmtime::Result<Result<Resource<webgpu::GpuQuerySet>, webgpu::CreateQuerySetError>> {
        GpuCtxView::create_query_set(self, &device, descriptor)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuobjectbase-label>
    fn label(&mut self, device: Handle) -> wasmtime::Result<String> {
        Ok(self.table.object(&device)?.label().lock().clone())
    }

    fn set_label(&mut self, device: Handle, label: String) -> wasmtime::Result<()> {
        *self.table.object(&device)?.label().lock() = label;
        Ok(())
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-pusherrorscope>
    fn push_error_scope(&mut self, device: Handle, filter: webgpu::GpuErrorFilter) -> wasmtime::Result<()> {
        self.table.object(&device)?.errors().push_scope(filter.to_core());
        Ok(())
    }

    dropped!(webgpu::GpuDevice);
}

impl<T: Send> webgpu::HostGpuDeviceWithStore<T> for HasGpu {
    async fn create_compute_pipeline_async(
        store: &Accessor<T, Self>,
        device: Handle,
        descriptor: webgpu::GpuComputePipelineDescriptor,
    ) -> wasmtime::Result<Result<Resource<webgpu::GpuComputePipeline>, webgpu::CreatePipelineError>> {
        let plan = store.with(|mut store| store.get().plan_compute_pipeline(&device, descriptor))?;
        let compiled = plan.compile().await?;
        store.with(|mut store| store.get().keep_compute_pipeline(compiled))
    }

    async fn create_render_pipeline_async(
        store: &Accessor<T, Self>,
        device: Handle,
        descriptor: webgpu::GpuRenderPipelineDescriptor,
    ) -> wasmtime::Result<Result<Resource<webgpu::GpuRenderPipeline>, webgpu::CreatePipelineError>> {
        let plan = store.with(|mut store| store.get().plan_render_pipeline(&device, descriptor))?;
        let compiled = plan.compile().await?;
        store.with(|mut store| store.get().keep_render_pipeline(compiled))
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-poperrorscope>
    ///
    /// Everything that a component did before was validated when it was called, so the answer is there at once.
    async fn pop_error_scope(
        store: &Accessor<T, Self>,
        device: Handle,
    ) -> wasmtime::Result<Result<Option<Resource<webgpu::GpuError>>, webgpu::PopErrorScopeError>> {
        store.with(|mut store| {
            let view = store.get();
            Ok(match view.table.object(&device)?.errors().pop_scope() {
                Ok(None) => Ok(None),
                Ok(Some(error)) => Ok(Some(view.table.insert(error)?)),
                Err(error) => Err(webgpu::PopErrorScopeError {
                    kind: webgpu::PopErrorScopeErrorKind::OperationError,
                    message: error.to_string(),
                }),
            })
        })
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-lost>
    fn lost(
        store: Access<'_, T, Self>,
        device: Handle,
    ) -> wasmtime::Result<FutureReader<Resource<webgpu::GpuDeviceLostInfo>>> {
        errors::lost_future(store, &device)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-onuncapturederror>
    fn on_uncaptured_error(
        store: Access<'_, T, Self>,
        device: Handle,
    ) -> wasmtime::Result<StreamReader<Resource<webgpu::GpuError>>> {
        errors::uncaptured_stream(store, &device)
    }
}
