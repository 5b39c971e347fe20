// Everything that is not glass: sun with shadows, light from the sky and the floor, haze.

@group(0) @binding(1) var shadow_map: texture_depth_2d;
@group(0) @binding(2) var shadow_sampler: sampler_comparison;
@group(0) @binding(3) var materials: texture_2d_array<f32>;
@group(0) @binding(4) var material_sampler: sampler;

struct Surface {
    @builtin(position) position: vec4f,
    @location(0) world: vec3f,
    @location(1) normal: vec3f,
    @location(2) uv: vec2f,
    @location(3) @interpolate(flat) color: vec4f,
    @location(4) @interpolate(flat) material: vec4f,
}

@vertex
fn place(corner: Corner) -> Surface {
    var surface: Surface;
    surface.world = placed(corner);
    surface.position = frame.view_projection * vec4f(surface.world, 1.0);
    // Normals go by the cofactors, so that uneven scaling keeps them upright.
    let x = corner.row_x.xyz;
    let y = corner.row_y.xyz;
    let z = corner.row_z.xyz;
    surface.normal =
        vec3f(dot(cross(y, z), corner.normal), dot(cross(z, x), corner.normal), dot(cross(x, y), corner.normal));
    surface.uv = corner.uv * corner.surface.w;
    surface.color = corner.color;
    surface.material = corner.surface;
    return surface;
}

const PI: f32 = 3.14159265;

// How much of the sun reaches a point, 0 to 1: sixteen comparisons, each between four texels.
fn sunlight(world: vec3f, normal: vec3f) -> f32 {
    // A step along the normal keeps a surface from shading itself.
    let lifted = world + normal * frame.sun.w * 2.5;
    let seen = frame.light_projection * vec4f(lifted, 1.0);
    let uv = seen.xy * vec2f(0.5, -0.5) + 0.5;
    var sum = 0.0;
    for (var y = -1.5; y < 2.0; y += 1.0) {
        for (var x = -1.5; x < 2.0; x += 1.0) {
            let offset = vec2f(x, y) * 1.3 * frame.sun_color.w;
            sum += textureSampleCompareLevel(shadow_map, shadow_sampler, uv + offset, seen.z - 0.0004);
        }
    }
    let inside = all(uv > vec2f(0.01)) && all(uv < vec2f(0.99)) && seen.z < 1.0;
    return select(1.0, sum / 16.0, inside);
}

fn fresnel(base: vec3f, cosine: f32) -> vec3f {
    return base + (1.0 - base) * pow(1.0 - cosine, 5.0);
}

// The sun's reflection on a rough surface (GGX with Smith's shadowing, in Hammon's form).
fn highlight(normal: vec3f, view: vec3f, sun: vec3f, roughness: f32, base: vec3f) -> vec3f {
    let middle = normalize(view + sun);
    let n_sun = max(dot(normal, sun), 0.0);
    let n_view = max(dot(normal, view), 0.001);
    let n_middle = max(dot(normal, middle), 0.0);
    let a = roughness * roughness;
    let spread = n_middle * n_middle * (a * a - 1.0) + 1.0;
    let distribution = a * a / (PI * spread * spread);
    let visible = 0.5 / mix(2.0 * n_sun * n_view, n_sun + n_view, a);
    return fresnel(base, max(dot(view, middle), 0.0)) * min(distribution * visible, 20.0) * n_sun;
}

// How open a point is to the sky, where the case and its tray stand close.
fn openness(world: vec3f, normal: vec3f) -> f32 {
    let outside = length(max(abs(world.xz) - vec2f(1.05, 0.60), vec2f(0.0)));
    let floor_shade = 0.62 * exp(-4.5 * outside) * exp(-9.0 * max(world.y, 0.0));
    let within = step(outside, 0.0) * step(0.40, world.y);
    let soil_shade = within * 0.55 * exp(-5.0 * max(world.y - 0.43, 0.0));
    return 1.0 - max(floor_shade, soil_shade);
}

fn shaded(surface: Surface, normal: vec3f) -> vec4f {
    let texel = textureSample(materials, material_sampler, surface.uv, i32(surface.material.x + 0.5));
    let albedo = texel.rgb * surface.color.rgb;
    let roughness = clamp(texel.a * surface.material.z, 0.12, 1.0);
    let metalness = surface.material.y;
    let translucency = surface.color.a;
    let to_camera = frame.camera.xyz - surface.world;
    let view = normalize(to_camera);
    let sun = frame.sun.xyz;
    let base = mix(vec3f(0.04), albedo, metalness);
    let diffuse = albedo * (1.0 - metalness);

    let facing = dot(normal, sun);
    let lit = sunlight(surface.world, normal * select(1.0, sign(facing), translucency > 0.0));
    let through = translucency * max(-facing, 0.0) * vec3f(0.95, 1.0, 0.45);
    var color = diffuse / PI * frame.sun_color.rgb * lit * (max(facing, 0.0) + through);
    color += highlight(normal, view, sun, roughness, base) * frame.sun_color.rgb * lit;

    let open = openness(surface.world, normal);
    let from_sky = vec3f(0.40, 0.46, 0.56);
    let from_floor = vec3f(0.21, 0.18, 0.15);
    color += diffuse * mix(from_floor, from_sky, normal.y * 0.5 + 0.5) * open;
    // The rougher, the wider and the weaker the mirror image.
    let mirrored = surroundings(normalize(mix(reflect(-view, normal), normal, roughness * roughness)));
    let shine = fresnel(base, max(dot(normal, view), 0.0)) * (1.0 - 0.75 * roughness);
    color += mirrored * shine * open;

    // Haze hides where the floor ends.
    let haze = 1.0 - exp(-pow(length(to_camera) / 30.0, 2.0));
    return vec4f(mix(color, sky(-view), haze), 1.0);
}

@fragment
fn shade_solid(surface: Surface) -> @location(0) vec4f {
    return shaded(surface, normalize(surface.normal));
}

@fragment
fn shade_thin(surface: Surface, @builtin(front_facing) front: bool) -> @location(0) vec4f {
    return shaded(surface, normalize(surface.normal) * select(-1.0, 1.0, front));
}
