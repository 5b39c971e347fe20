//! `wgpu::Device`: an index. The objects that a device makes are in the files that are called after them.

use std::future::{self, Future};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use wardian_guest::webgpu::{GpuDevice, GpuDeviceLostInfo, GpuDeviceLostReason, GpuErrorFilter, GpuQueue};
use wardian_guest::wit_bindgen;
use wardian_guest::wit_bindgen::rt::async_support::FutureReader;
use wgpu::custom::{
    BoxDeviceLostCallback, DeviceInterface, DispatchBindGroup, DispatchBindGroupLayout, DispatchBlas, DispatchBuffer,
    DispatchCommandEncoder, DispatchComputePipeline, DispatchExternalTexture, DispatchPipelineCache,
    DispatchPipelineLayout, DispatchQuerySet, DispatchRenderBundleEncoder, DispatchRenderPipeline, DispatchSampler,
    DispatchShaderModule, DispatchTexture, DispatchTlas, PopErrorScopeFuture,
};

use crate::Waiting;
use crate::bind_group::{BindGroup, BindGroupLayout, PipelineLayout};
use crate::buffer::Buffer;
use crate::capabilities;
use crate::command_encoder::CommandEncoder;
use crate::convert::{Outside, ToGuest};
use crate::errors::{ErrorSink, of_host, validation};
use crate::outside::{Blas, ExternalTexture, PipelineCache, Tlas};
use crate::pipeline::{ComputePipeline, RenderPipeline};
use crate::query_set::QuerySet;
use crate::render_bundle::RenderBundleEncoder;
use crate::sampler::Sampler;
use crate::shader_module::ShaderModule;
use crate::texture::Texture;
use crate::wait::{glance, locked, look, run_errands};

/// How long a wait that may end by its time sleeps between two looks.
const NAP: Duration = Duration::from_micros(200);

/// What all objects of a device share.
#[derive(Clone, Debug)]
pub(crate) struct Device(Arc<Shared>);

pub(crate) struct Shared {
    handle: GpuDevice,
    queue: GpuQueue,
    waiting: Waiting,
    errors: ErrorSink,
    // Guards who is told of the end of the device; held for no call into the program.
    loss: Mutex<Loss>,
    /// Submissions so far, and how many of them are known to be done.
    submitted: AtomicU64,
    done: AtomicU64,
}

/// Who is told of the end of the device, and the host's word of it, which comes once.
#[derive(Default)]
struct Loss {
    callback: Option<BoxDeviceLostCallback>,
    word: Option<FutureReader<GpuDeviceLostInfo>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Device")
            .field("handle", &self.handle)
            .field("errors", &self.errors)
            .finish_non_exhaustive()
    }
}

impl Drop for Shared {
    /// The errors that came after the last call that read them are still said.
    fn drop(&mut self) {
        if !thread::panicking() {
            self.errors.read_uncaptured();
        }
    }
}

impl Shared {
    /// Reads what has happened; gives whether the queue is empty.
    pub(crate) fn poll(&self, wait: bool) -> bool {
        self.errors.read_uncaptured();
        let submitted = self.submitted.load(Ordering::Relaxed);
        let mut empty = self.done.load(Ordering::Relaxed) == submitted;
        if !empty {
            let done = pin!(self.queue.on_submitted_work_done());
            empty = if wait {
                wardian_guest::block_on(done);
                true
            } else {
                look(done).is_some()
            };
        }
        if empty {
            self.done.fetch_max(submitted, Ordering::Relaxed);
        }
        self.errors.read_uncaptured();
        self.read_loss();
        empty
    }

