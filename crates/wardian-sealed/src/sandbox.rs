//! The component in Wasmtime: an instance a source, with an end to all that it uses.

use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use wardian_shader::{Answer, Compiled, Request};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, ResourceLimiter, Store, Trap,
};

use crate::clock::{Clock, ticks};
use crate::slots::Slots;
use crate::{COMPONENT, Failure, MEMORY_BYTES_MAX, STACK_BYTES_MAX, TIME_MAX, cache};

/// Entries of tables: the component has some hundreds, for its functions.
const TABLE_ENTRIES_MAX: usize = 1 << 16;
/// Modules and tables of a component: the compiler, and what binds it to its imports.
const CORE_INSTANCES_MAX: u32 = 8;
const TABLES_MAX: u32 = 8;
/// What an instance that nobody uses may keep of memory: as much as most sources need.
const RESIDENT_BYTES_MAX: usize = 4 << 20;
/// Room on its stack for Wasmtime's own functions.
const HOST_STACK_BYTES: usize = 1 << 20;

/// What one source may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    stack: usize,
    memory: usize,
    time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { stack: STACK_BYTES_MAX, memory: MEMORY_BYTES_MAX, time: TIME_MAX }
    }
}

#[derive(Debug)]
pub(crate) struct Sandbox {
    budget: Budget,
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
    pub(crate) fn start(folder: Option<&Path>, budget: Budget) -> wasmtime::Result<Self> {
        let mut pooled = config(&budget);
        pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(&budget)));
        // Where there is no address space for a pool, an instance at a time takes what it needs.
        let engine = Engine::new(&pooled).or_else(|_| Engine::new(&config(&budget)))?;
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
        Ok(Self { budget, clock: Clock::start(engine.clone())?, engine, instance, slots: Slots::new() })
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
        let mut store = Store::new(&self.engine, Limits { memory_max: self.budget.memory, memory: Memory::Enough });
        store.limiter(|limits| limits);
        store.set_epoch_deadline(ticks(self.budget.time));
        // On a stack of its own, whatever the caller's is. Nothing in there waits, so one turn is all that it takes.
        let called = match pin!(self.call(&mut store, request)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(called) => called,
            Poll::Pending => {
                return Err(End::Failed(wasmtime::format_err!("it waits, and there is nothing to wait for")));
            }
        };
        let memory = store.data().memory;
        match called {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(refused)) => Err(End::Failed(wasmtime::Error::msg(refused))),
            Err(error) => Err(End::of(error, memory, &self.budget)),
        }
    }

    async fn call(&self, store: &mut Store<Limits>, request: &[u8]) -> wasmtime::Result<Result<Vec<u8>, String>> {
        let instance = self.instance.pre.instantiate_async(&mut *store).await?;
        let compile =
            instance.get_typed_func::<(&[u8],), (Result<Vec<u8>, String>,)>(&mut *store, self.instance.compile)?;
        let (answer,) = compile.call_async(&mut *store, (request,)).await?;
        Ok(answer)
    }
}

fn config(budget: &Budget) -> Config {
    let mut config = Config::new();
    config.concurrency_support(false);
    config.epoch_interruption(true);
    config.max_wasm_stack(budget.stack);
    config.async_stack_size(budget.stack.saturating_add(HOST_STACK_BYTES));
    // Nobody reads where in the compiler it ended, and on a full stack it takes long to find out.
    config.wasm_backtrace_max_frames(None);
    config.generate_address_map(false);
    config
}

/// Instances whose memory is used again: wiped, but not given back to the system in between.
fn pool(budget: &Budget) -> PoolingAllocationConfig {
    let slots = u32::try_from(Slots::count()).unwrap_or(1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots);
    pool.total_core_instances(slots.saturating_mul(CORE_INSTANCES_MAX));
    pool.max_core_instances_per_component(CORE_INSTANCES_MAX);
    pool.total_memories(slots);
    pool.max_memories_per_component(1);
    pool.total_tables(slots.saturating_mul(TABLES_MAX));
    pool.max_tables_per_component(TABLES_MAX);
    pool.table_elements(TABLE_ENTRIES_MAX);
    pool.total_stacks(slots);
    pool.max_memory_size(budget.memory);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Auto);
        pool.linear_memory_keep_resident(RESIDENT_BYTES_MAX);
        pool.table_keep_resident(RESIDENT_BYTES_MAX);
    }
    pool
}

/// Why there is no answer.
enum End {
    /// The source takes more than there is.
    Exhausted(String),
    Failed(wasmtime::Error),
}

impl End {
    fn of(error: wasmtime::Error, memory: Memory, budget: &Budget) -> Self {
        let stack = || format!("{} KiB of stack", budget.stack >> 10);
        let what = match (error.downcast_ref::<Trap>(), memory) {
            (Some(Trap::Interrupt), _) => format!("{} ms", budget.time.as_millis()),
            (Some(Trap::StackOverflow), _) => stack(),
            (_, Memory::Refused) => format!("{} KiB of memory", budget.memory >> 10),
            // The compiler's second stack lies at the beginning of its memory, and grows towards it.
            (Some(Trap::MemoryOutOfBounds), _) => stack(),
            (_, Memory::Enough) => return Self::Failed(error),
        };
        Self::Exhausted(format!("to compile this code takes more than {what}, which is the most that this host gives"))
    }
}

/// Whether an instance has asked for more memory than there is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Memory {
    Enough,
    Refused,
}

#[derive(Debug)]
struct Limits {
    memory_max: usize,
    memory: Memory,
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.memory_max {
            self.memory = Memory::Refused;
            return Ok(false);
        }
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ENTRIES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that needs some of everything.
    fn source() -> String {
        let sums = "+ x ".repeat(2000);
        (0..40).map(|n| format!("fn f{n}(x: u32) -> u32 {{ return x {sums}; }}\n")).collect()
    }

    /// What becomes of the source: nothing, or the error.
    fn error(sandbox: &Sandbox) -> Option<String> {
        let source = source();
        let request = Request { source: &source, ..Request::default() };
        // On this thread, whose stack is smaller than the sandbox's.
        let compiled = sandbox.compile(&request).expect("the sandbox works");
        assert_eq!(compiled.module.is_some(), compiled.remarks.is_empty(), "a module or an error");
        compiled.remarks.first().map(|remark| {
            assert!(remark.position.line > 0 && remark.position.length > 0, "the error has a place: {remark:?}");
            remark.text.clone()
        })
    }

    #[track_caller]
    fn check(sandbox: &Sandbox, named: &str) {
        let text = error(sandbox).unwrap_or_else(|| panic!("{:?} is exceeded", sandbox.budget));
        assert!(text.contains(named), "expected {named} in: {text}");
    }

    #[test]
    fn each_limit_ends_a_source_and_is_named() {
        let full = Budget { time: Duration::from_secs(60), ..Budget::default() };
        let mut sandbox = Sandbox::start(None, full).expect("the sandbox starts");
        assert_eq!(error(&sandbox), None, "within all limits");
        sandbox.budget.memory = 10 << 20;
        check(&sandbox, "10240 KiB of memory");
        sandbox.budget = Budget { time: Duration::ZERO, ..full };
        check(&sandbox, "0 ms");
        sandbox.budget = full;
        assert_eq!(error(&sandbox), None, "nothing of it is left behind");
        let small = Budget { stack: 64 << 10, ..full };
        check(&Sandbox::start(None, small).expect("the sandbox starts"), "64 KiB of stack");
    }
}
