//! Shader modules, what the compiler says, and language extensions.

use std::error::Error;

use wardian_guest::webgpu::*;
use wardian_guest::{DeviceOptions, describe};

use crate::Outcome;
use crate::support::Gpu;

programs! { "shader":
    valid_module_has_no_errors,
    error_is_one_validation_error,
    error_has_its_position,
    position_counts_utf16,
    position_of_a_type_error,
    error_at_the_end_has_a_position,
    invalid_module_makes_invalid_pipelines,
    nul_is_an_error,
    empty_module_is_valid,
    unknown_diagnostic_rules_are_warned_of,
    known_diagnostic_rules_are_not,
    hints_are_accepted,
    extensions_want_their_feature,
    native_extensions_are_refused,
    subgroups_compute,
    subgroup_error_keeps_its_position,
    subgroup_functions_want_their_directive,
    half_precision_computes,
    loops_run_as_often_as_they_should,
}

async fn messages(module: &GpuShaderModule) -> Vec<GpuCompilationMessage> {
    module.get_compilation_info().await.messages()
}

/// The one error that the compiler has on this code.
async fn the_error(gpu: &Gpu, code: &str) -> Result<GpuCompilationMessage, Box<dyn Error>> {
    let (module, _) = gpu.rejected("the module", || gpu.shader(code)).await?;
    let mut errors = messages(&module).await;
    errors.retain(|message| message.type_() == GpuCompilationMessageType::Error);
    let error = errors.into_iter().next().ok_or("expected an error among the messages, got none")?;
    check!(!error.message().trim().is_empty(), "expected a message with the error, got an empty one");
    Ok(error)
}

/// (line, place in the line, offset, length) of the error on this code.
async fn position(gpu: &Gpu, code: &str) -> Result<(u64, u64, u64, u64), Box<dyn Error>> {
    let error = the_error(gpu, code).await?;
    Ok((error.line_num(), error.line_pos(), error.offset(), error.length()))
}

async fn valid_module_has_no_errors() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.accepted("a module", || gpu.shader("@compute @workgroup_size(1) fn main() {}")).await?;
    let errors = messages(&module).await.into_iter().filter(|m| m.type_() == GpuCompilationMessageType::Error).count();
    check_eq!(errors, 0, "number of errors");
    Ok(())
}

async fn error_is_one_validation_error() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    let (module, message) = gpu.rejected("a module", || gpu.shader("fn main() { wrong(); }")).await?;
    check!(gpu.device.pop_error_scope().await?.is_none(), "expected one error, got two");
    check!(message.contains("wrong"), "expected the message to name what is wrong, got: {message}");
    let info = module.get_compilation_info().await;
    check_eq!(info.messages().len(), info.messages().len(), "number of messages asked for twice");
    Ok(())
}

async fn error_has_its_position() -> Outcome {
    let gpu = Gpu::new().await?;
    let code = "fn first() {}\nfn second() {\n    let a = unknown_name;\n}\n";
    let expected = (3, 13, 40, 12);
    check_eq!(position(&gpu, code).await?, expected, "line, place, offset and length of the unknown name");
    Ok(())
}

async fn position_counts_utf16() -> Outcome {
    let gpu = Gpu::new().await?;
    // The comment's characters have 2, 3 and 4 bytes in UTF-8, and 1, 1 and 2 code units in UTF-16.
    let code = "/* \u{e9}\u{20ac}\u{1F980} */ fn f() { let a = unknown_name; }";
    let before = code.split("unknown_name").next().unwrap_or_default().encode_utf16().count();
    let before = u64::try_from(before)?;
    let expected = (1, before + 1, before, 12);
    check_eq!(position(&gpu, code).await?, expected, "line, place, offset and length in one line");
    let code = "// \u{1F980}\n/* \u{1F980} */ fn f() { let \u{e9} = unknown_\u{e9}; }";
    let before = code.split("unknown_").next().unwrap_or_default();
    let offset = u64::try_from(before.encode_utf16().count())?;
    let in_line = u64::try_from(before.lines().last().unwrap_or_default().encode_utf16().count())?;
    let expected = (2, in_line + 1, offset, 9);
    check_eq!(position(&gpu, code).await?, expected, "line, place, offset and length in the second line");
    Ok(())
}

async fn position_of_a_type_error() -> Outcome {
    let gpu = Gpu::new().await?;
    let code = "fn f() -> u32 {\n  return 1.5f;\n}";
    let (line, place, offset, _) = position(&gpu, code).await?;
    check!(line >= 1 && place >= 1, "expected a type error to have a position, got line {line}, place {place}");
    let units = u64::try_from(code.len())?;
    check!(offset < units, "expected an offset inside the code, got {offset} of {units}");
    Ok(())
}

