//! A device and its queue: what all its objects share.

mod progress;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use naga::valid::Capabilities;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot};
use wgpu_core::global::Global;
use wgpu_core::id::{DeviceId, QueueId};
use wgpu_types::AdapterInfo;
use wgpu_types::error::WebGpuError;

use crate::error::{ErrorKind, ErrorSink, GpuError, named};
use crate::handle::{Core, CoreId, Handle};
use crate::object::capabilities::{Features, Limits};
use crate::poll::{Owned, Poller};
use crate::quota::{Amounts, Charge, Exceeded, Usage};

use self::progress::Progress;

/// How many pipelines of one device are compiled at once.
const COMPILATIONS_MAX: usize = 4;

/// A device. Cloning it is how an object reaches its device's errors, limits and queue; the device is released, by its
/// own thread, after the last clone.
#[derive(Clone, Debug)]
pub(crate) struct Device(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core,
    id: DeviceId,
    queue: QueueId,
    errors: ErrorSink,
    features: Features,
    limits: Limits,
    info: AdapterInfo,
    /// Guards the device's end and who waits for it.
    loss: Mutex<Loss>,
    /// Mirrors `loss` for the many places that only ask.
    lost: AtomicBool,
    /// The device's and the queue's labels, which all their handles share.
    label: Mutex<String>,
    queue_label: Mutex<String>,
    progress: Progress,
    /// One permit for each pipeline that may be compiled at once.
    compilations: Arc<Semaphore>,
    usage: Usage,
    poller: Poller,
}

#[derive(Debug, Default)]
struct Loss {
    info: Option<LossInfo>,
    waiting: Vec<oneshot::Sender<LossInfo>>,
}

/// Why a device is lost.
///
/// <https://www.w3.org/TR/webgpu/#gpudevicelostinfo>
#[derive(Clone, Debug)]
pub(crate) struct LossInfo {
    pub(crate) reason: LossReason,
    pub(crate) message: String,
}

/// <https://www.w3.org/TR/webgpu/#enumdef-gpudevicelostreason>
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LossReason {
    Unknown,
    Destroyed,
}

/// What a device is made with.
#[derive(Debug)]
pub(crate) struct DeviceParts {
    pub(crate) core: Core,
    pub(crate) device: DeviceId,
    pub(crate) queue: QueueId,
    pub(crate) features: Features,
    pub(crate) limits: Limits,
    pub(crate) info: AdapterInfo,
    pub(crate) label: String,
    pub(crate) queue_label: String,
    pub(crate) usage: Usage,
    /// For the device itself.
    pub(crate) charge: Charge,
}

impl Device {
    /// Takes a new device over and starts its thread.
    ///
    /// # Errors
    ///
    /// When the system gives no thread, or the driver's library fails.
    pub(crate) fn new(parts: DeviceParts) -> wasmtime::Result<Self> {
        let DeviceParts { core, device: id, queue, features, limits, info, label, queue_label, usage, charge } = parts;
        let poller = Poller::start(Owned {
            core: core.clone(),
            backend: info.backend,
            device: Handle::new(core.clone(), id),
            queue: Handle::new(core.clone(), queue),
            usage: usage.clone(),
            charge,
        })
        .map_err(|error| wasmtime::format_err!("no thread for a GPU device: {error}"))?;
        let device = Self(Arc::new(Inner {
            core,
            id,
            queue,
            errors: ErrorSink::default(),
            features,
            limits,
            info,
            loss: Mutex::default(),
            lost: AtomicBool::new(false),
            label: Mutex::new(label),
            queue_label: Mutex::new(queue_label),
            progress: Progress::new(&usage),
            compilations: Arc::new(Semaphore::new(COMPILATIONS_MAX)),
            usage,
            poller,
        }));
        device.0.usage.add_device(WeakDevice(Arc::downgrade(&device.0)));
        let weak = Arc::downgrade(&device.0);
        let closure = Box::new(move |reason: wgpu_types::DeviceLostReason, message: String| {
            if let Some(inner) = weak.upgrade() {
                let reason = match reason {
                    wgpu_types::DeviceLostReason::Destroyed => LossReason::Destroyed,
                    wgpu_types::DeviceLostReason::Unknown => LossReason::Unknown,
                };
                Self(inner).lose(reason, message);
            }
        });
        device.call(|core| core.device_set_device_lost_closure(id, closure))?;
        // It may have ended while the driver opened the device.
        if let Some(reason) = device.0.usage.reason_of_end() {
            device.end(&reason);
        }
        Ok(device)
    }

