//! How much a store may have at once, and how much it has.
//!
//! Memory of the GPU is counted twice, and the larger figure counts: by what the store's objects were made with, and by
//! what the driver has really given, which sees what a bind group, a recording or work in flight still holds after its
//! handle was dropped, and what queue writes put aside. Of everything else the objects are counted.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::device::WeakDevice;

/// What the numbers of a quota count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum QuotaUnit {
    /// Objects, or commands.
    Count,
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Milliseconds,
}

macro_rules! quotas {
    ($($(#[doc = $doc:literal])* $quota:ident = $name:literal, $unit:ident, $default:expr, $host_bytes:literal;)*) => {
        /// What of a store is bounded.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Quota {
            $($(#[doc = $doc])* $quota,)*
        }

        impl Quota {
            /// All of them, in the order in which they are documented.
            pub const ALL: &[Self] = &[$(Self::$quota,)*];

            /// The name by which flags and configurations know it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$quota => $name,)*
                }
            }

            /// What its numbers count.
            #[must_use]
            pub const fn unit(self) -> QuotaUnit {
                match self {
                    $(Self::$quota => QuotaUnit::$unit,)*
                }
            }

            /// What it is about, in a sentence.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self {
                    $(Self::$quota => concat!($($doc),*).trim_ascii_start(),)*
                }
            }

            /// What holds where an embedder says nothing.
            const fn default_max(self) -> u64 {
                match self {
                    $(Self::$quota => $default,)*
                }
            }

            /// About how much memory of the host's one such object costs, as measured on Vulkan.
            const fn host_bytes(self) -> u64 {
                match self {
                    $(Self::$quota => $host_bytes,)*
                }
            }
        }

        /// How many quotas there are.
        const COUNT: usize = Quota::ALL.len();
    };
}

quotas! {
    /// Memory of the GPU, in buffers, textures and what waits to be copied to them.
    GpuMemory = "gpu-memory", Bytes, UNLIMITED, 0;
    /// Ranges of buffers that are mapped, or about to be.
    MappedMemory = "mapped-memory", Bytes, UNLIMITED, 0;
    /// Data that was written to a queue and not yet carried on by a submission.
    StagedMemory = "staged-memory", Bytes, UNLIMITED, 0;
    /// Memory of the host behind objects, labels, shaders and recorded commands, as an estimate.
    HostMemory = "host-memory", Bytes, 2 << 30, 0;
    /// WGSL of shader modules.
    ShaderBytes = "shader-bytes", Bytes, 64 << 20, 20;
    /// Commands that are recorded, in encoders, command buffers and bundles.
    Commands = "commands", Count, 1 << 24, 96;
    /// Time in which the GPU has had work of the store, all in all; without a maximum, in steps of some milliseconds.
    GpuTime = "gpu-time", Milliseconds, UNLIMITED, 0;
    /// Time for one submission, from when the GPU can begin it.
    SubmissionTime = "submission-time", Milliseconds, UNLIMITED, 0;
    /// Devices.
    Devices = "devices", Count, 64, 5_000_000;
    /// Buffers.
    Buffers = "buffers", Count, 1 << 18, 1500;
    /// Textures.
    Textures = "textures", Count, 1 << 18, 2500;
    /// Views of textures.
    TextureViews = "texture-views", Count, 1 << 18, 900;
    /// Samplers.
    Samplers = "samplers", Count, 1 << 16, 700;
    /// Bind groups.
    BindGroups = "bind-groups", Count, 1 << 18, 1000;
    /// Bind group layouts and pipeline layouts.
    Layouts = "layouts", Count, 1 << 16, 1500;
    /// Shader modules.
    ShaderModules = "shader-modules", Count, 1 << 14, 5000;
    /// Compute pipelines and render pipelines.
    Pipelines = "pipelines", Count, 1 << 14, 50_000;
    /// Query sets.
    QuerySets = "query-sets", Count, 1 << 14, 700;
    /// Command encoders and command buffers.
    CommandEncoders = "command-encoders", Count, 1 << 13, 100_000;
    /// Render bundles and their encoders.
    RenderBundles = "render-bundles", Count, 1 << 16, 2000;
}

impl Quota {
    /// Its place among all of them.
    #[expect(clippy::as_conversions, reason = "the number of a variant, which is its place in the list of all")]
    const fn index(self) -> usize {
        self as usize
    }
}

/// How many nanoseconds a millisecond has.
const NANOSECONDS: u64 = 1_000_000;

/// A quota of this much is none.
pub const UNLIMITED: u64 = u64::MAX;

