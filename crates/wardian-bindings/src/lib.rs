//! Host-side bindings of `wasi:webgpu`, one module a version of the interface.
//!
//! They are generated at compile time and are alone in this crate: expanding and checking them takes longer than the
//! rest of the host, and they change only when the WIT does. WIT resources are uninhabited marker types here; the
//! host says which Rust type stands behind each one (`wardian_host`'s `table::Marker`), so a second version of the
//! interface can share the same objects.

#![expect(missing_docs, reason = "written by bindgen!")]

/// `wasi:webgpu@0.3.0-rc.2`.
pub mod v0_3_0_rc_2 {
    wasmtime::component::bindgen!({
        path: "../../wit/wasi-webgpu-0.3.0-rc.2",
        world: "wasi:webgpu/imports",
        imports: {
            // These hand out a future and a stream, so they need the store itself.
            "wasi:webgpu/webgpu.[method]gpu-device.lost": store | trappable | tracing,
            "wasi:webgpu/webgpu.[method]gpu-device.on-uncaptured-error": store | trappable | tracing,
            // These may take long (a driver's compiler, a full queue), so they may leave the executor's thread.
            "wasi:webgpu/webgpu.[method]gpu-queue.submit": async | trappable | tracing,
            "wasi:webgpu/webgpu.[method]gpu-command-encoder.finish": async | trappable | tracing,
            "wasi:webgpu/webgpu.[method]gpu-device.create-shader-module": async | trappable | tracing,
            "wasi:webgpu/webgpu.[method]gpu-device.create-compute-pipeline": async | trappable | tracing,
            "wasi:webgpu/webgpu.[method]gpu-device.create-render-pipeline": async | trappable | tracing,
            default: trappable | tracing,
        },
        require_store_data_send: true,
    });
}
