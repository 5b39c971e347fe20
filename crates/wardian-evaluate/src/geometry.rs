//! Functions on whole vectors and matrices.

use super::function::Function;
use super::steps::Steps;
use super::{Elements, Error, Float, Integer, Result, Shape, Value};

/// A function of vectors of floats, or of floats where it takes such.
pub(crate) fn vectors(function: Function, kind: Float, values: &[&Value]) -> Result<Value> {
    let steps = Steps { kind, name: function.name() };
    let floats = |index: usize| values.get(index).and_then(|value| value.floats(kind)).ok_or(Error::Operands);
    let first = floats(0)?;
    let shape = values.first().ok_or(Error::Operands)?.shape;
    let numbers = match function {
        Function::Dot => vec![steps.dot(first, floats(1)?)?],
        Function::Length => vec![length(steps, first)?],
        Function::Distance => vec![distance(steps, first, floats(1)?)?],
        Function::Cross => cross(steps, first, floats(1)?)?,
        Function::Normalize => normalize(steps, first)?,
        Function::FaceForward if steps.dot(floats(1)?, floats(2)?)? < 0.0 => first.to_vec(),
        Function::FaceForward => first.iter().map(|number| -number).collect(),
        Function::Reflect => reflect(steps, first, floats(1)?)?,
        Function::Refract => {
            let [ratio] = *floats(2)? else { return Err(Error::Operands) };
            refract(steps, first, floats(1)?, ratio)?
        }
        _ => return Err(Error::Operands),
    };
    let is_scalar = matches!(function, Function::Dot | Function::Length | Function::Distance);
    Ok(Value { shape: if is_scalar { Shape::Scalar } else { shape }, elements: Elements::Float(kind, numbers) })
}

fn length(steps: Steps, vector: &[f64]) -> Result<f64> {
    if let [number] = vector {
        return Ok(number.abs());
    }
    steps.round(vector.iter().map(|number| number * number).sum::<f64>().sqrt())
}

fn distance(steps: Steps, left: &[f64], right: &[f64]) -> Result<f64> {
    let differences = left.iter().zip(right).map(|(left, right)| steps.subtract(*left, *right));
    let differences = differences.collect::<Result<Vec<_>>>()?;
    if let [number] = differences.as_slice() {
        return Ok(number.abs());
    }
    steps.round(steps.dot(&differences, &differences)?.sqrt())
}

fn cross(steps: Steps, left: &[f64], right: &[f64]) -> Result<Vec<f64>> {
    let ([a, b, c], [d, e, f]) = (left, right) else { return Err(Error::Operands) };
    let minor = |a: &f64, b: &f64, c: &f64, d: &f64| steps.subtract(steps.multiply(*a, *d)?, steps.multiply(*b, *c)?);
    Ok(vec![minor(b, c, e, f)?, minor(c, a, f, d)?, minor(a, b, d, e)?])
}

fn normalize(steps: Steps, vector: &[f64]) -> Result<Vec<f64>> {
    let length = steps.round(steps.dot(vector, vector)?.sqrt())?;
    if length == 0.0 {
        return steps.domain("the vector has no length");
    }
    vector.iter().map(|number| steps.divide(*number, length)).collect()
}

fn reflect(steps: Steps, incident: &[f64], normal: &[f64]) -> Result<Vec<f64>> {
    let twice = steps.multiply(steps.dot(normal, incident)?, 2.0)?;
    let pairs = incident.iter().zip(normal);
    pairs.map(|(incident, normal)| steps.subtract(*incident, steps.multiply(twice, *normal)?)).collect()
}

/// <https://www.w3.org/TR/WGSL/#refract-builtin>
fn refract(steps: Steps, incident: &[f64], normal: &[f64], ratio: f64) -> Result<Vec<f64>> {
    let dot = steps.dot(normal, incident)?;
    let rest = steps.subtract(1.0, steps.multiply(dot, dot)?)?;
    let k = steps.subtract(1.0, steps.multiply(steps.multiply(ratio, ratio)?, rest)?)?;
    if k < 0.0 {
        return Ok(vec![0.0; incident.len()]);
    }
    let factor = steps.add(steps.multiply(ratio, dot)?, steps.round(k.sqrt())?)?;
    let pairs = incident.iter().zip(normal);
    pairs
        .map(|(incident, normal)| steps.subtract(steps.multiply(ratio, *incident)?, steps.multiply(factor, *normal)?))
        .collect()
}

/// The dot product of integers: those that are not abstract wrap around.
pub(crate) fn integer_dot(kind: Integer, left: &[i64], right: &[i64]) -> Result<i64> {
    let sum = left.iter().zip(right).map(|(left, right)| i128::from(*left).saturating_mul(i128::from(*right)));
    let sum = sum.fold(0_i128, i128::saturating_add);
    let wrapped = kind.wrap(sum);
    if kind == Integer::Abstract && i128::from(wrapped) != sum {
        return Err(Error::Value("`dot`: the result is too large for AbstractInt".to_owned()));
    }
    Ok(wrapped)
}

/// A function of a matrix.
pub(crate) fn matrix(function: Function, kind: Float, value: &Value) -> Result<Value> {
    let Shape::Matrix { columns, rows } = value.shape else { return Err(Error::Operands) };
    let numbers = value.floats(kind).ok_or(Error::Operands)?;
    let steps = Steps { kind, name: function.name() };
    match function {
        Function::Transpose => {
            let transposed = (0..usize::from(rows)).flat_map(|row| numbers.iter().skip(row).step_by(usize::from(rows)));
            let elements = Elements::Float(kind, transposed.copied().collect());
            Ok(Value { shape: Shape::Matrix { columns: rows, rows: columns }, elements })
        }
        Function::Determinant if columns == rows => {
            let columns: Vec<_> = numbers.chunks_exact(usize::from(rows)).map(<[f64]>::to_vec).collect();
            Ok(Value::float(kind, steps.round(determinant(&columns))?))
        }
        _ => Err(Error::Operands),
    }
}

/// By the first row and its minors. The matrix is one of four columns at most.
fn determinant(columns: &[Vec<f64>]) -> f64 {
    if let [column] = columns {
        return column.first().copied().unwrap_or(0.0);
    }
    let mut sum = 0.0;
    let mut sign = 1.0;
    for (index, column) in columns.iter().enumerate() {
        let others = columns.iter().enumerate().filter(|(other, _)| *other != index);
        let minor: Vec<_> = others.map(|(_, column)| column.iter().skip(1).copied().collect()).collect();
        let factor = column.first().copied().unwrap_or(0.0);
        if factor != 0.0 {
            sum += sign * factor * determinant(&minor);
        }
        sign = -sign;
    }
    sum
}
