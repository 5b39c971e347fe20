//! What passes and bundles share: bind groups, immediates, debug groups, open or ended.

pub(crate) mod immediates;
pub(crate) mod recording;

use std::borrow::Cow;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;
use wgpu_core::command::{EncoderStateError, PassStateError};
use wgpu_core::global::Global;
use wgpu_core::id::{BindGroupId, DeviceId};

use crate::ctx::GpuCtxView;
use crate::device::Device;
use crate::handle::{CoreId, Handle};
use crate::object::bind_group::BindGroup;
use crate::table::{Marker, Table};

use immediates::Immediates;
use recording::{Fault, Recording, State};

/// Why `submit` refuses what was recorded with such a bind group.
const GROUP_OF_DESTROYED: &str = "a bind group was used that was made with a destroyed buffer or texture";

/// What a command came to.
pub(crate) type Outcome = Result<(), Fault<PassStateError>>;

/// The commands of passes and bundles, of which `wgpu-core` has a set of functions for each.
pub(crate) trait Commands {
    /// What messages call the encoder.
    const NAME: &'static str;

    /// How they name an object.
    type Name<I: CoreId>: Name<I>;

    fn set_bind_group(
        &mut self,
        core: &Global,
        index: u32,
        group: Option<Self::Name<BindGroupId>>,
        offsets: &[u32],
    ) -> Outcome;
    fn set_immediates(&mut self, core: &Global, offset: u32, data: &[u8]) -> Outcome;
    fn push_debug_group(&mut self, core: &Global, label: &str) -> Outcome;
    fn pop_debug_group(&mut self, core: &Global) -> Outcome;
    fn insert_debug_marker(&mut self, core: &Global, label: &str) -> Outcome;
}

/// What stands for an object in a command: its identifier where `wgpu-core` looks it up at once, while the guest lends
/// the object to the call; a handle of its own where it must be kept.
pub(crate) trait Name<I: CoreId> {
    fn of(handle: &Handle<I>) -> Self;
}

impl<I: CoreId> Name<I> for I {
    #[inline]
    fn of(handle: &Handle<I>) -> Self {
        handle.id()
    }
}

impl<I: CoreId> Name<I> for Handle<I> {
    fn of(handle: &Self) -> Self {
        handle.clone()
    }
}

/// The encoder of a pass or of a bundle.
#[derive(Debug)]
pub(crate) struct Recorder<P> {
    // Before the device: the recorded commands go first.
    pub(crate) commands: P,
    pub(crate) device: Device,
    pub(crate) label: String,
    pub(crate) recording: Recording,
    pub(crate) state: State,
    immediates: Immediates,
}

/// An object that a command uses, and which device it is of.
#[derive(Debug)]
pub(crate) struct Used<N> {
    name: N,
    device: DeviceId,
}

impl<N> Used<N> {
    #[inline]
    pub(crate) fn new<I: CoreId>(handle: &Handle<I>, device: &Device) -> Self
    where
        N: Name<I>,
    {
        Self { name: N::of(handle), device: device.id() }
    }

    /// Gives the object, if it is of the device of the encoder.
    ///
    /// <https://www.w3.org/TR/webgpu/#abstract-opdef-valid-to-use-with>
    #[inline]
    pub(crate) fn on<E>(self, device: DeviceId) -> Result<N, Fault<E>> {
        if self.device == device {
            Ok(self.name)
        } else {
            Err(Fault::host("an object of another device can't be used here"))
        }
    }
}

impl<P: Commands> Recorder<P> {
    pub(crate) fn open(device: Device, label: String, recording: Recording, commands: P) -> Self {
        let immediates = Immediates::new(device.limits().max_immediate_size);
        Self { commands, device, label, recording, state: State::Open, immediates }
    }

    /// Records a command, unless recording has ended, which is reported at once.
    ///
    /// <https://www.w3.org/TR/webgpu/#abstract-opdef-validate-the-encoder-state>
    #[inline]
    pub(crate) fn record(&mut self, command: impl FnOnce(&Global, &mut P) -> Outcome) -> wasmtime::Result<()> {
        self.record_large(1, 0, command)
    }

