//! stub
use std::sync::Arc;
use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::{Accessor, Resource};
use wgpu_core::id::ShaderModuleId;
use crate::ctx::{GpuCtxView, HasGpu};
use crate::device::Device;
use crate::handle::Handle;
use crate::table::{Table as _, stands_behind};
stands_behind! {
    ShaderModule => webgpu::GpuShaderModule,
}
#[derive(Debug)]
pub(crate) struct ShaderModule {
    pub(crate) handle: Arc<Handle<ShaderModuleId>>,
    pub(crate) device: Device,
    pub(crate) label: String,
    pub(crate) module: Option<Arc<naga::Module>>,
}
impl GpuCtxView<'_> { pub(crate) async fn create_shader_module(&mut self, device: &Resource<webgpu::GpuDevice>, d: webgpu::GpuShaderModuleDescriptor) -> wasmtime::Result<Resource<webgpu::GpuShaderModule>> {
    use crate::table::Table;
    let device = self.table.object(device)?.clone();
    let label = d.label.unwrap_or_default();
    let dev = device.clone();
    let code = d.code;
    let (handle, error, module) = crate::worker::run(move || {
        let desc = wgpu_core::pipeline::ShaderModuleDescriptor { label: None, runtime_checks: wgpu_types::ShaderRuntimeChecks::checked() };
        let module = naga::front::wgsl::parse_str(&code).ok();
        dev.create(|c, id| c.device_create_shader_module(id, &desc, wgpu_core::pipeline::ShaderModuleSource::Wgsl(code.into()), None)).map(|(a,b)| (a,b,module))
    }).await??;
    let ok = error.is_none();
    if let Some(e) = error { device.report(&e); }
    Ok(self.table.insert(ShaderModule { handle: Arc::new(handle), device, label, module: if ok { module.map(Arc::new) } else { None } })?)
} }
#[derive(Debug)] pub(crate) struct Info;
#[derive(Debug)] pub(crate) enum Msg {}
stands_behind! { Info => webgpu::GpuCompilationInfo, Msg => webgpu::GpuCompilationMessage, }
impl webgpu::HostGpuShaderModule for GpuCtxView<'_> { crate::table::labelled!(webgpu::GpuShaderModule); }
impl<T: Send> webgpu::HostGpuShaderModuleWithStore<T> for HasGpu {
  async fn get_compilation_info(s: &Accessor<T, Self>, _: Resource<webgpu::GpuShaderModule>) -> wasmtime::Result<Resource<webgpu::GpuCompilationInfo>> { use crate::table::Table; s.with(|mut s| Ok(s.get().table.insert(Info)?)) }
}
impl webgpu::HostGpuCompilationInfo for GpuCtxView<'_> { fn messages(&mut self, _: Resource<webgpu::GpuCompilationInfo>) -> wasmtime::Result<Vec<Resource<webgpu::GpuCompilationMessage>>> { Ok(vec![]) } crate::table::dropped!(webgpu::GpuCompilationInfo); }
impl webgpu::HostGpuCompilationMessage for GpuCtxView<'_> {
 fn message(&mut self, _: Resource<webgpu::GpuCompilationMessage>) -> wasmtime::Result<String> { panic!() }
 fn type_(&mut self, _: Resource<webgpu::GpuCompilationMessage>) -> wasmtime::Result<webgpu::GpuCompilationMessageType> { panic!() }
 fn line_num(&mut self, _: Resource<webgpu::GpuCompilationMessage>) -> wasmtime::Result<u64> { panic!() }
 fn line_pos(&mut self, _: Resource<webgpu::GpuCompilationMessage>) -> wasmtime::Result<u64> { panic!() }
 fn offset(&mut self, _: Resource<webgpu::GpuCompilationMessage>) -> wasmtime::Result<u64> { panic!() }
 fn length(&mut self, _: Resource<webgpu::GpuCompilationMessage>) -> wasmtime::Result<u64> { panic!() }
 crate::table::dropped!(webgpu::GpuCompilationMessage);
}
