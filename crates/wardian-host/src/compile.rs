//! WGSL to what `wgpu-core` takes: what the specification asks beyond naga, and bounds that naga lacks.
//!
//! naga and the drivers' compilers are native code without limits on time, memory or stack, and a guest's source is
//! hostile. So a source passes these first, all in linear time:
//!
//! - [`tokens`] cuts it up,
//! - [`directives`] refuses extensions and names that the device hasn't, or that WebGPU hasn't,
//! - [`shape`] bounds nesting and chains, which compilers walk recursively,
//! - [`declarations`] bounds what grows when declarations refer to each other: constants that double, towers of types,
//!   trees of calls.
//!
//! Then naga parses it, and [`values`] bounds what the types say: large arrays outside of buffers.
//!
//! What remains is honest code that is slow: within the bounds, naga takes up to a second or two, and a driver's
//! compiler may take longer, for it unrolls loops. It runs on a thread of its own, but nothing short of the end of the
//! process stops it.

mod count;
mod declarations;
mod directives;
mod position;
mod scopes;
mod shape;
mod tokens;
mod values;

use std::error::Error;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use naga::front::wgsl::ParseError;
use naga::valid::ValidationError;
use naga::{Module, Span, WithSpan};

pub(crate) use directives::{EXTENSIONS, LANGUAGE_FEATURES};
pub(crate) use position::Position;

use crate::error::{bounded, message_of};

/// Bytes of a source. The largest that are known are a fifth of it.
const SOURCE_BYTES_MAX: usize = 1 << 20;
/// Notes that go with one message.
const NOTES_MAX: usize = 16;

/// Something that the compiler has to say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Remark {
    pub(crate) severity: Severity,
    /// One line in short, then perhaps notes.
    pub(crate) text: String,
    pub(crate) position: Position,
}

/// <https://www.w3.org/TR/webgpu/#enumdef-gpucompilationmessagetype>
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Severity {
    Error,
    Warning,
}

/// A reason to refuse a source, and the bytes that it is about.
#[derive(Debug)]
struct Refusal {
    text: String,
    range: Option<Range<usize>>,
}

impl Refusal {
    fn new(text: impl Into<String>, range: Range<usize>) -> Self {
        Self { text: text.into(), range: Some(range) }
    }
}

/// What came of a source.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// None where one of the remarks is an error.
    pub(crate) module: Option<Module>,
    pub(crate) remarks: Vec<Remark>,
}

/// Compiles WGSL for a device with these extensions, by their WGSL names.
///
/// It needs a large stack: within the bounds at most 16 MiB.
///
/// <https://www.w3.org/TR/WGSL/#processing-errors>
pub(crate) fn compile(source: &str, extensions: &[&str]) -> Compiled {
    let mut warnings = Vec::new();
    let parsed = parse(source, extensions, &mut warnings);
    let mut remarks: Vec<_> = warnings.into_iter().map(|warning| remark(Severity::Warning, source, warning)).collect();
    match parsed {
        Ok(module) => Compiled { module: Some(module), remarks },
        Err(refusal) => {
            remarks.insert(0, remark(Severity::Error, source, refusal));
            Compiled { module: None, remarks }
        }
    }
}

/// The error of a module that `wgpu-core`'s validation refuses.
pub(crate) fn invalid(source: &str, error: &WithSpan<ValidationError>) -> Remark {
    let span = error.spans().find(|(span, _)| span.is_defined()).map(|(span, _)| *span);
    let refusal = Refusal { text: message_of(error.as_inner()), range: span.and_then(range_of) };
    remark(Severity::Error, source, refusal)
}

/// An error that belongs to no place.
pub(crate) fn failed(error: &dyn Error) -> Remark {
    Remark { severity: Severity::Error, text: message_of(error), position: Position::default() }
}

