//! Whole numbers of 32 bits, with a sign or without.

use naga::{Expression, Handle, Literal, LocalVariable, Scalar, TypeInner};

use super::Declarations;

/// `u32` or `i32`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Unsigned,
    Signed,
}

impl Kind {
    /// That of a variable, if it is one.
    pub(super) fn of(variable: &LocalVariable, declarations: &Declarations<'_>) -> Option<Self> {
        let TypeInner::Scalar(scalar) = declarations.types[variable.ty].inner else { return None };
        [(Scalar::U32, Self::Unsigned), (Scalar::I32, Self::Signed)]
            .into_iter()
            .find_map(|(of, kind)| (of == scalar).then_some(kind))
    }

    pub(super) fn least(self) -> i64 {
        match self {
            Self::Unsigned => 0,
            Self::Signed => i64::from(i32::MIN),
        }
    }

    pub(super) fn greatest(self) -> i64 {
        match self {
            Self::Unsigned => i64::from(u32::MAX),
            Self::Signed => i64::from(i32::MAX),
        }
    }

    /// The number as an expression, or the nearest one that there is.
    pub(super) fn literal(self, number: i64) -> Literal {
        let number = number.clamp(self.least(), self.greatest());
        match self {
            Self::Unsigned => Literal::U32(u32::try_from(number).unwrap_or(u32::MAX)),
            Self::Signed => Literal::I32(i32::try_from(number).unwrap_or(i32::MAX)),
        }
    }
}

/// The number that an expression is known to be.
pub(super) fn known(
    expression: Handle<Expression>,
    expressions: &naga::Arena<Expression>,
    declarations: &Declarations<'_>,
) -> Option<i64> {
    let of = |expression: &Expression| {
        let Expression::Literal(literal) = expression else { return None };
        if let Literal::U32(number) = *literal {
            Some(i64::from(number))
        } else if let Literal::I32(number) = *literal {
            Some(i64::from(number))
        } else {
            None
        }
    };
    let expression = &expressions[expression];
    if let Expression::Constant(constant) = *expression {
        return of(&declarations.global_expressions[declarations.constants[constant].init]);
    }
    of(expression)
}
