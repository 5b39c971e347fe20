//! Values as other kinds of scalars: conversions, and the same bits.

use half::f16;

use super::bits::bits;
use super::value::nearest_f32;
use super::{Elements, Error, Float, Integer, Kind, Result, Shape, Value};

/// Converts each scalar to a kind: automatically, or by its constructor.
///
/// # Errors
///
/// Where the kind has no such number, or there is no such conversion.
///
/// <https://www.w3.org/TR/WGSL/#floating-point-conversion>
pub fn convert(value: &Value, to: Kind) -> Result<Value> {
    let elements = match &value.elements {
        Elements::Float(from, numbers) => floats(*from, numbers, to)?,
        Elements::Integer(from, numbers) => integers(*from, numbers, to)?,
        Elements::Bool(truths) => {
            let numbers: Vec<_> = truths.iter().map(|truth| i64::from(*truth)).collect();
            integers(Integer::U32, &numbers, to)?
        }
    };
    Ok(Value { shape: value.shape, elements })
}

fn floats(from: Float, numbers: &[f64], to: Kind) -> Result<Elements> {
    Ok(match to {
        Kind::Float(Float::Abstract) if from != Float::Abstract => return Err(Error::Operands),
        Kind::Float(to) => {
            let rounded = numbers.iter().map(|number| rounded(*number, *number, to));
            Elements::Float(to, rounded.collect::<Result<_>>()?)
        }
        Kind::Integer(Integer::Abstract) => return Err(Error::Operands),
        Kind::Integer(to) => Elements::Integer(to, numbers.iter().map(|number| truncated(*number, from, to)).collect()),
        Kind::Bool => Elements::Bool(numbers.iter().map(|number| *number != 0.0).collect()),
    })
}

fn integers(from: Integer, numbers: &[i64], to: Kind) -> Result<Elements> {
    Ok(match to {
        Kind::Float(Float::Abstract) if from != Integer::Abstract => return Err(Error::Operands),
        Kind::Float(to) => {
            let rounded = numbers.iter().map(|number| rounded(nearest_f64(*number), *number, to));
            Elements::Float(to, rounded.collect::<Result<_>>()?)
        }
        Kind::Integer(Integer::Abstract) if from != Integer::Abstract => return Err(Error::Operands),
        Kind::Integer(to) => {
            let same = numbers.iter().map(|number| {
                let wrapped = to.wrap(i128::from(*number));
                // Concrete ones keep their bits, abstract ones their value.
                if from == Integer::Abstract && wrapped != *number { no_such(*number, to.name()) } else { Ok(wrapped) }
            });
            Elements::Integer(to, same.collect::<Result<_>>()?)
        }
        Kind::Bool => Elements::Bool(numbers.iter().map(|number| *number != 0).collect()),
    })
}

fn rounded(number: f64, shown: impl std::fmt::Display, to: Float) -> Result<f64> {
    to.round(number).map_or_else(|| no_such(shown, to.name()), Ok)
}

fn no_such<T>(number: impl std::fmt::Display, name: &str) -> Result<T> {
    Err(Error::Value(format!("the value {number} cannot be represented as `{name}`")))
}

#[expect(clippy::as_conversions, reason = "the nearest one is what is wanted")]
fn nearest_f64(number: i64) -> f64 {
    number as f64
}

/// Towards zero, and to the nearest that both kinds have.
#[expect(clippy::as_conversions, reason = "it is cut to the range before")]
fn truncated(number: f64, from: Float, to: Integer) -> i64 {
    let (low, high) = match (to, from) {
        (Integer::U32, Float::F32) => (0.0, 4_294_967_040.0),
        (Integer::U32, _) => (0.0, f64::from(u32::MAX)),
        (_, Float::F32) => (f64::from(i32::MIN), 2_147_483_520.0),
        (..) => (f64::from(i32::MIN), f64::from(i32::MAX)),
    };
    number.clamp(low, high).trunc() as i64
}

/// The same bits as scalars of another kind, and as many as they make.
///
/// # Errors
///
/// Where they are infinite or no number as floats, or don't fit.
///
/// <https://www.w3.org/TR/WGSL/#bitcast-builtin>
pub fn bitcast(value: &Value, to: Kind) -> Result<Value> {
    let bytes: Vec<u8> = match &value.elements {
        Elements::Float(Float::F32, numbers) => {
            numbers.iter().flat_map(|number| nearest_f32(*number).to_le_bytes()).collect()
        }
        Elements::Float(Float::F16, numbers) => {
            numbers.iter().flat_map(|number| f16::from_f64(*number).to_le_bytes()).collect()
        }
        Elements::Integer(Integer::I32 | Integer::U32, numbers) => {
            numbers.iter().flat_map(|number| bits(*number).to_le_bytes()).collect()
        }
        Elements::Float(Float::Abstract, _) | Elements::Integer(Integer::Abstract, _) | Elements::Bool(_) => {
            return Err(Error::Operands);
        }
    };
    let words = bytes.chunks_exact(4).map(|word| <[u8; 4]>::try_from(word).unwrap_or_default());
    let elements = match to {
        Kind::Float(Float::F32) => finite(Float::F32, words.map(f32::from_le_bytes).map(f64::from).collect())?,
        Kind::Float(Float::F16) => {
            let halves = bytes.chunks_exact(2).map(|half| <[u8; 2]>::try_from(half).unwrap_or_default());
            finite(Float::F16, halves.map(|half| f16::from_le_bytes(half).to_f64()).collect())?
        }
        Kind::Integer(Integer::I32) => {
            Elements::Integer(Integer::I32, words.map(i32::from_le_bytes).map(i64::from).collect())
        }
        Kind::Integer(Integer::U32) => {
            Elements::Integer(Integer::U32, words.map(u32::from_le_bytes).map(i64::from).collect())
        }
        Kind::Float(Float::Abstract) | Kind::Integer(Integer::Abstract) | Kind::Bool => return Err(Error::Operands),
    };
    let shape = match elements.len() {
        1 => Shape::Scalar,
        length @ 2..=4 => Shape::Vector(u8::try_from(length).map_err(|_| Error::Operands)?),
        _ => return Err(Error::Operands),
    };
    Ok(Value { shape, elements })
}

fn finite(kind: Float, numbers: Vec<f64>) -> Result<Elements> {
    if numbers.iter().all(|number| number.is_finite()) {
        return Ok(Elements::Float(kind, numbers));
    }
    Err(Error::Value(format!("`bitcast`: the result is infinite or no number as an {}", kind.name())))
}
