//! burn's device, and what burn logs.

use burn::tensor::Device;
use burn::tensor::wgpu::{WgpuSetup, wgpu};

use crate::Failure;

/// The one line that differs between a native program and a component.
#[cfg(target_family = "wasm")]
fn instance() -> wgpu::Instance {
    wardian_wgpu::instance()
}

#[cfg(not(target_family = "wasm"))]
fn instance() -> wgpu::Instance {
    wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    })
}

/// A device of burn's, on one of `wgpu` with what is useful to burn.
pub(crate) async fn device() -> Result<Device, Failure> {
    hear();
    let instance = instance();
    let adapter = instance
        .request_adapter(&wgpu::RequestAdapterOptions::default())
        .await
        .map_err(|error| format!("there is no GPU adapter: {error}. `wardian info` tells what there is and why"))?;
    let useful = wgpu::Features::SUBGROUP | wgpu::Features::SHADER_F16 | wgpu::Features::TIMESTAMP_QUERY;
    // cubecl uses what the adapter has, and does not ask what the device was made with. These lie outside WebGPU.
    #[cfg(not(target_family = "wasm"))]
    let useful =
        useful | wgpu::Features::SHADER_F64 | wgpu::Features::SHADER_INT64 | wgpu::Features::SHADER_FLOAT32_ATOMIC;
    let required_features = adapter.features() & useful;
    if !required_features.contains(wgpu::Features::TIMESTAMP_QUERY) {
        return Err(
            "burn needs the feature timestamp-query, which this adapter lacks; `wardian info` lists others".into()
        );
    }
    // The sizes of its kernels follow the adapter's limits as well; with the defaults a GPU refuses some.
    let required_limits = adapter.limits();
    let descriptor = wgpu::DeviceDescriptor { required_features, required_limits, ..wgpu::DeviceDescriptor::default() };
    let (device, queue) = adapter.request_device(&descriptor).await?;
    let backend = adapter.get_info().backend;
    Ok(Device::wgpu_options().setup(WgpuSetup { instance, adapter, device, queue, backend }).init()?)
}

/// What is logged as an error becomes the program's end: burn goes on with zeros where a GPU refuses a kernel.
struct Ears;

impl log::Log for Ears {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        eprintln!("{}: {}", record.target(), record.args());
        // Others than burn's crates look for drivers, and log what they don't find.
        let is_burns = ["burn", "cubecl", "wardian"].iter().any(|name| record.target().starts_with(name));
        if record.level() == log::Level::Error && is_burns {
            eprintln!("error: burn had an error that it does not return; it is above");
            // Not by a panic: burn catches those of its own thread.
            std::process::exit(1);
        }
    }

    fn flush(&self) {}
}

fn hear() {
    if log::set_logger(&Ears).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
}
