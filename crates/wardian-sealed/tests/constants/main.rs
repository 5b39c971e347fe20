//! What the compiler in the sandbox knows of constants beyond the naga that everything else has: the values of all
//! built-in functions, and where they have none.

#[path = "../../build/naga.rs"]
#[expect(dead_code, reason = "the test is about its patch alone")]
mod naga_copy;

use std::path::PathBuf;

use naga::ShaderStage;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use wardian_sealed::{Compiled, Compiler, EXTENSIONS, Failure, Request, Stage};

/// Constant expressions that are true.
const TRUE: &[&str] = &[
    "abs(-3) == 3 && abs(-2.5) == 2.5 && all(abs(vec2(-1i, 1i)) == vec2(1i))",
    "acos(1.0) == 0.0 && asin(0.0) == 0.0 && atan(0.0) == 0.0 && atan2(0.0, 1.0) == 0.0",
    "acosh(1.0) == 0.0 && asinh(0.0) == 0.0 && atanh(0.0) == 0.0",
    "cos(0.0) == 1.0 && cosh(0.0) == 1.0 && sin(0.0) == 0.0 && sinh(0.0) == 0.0 && tan(0.0) == 0.0 && tanh(0.0) == 0.0",
    "ceil(1.2) == 2 && floor(1.8) == 1 && round(2.5) == 2.0 && round(3.5h) == 4.0h && trunc(-1.5) == -1 && fract(-1.25) == 0.75",
    "exp(0.0) == 1.0 && exp2(10.0) == 1024 && log(1.0) == 0.0 && log2(8.0f) == 3.0f && pow(2.0, 10.0) == 1024",
    "sqrt(16.0) == 4.0 && inverseSqrt(16.0f) == 0.25f && degrees(0.0) == 0.0 && radians(0.0) == 0.0",
    "min(1, 2.5) == 1.0 && max(1u, 2u) == 2u && clamp(7, 1, 5) == 5 && saturate(2.0h) == 1.0h && sign(-2.5) == -1.0",
    "fma(2.0, 3.0, 4.0) == 10.0 && step(1.0, 2.0) == 1.0 && smoothstep(0.0, 2.0, 1.0) == 0.5",
    "mix(1.0, 3.0, 0.5) == 2.0 && all(mix(vec2f(1), vec2f(3), 0.25f) == vec2f(1.5)) && all(mix(vec2h(1), vec2h(3), vec2h(0, 1)) == vec2h(1, 3))",
    "ldexp(1.5, 3) == 12.0 && ldexp(1.0f, -1) == 0.5f && ldexp(1h, 3) == 8h",
    "frexp(6.0).fract == 0.75 && frexp(6.0f).exp == 3 && all(frexp(vec2h(6, 0)).exp == vec2i(3, 0))",
    "modf(-2.25).whole == -2.0 && modf(-2.25f).fract == -0.25f && all(modf(vec2(1.5, 2.5)).fract == vec2(0.5))",
    "dot(vec3(1, 2, 3), vec3(4, 5, 6)) == 32 && dot(vec2(0.5), vec2(2.0)) == 2.0 && dot(vec2u(4294967295), vec2u(2)) == 4294967292u",
    "all(cross(vec3(1.0, 0, 0), vec3(0, 1.0, 0)) == vec3(0, 0, 1.0)) && length(vec2(3.0, 4.0)) == 5 && distance(1.0, 4.0) == 3",
    "all(normalize(vec2(0.0, 5.0)) == vec2(0.0, 1.0)) && all(faceForward(vec2f(1), vec2f(1), vec2f(-1)) == vec2f(1))",
    "all(reflect(vec2(1.0, -1.0), vec2(0.0, 1.0)) == vec2(1.0, 1.0)) && all(refract(vec2f(0, -1), vec2f(0, 1), 1f) == vec2f(0, -1))",
    "determinant(mat2x2(1.0, 2.0, 3.0, 4.0)) == -2.0 && determinant(mat4x4f(1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4)) == 24f",
    "all(transpose(mat2x3f(1, 2, 3, 4, 5, 6))[1] == vec2f(2, 5)) && all((mat2x2f(1, 2, 3, 4) * vec2f(1, 1)) == vec2f(4, 6))",
    "all((vec2(1.0, 1.0) * mat2x2(1.0, 2.0, 3.0, 4.0)) == vec2(3.0, 7.0)) && all((mat2x2(1.0, 2.0, 3.0, 4.0) + mat2x2(1.0, 1.0, 1.0, 1.0))[1] == vec2(4.0, 5.0))",
    "quantizeToF16(1.0009765625f) == 1.0009765625f && quantizeToF16(1.0001f) == 1f",
    "countOneBits(255u) == 8u && countLeadingZeros(1i) == 31i && countTrailingZeros(8u) == 3u && reverseBits(1u) == 0x80000000u",
    "firstLeadingBit(-1i) == -1i && firstLeadingBit(255u) == 7u && firstTrailingBit(8i) == 3i && firstTrailingBit(0u) == 0xffffffffu",
    "extractBits(0xf0u, 4, 4) == 15u && extractBits(-16i, 4, 28) == -1i && insertBits(0u, 7u, 4, 2) == 0x30u && insertBits(5i, -1i, 0, 32) == -1i",
    "pack4x8snorm(vec4f(1, -1, 0, 0)) == 0x817fu && pack4x8unorm(vec4f(1, 0, 0, 1)) == 0xff0000ffu && pack2x16float(vec2f(1, 0)) == 0x3c00u",
    "pack2x16snorm(vec2f(1, -1)) == 0x80017fffu && pack2x16unorm(vec2f(1, 0)) == 0xffffu && pack4xI8(vec4i(-1, 2, 3, 4)) == 0x040302ffu",
    "pack4xU8(vec4u(1, 2, 3, 260)) == 0x04030201u && pack4xI8Clamp(vec4i(200, -200, 0, 0)) == 0x807fu && pack4xU8Clamp(vec4u(300, 0, 0, 0)) == 0xffu",
    "all(unpack4x8snorm(0x817fu) == vec4f(1, -1, 0, 0)) && all(unpack4x8unorm(0xffu) == vec4f(1, 0, 0, 0)) && all(unpack2x16float(0x3c00u) == vec2f(1, 0))",
    "all(unpack2x16snorm(0x8001u) == vec2f(-1, 0)) && all(unpack2x16unorm(0xffffu) == vec2f(1, 0)) && all(unpack4xI8(0xffu) == vec4i(-1, 0, 0, 0)) && all(unpack4xU8(0xffu) == vec4u(255, 0, 0, 0))",
    "dot4I8Packed(0xffu, 2u) == -2i && dot4U8Packed(0x0102u, 0x0304u) == 11u",
    "bitcast<u32>(1f) == 0x3f800000u && bitcast<f32>(0x40000000) == 2f && bitcast<u32>(-1i) == 0xffffffffu && bitcast<u32>(vec2h(1, 0)) == 0x3c00u",
    "all(bitcast<vec2h>(0x3c00u) == vec2h(1, 0)) && all(bitcast<vec4h>(vec2u(0x3c00, 0x3c003c00)) == vec4h(1, 0, 1, 1)) && all(bitcast<vec2u>(vec4h(1, 0, 0, 0)) == vec2u(0x3c00, 0))",
    "all(select(vec4(vec2(1), 2, 3), vec4(4, vec3(5)), vec4(true, false, true, false)) == vec4(4, 1, 5, 3)) && select(1, 2.5, true) == 2.5",
    "(0 << 64) == 0 && (-1 >> 100) == -1 && (1u << 31) == 0x80000000u && (-8i >> 1) == -4i && 7 % -2 == 1 && -7.5 % 2.0 == -1.5",
    "any(vec2(false, true)) && all(vec2(1, 2) < vec2(2, 3)) && !all(vec2(1, 2) == vec2(1, 3)) && ~0 == -1 && -(i32(-2147483648)) == i32(-2147483648)",
    "f32(16777217) == 16777216f && u32(-1i) == 4294967295u && i32(2.9) == 2 && u32(-2.5f) == 0u && f16(65504.0) == 65504h && bool(0.5)",
];

