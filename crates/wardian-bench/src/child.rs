//! Measurements that want a process of their own: this program runs itself, and prints a line of JSON.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasmtime::component::Component;
use wasmtime::error::Context as _;
use wasmtime::{Engine, Result, bail, format_err};

use crate::machine::Choice;
use crate::sandbox::{self, Host, Sandbox};
use crate::task::{Task, from_line};
use crate::{guest_path, native};

/// Starts or openings that a process measures whose first one only warms it up.
const WARM_SAMPLES: usize = 3;

/// What a child process does.
#[derive(Clone, Debug)]
pub(crate) enum Child<'a> {
    /// Compiles the component and runs it to its device.
    StartSource,
    /// Loads the compiled component and runs it to its device.
    StartCompiled { image: &'a Path },
    /// Runs a loaded component to its device, several times.
    StartWarm,
    /// Opens a device.
    OpenNative,
    /// Opens a device several times.
    OpenNativeWarm,
    /// Has a device with buffers, and then some more devices, each in a store of its own.
    Idle { more: u32, buffers: u32 },
    /// The same without a sandbox.
    IdleNative { more: u32, buffers: u32 },
}

/// How long the steps of a start took, in nanoseconds.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct StartTimes {
    pub(crate) engine: u64,
    pub(crate) component: u64,
    pub(crate) link: u64,
    pub(crate) instantiate: u64,
    pub(crate) enter: u64,
    pub(crate) opening: Opening,
}

/// How long a device took to open, in nanoseconds: its adapter, with the drivers, and then itself.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Opening {
    adapter: u64,
    device: u64,
}

/// The process's memory in bytes: with the first device, and with all.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Resident {
    pub(crate) first: f64,
    pub(crate) all: f64,
}

impl StartTimes {
    /// Seconds before the guest's own code runs.
    pub(crate) fn before_guest(&self) -> f64 {
        let Self { engine, component, link, instantiate, enter, opening: _ } = *self;
        [engine, component, link, instantiate, enter].map(seconds).into_iter().sum()
    }
}

impl Opening {
    pub(crate) fn seconds(&self) -> f64 {
        seconds(self.adapter) + seconds(self.device)
    }
}

pub(crate) fn seconds(nanoseconds: u64) -> f64 {
    Duration::from_nanos(nanoseconds).as_secs_f64()
}

/// Runs a child and reads what it prints.
pub(crate) fn run<T: DeserializeOwned>(child: &Child<'_>, choice: &Choice) -> Result<T> {
    let mut command = Command::new(env::current_exe()?);
    command.arg("--child").args([&choice.name, &choice.backend]).args(child.arguments());
    let output = command.stdin(Stdio::null()).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if !output.status.success() {
        bail!("a process of its own failed at {child:?}: {}", text(&output.stderr));
    }
    from_line(&text(&output.stdout))
}

/// Does what the arguments after `--child` say; gives the line to print.
pub(crate) fn serve(arguments: &[String]) -> Result<String> {
    let [name, backend, rest @ ..] = arguments else { bail!("--child is how this program calls itself") };
    let choice = Choice { name: name.clone(), backend: backend.clone() };
    let rest: Vec<_> = rest.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u32>().with_context(|| format!("expected a number, got {text:?}"));
    let line = match rest.as_slice() {
        ["start-source"] => serde_json::to_string(&[start(&choice, compile)?]),
        ["start-compiled", image] => serde_json::to_string(&[start(&choice, |engine| load(engine, Path::new(image)))?]),
        ["start-warm"] => serde_json::to_string(&start_warm(&choice)?),
        ["open-native"] => serde_json::to_string(&[open(&choice)?]),
        ["open-native-warm"] => serde_json::to_string(&open_warm(&choice)?),
        ["idle", more, buffers] => serde_json::to_string(&idle(&choice, number(more)?, number(buffers)?)?),
        ["idle-native", more, buffers] => {
            serde_json::to_string(&idle_native(&choice, number(more)?, number(buffers)?)?)
        }
        other => bail!("there is no child {other:?}"),
    };
    Ok(line?)
}

impl Child<'_> {
    fn arguments(&self) -> Vec<String> {
        match self {
            Self::StartSource => vec!["start-source".to_owned()],
            Self::StartCompiled { image } => vec!["start-compiled".to_owned(), image.display().to_string()],
            Self::StartWarm => vec!["start-warm".to_owned()],
            Self::OpenNative => vec!["open-native".to_owned()],
            Self::OpenNativeWarm => vec!["open-native-warm".to_owned()],
            Self::Idle { more, buffers } => vec!["idle".to_owned(), more.to_string(), buffers.to_string()],
            Self::IdleNative { more, buffers } => {
                vec!["idle-native".to_owned(), more.to_string(), buffers.to_string()]
            }
        }
    }
}

