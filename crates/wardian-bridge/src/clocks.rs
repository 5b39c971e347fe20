//! `wasi:clocks@0.3.0`: waiting for time beside other things.

pub(crate) use bindings::wasi::clocks::monotonic_clock::wait_for;

mod bindings {
    wardian_guest::wit_bindgen::generate!({
        path: "../../wit/wasi-clocks-0.3.0",
        inline: "
            package wardian:bridge;

            world clocks {
                import wasi:clocks/monotonic-clock@0.3.0;
            }
        ",
        world: "wardian:bridge/clocks",
        generate_all,
        runtime_path: "::wardian_guest::wit_bindgen::rt",
    });
}
