//! What an expression is made of.

use naga::{Expression, Handle, ImageQuery, SampleLevel};

/// The expressions that an expression's value depends on, but for what is in memory.
pub(super) fn operands(expression: &Expression) -> Vec<Handle<Expression>> {
    let some = |first: &[Handle<Expression>], others: &[Option<Handle<Expression>>]| {
        first.iter().copied().chain(others.iter().copied().flatten()).collect()
    };
    if let Expression::Compose { components, .. } = expression {
        components.clone()
    } else if let Expression::Access { base, index } = *expression {
        vec![base, index]
    } else if let Expression::Binary { left, right, .. } = *expression {
        vec![left, right]
    } else if let Expression::Select { condition, accept, reject } = *expression {
        vec![condition, accept, reject]
    } else if let Expression::Math { arg, arg1, arg2, arg3, .. } = *expression {
        some(&[arg], &[arg1, arg2, arg3])
    } else if let Expression::ImageSample {
        image, sampler, coordinate, array_index, offset, level, depth_ref, ..
    } = *expression
    {
        let mut all: Vec<_> = some(&[image, sampler, coordinate], &[array_index, offset, depth_ref]);
        match level {
            SampleLevel::Auto | SampleLevel::Zero => {}
            SampleLevel::Exact(level) | SampleLevel::Bias(level) => all.push(level),
            SampleLevel::Gradient { x, y } => all.extend([x, y]),
        }
        all
    } else if let Expression::ImageLoad { image, coordinate, array_index, sample, level } = *expression {
        some(&[image, coordinate], &[array_index, sample, level])
    } else if let Expression::ImageQuery { image, query: ImageQuery::Size { level } } = *expression {
        some(&[image], &[level])
    } else if let Expression::AccessIndex { base: operand, .. }
    | Expression::Splat { value: operand, .. }
    | Expression::Swizzle { vector: operand, .. }
    | Expression::Unary { expr: operand, .. }
    | Expression::Relational { argument: operand, .. }
    | Expression::As { expr: operand, .. }
    | Expression::ArrayLength(operand)
    | Expression::ImageQuery { image: operand, .. } = *expression
    {
        vec![operand]
    } else {
        // Constants, variables and parameters, and results of statements, which have their own.
        Vec::new()
    }
}
