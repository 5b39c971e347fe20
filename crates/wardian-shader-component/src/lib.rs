//! `wardian-shader` as a component with one function, for `wardian-sealed` to run. It imports what Rust's standard
//! library does, and gets none of it.

/// What the macro makes.
mod bindings {
    #![expect(unsafe_code, reason = "generated: the component's side of the canonical ABI")]

    wit_bindgen::generate!({
        inline: "
            package wardian:shader;

            world compiler {
                /// Answers a request of wardian-shader. An error is a fault of the host's.
                export compile: func(request: list<u8>) -> result<list<u8>, string>;
            }
        ",
    });

    use super::Compiler;
    export!(Compiler);
}

struct Compiler;

impl bindings::Guest for Compiler {
    fn compile(request: Vec<u8>) -> Result<Vec<u8>, String> {
        wardian_shader::answer(&request).map_err(|error| error.to_string())
    }
}
