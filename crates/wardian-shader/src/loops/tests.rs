use naga::valid::{Capabilities, ValidationFlags, Validator};

use super::*;

/// What became of a loop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// Nothing.
    Left,
    /// Its rounds are counted where a step may leap.
    Guarded,
    Counted,
}

fn bounded(source: &str) -> Module {
    let mut module = naga::front::wgsl::parse_str(source).unwrap_or_else(|error| panic!("{source}: {error}"));
    bound(&mut module);
    let checked = Validator::new(ValidationFlags::all(), Capabilities::all()).validate(&module);
    checked.unwrap_or_else(|error| panic!("{source}: {error:?}"));
    module
}

fn kinds_within(block: &Block, function: &Function, kinds: &mut Vec<Kind>) {
    for statement in block {
        if let Statement::Block(inner) = statement {
            kinds_within(inner, function, kinds);
        } else if let Statement::If { accept, reject, .. } = statement {
            kinds_within(accept, function, kinds);
            kinds_within(reject, function, kinds);
        } else if let Statement::Switch { cases, .. } = statement {
            cases.iter().for_each(|case| kinds_within(&case.body, function, kinds));
        } else if let Statement::Loop { body, continuing, .. } = statement {
            let spends = |block: &Block| {
                block.iter().any(|statement| {
                    let Statement::Store { pointer, .. } = *statement else { return false };
                    let Expression::LocalVariable(variable) = function.expressions[pointer] else { return false };
                    function.local_variables[variable].name.as_deref() == Some("rounds_low")
                })
            };
            let is_guard = |statement: &Statement| matches!(statement, Statement::If { accept, .. } if spends(accept));
            kinds.push(match body.first() {
                _ if spends(body) => Kind::Counted,
                Some(statement) if is_guard(statement) => Kind::Guarded,
                _ => Kind::Left,
            });
            kinds_within(body, function, kinds);
            kinds_within(continuing, function, kinds);
        }
    }
}

/// The loops of a function `f(n: u32, m: i32)` with this body, in the order of their beginnings.
fn kinds(body: &str) -> Vec<Kind> {
    let source = format!(
        "struct S {{ count: u32, step: u32, sizes: vec4u }}
         @group(0) @binding(0) var<uniform> u: S;
         @group(0) @binding(1) var<storage> r: array<u32>;
         @group(0) @binding(2) var<storage, read_write> w: array<u32>;
         @group(0) @binding(3) var<storage, read_write> a: atomic<u32>;
         var<private> p: u32;
         const STEP = 4u;
         fn change(q: ptr<function, u32>) {{ *q = 0u; }}
         fn number() -> u32 {{ return w[0]; }}
         fn f(n: u32, m: i32) {{ {body} }}"
    );
    let module = bounded(&source);
    let function = module.functions.iter().map(|(_, function)| function);
    let function = function.into_iter().find(|function| function.name.as_deref() == Some("f")).expect("f");
    let mut kinds = Vec::new();
    kinds_within(&function.body, function, &mut kinds);
    kinds
}

#[track_caller]
fn all(kind: Kind, bodies: &[&str]) {
    for body in bodies {
        assert_eq!(kinds(body), [kind], "{body}");
    }
}

