//! `gpu-shader-module`, `gpu-compilation-info` and `gpu-compilation-message`.

use std::borrow::Cow;
use std::sync::Arc;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::{Accessor, Resource};
use wgpu_core::id::ShaderModuleId;
use wgpu_core::pipeline::{CreateShaderModuleError, ShaderModuleDescriptor, ShaderModuleSource};
use wgpu_types::ShaderRuntimeChecks;

use wardian_sealed::{Compiled, Compiler, EXTENSIONS, Failure, Position, Remark, Request, Severity, Stage};

use crate::ctx::{GpuCtxView, HasGpu};
use crate::device::Device;
use crate::error::{ErrorKind, GpuError, bounded, message_of};
use crate::handle::Handle;
use crate::object::capabilities::Features;
use crate::quota::{Amounts, Quota};
use crate::table::{Table, dropped, labelled, stands_behind};
use crate::worker;

stands_behind! {
    ShaderModule => webgpu::GpuShaderModule,
    CompilationInfo => webgpu::GpuCompilationInfo,
    CompilationMessage => webgpu::GpuCompilationMessage,
}

/// <https://www.w3.org/TR/webgpu/#gpushadermodule>
#[derive(Debug)]
pub(crate) struct ShaderModule {
    /// Shared with pipelines that are being compiled on another thread.
    pub(crate) handle: Handle<ShaderModuleId>,
    pub(crate) label: String,
    /// What the compiler understood, for what pipelines must check themselves; none where the module is invalid.
    pub(crate) module: Option<Arc<naga::Module>>,
    /// Where the module has overrides: what pipelines compile once more.
    pub(crate) overridable: Option<Overridable>,
    /// What the compiler said.
    pub(crate) info: CompilationInfo,
}

/// The code of a module with overrides, which the sealed compiler gives their values: it knows WGSL's rules for them.
#[derive(Clone, Debug)]
pub(crate) struct Overridable {
    compiler: Compiler,
    code: Arc<str>,
}

/// A module without overrides, for one stage of a pipeline.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) handle: Handle<ShaderModuleId>,
    pub(crate) module: Arc<naga::Module>,
}

/// <https://www.w3.org/TR/webgpu/#gpucompilationinfo>
#[derive(Clone, Debug)]
pub(crate) struct CompilationInfo(Arc<[Arc<Remark>]>);

/// <https://www.w3.org/TR/webgpu/#gpucompilationmessage>
#[derive(Debug)]
pub(crate) struct CompilationMessage(Arc<Remark>);

impl GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createshadermodule>
    ///
    /// The hints are not used: which pipelines a module is for is known when they are made.
    pub(crate) async fn create_shader_module(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        descriptor: webgpu::GpuShaderModuleDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuShaderModule>> {
        let device = self.table.object(device)?.clone();
        let webgpu::GpuShaderModuleDescriptor { code, compilation_hints: _, label } = descriptor;
        let label = label.unwrap_or_default();
        let bytes = u64::try_from(code.len()).unwrap_or(u64::MAX);
        let charge = device.admit(&label, Amounts::object(Quota::ShaderModules, &label, (Quota::ShaderBytes, bytes)));
        let has_room = charge.is_some();
        let built = worker::run({
            let (compiler, device, label) = (self.ctx.compiler.clone(), device.clone(), label.clone());
            move || match has_room {
                true => build(compiler, &device, code, &label),
                false => Built::refused(&device, &label),
            }
        });
        let Built { handle, module, overridable, remarks } = built.await??;
        let handle = handle.charged(charge);
        let info = CompilationInfo(remarks.into_iter().map(Arc::new).collect());
        Ok(self.table.insert(ShaderModule { handle, label, module, overridable, info })?)
    }
}

/// What becomes of the code: without a module, `handle` is an invalid one.
struct Built {
    handle: Handle<ShaderModuleId>,
    module: Option<Arc<naga::Module>>,
    overridable: Option<Overridable>,
    remarks: Vec<Remark>,
}

impl Built {
    /// A module that there is no room for. That was reported already.
    fn refused(device: &Device, label: &str) -> wasmtime::Result<Self> {
        Self::invalid(device, label, Vec::new())
    }

    fn invalid(device: &Device, label: &str, remarks: Vec<Remark>) -> wasmtime::Result<Self> {
        Ok(Self { handle: invalid(device, label)?, module: None, overridable: None, remarks })
    }
}

