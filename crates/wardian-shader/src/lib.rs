//! WGSL to what `wgpu-core` takes: what the specification asks beyond naga, bounds that naga lacks, and naga itself.
//!
//! All of it runs inside of a sealed WebAssembly component (`wardian-shader-component`, which `wardian-sealed` runs), for
//! naga has no limits on time, memory or stack, and a guest's source is hostile. What it costs there harms nobody, but
//! the driver's compiler and `wgpu-core` are native code. So a source passes these first, all in linear time:
//!
//! - [`tokens`] cuts it up,
//! - [`directives`] refuses extensions and names that the device hasn't, or that WebGPU hasn't,
//! - [`diagnostics`] reads the filters of diagnostics, and what stands at wrong places,
//! - [`placement`] and [`precedence`] refuse attributes that say nothing, and operators without their parentheses,
//! - [`shape`] bounds nesting and chains, which compilers walk recursively,
//! - [`declarations`] bounds what grows when declarations refer to each other: constants that double, towers of types,
//!   trees of calls.
//!
//! Then naga parses it, [`values`] bounds what the types say (large arrays outside of buffers), and naga validates it.
//! [`behavior`], [`stages`], [`aliases`], [`textures`] and [`uniformity`] are the rules of WGSL that naga lacks.
//! Where it is for a pipeline, its overrides are given their values. [`rewrite`] does without what `wgpu-core` refuses
//! and WebGPU has.
//! What came of it leaves the component as an [`Answer`], whose module [`portable`] builds up again without recursion
//! and [`bounds`] checks once more: the component is trusted to be contained, and no further. Last, [`loops`] makes every
//! loop end.
//!
//! ```
//! use wardian_shader::{Request, compile};
//!
//! let request = Request { source: "fn f() -> u32 { return 1.5f; }", ..Request::default() };
//! let compiled = compile(&request);
//! assert!(compiled.module.is_none());
//! assert_eq!(compiled.remarks[0].position.line, 1);
//! ```

mod aliases;
mod behavior;
mod bounds;
mod count;
mod declarations;
mod diagnostics;
mod directives;
mod loops;
mod message;
mod placement;
mod portable;
mod position;
mod precedence;
mod rewrite;
mod scopes;
mod shape;
mod stages;
mod textures;
mod tokens;
mod uniformity;
mod values;

use std::ops::Range;

use naga::back::pipeline_constants::process_overrides;
use naga::front::wgsl::ParseError;
use naga::valid::{Capabilities, ModuleInfo, ValidationError, ValidationFlags, Validator};
use naga::{Module, ShaderStage, Span, WithSpan};
use serde::{Deserialize, Serialize};

use diagnostics::Filters;
use directives::Gated;

pub use bounds::Excess;
pub use directives::{EXTENSIONS, LANGUAGE_FEATURES};
pub use message::{MESSAGE_BYTES_MAX, bounded, cut, message_of};
pub use portable::{Broken, Portable};
pub use position::Position;

/// Bytes of a source. The largest that are known are a fifth of it.
pub const SOURCE_BYTES_MAX: usize = 1 << 20;
/// Notes that go with one message.
const NOTES_MAX: usize = 16;
/// Messages of one source: the error, and the warnings that [`directives`] lets through.
const REMARKS_MAX: usize = 64;

/// What is to be compiled, and for which device.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Request<'a> {
    /// WGSL.
    pub source: &'a str,
    /// The extensions that the device has, by their WGSL names.
    #[serde(borrow)]
    pub extensions: Vec<&'a str>,
    /// What naga's validator may let through: the bits of [`Capabilities`].
    pub capabilities: u64,
    /// How many bind groups the device has.
    pub groups: Option<u32>,
    /// The stage of a pipeline that it is for; none where it is for a shader module.
    #[serde(borrow)]
    pub stage: Option<Stage<'a>>,
}

/// An entry point, and the values of the overrides that it uses.
///
/// <https://www.w3.org/TR/webgpu/#gpuprogrammablestage>
#[derive(Debug, Deserialize, Serialize)]
pub struct Stage<'a> {
    /// What kind of entry point.
    pub kind: ShaderStage,
    /// Its name; there is one of this kind.
    pub entry_point: &'a str,
    /// Each override by its name or number. What isn't there has its default value.
    #[serde(borrow)]
    pub constants: Vec<(&'a str, f64)>,
}

/// What came of a source.
#[derive(Debug)]
pub struct Compiled {
    /// None where one of the remarks is an error.
    pub module: Option<Module>,
    /// What the guest is to be told.
    pub remarks: Vec<Remark>,
}

