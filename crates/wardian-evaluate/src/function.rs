//! Built-in functions: which there are, and who knows their values.

use super::steps::Steps;
use super::{Elements, Error, Float, Integer, Result, Shape, Value};
use super::{bits, components, geometry, pack};

macro_rules! functions {
    ($($function:ident $name:literal)*) => {
        /// WGSL's built-in functions that have a value at compile time.
        ///
        /// <https://www.w3.org/TR/WGSL/#builtin-functions>
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Function {
            $(#[doc = concat!("`", $name, "`")] $function,)*
        }

        impl Function {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$function),*];

            /// WGSL's name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$function => $name,)*
                }
            }
        }
    };
}

functions! {
    Abs "abs" Min "min" Max "max" Clamp "clamp" Saturate "saturate"
    Cos "cos" Cosh "cosh" Sin "sin" Sinh "sinh" Tan "tan" Tanh "tanh" Acos "acos" Asin "asin" Atan "atan"
    Atan2 "atan2" Asinh "asinh" Acosh "acosh" Atanh "atanh" Radians "radians" Degrees "degrees"
    Ceil "ceil" Floor "floor" Round "round" Fract "fract" Trunc "trunc" Modf "modf" Frexp "frexp" Ldexp "ldexp"
    Exp "exp" Exp2 "exp2" Log "log" Log2 "log2" Pow "pow"
    Dot "dot" Dot4I8Packed "dot4I8Packed" Dot4U8Packed "dot4U8Packed" Cross "cross" Distance "distance"
    Length "length" Normalize "normalize" FaceForward "faceForward" Reflect "reflect" Refract "refract"
    Sign "sign" Fma "fma" Mix "mix" Step "step" SmoothStep "smoothstep" Sqrt "sqrt" InverseSqrt "inverseSqrt"
    Transpose "transpose" Determinant "determinant" QuantizeToF16 "quantizeToF16"
    CountTrailingZeros "countTrailingZeros" CountLeadingZeros "countLeadingZeros" CountOneBits "countOneBits"
    ReverseBits "reverseBits" ExtractBits "extractBits" InsertBits "insertBits"
    FirstTrailingBit "firstTrailingBit" FirstLeadingBit "firstLeadingBit"
    Pack4x8snorm "pack4x8snorm" Pack4x8unorm "pack4x8unorm" Pack2x16snorm "pack2x16snorm"
    Pack2x16unorm "pack2x16unorm" Pack2x16float "pack2x16float" Pack4xI8 "pack4xI8" Pack4xU8 "pack4xU8"
    Pack4xI8Clamp "pack4xI8Clamp" Pack4xU8Clamp "pack4xU8Clamp"
    Unpack4x8snorm "unpack4x8snorm" Unpack4x8unorm "unpack4x8unorm" Unpack2x16snorm "unpack2x16snorm"
    Unpack2x16unorm "unpack2x16unorm" Unpack2x16float "unpack2x16float" Unpack4xI8 "unpack4xI8"
    Unpack4xU8 "unpack4xU8"
    All "all" Any "any"
}

/// The values of a call: one, but for `modf` and `frexp`, which have the two of their structure.
///
/// # Errors
///
/// Where there are none.
pub fn call(function: Function, arguments: &[Value]) -> Result<Vec<Value>> {
    match (function, arguments) {
        (Function::Modf | Function::Frexp, [value]) => parts(function, value),
        (Function::Transpose | Function::Determinant, [value]) => {
            let Elements::Float(kind, _) = value.elements else { return Err(Error::Operands) };
            Ok(vec![geometry::matrix(function, kind, value)?])
        }
        (Function::All | Function::Any, [value]) => {
            let Elements::Bool(truths) = &value.elements else { return Err(Error::Operands) };
            let is_all = function == Function::All;
            Ok(vec![Value::bool(if is_all { truths.iter().all(|truth| *truth) } else { truths.contains(&true) })])
        }
        (Function::Dot4I8Packed | Function::Dot4U8Packed, [left, right]) => Ok(vec![pack::dot(function, left, right)?]),
        (_, [value]) if function.name().starts_with("pack") => Ok(vec![pack::pack(function, value)?]),
        (_, [value]) if function.name().starts_with("unpack") => Ok(vec![pack::unpack(function, value)?]),
        (_, arguments) => Ok(vec![numbers(function, arguments)?]),
    }
}

/// What is wrong with a call of which only some arguments are known, and perhaps the kind of its floats.
///
/// # Errors
///
/// Where it is wrong whatever the others are.
pub fn check_partly(function: Function, kind: Option<Float>, arguments: &[Option<Value>]) -> Result<()> {
    let integers = |index: usize| match arguments.get(index)?.as_ref()?.elements {
        Elements::Integer(_, ref numbers) => Some(numbers.as_slice()),
        Elements::Float(..) | Elements::Bool(_) => None,
    };
    let first = |index: usize| integers(index).and_then(<[i64]>::first).copied();
    match (function, arguments) {
        (Function::ExtractBits, _) => bits::check_range(function.name(), first(1), first(2)),
        (Function::InsertBits, _) => bits::check_range(function.name(), first(2), first(3)),
        (Function::Clamp, [_, Some(low), Some(high)]) => {
            numbers(function, &[low.clone(), low.clone(), high.clone()]).map(drop)
        }
        (Function::SmoothStep, [Some(low), Some(high), _]) => {
            numbers(function, &[low.clone(), high.clone(), low.clone()]).map(drop)
        }
        (Function::Ldexp, _) => {
            let exponents = integers(1).unwrap_or_default();
            let steps = kind.map(|kind| Steps { kind, name: function.name() });
            exponents.iter().try_for_each(|by| steps.map_or(Ok(()), |steps| components::check_ldexp(steps, *by)))
        }
        _ => Ok(()),
    }
}