#[test]
fn loops_that_reach_their_bound_stay_as_they_are() {
    all(
        Kind::Left,
        &[
            "for (var i = 0u; i < n; i++) { w[i] = i; }",
            "for (var i = 0; i < m; i += 1) {}",
            "for (var i = 0u; n > i; i = 1u + i) {}",
            "for (var i = 0u; !(i >= n); i++) { if w[i] == 3u { continue; } w[i] = 1u; }",
            // A bound that moves.
            "for (var i = 0u; i < w[0]; i++) { w[0] += 2u; }",
            "for (var i = n; i > 0u; i--) {}",
            "for (var i = m; i > -5; i -= 1) {}",
            "for (var i = m; i >= 0; i--) {}",
            "for (var i = 0u; i != n; i++) {}",
            "for (var i = 0u; i < 64u; i += 16u) {}",
            "for (var i = 0u; i <= 64u; i += STEP) {}",
            "for (var i = 0; i < 64; i -= -16) {}",
            "for (var i = 128u; i > 0u; i /= 2u) {}",
            "for (var i = n; i > 0u; i >>= 1u) {}",
            "for (var i = n; i != 0u; i >>= 3u) {}",
            "for (var i = m; i > 0; i /= 2) {}",
            "var i = n; while (i < 7u) { i++; if n == 3u { continue; } w[i] = 1u; }",
            "var i = n; loop { if i >= 7u { break; } i = i + 1u; }",
            "var i = n; loop { if i >= 7u { w[0] = 1u; return; } continuing { i++; } }",
            "var i = n; loop { w[i] = 1u; continuing { i++; break if i >= 7u; } }",
            "for (var i = 0u; i < n && w[i] != 3u; i++) {}",
            "for (var i = 0u; i < n && w[i] != 3u && w[0] == 1u; i++) {}",
            "var i = n; loop { if i >= 7u || w[i] == 1u { break; } i++; }",
            "var i = n; while !(i >= 7u || w[i] == 1u) { i++; }",
            "var i = n; loop { { let now = i; i = now + 1u; if now >= 7u { break; } } }",
        ],
    );
}

#[test]
fn loops_whose_steps_may_leap_are_counted_where_they_do() {
    all(
        Kind::Guarded,
        &[
            "for (var i = 0u; i < n; i += 64u) {}",
            "for (var i = 0; i <= m; i++) {}",
            "for (var i = n; i >= r[1]; i--) {}",
            "for (var i = 0u; i < u.count; i += u.step) {}",
            "for (var i = 0u; i < arrayLength(&w); i += u.sizes.y) {}",
            "for (var i = 0u; i < min(n, 5u) * u.sizes[1]; i += 2u) {}",
            "let count = number(); for (var i = 0u; i < count; i += 2u) {}",
            "var count = number(); for (var i = 0u; i < count; i += 2u) {}",
            "for (var i = n; i > u.count; i -= u.step) {}",
            "for (var i = 1u; i < n; i *= 2u) {}",
            "for (var i = 1; i <= 64; i <<= 1u) {}",
            "for (var i = m; i > m; i /= 2) {}",
            "for (var i = 0u; i < r[n]; i += 4u) {}",
        ],
    );
}

