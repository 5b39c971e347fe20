//! Finding an adapter, and what it and its device say about themselves.

use std::error::Error;

use wardian_guest::webgpu::*;
use wardian_guest::{DeviceOptions, FEATURES, LIMITS, Limit, describe, feature_name};

use crate::Outcome;
use crate::support::{Gpu, failed};

programs! { "adapter":
    default_request_finds_an_adapter,
    unknown_feature_level_finds_none,
    core_and_compatibility_levels_find_one,
    forced_fallback_is_software,
    power_preferences_find_one,
    preferred_canvas_format_is_one_of_two,
    language_features_are_what_the_compiler_takes,
    info_is_in_identifiers,
    device_tells_its_adapters_info,
    features_know_their_names_only,
    limits_are_at_least_the_defaults,
    device_has_default_limits,
    device_has_the_limits_asked_for,
    each_limit_can_be_had_at_its_best,
    limit_worse_than_default_is_the_default,
    limit_of_none_is_ignored,
    unknown_limit_is_rejected,
    limit_better_than_the_adapters_is_rejected,
    limit_beyond_32_bits_is_rejected,
    alignment_not_a_power_of_two_is_rejected,
    missing_feature_is_rejected,
    device_has_the_features_asked_for,
    sliced_3d_brings_the_format,
    rejected_request_leaves_the_adapter,
    adapter_gives_one_device,
    adapter_of_a_lost_device_gives_lost_devices,
    queue_label_comes_from_the_descriptor,
}

async fn request(options: GpuRequestAdapterOptions) -> Option<GpuAdapter> {
    get_gpu().request_adapter(Some(options)).await
}

async fn adapter() -> Result<GpuAdapter, Box<dyn Error>> {
    Ok(get_gpu().request_adapter(None).await.ok_or("expected an adapter for a request without options, got none")?)
}

fn with_limit(name: &str, value: Option<u64>) -> GpuDeviceDescriptor {
    let limits = RecordOptionGpuSize64::new();
    limits.add(name, value);
    GpuDeviceDescriptor { required_limits: Some(limits), ..describe::device() }
}

fn is_better(limit: &Limit, value: u64, than: u64) -> bool {
    if limit.is_alignment() { value < than } else { value > than }
}

async fn default_request_finds_an_adapter() -> Outcome {
    adapter().await?;
    check!(request(describe::adapter()).await.is_some(), "expected an adapter for empty options, got none");
    Ok(())
}

async fn unknown_feature_level_finds_none() -> Outcome {
    for level in ["", "Core", "core ", "experimental", "\0"] {
        let options = GpuRequestAdapterOptions { feature_level: Some(level.to_owned()), ..describe::adapter() };
        check!(request(options).await.is_none(), "feature level {level:?}: expected no adapter, got one");
    }
    Ok(())
}

async fn core_and_compatibility_levels_find_one() -> Outcome {
    for level in ["core", "compatibility"] {
        let options = GpuRequestAdapterOptions { feature_level: Some(level.to_owned()), ..describe::adapter() };
        let adapter =
            request(options).await.ok_or_else(|| format!("level {level:?}: expected an adapter, got none"))?;
        let core = adapter.features().has("core-features-and-limits");
        check!(core, "level {level:?}: expected the feature core-features-and-limits");
    }
    Ok(())
}

async fn forced_fallback_is_software() -> Outcome {
    let options = GpuRequestAdapterOptions { force_fallback_adapter: Some(true), ..describe::adapter() };
    let Some(adapter) = request(options).await else { skip!("there is no software adapter") };
    check!(adapter.info().is_fallback_adapter(), "a forced fallback adapter should say that it is one");
    Ok(())
}

async fn power_preferences_find_one() -> Outcome {
    for preference in [GpuPowerPreference::LowPower, GpuPowerPreference::HighPerformance] {
        let options = GpuRequestAdapterOptions {
            power_preference: Some(preference),
            xr_compatible: Some(true),
            ..describe::adapter()
        };
        check!(request(options).await.is_some(), "{preference:?} is a hint: expected an adapter, got none");
    }
    Ok(())
}

async fn preferred_canvas_format_is_one_of_two() -> Outcome {
    let format = get_gpu().get_preferred_canvas_format();
    let known = [GpuTextureFormat::Bgra8unorm, GpuTextureFormat::Rgba8unorm];
    check!(known.contains(&format), "preferred canvas format: expected one of {known:?}, got {format:?}");
    Ok(())
}