/// A call whose arguments are numbers.
fn numbers(function: Function, arguments: &[Value]) -> Result<Value> {
    let first = arguments.first().ok_or(Error::Operands)?;
    match &first.elements {
        Elements::Float(kind, numbers) => floats(function, *kind, numbers, arguments),
        Elements::Integer(kind, numbers) => integers(function, *kind, numbers, arguments),
        Elements::Bool(_) => Err(Error::Operands),
    }
}

fn floats(function: Function, kind: Float, first: &[f64], arguments: &[Value]) -> Result<Value> {
    let steps = Steps { kind, name: function.name() };
    let shape = arguments.first().map_or(Shape::Scalar, |value| value.shape);
    let operands = |index: usize| arguments.get(index).and_then(|value| value.floats(kind)).ok_or(Error::Operands);
    let is_of_vectors = matches!(
        function,
        Function::Dot
            | Function::Length
            | Function::Distance
            | Function::Cross
            | Function::Normalize
            | Function::FaceForward
            | Function::Reflect
            | Function::Refract
    );
    let numbers: Result<Vec<f64>> = match (arguments, function) {
        _ if is_of_vectors => return geometry::vectors(function, kind, &arguments.iter().collect::<Vec<_>>()),
        ([_], Function::QuantizeToF16) => first.iter().map(|number| components::quantize(steps, *number)).collect(),
        ([_], _) => first.iter().map(|number| components::one(function, steps, *number)).collect(),
        ([_, exponents], Function::Ldexp) => {
            let Elements::Integer(_, exponents) = &exponents.elements else { return Err(Error::Operands) };
            first.iter().zip(exponents).map(|(number, by)| components::ldexp(steps, *number, *by)).collect()
        }
        ([_, _], _) => {
            let pairs = first.iter().zip(operands(1)?);
            pairs.map(|(x, y)| components::two(function, steps, *x, *y)).collect()
        }
        ([_, _, third], _) => {
            // The last of `mix` may be one for all.
            let is_one = third.shape == Shape::Scalar;
            let third = operands(2)?.iter().cycle().take(if is_one { first.len() } else { operands(2)?.len() });
            let triples = first.iter().zip(operands(1)?).zip(third);
            triples.map(|((x, y), z)| components::three(function, steps, *x, *y, *z)).collect()
        }
        _ => return Err(Error::Operands),
    };
    whole(shape, Elements::Float(kind, numbers?))
}

fn integers(function: Function, kind: Integer, first: &[i64], arguments: &[Value]) -> Result<Value> {
    let shape = arguments.first().map_or(Shape::Scalar, |value| value.shape);
    let operands = |index: usize| arguments.get(index).and_then(|value| value.integers(kind)).ok_or(Error::Operands);
    let known = |index: usize| match arguments.get(index).and_then(|value| value.integers(Integer::U32)) {
        Some([number]) => Ok(*number),
        _ => Err(Error::Operands),
    };
    let numbers: Result<Vec<i64>> = match (arguments, function) {
        ([_, _], Function::Dot) => {
            return Ok(Value::integer(kind, geometry::integer_dot(kind, first, operands(1)?)?));
        }
        ([_, _, _], Function::ExtractBits) => {
            let (offset, count) = (known(1)?, known(2)?);
            first.iter().map(|number| bits::extract(kind, *number, offset, count)).collect()
        }
        ([_, _, _, _], Function::InsertBits) => {
            let (offset, count) = (known(2)?, known(3)?);
            first.iter().zip(operands(1)?).map(|(x, new)| bits::insert(kind, *x, *new, offset, count)).collect()
        }
        ([_], _) => first.iter().map(|number| bits::one(function, kind, *number)).collect(),
        ([_, _], _) => first.iter().zip(operands(1)?).map(|(x, y)| bits::two(function, *x, *y)).collect(),
        ([_, _, _], Function::Clamp) => {
            let triples = first.iter().zip(operands(1)?).zip(operands(2)?);
            triples.map(|((x, low), high)| bits::clamp(*x, *low, *high)).collect()
        }
        _ => return Err(Error::Operands),
    };
    whole(shape, Elements::Integer(kind, numbers?))
}

/// A value with as many elements as its shape has.
fn whole(shape: Shape, elements: Elements) -> Result<Value> {
    if elements.len() == shape.len() { Ok(Value { shape, elements }) } else { Err(Error::Operands) }
}

/// `modf` and `frexp`.
fn parts(function: Function, value: &Value) -> Result<Vec<Value>> {
    let Elements::Float(kind, numbers) = &value.elements else { return Err(Error::Operands) };
    let shape = value.shape;
    let floats = |numbers: Vec<f64>| Value { shape, elements: Elements::Float(*kind, numbers) };
    if function == Function::Modf {
        let fractions = numbers.iter().map(|number| number - number.trunc()).collect();
        return Ok(vec![floats(fractions), floats(numbers.iter().map(|number| number.trunc()).collect())]);
    }
    let (fractions, exponents) = numbers.iter().map(|number| components::frexp(*number)).unzip();
    let of_exponents = if *kind == Float::Abstract { Integer::Abstract } else { Integer::I32 };
    Ok(vec![floats(fractions), Value { shape, elements: Elements::Integer(of_exponents, exponents) }])
}
