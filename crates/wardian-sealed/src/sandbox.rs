//! The component in Wasmtime: an instance a source, with an end to all that it uses.

use std::path::Path;

use wardian_shader::{Answer, Compiled, Request};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};
use wasmtime::{Config, Engine, ResourceLimiter, Store, Trap};

use crate::clock::{Clock, ticks};
use crate::slots::Slots;
use crate::{COMPONENT, Failure, MEMORY_BYTES_MAX, STACK_BYTES_MAX, TIME_MAX, cache};

/// Entries of tables: the component has some hundreds, for its functions.
const TABLE_ENTRIES_MAX: usize = 1 << 16;
/// Room on the stack for Wasmtime's own functions.
const HOST_STACK_BYTES: usize = 1 << 20;

#[derive(Debug)]
pub(crate) struct Sandbox {
    engine: Engine,
    instance: Instance,
    clock: Clock,
    slots: Slots,
}

/// What each instance is made of.
struct Instance {
    pre: InstancePre<Limits>,
    compile: ComponentExportIndex,
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Instance").finish_non_exhaustive()
    }
}

impl Sandbox {
    pub(crate) fn start(folder: Option<&Path>) -> wasmtime::Result<Self> {
        let engine = Engine::new(&config())?;
        let component = match folder {
            Some(folder) => cache::component(&engine, COMPONENT, folder)?,
            None => Component::from_binary(&engine, COMPONENT)?,
        };
        let mut linker = Linker::new(&engine);
        // Rust's standard library imports all of a command line. The compiler calls none of it, but to say why it
        // gives up, which it then can't.
        linker.define_unknown_imports_as_traps(&component)?;
        let compile = component.get_export_index(None, "compile");
        let compile = compile.ok_or_else(|| wasmtime::format_err!("the component compiles nothing"))?;
        let instance = Instance { pre: linker.instantiate_pre(&component)?, compile };
        Ok(Self { clock: Clock::start(engine.clone())?, engine, instance, slots: Slots::new() })
    }

    pub(crate) fn compile(&self, request: &Request<'_>) -> Result<Compiled, Failure> {
        let broken = |what: String| Failure::Broken(what);
        let bytes = postcard::to_stdvec(request).map_err(|error| broken(error.to_string()))?;
        match self.run(&bytes) {
            Ok(answer) => {
                let answer: Answer = postcard::from_bytes(&answer).map_err(|error| broken(error.to_string()))?;
                answer.open().map_err(|error| broken(error.to_string()))
            }
            Err(End::Exhausted(what)) => Ok(wardian_shader::exhausted(request.source, &what)),
            Err(End::Failed(error)) => {
                tracing::error!(bytes = request.source.len(), "the shader compiler failed: {error:#}");
                let what = "the compiler failed on this code, which is a fault of its own";
                Ok(wardian_shader::exhausted(request.source, what))
            }
        }
    }

    /// The answer to a request, both in bytes.
    fn run(&self, request: &[u8]) -> Result<Vec<u8>, End> {
        let _slot = self.slots.take();
        let _watch = self.clock.watch();
        let mut store = Store::new(&self.engine, Limits::default());
        store.limiter(|limits| limits);
        store.set_epoch_deadline(ticks(TIME_MAX));
        let called = self.call(&mut store, request);
        let memory = store.data().memory;
        match called {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(refused)) => Err(End::Failed(wasmtime::Error::msg(refused))),
            Err(error) => Err(End::of(error, memory)),
        }
    }

    fn call(&self, store: &mut Store<Limits>, request: &[u8]) -> wasmtime::Result<Result<Vec<u8>, String>> {
        let instance = self.instance.pre.instantiate(&mut *store)?;
        let compile =
            instance.get_typed_func::<(&[u8],), (Result<Vec<u8>, String>,)>(&mut *store, self.instance.compile)?;
        let (answer,) = compile.call(&mut *store, (request,))?;
        Ok(answer)
    }
}

fn config() -> Config {
    let mut config = Config::new();
    config.concurrency_support(false);
    config.epoch_interruption(true);
    config.max_wasm_stack(STACK_BYTES_MAX);
    config.async_stack_size(STACK_BYTES_MAX.saturating_add(HOST_STACK_BYTES));
    // Nobody reads where in the compiler it ended, and on a full stack it takes long to find out.
    config.wasm_backtrace_max_frames(None);
    config.generate_address_map(false);
    config
}

/// Why there is no answer.
enum End {
    /// The source takes more than there is.
    Exhausted(String),
    Failed(wasmtime::Error),
}

impl End {
    fn of(error: wasmtime::Error, memory: Memory) -> Self {
        let stack = || format!("{} MiB of stack", STACK_BYTES_MAX >> 20);
        let what = match (error.downcast_ref::<Trap>(), memory) {
            (Some(Trap::Interrupt), _) => format!("{} s", TIME_MAX.as_secs()),
            (Some(Trap::StackOverflow), _) => stack(),
            (_, Memory::Refused) => format!("{} MiB of memory", MEMORY_BYTES_MAX >> 20),
            // The compiler's second stack lies at the beginning of its memory, and grows towards it.
            (Some(Trap::MemoryOutOfBounds), _) => stack(),
            (_, Memory::Enough) => return Self::Failed(error),
        };
        Self::Exhausted(format!("to compile this code takes more than {what}, which is the most that this host gives"))
    }
}

/// Whether an instance has asked for more memory than there is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Memory {
    #[default]
    Enough,
    Refused,
}

#[derive(Debug, Default)]
struct Limits {
    memory: Memory,
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > MEMORY_BYTES_MAX {
            self.memory = Memory::Refused;
            return Ok(false);
        }
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ENTRIES_MAX)
    }
}