async fn language_features_are_what_the_compiler_takes() -> Outcome {
    let features = get_gpu().wgsl_language_features();
    for nonsense in ["", "nonsense", "f16", "Packed_4x8_integer_dot_product", "subgroups"] {
        check!(!features.has(nonsense), "{nonsense:?} is not a language feature, but `has` says so");
    }
    let gpu = Gpu::new().await?;
    let known = [
        "readonly_and_readwrite_storage_textures",
        "packed_4x8_integer_dot_product",
        "unrestricted_pointer_parameters",
        "pointer_composite_access",
    ];
    for name in known {
        let code = format!("requires {name};\n@compute @workgroup_size(1) fn main() {{}}");
        if features.has(name) {
            gpu.accepted(&format!("`requires {name}`"), || gpu.shader(&code)).await?;
        } else {
            gpu.rejected(&format!("`requires {name}` without the feature"), || gpu.shader(&code)).await?;
        }
    }
    Ok(())
}

fn check_info(info: &GpuAdapterInfo) -> Outcome {
    for (what, text) in [("vendor", info.vendor()), ("architecture", info.architecture()), ("device", info.device())] {
        let good = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let identifier = text.is_empty() || text.split('-').all(good);
        check!(identifier, "{what}: expected an identifier such as `gen-12lp` or nothing, got {text:?}");
    }
    let (least, most) = (info.subgroup_min_size(), info.subgroup_max_size());
    check!(least.is_power_of_two() && (4..=128).contains(&least), "subgroup-min-size: expected 4 to 128, got {least}");
    check!(most.is_power_of_two() && (4..=128).contains(&most), "subgroup-max-size: expected 4 to 128, got {most}");
    check!(least <= most, "expected the least subgroup size ({least}) to be at most the greatest ({most})");
    Ok(())
}

async fn info_is_in_identifiers() -> Outcome {
    let info = adapter().await?.info();
    println!("{} ({})", info.description(), if info.is_fallback_adapter() { "software" } else { "hardware" });
    check_info(&info)
}

async fn device_tells_its_adapters_info() -> Outcome {
    let gpu = Gpu::new().await?;
    let (of_adapter, of_device) = (gpu.adapter.info(), gpu.device.adapter_info());
    check_eq!(of_device.vendor(), of_adapter.vendor(), "vendor");
    check_eq!(of_device.architecture(), of_adapter.architecture(), "architecture");
    check_eq!(of_device.device(), of_adapter.device(), "device");
    check_eq!(of_device.description(), of_adapter.description(), "description");
    check_eq!(of_device.subgroup_min_size(), of_adapter.subgroup_min_size(), "subgroup-min-size");
    check_eq!(of_device.subgroup_max_size(), of_adapter.subgroup_max_size(), "subgroup-max-size");
    check_eq!(of_device.is_fallback_adapter(), of_adapter.is_fallback_adapter(), "is-fallback-adapter");
    check_info(&of_device)
}

async fn features_know_their_names_only() -> Outcome {
    let features = adapter().await?.features();
    check!(features.has("core-features-and-limits"), "expected every adapter to have core-features-and-limits");
    for nonsense in ["", "nonsense", "Subgroups", "texture-compression-bc-sliced3d", "immediates", "\u{1F980}"] {
        check!(!features.has(nonsense), "{nonsense:?} is not a feature's name, but `has` says so");
    }
    Ok(())
}

async fn limits_are_at_least_the_defaults() -> Outcome {
    let limits = adapter().await?.limits();
    for limit in LIMITS {
        let value = (limit.of)(&limits);
        // Hardware without immediates has none of them, which the WIT says.
        let absent = limit.name == "maxImmediateSize" && value == 0;
        check!(absent || !is_better(limit, limit.default, value), "{limit:?}: the adapter has only {value}");
        check!(!limit.is_alignment() || value.is_power_of_two(), "{limit:?}: expected a power of two, got {value}");
    }
    Ok(())
}

async fn device_has_default_limits() -> Outcome {
    let gpu = Gpu::new().await?;
    let (limits, offered) = (gpu.device.limits(), gpu.adapter.limits());
    for limit in LIMITS {
        let expected = if (limit.of)(&offered) == 0 { 0 } else { limit.default };
        check_eq!((limit.of)(&limits), expected, "{} of a device that asked for nothing", limit.name);
    }
    Ok(())
}

