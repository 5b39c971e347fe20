//! The shaders, one in a file, as pipelines.

use std::error::Error;

use wardian_guest::webgpu::{GpuComputePipeline, GpuComputePipelineDescriptor, GpuDevice};
use wardian_guest::{describe, join_all};

macro_rules! kernels {
    ($($name:ident,)*) => {
        /// A pipeline for each shader.
        pub(crate) struct Kernels {
            $(pub(crate) $name: GpuComputePipeline,)*
        }

        /// Name and code of each shader.
        const SHADERS: &[(&str, &str)] = &[$((stringify!($name), include_str!(concat!(stringify!($name), ".wgsl"))),)*];

        impl Kernels {
            /// Compiles all shaders side by side.
            ///
            /// # Errors
            ///
            /// When the host refuses one.
            pub(crate) async fn compile(device: &GpuDevice) -> Result<Self, Box<dyn Error>> {
                let pipelines = join_all(SHADERS.iter().map(|(name, code)| compile(device, name, code))).await;
                let pipelines = pipelines.into_iter().collect::<Result<Vec<_>, _>>()?;
                let pipelines = <[GpuComputePipeline; SHADERS.len()]>::try_from(pipelines);
                let [$($name),*] = pipelines.map_err(|_| "expected one pipeline for each shader")?;
                Ok(Self { $($name),* })
            }
        }
    };
}

kernels! {
    blur,
    color,
    cumulate,
    edges,
    equalize,
    histogram,
    ink,
    output,
    resize,
}

async fn compile(device: &GpuDevice, name: &str, code: &str) -> Result<GpuComputePipeline, wardian_guest::Error> {
    let module = device.create_shader_module(&describe::shader(code));
    let pipeline = describe::compute_pipeline(&module);
    let descriptor = GpuComputePipelineDescriptor { label: Some(name.to_owned()), ..pipeline };
    Ok(device.create_compute_pipeline_async(descriptor).await?)
}

#[cfg(test)]
mod tests {
    use naga::front::wgsl;
    use naga::valid::{Capabilities, ValidationFlags, Validator};

    use super::*;

    #[test]
    fn shaders_are_valid() {
        for (name, code) in SHADERS {
            let module = wgsl::parse_str(code).unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(code)));
            // No capabilities: the shaders need no optional feature.
            let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
            validator.validate(&module).unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(code)));
            let stages: Vec<_> = module.entry_points.iter().map(|entry| entry.stage).collect();
            assert_eq!(stages, [naga::ShaderStage::Compute], "{name} has one entry point");
        }
    }

    #[test]
    fn luminance_is_weighed_alike() {
        let weights = "const LUMINANCE = vec3f(0.2125, 0.7154, 0.0721);";
        for (name, code) in SHADERS.iter().filter(|(_, code)| code.contains("LUMINANCE =")) {
            assert!(code.contains(weights), "expected {name}.wgsl to say: {weights}");
        }
    }
}
