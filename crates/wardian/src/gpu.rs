//! From the command line's GPU options to what a guest may use.

use std::fmt::Write as _;

use wardian_host::{AdapterReport, GpuCtx, Instance, Policy, Preference, Quota, Quotas, ShaderCompiler, Usage};
use wgpu_types::{Backend, Backends, DeviceType};

use crate::cache;
use crate::exit::{Exit, Failure};
use crate::flags::{GpuBackend, GpuFlags, GpuPreference};
use crate::quota::QuotaFlag;

/// The share of the GPU that a guest gets. A driver is loaded only where a certain adapter is asked for, so that its
/// absence is known before the guest runs.
pub(crate) fn context(flags: &GpuFlags) -> Result<GpuCtx, Failure> {
    Ok(Share::of(flags)?.context())
}

/// What the command line lets a guest have of the GPU, for as many stores as it needs.
pub(crate) struct Share {
    policy: Policy,
    preference: Preference,
    compiler: ShaderCompiler,
    usage: Usage,
    instance: Option<Instance>,
}

impl Share {
    pub(crate) fn of(flags: &GpuFlags) -> Result<Self, Failure> {
        let preference = match flags.preference {
            None => Preference::None,
            Some(GpuPreference::LowPower) => Preference::LowPower,
            Some(GpuPreference::HighPerformance) => Preference::HighPerformance,
        };
        // It is started with the first shader.
        let compiler = cache::folder().map_or_else(ShaderCompiler::new, ShaderCompiler::with_cache);
        let memory = flags.memory.map(|bytes| QuotaFlag(Quota::GpuMemory, bytes));
        let time = flags.time.map(|time| QuotaFlag(Quota::GpuTime, time));
        let usage = Usage::new(quotas(flags.quotas.iter().copied().chain(memory).chain(time)));
        let backends = if flags.none { Backends::empty() } else { backends(&flags.backends) };
        let policy = Policy::new().backends(backends);
        let (policy, instance) = match &flags.adapter {
            _ if flags.none => (policy.adapters(|_| false), None),
            None => (policy, None),
            Some(wish) => {
                let (instance, adapters) = adapters(backends)
                    .map_err(|error| Failure::new(Exit::NoAdapter, format!("cannot list adapters: {error:#}")))?;
                let chosen = choose(&adapters, wish)?.info.clone();
                (policy.adapters(move |info| *info == chosen), Some(instance))
            }
        };
        Ok(Self { policy, preference, compiler, usage, instance })
    }

    /// Loads the drivers and the shader compiler now, once for all stores.
    #[cfg(unix)]
    pub(crate) fn open(&mut self, flags: &GpuFlags) -> Result<(), Failure> {
        if flags.none {
            return Ok(());
        }
        if let Err(error) = self.compiler.start() {
            // The first shader tries again.
            tracing::warn!(%error, "the shader compiler does not start");
        }
        if self.instance.is_some() {
            return Ok(());
        }
        let (instance, _) = adapters(backends(&flags.backends))
            .map_err(|error| Failure::new(Exit::NoAdapter, format!("cannot list adapters: {error:#}")))?;
        self.instance = Some(instance);
        Ok(())
    }

    /// A store's share. All of them count together.
    pub(crate) fn context(&self) -> GpuCtx {
        let builder = GpuCtx::builder()
            .policy(self.policy.clone())
            .preference(self.preference)
            .usage(self.usage.clone())
            .shader_compiler(self.compiler.clone());
        match self.instance.clone() {
            Some(instance) => builder.instance(instance).build(),
            None => builder.build(),
        }
    }

    #[cfg(unix)]
    pub(crate) fn usage(&self) -> Usage {
        self.usage.clone()
    }
}

/// The defaults, with these changes.
pub(crate) fn quotas(flags: impl IntoIterator<Item = QuotaFlag>) -> Quotas {
    flags.into_iter().fold(Quotas::new(), |quotas, QuotaFlag(quota, max)| quotas.with(quota, max))
}

