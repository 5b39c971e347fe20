//! What statements do with the flow of control: whether the next one follows, and whether a loop ends.

use naga::{Block, Function, Module, Span, Statement};

use super::{Refusal, range_of};

/// <https://www.w3.org/TR/WGSL/#behaviors>
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Behavior(u8);

impl Behavior {
    pub(super) const NEXT: Self = Self(1);
    pub(super) const BREAK: Self = Self(2);
    pub(super) const CONTINUE: Self = Self(4);
    pub(super) const RETURN: Self = Self(8);

    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Of a statement, and one after it.
    pub(super) const fn then(self, next: Self) -> Self {
        if self.has(Self::NEXT) { self.without(Self::NEXT).with(next) } else { self }
    }

    /// Of a switch whose cases have this all together.
    pub(super) const fn of_switch(self) -> Self {
        if self.has(Self::BREAK) { self.without(Self::BREAK).with(Self::NEXT) } else { self }
    }

    /// Of a loop whose body, with what continues it, has this; none where it can't end.
    pub(super) fn of_loop(self) -> Option<Self> {
        let left = self.without(Self::BREAK.with(Self::CONTINUE).with(Self::NEXT));
        let left = if self.has(Self::BREAK) { left.with(Self::NEXT) } else { left };
        (left != Self::default()).then_some(left)
    }
}

/// Checks that all loops of a module can end.
///
/// <https://www.w3.org/TR/WGSL/#behaviors-rules>
pub(super) fn check(module: &Module) -> Result<(), Refusal> {
    let functions = module.functions.iter().map(|(_, function)| function);
    for Function { body, .. } in functions.chain(module.entry_points.iter().map(|entry_point| &entry_point.function)) {
        of_block(body).map_err(endless)?;
    }
    Ok(())
}

fn endless(span: Span) -> Refusal {
    let text = "the loop has no end: nothing in it leads to a `break` or a `return`";
    Refusal { text: text.to_owned(), range: range_of(span) }
}

/// # Errors
///
/// Where a loop without an end is.
fn of_block(block: &Block) -> Result<Behavior, Span> {
    block.span_iter().try_fold(Behavior::NEXT, |before, (statement, span)| Ok(before.then(of(statement, *span)?)))
}

fn of(statement: &Statement, span: Span) -> Result<Behavior, Span> {
    Ok(if let Statement::Block(block) = statement {
        of_block(block)?
    } else if let Statement::If { accept, reject, .. } = statement {
        of_block(accept)?.with(of_block(reject)?)
    } else if let Statement::Switch { cases, .. } = statement {
        let all: Result<Behavior, Span> = cases.iter().try_fold(Behavior::default(), |all, case| {
            // A case without a body of its own shares the next one's.
            let body = of_block(&case.body)?;
            Ok(all.with(if case.fall_through { body.without(Behavior::NEXT) } else { body }))
        });
        all?.of_switch()
    } else if let Statement::Loop { body, continuing, break_if } = statement {
        let end = if break_if.is_some() { Behavior::BREAK } else { Behavior::default() };
        of_block(body)?.with(of_block(continuing)?).with(end).of_loop().ok_or(span)?
    } else {
        of_simple(statement)
    })
}

/// Of a statement that has no others in it.
pub(super) const fn of_simple(statement: &Statement) -> Behavior {
    if matches!(statement, Statement::Break) {
        Behavior::BREAK
    } else if matches!(statement, Statement::Continue) {
        Behavior::CONTINUE
    } else if matches!(statement, Statement::Return { .. }) {
        Behavior::RETURN
    } else {
        Behavior::NEXT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_all(body: &str) -> Result<(), String> {
        let source = format!("fn f(c: bool) {{ {body} }}");
        let module = naga::front::wgsl::parse_str(&source).expect(body);
        check(&module).map_err(|refusal| source[refusal.range.expect("a place")].to_owned())
    }

    #[test]
    fn loops_that_end() {
        for body in [
            "loop { break; }",
            "loop { if c { break; } }",
            "loop { return; }",
            "loop { continue; continuing { break if c; } }",
            "loop { break; continue; }",
            "loop { switch 1 { default { return; } } }",
            "loop { loop { break; } if c { return; } }",
            "for (; c; ) {}",
            "for (;;) { break; }",
            "while true { continue; }",
            "return; loop { break; }",
        ] {
            assert_eq!(check_all(body), Ok(()), "{body}");
        }
    }

    #[test]
    fn loops_that_do_not() {
        for body in [
            "loop {}",
            "loop { continuing {} }",
            "loop { continue; continuing {} }",
            "for (;;) {}",
            "loop { switch 1 { default { break; } } }",
            "loop { loop { break; } }",
            "if c { loop { discard; } }",
        ] {
            assert!(check_all(body).is_err(), "{body}");
        }
    }
}