    /// Tells of the end of the device, if it has come.
    fn read_loss(&self) {
        let mut loss = locked(&self.loss);
        if loss.callback.is_none() {
            return;
        }
        let word = loss.word.take().unwrap_or_else(|| self.handle.lost());
        let mut read = Box::pin(word.into_future());
        let info = match glance(read.as_mut()) {
            Some(info) => info,
            None => match read.as_mut().cancel() {
                Ok(info) => info,
                Err(word) => {
                    loss.word = Some(word);
                    return;
                }
            },
        };
        let callback = loss.callback.take();
        drop(loss);
        if let Some(callback) = callback {
            let reason = match info.reason() {
                GpuDeviceLostReason::Destroyed => wgpu::DeviceLostReason::Destroyed,
                GpuDeviceLostReason::Unknown => wgpu::DeviceLostReason::Unknown,
            };
            callback(reason, info.message());
        }
    }
}

impl Device {
    pub(crate) fn new(handle: GpuDevice, waiting: Waiting) -> Self {
        let errors = ErrorSink::new(handle.on_uncaptured_error());
        Self(Arc::new(Shared {
            queue: handle.queue(),
            handle,
            waiting,
            errors,
            loss: Mutex::default(),
            submitted: AtomicU64::new(0),
            done: AtomicU64::new(0),
        }))
    }

    pub(crate) fn downgrade(&self) -> Weak<Shared> {
        Arc::downgrade(&self.0)
    }

    pub(crate) fn handle(&self) -> &GpuDevice {
        &self.0.handle
    }

    pub(crate) fn queue(&self) -> &GpuQueue {
        &self.0.queue
    }

    pub(crate) fn waiting(&self) -> Waiting {
        self.0.waiting
    }

    /// Counts a submission; gives its number, the first being 1.
    pub(crate) fn count_submission(&self) -> u64 {
        self.0.submitted.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Reports an error of this crate's.
    pub(crate) fn report(&self, error: wgpu::Error) {
        self.0.errors.report(error);
    }

    /// Reports that a call of `wgpu` asks for something that WebGPU has not.
    pub(crate) fn refuse(&self, call: &str, outside: &Outside) {
        self.report(validation(format!("{call}: {outside}")));
    }

    /// Hands out the host's errors that no scope caught. Called after calls that fail often and take long.
    pub(crate) fn read_uncaptured(&self) {
        self.0.errors.read_uncaptured();
    }

    /// Makes an object in a way that is an error, without the host's word on it: the object is invalid, and this crate
    /// has said why.
    pub(crate) fn make_invalid<T>(&self, make: impl FnOnce(&GpuDevice) -> T) -> T {
        self.handle().push_error_scope(GpuErrorFilter::Validation);
        let object = make(self.handle());
        let device = self.clone();
        self.waiting().tell(async move { device.handle().pop_error_scope().await }, drop);
        object
    }

    /// Waits for all work at most this long; gives whether it was done by then.
    fn wait_at_most(&self, time: Duration) -> bool {
        let Some(end) = Instant::now().checked_add(time) else { return self.0.poll(true) };
        let device = self.clone();
        let mut done = Box::pin(async move { device.queue().on_submitted_work_done().await });
        let submitted = self.0.submitted.load(Ordering::Relaxed);
        let in_time = wardian_guest::block_on(future::poll_fn(move |context| {
            if done.as_mut().poll(context).is_ready() {
                return Poll::Ready(true);
            }
            if Instant::now() >= end {
                return Poll::Ready(false);
            }
            // Nothing wakes this task at the end of that time, so it looks again and again. While it sleeps it keeps its
            // store, in which the host has to note that the work is done; so it lets the host in between.
            thread::sleep(NAP.min(end.saturating_duration_since(Instant::now())));
            wit_bindgen::yield_blocking();
            context.waker().wake_by_ref();
            Poll::Pending
        }));
        if in_time {
            self.0.done.fetch_max(submitted, Ordering::Relaxed);
            self.0.poll(false);
        }
        in_time
    }
}

impl DeviceInterface for Device {
    fn features(&self) -> wgpu::Features {
        capabilities::features(&self.handle().features(), &self.limits())
    }

    fn limits(&self) -> wgpu::Limits {
        capabilities::limits(&self.handle().limits())
    }

