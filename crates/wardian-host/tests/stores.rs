//! What becomes of a store: all that it had is released, nobody waits for its GPU, and it holds up no other store.
//!
//! Set `WARDIAN_GUESTS` to the folder of built guests; `cargo xtask test` does that.

use std::thread;
use std::time::{Duration, Instant};

use wardian_host::reexports::wgpu_types::Backends;
use wardian_host::{GpuCtx, Instance, Policy};
use wardian_test::{End, Harness};

/// Far more than the work that a program leaves running takes on a slow machine.
const RELEASE_TIME_MAX: Duration = Duration::from_secs(120);

/// What is alive of each kind that has any.
type Alive = Vec<(&'static str, usize)>;

/// Runs a program in a store of its own; what is alive right after the store was dropped.
fn left_by(program: &str) -> Result<(Instance, Alive), String> {
    let instance = Instance::new(Backends::PRIMARY).map_err(|error| format!("{error:#}"))?;
    let gpu = GpuCtx::builder().instance(instance.clone()).build();
    Harness::shared()?.run_with(program, gpu).check()?;
    let alive = instance.live_objects().map_err(|error| format!("{error:#}"))?;
    Ok((instance, alive))
}

/// Waits until nothing of an instance is alive.
fn check_released(program: &str, instance: &Instance) -> Result<(), String> {
    let start = Instant::now();
    loop {
        let alive = instance.live_objects().map_err(|error| format!("{error:#}"))?;
        if alive.is_empty() {
            return Ok(());
        }
        if start.elapsed() > RELEASE_TIME_MAX {
            return Err(format!("{program}: expected everything to be released, but there are still {alive:?}"));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn everything_is_released_with_the_store() -> Result<(), String> {
    let programs = [
        "hostile::everything_is_left_alive",
        "hostile::many_objects_are_dropped",
        "hostile::many_maps_are_dropped",
        "hostile::many_devices_are_made",
        "hostile::every_call_on_invalid_objects",
        "hostile::streams_and_futures_are_dropped",
        "device::destroy_resolves_lost",
    ];
    for program in programs {
        let (instance, _) = left_by(program)?;
        check_released(program, &instance)?;
    }
    Ok(())
}

#[test]
fn dropping_a_store_waits_for_no_gpu() -> Result<(), String> {
    let program = "hostile::work_is_left_running";
    let (instance, alive) = left_by(program)?;
    // The store is gone while its work goes on: its thread still has the device, and nothing else is left.
    assert_eq!(alive, [("devices", 1), ("queues", 1)], "what is alive right after the drop");
    check_released(program, &instance)
}

#[test]
fn a_store_is_not_held_up_by_anothers_work() -> Result<(), String> {
    let (busy, _) = left_by("hostile::work_is_left_running")?;
    let outcome = Harness::shared()?.run_with("map::write_map_shows_the_contents", GpuCtx::builder().build());
    outcome.check()?;
    let alive = busy.live_objects().map_err(|error| format!("{error:#}"))?;
    assert!(!alive.is_empty(), "the other store's work was to go on meanwhile, but it is done");
    check_released("hostile::work_is_left_running", &busy)
}

#[test]
fn programs_without_shaders_run_without_a_driver() -> Result<(), String> {
    let harness = Harness::shared()?;
    let themes = ["dictionary::", "labels::", "errors::"];
    let programs = harness.programs()?;
    let chosen: Vec<_> = programs.iter().filter(|name| themes.iter().any(|theme| name.starts_with(theme))).collect();
    assert!(chosen.len() > 10, "expected more than 10 programs, got {chosen:?}");
    for program in chosen {
        let gpu = GpuCtx::builder().policy(Policy::new().backends(Backends::NOOP)).build();
        let outcome = harness.run_with(program, gpu);
        assert_ne!(outcome.end, End::TimedOut, "{program}");
        outcome.check().map_err(|error| format!("{program}: {error}"))?;
    }
    Ok(())
}

#[test]
fn a_policy_decides_what_there_is() -> Result<(), String> {
    let harness = Harness::shared()?;
    let none = GpuCtx::builder().policy(Policy::new().adapters(|_| false)).build();
    let outcome = harness.run_with("adapter::default_request_finds_an_adapter", none);
    assert_eq!(outcome.end, End::Failed, "a request under a policy that accepts no adapter: {outcome}");
    let low = GpuCtx::builder()
        .policy(Policy::new().limit_max("maxBufferSize", 0).map_err(|error| error.to_string())?)
        .build();
    harness.run_with("adapter::limits_are_at_least_the_defaults", low).check()
}

#[test]
fn a_policy_knows_its_names() {
    let feature = Policy::new().deny_feature("shader-f61").expect_err("no such feature").to_string();
    assert!(feature.contains("shader-f61") && feature.contains("shader-f16"), "names what there is: {feature}");
    assert!(Policy::new().deny_feature("core-features-and-limits").is_err(), "every device has this one");
    let limit = Policy::new().limit_max("max-buffer-size", 1).expect_err("no such limit").to_string();
    assert!(limit.contains("max-buffer-size") && limit.contains("maxBufferSize"), "names what there is: {limit}");
}
