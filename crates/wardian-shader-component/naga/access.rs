//! What a value that is known has to do with errors: an index that a `let` holds is not constant, and an operand that
//! is never evaluated has no value.

use alloc::boxed::Box;

use super::{ExpressionContext, ExpressionContextType, resolve_inner};
use crate::front::wgsl::{Error, Result};
use crate::proc::ConstValueError;
use crate::{ArraySize, Expression, Handle, Literal, MathFunction, Scalar, Span, TypeInner};

/// Whether something is wrong with the value of an expression, and not with its type.
pub(super) fn is_of_value(error: &Error<'_>) -> bool {
    matches!(*error, Error::ConstantEvaluatorError(..))
}

impl<'source> ExpressionContext<'source, '_, '_> {
    /// The exponent of `ldexp` must be small enough for the kind of floats, of which nothing else need be known.
    pub(super) fn check_exponent(
        &mut self,
        function: MathFunction,
        arguments: &[Handle<Expression>],
        span: Span,
    ) -> Result<'source, ()> {
        let (MathFunction::Ldexp, &[number, exponent]) = (function, arguments) else { return Ok(()) };
        let Some(float) = resolve_inner!(self, number).scalar() else { return Ok(()) };
        self.as_const_evaluator()
            .check_exponent(float, exponent)
            .map_err(|error| Box::new(Error::ConstantEvaluatorError(error.into(), span)))
    }

    /// The argument of a derivative, which is never abstract: there are no derivatives of constants.
    pub(super) fn derivable(&mut self, mut argument: Handle<Expression>) -> Result<'source, Handle<Expression>> {
        let is_abstract = resolve_inner!(self, argument).scalar().is_some_and(|scalar| scalar.is_abstract());
        if is_abstract {
            self.convert_to_leaf_scalar(&mut argument, Scalar::F32)?;
        }
        Ok(argument)
    }

    /// An index that is known but not constant, within the bounds of what it is an index of: beyond them, WGSL gives
    /// any element. The validator takes each known index for a constant one.
    pub(super) fn held_index(
        &mut self,
        base: Handle<Expression>,
        index: Handle<Expression>,
    ) -> Result<'source, Handle<Expression>> {
        let ExpressionContextType::Runtime(ref runtime) = self.expr_type else { return Ok(index) };
        if runtime.local_expression_kind_tracker.is_const(index) {
            return Ok(index);
        }
        let known = self.module.to_ctx().get_const_val_from::<u32, _>(index, &runtime.function.expressions);
        let known = match known {
            Ok(value) => value,
            Err(ConstValueError::Negative) => u32::MAX,
            Err(ConstValueError::NonConst | ConstValueError::InvalidType) => return Ok(index),
        };
        let inner = resolve_inner!(self, base);
        let inner = match *inner {
            TypeInner::Pointer { base, .. } => &self.module.types[base].inner,
            ref inner => inner,
        };
        let length = match *inner {
            TypeInner::Vector { size, .. } | TypeInner::ValuePointer { size: Some(size), .. } => size as u32,
            TypeInner::Matrix { columns, .. } => columns as u32,
            TypeInner::Array { size: ArraySize::Constant(length), .. } => length.get(),
            _ => return Ok(index),
        };
        if known < length {
            return Ok(index);
        }
        let span = self.get_expression_span(index);
        let last = self.append_expression(Expression::Literal(Literal::U32(length - 1)), span)?;
        if let ExpressionContextType::Runtime(ref mut runtime) = self.expr_type {
            runtime.local_expression_kind_tracker.force_non_const(last);
        }
        Ok(last)
    }
}
