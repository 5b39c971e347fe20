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
/// The GPU's package.
const WEBGPU: &str = "wasi:webgpu";

pub(super) fn failure(engine: &Engine, component: &Component, path: &Path, error: &wasmtime::Error) -> Failure {
    let component_type = component.component_type();
    let imports = component_type.imports(engine).filter(|(_, import)| !matches!(import.ty, ComponentItem::Type(_)));
    let missing: Vec<_> = imports.filter_map(|(name, _)| Offer::of(name).text(name)).collect();
    if missing.is_empty() {
        let what = format!("{} imports a function otherwise than this host has it: {error:#}", path.display());
        return Failure::new(Exit::NotRunnable, what).advise(format!(
            "build it against the interfaces that this host has: WASI 0.2 and 0.3.0, and {INTERFACE}"
        ));
    }
    let what = format!("{} imports what this host does not have:\n    {}", path.display(), missing.join("\n    "));
    Failure::new(Exit::NotRunnable, what)
        .advise(format!("this host has WASI 0.2 and 0.3.0 ({}), and {INTERFACE}", WASI.join(", ")))
        .advise("build the component for these, or compose it with another one that exports what is missing")
}

pub(super) fn nothing_to_run(engine: &Engine, component: &Component, path: &Path) -> Failure {
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
    fn of(name: &str) -> Self {
        let (interface, version) = name.split_once('@').unwrap_or((name, ""));
        let (package, _) = interface.split_once('/').unwrap_or((interface, ""));
        if package == WEBGPU {
            // A prerelease fits no other.
            let ours = INTERFACE.split_once('@').map_or(INTERFACE, |(_, version)| version);
            return if version == ours { Self::Fitting } else { Self::Other(ours) };
        }
        if !WASI.contains(&package) {
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
        assert_eq!(Offer::of(name), expected, "what the host has for {name}");
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
}
