//! WGSL's constant evaluation by `wardian_evaluate`: the way between naga's expressions and its values.
//!
//! What it has no value for, for the operands are of other types, is left to naga. Other languages keep naga's rules.

use alloc::{string::ToString as _, vec::Vec};

use half::f16;
use wardian_evaluate::{Binary, Elements, Error, Float, Function, Integer, Kind, Shape, Unary, Value};

use super::{Behavior, ConstantEvaluator, ConstantEvaluatorError};
use crate::{
    Arena, BinaryOperator, Expression, Handle, Literal, MathFunction, RelationalFunction, Scalar, Span, Type,
    TypeInner, UnaryOperator, VectorSize,
};

/// An expression's value; none where it is left to naga.
type Evaluated = Result<Option<Handle<Expression>>, ConstantEvaluatorError>;

impl ConstantEvaluator<'_> {
    /// A built-in function that naga has as such.
    pub(super) fn evaluate_math(
        &mut self,
        function: MathFunction,
        arguments: [Option<Handle<Expression>>; 4],
        span: Span,
    ) -> Evaluated {
        let Some(function) = function_of(function).filter(|_| self.is_wgsl()) else { return Ok(None) };
        let Some(values) = arguments.into_iter().flatten().map(|argument| self.value_of(argument)).collect() else {
            return Ok(None);
        };
        let values: Vec<Value> = values;
        match wardian_evaluate::call(function, &values) {
            Ok(results) => match results.as_slice() {
                [result] => self.append_value(result, span).map(Some),
                results => self.append_structure(function, results, span).map(Some),
            },
            Err(error) => refused(error),
        }
    }

    /// `all` and `any`.
    pub(super) fn evaluate_relational(
        &mut self,
        function: RelationalFunction,
        argument: Handle<Expression>,
        span: Span,
    ) -> Evaluated {
        let function = match function {
            RelationalFunction::All => Function::All,
            RelationalFunction::Any => Function::Any,
            RelationalFunction::IsNan | RelationalFunction::IsInf => return Ok(None),
        };
        let Some(value) = self.value_of(argument) else { return Ok(None) };
        match wardian_evaluate::call(function, &[value]).as_deref() {
            Ok([result]) => self.append_value(result, span).map(Some),
            _ => Ok(None),
        }
    }

    /// A conversion of each scalar.
    pub(super) fn evaluate_cast(&mut self, expr: Handle<Expression>, target: Scalar, span: Span) -> Evaluated {
        let (Some(value), Some(kind)) = (self.value_of(expr), kind_of(target)) else { return Ok(None) };
        if value.elements.kind() == kind && matches!(self.expressions[expr], Expression::Literal(_)) {
            return Ok(Some(expr));
        }
        let result = wardian_evaluate::convert(&value, kind);
        self.appended(result, span)
    }

    /// The same bits as scalars of this kind and the same size.
    pub(super) fn evaluate_bitcast(
        &mut self,
        expr: Handle<Expression>,
        kind: crate::ScalarKind,
        span: Span,
    ) -> Result<Handle<Expression>, ConstantEvaluatorError> {
        let width = match self.value_of(expr).map(|value| value.elements.kind()) {
            Some(Kind::Float(Float::F16)) => 2,
            _ => 4,
        };
        self.bitcast(expr, Scalar { kind, width }, span)
    }

    /// The same bits as scalars of this type, and as many as they make.
    pub fn bitcast(
        &mut self,
        expr: Handle<Expression>,
        target: Scalar,
        span: Span,
    ) -> Result<Handle<Expression>, ConstantEvaluatorError> {
        let expr = self.check_and_get(expr)?;
        if let (Some(value), Some(kind)) = (self.value_of(expr), kind_of(target)) {
            let result = wardian_evaluate::bitcast(&value, kind);
            if let Some(result) = self.appended(result, span)? {
                return Ok(result);
            }
        }
        Err(ConstantEvaluatorError::Evaluation("`bitcast` has no such types".to_string()))
    }

    /// An operator with one operand.
    pub(super) fn evaluate_unary(
        &mut self,
        operator: UnaryOperator,
        expr: Handle<Expression>,
        span: Span,
    ) -> Evaluated {
        let Some(value) = self.value_of(expr) else { return Ok(None) };
        let operator = match operator {
            UnaryOperator::Negate => Unary::Negate,
            UnaryOperator::LogicalNot => Unary::Not,
            UnaryOperator::BitwiseNot => Unary::Complement,
        };
        let result = wardian_evaluate::unary(operator, &value);
        self.appended(result, span)
    }

    /// An operator with two operands.
    pub(super) fn evaluate_binary(
        &mut self,
        operator: BinaryOperator,
        left: Handle<Expression>,
        right: Handle<Expression>,
        span: Span,
    ) -> Evaluated {
        let (Some(left), Some(right)) = (self.value_of(left), self.value_of(right)) else { return Ok(None) };
        let is_logical = matches!(operator, BinaryOperator::LogicalAnd | BinaryOperator::LogicalOr);
        if is_logical && left.shape != Shape::Scalar {
            return Ok(None);
        }
        let result = wardian_evaluate::binary(operator_of(operator), &left, &right);
        self.appended(result, span)
    }

    /// The choice between two values.
    pub(super) fn evaluate_select(
        &mut self,
        reject: Handle<Expression>,
        accept: Handle<Expression>,
        condition: Handle<Expression>,
        span: Span,
    ) -> Evaluated {
        let values = [reject, accept, condition].map(|expr| self.value_of(expr));
        let [Some(reject), Some(accept), Some(condition)] = values else { return Ok(None) };
        let result = wardian_evaluate::select(&reject, &accept, &condition);
        self.appended(result, span)
    }

    /// What is wrong with an expression of which only some operands are constant, whatever the others are.
    pub(super) fn check_partly(&self, expr: &Expression) -> Result<(), ConstantEvaluatorError> {
        if !self.is_wgsl() {
            return Ok(());
        }
        let known = |expr: Handle<Expression>| {
            let is_const = self.expression_kind_tracker.is_const(expr);
            if is_const { self.value_of(expr) } else { None }
        };
        let checked = match *expr {
            Expression::Binary { op, right, .. } => {
                known(right).map_or(Ok(()), |right| wardian_evaluate::check_right(operator_of(op), &right))
            }
            Expression::Math { fun, arg, arg1, arg2, arg3 } => {
                let Some(function) = function_of(fun) else { return Ok(()) };
                let arguments: Vec<_> = [Some(arg), arg1, arg2, arg3].into_iter().flatten().map(known).collect();
                wardian_evaluate::check_partly(function, None, &arguments)
            }
            _ => Ok(()),
        };
        checked.map_err(|error| ConstantEvaluatorError::Evaluation(error.to_string()))
    }

    /// What is wrong with a constant exponent of `ldexp` for floats of this kind, whatever they are.
    pub fn check_exponent(&self, float: Scalar, exponent: Handle<Expression>) -> Result<(), ConstantEvaluatorError> {
        let Some(Kind::Float(kind)) = kind_of(float) else { return Ok(()) };
        if !self.expression_kind_tracker.is_const(exponent) {
            return Ok(());
        }
        let exponent = self.value_of(exponent);
        wardian_evaluate::check_partly(Function::Ldexp, Some(kind), &[None, exponent])
            .map_err(|error| ConstantEvaluatorError::Evaluation(error.to_string()))
    }

    /// The members of a structure converted to the members of another.
    pub fn cast_members(
        &mut self,
        expr: Handle<Expression>,
        ty: Handle<Type>,
        scalars: [Scalar; 2],
        span: Span,
    ) -> Result<Handle<Expression>, ConstantEvaluatorError> {
        let expr = self.check_and_get(expr)?;
        let Expression::Compose { ref components, .. } = self.expressions[expr] else {
            return Err(ConstantEvaluatorError::SubexpressionsAreNotConstant);
        };
        let members = components.clone().into_iter().zip(scalars);
        let components = members.map(|(member, scalar)| self.cast(member, scalar, span)).collect::<Result<_, _>>()?;
        self.register_evaluated_expr(Expression::Compose { ty, components }, span)
    }

    /// Takes an expression for one whose value is not known, for a `let` holds it.
    pub fn hold(&mut self, expr: Handle<Expression>) {
        self.expression_kind_tracker.force_non_const(expr);
    }

    /// Appends an expression as it is, as one whose value is not known.
    pub fn append_held(&mut self, expr: Expression, span: Span) -> Handle<Expression> {
        self.append_expr(expr, span, super::ExpressionKind::Runtime)
    }

    const fn is_wgsl(&self) -> bool {
        matches!(self.behavior, Behavior::Wgsl(_))
    }

    fn appended(&mut self, result: Result<Value, Error>, span: Span) -> Evaluated {
        match result {
            Ok(value) if self.is_wgsl() => self.append_value(&value, span).map(Some),
            Ok(_) => Ok(None),
            Err(error) if self.is_wgsl() => refused(error),
            Err(_) => Ok(None),
        }
    }

    /// The value of an expression that was evaluated already; none where it isn't made of numbers or truth values.
    fn value_of(&self, expr: Handle<Expression>) -> Option<Value> {
        self.value_in(self.expressions, expr)
    }

    /// The same of an expression of an arena: a function's, or the module's.
    fn value_in(&self, arena: &Arena<Expression>, expr: Handle<Expression>) -> Option<Value> {
        let shape = match arena[expr] {
            Expression::Literal(_) => Shape::Scalar,
            Expression::ZeroValue(ty) | Expression::Compose { ty, .. } => shape_of(&self.types[ty].inner)?,
            Expression::Splat { size, .. } => Shape::Vector(size as u8),
            Expression::Constant(constant) => {
                return self.value_in(self.global_expressions(), self.constants[constant].init);
            }
            _ => return None,
        };
        let mut literals = Vec::with_capacity(shape.len());
        self.flatten(arena, expr, &mut literals)?;
        let elements = elements_of(&literals)?;
        (elements.len() == shape.len()).then_some(Value { shape, elements })
    }

    /// The arena that the values of constants are in.
    fn global_expressions(&self) -> &Arena<Expression> {
        match self.function_local_data() {
            Some(data) => data.global_expressions,
            None => self.expressions,
        }
    }

    fn flatten(&self, arena: &Arena<Expression>, expr: Handle<Expression>, literals: &mut Vec<Literal>) -> Option<()> {
        match arena[expr] {
            Expression::Literal(literal) => literals.push(literal),
            Expression::ZeroValue(ty) => {
                let inner = &self.types[ty].inner;
                let zero = Literal::zero(inner.scalar()?)?;
                literals.extend(core::iter::repeat_n(zero, shape_of(inner)?.len()));
            }
            Expression::Splat { size, value } => {
                let Expression::Literal(literal) = arena[value] else {
                    for _ in 0..size as u8 {
                        self.flatten(arena, value, literals)?;
                    }
                    return Some(());
                };
                literals.extend(core::iter::repeat_n(literal, size as usize));
            }
            Expression::Compose { ty, ref components } => {
                shape_of(&self.types[ty].inner)?;
                for component in components {
                    self.flatten(arena, *component, literals)?;
                }
            }
            Expression::Constant(constant) => {
                self.flatten(self.global_expressions(), self.constants[constant].init, literals)?;
            }
            _ => return None,
        }
        Some(())
    }

    fn append_value(&mut self, value: &Value, span: Span) -> Result<Handle<Expression>, ConstantEvaluatorError> {
        let literals = literals_of(&value.elements);
        let Some(scalar) = literals.first().map(|literal| literal.scalar()) else {
            return Err(ConstantEvaluatorError::TypeNotConstructible);
        };
        let (columns, rows) = match value.shape {
            Shape::Scalar => return self.register_evaluated_expr(Expression::Literal(literals[0]), span),
            Shape::Vector(size) => (None, size),
            Shape::Matrix { columns, rows } => (Some(columns), rows),
        };
        let size = |size| vector_size(size).ok_or(ConstantEvaluatorError::TypeNotConstructible);
        let rows = size(rows)?;
        let ty = self.insert(TypeInner::Vector { size: rows, scalar }, span);
        let mut vectors = Vec::new();
        for column in literals.chunks(rows as usize) {
            let components =
                column.iter().map(|literal| self.register_evaluated_expr(Expression::Literal(*literal), span));
            let components = components.collect::<Result<_, _>>()?;
            vectors.push(self.register_evaluated_expr(Expression::Compose { ty, components }, span)?);
        }
        let Some(columns) = columns else {
            return vectors.first().copied().ok_or(ConstantEvaluatorError::TypeNotConstructible);
        };
        let ty = self.insert(TypeInner::Matrix { columns: size(columns)?, rows, scalar }, span);
        self.register_evaluated_expr(Expression::Compose { ty, components: vectors }, span)
    }

    fn insert(&mut self, inner: TypeInner, span: Span) -> Handle<Type> {
        self.types.insert(Type { name: None, inner }, span)
    }

    /// What `modf` and `frexp` return. The front end has made the type before, which its name tells.
    fn append_structure(
        &mut self,
        function: Function,
        members: &[Value],
        span: Span,
    ) -> Result<Handle<Expression>, ConstantEvaluatorError> {
        let missing = || ConstantEvaluatorError::TypeNotConstructible;
        let first = members.first().ok_or_else(missing)?;
        let scalar = literals_of(&first.elements).first().ok_or_else(missing)?.scalar();
        let size = match first.shape {
            Shape::Vector(size) => vector_size(size),
            _ => None,
        };
        let special = match function {
            Function::Frexp => crate::PredeclaredType::FrexpResult { size, scalar },
            _ => crate::PredeclaredType::ModfResult { size, scalar },
        };
        let name = special.struct_name();
        let ty = self.types.iter().find(|(_, ty)| ty.name.as_ref() == Some(&name)).map(|(handle, _)| handle);
        let ty = ty.ok_or_else(missing)?;
        let components = members.iter().map(|member| self.append_value(member, span)).collect::<Result<_, _>>()?;
        self.register_evaluated_expr(Expression::Compose { ty, components }, span)
    }
}