async fn error_at_the_end_has_a_position() -> Outcome {
    let gpu = Gpu::new().await?;
    for code in ["fn f() {", "fn", "@", "fn f() {\n", "/*", "\u{1F980}", "const"] {
        let (line, place, offset, length) = position(&gpu, code).await?;
        let units = u64::try_from(code.encode_utf16().count())?;
        check!(offset + length <= units, "{code:?}: {length} units at {offset} reach beyond the {units} of the code");
        check!((line == 0) == (place == 0), "{code:?}: line {line} and place {place} must be known together");
    }
    Ok(())
}

async fn invalid_module_makes_invalid_pipelines() -> Outcome {
    let gpu = Gpu::new().await?;
    let (module, _) = gpu.rejected("the module", || gpu.shader("fn")).await?;
    let make = || gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    let (pipeline, _) = gpu.rejected("a pipeline of it", make).await?;
    gpu.rejected("the layout of that", || pipeline.get_bind_group_layout(0)).await?;
    gpu.rejected_by_finish("a pass with that", |encoder| {
        let pass = encoder.begin_compute_pass(None);
        pass.set_pipeline(&pipeline);
        pass.end();
    })
    .await?;
    Ok(())
}

async fn nul_is_an_error() -> Outcome {
    let gpu = Gpu::new().await?;
    for code in ["\0", "// comment \0\nfn f() {}", "fn f() {}\0"] {
        gpu.rejected(&format!("{code:?}"), || gpu.shader(code)).await?;
    }
    Ok(())
}

async fn empty_module_is_valid() -> Outcome {
    let gpu = Gpu::new().await?;
    for code in ["", " \n\t", "// nothing\n", "/* /* nested */ */", "\u{feff}"] {
        if code != "\u{feff}" {
            gpu.accepted(&format!("{code:?}"), || gpu.shader(code)).await?;
        }
    }
    let module = gpu.shader("");
    let make = || gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    gpu.rejected("a pipeline without an entry point", make).await?;
    Ok(())
}

async fn unknown_diagnostic_rules_are_warned_of() -> Outcome {
    let gpu = Gpu::new().await?;
    let main = "@compute @workgroup_size(1) fn main() {}";
    let code = format!("// 🦀\n/* é */ diagnostic(off, no_such_rule);\n{main}");
    let module = gpu.accepted("a module with an unknown rule", || gpu.shader(&code)).await?;
    let warnings = messages(&module).await;
    let [warning] = warnings.as_slice() else {
        return Err(format!("expected one message, got {}", warnings.len()).into());
    };
    check_matches!(warning.type_(), GpuCompilationMessageType::Warning, "type of the message");
    let text = warning.message();
    check!(text.contains("no_such_rule"), "expected the warning to name the rule, got: {text}");
    let place = (warning.line_num(), warning.line_pos(), warning.offset(), warning.length());
    // In UTF-16 the crab has two units, and the accent one.
    check_eq!(place, (2, 25, 30, 12), "line, place, offset and length of the warning");
    let make = || gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    gpu.accepted("a pipeline of it", make).await?;
    let code = format!("@diagnostic(warning, no_such_rule) {main}");
    let module = gpu.accepted("an unknown rule on a function", || gpu.shader(&code)).await?;
    check_eq!(messages(&module).await.len(), 1, "number of messages on a function");
    // A warning stays where an error is.
    let code = "diagnostic(off, no_such_rule); fn f() { let a = unknown_name; }";
    let (module, _) = gpu.rejected("an unknown rule and an error", || gpu.shader(code)).await?;
    let kinds = messages(&module).await;
    let count = |kind| kinds.iter().filter(|message| message.type_() == kind).count();
    let (errors, warnings) = (count(GpuCompilationMessageType::Error), count(GpuCompilationMessageType::Warning));
    check_eq!((errors, warnings), (1, 1), "errors and warnings");
    Ok(())
}

async fn known_diagnostic_rules_are_not() -> Outcome {
    let gpu = Gpu::new().await?;
    let code = "diagnostic(off, derivative_uniformity);
        @fragment fn f(@location(0) x: f32) -> @location(0) vec4f {
            if x > 0.5 { return vec4f(dpdx(x)); }
            return vec4f();
        }";
    let module = gpu.accepted("a module with a known rule", || gpu.shader(code)).await?;
    check_eq!(messages(&module).await.len(), 0, "number of messages");
    // What they are about is told as they say, by the innermost of them.
    let code = code.replace("if x", "@diagnostic(warning, derivative_uniformity) if x");
    let module = gpu.accepted("a module with a warning", || gpu.shader(&code)).await?;
    let told = messages(&module).await;
    let [warning] = told.as_slice() else {
        return Err(format!("expected one message, got {}", told.len()).into());
    };
    check_matches!(warning.type_(), GpuCompilationMessageType::Warning, "type of the message");
    check!(warning.message().contains("uniform"), "expected why, got: {}", warning.message());
    let code = code.replace("warning", "error");
    let error = the_error(&gpu, &code).await?;
    check_eq!(error.line_num(), 3, "the line of the error");
    // The rules of other tools are none of ours.
    let code = "diagnostic(off, tool.rule); fn f() {}";
    let module = gpu.accepted("a module with another tool's rule", || gpu.shader(code)).await?;
    check_eq!(messages(&module).await.len(), 0, "number of messages");
    gpu.rejected("an unknown severity", || gpu.shader("diagnostic(loud, derivative_uniformity); fn f() {}")).await?;
    Ok(())
}

