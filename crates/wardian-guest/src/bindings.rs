//! What `wit-bindgen` makes of the WIT: `wasi:webgpu@0.3.0-rc.2` to call, `wasi:cli/run@0.3.0` to be started by.
//!
//! Use [`crate::webgpu`] for the first; the second is [`crate::main`]'s.

#![expect(missing_docs, reason = "written by wit-bindgen")]

wit_bindgen::generate!({
    path: ["../../wit/wasi-0.3.0", "../../wit/wasi-webgpu-0.3.0-rc.2"],
    inline: "
        package wardian:guest;

        world app {
            import wasi:webgpu/webgpu@0.3.0-rc.2;
            export wasi:cli/run@0.3.0;
        }
    ",
    world: "wardian:guest/app",
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "wardian_guest::bindings",
    runtime_path: "::wardian_guest::wit_bindgen::rt",
});