    pub(crate) fn core(&self) -> &Core {
        &self.0.core
    }

    /// Calls into `wgpu-core`; the guest traps when that fails by a fault of its own.
    #[inline]
    pub(crate) fn call<R>(&self, call: impl FnOnce(&Global) -> R) -> wasmtime::Result<R> {
        match self.0.core.call(call) {
            Ok(value) => Ok(value),
            Err(fault) => {
                self.lose(LossReason::Unknown, fault.to_string());
                Err(fault)
            }
        }
    }

    /// Calls a constructor of `wgpu-core`, owns what it made, and reports the error that came with it.
    pub(crate) fn adopt<I: CoreId, E: WebGpuError>(
        &self,
        label: &str,
        create: impl FnOnce(&Global, DeviceId) -> (I, Option<E>),
    ) -> wasmtime::Result<Handle<I>> {
        let (handle, error) = self.create(create)?;
        if let Some(error) = error {
            self.report_of(label, &error);
        }
        Ok(handle)
    }

    /// Like [`adopt`](Self::adopt), but the error is the caller's: to look at, to change, or to leave.
    pub(crate) fn create<I: CoreId, E>(
        &self,
        create: impl FnOnce(&Global, DeviceId) -> (I, Option<E>),
    ) -> wasmtime::Result<(Handle<I>, Option<E>)> {
        let (id, error) = self.call(|core| create(core, self.0.id))?;
        Ok((Handle::new(self.0.core.clone(), id), error))
    }

    /// Gives an error of `wgpu-core` to the device's scopes and streams.
    pub(crate) fn report(&self, error: &impl WebGpuError) {
        if let Some(error) = GpuError::of_core(error) {
            self.0.errors.report(error);
        }
    }

    /// Like [`report`](Self::report), of the making of an object with this label.
    pub(crate) fn report_of(&self, label: &str, error: &impl WebGpuError) {
        if let Some(GpuError { kind, message }) = GpuError::of_core(error) {
            self.0.errors.report(GpuError { kind, message: named(label, message) });
        }
    }

    /// Reports a validation error that the host has found itself in the making of an object with this label.
    pub(crate) fn report_validation_of(&self, label: &str, message: String) {
        self.report_validation(named(label, message));
    }

    /// Reports a validation error that the host has found itself.
    pub(crate) fn report_validation(&self, message: impl Into<String>) {
        self.0.errors.report(GpuError::validation(message));
    }

    pub(crate) fn usage(&self) -> &Usage {
        &self.0.usage
    }

    pub(crate) fn errors(&self) -> &ErrorSink {
        &self.0.errors
    }

    /// What `wgpu-core` lets shaders of this device use.
    pub(crate) fn shader_capabilities(&self) -> wasmtime::Result<Capabilities> {
        let id = self.0.id;
        let (features, downlevel) =
            self.call(|core| (core.device_features(id), core.device_downlevel_properties(id).flags))?;
        Ok(wgpu_naga_bridge::features_to_naga_capabilities(features, downlevel))
    }

    /// The permits to compile pipelines.
    pub(crate) fn compilations(&self) -> &Arc<Semaphore> {
        &self.0.compilations
    }

    pub(crate) fn id(&self) -> DeviceId {
        self.0.id
    }

    pub(crate) fn queue(&self) -> QueueId {
        self.0.queue
    }