async fn hints_are_accepted() -> Outcome {
    let gpu = Gpu::new().await?;
    let layout = gpu.device.create_pipeline_layout(&describe::pipeline_layout(&[]));
    let hint =
        |entry_point: &str, layout| GpuShaderModuleCompilationHint { entry_point: entry_point.to_owned(), layout };
    let hints = vec![
        hint("main", Some(GpuLayoutMode::Auto)),
        hint("main", Some(GpuLayoutMode::Specific(&layout))),
        hint("nowhere", None),
    ];
    let descriptor = GpuShaderModuleDescriptor {
        compilation_hints: Some(hints),
        ..describe::shader("@compute @workgroup_size(1) fn main() {}")
    };
    gpu.accepted("a module with hints", || gpu.device.create_shader_module(&descriptor)).await?;
    Ok(())
}

const EXTENSIONS: &[(&str, GpuFeatureName)] = &[
    ("f16", GpuFeatureName::ShaderF16),
    ("clip_distances", GpuFeatureName::ClipDistances),
    ("dual_source_blending", GpuFeatureName::DualSourceBlending),
    ("subgroups", GpuFeatureName::Subgroups),
    ("primitive_index", GpuFeatureName::PrimitiveIndex),
];

async fn extensions_want_their_feature() -> Outcome {
    let (plain, full) = (Gpu::new().await?, Gpu::with_all_features().await?);
    for (extension, feature) in EXTENSIONS {
        let code = format!("enable {extension};\n@compute @workgroup_size(1) fn main() {{}}");
        plain.rejected(&format!("`enable {extension}` without the feature"), || plain.shader(&code)).await?;
        if full.has(*feature) {
            full.accepted(&format!("`enable {extension}` with the feature"), || full.shader(&code)).await?;
        }
    }
    Ok(())
}

async fn native_extensions_are_refused() -> Outcome {
    let gpu = Gpu::with_all_features().await?;
    let names = ["wgpu_ray_query", "wgpu_mesh_shader", "wgpu_cooperative_matrix", "wgpu_binding_array", "nonsense"];
    for name in names {
        let code = format!("enable {name};\n@compute @workgroup_size(1) fn main() {{}}");
        gpu.rejected(&format!("`enable {name}`"), || gpu.shader(&code)).await?;
    }
    for declaration in ["@group(0) @binding(0) var t: acceleration_structure;", "var<push_constant> p: u32;"] {
        gpu.rejected(declaration, || gpu.shader(declaration)).await?;
    }
    Ok(())
}

/// Runs a compute shader whose `out` is a storage buffer of words at binding 0.
async fn run(gpu: &Gpu, code: &str, words: usize) -> Result<Vec<u32>, Box<dyn Error>> {
    let module = gpu.accepted("the module", || gpu.shader(code)).await?;
    let make = || gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    let pipeline = gpu.accepted("the pipeline", make).await?;
    let out = gpu.buffer_of(&vec![0; words], GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC)?;
    let layout = pipeline.get_bind_group_layout(0);
    let group = describe::bind_group(&layout, vec![describe::buffer_binding(0, &out)]);
    let group = gpu.device.create_bind_group(&group);
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, Some(&group), None, None, None)?;
    pass.dispatch_workgroups(1, None, None);
    pass.end();
    gpu.accepted("the dispatch", || gpu.submit(&encoder)).await?;
    gpu.words_of(&out).await
}

async fn subgroups_compute() -> Outcome {
    let gpu = Gpu::with(DeviceOptions::new().wish(GpuFeatureName::Subgroups)).await?;
    if !gpu.has(GpuFeatureName::Subgroups) {
        skip!("the adapter has no subgroups");
    }
    let code = "enable subgroups;
        @group(0) @binding(0) var<storage, read_write> out: array<u32>;
        @compute @workgroup_size(64)
        fn main(@builtin(local_invocation_index) i: u32, @builtin(subgroup_size) size: u32) {
            out[i] = subgroupAdd(1u);
            out[64 + i] = size;
        }";
    let words = run(&gpu, code, 128).await?;
    let (sums, sizes) = words.split_at(64);
    check_eq!(sums, sizes, "sum of ones over each subgroup, against the subgroups' sizes");
    let info = gpu.adapter.info();
    let range = info.subgroup_min_size()..=info.subgroup_max_size();
    check!(sizes.iter().all(|size| range.contains(size)), "expected sizes in {range:?}, got {sizes:?}");
    Ok(())
}

