//! The rules for `Cargo.toml` files.

use super::Finding;

/// Crates that must not stand among the dependencies of a crate.
const LAYERS: &[(&str, &[&str], &str)] = &[
    (
        "crates/wardian-host/",
        &["clap", "winit", "wardian", "wardian-guest"],
        "the host is a library and knows no guest",
    ),
    ("crates/wardian/", &["wardian-guest"], "host crates never depend on guest crates"),
    ("crates/wardian-serve/", &["clap", "wardian", "wardian-guest"], "the server is a library and knows no guest"),
    (
        "crates/wardian-guest/",
        &["wardian-host", "wardian", "wasmtime", "wgpu-core"],
        "guest crates never depend on host crates",
    ),
    (
        "crates/wardian-shader/",
        &["wardian-host", "wardian-sealed", "wasmtime", "wgpu-core"],
        "it is built for the sandbox, too, and knows nothing outside of it",
    ),
    ("crates/wardian-sealed/", &["wardian-host", "wgpu-core"], "it knows shaders, and no GPU"),
    ("crates/wardian-tables/", &["*"], "the tables depend on nothing"),
];

/// Checks a member's manifest: lints and versions come from the root, and dependencies point the right way.
pub(super) fn check(path: &str, text: &str, findings: &mut Vec<Finding>) {
    // A workspace of its own shares neither versions nor lints with this one.
    if path == "Cargo.toml" || text.lines().any(|line| line.trim() == "[workspace]") {
        return;
    }
    let mut section = "";
    let mut has_lints = false;
    for (index, line) in text.lines().map(str::trim).enumerate() {
        let mut find = |what: String| findings.push(Finding { place: format!("{path}:{}", index + 1), what });
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
            if section.contains("dependencies.") {
                find("a dependency is one line, `name.workspace = true`".to_owned());
            }
            continue;
        }
        has_lints |= section == "lints" && line == "workspace = true";
        let Some((name, _)) = line.split_once(['=', '.', ' ']).filter(|_| !line.starts_with('#')) else { continue };
        if !section.ends_with("dependencies") {
            continue;
        }
        if !line.contains("workspace = true") {
            find(format!("the version of {name} belongs into the root Cargo.toml; here, `{name}.workspace = true`"));
        }
        if section.ends_with("dev-dependencies") {
            continue;
        }
        for (_, banned, reason) in LAYERS.iter().filter(|(folder, ..)| path.starts_with(folder)) {
            if banned.contains(&name) || banned.contains(&"*") {
                find(format!("must not depend on {name}: {reason}"));
            }
        }
    }
    if !has_lints {
        findings.push(Finding { place: path.to_owned(), what: "lacks `[lints]` with `workspace = true`".to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, dependencies: &str) -> Vec<String> {
        let mut findings = Vec::new();
        check(path, &format!("[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n\n{dependencies}"), &mut findings);
        findings.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_version_in_a_member_is_found() {
        assert_eq!(findings("xtask/Cargo.toml", "[dependencies]\nanyhow.workspace = true\n"), [""; 0], "the right way");
        let findings = findings("xtask/Cargo.toml", "[dependencies]\nanyhow = \"1\"\n");
        assert!(matches!(findings.as_slice(), [one] if one.contains("anyhow")), "one version: {findings:?}");
    }

    #[test]
    fn an_arrow_that_points_the_wrong_way_is_found() {
        let wrong = findings("crates/wardian-host/Cargo.toml", "[dependencies]\nwardian-guest.workspace = true\n");
        assert!(matches!(wrong.as_slice(), [one] if one.contains("knows no guest")), "a layer: {wrong:?}");
        let test = findings("crates/wardian-host/Cargo.toml", "[dev-dependencies]\nwardian-guest.workspace = true\n");
        assert_eq!(test, [""; 0], "tests may");
    }

    #[test]
    fn missing_lints_are_found() {
        let mut findings = Vec::new();
        check("apps/a/Cargo.toml", "[package]\nname = \"a\"\n", &mut findings);
        assert!(matches!(findings.as_slice(), [one] if one.what.contains("[lints]")), "no lints: {findings:?}");
    }
}
