//! Functions that put several numbers into one `u32`, and take them out.
//!
//! <https://www.w3.org/TR/WGSL/#pack-builtin-functions>

use half::f16;

use super::bits::bits;
use super::components::F16_MAX;
use super::function::Function;
use super::value::nearest_f32;
use super::{Elements, Error, Float, Integer, Result, Shape, Value};

/// Packs a vector.
pub(crate) fn pack(function: Function, value: &Value) -> Result<Value> {
    let floats = || value.floats(Float::F32).ok_or(Error::Operands);
    let integers = |kind| value.integers(kind).ok_or(Error::Operands);
    let packed = match function {
        Function::Pack4x8snorm => bytes(floats()?.iter().map(|number| normalized(*number, -1.0, 127.0)))?,
        Function::Pack4x8unorm => bytes(floats()?.iter().map(|number| normalized(*number, 0.0, 255.0)))?,
        Function::Pack2x16snorm => halves(floats()?.iter().map(|number| Ok(normalized(*number, -1.0, 32767.0))))?,
        Function::Pack2x16unorm => halves(floats()?.iter().map(|number| Ok(normalized(*number, 0.0, 65535.0))))?,
        Function::Pack2x16float => halves(floats()?.iter().map(|number| half(*number)))?,
        Function::Pack4xI8 => bytes(integers(Integer::I32)?.iter().copied())?,
        Function::Pack4xU8 => bytes(integers(Integer::U32)?.iter().copied())?,
        Function::Pack4xI8Clamp => bytes(integers(Integer::I32)?.iter().map(|number| *number.clamp(&-128, &127)))?,
        Function::Pack4xU8Clamp => bytes(integers(Integer::U32)?.iter().map(|number| *number.clamp(&0, &255)))?,
        _ => return Err(Error::Operands),
    };
    Ok(Value::integer(Integer::U32, i64::from(packed)))
}

/// The integer that stands for a part of the largest.
fn normalized(number: f64, low: f64, largest: f64) -> i64 {
    whole((0.5 + largest * number.clamp(low, 1.0)).floor())
}

#[expect(clippy::as_conversions, reason = "it is whole, and small")]
fn whole(number: f64) -> i64 {
    number as i64
}

fn half(number: f64) -> Result<i64> {
    if number.abs() > F16_MAX {
        return Err(Error::Value("`pack2x16float`: a component is too large for an f16".to_owned()));
    }
    Ok(i64::from(f16::from_f32(nearest_f32(number)).to_bits()))
}

fn bytes(numbers: impl Iterator<Item = i64>) -> Result<u32> {
    let bytes: Vec<u8> = numbers.filter_map(|number| number.to_le_bytes().first().copied()).collect();
    let bytes = <[u8; 4]>::try_from(bytes).map_err(|_| Error::Operands)?;
    Ok(u32::from_le_bytes(bytes))
}

fn halves(numbers: impl Iterator<Item = Result<i64>>) -> Result<u32> {
    let numbers = numbers.collect::<Result<Vec<_>>>()?;
    let [low, high] = numbers.as_slice() else { return Err(Error::Operands) };
    let ([a, b, ..], [c, d, ..]) = (low.to_le_bytes(), high.to_le_bytes());
    Ok(u32::from_le_bytes([a, b, c, d]))
}

/// Unpacks a `u32`.
pub(crate) fn unpack(function: Function, value: &Value) -> Result<Value> {
    let [packed] = *value.integers(Integer::U32).ok_or(Error::Operands)? else { return Err(Error::Operands) };
    let bytes = bits(packed).to_le_bytes();
    let [a, b, c, d] = bytes;
    let halves = [[a, b], [c, d]];
    let signed = |byte: u8| i64::from(byte.cast_signed());
    let elements = match function {
        Function::Unpack4x8snorm => floats(bytes.map(|byte| (f64::from(byte.cast_signed()) / 127.0).max(-1.0))),
        Function::Unpack4x8unorm => floats(bytes.map(|byte| f64::from(byte) / 255.0)),
        Function::Unpack2x16snorm => {
            floats(halves.map(|half| (f64::from(i16::from_le_bytes(half)) / 32767.0).max(-1.0)))
        }
        Function::Unpack2x16unorm => floats(halves.map(|half| f64::from(u16::from_le_bytes(half)) / 65535.0)),
        Function::Unpack2x16float => {
            let numbers = halves.map(|half| f16::from_le_bytes(half).to_f64());
            if !numbers.iter().all(|number| number.is_finite()) {
                return Err(Error::Value("`unpack2x16float`: a component is infinite or no number".to_owned()));
            }
            floats(numbers)
        }
        Function::Unpack4xI8 => Elements::Integer(Integer::I32, bytes.map(signed).to_vec()),
        Function::Unpack4xU8 => Elements::Integer(Integer::U32, bytes.map(i64::from).to_vec()),
        _ => return Err(Error::Operands),
    };
    let size = u8::try_from(elements.len()).map_err(|_| Error::Operands)?;
    Ok(Value { shape: Shape::Vector(size), elements })
}

fn floats<const N: usize>(numbers: [f64; N]) -> Elements {
    Elements::Float(Float::F32, numbers.iter().map(|number| f64::from(nearest_f32(*number))).collect())
}

/// <https://www.w3.org/TR/WGSL/#dot4U8Packed-builtin>
pub(crate) fn dot(function: Function, left: &Value, right: &Value) -> Result<Value> {
    let bytes = |value: &Value| match value.integers(Integer::U32) {
        Some([packed]) => Ok(bits(*packed).to_le_bytes()),
        _ => Err(Error::Operands),
    };
    let pairs = bytes(left)?.into_iter().zip(bytes(right)?);
    Ok(if function == Function::Dot4I8Packed {
        let products = pairs.map(|(left, right)| i64::from(left.cast_signed()) * i64::from(right.cast_signed()));
        Value::integer(Integer::I32, products.sum())
    } else {
        Value::integer(Integer::U32, pairs.map(|(left, right)| i64::from(left) * i64::from(right)).sum())
    })
}
