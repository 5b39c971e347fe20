//! What compute and render pipelines share: stages, layouts, and compilation on a thread of its own.

use std::borrow::Cow;
use std::sync::Arc;

use naga::ShaderStage;
use naga::back::PipelineConstants;
use naga::valid::ImmediateSlots;
use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::{Resource, ResourceTable};
use wgpu_core::id::{PipelineLayoutId, ShaderModuleId};
use wgpu_core::pipeline::ProgrammableStageDescriptor;

use crate::device::Device;
use crate::error::{ErrorKind, GpuError, bounded, named};
use crate::handle::{CoreId, Handle};
use crate::object::bind_group::layout::StageCounts;
use crate::object::shader::{Overridable, Resolved};
use crate::quota::{Amounts, NOTHING, Quota};
use crate::table::Table as _;
use crate::worker;

mod checks;
pub(crate) mod compute;
pub(crate) mod render;

/// An entry point that no module has, so that `wgpu-core` makes an invalid pipeline of it.
const NOWHERE: &str = "\0";

/// A pipeline that is to be made, with all that it is made of, so that another thread can compile it.
pub(crate) trait Plan: Send + Sized + 'static {
    type Id: CoreId + Send;

    fn device(&self) -> &Device;

    fn label(&self) -> &str;

    /// Gives the overrides of all stages their values.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    fn resolve(&mut self) -> wasmtime::Result<Result<(), GpuError>>;

    /// Checks what `wgpu-core` doesn't.
    ///
    /// # Errors
    ///
    /// What is wrong with the pipeline.
    fn check(&self) -> Result<(), String>;

    /// Has the pipeline made by `wgpu-core`.
    fn create(&self) -> wasmtime::Result<(Handle<Self::Id>, Option<GpuError>)>;

    /// Has `wgpu-core` make an invalid pipeline.
    fn invalid(&self) -> wasmtime::Result<Handle<Self::Id>>;
}

/// A plan that has been carried out.
#[derive(Debug)]
pub(crate) struct Compiled<P: Plan> {
    handle: Handle<P::Id>,
    plan: P,
    /// Why the pipeline is invalid; none on a lost device, where nothing is an error.
    error: Option<GpuError>,
}

/// Compiles a pipeline on another thread. When the future is dropped, the thread goes on to the end.
async fn compile<P: Plan>(plan: P) -> wasmtime::Result<Compiled<P>> {
    let permit = Arc::clone(plan.device().compilations()).acquire_owned().await;
    let permit = permit.map_err(|_| wasmtime::format_err!("a device takes no pipelines any more"))?;
    let compiled = worker::run(move || {
        let compiled = run(plan);
        drop(permit);
        compiled
    });
    compiled.await?
}

fn run<P: Plan>(mut plan: P) -> wasmtime::Result<Compiled<P>> {
    if plan.device().is_lost() {
        let handle = plan.invalid()?;
        return Ok(Compiled { plan, handle, error: None });
    }
    let charge = match plan.device().try_admit(Amounts::object(Quota::Pipelines, plan.label(), NOTHING)) {
        Ok(charge) => charge,
        Err(exceeded) => {
            let (kind, message) = (ErrorKind::OutOfMemory, exceeded.to_string());
            let handle = plan.invalid()?;
            return Ok(Compiled { plan, handle, error: Some(GpuError { kind, message }) });
        }
    };
    // Part of the checks is the shader compiler's, so its panics are to be caught as those of `wgpu-core` are.
    let checked = match plan.resolve()? {
        Ok(()) => plan.device().call(|_| plan.check())?.map_err(|fault| GpuError::validation(bounded(fault))),
        Err(error) => Err(error),
    };
    let (handle, error) = match checked {
        Ok(()) => plan.create()?,
        Err(error) => (plan.invalid()?, Some(error)),
    };
    let handle = handle.charged(Some(charge));
    Ok(Compiled { plan, handle, error })
}

impl<P: Plan> Compiled<P> {
    /// As the result of an async creation. A lost device gives invalid pipelines and no errors.
    ///
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createcomputepipelineasync>
    fn unless_rejected(self) -> Result<(P, Handle<P::Id>), webgpu::CreatePipelineError> {
        let Self { plan, handle, error } = self;
        match error {
            Some(error) if !plan.device().is_lost() => Err(rejection(error)),
            _ => Ok((plan, handle)),
        }
    }

    /// As the result of a sync creation, whose error goes to the device's scopes.
    ///
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createcomputepipeline>
    fn reported(self) -> (P, Handle<P::Id>) {
        let Self { plan, handle, error } = self;
        if let Some(GpuError { kind, message }) = error {
            plan.device().errors().report(GpuError { kind, message: named(plan.label(), message) });
        }
        (plan, handle)
    }
}

/// <https://www.w3.org/TR/webgpu/#gpupipelineerror>
fn rejection(error: GpuError) -> webgpu::CreatePipelineError {
    let reason = match error.kind {
        ErrorKind::Validation => webgpu::GpuPipelineErrorReason::Validation,
        ErrorKind::OutOfMemory | ErrorKind::Internal => webgpu::GpuPipelineErrorReason::Internal,
    };
    webgpu::CreatePipelineError {
        kind: webgpu::CreatePipelineErrorKind::GpuPipelineError(reason),
        message: error.message,
    }
}