impl Display for Quota {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// There is no quota of that name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no quota {name:?}; there are: {}", Quota::ALL.iter().map(|quota| quota.name()).collect::<Vec<_>>().join(", "))]
pub struct UnknownQuota {
    /// What was asked for.
    pub name: String,
}

impl FromStr for Quota {
    type Err = UnknownQuota;

    fn from_str(name: &str) -> Result<Self, UnknownQuota> {
        let quota = Self::ALL.iter().copied().find(|quota| quota.name() == name);
        quota.ok_or_else(|| UnknownQuota { name: name.to_owned() })
    }
}

/// The most that a store may have of each.
///
/// By default, memory and time are the GPU's own to give, and counts have maxima that no ordinary program meets.
///
/// ```
/// use wardian_host::{GpuCtx, Quota, Quotas};
///
/// let quotas = Quotas::new().with(Quota::GpuMemory, 512 << 20).with(Quota::GpuTime, 30_000);
/// let ctx = GpuCtx::builder().quotas(quotas).build();
/// assert_eq!(ctx.usage().of(Quota::GpuMemory), 0);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Quotas([u64; COUNT]);

impl Quotas {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        let mut quotas = [UNLIMITED; COUNT];
        for (max, quota) in quotas.iter_mut().zip(Quota::ALL) {
            *max = quota.default_max();
        }
        Self(quotas)
    }

    /// Sets one of them, in its [unit](Quota::unit).
    #[must_use]
    pub fn with(mut self, quota: Quota, max: u64) -> Self {
        if let Some(place) = self.0.get_mut(quota.index()) {
            *place = max;
        }
        self
    }

    /// The most that a store may have of it; [`UNLIMITED`] where there is no such maximum.
    #[must_use]
    pub fn of(&self, quota: Quota) -> u64 {
        self.0.get(quota.index()).copied().unwrap_or(UNLIMITED)
    }

    /// A quota of time; none where there is no maximum.
    pub(crate) fn time(&self, quota: Quota) -> Option<Duration> {
        let max = self.of(quota);
        (max != UNLIMITED).then(|| Duration::from_millis(max))
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self::new()
    }
}

/// Something is more than a quota allows.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this would exceed the quota {quota} of this program: {used} of {max} {} are in use, and {wanted} more are asked for", match quota.unit() {
    QuotaUnit::Count => "",
    QuotaUnit::Bytes => "bytes",
    QuotaUnit::Milliseconds => "milliseconds",
})]
pub(crate) struct Exceeded {
    quota: Quota,
    max: u64,
    used: u64,
    wanted: u64,
}

/// What a store has in use, or the stores of a tenant together. Clones show the same, also after the stores were dropped:
/// then everything is zero but the time.
#[derive(Clone, Debug)]
pub struct Usage(Arc<Ledger>);

#[derive(Debug)]
struct Ledger {
    quotas: Quotas,
    /// In the units of the quotas, but for time, which is in nanoseconds.
    used: [AtomicU64; COUNT],
    refusals: [AtomicU64; COUNT],
    /// Guards the list of the store's devices, whose drivers know what memory is in use.
    devices: Mutex<Vec<WeakDevice>>,
    /// Why the store's time is over.
    expired: watch::Sender<Option<String>>,
}

impl Usage {
    /// Nothing yet, and no store that it counts for: [`GpuCtxBuilder::usage`](crate::GpuCtxBuilder::usage) adds some.
    #[must_use]
    pub fn new(quotas: Quotas) -> Self {
        Self(Arc::new(Ledger {
            quotas,
            used: [const { AtomicU64::new(0) }; COUNT],
            refusals: [const { AtomicU64::new(0) }; COUNT],
            devices: Mutex::default(),
            expired: watch::channel(None).0,
        }))
    }

    /// What holds.
    #[must_use]
    pub fn quotas(&self) -> &Quotas {
        &self.0.quotas
    }

    /// How much of it is in use, in its [unit](Quota::unit).
    #[must_use]
    pub fn of(&self, quota: Quota) -> u64 {
        let counted = self.counter(quota).map_or(0, |used| used.load(Ordering::Acquire));
        if quota == Quota::GpuMemory {
            counted.max(self.memory_of_drivers())
        } else if quota == Quota::GpuTime {
            counted / NANOSECONDS
        } else {
            counted
        }
    }

    /// How often something was refused because it would have exceeded the quota.
    #[must_use]
    pub fn refusals(&self, quota: Quota) -> u64 {
        self.0.refusals.get(quota.index()).map_or(0, |refusals| refusals.load(Ordering::Relaxed))
    }