async fn subgroup_error_keeps_its_position() -> Outcome {
    let gpu = Gpu::with(DeviceOptions::new().wish(GpuFeatureName::Subgroups)).await?;
    if !gpu.has(GpuFeatureName::Subgroups) {
        skip!("the adapter has no subgroups");
    }
    let code = "enable subgroups; fn f() { let a = unknown_name; }";
    check_eq!(position(&gpu, code).await?, (1, 36, 35, 12), "line, place, offset and length behind the directive");
    let code = "enable f16, subgroups; fn f() { let a = unknown_name; }";
    gpu.rejected("f16 beside subgroups, without the feature", || gpu.shader(code)).await?;
    Ok(())
}

async fn subgroup_functions_want_their_directive() -> Outcome {
    let code = "@compute @workgroup_size(4) fn main() { _ = subgroupAdd(1u); }";
    let gpu = Gpu::new().await?;
    gpu.rejected("subgroupAdd without the feature", || gpu.shader(code)).await?;
    let gpu = Gpu::with(DeviceOptions::new().wish(GpuFeatureName::Subgroups)).await?;
    gpu.rejected("subgroupAdd without the directive", || gpu.shader(code)).await?;
    let builtin = "@compute @workgroup_size(4) fn main(@builtin(subgroup_size) s: u32) {}";
    gpu.rejected("subgroup_size without the directive", || gpu.shader(builtin)).await?;
    // A function or variable of that name is the shader's own business.
    let own = "fn subgroup_sum() -> u32 { return 1; } @compute @workgroup_size(1) fn main() { _ = subgroup_sum(); }";
    gpu.accepted("a function of a similar name", || gpu.shader(own)).await?;
    Ok(())
}

async fn half_precision_computes() -> Outcome {
    let gpu = Gpu::with(DeviceOptions::new().wish(GpuFeatureName::ShaderF16)).await?;
    if !gpu.has(GpuFeatureName::ShaderF16) {
        skip!("the adapter has no shader-f16");
    }
    let code = "enable f16;
        @group(0) @binding(0) var<storage, read_write> out: array<vec2h>;
        @compute @workgroup_size(1)
        fn main() { let x = f16(out[0].x) + 1.5h; out[0] = vec2h(x, x * 2.0h); out[1] = vec2h(-x, 65504.0h); }";
    let words = run(&gpu, code, 2).await?;
    check_eq!(words, [0x4200_3e00, 0x7bff_be00], "1.5 and 3.0, -1.5 and the largest half");
    Ok(())
}

/// Also those whose number leaps over the end of all numbers and goes on from the other end.
async fn loops_run_as_often_as_they_should() -> Outcome {
    let code = "@group(0) @binding(0) var<storage, read_write> out: array<u32>;
        @compute @workgroup_size(1) fn main() {
            // Numbers that no compiler knows.
            let zero = out[11];
            let top = zero - 1u;
            var n = array<u32, 12>();
            for (var i = top - 100u; i < top; i += 64u) { n[0]++; if n[0] == 10u { break; } }
            for (var i = 0; i <= i32(top >> 1u); i += 1 << 30) { n[1]++; if n[1] == 9u { break; } }
            for (var i = zero; i < 5u + zero; i *= 2u) { n[2]++; if n[2] == 7u { break; } }
            for (var i = 1u + zero; i < 1000u + zero; i *= 3u) { n[3]++; }
            for (var i = 100u + zero; i >= 10u + zero; i -= 7u) { n[4]++; }
            for (var i = 0u; i < 3u + zero; i += zero) { n[5]++; if n[5] == 11u { break; } }
            for (var i = 200u + zero; i > zero; i /= 2u) { n[6]++; }
            var odd = 0u;
            while (odd < 10u + zero) { odd++; if odd % 2u == 0u { continue; } n[7]++; }
            for (var i = 0u; i < 4u + zero; i++) { for (var j = 0u; j < i; j += 2u) { n[8]++; } }
            for (var i = i32(zero) - 5; i != 5; i++) { n[9]++; }
            for (var i = 3u; i >= zero; i--) { n[10]++; if n[10] == 6u { break; } }
            loop { n[11]++; if n[11] * n[11] > 50u + zero { break; } }
            for (var i = 0u; i < 12u; i++) { out[i] = n[i]; }
        }";
    let gpu = Gpu::new().await?;
    let rounds = run(&gpu, code, 12).await?;
    check_eq!(rounds, [10, 9, 7, 7, 13, 11, 8, 5, 4, 10, 6, 8], "rounds of each loop");
    Ok(())
}