/// The same, on its way out of the component.
#[derive(Debug, Deserialize, Serialize)]
pub struct Answer {
    module: Option<Portable>,
    remarks: Vec<Remark>,
}

/// Something that the compiler has to say.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Remark {
    /// How bad it is.
    pub severity: Severity,
    /// One line in short, then perhaps notes.
    pub text: String,
    /// Where in the source.
    pub position: Position,
}

/// <https://www.w3.org/TR/webgpu/#enumdef-gpucompilationmessagetype>
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Severity {
    /// There is no module.
    Error,
    /// There is one all the same.
    Warning,
    /// Nothing is wrong with it.
    Info,
}

/// A reason to refuse a source, and the bytes that it is about.
#[derive(Debug)]
struct Refusal {
    text: String,
    range: Option<Range<usize>>,
}

/// Something to tell that is no reason to refuse a source.
#[derive(Debug)]
struct Notice {
    severity: Severity,
    refusal: Refusal,
}

impl Refusal {
    fn new(text: impl Into<String>, range: Range<usize>) -> Self {
        Self { text: text.into(), range: Some(range) }
    }
}

/// Compiles WGSL for a device.
///
/// It needs a large stack: within the bounds at most 16 MiB as native code.
///
/// <https://www.w3.org/TR/WGSL/#processing-errors>
#[must_use]
pub fn compile(request: &Request<'_>) -> Compiled {
    let source = request.source;
    let mut notices = Vec::new();
    let checked = check(request, &mut notices);
    let notices = notices.into_iter().map(|Notice { severity, refusal }| remark(severity, source, refusal));
    let mut remarks: Vec<_> = notices.take(REMARKS_MAX).collect();
    match checked {
        Ok(module) => Compiled { module: Some(module), remarks },
        Err(refusal) => {
            remarks.insert(0, remark(Severity::Error, source, refusal));
            Compiled { module: None, remarks }
        }
    }
}

fn check(request: &Request<'_>, notices: &mut Vec<Notice>) -> Result<Module, Refusal> {
    let (mut module, filters, subgroups) = parse(request.source, &request.extensions, notices)?;
    let info = validate(&module, request.capabilities)?;
    behavior::check(&module)?;
    stages::check(&module)?;
    aliases::check(&module)?;
    textures::check(&module)?;
    notices.extend(uniformity::check(&module, &filters)?);
    if let Some(stage) = &request.stage {
        module = resolve(&module, &info, stage)?;
        rewrite::settle(&mut module);
        values::check(&module, subgroups)?;
    }
    rewrite::rewrite(&mut module, request.groups);
    bounds::check(&module).map_err(|excess| Refusal { text: excess.to_string(), range: None })?;
    Ok(module)
}

/// The module with the values of its overrides, and with nothing but what the entry point needs.
///
/// <https://www.w3.org/TR/WGSL/#override-declaration>
fn resolve(module: &Module, info: &ModuleInfo, stage: &Stage<'_>) -> Result<Module, Refusal> {
    let constants = stage.constants.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect();
    let resolved = process_overrides(module, info, Some((stage.kind, stage.entry_point)), &constants);
    let (module, _) = resolved.map_err(|error| Refusal { text: message_of(&error), range: None })?;
    Ok(module.into_owned())
}

/// The whole of what the component does: an [`Answer`] to a [`Request`], both in bytes.
///
/// # Errors
///
/// When the bytes are no request.
pub fn answer(request: &[u8]) -> Result<Vec<u8>, postcard::Error> {
    let request: Request<'_> = postcard::from_bytes(request)?;
    let Compiled { module, remarks } = compile(&request);
    let answer = match module.map(Portable::of).transpose() {
        Ok(module) => Answer { module, remarks },
        Err(refusal) => Answer { module: None, remarks: vec![remark(Severity::Error, request.source, refusal)] },
    };
    postcard::to_allocvec(&answer)
}

impl Answer {
    /// Builds the module up again, checks that native code can bear it, and makes its loops end.
    ///
    /// # Errors
    ///
    /// When the component didn't keep to its bounds, which is a fault of its own.
    pub fn open(self) -> Result<Compiled, Broken> {
        let mut module = self.module.map(Portable::into_module).transpose()?;
        if let Some(module) = &mut module {
            bounds::check(module)?;
            loops::bound(module);
        }
        let has_error = self.remarks.iter().any(|remark| remark.severity == Severity::Error);
        if module.is_some() == has_error {
            return Err(Broken::Contradiction);
        }
        let bounded = |remark: Remark| Remark { text: bounded(remark.text), ..remark };
        let remarks = self.remarks.into_iter().take(REMARKS_MAX).map(bounded).collect();
        Ok(Compiled { module, remarks })
    }
}

