//! Sources that are made to hurt compilers, each as large as is asked for.

/// A kind of bomb: its name, and what makes one of about so many bytes.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    make: Make,
}

enum Make {
    /// A beginning, what is repeated, an end.
    Repeated(&'static str, &'static str, &'static str),
    /// The same, with as many closing parts as there are opening ones.
    Nested(&'static str, &'static str, &'static str, &'static str, &'static str),
    /// What is repeated says its number as `#` and the number before as `@`.
    Numbered(&'static str, &'static str, &'static str),
    /// The same, from the last to the first.
    Backwards(&'static str, &'static str, &'static str),
    /// What no compiler has seen yet: this text with letters of it in each other's place.
    Shuffled(&'static str),
}

impl Kind {
    pub(crate) fn source(&self, bytes: usize) -> String {
        let numbered = |unit: &str, number: usize| {
            unit.replace('#', &number.to_string()).replace('@', &number.saturating_sub(1).to_string())
        };
        match self.make {
            Make::Repeated(head, unit, tail) => format!("{head}{}{tail}", unit.repeat(bytes.div_ceil(unit.len()))),
            Make::Nested(head, open, middle, close, tail) => {
                let count = bytes.div_ceil(open.len() + close.len());
                format!("{head}{}{middle}{}{tail}", open.repeat(count), close.repeat(count))
            }
            Make::Numbered(head, unit, tail) => {
                let mut source = head.to_owned();
                (1..).map(|number| numbered(unit, number)).take_while(|unit| grow(&mut source, unit, bytes)).count();
                source + tail
            }
            Make::Backwards(head, unit, tail) => {
                let mut units = Vec::new();
                let mut length = 0;
                while length < bytes {
                    units.push(numbered(unit, units.len() + 1));
                    length += units.last().map_or(0, String::len);
                }
                units.reverse();
                format!("{head}{}{tail}", units.concat())
            }
            Make::Shuffled(text) => {
                let letters = text.chars().cycle().step_by(7);
                let mut state = 0x2545_f491_4f6c_dd1d_u64;
                // Each letter of a long row is taken or left by chance.
                let mut taken = || {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    state >> 61 == 0
                };
                letters.filter(|_| taken()).take(bytes).collect()
            }
        }
    }
}

fn grow(source: &mut String, unit: &str, bytes: usize) -> bool {
    source.push_str(unit);
    source.len() < bytes
}

const fn repeated(name: &'static str, head: &'static str, unit: &'static str, tail: &'static str) -> Kind {
    Kind { name, make: Make::Repeated(head, unit, tail) }
}

const fn nested(name: &'static str, open: &'static str, middle: &'static str, close: &'static str) -> Kind {
    Kind { name, make: Make::Nested("fn f() { ", open, middle, close, " }") }
}

const fn numbered(name: &'static str, head: &'static str, unit: &'static str, tail: &'static str) -> Kind {
    Kind { name, make: Make::Numbered(head, unit, tail) }
}

const fn backwards(name: &'static str, head: &'static str, unit: &'static str, tail: &'static str) -> Kind {
    Kind { name, make: Make::Backwards(head, unit, tail) }
}

const MAIN: &str = " @compute @workgroup_size(1) fn main() {}";

/// All kinds.
pub(crate) const KINDS: &[Kind] = &[
    // Operators.
    repeated("nots", "fn f() { let a = ", "!", "true; }"),
    repeated("negations", "fn f() { let a = ", "- ", "1; }"),
    repeated("complements", "fn f() { let a = ", "~", "1; }"),
    repeated("references", "fn f() { var v = 1; let a = ", "*&", "v; }"),
    repeated("swizzles", "fn f() { let a = vec4f()", ".xyzw", "; }"),
    repeated("indices", "fn f() { let a = b", "[0]", "; }"),
    repeated("members", "struct S { a: u32 } fn f() { var s: S; let a = s", ".a", "; }"),
    repeated("sums", "fn f() { let a = 1", "+1", "; }"),
    repeated("sums of variables", "fn f(x: u32) { let a = x", "+x", "; }"),
    repeated("products", "fn f() { let a = 1.0", "*1.0", "; }"),
    repeated("conjunctions", "fn f() { let a = true", "&&true", "; }"),
    repeated("disjunctions of variables", "fn f(x: bool) { let a = x", "||x", "; }"),
    repeated("bits", "fn f() { let a = 1", "|1", "; }"),
    repeated("shifts", "fn f() { let a = 1", "<<1", "; }"),
    repeated("comparisons", "fn f() { let a = 1", "<1", "; }"),
    repeated("templates", "const a = ", "a<", ";"),
    // Brackets in brackets.
    nested("parentheses", "(", "1", ")"),
    nested("parentheses of a value", "let a = (", "1", ");"),
    nested("blocks", "{", "", "}"),
    nested("brackets", "a[", "1", "]"),
    nested("vectors", "vec4f(", "1", ")"),
    nested("calls in calls", "f(", "", ")"),
    nested("calls of a built-in", "max(1, ", "1", ")"),
    nested("types", "array<", "u32", ",1>"),
    nested("ifs", "if true {", "", "}"),
    nested("elses", "if true {} else {", "", "}"),
    nested("loops", "loop { if true { break; } ", "", "}"),
    nested("continuings", "loop { continuing {", "", "}}"),
    nested("switches", "switch 1 { default: {", "", "}}"),
    nested("fors", "for (;;) {", "break;", "}"),
    nested("whiles", "while true {", "break;", "}"),
    nested("comments", "/*", "", "*/"),
    // Chains of statements and declarations.
    repeated("else ifs", "fn f() { if true {}", " else if true {}", " }"),
    repeated("returns", "fn f() {", "return;", "}"),
    repeated("breaks", "fn f() { loop {", "if true { break; }", "} }"),
    numbered("constants, forwards", "const c0 = 1;", "const c#=c@+1;", MAIN),
    backwards("constants, backwards", "", "const c#=c@+1;", "const c0 = 1;"),
    backwards("aliases, backwards", "", "alias t#=t@;", "alias t0 = u32;"),
    numbered("aliases of arrays", "alias t0 = u32;", "alias t#=array<t@,1>;", MAIN),
    backwards("structures", "", "struct S#{a:S@}", "struct S0 { a: u32 }"),
    backwards("functions", "", "fn f#(){f@();}", "fn f0() {}"),
    numbered("overrides", "override o0: u32 = 1;", "override o#:u32=o@+1;", MAIN),
    numbered("variables", "var<private> v0 = 1;", "var<private> v#:i32=1;", MAIN),
    numbered("rounds", "", "const a#=b#;const b#=a#;", MAIN),
    numbered("pointers", "fn f() { var p0 = 1;", "let p#=&p0;", "}"),
    // What doubles.
    numbered("doubling arrays", "const a0 = array(1, 1);", "const a#=array(a@,a@);", MAIN),
    numbered("doubling arrays inside", "fn f() { const a0 = array(1, 1);", "const a#=array(a@,a@);", "}"),
    numbered("doubling values", "fn f(x: u32) { let a0 = array(x, x);", "let a#=array(a@,a@);", "}"),
    numbered("doubling structures", "struct S0 { a: u32 }", "struct S#{a:S@,b:S@}", "var<private> s: S9;"),
    numbered("doubling calls", "fn f0() {}", "fn f#(){f@();f@();}", MAIN),
    numbered("doubling types", "alias t0 = u32;", "alias t#=array<t@,2>;", "fn f() { var v: t9; let w = t12(); }"),
    numbered(
        "doubling constructors",
        "struct S { a: u32, b: u32 } const s0 = S();",
        "const s#=array(s@,s@,s@,s@);",
        MAIN,
    ),
    numbered(
        "copies of an array",
        "const a0 = array(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16);",
        "const a#=a0[#%16];",
        MAIN,
    ),
    repeated("zeros", "fn f() {", "_=array<u32,60000>();", "}"),
    repeated("large values", "fn f() {", "var v=array<vec4f,4000>();", "}"),
    // Much of one thing.
    repeated("statements", "var<private> x: u32; fn f() {", "x+=1;", "}"),
    numbered("lets", "fn f(l0: u32) {", "let l#=l@+1;", "}"),
    numbered("locals", "fn f() {", "var l#=1;", "}"),
    numbered("short functions", "", "fn f#(){}", MAIN),
    numbered("entry points", "", "@compute @workgroup_size(1) fn f#(){}", ""),
    numbered("bindings", "", "@group(0) @binding(#) var<storage> b#: u32;", MAIN),
    numbered("samplers", "", "@group(0) @binding(#) var s#: sampler;", MAIN),
    numbered("members of a structure", "struct S {", "m#:u32,", "}"),
    numbered("cases", "fn f(x: u32) { switch x {", "case #:{}", "default:{} } }"),
    numbered("values of a case", "fn f(x: u32) { switch x { case 0", ",#", ":{} default:{} } }"),
    numbered("parameters", "fn f(", "a#:u32,", ") {}"),
    repeated("arguments", "fn f() { let a = max(", "1,", "1); }"),
    repeated("elements", "const a = array(", "1,", "1);"),
    // Analyses of what depends on what.
    numbered("breaks and variables", "fn f(c: bool) { workgroupBarrier(); loop {", "var v#=1;if c{break;}", "} }"),
    numbered(
        "cases and variables",
        "fn f(n: u32) { var a = dpdx(1f); switch n {",
        "case #:{a+=1;break;}",
        "default:{} } }",
    ),
    nested("loops of barriers", "var x=1;loop{workgroupBarrier();x+=1;if x>1{break;}", "", "}"),
    repeated("barriers", "fn f() {", "workgroupBarrier();", "}"),
    numbered("calls of barriers", "fn f0() { workgroupBarrier(); }", "fn f#(){f@();}", MAIN),
    numbered(
        "variables of all functions",
        "fn f0(p: ptr<private, u32>) { *p = 1; }",
        "var<private> v#:u32;fn f#(p:ptr<private,u32>){v#=1;f@(p);}",
        MAIN,
    ),
    numbered(
        "calls with pointers",
        "fn g(p: ptr<function, u32>) { workgroupBarrier(); *p += 1; } fn f() {",
        "var v#=1u;g(&v#);",
        "}",
    ),
    repeated("assertions", "", "const_assert true;", ""),
    repeated("attributes", "", "@must_use ", "fn f() -> u32 { return 1; }"),
    repeated("filters", "", "diagnostic(off,a.b);", ""),
    repeated("filters of a function", "", "@diagnostic(off,derivative_uniformity)", "fn f() {}"),
    repeated("directives", "", "enable f16;", "fn f() {}"),
    repeated("names of a directive", "requires ", "pointer_composite_access,", ";"),
    // Odd text.
    repeated("open comments", "", "/*", ""),
    repeated("nuls", "", "\0", ""),
    repeated("controls", "", "\u{1}", ""),
    repeated("a long name", "const ", "a", " = 1;"),
    repeated("a long foreign name", "const ", "Δ", " = 1;"),
    repeated("a long number", "const a = ", "1", ";"),
    repeated("a long fraction", "const a = 0.", "1", "f;"),
    repeated("a long hexadecimal", "const a = 0x1.", "f", "p-1;"),
    repeated("closing brackets", "", ")]}>", ""),
    repeated("lines", "", "\r\n\u{2028}", "fn f() { let a = b; }"),
    Kind { name: "letters", make: Make::Shuffled("(){}[]<>,;:.@!-+*/&|=~% abcxyz0129_fnletvarconstifelse\"\n") },
    Kind { name: "any letters", make: Make::Shuffled("\0\u{7f}é€🦀\u{2028}\u{200e}\"'\\`#$?") },
];
