//! Components that `wardian compile` made: native code, mapped and jumped into. The only unsafe code of the command.

#![expect(unsafe_code, reason = "nobody but the user can say that a file of native code is sound to run")]

use std::path::Path;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::Trust;
use crate::exit::{Exit, Failure};

pub(super) const COMPILE_AGAIN: &str =
    "compile the component again, on this machine and with this version: `wardian compile COMPONENT`";

pub(super) fn load(engine: &Engine, path: &Path, trust: Trust) -> Result<Component, Failure> {
    match trust {
        Trust::Precompiled => {}
        Trust::ComponentsOnly => {
            let what = format!("{} is compiled ahead of time, so it is native code", path.display());
            return Err(Failure::new(Exit::Precompiled, what)
                .advise("such a file can do whatever you can, sealed in nothing; a component cannot")
                .advise(
                    "if you made it yourself by `wardian compile`, and nobody else could change it since, say so: \
                     `wardian run --allow-precompiled …`; else run the component that it was made from",
                ));
        }
    }
    // SAFETY: the file is a result of `Engine::precompile_component` that nobody changed, and nobody changes while it
    // is mapped. The user upholds it, who said so by --allow-precompiled. Wasmtime itself refuses a file of another
    // version, of other settings, or for another processor.
    let component = unsafe { Component::deserialize_file(engine, path) };
    component.map_err(|error| {
        let what = format!("{} was compiled for another host: {error:#}", path.display());
        Failure::new(Exit::Precompiled, what).advise(COMPILE_AGAIN)
    })
}
