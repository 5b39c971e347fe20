//! `wgpu::ShaderModule`, and what the host's compiler said about it.

use std::pin::Pin;
use std::sync::Arc;

use wardian_guest::feature_name;
use wardian_guest::webgpu::{
    GpuCompilationMessage, GpuCompilationMessageType, GpuFeatureName, GpuShaderModule, GpuShaderModuleDescriptor,
};
use wgpu::custom::{ShaderCompilationInfoFuture, ShaderModuleInterface};

use crate::Waiting;
use crate::convert::{Outside, label};
use crate::device::Device;

/// WebGPU asks for this directive where a shader uses subgroups; naga, which native `wgpu` gives its shaders to, doesn't
/// know it. A line of its own, so that no place within a line changes.
const ENABLE_SUBGROUPS: &str = "enable subgroups;\n";

#[derive(Debug)]
pub(crate) struct ShaderModule {
    handle: Arc<GpuShaderModule>,
    /// The messages of the compiler name places in it.
    source: Arc<str>,
    /// What was put before the program's source.
    prefix: &'static str,
    /// What was wrong before the compiler saw anything.
    refusal: Option<String>,
    waiting: Waiting,
}

impl ShaderModule {
    pub(crate) fn new(device: &Device, descriptor: &wgpu::ShaderModuleDescriptor<'_>) -> Self {
        match &descriptor.source {
            wgpu::ShaderSource::Wgsl(source) => Self::of_wgsl(device, source, descriptor.label),
            _ => Self::refused(device, "create_shader_module", "a shader in another language than WGSL"),
        }
    }

    pub(crate) fn passed_through(device: &Device, descriptor: &wgpu::ShaderModuleDescriptorPassthrough<'_>) -> Self {
        match &descriptor.wgsl {
            Some(source) => Self::of_wgsl(device, source, descriptor.label),
            None => Self::refused(
                device,
                "create_shader_module_passthrough",
                "a shader for one kind of GPU, with no source in WGSL beside it,",
            ),
        }
    }

    fn of_wgsl(device: &Device, source: &str, name: wgpu::Label<'_>) -> Self {
        // Naming them where they are not used does no harm, if the device has them.
        let may_use_subgroups = source.contains("subgroup") || source.contains("quad");
        let is_enabled = may_use_subgroups && device.handle().features().has(feature_name(GpuFeatureName::Subgroups));
        let prefix = if is_enabled { ENABLE_SUBGROUPS } else { "" };
        let code = format!("{prefix}{source}");
        let handle = device.handle().create_shader_module(&GpuShaderModuleDescriptor {
            code,
            compilation_hints: None,
            label: label(name),
        });
        device.read_uncaptured();
        Self { handle: Arc::new(handle), source: source.into(), prefix, refusal: None, waiting: device.waiting() }
    }

    fn refused(device: &Device, call: &str, what: &str) -> Self {
        let outside = Outside::new(what);
        device.refuse(call, &outside);
        let handle = device.make_invalid(|device| {
            let code = "this is not WGSL".to_owned();
            device.create_shader_module(&GpuShaderModuleDescriptor { code, compilation_hints: None, label: None })
        });
        let refusal = Some(outside.to_string());
        Self { handle: Arc::new(handle), source: "".into(), prefix: "", refusal, waiting: device.waiting() }
    }

    pub(crate) fn handle(&self) -> &GpuShaderModule {
        &self.handle
    }
}

impl ShaderModuleInterface for ShaderModule {
    fn get_compilation_info(&self) -> Pin<Box<dyn ShaderCompilationInfoFuture>> {
        let (handle, source, refusal) = (Arc::clone(&self.handle), Arc::clone(&self.source), self.refusal.clone());
        let prefix = self.prefix;
        Box::pin(self.waiting.answer(async move {
            if let Some(message) = refusal {
                let message_type = wgpu::CompilationMessageType::Error;
                let message = wgpu::CompilationMessage { message, message_type, location: None };
                return wgpu::CompilationInfo { messages: vec![message] };
            }
            let info = handle.get_compilation_info().await;
            wgpu::CompilationInfo { messages: info.messages().iter().map(|it| message(it, &source, prefix)).collect() }
        }))
    }
}

fn message(message: &GpuCompilationMessage, source: &str, prefix: &str) -> wgpu::CompilationMessage {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let line = message.line_num().saturating_sub(count(prefix.lines().count()));
    let offset = message.offset().saturating_sub(count(prefix.len()));
    wgpu::CompilationMessage {
        message: message.message(),
        message_type: match message.type_() {
            GpuCompilationMessageType::Error => wgpu::CompilationMessageType::Error,
            GpuCompilationMessageType::Warning => wgpu::CompilationMessageType::Warning,
            GpuCompilationMessageType::Info => wgpu::CompilationMessageType::Info,
        },
        // A line of 0 stands for no place.
        location: (line > 0).then(|| location(source, line, offset, message.length())),
    }
}

/// A place in bytes of UTF-8, as `wgpu` counts, from one in units of UTF-16, as WebGPU counts.
fn location(source: &str, line: u64, offset: u64, length: u64) -> wgpu::SourceLocation {
    let start = byte_of(source, offset);
    let end = byte_of(source, offset.saturating_add(length));
    let line_start = source.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    wgpu::SourceLocation {
        line_number: u32::try_from(line).unwrap_or(u32::MAX),
        line_position: narrow(start - line_start + 1),
        offset: narrow(start),
        length: narrow(end - start),
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The byte at which this unit of UTF-16 begins, or the end of the text.
fn byte_of(text: &str, unit: u64) -> usize {
    let mut units = 0;
    for (byte, letter) in text.char_indices() {
        if units >= unit {
            return byte;
        }
        units += u64::try_from(letter.len_utf16()).unwrap_or(0);
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_bytes() {
        let source = "// ä 🜁\nfn f() {}\n";
        let units = "// ä 🜁\n".encode_utf16().count();
        let place = location(source, 2, u64::try_from(units).expect("a short text"), 2);
        let expected = wgpu::SourceLocation { line_number: 2, line_position: 1, offset: 11, length: 2 };
        assert_eq!(place, expected, "the first letters of the second line");
    }

    #[test]
    fn a_place_behind_the_end_is_the_end() {
        assert_eq!(byte_of("ä", 7), 2, "two bytes, one unit");
    }
}