    /// Like [`record`](Self::record), for what is recorded as several commands or has bytes of its own.
    #[inline]
    pub(crate) fn record_large(
        &mut self,
        commands: u64,
        bytes: usize,
        command: impl FnOnce(&Global, &mut P) -> Outcome,
    ) -> wasmtime::Result<()> {
        if !self.is_open() || !self.recording.count(commands, bytes) {
            return Ok(());
        }
        // Settled in there, so that no outcome, which is large, travels outwards.
        self.device.call(|core| self.recording.settle(&self.device, command(core, &mut self.commands)))
    }

    /// Records a draw or a dispatch, for which the immediates must have reached `wgpu-core`.
    #[inline]
    pub(crate) fn run(&mut self, command: impl FnOnce(&Global, &mut P) -> Outcome) -> wasmtime::Result<()> {
        if self.immediates.are_due() && matches!(self.state, State::Open) && !self.record_immediates()? {
            return Ok(());
        }
        self.record(command)
    }

    /// Gives `wgpu-core` the immediates that it lacks; without room for them the recording fails.
    #[cold]
    fn record_immediates(&mut self) -> wasmtime::Result<bool> {
        while let Some((offset, data)) = self.immediates.next_due() {
            if !self.recording.count(1, data.len()) {
                return Ok(false);
            }
            let outcome = self.device.call(|core| self.commands.set_immediates(core, offset, data))?;
            self.recording.settle(&self.device, outcome);
        }
        Ok(true)
    }

    /// Records the choice of a pipeline whose layout has so many bytes of immediates.
    #[inline]
    pub(crate) fn choose(
        &mut self,
        immediate_size: u32,
        command: impl FnOnce(&Global, &mut P) -> Outcome,
    ) -> wasmtime::Result<()> {
        if matches!(self.state, State::Open) {
            self.immediates.expose(immediate_size);
        }
        self.record(command)
    }

    /// Forgets all immediates and that there was a pipeline.
    pub(crate) fn forget_immediates(&mut self) {
        self.immediates.clear();
    }

    /// Ends the pass. A second end is an error at once.
    ///
    /// That the pass was begun while another one was open is no error of its end: it has made the encoder invalid, and
    /// `finish` tells of it. `wgpu-core` reports it both times.
    pub(crate) fn end(
        &mut self,
        end: impl FnOnce(&Global, &mut P) -> Result<(), EncoderStateError>,
    ) -> wasmtime::Result<()> {
        if !self.is_open() {
            return Ok(());
        }
        self.state = State::Ended;
        match self.device.call(|core| end(core, &mut self.commands))? {
            Ok(()) | Err(EncoderStateError::Locked) => {}
            Err(error) => self.device.report(&error),
        }
        Ok(())
    }

    /// Notes that what is recorded can't be submitted.
    pub(crate) fn refuse(&self, reason: &'static str) {
        if matches!(self.state, State::Open) {
            self.recording.refuse(reason);
        }
    }

    /// Whether commands can be recorded; that they can't is reported.
    #[inline]
    fn is_open(&self) -> bool {
        match self.state {
            State::Open => true,
            State::Ended => {
                recording::report_ended(&self.device, P::NAME, &self.label);
                false
            }
        }
    }

    #[inline]
    fn set_bind_group(
        &mut self,
        index: u32,
        group: Option<Used<P::Name<BindGroupId>>>,
        offsets: &[u32],
        of_destroyed: bool,
    ) -> wasmtime::Result<()> {
        if of_destroyed {
            self.refuse(GROUP_OF_DESTROYED);
            // `wgpu-core` takes the group for invalid, so what it says of the recording counts for nothing.
            let groups_max = self.device.limits().max_bind_groups;
            if matches!(self.state, State::Open) && u64::from(index) >= groups_max {
                self.recording.fail(format!("a bind group at index {index}, where there can be {groups_max}"));
            }
        }
        let device = self.device.id();
        self.record_large(1, size_of_val(offsets), |core, commands| {
            let group = group.map(|group| group.on(device)).transpose()?;
            commands.set_bind_group(core, index, group, offsets)
        })
    }

