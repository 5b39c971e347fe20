//! The device.

use wardian_kernels::Gpu;

use crate::Failure;

/// The one line that differs between a native program and a component.
#[cfg(target_family = "wasm")]
fn instance() -> wgpu::Instance {
    wardian_wgpu::instance()
}

#[cfg(not(target_family = "wasm"))]
fn instance() -> wgpu::Instance {
    let backends = wgpu::Backends::PRIMARY;
    wgpu::Instance::new(wgpu::InstanceDescriptor { backends, ..wgpu::InstanceDescriptor::new_without_display_handle() })
}

/// A device, and what its adapter calls itself.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The device.
    pub gpu: Gpu,
    /// The adapter's name and driver.
    pub adapter: String,
}

/// Opens the fastest adapter, with all its limits.
///
/// # Errors
///
/// When there is none.
pub async fn open() -> Result<Opened, Failure> {
    let options = wgpu::RequestAdapterOptions {
        power_preference: wgpu::PowerPreference::HighPerformance,
        ..wgpu::RequestAdapterOptions::default()
    };
    let adapter = instance().request_adapter(&options).await?;
    let info = adapter.get_info();
    let (device, queue) = adapter
        .request_device(&wgpu::DeviceDescriptor {
            label: Some("llm"),
            required_features: adapter.features() & wgpu::Features::SUBGROUP,
            required_limits: adapter.limits(),
            ..wgpu::DeviceDescriptor::default()
        })
        .await?;
    let adapter = format!("{} {}", info.name, info.driver_info).trim().to_owned();
    Ok(Opened { gpu: Gpu::new(&info, device, queue), adapter })
}
