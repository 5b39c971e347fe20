//! What must be right about a pipeline and `wgpu-core` 30 doesn't check: what its shaders need, and that the driver's
//! compiler is given nothing that it is known to choke on. Fixed settings are in [`fixed`].

use std::collections::{HashMap, HashSet};

use naga::back::PipelineConstants;
use naga::{AddressSpace, Handle, ImageClass, ScalarKind, ShaderStage, TypeInner};

use crate::object::bind_group::layout::StageCounts;
use crate::object::capabilities::{Features, Limits};
use crate::object::pipeline::render::RenderPlan;
use crate::object::pipeline::{Layout, Stage};

mod between;
mod fixed;
mod usage;

/// Bytes of private and function variables of one entry point and all that it calls. Drivers take minutes over, or
/// crash on, much larger ones, while shaders want such variables in registers: WGSL promises 8 KiB of either kind.
const VARIABLE_BYTES_MAX: u64 = 128 << 10;
/// Calls of one entry point when every function is copied to where it is called, as drivers do: a tree of calls that
/// fills three lines can keep their compilers busy for hours, and shaders have some hundreds.
const INLINED_CALLS_MAX: u64 = 4096;

/// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createcomputepipeline>
pub(super) fn compute(stage: &Stage, layout: &Layout, limits: &Limits) -> Result<(), String> {
    let Some(shader) = Shader::of(stage, ShaderStage::Compute)? else { return Ok(()) };
    shader.check_workgroup_size(limits)?;
    shader.check_size(layout, limits)
}

/// <https://www.w3.org/TR/webgpu/#abstract-opdef-validating-gpurenderpipelinedescriptor>
pub(super) fn render(plan: &RenderPlan, features: &Features, limits: &Limits) -> Result<(), String> {
    fixed::check(plan, features)?;
    let mut counts = StageCounts::default();
    let mut given = None;
    if let Some(shader) = Shader::of(&plan.vertex, ShaderStage::Vertex)? {
        shader.check_size(&plan.layout, limits).map_err(|fault| format!("vertex shader: {fault}"))?;
        (counts.storage_buffers_in_vertex, counts.storage_textures_in_vertex) = shader.count_storage();
        given = Some(shader.varyings);
    }
    if let Some(fragment) = &plan.fragment
        && let Some(shader) = Shader::of(&fragment.stage, ShaderStage::Fragment)?
    {
        shader.check_size(&plan.layout, limits).map_err(|fault| format!("fragment shader: {fault}"))?;
        (counts.storage_buffers_in_fragment, counts.storage_textures_in_fragment) = shader.count_storage();
        fixed::check_outputs(plan, &fragment.targets, &shader.outputs)?;
        given.map_or(Ok(()), |given| between::check(&given, &shader.varyings))?;
    }
    // A layout that was given was checked when it was made, and these are at most its own.
    counts.check(limits)
}

/// What is to be known of an entry point. Its module has no overrides any more.
struct Shader<'a> {
    module: &'a naga::Module,
    workgroup_size: [u32; 3],
    outputs: fixed::Outputs,
    varyings: between::Varyings,
    /// What it uses, with all that it calls.
    globals: HashSet<Handle<naga::GlobalVariable>>,
    /// Bytes of function variables; none when beyond all counting.
    local_bytes: Option<u64>,
    inlined_calls: u64,
}

impl<'a> Shader<'a> {
    /// None where module or entry point are not there, of which `wgpu-core` tells.
    fn of(stage: &'a Stage, kind: ShaderStage) -> Result<Option<Self>, String> {
        let Some(module) = stage.code.as_deref() else { return Ok(None) };
        Self::find(module, kind, stage.entry_point.as_deref(), &stage.constants)
    }