    fn set_immediates(
        &mut self,
        range_offset: u32,
        data: &[u8],
        data_offset: Option<u64>,
        data_size: Option<u64>,
    ) -> wasmtime::Result<()> {
        if !self.is_open() {
            return Ok(());
        }
        let outcome = part_of(data, data_offset, data_size).and_then(|part| self.immediates.set(range_offset, part));
        match outcome {
            Ok(bytes) => {
                self.recording.count(1, bytes);
            }
            Err(message) => self.recording.fail(message),
        }
        Ok(())
    }
}

/// The bytes of `data` that a call names.
fn part_of(data: &[u8], offset: Option<u64>, size: Option<u64>) -> Result<&[u8], String> {
    let offset = offset.unwrap_or(0);
    let part = usize::try_from(offset).ok().and_then(|offset| data.get(offset..)).and_then(|rest| match size {
        Some(size) => usize::try_from(size).ok().and_then(|size| rest.get(..size)),
        None => Some(rest),
    });
    part.ok_or_else(|| {
        let size = size.map_or_else(|| "all".to_owned(), |size| size.to_string());
        format!("immediates: {size} bytes from {offset} on of a list of {}", data.len())
    })
}

/// The dynamic offsets that a call names.
///
/// <https://www.w3.org/TR/webgpu/#dom-gpubindingcommandsmixin-setbindgroup>
#[inline]
fn offsets_of(data: &[u32], start: Option<u64>, length: Option<u32>) -> Result<&[u32], webgpu::SetBindGroupError> {
    let start = start.unwrap_or(0);
    let part = usize::try_from(start).ok().and_then(|start| data.get(start..)).and_then(|rest| match length {
        Some(length) => usize::try_from(length).ok().and_then(|length| rest.get(..length)),
        None => Some(rest),
    });
    part.ok_or_else(|| {
        let length = length.map_or_else(|| "all".to_owned(), |length| length.to_string());
        let message = format!("{length} dynamic offsets from {start} on of a list of {}", data.len());
        webgpu::SetBindGroupError { kind: webgpu::SetBindGroupErrorKind::RangeError, message }
    })
}

/// The functions of the interface that all passes and bundles have.
impl GpuCtxView<'_> {
    #[inline]
    pub(crate) fn record_bind_group<P: Commands, M: Marker<Object = Recorder<P>>>(
        &mut self,
        encoder: &Resource<M>,
        index: u32,
        group: Option<&Resource<webgpu::GpuBindGroup>>,
        offsets: Option<&[u32]>,
        start: Option<u64>,
        length: Option<u32>,
    ) -> wasmtime::Result<Result<(), webgpu::SetBindGroupError>> {
        let offsets = match offsets_of(offsets.unwrap_or_default(), start, length) {
            Ok(offsets) => offsets,
            Err(error) => return Ok(Err(error)),
        };
        let group: Option<&BindGroup> = group.map(|group| self.table.object(group)).transpose()?;
        let of_destroyed = group.is_some_and(|group| group.uses_destroyed);
        let group = group.map(|group| Used::new(&group.handle, &group.device));
        self.table.object_mut(encoder)?.set_bind_group(index, group, offsets, of_destroyed)?;
        Ok(Ok(()))
    }

    pub(crate) fn record_immediates<P: Commands, M: Marker<Object = Recorder<P>>>(
        &mut self,
        encoder: &Resource<M>,
        range_offset: u32,
        data: &[u8],
        data_offset: Option<u64>,
        data_size: Option<u64>,
    ) -> wasmtime::Result<()> {
        self.table.object_mut(encoder)?.set_immediates(range_offset, data, data_offset, data_size)
    }

    pub(crate) fn record_debug_group<P: Commands, M: Marker<Object = Recorder<P>>>(
        &mut self,
        encoder: &Resource<M>,
        label: &str,
    ) -> wasmtime::Result<()> {
        let encoder = self.table.object_mut(encoder)?;
        encoder.record_large(1, label.len(), |core, commands| commands.push_debug_group(core, label))
    }

    pub(crate) fn record_debug_group_end<P: Commands, M: Marker<Object = Recorder<P>>>(
        &mut self,
        encoder: &Resource<M>,
    ) -> wasmtime::Result<()> {
        self.table.object_mut(encoder)?.record(|core, commands| commands.pop_debug_group(core))
    }

    pub(crate) fn record_debug_marker<P: Commands, M: Marker<Object = Recorder<P>>>(
        &mut self,
        encoder: &Resource<M>,
        label: &str,
    ) -> wasmtime::Result<()> {
        let encoder = self.table.object_mut(encoder)?;
        encoder.record_large(1, label.len(), |core, commands| commands.insert_debug_marker(core, label))
    }
}

