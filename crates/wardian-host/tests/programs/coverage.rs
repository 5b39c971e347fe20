//! Nothing is left out: no program of the component, no function of the interface.

use std::collections::BTreeSet;
use std::path::Path;

use wardian_test::Harness;
use wardian_test::coverage::{UNREACHABLE, functions};

use crate::THEMES;

#[test]
fn every_program_has_its_test() -> Result<(), String> {
    let programs: BTreeSet<String> = Harness::shared()?.programs()?.into_iter().collect();
    let tested: BTreeSet<String> = THEMES.iter().copied().flatten().map(|name| (*name).to_owned()).collect();
    let difference: Vec<_> = programs.symmetric_difference(&tested).collect();
    assert!(difference.is_empty(), "programs without a test, or tests without a program: {difference:#?}");
    Ok(())
}

#[test]
fn every_function_is_called() -> Result<(), String> {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/wasi-webgpu-0.3.0-rc.2");
    let all = functions(&wit).map_err(|error| format!("{error:#}"))?;
    assert_eq!(all.len(), 229, "number of functions of the interface");
    let unreachable: BTreeSet<String> = UNREACHABLE.iter().map(|(name, _)| (*name).to_owned()).collect();
    let unknown: Vec<_> = unreachable.difference(&all).collect();
    assert!(unknown.is_empty(), "functions said to be unreachable that the interface doesn't have: {unknown:#?}");
    let harness = Harness::shared()?;
    let called: BTreeSet<String> =
        THEMES.iter().copied().flatten().flat_map(|name| harness.outcome(name).calls).collect();
    let expected: BTreeSet<String> = all.difference(&unreachable).cloned().collect();
    let missing: Vec<_> = expected.difference(&called).collect();
    assert!(missing.is_empty(), "functions that no program calls: {missing:#?}");
    let surprising: Vec<_> = called.difference(&expected).collect();
    assert!(surprising.is_empty(), "functions that were called but shouldn't exist or be reachable: {surprising:#?}");
    Ok(())
}
