//! `wgpu::Adapter`: what a host offers.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use wardian_guest::webgpu::{GpuAdapter, GpuDeviceDescriptor, GpuRequestAdapterOptions, get_gpu};
use wgpu::custom::{AdapterInterface, DispatchDevice, DispatchQueue, DispatchSurface, RequestDeviceFuture};

use crate::Waiting;
use crate::capabilities;
use crate::convert::{Outside, label};
use crate::device::Device;
use crate::instance::Devices;
use crate::queue::Queue;
use crate::wait::locked;

#[derive(Debug)]
pub(crate) struct Adapter {
    handle: Arc<GpuAdapter>,
    /// What it was asked for by.
    options: Option<GpuRequestAdapterOptions>,
    /// Whether it has given its device. An adapter of WebGPU gives one; those of `wgpu` give more.
    is_spent: AtomicBool,
    waiting: Waiting,
    devices: Devices,
}

impl Adapter {
    pub(crate) fn new(
        handle: GpuAdapter,
        options: Option<GpuRequestAdapterOptions>,
        waiting: Waiting,
        devices: Devices,
    ) -> Self {
        Self { handle: Arc::new(handle), options, is_spent: AtomicBool::new(false), waiting, devices }
    }

    fn descriptor(descriptor: &wgpu::DeviceDescriptor<'_>) -> Result<GpuDeviceDescriptor, Outside> {
        Ok(GpuDeviceDescriptor {
            required_features: Some(capabilities::required_features(descriptor.required_features)?),
            required_limits: Some(capabilities::required_limits(&descriptor.required_limits)?),
            default_queue: None,
            label: label(descriptor.label),
        })
    }
}

impl AdapterInterface for Adapter {
    fn request_device(&self, descriptor: &wgpu::DeviceDescriptor<'_>) -> Pin<Box<dyn RequestDeviceFuture>> {
        let descriptor = Self::descriptor(descriptor);
        let (handle, waiting, devices) = (Arc::clone(&self.handle), self.waiting, Arc::clone(&self.devices));
        // Another device is another request to the host, which gives the same adapter to the same wishes.
        let again = self.is_spent.swap(true, Ordering::Relaxed).then(|| self.options.clone());
        Box::pin(waiting.answer(async move {
            let descriptor =
                descriptor.map_err(|outside| wgpu::RequestDeviceError::from_message(outside.to_string()))?;
            let handle = match again {
                Some(options) => get_gpu().request_adapter(options).await.map_or(handle, Arc::new),
                None => handle,
            };
            let device = handle.request_device(Some(descriptor)).await;
            let device = device.map_err(|error| wgpu::RequestDeviceError::from_message(error.message))?;
            let device = Device::new(device, waiting);
            let mut devices = locked(&devices);
            devices.retain(|device| device.strong_count() > 0);
            devices.push(device.downgrade());
            Ok((DispatchDevice::custom(device.clone()), DispatchQueue::custom(Queue::new(device))))
        }))
    }

    fn is_surface_supported(&self, _surface: &DispatchSurface) -> bool {
        false
    }

    fn features(&self) -> wgpu::Features {
        capabilities::features(&self.handle.features(), &self.limits())
    }

    fn limits(&self) -> wgpu::Limits {
        capabilities::limits(&self.handle.limits())
    }

    /// Nothing is below WebGPU.
    fn downlevel_capabilities(&self) -> wgpu::DownlevelCapabilities {
        wgpu::DownlevelCapabilities::default()
    }

    fn get_info(&self) -> wgpu::AdapterInfo {
        capabilities::adapter_info(&self.handle.info())
    }

    /// What WebGPU guarantees: it lets nobody ask for more.
    fn get_texture_format_features(&self, format: wgpu::TextureFormat) -> wgpu::TextureFormatFeatures {
        format.guaranteed_format_features(self.features())
    }

    fn get_presentation_timestamp(&self) -> wgpu::PresentationTimestamp {
        wgpu::PresentationTimestamp::INVALID_TIMESTAMP
    }

    fn cooperative_matrix_properties(&self) -> Vec<wgpu::CooperativeMatrixProperties> {
        Vec::new()
    }
}