fn parse(source: &str, extensions: &[&str], warnings: &mut Vec<Refusal>) -> Result<Module, Refusal> {
    if source.len() > SOURCE_BYTES_MAX {
        let text =
            format!("the code has {} bytes, more than the {SOURCE_BYTES_MAX} that this host takes", source.len());
        return Err(Refusal { text, range: None });
    }
    if let Some(index) = source.find('\0') {
        return Err(Refusal::new("code must not contain the null code point U+0000", index..index.saturating_add(1)));
    }
    let tokens = tokens::tokens(source);
    let gated = directives::check(&tokens, extensions, warnings)?;
    shape::check(&tokens)?;
    declarations::check(&tokens)?;
    let code = blanked(source, gated.blanks);
    // A panic in there would be a fault of naga's, and is the same to the guest as a shader that it can't compile.
    let parsed = catch_unwind(AssertUnwindSafe(|| naga::front::wgsl::parse_str(&code)));
    let module = match parsed {
        Ok(parsed) => parsed.map_err(|error| refusal_of(&error))?,
        Err(_) => {
            tracing::error!(bytes = source.len(), "the shader compiler panicked");
            let text = "the compiler failed on this code, which is a fault of its own".to_owned();
            return Err(Refusal { text, range: None });
        }
    };
    values::check(&module, gated.subgroups)?;
    Ok(module)
}

/// The source with spaces for some of its bytes, so that the place of everything else stays as it is.
fn blanked(source: &str, mut blanks: Vec<Range<usize>>) -> String {
    blanks.sort_by_key(|blank| blank.start);
    let mut code = String::with_capacity(source.len());
    for blank in blanks {
        code.push_str(source.get(code.len()..blank.start).unwrap_or_default());
        code.extend(std::iter::repeat_n(' ', blank.end.saturating_sub(code.len())));
    }
    code.push_str(source.get(code.len()..).unwrap_or_default());
    code
}

/// What naga's parser says. Its own rendering quotes whole lines of the source, and takes seconds on some.
fn refusal_of(error: &ParseError) -> Refusal {
    let mut text = error.message().trim().to_owned();
    let mut labels = error.labels();
    let first = labels.next();
    if let Some((_, label)) = first.filter(|(_, label)| !label.is_empty() && !text.contains(label)) {
        text = format!("{text}: {label}");
    }
    let others = labels.map(|(_, label)| label).filter(|label| !label.is_empty());
    for note in others.chain(error.notes()).take(NOTES_MAX) {
        text = bounded(format!("{text}\nnote: {}", note.trim()));
    }
    Refusal { text, range: first.and_then(|(span, _)| range_of(span)) }
}

fn range_of(span: Span) -> Option<Range<usize>> {
    // A span of no place is 0..0; so is the start of the source, where it would say as little.
    span.is_defined().then(|| span.to_range()).flatten()
}