fn refused(error: Error) -> Evaluated {
    match error {
        Error::Value(text) => Err(ConstantEvaluatorError::Evaluation(text)),
        Error::Operands => Ok(None),
    }
}

const fn vector_size(size: u8) -> Option<VectorSize> {
    match size {
        2 => Some(VectorSize::Bi),
        3 => Some(VectorSize::Tri),
        4 => Some(VectorSize::Quad),
        _ => None,
    }
}

fn shape_of(inner: &TypeInner) -> Option<Shape> {
    match *inner {
        TypeInner::Scalar(_) => Some(Shape::Scalar),
        TypeInner::Vector { size, .. } => Some(Shape::Vector(size as u8)),
        TypeInner::Matrix { columns, rows, .. } => Some(Shape::Matrix { columns: columns as u8, rows: rows as u8 }),
        _ => None,
    }
}

fn kind_of(scalar: Scalar) -> Option<Kind> {
    Some(match scalar {
        Scalar::ABSTRACT_FLOAT => Kind::Float(Float::Abstract),
        Scalar::F32 => Kind::Float(Float::F32),
        Scalar::F16 => Kind::Float(Float::F16),
        Scalar::ABSTRACT_INT => Kind::Integer(Integer::Abstract),
        Scalar::I32 => Kind::Integer(Integer::I32),
        Scalar::U32 => Kind::Integer(Integer::U32),
        Scalar::BOOL => Kind::Bool,
        _ => return None,
    })
}

