//! What stores with quotas get, and that all of it is given back.
//!
//! Set `WARDIAN_GUESTS` to the folder of built guests; `cargo xtask test` does that.

use std::thread;
use std::time::{Duration, Instant};

use wardian_host::{GpuCtx, Quota, Quotas, Usage};
use wardian_test::Harness;

/// Far more than it takes to give a device back.
const RELEASE_TIME_MAX: Duration = Duration::from_secs(60);

/// Runs a program with quotas. Gives what it said, and checks that the store has nothing any more.
fn run(program: &str, quotas: Quotas) -> Result<(String, Usage), String> {
    let gpu = GpuCtx::builder().quotas(quotas).build();
    let usage = gpu.usage();
    let outcome = Harness::shared()?.run_with(program, gpu);
    outcome.check()?;
    let start = Instant::now();
    for quota in Quota::ALL.iter().filter(|quota| **quota != Quota::GpuTime) {
        // The device itself goes when its work is done.
        while usage.of(*quota) > 0 && start.elapsed() < RELEASE_TIME_MAX {
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(usage.of(*quota), 0, "{program}: {quota} after the store is gone");
    }
    // That it passed is no part of what it says about the quota.
    let said = outcome.stdout.lines().filter(|line| !line.starts_with("passed: "));
    Ok((said.map(|line| format!("{line}\n")).collect(), usage))
}

/// How many rounds a program said were refused, by what it made.
fn refused(output: &str) -> Result<Vec<(&str, u32)>, String> {
    let line = |line| parse(line).ok_or_else(|| format!("expected `what: n of 32 refused`, got {line:?}"));
    output.lines().map(line).collect()
}

fn parse(line: &str) -> Option<(&str, u32)> {
    let (what, rest) = line.split_once(": ")?;
    Some((what, rest.strip_suffix(" of 32 refused")?.parse().ok()?))
}

const MIB: u64 = 1 << 20;

#[test]
fn memory_is_bounded() -> Result<(), String> {
    let quotas = Quotas::new().with(Quota::GpuMemory, 16 * MIB);
    for program in ["quota::memory_is_bounded", "quota::memory_behind_bind_groups_is_bounded"] {
        let (output, usage) = run(program, quotas.clone())?;
        for (what, refused) in refused(&output)? {
            // A device needs some memory itself.
            assert!((16..24).contains(&refused), "{what} of 1 MiB within 16 MiB: {refused} of 32 were refused");
        }
        assert!(usage.refusals(Quota::GpuMemory) >= 16, "refusals of {program} are counted");
    }
    // What is no size at all stays a validation error.
    let gpu = GpuCtx::builder().quotas(quotas.clone()).build();
    Harness::shared()?.run_with("buffer::size_above_the_limit_is_rejected", gpu).check()?;
    let (output, _) = run("quota::memory_comes_back", quotas)?;
    assert_eq!(refused(&output)?, [("dropped buffers", 0), ("destroyed buffers", 0)], "128 MiB in turns");
    Ok(())
}

#[test]
fn mapped_and_written_memory_is_bounded() -> Result<(), String> {
    let (output, _) = run("quota::written_data_is_bounded", Quotas::new().with(Quota::StagedMemory, 9 * MIB))?;
    assert_eq!(refused(&output)?, [("writes", 24), ("writes that are submitted", 0)], "1 MiB each of 9 MiB");
    run("map::ranges_out_of_bounds_are_rejected", Quotas::new().with(Quota::MappedMemory, 8 * MIB))?;
    let (output, _) = run("quota::mapped_memory_is_bounded", Quotas::new().with(Quota::MappedMemory, 8 * MIB))?;
    let expected = [("mapped buffers", 24), ("buffers after the first were unmapped", 0)];
    assert_eq!(refused(&output)?, expected, "1 MiB each of 8 MiB");
    Ok(())
}

#[test]
fn objects_of_each_kind_are_bounded() -> Result<(), String> {
    let kinds = [
        Quota::Buffers,
        Quota::Textures,
        Quota::TextureViews,
        Quota::Samplers,
        Quota::BindGroups,
        Quota::Layouts,
        Quota::Pipelines,
        Quota::ShaderModules,
        Quota::QuerySets,
        Quota::RenderBundles,
    ];
    let quotas = kinds.iter().fold(Quotas::new(), |quotas, kind| quotas.with(*kind, 12));
    let (output, usage) = run("quota::objects_are_bounded", quotas)?;
    let refused = refused(&output)?;
    assert_eq!(refused.len(), 11, "kinds of objects: {output}");
    for (what, refused) in refused {
        // Of some kinds the program has one or two besides.
        assert!((20..=22).contains(&refused), "{what}: {refused} of 32 were refused, where 12 may be had");
    }
    for kind in kinds {
        assert!(usage.refusals(kind) >= 20, "refusals of {kind} are counted");
    }
    Ok(())
}

#[test]
fn what_is_recorded_is_bounded() -> Result<(), String> {
    let (output, _) = run("quota::encoders_are_bounded", Quotas::new().with(Quota::CommandEncoders, 10))?;
    assert!(output.contains("Unknown") && output.contains("command-encoders"), "why the device is lost: {output}");
    let (output, _) = run("quota::commands_are_bounded", Quotas::new().with(Quota::Commands, 5_000))?;
    assert!(output.contains("quota commands"), "why the recording fails: {output}");
    let (output, _) = run("quota::shaders_are_bounded", Quotas::new().with(Quota::ShaderBytes, 1_050_000))?;
    assert_eq!(refused(&output)?, [("shaders of 100 kB", 22)], "within 1.05 MB");
    Ok(())
}

#[test]
fn memory_of_the_host_is_bounded() -> Result<(), String> {
    let (output, _) = run("quota::shaders_are_bounded", Quotas::new().with(Quota::HostMemory, 30_000_000))?;
    let refused = refused(&output)?;
    assert!(refused.iter().all(|(_, refused)| (16..32).contains(refused)), "of 2 MB each within 30 MB: {refused:?}");
    Ok(())
}

#[test]
fn time_is_bounded() -> Result<(), String> {
    for (quota, max) in [(Quota::SubmissionTime, 500), (Quota::GpuTime, 700)] {
        let (output, usage) = run("quota::time_is_bounded", Quotas::new().with(quota, max))?;
        let lines: Vec<_> = output.lines().collect();
        let [lost, another] = lines.as_slice() else { return Err(format!("expected two lines, got {output:?}")) };
        assert!(lost.contains("Unknown") && lost.contains(quota.name()), "why the device is lost: {lost}");
        assert!(another.contains(quota.name()), "a store whose time is over gets no other device: {another}");
        assert!(usage.refusals(quota) > 0, "that the time is over is counted");
        assert!(futures::executor::block_on(usage.expired()).contains(quota.name()), "the embedder is told");
    }
    Ok(())
}