/// Compiles the code and reports its error, if it has one. It blocks its thread, of which it needs the large stack.
fn build(compiler: Compiler, device: &Device, code: String, label: &str) -> wasmtime::Result<Built> {
    let Compiled { module, mut remarks } = match compile(&compiler, device, &code, None)? {
        Ok(compiled) => compiled,
        Err(failure) => {
            let message = message_of(&failure);
            device.errors().report(GpuError { kind: ErrorKind::Internal, message: message.clone() });
            return Built::invalid(device, label, vec![nowhere(message)]);
        }
    };
    let Some(module) = module.map(Arc::new) else {
        if let Some(remark) = remarks.first() {
            report(device, label, remark);
        }
        return Built::invalid(device, label, remarks);
    };
    let (handle, error) = create_of(device, label, &module)?;
    let Some(error) = error else {
        let overridable = (!module.overrides.is_empty()).then(|| Overridable { compiler, code: code.into() });
        return Ok(Built { handle, module: Some(module), overridable, remarks });
    };
    if !device.is_lost() {
        // It may be something else than a fault of the code, so it is reported as what it is.
        remarks.insert(0, nowhere(message_of(&error)));
        device.report(&error);
    }
    Ok(Built { handle, module: None, overridable: None, remarks })
}

impl Overridable {
    /// Compiles the code for a stage of a pipeline. It blocks its thread, of which it needs the large stack.
    ///
    /// # Errors
    ///
    /// What is wrong with the values, or with what comes of them.
    pub(crate) fn resolve(&self, device: &Device, stage: Stage<'_>) -> wasmtime::Result<Result<Resolved, GpuError>> {
        let name = stage.entry_point;
        let compiled = match compile(&self.compiler, device, &self.code, Some(stage))? {
            Ok(compiled) => compiled,
            Err(failure) => {
                return Ok(Err(GpuError { kind: ErrorKind::Internal, message: message_of(&failure) }));
            }
        };
        let Some(module) = compiled.module.map(Arc::new) else {
            let text = compiled.remarks.into_iter().next().map(|remark| remark.text).unwrap_or_default();
            return Ok(Err(GpuError::validation(bounded(format!("constants of {name:?}: {text}")))));
        };
        let (handle, error) = create_of(device, "", &module)?;
        Ok(match error.and_then(|error| GpuError::of_core(&error)) {
            Some(error) => Err(error),
            None => Ok(Resolved { handle, module }),
        })
    }
}

/// Has the code parsed and validated for a device. `wgpu-core` then validates the module once more, for it trusts nobody.
fn compile(
    compiler: &Compiler,
    device: &Device,
    code: &str,
    stage: Option<Stage<'_>>,
) -> wasmtime::Result<Result<Compiled, Failure>> {
    let capabilities = device.shader_capabilities()?.bits();
    let groups = u32::try_from(device.limits().max_bind_groups).ok();
    let request = Request { source: code, extensions: extensions(*device.features()), capabilities, groups, stage };
    Ok(compiler.compile(&request))
}

/// Has `wgpu-core` make a module of one that the compiler understood.
fn create_of(
    device: &Device,
    label: &str,
    module: &naga::Module,
) -> wasmtime::Result<(Handle<ShaderModuleId>, Option<CreateShaderModuleError>)> {
    create(device, label, ShaderModuleSource::Naga(Cow::Owned(module.clone())))
}

/// An error that belongs to no place.
fn nowhere(text: String) -> Remark {
    Remark { severity: Severity::Error, text, position: Position::default() }
}

fn create(
    device: &Device,
    label: &str,
    source: ShaderModuleSource<'_>,
) -> wasmtime::Result<(Handle<ShaderModuleId>, Option<CreateShaderModuleError>)> {
    let descriptor = ShaderModuleDescriptor {
        label: (!label.is_empty()).then_some(Cow::Borrowed(label)),
        // Whatever the code does, it stays in its own memory. Its loops end already: the compiler saw to that.
        runtime_checks: ShaderRuntimeChecks { force_loop_bounding: false, ..ShaderRuntimeChecks::checked() },
    };
    device.create(|core, device| core.device_create_shader_module(device, &descriptor, source, None))
}

/// A module that is as invalid to `wgpu-core` as it is to us.
fn invalid(device: &Device, label: &str) -> wasmtime::Result<Handle<ShaderModuleId>> {
    let (handle, error) = create(device, label, ShaderModuleSource::Wgsl(Cow::Borrowed("invalid")))?;
    match error {
        Some(_) => Ok(handle),
        None => wasmtime::bail!("what is no WGSL was compiled"),
    }
}