/// All of one kind; none for kinds that WGSL hasn't.
fn elements_of(literals: &[Literal]) -> Option<Elements> {
    let first = literals.first()?;
    Some(match kind_of(first.scalar())? {
        Kind::Float(kind) => {
            let numbers = literals.iter().map(|literal| match (kind, *literal) {
                (Float::Abstract, Literal::AbstractFloat(number)) => Some(number),
                (Float::F32, Literal::F32(number)) => Some(f64::from(number)),
                (Float::F16, Literal::F16(number)) => Some(number.to_f64()),
                _ => None,
            });
            Elements::Float(kind, numbers.collect::<Option<_>>()?)
        }
        Kind::Integer(kind) => {
            let numbers = literals.iter().map(|literal| match (kind, *literal) {
                (Integer::Abstract, Literal::AbstractInt(number)) => Some(number),
                (Integer::I32, Literal::I32(number)) => Some(i64::from(number)),
                (Integer::U32, Literal::U32(number)) => Some(i64::from(number)),
                _ => None,
            });
            Elements::Integer(kind, numbers.collect::<Option<_>>()?)
        }
        Kind::Bool => {
            let truths = literals.iter().map(|literal| match *literal {
                Literal::Bool(truth) => Some(truth),
                _ => None,
            });
            Elements::Bool(truths.collect::<Option<_>>()?)
        }
    })
}