fn remark(severity: Severity, source: &str, refusal: Refusal) -> Remark {
    let position = refusal.range.map_or_else(Position::default, |range| Position::of(source, &range));
    Remark { severity, text: bounded(refusal.text), position }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn compile_all(source: &str) -> Compiled {
        let extensions: Vec<_> = EXTENSIONS.iter().map(|(extension, _)| *extension).collect();
        // As large as a worker's.
        thread::scope(|scope| {
            let builder = thread::Builder::new().stack_size(64 << 20);
            let compiling = builder.spawn_scoped(scope, || compile(source, &extensions)).expect("a thread");
            compiling.join().expect("the compiler ends")
        })
    }

    fn accepts(source: &str) {
        let compiled = compile_all(source);
        assert!(compiled.module.is_some(), "{source:?}: {:?}", compiled.remarks);
        assert!(compiled.remarks.is_empty(), "{source:?}: {:?}", compiled.remarks);
    }

    /// Expects an error about this part of the source, the first such.
    fn refuses(source: &str, part: &str, why: &str) {
        let compiled = compile_all(source);
        assert!(compiled.module.is_none(), "{source:?} is accepted");
        let [Remark { severity: Severity::Error, text, position }] = compiled.remarks.as_slice() else {
            panic!("{source:?}: {:?}", compiled.remarks)
        };
        assert!(text.contains(why) && !text.contains('\u{1b}'), "{source:?}: {text}");
        let start = source.find(part).expect("the part is there");
        assert_eq!(*position, Position::of(source, &(start..start + part.len())), "{source:?}: {text}");
    }

    #[test]
    fn errors_have_their_place() {
        refuses("fn first() {}\nfn second() {\n    let a = unknown_name;\n}\n", "unknown_name", "unknown_name");
        refuses("/* é€🦀 */ fn f() { let a = unknown_name; }", "unknown_name", "unknown_name");
        refuses("enable subgroups; fn f() { let a = unknown_name; }", "unknown_name", "unknown_name");
        refuses("fn f() {}\0", "\0", "null");
        refuses("const a = 1;\nenable f16;", "enable", "directive");
    }

    #[test]
    fn errors_of_validation_have_their_place() {
        let source = "fn f() -> u32 {\n  return 1.5f;\n}";
        let module = compile_all(source).module.expect("the parser doesn't look at types");
        let mut validator = naga::valid::Validator::new(naga::valid::ValidationFlags::all(), Default::default());
        let Remark { severity, text, position } =
            invalid(source, &validator.validate(&module).expect_err("a type error"));
        assert_eq!(severity, Severity::Error, "{text}");
        assert!(text.contains("return"), "{text}");
        assert!(position.line > 0 && position.offset < 31, "{position:?}");
    }

    #[test]
    fn code_that_ends_early_is_an_error_within_it() {
        for source in ["fn f() {", "fn", "@", "fn f() {\n", "/*", "🦀", "const", "enable", "enable f16", "@builtin("]
        {
            let compiled = compile_all(source);
            let position = compiled.remarks.first().expect("an error").position;
            let units = source.encode_utf16().count();
            assert!(compiled.module.is_none(), "{source:?} is accepted");
            assert_eq!(position.line > 0, position.place > 0, "{source:?}: {position:?}");
            assert!(position.offset + position.length <= units.try_into().expect("small"), "{source:?}: {position:?}");
        }
    }

    #[test]
    fn what_webgpu_has_is_there() {
        accepts("");
        accepts("enable f16, subgroups; requires subgroup_id; fn f() -> f16 { return subgroupAdd(1.0h); }");
        accepts("requires immediate_address_space; struct S { x: u32 } var<immediate> s: S;");
        accepts(
            "requires readonly_and_readwrite_storage_textures, packed_4x8_integer_dot_product, \
             pointer_composite_access; fn f() -> u32 { var v = vec2(dot4U8Packed(1, 2)); let p = &v; return p.x; }",
        );
        accepts("@fragment fn f() { @diagnostic(off, derivative_uniformity) if true { _ = dpdx(1.0); } }");
    }

    #[test]
    fn what_is_not_webgpu_is_refused() {
        refuses("fn f() { _ = subgroupAdd(1u); }", "subgroupAdd", "enable subgroups");
        refuses("@group(0) @binding(0) var t: acceleration_structure;", "acceleration_structure", "");
        refuses("var<push_constant> p: u32;", "push_constant", "");
        refuses(
            "@group(0) @binding(0) var t: texture_storage_2d<r64uint, read_write>;",
            "var t: texture_storage_2d<r64uint, read_write>;",
            "format",
        );
    }

    #[test]
    fn values_are_small() {
        refuses("var<workgroup> a: array<u32, 100000000>;", "var<workgroup> a: array<u32, 100000000>;", "elements");
        let code = "@group(0) @binding(0) var<storage> a: array<u32, 1000000>; fn f() { let x = a; }";
        let compiled = compile_all(code);
        assert!(compiled.module.is_none(), "a value as large as a buffer");
        accepts("@group(0) @binding(0) var<storage> a: array<u32, 1000000>; fn f() { let x = a[1]; }");
        accepts("var<workgroup> a: array<vec4f, 4096>; var<private> b: array<u32, 65536>;");
    }

    #[test]
    fn unknown_rules_are_warned_of() {
        let compiled = compile_all("diagnostic(off, nonsense); fn f() {}");
        assert!(compiled.module.is_some(), "{:?}", compiled.remarks);
        assert_eq!(compiled.remarks.first().map(|remark| remark.severity), Some(Severity::Warning), "a warning");
    }

    #[test]
    fn hostile_code_comes_to_an_end() {
        for (open, close) in [("(", ")"), ("{", "}"), ("!", ""), ("*&", ""), ("a[", "]"), ("f(", ")"), ("if a {", "}")]
        {
            for count in [100, 4000, 50_000] {
                compile_all(&format!("fn f() {{ let a = {}1{}; }}", open.repeat(count), close.repeat(count)));
                compile_all(&format!("fn f() {{ {}{} }}", open.repeat(count), close.repeat(count)));
            }
        }
        for code in ["\u{1}", "@", "(", "a<", "<", "enable ", "const a=", "fn f(){", ";", "/*", "@diagnostic(off,a)"] {
            compile_all(&code.repeat(100_000));
        }
    }
}
