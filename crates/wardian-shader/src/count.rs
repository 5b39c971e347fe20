//! The value of a constant expression that is a number of elements, as far as it can be told without the compiler.

use std::collections::BTreeMap;

use super::tokens::{Kind, Token};

/// Values of identifiers, by where they are used in the source.
pub(super) type Known = BTreeMap<usize, u64>;

/// The value of an expression of integers; none where it is something else.
pub(super) fn value(tokens: &[Token<'_>], known: &Known) -> Option<u64> {
    let mut reader = Reader { tokens, known };
    let value = reader.expression(0)?;
    reader.tokens.is_empty().then_some(value)
}

struct Reader<'a, 't> {
    tokens: &'t [Token<'a>],
    known: &'t Known,
}

impl<'a, 't> Reader<'a, 't> {
    fn next(&mut self) -> Option<&'t Token<'a>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    /// An expression whose operators all bind more strongly than `strength`.
    fn expression(&mut self, strength: u8) -> Option<u64> {
        let mut left = self.operand()?;
        while let Some(operator) = self.tokens.first() {
            let Some(binds) = strength_of(operator.text).filter(|binds| *binds > strength) else { break };
            self.next()?;
            let right = self.expression(binds)?;
            left = apply(operator.text, left, right)?;
        }
        Some(left)
    }

    fn operand(&mut self) -> Option<u64> {
        let token = self.next()?;
        match token.kind {
            Kind::Number => number(token.text),
            Kind::Open if token.is("(") => {
                let value = self.expression(0)?;
                self.next().filter(|token| token.is(")"))?;
                Some(value)
            }
            Kind::Word if matches!(token.text, "u32" | "i32") => self.operand(),
            Kind::Word => self.known.get(&token.start).copied(),
            Kind::Open
            | Kind::Close
            | Kind::Dot
            | Kind::Comma
            | Kind::Colon
            | Kind::Semicolon
            | Kind::At
            | Kind::Operator
            | Kind::Unknown => None,
        }
    }
}

fn strength_of(operator: &str) -> Option<u8> {
    match operator {
        "<<" | ">>" => Some(1),
        "+" | "-" => Some(2),
        "*" | "/" | "%" => Some(3),
        _ => None,
    }
}

fn apply(operator: &str, left: u64, right: u64) -> Option<u64> {
    match operator {
        "<<" => left.checked_mul(1_u64.checked_shl(u32::try_from(right).ok()?)?),
        ">>" => left.checked_shr(u32::try_from(right).ok()?),
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "*" => left.checked_mul(right),
        "/" => left.checked_div(right),
        "%" => left.checked_rem(right),
        _ => None,
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = text.strip_suffix(['u', 'i']).unwrap_or(text);
    match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => digits.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn check(source: &str, expected: Option<u64>) {
        let tokens = tokens(source);
        let known = tokens.iter().filter(|token| token.is("n")).map(|token| (token.start, 7)).collect();
        assert_eq!(value(&tokens, &known), expected, "{source:?}");
    }

    #[test]
    fn numbers_and_operators() {
        check("12", Some(12));
        check("0x1Fu", Some(31));
        check("1 + 2 * 3 - 4", Some(3));
        check("(1 + 2) * u32(n) << 2", Some(84));
        check("100 / 7 % 5", Some(4));
        check("n * n", Some(49));
    }

    #[test]
    fn what_cannot_be_told() {
        for source in
            ["", "m", "1.5", "-1", "1 -", "max(1, 2)", "1 / 0", "1 << 64", "(1", "1 2", "18446744073709551615 * 2"]
        {
            check(source, None);
        }
    }
}