/// The one validation error of a module with an error. <https://www.w3.org/TR/webgpu/#shader-module-creation>
fn report(device: &Device, label: &str, remark: &Remark) {
    let Position { line, place, .. } = remark.position;
    let place = if line > 0 { format!("{line}:{place}: ") } else { String::new() };
    device.report_validation(bounded(format!("the shader module {label:?} is invalid: {place}{}", remark.text)));
}

/// WGSL's names of the extensions that a device with these features has.
fn extensions(features: Features) -> Vec<&'static str> {
    let names: Vec<_> = features.names().collect();
    let enabled = EXTENSIONS.iter().filter(|(_, feature)| names.contains(feature));
    enabled.map(|(extension, _)| *extension).collect()
}

impl webgpu::HostGpuShaderModule for GpuCtxView<'_> {
    labelled!(webgpu::GpuShaderModule);
}

impl<T: Send> webgpu::HostGpuShaderModuleWithStore<T> for HasGpu {
    /// <https://www.w3.org/TR/webgpu/#dom-gpushadermodule-getcompilationinfo>
    async fn get_compilation_info(
        store: &Accessor<T, Self>,
        module: Resource<webgpu::GpuShaderModule>,
    ) -> wasmtime::Result<Resource<webgpu::GpuCompilationInfo>> {
        store.with(|mut store| {
            let view = store.get();
            let info = view.table.object(&module)?.info.clone();
            Ok(view.table.insert(info)?)
        })
    }
}

impl webgpu::HostGpuCompilationInfo for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpucompilationinfo-messages>
    fn messages(
        &mut self,
        info: Resource<webgpu::GpuCompilationInfo>,
    ) -> wasmtime::Result<Vec<Resource<webgpu::GpuCompilationMessage>>> {
        let CompilationInfo(remarks) = self.table.object(&info)?.clone();
        let messages = remarks.iter().map(|remark| Ok(self.table.insert(CompilationMessage(Arc::clone(remark)))?));
        messages.collect()
    }

    dropped!(webgpu::GpuCompilationInfo);
}

impl GpuCtxView<'_> {
    fn remark(&self, message: &Resource<webgpu::GpuCompilationMessage>) -> wasmtime::Result<&Remark> {
        Ok(&self.table.object(message)?.0)
    }
}

impl webgpu::HostGpuCompilationMessage for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpucompilationmessage-message>
    fn message(&mut self, message: Resource<webgpu::GpuCompilationMessage>) -> wasmtime::Result<String> {
        Ok(self.remark(&message)?.text.clone())
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucompilationmessage-type>
    fn type_(
        &mut self,
        message: Resource<webgpu::GpuCompilationMessage>,
    ) -> wasmtime::Result<webgpu::GpuCompilationMessageType> {
        Ok(match self.remark(&message)?.severity {
            Severity::Error => webgpu::GpuCompilationMessageType::Error,
            Severity::Warning => webgpu::GpuCompilationMessageType::Warning,
            Severity::Info => webgpu::GpuCompilationMessageType::Info,
        })
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucompilationmessage-linenum>
    fn line_num(&mut self, message: Resource<webgpu::GpuCompilationMessage>) -> wasmtime::Result<u64> {
        Ok(self.remark(&message)?.position.line)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucompilationmessage-linepos>
    fn line_pos(&mut self, message: Resource<webgpu::GpuCompilationMessage>) -> wasmtime::Result<u64> {
        Ok(self.remark(&message)?.position.place)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucompilationmessage-offset>
    fn offset(&mut self, message: Resource<webgpu::GpuCompilationMessage>) -> wasmtime::Result<u64> {
        Ok(self.remark(&message)?.position.offset)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucompilationmessage-length>
    fn length(&mut self, message: Resource<webgpu::GpuCompilationMessage>) -> wasmtime::Result<u64> {
        Ok(self.remark(&message)?.position.length)
    }

    dropped!(webgpu::GpuCompilationMessage);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_extension_has_its_feature() {
        let features = Features::of_adapter(wgpu_types::Features::all(), &BTreeSet::new());
        assert_eq!(extensions(features).len(), EXTENSIONS.len(), "extensions of a device with all features");
        let features = Features::of_adapter(wgpu_types::Features::SHADER_F16, &BTreeSet::new());
        assert_eq!(extensions(features), ["f16"], "extensions of a device with f16");
    }
}