    fn find(
        module: &'a naga::Module,
        kind: ShaderStage,
        name: Option<&str>,
        constants: &PipelineConstants,
    ) -> Result<Option<Self>, String> {
        self::constants(module, constants)?;
        let Some(entry_point) = find_entry_point(module, kind, name) else { return Ok(None) };
        let (workgroup_size, outputs) = (entry_point.workgroup_size, fixed::Outputs::of(module, entry_point));
        let varyings = between::varyings(module, entry_point);
        let usage::Usage { globals, local_bytes, inlined_calls } = usage::of(module, entry_point);
        Ok(Some(Self { module, workgroup_size, outputs, varyings, globals, local_bytes, inlined_calls }))
    }

    /// <https://www.w3.org/TR/webgpu/#dom-supported-limits-maxcomputeworkgroupsizex>
    fn check_workgroup_size(&self, limits: &Limits) -> Result<(), String> {
        let size = self.workgroup_size;
        let most = [
            limits.max_compute_workgroup_size_x,
            limits.max_compute_workgroup_size_y,
            limits.max_compute_workgroup_size_z,
        ];
        if size.iter().zip(most).any(|(size, most)| *size == 0 || u64::from(*size) > most) {
            return Err(format!("a workgroup of {size:?} invocations, which must be positive and at most {most:?}"));
        }
        let all = size.iter().try_fold(1_u64, |all, size| all.checked_mul(u64::from(*size)));
        let most = limits.max_compute_invocations_per_workgroup;
        match all {
            Some(all) if all <= most => Ok(()),
            _ => Err(format!("a workgroup of {size:?} invocations, which must be at most {most} in all")),
        }
    }

    /// The rules of memory, <https://www.w3.org/TR/webgpu/#dom-supported-limits-maxcomputeworkgroupstoragesize> among
    /// them, and our own bounds.
    fn check_size(&self, layout: &Layout, limits: &Limits) -> Result<(), String> {
        if self.inlined_calls > INLINED_CALLS_MAX {
            let calls = self.inlined_calls;
            return Err(format!("{calls} calls when all are written out, the most is {INLINED_CALLS_MAX}"));
        }
        let workgroup = self.bytes_in(AddressSpace::WorkGroup, 16);
        let most = limits.max_compute_workgroup_storage_size;
        within(workgroup, most).map_err(|bytes| format!("{bytes} bytes of workgroup variables, the most is {most}"))?;
        let private = self.bytes_in(AddressSpace::Private, 4);
        let variables = private.zip(self.local_bytes).and_then(|(private, local)| private.checked_add(local));
        within(variables, VARIABLE_BYTES_MAX).map_err(|bytes| {
            format!("{bytes} bytes of private and function variables, the most is {VARIABLE_BYTES_MAX}")
        })?;
        if let Layout::Specific { immediate_size, .. } = layout {
            let most = u64::from(*immediate_size);
            within(self.bytes_in(AddressSpace::Immediate, 4), most)
                .map_err(|bytes| format!("{bytes} bytes of immediates, of which the pipeline layout has {most}"))?;
        }
        Ok(())
    }

    /// How large the variables of an address space are together that the entry point uses, each rounded up; none when
    /// beyond all counting.
    fn bytes_in(&self, space: AddressSpace, unit: u64) -> Option<u64> {
        self.used().filter(|global| global.space == space).try_fold(0_u64, |sum, global| {
            sum.checked_add(usage::bytes_of(self.module, global.ty)?.checked_next_multiple_of(unit)?)
        })
    }

    /// How many storage buffers and storage textures the entry point uses.
    fn count_storage(&self) -> (u64, u64) {
        let (mut buffers, mut textures) = (0, 0);
        for global in self.used() {
            if let AddressSpace::Storage { .. } = global.space {
                buffers += 1;
            } else if let Ok(ty) = self.module.types.get_handle(global.ty)
                && let TypeInner::Image { class: ImageClass::Storage { .. }, .. } = ty.inner
            {
                textures += 1;
            }
        }
        (buffers, textures)
    }

