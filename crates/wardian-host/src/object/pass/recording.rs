//! What a command encoder and its passes have in common while they record: how much it is, and what is wrong with it.
//!
//! Errors of recording show when it is finished. Most are `wgpu-core`'s to keep until then; here are those that it does
//! not find, or must not be asked about.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use wgpu_types::error::WebGpuError;

use crate::device::Device;
use crate::error::named;
use crate::quota::{Amounts, Charge, Quota, Usage};

/// Commands of one command encoder, with those of its passes and of the bundles that these execute. It takes seconds to
/// finish so many.
pub(crate) const ENCODER_COMMANDS_MAX: u64 = 1 << 24;
/// Commands of one bundle, which is finished on the thread that runs the guest.
pub(crate) const BUNDLE_COMMANDS_MAX: u64 = 1 << 20;
/// Bytes that the commands of one recording carry with them: names, immediates, dynamic offsets.
const BYTES_MAX: u64 = 256 << 20;

/// For so many commands a store is charged at a time.
const COMMANDS_CHARGED: u64 = 256;

/// Whether an encoder still records.
///
/// <https://www.w3.org/TR/webgpu/#encoder-state>
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    Open,
    Ended,
}

/// What is wrong with a command.
#[derive(Debug)]
pub(crate) enum Fault<E> {
    /// `wgpu-core` wants it reported at once. What it reports at the end, it keeps itself.
    Core(E),
    /// Found by the host, to be reported at the end.
    Host(String),
}

impl<E> Fault<E> {
    pub(crate) fn host(message: impl Into<String>) -> Self {
        Self::Host(message.into())
    }
}

impl<E> From<E> for Fault<E> {
    fn from(error: E) -> Self {
        Self::Core(error)
    }
}

/// What is wrong with a recording.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// The first error that the host found.
    pub(crate) error: Option<String>,
    /// Why the recording, though no error, can't be submitted.
    pub(crate) refusal: Option<&'static str>,
}

/// The state that a command encoder and its passes share.
#[derive(Clone, Debug)]
pub(crate) struct Recording(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    commands_max: u64,
    commands: AtomicU64,
    /// For how many commands the store has been charged.
    charged: AtomicU64,
    usage: Usage,
    /// Guards what was charged; held for no call into anything else.
    charges: Mutex<Charge>,
    bytes: AtomicU64,
    /// Guards the first error and the refusal; held for no call into anything else.
    faults: Mutex<Faults>,
}

impl Recording {
    pub(crate) fn new(commands_max: u64, usage: &Usage) -> Self {
        Self(Arc::new(Shared {
            commands_max,
            charged: AtomicU64::new(0),
            usage: usage.clone(),
            charges: Mutex::new(Charge::nothing(usage)),
            commands: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            faults: Mutex::default(),
        }))
    }

    /// Makes room for commands; without room the recording fails, and nothing must be recorded.
    #[inline]
    pub(crate) fn count(&self, commands: u64, bytes: usize) -> bool {
        // A store runs one host function at a time, so nobody else counts between the load and the store.
        let fits = |used: &AtomicU64, more: u64, most: u64| {
            let after = used.load(Ordering::Relaxed).checked_add(more).filter(|after| *after <= most);
            after.map(|after| used.store(after, Ordering::Relaxed)).is_some()
        };
        if !fits(&self.0.commands, commands, self.0.commands_max) {
            return self.fail_too_many();
        }
        if bytes > 0 && !fits(&self.0.bytes, u64::try_from(bytes).unwrap_or(u64::MAX), BYTES_MAX) {
            return self.fail_too_large();
        }
        self.commands() <= self.0.charged.load(Ordering::Relaxed) || self.charge()
    }

    /// Has the store charged for the commands so far and some more; without room the recording fails.
    #[cold]
    fn charge(&self) -> bool {
        let charged = self.0.charged.load(Ordering::Relaxed);
        let wanted = self.commands().saturating_sub(charged).next_multiple_of(COMMANDS_CHARGED);
        match self.0.usage.charge(Amounts::of(Quota::Commands, wanted)) {
            Ok(charge) => {
                self.0.charges.lock().add(charge);
                self.0.charged.store(charged.saturating_add(wanted), Ordering::Relaxed);
                true
            }
            Err(exceeded) => {
                self.fail(exceeded.to_string());
                false
            }
        }
    }

    #[cold]
    fn fail_too_many(&self) -> bool {
        self.fail(format!("more than {} commands were recorded", self.0.commands_max));
        false
    }

    #[cold]
    fn fail_too_large(&self) -> bool {
        self.fail(format!("the commands carry more than {BYTES_MAX} bytes"));
        false
    }

    pub(crate) fn commands(&self) -> u64 {
        self.0.commands.load(Ordering::Relaxed)
    }

    /// Makes the recording invalid, which is reported when it is finished.
    pub(crate) fn fail(&self, message: impl Into<String>) {
        self.0.faults.lock().error.get_or_insert_with(|| message.into());
    }

    /// Lets the recording be finished but not submitted.
    pub(crate) fn refuse(&self, reason: &'static str) {
        self.0.faults.lock().refusal.get_or_insert(reason);
    }

    pub(crate) fn faults(&self) -> Faults {
        self.0.faults.lock().clone()
    }

    /// Does with a command's outcome what its kind demands.
    #[inline]
    pub(crate) fn settle<E: WebGpuError>(&self, device: &Device, outcome: Result<(), Fault<E>>) {
        match outcome {
            Ok(()) => {}
            Err(Fault::Core(error)) => device.report(&error),
            Err(Fault::Host(message)) => self.fail(message),
        }
    }
}

/// Reports the use of an encoder that has ended.
pub(crate) fn report_ended(device: &Device, kind: &str, label: &str) {
    device.report_validation(named(label, format!("the {kind} has ended, so it records nothing more")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::Quotas;

    fn of(commands_max: u64) -> Recording {
        Recording::new(commands_max, &Usage::new(Quotas::new()))
    }

    #[test]
    fn recordings_are_bounded() {
        let recording = of(3);
        assert!(recording.count(2, 8), "two of three");
        assert!(!recording.count(2, 0), "four of three");
        assert!(recording.faults().error.is_some_and(|error| error.contains("more than 3")), "the error says so");
        assert!(recording.count(1, 0), "three of three");
        assert!(!recording.count(u64::MAX, 0), "an overflow");
        assert_eq!(recording.commands(), 3, "what was refused doesn't count");
        let recording = of(3);
        assert!(!recording.count(1, usize::MAX), "too many bytes");
    }

    #[test]
    fn the_first_fault_is_kept() {
        let recording = of(1);
        let of_pass = recording.clone();
        of_pass.fail("one");
        recording.fail("two");
        recording.refuse("three");
        of_pass.refuse("four");
        let faults = recording.faults();
        assert_eq!((faults.error.as_deref(), faults.refusal), (Some("one"), Some("three")), "the first ones");
    }

    #[test]
    fn messages_name_what_has_a_label() {
        assert_eq!(named("", "wrong".to_owned()), "wrong", "no label");
        assert_eq!(named("mine", "wrong".to_owned()), "mine: wrong", "a label");
    }
}
