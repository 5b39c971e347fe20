//! From a file to a component, or to one clear reason why it is none.

mod precompiled;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use wasmtime::component::Component;
use wasmtime::{Engine, Precompiled};

use crate::exit::{Exit, Failure};

/// How much of a file tells what it is.
const HEAD_BYTES: u64 = 512;

/// Where an ELF file tells its operating system, and what Wasmtime writes there for its own files.
const OS_ABI_AT: usize = 7;
const OS_ABI_WASMTIME: u8 = 200;

/// Whether the user vouches for native code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trust {
    ComponentsOnly,
    Precompiled,
}

/// Loads a component, compiled now or ahead of time.
pub(crate) fn load(engine: &Engine, path: &Path, trust: Trust) -> Result<Component, Failure> {
    match look(path)? {
        Code::Source => Component::from_binary(engine, &read(path)?).map_err(|error| invalid(path, &error)),
        Code::Precompiled => precompiled::load(engine, path, trust),
    }
}

/// Compiles a component to what [`load`] takes.
pub(crate) fn precompile(engine: &Engine, path: &Path) -> Result<Vec<u8>, Failure> {
    match look(path)? {
        Code::Source => engine.precompile_component(&read(path)?).map_err(|error| invalid(path, &error)),
        Code::Precompiled => {
            Err(Failure::new(Exit::NotLoadable, format!("{} is compiled ahead of time already", path.display()))
                .advise("name the component that it was made from"))
        }
    }
}

/// What a file that may be loaded holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Code {
    Source,
    Precompiled,
}

fn look(path: &Path) -> Result<Code, Failure> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    let refuse = |what: &str| Failure::new(Exit::NotLoadable, format!("{} {what}", path.display()));
    if metadata.is_dir() {
        return Err(refuse("is a folder").advise("name the component itself, a file that mostly ends in .wasm"));
    }
    if !metadata.is_file() {
        return Err(refuse("is no regular file").advise("save the component to a file, and name that"));
    }
    let mut head = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(HEAD_BYTES).read_to_end(&mut head).map_err(|error| unreadable(path, &error))?;
    match Contents::of(&head) {
        Contents::Component => Ok(Code::Source),
        Contents::Elf => match Engine::detect_precompiled_file(path) {
            Ok(Some(Precompiled::Component)) => Ok(Code::Precompiled),
            Ok(Some(Precompiled::Module)) => Err(refuse("is a core WebAssembly module, compiled ahead of time")
                .advise("components only: make one of the module's source, and compile that by `wardian compile`")),
            Ok(None) | Err(_) if head.get(OS_ABI_AT) == Some(&OS_ABI_WASMTIME) => Err(Failure::new(
                Exit::Precompiled,
                format!("{} was compiled ahead of time, but is damaged or of another version", path.display()),
            )
            .advise(precompiled::COMPILE_AGAIN)),
            Ok(None) | Err(_) => Err(refuse("is a native program or library, not WebAssembly")
                .advise("build it for WebAssembly; in Rust: `cargo build --target wasm32-wasip2`")),
        },
        Contents::Empty => Err(refuse("is empty").advise("the build or the copy that should have made it failed")),
        Contents::Module => Err(module(path)?),
        Contents::OtherWasm => Err(refuse("is WebAssembly of a kind or version that this host does not know")
            .advise("build it again with current tools, or look for a newer version of wardian")),
        Contents::Text => Err(refuse("is WebAssembly text, and wardian runs only the binary form")
            .advise("convert it by `wasm-tools parse IN.wat -o OUT.wasm`")),
        Contents::Other => Err(refuse("is not WebAssembly").advise(
            "name a component: a file that mostly ends in .wasm, such as `cargo build --target wasm32-wasip2` makes",
        )),
    }
}

/// What the first bytes of a file say of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Contents {
    Empty,
    Component,
    Module,
    OtherWasm,
    Elf,
    Text,
    Other,
}

impl Contents {
    fn of(head: &[u8]) -> Self {
        if head.is_empty() {
            return Self::Empty;
        }
        if let Some(version) = head.strip_prefix(b"\0asm") {
            // https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
            return match version.get(..4) {
                Some([13, 0, 1, 0]) => Self::Component,
                Some([1, 0, 0, 0]) => Self::Module,
                _ => Self::OtherWasm,
            };
        }
        if head.starts_with(b"\x7fELF") {
            return Self::Elf;
        }
        let text = head.trim_ascii_start();
        if text.starts_with(b"(component") || text.starts_with(b"(module") || text.starts_with(b";;") {
            return Self::Text;
        }
        Self::Other
    }
}

fn module(path: &Path) -> Result<Failure, Failure> {
    const WASI_0_1: &[u8] = b"wasi_snapshot_preview1";
    let bytes = read(path)?;
    let of_wasi_0_1 = bytes.windows(WASI_0_1.len()).any(|window| window == WASI_0_1);
    let (what, how) = if of_wasi_0_1 {
        (
            "is a core WebAssembly module for WASI 0.1, not a component",
            "or wrap the module by `wasm-tools component new` with the adapter for WASI 0.1",
        )
    } else {
        (
            "is a core WebAssembly module, not a component",
            "or wrap the module by `wasm-tools component new`, if its imports and exports are those of a component",
        )
    };
    Ok(Failure::new(Exit::NotLoadable, format!("{} {what}", path.display()))
        .advise("build a component: in Rust by `cargo build --target wasm32-wasip2`, elsewhere for WASI 0.2 or 0.3")
        .advise(how))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    if error.kind() == ErrorKind::NotFound {
        return Failure::new(Exit::NotLoadable, format!("there is no file {}", path.display()))
            .advise("options of wardian stand before the component, and all that follows it is the component's");
    }
    Failure::new(Exit::NotLoadable, format!("cannot read {}: {error}", path.display()))
}

fn invalid(path: &Path, error: &wasmtime::Error) -> Failure {
    Failure::new(Exit::NotLoadable, format!("{} is not a valid component: {error:#}", path.display()))
        .advise("build it again: it is damaged, or uses what this version of wardian does not know")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &[u8], expected: Contents) {
        assert_eq!(Contents::of(head), expected, "what {head:?} is");
    }

    #[test]
    fn contents_are_told_by_the_first_bytes() {
        check(b"", Contents::Empty);
        check(b"\0asm\x0d\0\x01\0", Contents::Component);
        check(b"\0asm\x01\0\0\0\x01", Contents::Module);
        check(b"\0asm\x0c\0\x01\0", Contents::OtherWasm);
        check(b"\0asm\x0d", Contents::OtherWasm);
        check(b"\x7fELF\x02", Contents::Elf);
        check(b"\n  (component)", Contents::Text);
        check(b"#!/bin/sh", Contents::Other);
    }
}