    fn used(&self) -> impl Iterator<Item = &naga::GlobalVariable> {
        self.module
            .global_variables
            .iter()
            .filter(|(handle, _)| self.globals.contains(handle))
            .map(|(_, global)| global)
    }
}

/// # Errors
///
/// What there is, for a message.
fn within(bytes: Option<u64>, most: u64) -> Result<(), String> {
    match bytes {
        Some(bytes) if bytes <= most => Ok(()),
        Some(bytes) => Err(bytes.to_string()),
        None => Err("more than 2^31".to_owned()),
    }
}

/// <https://www.w3.org/TR/webgpu/#abstract-opdef-get-the-entry-point>
pub(super) fn find_entry_point<'m>(
    module: &'m naga::Module,
    kind: ShaderStage,
    name: Option<&str>,
) -> Option<&'m naga::EntryPoint> {
    let mut of_kind = module.entry_points.iter().filter(|entry_point| entry_point.stage == kind);
    match name {
        Some(name) => of_kind.find(|entry_point| entry_point.name == name),
        None => of_kind.next().filter(|_| of_kind.next().is_none()),
    }
}

/// <https://www.w3.org/TR/webgpu/#dom-gpuprogrammablestage-constants>
///
/// The compiler looks at the constants that the entry point uses; the rules are for all of the module.
pub(super) fn constants(module: &naga::Module, constants: &PipelineConstants) -> Result<(), String> {
    if constants.is_empty() {
        return Ok(());
    }
    let overrides = module.overrides.iter().filter_map(|(_, constant)| {
        let identifier = constant.id.map(|id| id.to_string()).or_else(|| constant.name.clone())?;
        Some((identifier, constant.ty))
    });
    let overrides: HashMap<_, _> = overrides.collect();
    for (key, value) in constants {
        let Some(ty) = overrides.get(key) else {
            return Err(format!("there is no constant {key:?} in the module"));
        };
        let fits = match module.types.get_handle(*ty).map(|ty| &ty.inner) {
            Ok(TypeInner::Scalar(scalar)) => fits(*value, *scalar),
            _ => false,
        };
        if !fits {
            return Err(format!("{value:?} is no value for the constant {key:?}"));
        }
    }
    Ok(())
}

/// The first number that rounds to infinity as 32-bit float, and as a 16-bit float.
const F32_END: f64 = 3.402_823_567_797_336_6e38;
const F16_END: f64 = 65_520.0;