    /// Resolves when the store's time on the GPU is over, with the reason: one submission took longer than
    /// [`Quota::SubmissionTime`], or all of them longer than [`Quota::GpuTime`]. The devices are lost by then. What runs
    /// on the GPU can't be stopped; whoever must have it stopped ends the process.
    pub async fn expired(&self) -> String {
        let mut expired = self.0.expired.subscribe();
        let reason = expired.wait_for(Option::is_some).await;
        // The sender lives as long as `self`.
        reason.ok().and_then(|reason| reason.clone()).unwrap_or_default()
    }

    fn counter(&self, quota: Quota) -> Option<&AtomicU64> {
        self.0.used.get(quota.index())
    }

    /// What the drivers have given to the store's devices.
    fn memory_of_drivers(&self) -> u64 {
        let mut devices = self.0.devices.lock();
        devices.retain(WeakDevice::is_alive);
        let devices = devices.clone();
        devices.iter().filter_map(WeakDevice::memory).fold(0, u64::saturating_add)
    }

    pub(crate) fn add_device(&self, device: WeakDevice) {
        self.0.devices.lock().push(device);
    }

    /// Makes room for all of this, or for none of it.
    pub(crate) fn charge(&self, amounts: Amounts) -> Result<Charge, Exceeded> {
        let mut charge = Charge { usage: self.clone(), amounts: Amounts::default() };
        for (place, (quota, amount)) in charge.amounts.0.iter_mut().zip(amounts.0) {
            self.take(quota, amount)?;
            *place = (quota, amount);
        }
        Ok(charge)
    }

    fn take(&self, quota: Quota, amount: u64) -> Result<(), Exceeded> {
        let Some(used) = self.counter(quota).filter(|_| amount > 0) else { return Ok(()) };
        let max = self.0.quotas.of(quota);
        let fits = |used: u64| used.checked_add(amount).filter(|after| *after <= max);
        used.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits)
            .map_err(|used| self.refuse(quota, used, amount))?;
        Ok(())
    }

    fn release(&self, quota: Quota, amount: u64) {
        if let Some(used) = self.counter(quota).filter(|_| amount > 0) {
            used.fetch_sub(amount, Ordering::AcqRel);
        }
    }

    /// Whether the drivers' figures leave room for so much memory. `look_again` lets them notice what was given back.
    pub(crate) fn check_memory(&self, bytes: u64, look_again: impl FnOnce()) -> Result<(), Exceeded> {
        let max = self.0.quotas.of(Quota::GpuMemory);
        let fits = |used: u64| used.checked_add(bytes).is_some_and(|after| after <= max);
        if max == UNLIMITED || bytes == 0 || fits(self.memory_of_drivers()) {
            return Ok(());
        }
        look_again();
        let used = self.memory_of_drivers();
        if fits(used) { Ok(()) } else { Err(self.refuse(Quota::GpuMemory, used, bytes)) }
    }

    fn refuse(&self, quota: Quota, used: u64, wanted: u64) -> Exceeded {
        if let Some(refusals) = self.0.refusals.get(quota.index()) {
            refusals.fetch_add(1, Ordering::Relaxed);
        }
        Exceeded { quota, max: self.0.quotas.of(quota), used, wanted }
    }

    /// Notes that the GPU has had work for so long; whether there is time left.
    pub(crate) fn spend(&self, time: Duration) -> bool {
        let Some(used) = self.counter(Quota::GpuTime) else { return true };
        let spent = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let max = self.0.quotas.of(Quota::GpuTime).saturating_mul(NANOSECONDS);
        used.fetch_add(spent, Ordering::AcqRel).saturating_add(spent) <= max
    }

    /// How long the store's work may still take; none where there is no maximum.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let max = self.0.quotas.time(Quota::GpuTime)?;
        let used = Duration::from_nanos(self.counter(Quota::GpuTime)?.load(Ordering::Acquire));
        Some(max.saturating_sub(used))
    }

    /// Ends the store's use of the GPU: all its devices are lost. Only the first call does anything.
    pub(crate) fn expire(&self, quota: Quota, reason: &str) {
        let first = self.0.expired.send_if_modified(|expired| {
            let first = expired.is_none();
            expired.get_or_insert_with(|| reason.to_owned());
            first
        });
        if !first {
            return;
        }
        self.refuse(quota, 0, 0);
        let devices = self.0.devices.lock().clone();
        for device in devices {
            device.lose(reason);
        }
    }

    /// Whether the store's time on the GPU is over.
    pub(crate) fn is_over(&self) -> bool {
        self.0.expired.borrow().is_some()
    }

    /// Why the store's time on the GPU is over, if it is; see [`expired`](Self::expired).
    #[must_use]
    pub fn reason_of_end(&self) -> Option<String> {
        self.0.expired.borrow().clone()
    }
}

/// How much of what is to be charged together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amounts([(Quota, u64); 3]);