/// Declarations with an error, and what the error is about.
const FALSE: &[(&str, &str, &str)] = &[
    ("const a = 1; const b = acosh(0.5);", "acosh(0.5)", "less than 1"),
    ("const a = asin(vec2(0.0, 2.0));", "asin(vec2(0.0, 2.0))", "beyond"),
    ("const a = log(0.0);", "log(0.0)", "not more than 0"),
    ("const a = sqrt(-1.0f);", "sqrt(-1.0f)", "less than 0"),
    ("const a = inverseSqrt(vec4(0.0));", "inverseSqrt(vec4(0.0))", "not more than 0"),
    ("const a = pow(-1.0, 2.0);", "pow(-1.0, 2.0)", "base"),
    ("const a = exp(1000.0);", "exp(1000.0)", "too large"),
    ("const a = fma(1e308, 10.0, 0.0);", "fma(1e308, 10.0, 0.0)", "too large"),
    ("const a = cross(vec3h(60000), vec3h(60000));", "cross(vec3h(60000), vec3h(60000))", "f16"),
    ("const a = normalize(vec2(0.0));", "normalize(vec2(0.0))", "length"),
    ("const a = clamp(1, 5, 2);", "clamp(1, 5, 2)", "low bound"),
    ("const a = smoothstep(1.0, 1.0, 0.5);", "smoothstep(1.0, 1.0, 0.5)", "edge"),
    ("const a = ldexp(1f, 129);", "ldexp(1f, 129)", "exponent"),
    ("const a = quantizeToF16(65505f);", "quantizeToF16(65505f)", "f16"),
    ("const a = extractBits(1u, 30, 3);", "extractBits(1u, 30, 3)", "33"),
    ("const a = insertBits(1u, 1u, 1, 32);", "insertBits(1u, 1u, 1, 32)", "33"),
    ("const a = pack2x16float(vec2f(1e5, 0));", "pack2x16float(vec2f(1e5, 0))", "f16"),
    ("const a = unpack2x16float(0x7c00u);", "unpack2x16float(0x7c00u)", "infinite"),
    ("const a = bitcast<f32>(0x7f800000u);", "bitcast<f32>(0x7f800000u)", "infinite"),
    ("const a = 1 / 0;", "1 / 0", "division by zero"),
    ("const a = 1.0 / 0.0;", "1.0 / 0.0", "division by zero"),
    ("const a = 3e38f * 10f;", "3e38f * 10f", "too large"),
    ("const a = 9223372036854775807 + 1;", "9223372036854775807 + 1", "too large"),
    ("const a = 1u << 32u;", "1u << 32u", "too far"),
    ("const a = 0x80000000u << 1u;", "0x80000000u << 1u", "too large"),
    ("const a: f32 = 1e39;", "1e39", "f32"),
    ("const a = f16(65536);", "f16(65536)", "f16"),
    ("const a: u32 = -1;", "-1", "u32"),
    ("fn f(x: u32, n: u32) -> u32 { return extractBits(x, 30, 3) + n; }", "extractBits(x, 30, 3)", "33"),
    ("fn f(x: f32) -> f32 { return clamp(x, 2.0, 1.0); }", "clamp(x, 2.0, 1.0)", "low bound"),
    ("fn f(x: f32) -> f32 { return smoothstep(2.0, 2.0, x); }", "smoothstep(2.0, 2.0, x)", "edge"),
    ("fn f(x: i32) -> i32 { return x / 0; }", "x / 0", "division by zero"),
    ("fn f(x: u32) -> u32 { return x << 32; }", "x << 32", "too far"),
    ("fn f(x: vec4f) { _ = ldexp(x, vec4(1, 2, 3, 129)); }", "ldexp(x, vec4(1, 2, 3, 129))", "more than 128"),
    ("fn f() { _ = false || sqrt(-1.0) == 0; }", "sqrt(-1.0)", "less than 0"),
    ("fn f() { _ = true && 1 / 0 == 0; }", "1 / 0", "division by zero"),
    ("const a = false && vec2(false);", "", ""),
    ("fn f() { let v = vec3f(); _ = v[3]; }", "", "out of bounds"),
    ("fn f() { let v = vec3f(); _ = v[-1]; }", "", "negative"),
    ("enable subgroups; fn f() { _ = subgroupBroadcast(1u, 128); }", "", "less than 128"),
    ("enable subgroups; fn f() { _ = quadBroadcast(1u, 4); }", "", "less than 4"),
];