    pub(crate) fn features(&self) -> &Features {
        &self.0.features
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn info(&self) -> &AdapterInfo {
        &self.0.info
    }

    pub(crate) fn label(&self) -> &Mutex<String> {
        &self.0.label
    }

    pub(crate) fn queue_label(&self) -> &Mutex<String> {
        &self.0.queue_label
    }

    /// Whether both are the same device, and not merely alike.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What the store may have.
impl Device {
    /// Makes room for something. Where a quota leaves none, that is reported as WebGPU's out-of-memory error, and what
    /// was to be made must become invalid.
    pub(crate) fn admit(&self, label: &str, amounts: Amounts) -> Option<Charge> {
        self.try_admit(amounts)
            .map_err(|exceeded| {
                let message = named(label, exceeded.to_string());
                self.0.errors.report(GpuError { kind: ErrorKind::OutOfMemory, message });
            })
            .ok()
    }

    /// Like [`admit`](Self::admit), with the error for the caller to tell.
    pub(crate) fn try_admit(&self, amounts: Amounts) -> Result<Charge, Exceeded> {
        let usage = &self.0.usage;
        let charge = usage.charge(amounts)?;
        // Where polling fails by a fault of the driver's, the device is lost.
        usage.check_memory(amounts.gpu_memory(), || drop(self.poll()))?;
        Ok(charge)
    }

    /// Like [`admit`](Self::admit), for what can't be made invalid: without room the device is lost.
    pub(crate) fn admit_or_end(&self, label: &str, amounts: Amounts) -> Option<Charge> {
        let outcome = self.try_admit(amounts);
        outcome.map_err(|exceeded| self.end(&named(label, exceeded.to_string()))).ok()
    }
}

/// A device that may be gone.
#[derive(Clone, Debug)]
pub(crate) struct WeakDevice(Weak<Inner>);

impl WeakDevice {
    pub(crate) fn is_alive(&self) -> bool {
        self.0.strong_count() > 0
    }

    /// The memory that the driver has given to the device, as far as the backend knows it.
    pub(crate) fn memory(&self) -> Option<u64> {
        let device = Device(self.0.upgrade()?);
        let counters = device.0.core.call(|core| core.device_get_internal_counters(device.id())).ok()?.hal;
        let bytes = counters.buffer_memory.read().saturating_add(counters.texture_memory.read());
        u64::try_from(bytes).ok()
    }

    /// Ends the device, as far as that can be done while its GPU is busy.
    pub(crate) fn lose(&self, reason: &str) {
        if let Some(inner) = self.0.upgrade() {
            Device(inner).end(reason);
        }
    }
}

/// The end of a device.
impl Device {
    pub(crate) fn is_lost(&self) -> bool {
        self.0.lost.load(Ordering::Acquire)
    }

    /// Whether the component itself has ended the device.
    pub(crate) fn is_destroyed(&self) -> bool {
        self.is_lost() && self.0.loss.lock().info.as_ref().is_some_and(|info| info.reason == LossReason::Destroyed)
    }

    /// From here on the device is lost: no errors are reported, pending maps are aborted, `lost` resolves. Only the
    /// first call does anything.
    ///
    /// <https://www.w3.org/TR/webgpu/#lose-the-device>
    pub(crate) fn lose(&self, reason: LossReason, message: impl Into<String>) {
        let waiting = {
            let mut loss = self.0.loss.lock();
            if loss.info.is_some() {
                return;
            }
            let info = LossInfo { reason, message: message.into() };
            loss.info = Some(info.clone());
            self.0.lost.store(true, Ordering::Release);
            let waiting = std::mem::take(&mut loss.waiting);
            waiting.into_iter().map(|waiting| (waiting, info.clone())).collect::<Vec<_>>()
        };
        self.0.errors.silence();
        for (waiting, info) in waiting {
            // Nobody waits any more where the receiver is gone.
            drop(waiting.send(info));
        }
    }

    /// Loses the device and has `wgpu-core` take no more work for it.
    pub(crate) fn end(&self, reason: &str) {
        tracing::warn!("a GPU device is ended: {reason}");
        self.lose(LossReason::Unknown, reason);
        if let Err(error) = self.0.core.call(|core| core.device_destroy(self.id())) {
            tracing::error!("ending a device: {error}");
        }
    }

    /// Resolves when the device is lost, at once if it is already. The sender lives as long as the device.
    pub(crate) fn lost(&self) -> oneshot::Receiver<LossInfo> {
        let (sender, receiver) = oneshot::channel();
        let mut loss = self.0.loss.lock();
        match loss.info.clone() {
            // The receiver is at hand, so the send can't fail.
            Some(info) => drop(sender.send(info)),
            None => {
                loss.waiting.retain(|waiting| !waiting.is_closed());
                loss.waiting.push(sender);
            }
        }
        receiver
    }
}
