//! `gpu-adapter` and `gpu-adapter-info`, and how a device is made of an adapter.

use std::sync::Arc;

use tokio::sync::oneshot;
use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::{Accessor, Resource};
use wgpu_core::id::{DeviceId, QueueId};
use wgpu_types::{AdapterInfo, DeviceDescriptor, DeviceType, ExperimentalFeatures, MemoryHints, Trace};

use crate::ctx::{GpuCtxView, HasGpu};
use crate::device::{Device, DeviceParts, LossInfo, LossReason};
use crate::error::message_of;
use crate::instance::Found;
use crate::object::capabilities::{Features, Limits};
use crate::quota::{Amounts, Charge, NOTHING, Quota, Usage};
use crate::table::{Table, dropped, stands_behind};
use crate::worker;

stands_behind! {
    Adapter => webgpu::GpuAdapter,
    Info => webgpu::GpuAdapterInfo,
}

/// <https://www.w3.org/TR/webgpu/#gpuadapter>
#[derive(Debug)]
pub(crate) struct Adapter {
    found: Arc<Found>,
    state: State,
}

/// <https://www.w3.org/TR/webgpu/#dom-adapter-state-slot>
#[derive(Debug)]
enum State {
    Valid,
    /// It has given its device, or is about to, and gives no other. Tells of that device's loss.
    Consumed(Option<oneshot::Receiver<LossInfo>>),
    /// That device is lost. All that it gives from then on is lost already.
    Expired,
}

impl State {
    /// Takes notice of the loss of the device.
    fn settle(&mut self) {
        if let Self::Consumed(Some(lost)) = self
            && lost.try_recv().is_ok()
        {
            *self = Self::Expired;
        }
    }
}

/// <https://www.w3.org/TR/webgpu/#gpuadapterinfo>
#[derive(Debug)]
pub(crate) struct Info(AdapterInfo);

impl Info {
    pub(crate) const fn new(info: AdapterInfo) -> Self {
        Self(info)
    }
}

impl Adapter {
    pub(crate) fn new(found: Found) -> Self {
        Self { found: Arc::new(found), state: State::Valid }
    }
}