fn literals_of(elements: &Elements) -> Vec<Literal> {
    match *elements {
        Elements::Float(kind, ref numbers) => numbers
            .iter()
            .map(|&number| match kind {
                Float::Abstract => Literal::AbstractFloat(number),
                Float::F32 => Literal::F32(number as f32),
                Float::F16 => Literal::F16(f16::from_f64(number)),
            })
            .collect(),
        Elements::Integer(kind, ref numbers) => numbers
            .iter()
            .map(|&number| match kind {
                Integer::Abstract => Literal::AbstractInt(number),
                Integer::I32 => Literal::I32(number as i32),
                Integer::U32 => Literal::U32(number as u32),
            })
            .collect(),
        Elements::Bool(ref truths) => truths.iter().map(|&truth| Literal::Bool(truth)).collect(),
    }
}

const fn operator_of(operator: BinaryOperator) -> Binary {
    match operator {
        BinaryOperator::Add => Binary::Add,
        BinaryOperator::Subtract => Binary::Subtract,
        BinaryOperator::Multiply => Binary::Multiply,
        BinaryOperator::Divide => Binary::Divide,
        BinaryOperator::Modulo => Binary::Remainder,
        BinaryOperator::Equal => Binary::Equal,
        BinaryOperator::NotEqual => Binary::NotEqual,
        BinaryOperator::Less => Binary::Less,
        BinaryOperator::LessEqual => Binary::LessEqual,
        BinaryOperator::Greater => Binary::Greater,
        BinaryOperator::GreaterEqual => Binary::GreaterEqual,
        BinaryOperator::And | BinaryOperator::LogicalAnd => Binary::And,
        BinaryOperator::ExclusiveOr => Binary::Xor,
        BinaryOperator::InclusiveOr | BinaryOperator::LogicalOr => Binary::Or,
        BinaryOperator::ShiftLeft => Binary::ShiftLeft,
        BinaryOperator::ShiftRight => Binary::ShiftRight,
    }
}