/// Code that the compiler takes, and naga's validator after it.
const TAKEN: &[&str] = &[
    "fn f() -> f32 { let m = modf(1.5); let e = frexp(vec2(1.5)); return m.whole + e.fract.x + f32(e.exp.y); }",
    "const m = modf(1.5); const e = frexp(3.0); fn f() -> f32 { return m.fract * f32(e.exp); }",
    "enable f16; fn f(x: f16) -> i32 { return frexp(x).exp + frexp(vec3h(x)).exp.y; }",
    "enable f16; fn f(x: u32, y: vec2f, z: vec4h) -> vec2u { let a = bitcast<vec2h>(x); let b = bitcast<vec4h>(y); \
     return bitcast<vec2u>(z) + bitcast<vec2u>(b) + bitcast<u32>(a); }",
    "fn f(x: f32, i: i32) -> f32 { return mix(1.0, 2.0, x) + ldexp(1.0, i) + distance(vec2(0.0), vec2(x)); }",
    "fn f(i: u32) -> f32 { const m = transpose(mat3x2(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)); return m[i].x; }",
    "fn f(x: vec4f, n: u32) -> u32 { _ = ldexp(x, vec4(1, 2, 3, 128)); return extractBits(n, n, 33); }",
    "fn f() -> bool { return true || sqrt(-1.0) == 0; }",
    "enable f16; const a = 0xep2h; const_assert a == 56h; const_assert 0x1.8p1h == 3h;",
    "fn f(n: u32) -> bool { const no = false; return n == 3 && (no && 1 / 0 == 0); }",
    "fn f() -> f32 { let v = vec3f(); let i = 3; let j = -1; return v[i] + v[j]; }",
    "fn f() { loop { let x = 1; if x > 1 { break; } continuing { let x = 2; _ = x; } } }",
    "@group(0) @binding(0) var t: texture_external; fn f() { _ = textureDimensions(t); }",
    "enable subgroups; @compute @workgroup_size(2, 2) fn f(@builtin(subgroup_invocation_id) i: u32) { _ = i; }",
    "enable subgroups; struct S { @builtin(subgroup_invocation_id) i: u32, @builtin(workgroup_id) w: vec3u } \
     struct T { @builtin(local_invocation_index) l: u32 } \
     @compute @workgroup_size(2, 1, 2) fn f(s: S, @builtin(num_workgroups) n: vec3u, t: T) { _ = s.i + s.w.x + n.x + t.l; }",
    "enable subgroups; fn f(x: u32, i: i32) -> bool { return subgroupElect() & (subgroupBroadcast(x, 3) == \
     subgroupShuffle(x, i) + subgroupShuffleUp(x, 1) + quadBroadcast(x, 1i)); }",
];

