//! `bitcast`, whose target may have other scalars in number and size than its argument.
//!
//! naga's own expression keeps their size. Pairs of `f16` are packed and unpacked instead, which the drivers have.

use alloc::{boxed::Box, vec};

use super::{ExpressionContext, resolve_inner};
use crate::front::wgsl::Result;
use crate::{Expression, Handle, MathFunction, Scalar, ScalarKind, Span, Type, TypeInner, VectorSize};

const PAIR: TypeInner = TypeInner::Vector { size: VectorSize::Bi, scalar: Scalar::F16 };
const FOUR: TypeInner = TypeInner::Vector { size: VectorSize::Quad, scalar: Scalar::F16 };

impl<'source> ExpressionContext<'source, '_, '_> {
    /// The bits of `expr` as a `ty`; none where there is no such cast.
    pub(super) fn bitcast(
        &mut self,
        expr: Handle<Expression>,
        ty: Handle<Type>,
        span: Span,
    ) -> Result<'source, Option<Handle<Expression>>> {
        let from = resolve_inner!(self, expr).clone();
        let to = self.module.types[ty].inner.clone();
        let (Some(from_bits), Some(to_bits)) = (bits(&from), bits(&to)) else { return Ok(None) };
        let scalar = to.scalar().unwrap_or(Scalar::U32);
        if from_bits != to_bits {
            return Ok(None);
        }
        if self.is_const(expr) {
            let result = self.as_const_evaluator().bitcast(expr, scalar, span);
            let error = |error: crate::proc::ConstantEvaluatorError| {
                Box::new(super::Error::ConstantEvaluatorError(error.into(), span))
            };
            return result.map(Some).map_err(error);
        }
        if from.scalar().map(|from| from.width) == Some(scalar.width) {
            return self.same_bits(expr, scalar.kind, span).map(Some);
        }
        let result = if from == PAIR {
            self.packed(expr, span)?
        } else if from == FOUR {
            let halves = [[0, 1], [2, 3]].map(|half| half.map(|index| crate::SwizzleComponent::XYZW[index]));
            let mut words = vec![];
            for [first, second] in halves {
                let pattern = [first, second, first, second];
                let half = Expression::Swizzle { size: VectorSize::Bi, vector: expr, pattern };
                let half = self.append_expression(half, span)?;
                words.push(self.packed(half, span)?);
            }
            let two = TypeInner::Vector { size: VectorSize::Bi, scalar: Scalar::U32 };
            let ty = self.ensure_type_exists(two);
            self.append_expression(Expression::Compose { ty, components: words }, span)?
        } else {
            return self.unpacked(expr, &from, &to, span).map(Some);
        };
        if scalar == Scalar::U32 {
            return Ok(Some(result));
        }
        self.same_bits(result, scalar.kind, span).map(Some)
    }

    fn same_bits(
        &mut self,
        expr: Handle<Expression>,
        kind: ScalarKind,
        span: Span,
    ) -> Result<'source, Handle<Expression>> {
        self.append_expression(Expression::As { expr, kind, convert: None }, span)
    }

    /// Two `f16` as one `u32`.
    fn packed(&mut self, expr: Handle<Expression>, span: Span) -> Result<'source, Handle<Expression>> {
        let wide = Expression::As { expr, kind: ScalarKind::Float, convert: Some(4) };
        let wide = self.append_expression(wide, span)?;
        self.call_with(MathFunction::Pack2x16float, wide, span)
    }

    /// One or two scalars of 32 bits as twice as many `f16`.
    fn unpacked(
        &mut self,
        expr: Handle<Expression>,
        from: &TypeInner,
        to: &TypeInner,
        span: Span,
    ) -> Result<'source, Handle<Expression>> {
        let is_unsigned = from.scalar() == Some(Scalar::U32);
        let expr = if is_unsigned { expr } else { self.same_bits(expr, ScalarKind::Uint, span)? };
        if *to == PAIR {
            return self.unpacked_pair(expr, span);
        }
        let mut components = vec![];
        for index in 0..2 {
            let word = self.append_expression(Expression::AccessIndex { base: expr, index }, span)?;
            components.push(self.unpacked_pair(word, span)?);
        }
        let ty = self.ensure_type_exists(FOUR);
        self.append_expression(Expression::Compose { ty, components }, span)
    }

    fn unpacked_pair(&mut self, word: Handle<Expression>, span: Span) -> Result<'source, Handle<Expression>> {
        let wide = self.call_with(MathFunction::Unpack2x16float, word, span)?;
        self.append_expression(Expression::As { expr: wide, kind: ScalarKind::Float, convert: Some(2) }, span)
    }

    fn call_with(
        &mut self,
        fun: MathFunction,
        arg: Handle<Expression>,
        span: Span,
    ) -> Result<'source, Handle<Expression>> {
        self.append_expression(Expression::Math { fun, arg, arg1: None, arg2: None, arg3: None }, span)
    }
}

/// How many bits a number or a vector of numbers has.
fn bits(inner: &TypeInner) -> Option<u32> {
    let (size, scalar) = match *inner {
        TypeInner::Scalar(scalar) => (1, scalar),
        TypeInner::Vector { size, scalar } => (size as u32, scalar),
        _ => return None,
    };
    let is_number = matches!(scalar.kind, ScalarKind::Float | ScalarKind::Sint | ScalarKind::Uint);
    is_number.then_some(size * u32::from(scalar.width) * 8)
}