async fn device_has_the_limits_asked_for() -> Outcome {
    let gpu = Gpu::with(DeviceOptions::new().best_limits()).await?;
    let (limits, offered) = (gpu.device.limits(), gpu.adapter.limits());
    for limit in LIMITS {
        check_eq!((limit.of)(&limits), (limit.of)(&offered), "{} of a device that asked for the best", limit.name);
    }
    Ok(())
}

async fn each_limit_can_be_had_at_its_best() -> Outcome {
    for limit in LIMITS {
        let adapter = adapter().await?;
        let best = (limit.of)(&adapter.limits());
        let device = adapter.request_device(Some(with_limit(limit.name, Some(best)))).await;
        let device = device.map_err(|error| format!("{limit:?} at the adapter's {best}: {error}"))?;
        check_eq!((limit.of)(&device.limits()), best, "{} asked for alone", limit.name);
    }
    Ok(())
}

async fn limit_worse_than_default_is_the_default() -> Outcome {
    for limit in LIMITS.iter().filter(|limit| limit.name != "maxImmediateSize") {
        let worse = if limit.is_alignment() { limit.default * 2 } else { limit.default - 1 };
        let device = adapter().await?.request_device(Some(with_limit(limit.name, Some(worse)))).await?;
        check_eq!((limit.of)(&device.limits()), limit.default, "{} asked for at {worse}", limit.name);
    }
    Ok(())
}

async fn limit_of_none_is_ignored() -> Outcome {
    let device = adapter().await?.request_device(Some(with_limit("maxBufferSize", None))).await?;
    check_eq!(device.limits().max_buffer_size(), 1 << 28, "maxBufferSize asked for with none");
    Ok(())
}

async fn check_operation_error(name: &str, value: u64) -> Outcome {
    let outcome = adapter().await?.request_device(Some(with_limit(name, Some(value)))).await;
    let error = failed(outcome, &format!("a device with {name} of {value}"))?;
    check_matches!(error.kind, RequestDeviceErrorKind::OperationError, "kind for {name} of {value}");
    check!(error.message.contains(name), "expected the message to name {name:?}, got {:?}", error.message);
    Ok(())
}

async fn unknown_limit_is_rejected() -> Outcome {
    for name in ["maxSalads", "max-buffer-size", "MaxBufferSize", "maxInterStageShaderComponents"] {
        check_operation_error(name, 1).await?;
    }
    let outcome = adapter().await?.request_device(Some(with_limit("", Some(1)))).await;
    let error = failed(outcome, "a device with a limit without a name")?;
    check_matches!(error.kind, RequestDeviceErrorKind::OperationError, "kind for a limit without a name");
    // An entry without a value asks for nothing.
    adapter().await?.request_device(Some(with_limit("maxSalads", None))).await?;
    Ok(())
}

async fn limit_better_than_the_adapters_is_rejected() -> Outcome {
    let offered = adapter().await?.limits();
    for limit in LIMITS {
        let best = (limit.of)(&offered);
        if !limit.is_alignment() && best < u64::from(u32::MAX) {
            check_operation_error(limit.name, best + 1).await?;
        } else if limit.is_alignment() && best > 1 {
            check_operation_error(limit.name, best / 2).await?;
        }
    }
    Ok(())
}

async fn limit_beyond_32_bits_is_rejected() -> Outcome {
    for name in ["maxBindGroups", "maxTextureDimension2D", "maxBufferSize", "minUniformBufferOffsetAlignment"] {
        check_operation_error(name, u64::MAX).await?;
    }
    check_operation_error("maxBindGroups", (1 << 32) + 4).await?;
    check_operation_error("minStorageBufferOffsetAlignment", 1 << 32).await
}

async fn alignment_not_a_power_of_two_is_rejected() -> Outcome {
    for value in [0, 3, 257, 384] {
        check_operation_error("minUniformBufferOffsetAlignment", value).await?;
        check_operation_error("minStorageBufferOffsetAlignment", value).await?;
    }
    Ok(())
}

