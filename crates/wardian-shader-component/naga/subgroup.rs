//! What the functions on subgroups take as the number of an invocation, and the one that naga has not.

use alloc::{boxed::Box, format};

use super::{ExpressionContext, SubgroupGather, resolve_inner};
use crate::front::wgsl::Result;
use crate::proc::ConstantEvaluatorError;
use crate::{
    BinaryOperator, CollectiveOperation, Expression, Handle, Literal, Scalar, ScalarKind, Span, Statement,
    SubgroupOperation,
};

/// The largest subgroup that WGSL knows has as many invocations.
const INVOCATIONS: u32 = 128;

impl<'source> ExpressionContext<'source, '_, '_> {
    /// The number of an invocation, or a distance of such, as a `u32`; one that is constant must be in its range.
    pub(super) fn invocation(
        &mut self,
        mut index: Handle<Expression>,
        mode: &SubgroupGather,
        span: Span,
    ) -> Result<'source, Handle<Expression>> {
        use SubgroupGather as Sg;
        let takes_signed = matches!(*mode, Sg::Broadcast | Sg::Shuffle | Sg::QuadBroadcast);
        match *resolve_inner!(self, index) {
            crate::TypeInner::Scalar(Scalar { kind: ScalarKind::AbstractInt, .. }) => {
                self.convert_to_leaf_scalar(&mut index, Scalar::U32)?;
            }
            crate::TypeInner::Scalar(Scalar::I32) if takes_signed => {
                // A negative one becomes one that is too large.
                self.convert_to_leaf_scalar(&mut index, Scalar::U32)?;
            }
            _ => {}
        }
        let end = if matches!(*mode, Sg::QuadBroadcast) { 4 } else { INVOCATIONS };
        match self.get_const_val::<u32>(index) {
            Ok(value) if value >= end => {
                let text = format!("the number of an invocation must be at least 0 and less than {end}");
                Err(Box::new(super::Error::ConstantEvaluatorError(
                    ConstantEvaluatorError::Evaluation(text).into(),
                    span,
                )))
            }
            _ => Ok(index),
        }
    }

    /// Whether an invocation is the first of those that are active: no other is counted before it.
    pub(super) fn subgroup_elect(&mut self, span: Span) -> Result<'source, Expression> {
        let argument = self.append_expression(Expression::Literal(Literal::U32(1)), span)?;
        let ty = self.register_type(argument)?;
        let result = self.interrupt_emitter(Expression::SubgroupOperationResult { ty }, span)?;
        let (op, collective_op) = (SubgroupOperation::Add, CollectiveOperation::ExclusiveScan);
        let statement = Statement::SubgroupCollectiveOperation { op, collective_op, argument, result };
        self.runtime_expression_ctx(span)?.block.push(statement, span);
        let right = self.append_expression(Expression::Literal(Literal::U32(0)), span)?;
        Ok(Expression::Binary { op: BinaryOperator::Equal, left: result, right })
    }
}
