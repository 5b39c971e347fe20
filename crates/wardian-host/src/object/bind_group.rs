//! `gpu-bind-group`; the layouts are in [`layout`].

use std::borrow::Cow;
use std::collections::HashSet;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::{Resource, ResourceTable};
use wgpu_core::binding_model::{self as core_model, BindGroupDescriptor, BindingResource, CreateBindGroupError};
use wgpu_core::id::{BindGroupId, BindGroupLayoutId, TextureViewId};

use crate::ctx::GpuCtxView;
use crate::device::Device;
use crate::handle::Handle;
use crate::object::buffer::Buffer;
use crate::object::texture::DefaultView;
use crate::quota::{Amounts, Quota};
use crate::table::{Table as _, labelled, stands_behind};

pub(crate) mod layout;

/// About how much memory of the host an entry of a bind group costs.
const ENTRY_BYTES: u64 = 128;

stands_behind! {
    BindGroup => webgpu::GpuBindGroup,
}

/// <https://www.w3.org/TR/webgpu/#gpubindgroup>
#[derive(Debug)]
pub(crate) struct BindGroup {
    pub(crate) handle: Handle<BindGroupId>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// Made with a buffer or texture that was destroyed already. That is legal, and whatever is recorded with the group
    /// is refused by `submit`; `wgpu-core` has no such group, so `handle` is an invalid one that must not reach it.
    pub(crate) uses_destroyed: bool,
}

impl GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createbindgroup>
    pub(crate) fn create_bind_group(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        descriptor: webgpu::GpuBindGroupDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuBindGroup>> {
        let device = self.table.object(device)?.clone();
        let layout = self.table.object(&descriptor.layout)?.handle.id();
        let label = descriptor.label.unwrap_or_default();
        let entries = Entries::lower(&descriptor.entries, self.table)?;
        let count = u64::try_from(descriptor.entries.len()).unwrap_or(u64::MAX);
        let room = (Quota::HostMemory, count.saturating_mul(ENTRY_BYTES));
        let charge = device.admit(&label, Amounts::object(Quota::BindGroups, &label, room));
        let Made { handle, uses_destroyed } = match &charge {
            Some(_) => entries.make(&device, layout, &label)?,
            None => Made { handle: invalid_bind_group(&device)?, uses_destroyed: false },
        };
        let handle = handle.charged(charge);
        Ok(self.table.insert(BindGroup { handle, device, label, uses_destroyed })?)
    }
}

impl webgpu::HostGpuBindGroup for GpuCtxView<'_> {
    labelled!(webgpu::GpuBindGroup);
}

/// The entries of a new bind group, by what `wgpu-core` can make of them.
///
/// It has no groups of destroyed buffers and textures, where WebGPU leaves the error to `submit`. So these are kept
/// apart, and what must be right about them nevertheless is checked here as far as can be.
#[derive(Debug, Default)]
struct Entries {
    /// Entries of which nothing is known that would keep `wgpu-core` from taking them.
    live: Vec<core_model::BindGroupEntry<'static>>,
    /// Entries of destroyed buffers, which `wgpu-core` checks nearly to the end.
    dead_buffers: Vec<core_model::BindGroupEntry<'static>>,
    /// The devices of destroyed textures; their views are nothing that `wgpu-core` could look at.
    dead_views: Vec<Device>,
    /// Whether two entries have the same number.
    repeated: Option<u32>,
    /// What is wrong with a destroyed buffer's range.
    range_fault: Option<String>,
}

/// A new bind group.
struct Made {
    handle: Handle<BindGroupId>,
    uses_destroyed: bool,
}

impl Entries {
    fn lower(entries: &[webgpu::GpuBindGroupEntry], table: &ResourceTable) -> wasmtime::Result<Self> {
        let mut lowered = Self::default();
        let mut numbers = HashSet::with_capacity(entries.len());
        for entry in entries {
            if !numbers.insert(entry.binding) {
                lowered.repeated.get_or_insert(entry.binding);
            }
            lowered.add(entry, table)?;
        }
        Ok(lowered)
    }

    fn add(&mut self, entry: &webgpu::GpuBindGroupEntry, table: &ResourceTable) -> wasmtime::Result<()> {
        use webgpu::GpuBindingResource as Guest;
        let binding = entry.binding;
        match &entry.resource {
            Guest::GpuBuffer(buffer) => self.add_buffer(binding, table.object(buffer)?, 0, None),
            Guest::GpuBufferBinding(range) => {
                self.add_buffer(binding, table.object(&range.buffer)?, range.offset.unwrap_or(0), range.size);
            }
            Guest::GpuSampler(sampler) => {
                let resource = BindingResource::Sampler(table.object(sampler)?.handle.id());
                self.live.push(core_model::BindGroupEntry { binding, resource });
            }
            Guest::GpuTexture(texture) => {
                let texture = table.object(texture)?;
                match texture.default_view()? {
                    DefaultView::Live(view) => self.add_view(binding, view),
                    DefaultView::Destroyed => self.dead_views.push(texture.device.clone()),
                }
            }
            Guest::GpuTextureView(view) => {
                let view = table.object(view)?;
                if view.of_destroyed {
                    self.dead_views.push(view.device.clone());
                } else {
                    self.add_view(binding, view.handle.id());
                }
            }
        }
        Ok(())
    }