impl webgpu::HostGpuAdapter for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpuadapter-features>
    fn features(
        &mut self,
        adapter: Resource<webgpu::GpuAdapter>,
    ) -> wasmtime::Result<Resource<webgpu::GpuSupportedFeatures>> {
        let features = self.table.object(&adapter)?.found.features;
        Ok(self.table.insert(features)?)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuadapter-limits>
    fn limits(
        &mut self,
        adapter: Resource<webgpu::GpuAdapter>,
    ) -> wasmtime::Result<Resource<webgpu::GpuSupportedLimits>> {
        let limits = self.table.object(&adapter)?.found.limits.clone();
        Ok(self.table.insert(limits)?)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuadapter-info>
    fn info(&mut self, adapter: Resource<webgpu::GpuAdapter>) -> wasmtime::Result<Resource<webgpu::GpuAdapterInfo>> {
        let info = Info::new(self.table.object(&adapter)?.found.info.clone());
        Ok(self.table.insert(info)?)
    }

    dropped!(webgpu::GpuAdapter);
}

impl<T: Send> webgpu::HostGpuAdapterWithStore<T> for HasGpu {
    /// <https://www.w3.org/TR/webgpu/#dom-gpuadapter-requestdevice>
    async fn request_device(
        store: &Accessor<T, Self>,
        adapter: Resource<webgpu::GpuAdapter>,
        descriptor: Option<webgpu::GpuDeviceDescriptor>,
    ) -> wasmtime::Result<Result<Resource<webgpu::GpuDevice>, webgpu::RequestDeviceError>> {
        let plan = match store.with(|mut store| store.get().plan_device(&adapter, descriptor))? {
            Ok(plan) => plan,
            Err(error) => return Ok(Err(error)),
        };
        let device = worker::run(move || plan.open()).await??;
        store.with(|mut store| {
            let view = store.get();
            if let State::Consumed(lost @ None) = &mut view.table.object_mut(&adapter)?.state {
                *lost = Some(device.lost());
            }
            Ok(Ok(view.table.insert(device)?))
        })
    }
}

impl GpuCtxView<'_> {
    /// Everything that can be refused, in the specification's order. What comes through consumes the adapter.
    fn plan_device(
        &mut self,
        adapter: &Resource<webgpu::GpuAdapter>,
        descriptor: Option<webgpu::GpuDeviceDescriptor>,
    ) -> wasmtime::Result<Result<DevicePlan, webgpu::RequestDeviceError>> {
        use webgpu::RequestDeviceErrorKind::{OperationError, TypeError};
        let (names, wishes, queue, label) = descriptor.map_or((None, None, None, None), |descriptor| {
            (descriptor.required_features, descriptor.required_limits, descriptor.default_queue, descriptor.label)
        });
        // The record is the host's now, whatever becomes of the request.
        let wishes = wishes.map(|record| self.table.remove(&record)).transpose()?.unwrap_or_default();
        let adapter = self.table.object_mut(adapter)?;
        let refuse = |kind, message| Ok(Err(webgpu::RequestDeviceError { kind, message }));
        let features = match adapter.found.features.requested(&names.unwrap_or_default()) {
            Ok(features) => features,
            Err(name) => return refuse(TypeError, format!("this adapter does not have the feature {name:?}")),
        };
        let limits = match adapter.found.limits.requested(wishes.iter().map(|(name, value)| (name, *value))) {
            Ok(limits) => limits,
            Err(message) => return refuse(OperationError, message),
        };
        adapter.state.settle();
        if matches!(adapter.state, State::Consumed(_)) {
            let message = "this adapter has given its device; request another adapter for another device";
            return refuse(OperationError, message.to_owned());
        }
        let label = label.unwrap_or_default();
        let usage = self.ctx.usage();
        let charge = match usage.charge(Amounts::object(Quota::Devices, &label, NOTHING)) {
            Ok(charge) => charge,
            Err(exceeded) => return refuse(OperationError, exceeded.to_string()),
        };
        let given = match adapter.state {
            State::Expired => Given::Lost,
            State::Valid | State::Consumed(_) => {
                adapter.state = State::Consumed(None);
                Given::Working
            }
        };
        Ok(Ok(DevicePlan {
            found: Arc::clone(&adapter.found),
            given,
            features,
            limits,
            label,
            queue_label: queue.and_then(|queue| queue.label).unwrap_or_default(),
            usage,
            charge,
        }))
    }
}

/// Whether a device is to be of any use.
#[derive(Clone, Copy, Debug)]
enum Given {
    Working,
    /// Lost from the beginning.
    Lost,
}

/// A device that may be opened.
#[derive(Debug)]
struct DevicePlan {
    found: Arc<Found>,
    given: Given,
    features: Features,
    limits: Limits,
    label: String,
    queue_label: String,
    usage: Usage,
    charge: Charge,
}

impl DevicePlan {
    /// Opens the device, which blocks. Where the driver has none to give, the device is one that is already lost.
    fn open(self) -> wasmtime::Result<Device> {
        if let Some(reason) = self.usage.reason_of_end() {
            return self.open_lost(reason);
        }
        if matches!(self.given, Given::Lost) {
            return self
                .open_lost("the device that this adapter has given is lost; request another adapter".to_owned());
        }
        let descriptor = DeviceDescriptor {
            label: Some(self.label.as_str().into()),
            required_features: self.features.core(),
            required_limits: self.limits.to_core(),
            experimental_features: ExperimentalFeatures::disabled(),
            memory_hints: MemoryHints::Performance,
            trace: Trace::Off,
        };
        let adapter = self.found.handle.id();
        let opened = self.found.core.call(|core| core.adapter_request_device(adapter, &descriptor, None, None))?;
        match opened {
            Ok((device, queue)) => {
                let info = self.found.info.clone();
                self.take_over(device, queue, info)
            }
            Err(error) => {
                let message = format!("the driver gave no device: {}", message_of(&error));
                tracing::warn!("{message}");
                self.open_lost(message)
            }
        }
    }