    fn adapter_info(&self) -> wgpu::AdapterInfo {
        capabilities::adapter_info(&self.handle().adapter_info())
    }

    /// Hosts check all shaders, so the checks that a program would leave out are made all the same.
    fn create_shader_module(
        &self,
        descriptor: wgpu::ShaderModuleDescriptor<'_>,
        _checks: wgpu::ShaderRuntimeChecks,
    ) -> DispatchShaderModule {
        DispatchShaderModule::custom(ShaderModule::new(self, &descriptor))
    }

    #[expect(unsafe_code, reason = "as the trait has it; nothing in it is unsafe")]
    unsafe fn create_shader_module_passthrough(
        &self,
        descriptor: &wgpu::ShaderModuleDescriptorPassthrough<'_>,
    ) -> DispatchShaderModule {
        DispatchShaderModule::custom(ShaderModule::passed_through(self, descriptor))
    }

    fn create_bind_group_layout(&self, descriptor: &wgpu::BindGroupLayoutDescriptor<'_>) -> DispatchBindGroupLayout {
        DispatchBindGroupLayout::custom(BindGroupLayout::new(self, descriptor))
    }

    fn create_bind_group(&self, descriptor: &wgpu::BindGroupDescriptor<'_>) -> DispatchBindGroup {
        DispatchBindGroup::custom(BindGroup::new(self, descriptor))
    }

    fn create_pipeline_layout(&self, descriptor: &wgpu::PipelineLayoutDescriptor<'_>) -> DispatchPipelineLayout {
        DispatchPipelineLayout::custom(PipelineLayout::new(self, descriptor))
    }

    fn create_render_pipeline(&self, descriptor: &wgpu::RenderPipelineDescriptor<'_>) -> DispatchRenderPipeline {
        DispatchRenderPipeline::custom(RenderPipeline::new(self, descriptor))
    }

    fn create_mesh_pipeline(&self, descriptor: &wgpu::MeshPipelineDescriptor<'_>) -> DispatchRenderPipeline {
        DispatchRenderPipeline::custom(RenderPipeline::of_mesh(self, descriptor))
    }

    fn create_compute_pipeline(&self, descriptor: &wgpu::ComputePipelineDescriptor<'_>) -> DispatchComputePipeline {
        DispatchComputePipeline::custom(ComputePipeline::new(self, descriptor))
    }

    #[expect(unsafe_code, reason = "as the trait has it; nothing in it is unsafe")]
    unsafe fn create_pipeline_cache(&self, _descriptor: &wgpu::PipelineCacheDescriptor<'_>) -> DispatchPipelineCache {
        self.refuse("create_pipeline_cache", &Outside::new("a pipeline cache"));
        DispatchPipelineCache::custom(PipelineCache)
    }

    fn create_buffer(&self, descriptor: &wgpu::BufferDescriptor<'_>) -> DispatchBuffer {
        DispatchBuffer::custom(Buffer::new(self, descriptor))
    }

    fn create_texture(&self, descriptor: &wgpu::TextureDescriptor<'_>) -> DispatchTexture {
        DispatchTexture::custom(Texture::new(self, descriptor))
    }

    fn create_external_texture(
        &self,
        _descriptor: &wgpu::ExternalTextureDescriptor<'_>,
        _planes: &[&wgpu::TextureView],
    ) -> DispatchExternalTexture {
        self.refuse("create_external_texture", &Outside::new("an external texture"));
        DispatchExternalTexture::custom(ExternalTexture)
    }

    fn create_blas(
        &self,
        _descriptor: &wgpu::CreateBlasDescriptor<'_>,
        _sizes: wgpu::BlasGeometrySizeDescriptors,
    ) -> (Option<u64>, DispatchBlas) {
        self.refuse("create_blas", &Outside::new("ray tracing"));
        (None, DispatchBlas::custom(Blas))
    }