/// Those chosen, else those that the host uses by itself.
pub(crate) fn backends(chosen: &[GpuBackend]) -> Backends {
    if chosen.is_empty() {
        return Backends::PRIMARY;
    }
    let backend = |backend: &GpuBackend| match backend {
        #[cfg(not(target_vendor = "apple"))]
        GpuBackend::Vulkan => Backends::VULKAN,
        #[cfg(target_vendor = "apple")]
        GpuBackend::Metal => Backends::METAL,
        #[cfg(target_os = "windows")]
        GpuBackend::Dx12 => Backends::DX12,
        #[cfg(not(target_vendor = "apple"))]
        GpuBackend::Gl => Backends::GL,
    };
    chosen.iter().map(backend).collect()
}

/// All adapters of these backends. Their order is that of `wardian info`, and an index counts in it.
pub(crate) fn adapters(backends: Backends) -> wasmtime::Result<(Instance, Vec<AdapterReport>)> {
    let instance = Instance::new(backends)?;
    let adapters = instance.adapters()?;
    Ok((instance, adapters))
}

pub(crate) const fn backend_name(backend: Backend) -> &'static str {
    match backend {
        Backend::Noop => "noop",
        Backend::Vulkan => "vulkan",
        Backend::Metal => "metal",
        Backend::Dx12 => "dx12",
        Backend::Gl => "gl",
        Backend::BrowserWebGpu => "webgpu",
    }
}

pub(crate) const fn device_type_name(device_type: DeviceType) -> &'static str {
    match device_type {
        DeviceType::Other => "other",
        DeviceType::IntegratedGpu => "integrated-gpu",
        DeviceType::DiscreteGpu => "discrete-gpu",
        DeviceType::VirtualGpu => "virtual-gpu",
        DeviceType::Cpu => "cpu",
    }
}

fn choose<'a>(adapters: &'a [AdapterReport], wish: &str) -> Result<&'a AdapterReport, Failure> {
    if adapters.is_empty() {
        return Err(Failure::new(Exit::NoAdapter, format!("there is no GPU adapter, so none is '{wish}'"))
            .advise("`wardian info` says why, and what to install"));
    }
    let names: Vec<_> = adapters.iter().map(|adapter| adapter.info.name.as_str()).collect();
    let matches = matching(&names, wish);
    if let [index] = matches.as_slice()
        && let Some(adapter) = adapters.get(*index)
    {
        return Ok(adapter);
    }
    let what = match matches.len() {
        0 => format!("no GPU adapter is '{wish}'"),
        count => format!("{count} GPU adapters are '{wish}'; choose one by its index"),
    };
    let mut list = String::from("there are");
    for (index, AdapterReport { info, .. }) in adapters.iter().enumerate() {
        let kind = device_type_name(info.device_type);
        let _ = write!(list, "\n    {index}  {} ({}, {kind})", info.name, backend_name(info.backend));
    }
    Err(Failure::new(Exit::NoAdapter, what).advise(list))
}

/// Which of the names are meant: that of the index, else those of this very name, else those with this part.
fn matching(names: &[&str], wish: &str) -> Vec<usize> {
    if let Ok(index) = wish.parse::<usize>()
        && index < names.len()
    {
        return vec![index];
    }
    let wish = wish.to_lowercase();
    let find = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let fitting = names.iter().enumerate().filter(|(_, name)| fits(&name.to_lowercase()));
        fitting.map(|(index, _)| index).collect()
    };
    let same = find(&|name| name == wish);
    if same.is_empty() { find(&|name| name.contains(&wish)) } else { same }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wish: &str, expected: &[usize]) {
        let names = ["NVIDIA H200", "NVIDIA H200 NVL", "llvmpipe (LLVM 19.1.7, 256 bits)"];
        assert_eq!(matching(&names, wish), expected, "what '{wish}' means");
    }

    #[test]
    fn adapters_are_named_by_index_or_by_a_part_of_the_name() {
        check("0", &[0]);
        check("2", &[2]);
        check("LLVMpipe", &[2]);
        check("nvidia h200", &[0]);
        check("nvl", &[1]);
    }

    #[test]
    fn what_names_no_adapter_or_several_is_seen() {
        check("3", &[]);
        check("radeon", &[]);
        check("nvidia", &[0, 1]);
        check("19", &[2]);
    }
}
