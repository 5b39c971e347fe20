//! Shaders to be compiled. `wardian-bench` takes this file, too, so that both sides compile the same.

/// One function, with `#` for its number.
const FUNCTION: &str = include_str!("function.wgsl");
/// As many make 30 kB, as much as a renderer's larger shaders have.
const FUNCTIONS: u32 = 60;

pub(crate) fn large() -> String {
    let functions: String = (0..FUNCTIONS).map(|number| FUNCTION.replace('#', &number.to_string())).collect();
    let calls: String = (0..FUNCTIONS).map(|number| format!("    v = blend_{number}(v, v.yzwx, 3u);\n")).collect();
    format!(
        "{functions}@group(0) @binding(0) var<storage, read_write> values: array<vec4f>;\n\
         @compute @workgroup_size(64)\nfn main(@builtin(global_invocation_id) id: vec3u) {{\n    var v = \
         values[id.x];\n{calls}    values[id.x] = v;\n}}\n"
    )
}