/// The methods of `GPUBindingCommandsMixin` and `GPUDebugCommandsMixin`. To be used inside a `Host…` implementation.
macro_rules! binding_commands {
    ($marker:ty) => {
        /// <https://www.w3.org/TR/webgpu/#dom-gpubindingcommandsmixin-setbindgroup>
        #[inline]
        fn set_bind_group(
            &mut self,
            encoder: Resource<$marker>,
            index: u32,
            group: Option<Resource<webgpu::GpuBindGroup>>,
            offsets: Option<Vec<u32>>,
            start: Option<u64>,
            length: Option<u32>,
        ) -> wasmtime::Result<Result<(), webgpu::SetBindGroupError>> {
            self.record_bind_group(&encoder, index, group.as_ref(), offsets.as_deref(), start, length)
        }

        /// <https://www.w3.org/TR/webgpu/#dom-gpubindingcommandsmixin-setimmediates>
        fn set_immediates(
            &mut self,
            encoder: Resource<$marker>,
            range_offset: u32,
            data: Vec<u8>,
            data_offset: Option<u64>,
            data_size: Option<u64>,
        ) -> wasmtime::Result<()> {
            self.record_immediates(&encoder, range_offset, &data, data_offset, data_size)
        }

        /// <https://www.w3.org/TR/webgpu/#dom-gpudebugcommandsmixin-pushdebuggroup>
        fn push_debug_group(&mut self, encoder: Resource<$marker>, label: String) -> wasmtime::Result<()> {
            self.record_debug_group(&encoder, &label)
        }

        /// <https://www.w3.org/TR/webgpu/#dom-gpudebugcommandsmixin-popdebuggroup>
        fn pop_debug_group(&mut self, encoder: Resource<$marker>) -> wasmtime::Result<()> {
            self.record_debug_group_end(&encoder)
        }

        /// <https://www.w3.org/TR/webgpu/#dom-gpudebugcommandsmixin-insertdebugmarker>
        fn insert_debug_marker(&mut self, encoder: Resource<$marker>, label: String) -> wasmtime::Result<()> {
            self.record_debug_marker(&encoder, &label)
        }
    };
}
pub(crate) use binding_commands;

/// A label as `wgpu-core` takes it: none where it is empty.
pub(crate) fn core_label(label: &str) -> Option<Cow<'_, str>> {
    (!label.is_empty()).then_some(Cow::Borrowed(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_must_lie_in_its_list() {
        let data = [1, 2, 3, 4];
        assert_eq!(part_of(&data, None, None), Ok(data.as_slice()), "all by default");
        assert_eq!(part_of(&data, Some(1), Some(2)), Ok([2, 3].as_slice()), "a part");
        assert_eq!(part_of(&data, Some(4), None), Ok([].as_slice()), "nothing at the end");
        for (offset, size) in [(5, None), (0, Some(5)), (4, Some(1)), (u64::MAX, Some(1)), (1, Some(u64::MAX))] {
            assert!(part_of(&data, Some(offset), size).is_err(), "{size:?} bytes from {offset}");
        }
    }

    #[test]
    fn offsets_must_lie_in_their_list() {
        let offsets = |start, length| offsets_of(&[7, 8, 9], start, length).ok().map(<[u32]>::to_vec);
        assert_eq!(offsets(None, None), Some(vec![7, 8, 9]), "all by default");
        assert_eq!(offsets(Some(1), Some(1)), Some(vec![8]), "one");
        assert_eq!(offsets(Some(3), Some(0)), Some(vec![]), "none at the end");
        for (start, length) in [(4, Some(0)), (0, Some(4)), (u64::MAX, Some(u32::MAX)), (4, None)] {
            assert_eq!(offsets(Some(start), length), None, "{length:?} offsets from {start}");
        }
    }
}