/// Whether a number can be converted to a type of WGSL's, in the way of WebIDL.
///
/// <https://www.w3.org/TR/webgpu/#dom-gpuprogrammablestage-constants>
fn fits(value: f64, scalar: naga::Scalar) -> bool {
    let whole = value.trunc();
    value.is_finite()
        && match (scalar.kind, scalar.width) {
            (ScalarKind::Bool, _) => true,
            (ScalarKind::Sint, 4) => (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&whole),
            (ScalarKind::Uint, 4) => (0.0..=f64::from(u32::MAX)).contains(&whole),
            (ScalarKind::Float, 4) => value.abs() < F32_END,
            (ScalarKind::Float, 2) => value.abs() < F16_END,
            // No type of WGSL's.
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use naga::back::pipeline_constants::process_overrides;

    use super::*;
    use crate::error::message_of;

    /// As the sealed compiler does it.
    fn resolved(module: &naga::Module, constants: &PipelineConstants) -> Result<naga::Module, String> {
        self::constants(module, constants)?;
        let entry_point = Some((ShaderStage::Compute, "main"));
        let info = naga::valid::ModuleInfo::default();
        let resolved = process_overrides(module, &info, entry_point, constants);
        resolved.map(|(module, _)| module.into_owned()).map_err(|error| message_of(&error))
    }

    /// Checks a compute shader with these constants, and looks for a word in what is wrong with it.
    fn check(code: &str, constants: &[(&str, f64)], expected: Result<(), &str>) {
        let module = naga::front::wgsl::parse_str(code).expect("the code is right");
        let constants = constants.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect();
        let limits = Limits::of_adapter(wgpu_types::Limits::default(), wgpu_types::Features::empty(), &BTreeMap::new());
        let found = resolved(&module, &constants).and_then(|module| {
            let shader = Shader::find(&module, ShaderStage::Compute, None, &PipelineConstants::default())?;
            let shader = shader.expect("there is one entry point");
            shader.check_workgroup_size(&limits)?;
            shader.check_size(&Layout::Auto, &limits)
        });
        match (found, expected) {
            (Ok(()), Ok(())) => {}
            (Err(fault), Err(word)) => assert!(fault.contains(word), "{word:?} in {fault:?} about {code}"),
            (found, expected) => panic!("expected {expected:?}, got {found:?} about {code} with {constants:?}"),
        }
    }

    fn main(declarations: &str, body: &str) -> String {
        format!("{declarations} @compute @workgroup_size(1) fn main() {{ {body} }}")
    }

    #[test]
    fn workgroup_memory_is_what_the_entry_point_uses() {
        let fault = Err("workgroup variables");
        for (words, expected) in [(4096, Ok(())), (4097, fault), (536_870_911, fault)] {
            check(&main(&format!("var<workgroup> w: array<u32, {words}>;"), "w[0] = 1;"), &[], expected);
        }
        check(&main("var<workgroup> w: array<u32, 5000>; fn other() { w[0] = 1; }", ""), &[], Ok(()));
        check(
            &main("var<workgroup> w: array<u32, 5000>; fn other() { w[0] = 1; }", "if true { other(); }"),
            &[],
            fault,
        );
        let by_constant = main("override n: u32; var<workgroup> w: array<vec4f, n * 2>;", "w[0] = vec4f();");
        check(&by_constant, &[("n", 512.0)], Ok(()));
        check(&by_constant, &[("n", 513.0)], fault);
        check(&by_constant, &[("n", 0.0)], Err("size"));
        check(&by_constant, &[("n", 4e9)], Err("exceeds"));
    }

    #[test]
    fn workgroup_size_counts_with_its_constants() {
        let code = "override n: u32 = 1; @compute @workgroup_size(n, 2) fn main() {}";
        for (n, expected) in [(128.0, Ok(())), (129.0, Err("at most 256 in all")), (257.0, Err("at most [256"))] {
            check(code, &[("n", n)], expected);
        }
    }

    #[test]
    fn compilers_are_spared() {
        check(&main("var<private> p: array<u32, 100000>;", "p[0] = 1;"), &[], Err("private"));
        check(&main("", "var a: array<u32, 40000>; a[0] = 1;"), &[], Err("function variables"));
        check(&main("", "var a: array<u32, 4000>; a[0] = 1;"), &[], Ok(()));
        let tree = |depth: u32| {
            let calls: String = (1..=depth).map(|n| format!("fn f{n}() {{ f{0}(); f{0}(); }}", n - 1)).collect();
            main(&format!("fn f0() {{}} {calls}"), &format!("f{depth}();"))
        };
        check(&tree(10), &[], Ok(()));
        check(&tree(100), &[], Err("calls"));
    }

    #[test]
    fn constants_are_those_of_the_module() {
        let code = main("override n: u32 = 1; @id(7) override x: f32; override unused: i32 = 0;", "_ = x; _ = n;");
        check(&code, &[("7", 1.5), ("n", 2.9)], Ok(()));
        for key in ["x", "07", "+7", "8", "m", ""] {
            check(&code, &[("7", 1.0), (key, 1.0)], Err("no constant"));
        }
        for (key, value) in [("7", f64::NAN), ("7", 1e300), ("n", -1.0), ("n", f64::INFINITY), ("unused", 4e9)] {
            check(&code, &[("7", 1.0), (key, value)], Err("no value"));
        }
        check(&code, &[], Err("Missing value"));
    }
}