async fn missing_feature_is_rejected() -> Outcome {
    let offered = adapter().await?.features();
    let mut missing = FEATURES.iter().filter(|feature| !offered.has(feature_name(**feature))).peekable();
    if missing.peek().is_none() {
        skip!("the adapter has every feature");
    }
    for feature in missing {
        let name = feature_name(*feature);
        let descriptor = GpuDeviceDescriptor { required_features: Some(vec![*feature]), ..describe::device() };
        let error = failed(adapter().await?.request_device(Some(descriptor)).await, &format!("a device with {name}"))?;
        check_matches!(error.kind, RequestDeviceErrorKind::TypeError, "kind for the missing feature {name}");
        check!(error.message.contains(name), "expected the message to name {name}, got {:?}", error.message);
    }
    Ok(())
}

async fn device_has_the_features_asked_for() -> Outcome {
    let plain = Gpu::new().await?.device.features();
    check!(plain.has("core-features-and-limits"), "expected every device to have core-features-and-limits");
    for feature in FEATURES.iter().filter(|feature| **feature != GpuFeatureName::CoreFeaturesAndLimits) {
        let name = feature_name(*feature);
        check!(!plain.has(name), "a device that asked for nothing has {name}");
        let adapter = adapter().await?;
        if adapter.features().has(name) {
            // Asking twice is no different from asking once.
            let wanted = vec![*feature, GpuFeatureName::CoreFeaturesAndLimits, *feature];
            let descriptor = GpuDeviceDescriptor { required_features: Some(wanted), ..describe::device() };
            let features = adapter.request_device(Some(descriptor)).await?.features();
            check!(features.has(name), "a device that asked for {name} lacks it");
            check!(features.has("core-features-and-limits"), "a device with {name} lacks core-features-and-limits");
        }
    }
    Ok(())
}

async fn sliced_3d_brings_the_format() -> Outcome {
    let pairs = [
        (GpuFeatureName::TextureCompressionBcSliced3d, "texture-compression-bc"),
        (GpuFeatureName::TextureCompressionAstcSliced3d, "texture-compression-astc"),
    ];
    let mut tried = 0;
    for (feature, implied) in pairs {
        let adapter = adapter().await?;
        if adapter.features().has(feature_name(feature)) {
            let descriptor = GpuDeviceDescriptor { required_features: Some(vec![feature]), ..describe::device() };
            let device = adapter.request_device(Some(descriptor)).await?;
            check!(device.features().has(implied), "expected {feature:?} to bring {implied}");
            tried += 1;
        }
    }
    if tried == 0 {
        skip!("the adapter has no compressed 3D textures");
    }
    Ok(())
}

async fn rejected_request_leaves_the_adapter() -> Outcome {
    let adapter = adapter().await?;
    failed(adapter.request_device(Some(with_limit("maxSalads", Some(1)))).await, "a device with a limit of salads")?;
    adapter.request_device(None).await?;
    Ok(())
}

async fn adapter_gives_one_device() -> Outcome {
    let adapter = adapter().await?;
    let device = adapter.request_device(None).await?;
    let error = failed(adapter.request_device(None).await, "a second device of one adapter")?;
    check_matches!(error.kind, RequestDeviceErrorKind::OperationError, "kind for a second device of one adapter");
    drop(device);
    let error = failed(adapter.request_device(None).await, "a third device of one adapter")?;
    check_matches!(error.kind, RequestDeviceErrorKind::OperationError, "kind for a third device of one adapter");
    check!(adapter.limits().max_bind_groups() >= 4, "a used-up adapter still tells its limits");
    Ok(())
}

async fn adapter_of_a_lost_device_gives_lost_devices() -> Outcome {
    let adapter = adapter().await?;
    let device = adapter.request_device(None).await?;
    device.destroy();
    check_matches!(device.lost().await.reason(), GpuDeviceLostReason::Destroyed, "why the first device is lost");
    for which in ["second", "third"] {
        let device = adapter.request_device(None).await?;
        let reason = device.lost().await.reason();
        check_matches!(reason, GpuDeviceLostReason::Unknown, "why the {which} device is lost");
    }
    Ok(())
}

async fn queue_label_comes_from_the_descriptor() -> Outcome {
    let descriptor = GpuDeviceDescriptor {
        default_queue: Some(GpuQueueDescriptor { label: Some("the queue".to_owned()) }),
        label: Some("the device".to_owned()),
        ..describe::device()
    };
    let device = adapter().await?.request_device(Some(descriptor)).await?;
    check_eq!(device.label(), "the device", "label of the device");
    check_eq!(device.queue().label(), "the queue", "label of the queue");
    device.queue().set_label("renamed");
    check_eq!(device.queue().label(), "renamed", "label of another handle of the queue");
    Ok(())
}
