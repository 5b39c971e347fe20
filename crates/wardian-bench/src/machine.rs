//! Where the figures come from: machine, adapter, commit, day.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use wasmtime::{Result, bail};
use wgpu::{AdapterInfo, Backends, DeviceType};

use crate::native;

/// The adapter that all sides use, told by what stays the same from one instance to the next.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) name: String,
    pub(crate) backend: String,
}

impl Choice {
    pub(crate) fn is(&self, info: &AdapterInfo) -> bool {
        info.name == self.name && info.backend.to_string() == self.backend
    }

    pub(crate) fn of(info: &AdapterInfo) -> Self {
        Self { name: info.name.clone(), backend: info.backend.to_string() }
    }
}

/// The first adapter whose name contains the text, GPUs before software.
pub(crate) fn find_adapter(wanted: Option<&str>) -> Result<AdapterInfo> {
    let mut found: Vec<_> = native::adapters().into_iter().map(|adapter| adapter.get_info()).collect();
    let names: Vec<_> = found.iter().map(|info| info.name.clone()).collect();
    if let Some(wanted) = wanted {
        found.retain(|info| info.name.to_lowercase().contains(&wanted.to_lowercase()));
    }
    found.sort_by_key(|info| info.device_type == DeviceType::Cpu);
    let Some(info) = found.into_iter().next() else {
        let wanted = wanted.map(|name| format!(" with {name:?} in its name")).unwrap_or_default();
        bail!("expected an adapter{wanted}; the system has {names:?}");
    };
    Ok(info)
}

/// The backends that Wardian looks for adapters in, unless told otherwise.
pub(crate) const BACKENDS: Backends = Backends::PRIMARY;

/// What a reader must know to judge the figures.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) adapter: String,
    pub(crate) driver: String,
    pub(crate) backend: String,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) system: String,
    pub(crate) commit: String,
    pub(crate) date: String,
    pub(crate) build: &'static str,
}

impl Machine {
    pub(crate) fn of(info: &AdapterInfo) -> Self {
        Self {
            adapter: info.name.clone(),
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            backend: info.backend.to_string(),
            processor: processor(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            commit: commit(),
            date: date(seconds_since_1970()),
            build: if cfg!(debug_assertions) { "debug: its figures mean nothing" } else { "release" },
        }
    }
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(": ")).map_or("unknown", |(_, name)| name).to_owned()
}

fn commit() -> String {
    let output = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=10"]).output();
    let text = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    let text = text.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    text.unwrap_or_else(|| "unknown".to_owned())
}

fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The day in UTC, as `2026-11-24`.
fn date(seconds: u64) -> String {
    let mut days = seconds / 86_400;
    let mut year = 1970_u64;
    let is_leap = |year: u64| (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_named_as_in_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (1_709_251_199, "2024-02-29"),
            (1_767_225_599, "2025-12-31"),
            (1_767_225_600, "2026-01-01"),
        ] {
            assert_eq!(date(seconds), expected, "{seconds} s since 1970");
        }
    }
}