/// Declarations and the body of a compute shader, the values of the overrides `a` and `b`, and what is said of them.
const OVERRIDES: &[(&str, &str, [f64; 2], Option<&str>)] = &[
    ("override a: f32; override b: f32;", "_ = smoothstep(a, b, 0.5);", [0.0, 1.0], None),
    ("override a: f32; override b: f32;", "_ = smoothstep(a, b, 0.5);", [1.0, 1.0], Some("edge")),
    ("override a: f32; override b: f32;", "var x = 1.0; _ = clamp(x, a, b);", [2.0, 1.0], Some("low bound")),
    ("override a: u32; override b: u32;", "_ = unpack4x8snorm(a) * f32(b);", [1.0, 2.0], None),
    ("override a: u32; override b: u32;", "var x = 1u; _ = extractBits(x, a, b);", [16.0, 16.0], None),
    ("override a: u32; override b: u32;", "var x = 1u; _ = extractBits(x, a, b);", [16.0, 17.0], Some("33")),
    ("override a: i32; override b: i32; override c = a / b;", "_ = c;", [1.0, 0.0], Some("division by zero")),
    ("override a: bool; override b: i32;", "let x = a && 1 / b > 0;", [0.0, 0.0], None),
    ("override a: bool; override b: i32;", "let x = a && 1 / b > 0;", [1.0, 0.0], Some("division by zero")),
    ("override a: i32; override b: i32;", "var x = a / b; if a == 1 { x = 2; }", [1.0, 0.0], Some("division by zero")),
    ("override a: i32; override b: i32;", "var x = 0; if a != 1 { x = a / b; }", [1.0, 0.0], None),
    ("override a: f32; override b = 1f;", "let l = 1e30; _ = a * l * b;", [1e30, 1.0], None),
    ("override a: f32; override b = 1f;", "const l = 1e30; _ = a * l * b;", [1e30, 1.0], Some("too large")),
    ("override a: u32; override b: u32; var<workgroup> w: array<u32, a>;", "w[0] = b;", [4.0, 1.0], None),
    (
        "override a: u32; override b = 4; var<workgroup> w: array<u32, a>; var<workgroup> v: array<u32, 4>;",
        "w[b - 1] = v[1];",
        [4.0, 1.0],
        None,
    ),
    ("override a: u32; override b: u32; var<workgroup> w: array<u32, a>;", "w[0] = b;", [1e6, 1.0], Some("elements")),
];

fn compile(source: &str) -> Result<Compiled, Failure> {
    compile_for(source, None)
}

