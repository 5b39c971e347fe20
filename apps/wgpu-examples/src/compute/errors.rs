//! What goes wrong, and who hears of it.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use wgpu::BufferUsages as Usage;

use crate::{Failure, Gpu, Output};

/// The result of a future that waits for nothing: those of native `wgpu`, and of `wardian_wgpu` unless told otherwise.
fn now<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err("a future was not ready at once".into()),
    }
}

fn kind(error: Option<&wgpu::Error>) -> &'static str {
    match error {
        None => "nothing",
        Some(wgpu::Error::Validation { .. }) => "validation",
        Some(wgpu::Error::OutOfMemory { .. }) => "out of memory",
        Some(wgpu::Error::Internal { .. }) => "internal",
    }
}

/// What was heard, in order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, line: String) {
        if let Ok(mut lines) = self.0.lock() {
            lines.push(line);
        }
    }

    /// Closes a scope and notes what it has.
    fn close(&self, name: &str, scope: wgpu::ErrorScopeGuard) -> Result<(), Failure> {
        self.add(format!("{name}: {}", kind(now(scope.pop())?.as_ref())));
        Ok(())
    }
}

fn buffer(device: &wgpu::Device, usage: Usage) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor { label: None, size: 16, usage, mapped_at_creation: false })
}

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    // A device of its own: it is destroyed at the end.
    let (device, queue) = now(Gpu::request(&gpu.adapter))??;
    let notes = Notes::default();
    let by_handler = notes.clone();
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        by_handler.add(format!("handler: {}", kind(Some(&error))));
    }));
    let by_loss = notes.clone();
    device.set_device_lost_callback(move |reason, _| by_loss.add(format!("lost: {reason:?}")));

    scopes(&device, &notes)?;
    shader(&device, &notes)?;
    commands(&device, &queue, &notes)?;
    mapping(&device, &notes)?;

    device.destroy();
    device.poll(wgpu::PollType::wait_indefinitely())?;
    let lines = notes.0.lock().map_err(|_| "the list of what was heard is broken")?.clone();
    Ok(Output::lines(lines))
}

/// The innermost scope that fits has the error; those around it, and of other kinds, have nothing.
fn scopes(device: &wgpu::Device, notes: &Notes) -> Result<(), Failure> {
    let outer = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let inner = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let _wrong = buffer(device, Usage::MAP_READ | Usage::STORAGE);
    notes.close("inner", inner)?;
    notes.close("memory", memory)?;
    notes.close("outer", outer)?;

    // What WebGPU has not: native wgpu needs a feature for it, and a component can't have that.
    let border = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let _sampler = device.create_sampler(&wgpu::SamplerDescriptor {
        address_mode_u: wgpu::AddressMode::ClampToBorder,
        ..wgpu::SamplerDescriptor::default()
    });
    notes.close("border", border)
}

/// A shader that is wrong, and what its compiler says.
fn shader(device: &wgpu::Device, notes: &Notes) -> Result<(), Failure> {
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let source = "// ä\nfn f() -> u32 { return unknown; }";
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(source.into()),
    });
    notes.close("shader", scope)?;
    let info = now(module.get_compilation_info())?;
    let lines = info.messages.iter().filter_map(|message| Some(message.location?.line_number));
    notes.add(format!("lines of the shader with messages: {:?}", lines.collect::<Vec<_>>()));
    Ok(())
}

/// An error that no scope catches; what comes after it is not refused.
fn commands(device: &wgpu::Device, queue: &wgpu::Queue, notes: &Notes) -> Result<(), Failure> {
    let [source, target] = [Usage::COPY_SRC; 2].map(|usage| buffer(device, usage));
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_buffer_to_buffer(&source, 0, &target, 0, 16);
    let scope = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let commands = encoder.finish();
    notes.close("other scope", scope)?;
    drop(commands);
    queue.submit([]);
    Ok(())
}

/// A buffer that can't be mapped.
fn mapping(device: &wgpu::Device, notes: &Notes) -> Result<(), Failure> {
    let unmappable = buffer(device, Usage::COPY_DST);
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let by_callback = notes.clone();
    unmappable.map_async(wgpu::MapMode::Read, .., move |outcome| {
        by_callback.add(format!("map: {}", if outcome.is_ok() { "done" } else { "refused" }));
    });
    device.poll(wgpu::PollType::wait_indefinitely())?;
    notes.close("mapping", scope)?;
    notes.add(format!("range: {}", if unmappable.get_mapped_range(..).is_ok() { "given" } else { "refused" }));
    Ok(())
}