    /// <https://www.w3.org/TR/webgpu/#dictdef-gpubufferbinding>
    fn add_buffer(&mut self, binding: u32, buffer: &Buffer, offset: u64, size: Option<u64>) {
        let resource = BindingResource::Buffer(core_model::BufferBinding { buffer: buffer.handle.id(), offset, size });
        let entry = core_model::BindGroupEntry { binding, resource };
        if !buffer.destroyed {
            self.live.push(entry);
            return;
        }
        self.dead_buffers.push(entry);
        if let Err(fault) = check_range(buffer.size, offset, size) {
            self.range_fault.get_or_insert(format!("binding {binding}: {fault}"));
        }
    }

    fn add_view(&mut self, binding: u32, view: TextureViewId) {
        self.live.push(core_model::BindGroupEntry { binding, resource: BindingResource::TextureView(view) });
    }

    fn make(mut self, device: &Device, layout: BindGroupLayoutId, label: &str) -> wasmtime::Result<Made> {
        let mut entries = std::mem::take(&mut self.live);
        // Last, because `wgpu-core` looks no further than the first that is destroyed.
        entries.append(&mut self.dead_buffers);
        let descriptor =
            BindGroupDescriptor { label: Some(Cow::Borrowed(label)), layout, entries: Cow::Owned(entries) };
        let (handle, error) = device.create(|core, id| core.device_create_bind_group(id, &descriptor, None))?;
        match error {
            None if self.dead_views.is_empty() => Ok(Made { handle, uses_destroyed: false }),
            // All that the layout wants is there, and destroyed views besides.
            None => {
                device.report_validation_of(label, "a bind group has more entries than its layout".to_owned());
                Ok(Made { handle: invalid_bind_group(device)?, uses_destroyed: false })
            }
            Some(error) if self.is_only_destroyed(&error) => {
                let fault = self.fault(device);
                let uses_destroyed = fault.is_none();
                if let Some(fault) = fault {
                    device.report_validation_of(label, fault);
                }
                Ok(Made { handle, uses_destroyed })
            }
            Some(error) => {
                device.report_of(label, &error);
                Ok(Made { handle, uses_destroyed: false })
            }
        }
    }

    /// Whether `wgpu-core` found nothing wrong but that something is destroyed, or was kept from it for that reason.
    fn is_only_destroyed(&self, error: &CreateBindGroupError) -> bool {
        // It counts the entries before it looks at any, and after it has found the layout and the objects valid.
        if let CreateBindGroupError::BindingsNumMismatch { actual, expected } = error {
            return !self.dead_views.is_empty() && actual.checked_add(self.dead_views.len()) == Some(*expected);
        }
        matches!(
            error,
            CreateBindGroupError::DestroyedResource(_)
                | CreateBindGroupError::BindingError(core_model::BindingError::DestroyedResource(_))
        )
    }

    /// What is wrong that `wgpu-core` did not come to.
    fn fault(&self, device: &Device) -> Option<String> {
        if let Some(binding) = self.repeated {
            return Some(format!("binding {binding} is there twice in a bind group"));
        }
        if self.dead_views.iter().any(|other| !other.is(device)) {
            return Some("a bind group has a texture of another device".to_owned());
        }
        self.range_fault.clone()
    }
}

fn check_range(buffer: u64, offset: u64, size: Option<u64>) -> Result<(), String> {
    let rest = buffer.checked_sub(offset);
    let rest = rest.ok_or_else(|| format!("offset {offset} is beyond the {buffer} bytes of the buffer"))?;
    match size.unwrap_or(rest) {
        0 => Err("a range of no bytes".to_owned()),
        size if size > rest => Err(format!("{size} bytes from {offset} are beyond the {buffer} bytes of the buffer")),
        _ => Ok(()),
    }
}

/// `wgpu-core` makes an invalid group of an invalid layout.
fn invalid_bind_group(device: &Device) -> wasmtime::Result<Handle<BindGroupId>> {
    let layout = layout::invalid_bind_group_layout(device, "")?;
    let descriptor = BindGroupDescriptor { label: None, layout: layout.id(), entries: Cow::Borrowed(&[]) };
    let (handle, _) = device.create(|core, id| core.device_create_bind_group(id, &descriptor, None))?;
    Ok(handle)
}