#[test]
fn other_loops_are_counted() {
    all(
        Kind::Counted,
        &[
            "loop { if n == 1u { break; } }",
            "while (w[0] == 0u) {}",
            "while (atomicLoad(&a) == 0u) {}",
            "for (var i = 0u; i < n; ) {}",
            "for (var i = 0u; i < n; i += 0u) {}",
            // The wrong way, and steps of other kinds.
            "for (var i = n; i < 5u; i--) {}",
            "for (var i = 0u; i < n; i ^= 1u) {}",
            "for (var i = 0u; i < n; i = n) {}",
            "for (var i = m; i != 0; i >>= 1u) {}",
            "for (var i = n; i >= 0u; i--) {}",
            "for (var i = n; i >= 0u; i /= 2u) {}",
            "for (var i = 0u; i <= 4294967295u; i++) {}",
            "for (var i = 0; i < 2147483647; i += 2) {}",
            "for (var i = 0u; i != n; i += 2u) {}",
            "for (var i = n; i < 64u; i *= 1u) {}",
            // Other numbers.
            "for (var i = 0f; i < 5f; i += 1f) {}",
            "p = 0u; for (; p < n; p++) {}",
            "var i = vec2u(); for (; i.x < n; i.x++) {}",
            // Written elsewhere, too.
            "for (var i = 0u; i < n; i++) { i = 0u; }",
            "for (var i = 0u; i < n; i++) { if n == 3u { i--; } }",
            "for (var i = 0u; i < n; i++) { let q = &i; *q = 1u; }",
            "for (var i = 0u; i < n; i++) { change(&i); }",
            "for (var i = 0u; i < n; i++) { i++; }",
            // Not in each round.
            "var i = 0u; while (i < n) { if w[0] == 1u { i++; } }",
            "var i = 0u; while (i < n) { if w[0] == 1u { continue; } i++; }",
            "var i = 0u; while (i < n) { switch w[0] { case 1u: { continue; } default: {} } i++; }",
            "var i = 0u; loop { if w[0] == 1u { continue; } if i >= n { break; } continuing { i++; } }",
            "var i = 0u; loop { if w[0] == 1u { if i >= n { break; } } continuing { i++; } }",
            "var i = 0u; loop { if i >= n { if w[0] == 1u { break; } } continuing { i++; } }",
            "var i = 0u; loop { switch n { case 1u: { if i >= n { break; } } default: {} } continuing { i++; } }",
            "var i = 0u; loop { switch i { case 7u: { break; } default: {} } continuing { i++; } }",
            // The test and the step are about another round's number.
            "var i = 0u; let old = i; loop { if i >= n { break; } continuing { i = old + 1u; } }",
            "var i = 0u; let old = i; loop { if old >= n { break; } continuing { i++; } }",
            "var i = 0u; var j = 0u; loop { if j >= n { break; } continuing { i++; } }",
            "var i = 0u; var j = 0u; loop { if i >= n { break; } continuing { i = j + 1u; } }",
            "for (var i = 0u; i < n || w[i] != 3u; i++) {}",
            "for (var i = 0u; w[i] != 3u && n < 5u; i++) {}",
            "var i = n; loop { if i >= 7u && w[i] == 1u { break; } i++; }",
            "var go = true; for (var i = 0u; go; i++) { if i < n { go = w[i] == 1u; } else { go = false; } go = true; }",
            "var go = true; for (var i = 0u; go; i++) { if i < n { go = false; } else { go = true; } }",
            // What a round may change.
            "for (var i = 0u; i < w[0]; i += 2u) {}",
            "for (var i = 0u; i != w[0]; i++) {}",
            "var step = n; for (var i = 0u; i < 7u; i += step) { step--; }",
            "var count = n; for (var i = 0u; i < count; i += 2u) { change(&count); }",
            "for (var i = 0u; i < atomicLoad(&a); i += 2u) {}",
            "for (var i = 0u; i < number(); i += 2u) {}",
            "p = n; for (var i = 0u; i < p; i += 2u) {}",
        ],
    );
}

#[test]
fn loops_in_loops_are_told_apart() {
    use Kind::{Counted, Guarded, Left};
    let body = "for (var i = 0u; i < n; i += 2u) {
                    for (var j = 0u; j < i; j++) { for (var k = 0u; k < i; k += 3u) {} }
                    while (w[i] == 0u) {}
                    if w[1] == 1u { for (var j = 0u; j < 5u; j++) { continue; } }
                }
                switch n { case 1u: { loop { break; } } default: { for (var i = 1u; i < 5u; i++) {} } }";
    assert_eq!(kinds(body), [Guarded, Left, Guarded, Counted, Left, Counted, Left], "the kinds");
    // The inner loop writes what the outer one counts.
    let body = "for (var i = 0u; i < n; i++) { for (; i > 0u; i--) {} }";
    assert_eq!(kinds(body), [Counted, Left], "the outer one has no end");
}

#[test]
fn one_budget_is_enough_for_a_function() {
    let module = bounded("fn f() { loop { break; } loop { break; } } fn g() { for (var i = 0; i < 3; i++) {} }");
    let counts: Vec<_> = module.functions.iter().map(|(_, function)| function.local_variables.len()).collect();
    assert_eq!(counts, [2, 1], "two variables of a budget; one of the program's own");
}

#[test]
fn long_code_takes_no_longer_than_its_length() {
    let deep = "for (var i = 0u; i < n; i += 2u) {".repeat(100) + &"}".repeat(100);
    assert_eq!(kinds(&deep), vec![Kind::Guarded; 100], "nested");
    let bound = "n".to_owned() + &" + u.count".repeat(40);
    assert_eq!(
        kinds(&format!("for (var i = 0u; i < {bound}; i += 2u) {{}}")),
        [Kind::Counted],
        "too much to compute twice"
    );
}
