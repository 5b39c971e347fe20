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

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    // A device of its own: it is destroyed at the end.
    let (device, queue) = now(Gpu::request(&gpu.adapter))??;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let note = |line: String| {
        if let Ok(mut heard) = heard.lock() {
            heard.push(line);
        }
    };
    let by_handler = Arc::clone(&heard);
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        if let Ok(mut heard) = by_handler.lock() {
            heard.push(format!("handler: {}", kind(Some(&error))));
        }
    }));
    let by_loss = Arc::clone(&heard);
    device.set_device_lost_callback(move |reason, _| {
        if let Ok(mut heard) = by_loss.lock() {
            heard.push(format!("lost: {reason:?}"));
        }
    });
    let buffer = |size, usage| {
        device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    };

    // The innermost scope that fits has the error; those around it, and of other kinds, have nothing.
    let outer = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let inner = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let _wrong = buffer(16, Usage::MAP_READ | Usage::STORAGE);
    note(format!("inner: {}", kind(now(inner.pop())?.as_ref())));
    note(format!("memory: {}", kind(now(memory.pop())?.as_ref())));
    note(format!("outer: {}", kind(now(outer.pop())?.as_ref())));

    // A shader that is wrong, and what its compiler says.
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let source = "// ä\nfn f() -> u32 { return unknown; }";
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(source.into()),
    });
    note(format!("shader: {}", kind(now(scope.pop())?.as_ref())));
    let info = now(module.get_compilation_info())?;
    let lines = info.messages.iter().filter_map(|message| Some(message.location?.line_number));
    note(format!("lines of the shader with messages: {:?}", lines.collect::<Vec<_>>()));

    // What WebGPU has not: native wgpu needs a feature for it, and a component can't have that.
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let _sampler = device.create_sampler(&wgpu::SamplerDescriptor {
        address_mode_u: wgpu::AddressMode::ClampToBorder,
        ..wgpu::SamplerDescriptor::default()
    });
    note(format!("border: {}", kind(now(scope.pop())?.as_ref())));

    // An error without a scope; the work is refused, and what comes after is not.
    let (source, target) = (buffer(16, Usage::COPY_SRC), buffer(16, Usage::COPY_SRC));
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_buffer_to_buffer(&source, 0, &target, 0, 16);
    let scope = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let commands = encoder.finish();
    note(format!("other scope: {}", kind(now(scope.pop())?.as_ref())));
    drop(commands);
    queue.submit([]);

    // A buffer that can't be mapped.
    let unmappable = buffer(16, Usage::COPY_DST);
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let by_callback = Arc::clone(&heard);
    unmappable.map_async(wgpu::MapMode::Read, .., move |outcome| {
        if let Ok(mut heard) = by_callback.lock() {
            heard.push(format!("map: {}", if outcome.is_ok() { "done" } else { "refused" }));
        }
    });
    device.poll(wgpu::PollType::wait_indefinitely())?;
    note(format!("mapping: {}", kind(now(scope.pop())?.as_ref())));
    note(format!("range: {}", if unmappable.get_mapped_range(..).is_ok() { "given" } else { "refused" }));

    device.destroy();
    device.poll(wgpu::PollType::wait_indefinitely())?;
    let lines = heard.lock().map_err(|_| "the list of what was heard is broken")?.clone();
    Ok(Output::lines(lines))
}