/// Functions that have the same name on both sides; none for those that WGSL hasn't.
fn function_of(function: MathFunction) -> Option<Function> {
    macro_rules! same {
        ($($name:ident)*) => {
            Some(match function {
                $(MathFunction::$name => Function::$name,)*
                MathFunction::Outer | MathFunction::Inverse => return None,
            })
        };
    }
    same! {
        Abs Min Max Clamp Saturate Cos Cosh Sin Sinh Tan Tanh Acos Asin Atan Atan2 Asinh Acosh Atanh Radians Degrees
        Ceil Floor Round Fract Trunc Modf Frexp Ldexp Exp Exp2 Log Log2 Pow Dot Dot4I8Packed Dot4U8Packed Cross Distance
        Length Normalize FaceForward Reflect Refract Sign Fma Mix Step SmoothStep Sqrt InverseSqrt Transpose
        Determinant QuantizeToF16 CountTrailingZeros CountLeadingZeros CountOneBits ReverseBits ExtractBits InsertBits
        FirstTrailingBit FirstLeadingBit Pack4x8snorm Pack4x8unorm Pack2x16snorm Pack2x16unorm Pack2x16float Pack4xI8
        Pack4xU8 Pack4xI8Clamp Pack4xU8Clamp Unpack4x8snorm Unpack4x8unorm Unpack2x16snorm Unpack2x16unorm
        Unpack2x16float Unpack4xI8 Unpack4xU8
    }
}