    fn open_lost(self, message: String) -> wasmtime::Result<Device> {
        let stand_in = self.found.instance.stand_in()?;
        let descriptor = DeviceDescriptor {
            label: None,
            required_features: wgpu_types::Features::empty(),
            required_limits: wgpu_types::Limits::default(),
            experimental_features: ExperimentalFeatures::disabled(),
            memory_hints: MemoryHints::MemoryUsage,
            trace: Trace::Off,
        };
        let opened = self.found.core.call(|core| {
            let info = core.adapter_get_info(stand_in.id());
            core.adapter_request_device(stand_in.id(), &descriptor, None, None)
                .map(|(device, queue)| (device, queue, info))
        })?;
        let (device, queue, info) =
            opened.map_err(|error| wasmtime::format_err!("the stand-in for a lost device: {error}"))?;
        let device = self.take_over(device, queue, info)?;
        device.lose(LossReason::Unknown, message);
        device.call(|core| core.device_destroy(device.id()))?;
        Ok(device)
    }

    fn take_over(self, device: DeviceId, queue: QueueId, info: AdapterInfo) -> wasmtime::Result<Device> {
        Device::new(DeviceParts {
            core: self.found.core.clone(),
            device,
            queue,
            features: self.features,
            limits: self.limits,
            info,
            label: self.label,
            queue_label: self.queue_label,
            usage: self.usage,
            charge: self.charge,
        })
    }
}

/// PCI and Khronos numbers of vendors, with the identifiers that browsers give for them.
const VENDORS: &[(u32, &str)] = &[
    (0x1002, "amd"),
    (0x1010, "img-tec"),
    (0x106b, "apple"),
    (0x10de, "nvidia"),
    (0x13b5, "arm"),
    (0x1414, "microsoft"),
    (0x144d, "samsung"),
    (0x14e4, "broadcom"),
    (0x1ae0, "google"),
    (0x5143, "qualcomm"),
    (0x8086, "intel"),
    (0x1_0005, "mesa"),
];

impl webgpu::HostGpuAdapterInfo for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpuadapterinfo-vendor>
    fn vendor(&mut self, info: Resource<webgpu::GpuAdapterInfo>) -> wasmtime::Result<String> {
        let vendor = self.table.object(&info)?.0.vendor;
        let known = VENDORS.iter().find(|(number, _)| *number == vendor);
        Ok(known.map(|(_, name)| (*name).to_owned()).unwrap_or_default())
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuadapterinfo-architecture>
    ///
    /// `wgpu` does not know it, and the empty string stands for that.
    fn architecture(&mut self, info: Resource<webgpu::GpuAdapterInfo>) -> wasmtime::Result<String> {
        self.table.object(&info)?;
        Ok(String::new())
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuadapterinfo-device>
    ///
    /// A number of the vendor's is no identifier in WebGPU's sense, and the empty string stands for that.
    fn device(&mut self, info: Resource<webgpu::GpuAdapterInfo>) -> wasmtime::Result<String> {
        self.table.object(&info)?;
        Ok(String::new())
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuadapterinfo-description>
    fn description(&mut self, info: Resource<webgpu::GpuAdapterInfo>) -> wasmtime::Result<String> {
        let info = &self.table.object(&info)?.0;
        let driver = [info.driver.as_str(), info.driver_info.as_str()];
        let driver: Vec<_> = driver.into_iter().filter(|text| !text.is_empty()).collect();
        Ok(if driver.is_empty() { info.name.clone() } else { format!("{} ({})", info.name, driver.join(", ")) })
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuadapterinfo-subgroupminsize>
    fn subgroup_min_size(&mut self, info: Resource<webgpu::GpuAdapterInfo>) -> wasmtime::Result<u32> {
        Ok(self.table.object(&info)?.0.subgroup_min_size)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuadapterinfo-subgroupmaxsize>
    fn subgroup_max_size(&mut self, info: Resource<webgpu::GpuAdapterInfo>) -> wasmtime::Result<u32> {
        Ok(self.table.object(&info)?.0.subgroup_max_size)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuadapterinfo-isfallbackadapter>
    fn is_fallback_adapter(&mut self, info: Resource<webgpu::GpuAdapterInfo>) -> wasmtime::Result<bool> {
        Ok(self.table.object(&info)?.0.device_type == DeviceType::Cpu)
    }

    dropped!(webgpu::GpuAdapterInfo);
}