impl Amounts {
    /// One object, with the host's memory behind it, and so much more of something.
    pub(crate) fn object(kind: Quota, label: &str, more: (Quota, u64)) -> Self {
        let label = u64::try_from(label.len()).unwrap_or(u64::MAX);
        let more_bytes = more.0.host_bytes().saturating_mul(more.1);
        let host_bytes = kind.host_bytes().saturating_add(label).saturating_add(more_bytes);
        Self([(kind, 1), (Quota::HostMemory, host_bytes), more])
    }

    /// So much of one thing, with the host's memory behind it.
    pub(crate) fn of(quota: Quota, amount: u64) -> Self {
        Self([(quota, amount), (Quota::HostMemory, quota.host_bytes().saturating_mul(amount)), NOTHING])
    }

    /// Data that waits to be copied by the GPU.
    pub(crate) fn staged(bytes: u64) -> Self {
        Self([(Quota::StagedMemory, bytes), (Quota::GpuMemory, bytes), NOTHING])
    }

    /// The memory of the GPU among it.
    pub(crate) fn gpu_memory(&self) -> u64 {
        self.0.iter().filter(|(quota, _)| *quota == Quota::GpuMemory).map(|(_, bytes)| *bytes).sum()
    }
}

/// No more than the object itself.
pub(crate) const NOTHING: (Quota, u64) = (Quota::HostMemory, 0);

impl Default for Amounts {
    fn default() -> Self {
        Self([NOTHING; 3])
    }
}

/// What was charged. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Charge {
    usage: Usage,
    amounts: Amounts,
}

impl Charge {
    /// A charge of nothing, to which more can be added.
    pub(crate) fn nothing(usage: &Usage) -> Self {
        Self { usage: usage.clone(), amounts: Amounts::default() }
    }

    /// Gives everything back.
    pub(crate) fn clear(&mut self) {
        for (quota, amount) in &mut self.amounts.0 {
            self.usage.release(*quota, std::mem::take(amount));
        }
    }

    /// Gives all of one thing back.
    pub(crate) fn give_back(&mut self, quota: Quota) {
        for (kind, amount) in &mut self.amounts.0 {
            if *kind == quota {
                self.usage.release(quota, std::mem::take(amount));
            }
        }
    }

    /// Adds a charge of the same things.
    pub(crate) fn add(&mut self, mut other: Self) {
        let added = std::mem::take(&mut other.amounts);
        for (place, (quota, amount)) in self.amounts.0.iter_mut().zip(added.0) {
            *place = (quota, place.1.saturating_add(amount));
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_are_given_back() {
        let usage = Usage::new(Quotas::new().with(Quota::Buffers, 2).with(Quota::GpuMemory, 100));
        let buffer = |bytes| usage.charge(Amounts::object(Quota::Buffers, "b", (Quota::GpuMemory, bytes)));
        let first = buffer(60).expect("room for the first");
        let error = buffer(60).expect_err("no memory for a second");
        assert_eq!((error.quota, error.used, error.wanted), (Quota::GpuMemory, 60, 60), "{error}");
        assert_eq!(usage.of(Quota::Buffers), 1, "what was refused is given back");
        let second = buffer(40).expect("room for a smaller one");
        assert_eq!(buffer(0).map(drop).map_err(|error| error.quota), Err(Quota::Buffers), "no third");
        assert_eq!((usage.refusals(Quota::GpuMemory), usage.refusals(Quota::Buffers)), (1, 1), "refusals");
        drop((first, second));
        for quota in Quota::ALL {
            assert_eq!(usage.of(*quota), 0, "{quota} after the last is gone");
        }
    }

    #[test]
    fn names_are_known_once() {
        for quota in Quota::ALL {
            assert_eq!(quota.name().parse(), Ok(*quota), "{quota:?}");
        }
        let error = "buffer".parse::<Quota>().expect_err("no such quota");
        assert!(error.to_string().contains("buffers"), "{error}");
    }

    #[test]
    fn time_runs_out() {
        let usage = Usage::new(Quotas::new().with(Quota::GpuTime, 50));
        for _ in 0..100 {
            assert!(usage.spend(Duration::from_micros(500)), "all of it may be used, also in parts of no millisecond");
        }
        assert_eq!(usage.of(Quota::GpuTime), 50, "it is counted in milliseconds");
        assert_eq!(usage.time_left(), Some(Duration::ZERO), "nothing is left");
        assert!(!usage.spend(Duration::from_nanos(1)), "and no more");
        usage.expire(Quota::GpuTime, "over");
        usage.expire(Quota::GpuTime, "again");
        assert_eq!(usage.reason_of_end().as_deref(), Some("over"), "the first reason");
    }
}