/// The error of a source that is too large to be looked at; none for one that isn't.
#[must_use]
pub fn oversized(source: &str) -> Option<Remark> {
    (source.len() > SOURCE_BYTES_MAX).then(|| {
        let bytes = source.len();
        let text = format!("the code has {bytes} bytes, more than the {SOURCE_BYTES_MAX} that this host takes");
        remark(Severity::Error, source, Refusal::new(text, SOURCE_BYTES_MAX..bytes))
    })
}

/// The error of a source on which the compiler came to no end of its own. It is about the longest declaration, which
/// most likely is to blame.
#[must_use]
pub fn exhausted(source: &str, text: &str) -> Compiled {
    let tokens = tokens::tokens(source);
    let declarations = scopes::declarations(&tokens);
    let longest = declarations.iter().max_by_key(|declaration| declaration.tokens.len());
    let name = longest.and_then(|declaration| declaration.name().or_else(|| declaration.tokens.first()));
    let range = name.map_or(0..source.len(), tokens::Token::range);
    Compiled { module: None, remarks: vec![remark(Severity::Error, source, Refusal::new(text, range))] }
}

/// What naga's validator says of a module.
fn validate(module: &Module, capabilities: u64) -> Result<ModuleInfo, Refusal> {
    // External textures are part of WGSL; what uses them is left out in the end.
    let capabilities = Capabilities::from_bits_truncate(capabilities) | Capabilities::TEXTURE_EXTERNAL;
    Validator::new(ValidationFlags::all(), capabilities).validate(module).map_err(|error| invalid(&error))
}

fn invalid(error: &WithSpan<ValidationError>) -> Refusal {
    let span = error.spans().find(|(span, _)| span.is_defined()).map(|(span, _)| *span);
    Refusal { text: message_of(error.as_inner()), range: span.and_then(range_of) }
}

/// The module, its filters of diagnostics, and whether it may use functions on subgroups.
fn parse(source: &str, extensions: &[&str], notices: &mut Vec<Notice>) -> Result<(Module, Filters, bool), Refusal> {
    if let Some(index) = source.find('\0') {
        return Err(Refusal::new("code must not contain the null code point U+0000", index..index.saturating_add(1)));
    }
    let tokens = tokens::tokens(source);
    let Gated { mut blanks, subgroups } = directives::check(&tokens, extensions)?;
    let filters = diagnostics::check(&tokens, &mut blanks, notices)?;
    placement::check(&tokens)?;
    precedence::check(&tokens)?;
    shape::check(&tokens)?;
    declarations::check(&tokens)?;
    let code = blanked(source, blanks);
    let mut module = naga::front::wgsl::parse_str(&code).map_err(|error| refusal_of(&error))?;
    rewrite::silence(&mut module);
    rewrite::demote(&mut module);
    values::check(&module, subgroups)?;
    Ok((module, filters, subgroups))
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
    // The label of an error that says all by itself.
    let empty = ["", "see msg"];
    if let Some((_, label)) = first.filter(|(_, label)| !empty.contains(label) && !text.contains(label)) {
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

    /// What comes of a source, by way of the bytes that go in and come out.
    fn compile_all(source: &str) -> Compiled {
        let extensions = EXTENSIONS.iter().map(|(extension, _)| *extension).collect();
        let capabilities = Capabilities::all().bits();
        let request = Request { source, extensions, capabilities, ..Request::default() };
        let request = postcard::to_allocvec(&request).expect("a request in bytes");
        // As large as a worker's.
        let answer = thread::scope(|scope| {
            let builder = thread::Builder::new().stack_size(64 << 20);
            let compiling = builder.spawn_scoped(scope, || answer(&request)).expect("a thread");
            compiling.join().expect("the compiler ends")
        });
        let answer: Answer = postcard::from_bytes(&answer.expect("an answer")).expect("an answer in bytes");
        answer.open().expect("the answer fits together")
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
        let compiled = compile_all(source);
        let Remark { severity, text, position } = compiled.remarks.first().expect("a type error").clone();
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
    fn what_takes_too_much_is_about_the_longest_declaration() {
        let source = "const a = 1;\nfn long() { let b = 1 + 2 + 3; }\nfn f() {}";
        let compiled = exhausted(source, "too much");
        let position = compiled.remarks.first().expect("an error").position;
        assert_eq!((position.line, position.place, position.length), (2, 4, 4), "the place of its name");
        assert_eq!(exhausted("", "too much").remarks.len(), 1, "a source of nothing");
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
