//! Wasmtime as this command uses it.

use wasmtime::{Config, Engine};

use crate::exit::{Exit, Failure};

/// The release of Wasmtime in `Cargo.lock`; the crate itself doesn't say.
pub(crate) const WASMTIME_VERSION: &str = "48.0.8";

/// The engine that compiles and that runs. Both need the same settings, else what one writes the other refuses.
pub(crate) fn engine() -> Result<Engine, Failure> {
    let mut config = Config::new();
    // WASI 0.3 and wasi:webgpu have asynchronous functions.
    config.wasm_component_model_async(true);
    Engine::new(&config).map_err(|error| {
        Failure::new(Exit::Internal, format!("Wasmtime does not start on this system: {error:#}"))
            .advise("Wasmtime compiles for x86-64, AArch64, RISC-V and s390x under Linux, macOS and Windows")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_that_of_the_lock_file() {
        let lock = include_str!("../../../Cargo.lock");
        let (_, package) = lock.split_once("name = \"wasmtime\"\n").expect("wasmtime is in Cargo.lock");
        let line = format!("version = \"{WASMTIME_VERSION}\"");
        assert_eq!(package.lines().next(), Some(line.as_str()), "set WASMTIME_VERSION to what Cargo.lock has");
    }
}
