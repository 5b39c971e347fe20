//! `cargo xtask hostile`: the long forms of tests with hostile input.

use anyhow::{Result, bail};

use crate::{process, project::Project, setup};

/// What can be attacked, with the test that does it.
const TARGETS: &[(&str, &str)] = &[("shaders", "bombs")];

/// Runs one of them, and shows what it prints.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<()> {
    let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    let [wanted] = arguments else {
        bail!("hostile takes one of: {}", names.join(", "));
    };
    let Some((_, test)) = TARGETS.iter().find(|(name, _)| name == wanted) else {
        bail!("there is nothing called '{wanted}' to attack; there is: {}", names.join(", "));
    };
    let ready = setup::prepare(project, setup::Report::Changes)?;
    let mut cargo = project.cargo();
    // The whole workspace, so that dependencies have the features that they have in `cargo xtask test`.
    cargo.args(["test", "--workspace", "--test", test, "--", "--nocapture"]).env("WARDIAN_HOSTILE", "full");
    println!("{}", process::line(&cargo));
    process::run(ready.apply(project, &mut cargo))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        let project = Project::find().expect("the checkout");
        let error = run(&project, &["files".to_owned()]).expect_err("no such target").to_string();
        assert!(error.contains("'files'") && error.contains("shaders"), "names it and what there is: {error}");
        assert!(run(&project, &[]).is_err(), "nothing named");
    }
}