fn compile_for(source: &str, stage: Option<Stage<'_>>) -> Result<Compiled, Failure> {
    let extensions = EXTENSIONS.iter().map(|(extension, _)| *extension).collect();
    let capabilities = Capabilities::all().bits();
    let request = Request { source, extensions, capabilities, groups: None, stage };
    Compiler::default().compile(&request)
}

/// The source with the directive that it needs, and how long that is.
fn enabled(source: &str) -> (String, usize) {
    let needs = ["h(", "h ", "h)", "h,", "f16("].iter().any(|part| source.contains(part)) && !source.contains("enable");
    let directive = if needs { "enable f16; " } else { "" };
    (format!("{directive}{source}"), directive.len())
}

#[test]
fn constants_have_their_values() {
    for expression in TRUE {
        let (source, _) = enabled(&format!("const_assert({expression});"));
        let compiled = compile(&source).expect("the compiler works");
        assert!(compiled.module.is_some(), "{source}: {:?}", compiled.remarks);
        // The same where the value is a function's.
        let (source, _) = enabled(&format!("fn f() {{ const_assert({expression}); }}"));
        let compiled = compile(&source).expect("the compiler works");
        assert!(compiled.module.is_some(), "{source}: {:?}", compiled.remarks);
    }
}

#[test]
fn what_has_no_value_is_an_error_at_its_place() {
    for (source, part, why) in FALSE {
        let (source, before) = enabled(source);
        let compiled = compile(&source).expect("the compiler works");
        assert!(compiled.module.is_none(), "{source} is accepted");
        let remark = compiled.remarks.first().expect("an error");
        assert!(remark.text.contains(why), "{source}: {}", remark.text);
        if !part.is_empty() {
            let start = source.rfind(part).expect("the part is there");
            let offset = usize::try_from(remark.position.offset).expect("small");
            assert!((start..start + part.len()).contains(&offset), "{source}: {:?} ({before})", remark.position);
        }
    }
}

#[test]
fn what_is_taken_is_valid() {
    for source in TAKEN {
        let compiled = compile(source).expect("the compiler works");
        let module = compiled.module.unwrap_or_else(|| panic!("{source}: {:?}", compiled.remarks));
        let validated = Validator::new(ValidationFlags::all(), Capabilities::all()).validate(&module);
        assert!(validated.is_ok(), "{source}: {validated:?}");
    }
}

#[test]
fn overrides_have_their_values() {
    for (declarations, body, [a, b], expected) in OVERRIDES {
        let source = format!("{declarations} @compute @workgroup_size(1) fn main() {{ {body} }}");
        let stage = Stage { kind: ShaderStage::Compute, entry_point: "main", constants: vec![("a", *a), ("b", *b)] };
        let compiled = compile_for(&source, Some(stage)).expect("the compiler works");
        let text = compiled.remarks.first().map(|remark| remark.text.as_str());
        match (compiled.module, expected) {
            (Some(module), None) => {
                assert!(module.overrides.is_empty(), "{source}: overrides are left");
                let validated = Validator::new(ValidationFlags::all(), Capabilities::all()).validate(&module);
                assert!(validated.is_ok(), "{source}: {validated:?}");
            }
            (None, Some(why)) => assert!(text.is_some_and(|text| text.contains(why)), "{source}: {text:?}"),
            (module, _) => panic!("{source} with {a} and {b}: {} {text:?}", module.is_some()),
        }
    }
}

#[test]
fn overrides_without_a_value_are_an_error() {
    let source = "override a: f32; @compute @workgroup_size(1) fn main() { _ = a; }";
    let stage = Stage { kind: ShaderStage::Compute, entry_point: "main", constants: Vec::new() };
    let compiled = compile_for(source, Some(stage)).expect("the compiler works");
    assert!(compiled.module.is_none(), "there is no value");
    assert!(compiled.remarks.iter().any(|remark| remark.text.contains("'a'")), "{:?}", compiled.remarks);
}

#[test]
fn the_patch_is_for_one_source() {
    let patch = "--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -1,2 +1,2 @@\n first\n-second\n+third\n";
    let file = |text: &str| vec![(PathBuf::from("src/lib.rs"), text.to_owned())];
    assert_eq!(naga_copy::patched(file("first\nsecond\n"), patch), Ok(file("first\nthird\n")), "as it was made");
    let error = naga_copy::patched(file("first\nother\n"), patch).expect_err("another source");
    assert!(error.contains("src/lib.rs") && error.contains("30.0.1"), "says which: {error}");
    let error = naga_copy::patched(Vec::new(), patch).expect_err("no such file");
    assert!(error.contains("src/lib.rs"), "says which: {error}");
}