/// A compiled component in a file that is gone when this is dropped.
pub(crate) struct Image {
    file: tempfile::TempPath,
}

impl Image {
    pub(crate) fn compile(guest: &Path) -> Result<Self> {
        let bytes = sandbox::engine()?.precompile_component(&fs::read(guest)?)?;
        let file = tempfile::NamedTempFile::new()?.into_temp_path();
        fs::write(&file, bytes)?;
        Ok(Self { file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file
    }
}

fn compile(engine: &Engine) -> Result<Component> {
    Component::from_file(engine, guest_path()?)
}

#[expect(unsafe_code, reason = "there is no safe way to load compiled code")]
fn load(engine: &Engine, image: &Path) -> Result<Component> {
    // SAFETY: the parent process has just written the file, by an engine of the same settings, into a temporary file
    // that only this user may write.
    unsafe { Component::deserialize_file(engine, image) }
}

fn start(choice: &Choice, make: impl FnOnce(&Engine) -> Result<Component>) -> Result<StartTimes> {
    let started = Instant::now();
    let engine = sandbox::engine()?;
    let engine_made = started.elapsed();
    // At once, as `wardian run` does.
    let (component, linker) = thread::scope(|scope| {
        let linker = scope.spawn(|| sandbox::linker(&engine, Host::Wardian));
        let component = make(&engine);
        (component, linker.join())
    });
    let (component, linker) = (component?, linker.map_err(|_| format_err!("the thread that links panicked"))??);
    let component_made = started.elapsed();
    let sandbox = Sandbox::link(engine, &linker, &component, choice.clone())?;
    let linked = started.elapsed();
    let steps = [engine_made, component_made - engine_made, linked - component_made];
    let [engine, component, link] = steps.map(nanoseconds);
    Ok(StartTimes { engine, component, link, ..enter(&sandbox)? })
}

/// Runs a loaded component to its device; the steps before take nothing.
fn enter(sandbox: &Sandbox) -> Result<StartTimes> {
    /// Nanoseconds since 1970.
    #[derive(Deserialize)]
    struct Times {
        entered: u64,
        adapter: u64,
        device: u64,
    }
    let started = nanoseconds(SystemTime::now().duration_since(UNIX_EPOCH)?);
    let (instantiated, line) = sandbox.run_timed(&Task::outside("open", 0, 0))?;
    let Times { entered, adapter, device } = from_line(line.trim())?;
    let instantiate = nanoseconds(instantiated);
    Ok(StartTimes {
        engine: 0,
        component: 0,
        link: 0,
        instantiate,
        enter: entered.saturating_sub(started).saturating_sub(instantiate),
        opening: Opening { adapter: adapter.saturating_sub(entered), device: device.saturating_sub(adapter) },
    })
}

fn start_warm(choice: &Choice) -> Result<Vec<StartTimes>> {
    let sandbox = Sandbox::compile(&guest_path()?, Host::Wardian, choice.clone())?;
    enter(&sandbox)?;
    (0..WARM_SAMPLES).map(|_| enter(&sandbox)).collect()
}

fn open(choice: &Choice) -> Result<Opening> {
    let (_gpu, opened) = native::Gpu::open_timed(choice)?;
    Ok(Opening { adapter: nanoseconds(opened.adapter), device: nanoseconds(opened.device) })
}

fn open_warm(choice: &Choice) -> Result<Vec<Opening>> {
    open(choice)?;
    (0..WARM_SAMPLES).map(|_| open(choice)).collect()
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The guests stay where they are until this returns.
fn idle(choice: &Choice, more: u32, buffers: u32) -> Result<Resident> {
    let sandbox = Sandbox::compile(&guest_path()?, Host::Wardian, choice.clone())?;
    let _first = sandbox.start(Task::outside("idle", 0, buffers))?;
    let first = resident()?;
    let _others: Vec<_> = (0..more).map(|_| sandbox.start(Task::outside("idle", 0, 0))).collect::<Result<_>>()?;
    Ok(Resident { first, all: resident()? })
}

fn idle_native(choice: &Choice, more: u32, buffers: u32) -> Result<Resident> {
    let gpu = native::Gpu::open(choice)?;
    let _buffers: Vec<_> = (0..buffers).map(|_| gpu.buffer(256, wgpu::BufferUsages::STORAGE)).collect();
    let first = resident()?;
    let _others: Vec<_> = (0..more).map(|_| native::Gpu::open(choice)).collect::<Result<_>>()?;
    Ok(Resident { first, all: resident()? })
}

/// The process's resident memory in bytes.
fn resident() -> Result<f64> {
    let path = PathBuf::from("/proc/self/status");
    let text = fs::read_to_string(path).context("memory is measured on Linux only")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")).context("the system tells no VmRSS")?;
    Ok(f64::from(kibibytes.trim().parse::<u32>()?) * 1024.0)
}
