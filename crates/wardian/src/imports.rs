//! Why a component and this host don't fit: what it imports that nobody offers, or that it exports nothing to run.

use std::fmt::Write as _;
use std::path::Path;

use wardian_host::INTERFACE;
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::exit::{Exit, Failure};

/// WASI's packages that the host has.
const WASI: [&str; 6] = ["wasi:cli", "wasi:clocks", "wasi:filesystem", "wasi:io", "wasi:random", "wasi:sockets"];
/// What it has for components that handle requests, too.
#[cfg(unix)]
const HTTP: &str = "wasi:http";
/// The GPU's package.
const WEBGPU: &str = "wasi:webgpu";

/// What a component is started for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum World {
    Program,
    #[cfg(unix)]
    Handler,
}

impl World {
    /// WASI's packages that are there.
    fn packages(self) -> Vec<&'static str> {
        match self {
            Self::Program => WASI.into(),
            #[cfg(unix)]
            Self::Handler => WASI.into_iter().chain([HTTP]).collect(),
        }
    }
}

pub(crate) fn failure(
    world: World,
    engine: &Engine,
    component: &Component,
    path: &Path,
    error: &wasmtime::Error,
) -> Failure {
    let component_type = component.component_type();
    let imports = component_type.imports(engine).filter(|(_, import)| !matches!(import.ty, ComponentItem::Type(_)));
    let missing: Vec<_> = imports.filter_map(|(name, _)| Offer::of(name, world).text(name)).collect();
    if missing.is_empty() {
        let what = format!("{} imports a function otherwise than this host has it: {error:#}", path.display());
        return Failure::new(Exit::NotRunnable, what).advise(format!(
            "build it against the interfaces that this host has: WASI 0.2 and 0.3.0, and {INTERFACE}"
        ));
    }
    let what = format!("{} imports what this host does not have:\n    {}", path.display(), missing.join("\n    "));
    Failure::new(Exit::NotRunnable, what)
        .advise(format!("this host has WASI 0.2 and 0.3.0 ({}), and {INTERFACE}", world.packages().join(", ")))
        .advise("build the component for these, or compose it with another one that exports what is missing")
}

pub(crate) fn nothing_to_run(engine: &Engine, component: &Component, path: &Path) -> Failure {
    let component_type = component.component_type();
    let exports: Vec<_> = component_type.exports(engine).map(|(name, _)| name.to_owned()).collect();
    let mut what =
        format!("{} exports no wasi:cli/run of WASI 0.2 or 0.3.0, so there is nothing to run", path.display());
    if !exports.is_empty() {
        let _ = write!(what, "; it exports\n    {}", exports.join("\n    "));
    }
    let failure = Failure::new(Exit::NotRunnable, what);
    if exports.iter().any(|name| name.starts_with("wasi:cli/run@")) {
        return failure.advise("build it again with tools for the final WASI 0.2 or 0.3.0");
    }
    failure.advise("wardian runs programs: build one that has a main function, not a library")
}

#[cfg(unix)]
pub(crate) fn nothing_to_serve(engine: &Engine, component: &Component, path: &Path) -> Failure {
    let component_type = component.component_type();
    let exports: Vec<_> = component_type.exports(engine).map(|(name, _)| name.to_owned()).collect();
    let has = |prefix: &str| exports.iter().any(|name| name.starts_with(prefix));
    let mut what = format!(
        "{} exports neither wasi:http/handler@0.3.0 nor wasi:http/incoming-handler of WASI 0.2, so there is nothing to \
         serve",
        path.display()
    );
    if !exports.is_empty() {
        let _ = write!(what, "; it exports\n    {}", exports.join("\n    "));
    }
    let failure = Failure::new(Exit::NotRunnable, what);
    if has("wasi:http/handler@") || has("wasi:http/incoming-handler@") {
        return failure.advise("build it again with tools for the final WASI 0.2 or 0.3.0");
    }
    if has("wasi:cli/run@") {
        return failure.advise("it is a program that runs once: use `wardian run`, or build a handler of requests");
    }
    failure.advise("build a component that handles requests; docs/serve.md shows one")
}

/// Whether a component asks for the GPU at all.
#[cfg(unix)]
pub(crate) fn has_gpu(engine: &Engine, component: &Component) -> bool {
    component.component_type().imports(engine).any(|(name, _)| name.starts_with(WEBGPU))
}

/// What the host has for an import.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Offer {
    /// The package in a version that fits.
    Fitting,
    /// The package in this version only.
    Other(&'static str),
    /// Nothing.
    None,
}

impl Offer {
    /// `name` is such as `wasi:cli/run@0.2.0`.
    fn of(name: &str, world: World) -> Self {
        let (interface, version) = name.split_once('@').unwrap_or((name, ""));
        let (package, _) = interface.split_once('/').unwrap_or((interface, ""));
        if package == WEBGPU {
            // A prerelease fits no other.
            let ours = INTERFACE.split_once('@').map_or(INTERFACE, |(_, version)| version);
            return if version == ours { Self::Fitting } else { Self::Other(ours) };
        }
        if !world.packages().contains(&package) {
            return Self::None;
        }
        let is_final = !version.contains('-');
        match package {
            "wasi:io" if is_final && version.starts_with("0.2.") => Self::Fitting,
            "wasi:io" => Self::Other("0.2"),
            _ if is_final && (version.starts_with("0.2.") || version.starts_with("0.3.")) => Self::Fitting,
            _ => Self::Other("0.2 and 0.3.0"),
        }
    }

    /// A line for an import that is missing.
    fn text(self, name: &str) -> Option<String> {
        match self {
            Self::Fitting => None,
            Self::Other(version) => Some(format!("{name} (this host has version {version})")),
            Self::None => Some(name.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: Offer) {
        assert_eq!(Offer::of(name, World::Program), expected, "what the host has for {name}");
    }

    #[test]
    fn final_versions_of_wasi_fit() {
        check("wasi:cli/environment@0.2.9", Offer::Fitting);
        check("wasi:io/streams@0.2.0", Offer::Fitting);
        check("wasi:filesystem/types@0.3.0", Offer::Fitting);
        check("wasi:webgpu/webgpu@0.3.0-rc.2", Offer::Fitting);
    }

    #[test]
    fn other_versions_are_told() {
        check("wasi:webgpu/webgpu@0.0.1", Offer::Other("0.3.0-rc.2"));
        check("wasi:cli/run@0.3.0-rc-2026-03-15", Offer::Other("0.2 and 0.3.0"));
        check("wasi:io/streams@0.3.0", Offer::Other("0.2"));
    }

    #[test]
    fn what_the_host_lacks_is_told() {
        check("wasi:http/types@0.2.0", Offer::None);
        check("wasi:clocksmith/clock@0.2.0", Offer::None);
        check("log", Offer::None);
    }
    #[cfg(unix)]
    #[test]
    fn handlers_have_http() {
        assert_eq!(Offer::of("wasi:http/types@0.2.0", World::Handler), Offer::Fitting);
        assert_eq!(Offer::of("wasi:http/handler@0.3.0", World::Handler), Offer::Fitting);
    }
}
