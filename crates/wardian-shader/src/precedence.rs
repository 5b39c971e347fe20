//! Operators that WGSL wants parentheses between, where naga reads them as C does.

use super::Refusal;
use super::tokens::{Kind, Token};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sort {
    Arithmetic,
    Shift,
    Relational,
    Logical,
    Bitwise,
}

fn sort_of(operator: &str) -> Option<Sort> {
    Some(match operator {
        "+" | "-" | "*" | "/" | "%" => Sort::Arithmetic,
        "<<" | ">>" => Sort::Shift,
        "<" | ">" | "<=" | ">=" | "==" | "!=" => Sort::Relational,
        "&&" | "||" => Sort::Logical,
        "&" | "|" | "^" => Sort::Bitwise,
        // Assignments and arrows, which no expression goes beyond.
        _ => return None,
    })
}

/// The operators of an expression that hold others back, inside of the same brackets.
#[derive(Clone, Copy, Debug, Default)]
struct Open<'a> {
    /// The one operator on bits that all others must be.
    bitwise: Option<&'a str>,
    /// `&&` or `||`, which must not be mixed.
    logical: Option<&'a str>,
    /// Since then.
    relational: Option<&'a str>,
    /// Since either of them.
    arithmetic: Option<&'a str>,
    shift: Option<&'a str>,
}

impl<'a> Open<'a> {
    /// Takes one more operator, or gives the one before that it can't be mixed with.
    fn take(&mut self, operator: &'a str, sort: Sort) -> Result<(), &'a str> {
        let others = [self.logical, self.relational, self.arithmetic, self.shift].into_iter().flatten().next();
        let clash = match sort {
            Sort::Bitwise => self.bitwise.filter(|bitwise| *bitwise != operator).or(others),
            Sort::Arithmetic => self.bitwise.or(self.shift),
            Sort::Shift => self.bitwise.or(self.shift).or(self.arithmetic),
            Sort::Relational => self.bitwise.or(self.relational),
            Sort::Logical => self.bitwise.or(self.logical.filter(|logical| *logical != operator)),
        };
        if let Some(clash) = clash {
            return Err(clash);
        }
        match sort {
            Sort::Bitwise => self.bitwise = Some(operator),
            Sort::Arithmetic => self.arithmetic = Some(operator),
            Sort::Shift => self.shift = Some(operator),
            Sort::Relational => {
                *self = Self { relational: Some(operator), arithmetic: None, shift: None, ..*self };
            }
            Sort::Logical => *self = Self { logical: Some(operator), ..Self::default() },
        }
        Ok(())
    }
}

/// Checks all expressions of a source.
///
/// <https://www.w3.org/TR/WGSL/#operator-precedence-associativity>
pub(super) fn check(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    let mut outer = Vec::new();
    let mut open = Open::default();
    let mut previous: Option<&Token<'_>> = None;
    for token in tokens {
        match token.kind {
            Kind::Open => outer.push(std::mem::take(&mut open)),
            Kind::Close => {
                open = outer.pop().unwrap_or_default();
                if token.is("}") {
                    open = Open::default();
                }
            }
            Kind::Comma | Kind::Semicolon | Kind::Colon => open = Open::default(),
            Kind::Operator if ends_operand(previous) => match sort_of(token.text) {
                Some(sort) => open.take(token.text, sort).map_err(|before| refusal(before, token))?,
                None => open = Open::default(),
            },
            Kind::Operator | Kind::Word | Kind::Number | Kind::Dot | Kind::At | Kind::Unknown => {}
        }
        previous = Some(token);
    }
    Ok(())
}

fn refusal(before: &str, token: &Token<'_>) -> Refusal {
    let after = token.text;
    Refusal::new(format!("`{after}` after `{before}` needs parentheses, which say what comes first"), token.range())
}

/// Whether an operator after this token stands between two operands.
fn ends_operand(previous: Option<&Token<'_>>) -> bool {
    previous.is_some_and(|token| match token.kind {
        Kind::Word => !matches!(token.text, "return" | "if" | "while" | "switch" | "case" | "const_assert"),
        Kind::Number => true,
        Kind::Close => !token.is("}"),
        Kind::Open
        | Kind::Dot
        | Kind::Comma
        | Kind::Colon
        | Kind::Semicolon
        | Kind::At
        | Kind::Operator
        | Kind::Unknown => false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    #[test]
    fn what_needs_no_parentheses() {
        for code in [
            "a + b * c - d % e < f / g && h == i - j",
            "a << b < c >> d && e",
            "a | b | c",
            "(a & b) == (c ^ d)",
            "a || b || !c",
            "a << -b",
            "f(a & b, c << d) + array<u32, 4>(1, 2)[a >> b]",
            "if x {} *p = a << b; return *p; return -a << b",
            "a += b; c <<= d; e & f; i++; j",
            "switch a { case 1: { } default: { } } *q = b | c",
            "a == b && c != d && e <= f",
        ] {
            let outcome = check(&tokens(code)).map_err(|refusal| refusal.text);
            assert_eq!(outcome, Ok(()), "{code}");
        }
    }

    #[test]
    fn what_needs_parentheses() {
        for (code, place) in [
            ("a * b << c", 6),
            ("a << b + c", 7),
            ("a << b << c", 7),
            ("a < b < c", 6),
            ("a == b != c", 7),
            ("a & b | c", 6),
            ("a & b == c", 6),
            ("a + b ^ c", 6),
            ("a && b || c", 7),
            ("a || b && c", 7),
            ("f(a || (b | c) && d)", 15),
            ("a & b && c", 6),
        ] {
            let refusal = check(&tokens(code)).expect_err(code);
            assert_eq!(refusal.range.expect("a place").start, place, "{code}: {}", refusal.text);
        }
    }
}