/// One shader of a pipeline.
///
/// <https://www.w3.org/TR/webgpu/#gpuprogrammablestage>
#[derive(Debug)]
pub(crate) struct Stage {
    module: Handle<ShaderModuleId>,
    /// None where the module is invalid.
    code: Option<Arc<naga::Module>>,
    /// Where there are overrides whose values are still to be given.
    overridable: Option<Overridable>,
    entry_point: Option<String>,
    constants: PipelineConstants,
}

impl Stage {
    /// Takes the constants out of the table: their handle came with the call.
    fn new(
        module: &Resource<webgpu::GpuShaderModule>,
        entry_point: Option<String>,
        constants: Option<Resource<webgpu::RecordGpuPipelineConstantValue>>,
        table: &mut ResourceTable,
    ) -> wasmtime::Result<Self> {
        let constants = constants.map(|constants| table.remove(&constants)).transpose()?.unwrap_or_default();
        let constants = constants.iter().map(|(key, value)| (key.to_owned(), *value)).collect();
        let module = table.object(module)?;
        let (handle, overridable) = (module.handle.clone(), module.overridable.clone());
        Ok(Self { module: handle, code: module.module.clone(), overridable, entry_point, constants })
    }

    /// Gives the overrides their values: from here on, the module is one without any. Without the entry point there is
    /// nothing to be done, of which `wgpu-core` tells.
    ///
    /// # Errors
    ///
    /// What is wrong with the values, or with what comes of them.
    fn resolve(&mut self, kind: ShaderStage, device: &Device) -> wasmtime::Result<Result<(), GpuError>> {
        let (Some(code), Some(overridable)) = (&self.code, &self.overridable) else { return Ok(Ok(())) };
        if let Err(fault) = checks::constants(code, &self.constants) {
            return Ok(Err(GpuError::validation(bounded(fault))));
        }
        let Some(entry_point) = checks::find_entry_point(code, kind, self.entry_point.as_deref()) else {
            return Ok(Ok(()));
        };
        let constants = self.constants.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        let stage = wardian_sealed::Stage { kind, entry_point: entry_point.name.as_str(), constants };
        let Resolved { handle, module } = match overridable.resolve(device, stage)? {
            Ok(resolved) => resolved,
            Err(error) => return Ok(Err(error)),
        };
        (self.module, self.code, self.overridable) = (handle, Some(module), None);
        self.constants.clear();
        Ok(Ok(()))
    }

    fn to_core(&self) -> ProgrammableStageDescriptor<'_> {
        self.with_entry_point(self.entry_point.as_deref())
    }

    fn with_entry_point<'a>(&'a self, entry_point: Option<&'a str>) -> ProgrammableStageDescriptor<'a> {
        ProgrammableStageDescriptor {
            module: self.module.id(),
            entry_point: entry_point.map(Cow::Borrowed),
            constants: self.constants.clone(),
            // WGSL promises zeros; otherwise a component could read what another one left.
            zero_initialize_workgroup_memory: true,
        }
    }
}

/// The layout of a pipeline.
///
/// <https://www.w3.org/TR/webgpu/#dom-gpupipelinedescriptorbase-layout>
#[derive(Debug)]
pub(crate) enum Layout {
    Auto,
    Specific { handle: Handle<PipelineLayoutId>, immediate_size: u32, counts: Arc<[StageCounts]> },
}

impl Layout {
    fn new(mode: &webgpu::GpuLayoutMode, table: &ResourceTable) -> wasmtime::Result<Self> {
        Ok(match mode {
            webgpu::GpuLayoutMode::Auto => Self::Auto,
            webgpu::GpuLayoutMode::Specific(layout) => {
                let layout = table.object(layout)?;
                Self::Specific {
                    handle: layout.handle.clone(),
                    immediate_size: layout.immediate_size,
                    counts: Arc::clone(&layout.counts),
                }
            }
        })
    }

    fn to_core(&self) -> Option<PipelineLayoutId> {
        match self {
            Self::Auto => None,
            Self::Specific { handle, .. } => Some(handle.id()),
        }
    }

    /// How many bytes of immediates a pipeline of these stages has.
    fn immediate_size(&self, stages: &[Option<&Stage>]) -> u32 {
        match self {
            Self::Specific { immediate_size, .. } => *immediate_size,
            Self::Auto => {
                let modules = stages.iter().flatten().filter_map(|stage| stage.code.as_deref());
                modules.map(ImmediateSlots::size_for_module).max().unwrap_or(0)
            }
        }
    }

    /// What the pipeline's bind group layouts count. Those of an automatic layout can't be used for a second pipeline
    /// layout, so they need not be counted.
    fn into_counts(self) -> Arc<[StageCounts]> {
        match self {
            Self::Auto => Arc::default(),
            Self::Specific { counts, .. } => counts,
        }
    }
}
