//! `wardian info`.

mod diagnosis;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use serde::Serialize;
use wardian_host::{AdapterReport, Quota, UNLIMITED};

use crate::engine::WASMTIME_VERSION;
use crate::exit::{Exit, Failure, printable};
use crate::flags::InfoFlags;
use crate::{gpu, quota, stdout};
use diagnosis::{Found, Problem};

pub(crate) fn info(flags: &InfoFlags) -> Result<ExitCode, Failure> {
    if flags.policy {
        return policy(flags);
    }
    #[cfg(unix)]
    if flags.jail {
        return jail(flags);
    }
    let report = Report::make(flags);
    let text = if flags.json { json(&report)? } else { report.text(flags) };
    stdout::write(text.as_bytes())?;
    let found = !report.adapters.is_empty();
    Ok(if found { ExitCode::SUCCESS } else { ExitCode::from(Exit::NoAdapter.code()) })
}

/// What holds for a component.
fn policy(flags: &InfoFlags) -> Result<ExitCode, Failure> {
    let quotas = gpu::quotas(flags.quotas.iter().copied());
    let text = if flags.json {
        let values =
            Quota::ALL.iter().map(|quota| (quota.name(), Some(quotas.of(*quota)).filter(|max| *max != UNLIMITED)));
        json(&BTreeMap::from([("quotas", values.collect::<BTreeMap<_, _>>())]))?
    } else {
        quota::table(&quotas)
    };
    stdout::write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// What there is to close around a worker.
#[cfg(unix)]
fn jail(flags: &InfoFlags) -> Result<ExitCode, Failure> {
    let parts = wardian_serve::jail_parts();
    let text = if flags.json {
        let parts: BTreeMap<_, _> = parts.iter().map(|part| (part.name, (part.holds(), part.state.text()))).collect();
        json(&BTreeMap::from([("jail", parts)]))?
    } else {
        let mut text = String::from("What is closed around each worker of `wardian serve`:\n");
        for part in &parts {
            let holds = if part.holds() { "" } else { "MISSING: " };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {:<11} {holds}{}", part.name, part.state.text());
        }
        text.push_str(
            "No cgroup is made: bound memory and processors of the whole service by your own, if you want that.\n",
        );
        text
    };
    stdout::write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    let json = serde_json::to_string_pretty(value);
    let json = json.map_err(|error| Failure::new(Exit::Internal, format!("cannot make JSON: {error}")))?;
    Ok(json + "\n")
}

/// What there is. `wardian info --help` describes its JSON.
#[derive(Debug, Serialize)]
struct Report {
    wardian: &'static str,
    wasmtime: &'static str,
    adapters: Vec<Adapter>,
    problems: Vec<Problem>,
}

#[derive(Debug, Serialize)]
struct Adapter {
    index: usize,
    name: String,
    backend: &'static str,
    device_type: &'static str,
    driver: String,
    driver_info: String,
    vendor: u32,
    device: u32,
    features: Vec<&'static str>,
    limits: BTreeMap<&'static str, u64>,
}

impl Report {
    fn make(flags: &InfoFlags) -> Self {
        let listed = gpu::adapters(gpu::backends(&flags.backends));
        let (adapters, failed) = match listed {
            Ok((_, adapters)) => (adapters, None),
            Err(error) => (Vec::new(), Some(Problem::of_driver(&error))),
        };
        let adapters: Vec<_> =
            adapters.into_iter().enumerate().map(|(index, report)| Adapter::of(index, report)).collect();
        let found = if adapters.is_empty() {
            Found::Nothing
        } else if adapters.iter().all(|adapter| adapter.device_type == "cpu") {
            Found::SoftwareOnly
        } else {
            Found::Gpu
        };
        let problems = failed.into_iter().chain(diagnosis::problems(found)).collect();
        Self { wardian: env!("CARGO_PKG_VERSION"), wasmtime: WASMTIME_VERSION, adapters, problems }
    }

    fn text(&self, flags: &InfoFlags) -> String {
        let mut text = format!("wardian {}, with Wasmtime {}\n", self.wardian, self.wasmtime);
        for adapter in &self.adapters {
            text.push_str(&adapter.text(flags));
        }
        if self.adapters.is_empty() {
            text.push_str("\nThere is no GPU adapter.\n");
        }
        for Problem { problem, advice } in &self.problems {
            let _ = writeln!(text, "\nproblem: {problem}\n  help: {}", advice.replace('\n', "\n    "));
        }
        printable(&text)
    }
}

impl Adapter {
    fn of(index: usize, report: AdapterReport) -> Self {
        let AdapterReport { info, features, limits } = report;
        Self {
            index,
            name: info.name,
            backend: gpu::backend_name(info.backend),
            device_type: gpu::device_type_name(info.device_type),
            driver: info.driver,
            driver_info: info.driver_info,
            vendor: info.vendor,
            device: info.device,
            features,
            limits: limits.into_iter().collect(),
        }
    }

    fn text(&self, flags: &InfoFlags) -> String {
        let Self { index, name, backend, device_type, driver, driver_info, vendor, device, features, limits } = self;
        let mut text =
            format!("\n{index}  {name}\n   {backend}, {device_type}, vendor {vendor:#06x}, device {device:#06x}\n");
        if !driver.is_empty() || !driver_info.is_empty() {
            let _ = writeln!(text, "   driver: {}", format!("{driver} {driver_info}").trim());
        }
        if flags.features {
            let _ = writeln!(text, "   features: {}", features.join(", "));
        }
        if flags.limits {
            text.push_str("   limits:\n");
            let width = limits.keys().map(|name| name.len()).max().unwrap_or(0);
            for (name, value) in limits {
                let _ = writeln!(text, "     {name:<width$}  {value}");
            }
        }
        text
    }
}