    fn create_tlas(&self, _descriptor: &wgpu::CreateTlasDescriptor<'_>) -> DispatchTlas {
        self.refuse("create_tlas", &Outside::new("ray tracing"));
        DispatchTlas::custom(Tlas)
    }

    fn create_sampler(&self, descriptor: &wgpu::SamplerDescriptor<'_>) -> DispatchSampler {
        DispatchSampler::custom(Sampler::new(self, descriptor))
    }

    fn create_query_set(&self, descriptor: &wgpu::QuerySetDescriptor<'_>) -> DispatchQuerySet {
        DispatchQuerySet::custom(QuerySet::new(self, descriptor))
    }

    fn create_command_encoder(&self, descriptor: &wgpu::CommandEncoderDescriptor<'_>) -> DispatchCommandEncoder {
        DispatchCommandEncoder::custom(CommandEncoder::new(self, descriptor))
    }

    fn create_render_bundle_encoder(
        &self,
        descriptor: &wgpu::RenderBundleEncoderDescriptor<'_>,
    ) -> DispatchRenderBundleEncoder {
        DispatchRenderBundleEncoder::custom(RenderBundleEncoder::new(self, descriptor))
    }

    /// The callback is called where the program polls, submits, or destroys the device.
    fn set_device_lost_callback(&self, callback: BoxDeviceLostCallback) {
        locked(&self.0.loss).callback = Some(callback);
        self.0.read_loss();
    }

    fn on_uncaptured_error(&self, handler: Arc<dyn wgpu::UncapturedErrorHandler>) {
        self.0.errors.set_handler(handler);
    }

    fn push_error_scope(&self, filter: wgpu::ErrorFilter) -> u32 {
        self.handle().push_error_scope(filter.to_guest());
        self.0.errors.push(filter)
    }

    fn pop_error_scope(&self, place: u32) -> Pin<Box<dyn PopErrorScopeFuture>> {
        let own = self.0.errors.pop(place);
        let device = self.clone();
        Box::pin(self.waiting().answer(async move {
            // A scope that is not there would be a fault of this crate's: it pops as often as it pushes.
            let of_host_ = device.handle().pop_error_scope().await.unwrap_or_default();
            of_host_.map(|error| of_host(&error)).or(own)
        }))
    }

    #[expect(unsafe_code, reason = "as the trait has it; nothing in it is unsafe")]
    unsafe fn start_graphics_debugger_capture(&self) {
        log::warn!("start_graphics_debugger_capture: {}", Outside::new("a graphics debugger"));
    }

    #[expect(unsafe_code, reason = "as the trait has it; nothing in it is unsafe")]
    unsafe fn stop_graphics_debugger_capture(&self) {
        log::warn!("stop_graphics_debugger_capture: {}", Outside::new("a graphics debugger"));
    }

    fn poll(&self, poll_type: wgpu::wgt::PollType<u64>) -> Result<wgpu::PollStatus, wgpu::PollError> {
        let wgpu::wgt::PollType::Wait { submission_index, timeout } = poll_type else {
            return Ok(if self.0.poll(false) { wgpu::PollStatus::QueueEmpty } else { wgpu::PollStatus::Poll });
        };
        let submitted = self.0.submitted.load(Ordering::Relaxed);
        if let Some(index) = submission_index
            && index > submitted
        {
            return Err(wgpu::PollError::WrongSubmissionIndex(index, submitted));
        }
        match timeout {
            Some(timeout) if !self.wait_at_most(timeout) => return Err(wgpu::PollError::Timeout),
            Some(_) => {}
            None => {
                self.0.poll(true);
            }
        }
        run_errands();
        Ok(wgpu::PollStatus::QueueEmpty)
    }

    fn get_internal_counters(&self) -> wgpu::InternalCounters {
        wgpu::InternalCounters::default()
    }

    fn generate_allocator_report(&self) -> Option<wgpu::AllocatorReport> {
        None
    }

    fn destroy(&self) {
        self.0.errors.read_uncaptured();
        self.handle().destroy();
        self.0.read_loss();
    }
}
