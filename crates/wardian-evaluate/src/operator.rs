//! Operators, and the choice between values.
//!
//! <https://www.w3.org/TR/WGSL/#expressions>

use super::steps::Steps;
use super::{Elements, Error, Float, Integer, Result, Shape, Value};

/// Operators with one operand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unary {
    /// `-`
    Negate,
    /// `!`
    Not,
    /// `~`
    Complement,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Binary {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `&`, and `&&`
    And,
    /// `|`, and `||`
    Or,
    /// `^`
    Xor,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// The value of an operator with one operand.
///
/// # Errors
///
/// Where there is none.
pub fn unary(operator: Unary, value: &Value) -> Result<Value> {
    let elements = match (operator, &value.elements) {
        (Unary::Negate, Elements::Float(kind, numbers)) => {
            Elements::Float(*kind, numbers.iter().map(|number| -number).collect())
        }
        (Unary::Negate, Elements::Integer(kind, numbers)) if *kind != Integer::U32 => Elements::Integer(
            *kind,
            numbers.iter().map(|number| kind.wrap(i128::from(*number).wrapping_neg())).collect(),
        ),
        (Unary::Complement, Elements::Integer(kind, numbers)) => {
            Elements::Integer(*kind, numbers.iter().map(|number| kind.wrap(i128::from(!number))).collect())
        }
        (Unary::Not, Elements::Bool(truths)) => Elements::Bool(truths.iter().map(|truth| !truth).collect()),
        _ => return Err(Error::Operands),
    };
    Ok(Value { shape: value.shape, elements })
}

/// The value of an operator with two operands.
///
/// # Errors
///
/// Where there is none.
pub fn binary(operator: Binary, left: &Value, right: &Value) -> Result<Value> {
    let is_matrix = |value: &Value| matches!(value.shape, Shape::Matrix { .. });
    if operator == Binary::Multiply && (is_matrix(left) || is_matrix(right)) {
        let is_scalar = left.shape == Shape::Scalar || right.shape == Shape::Scalar;
        return if is_scalar { components(operator, left, right) } else { product(left, right) };
    }
    if is_matrix(left) != is_matrix(right)
        || is_matrix(left) && !matches!(operator, Binary::Add | Binary::Subtract)
        || left.shape != right.shape && !operator.mixes()
    {
        return Err(Error::Operands);
    }
    components(operator, left, right)
}

/// What is wrong with an operator of which only the right operand is known.
///
/// # Errors
///
/// Where it is wrong whatever the left one is.
pub fn check_right(operator: Binary, right: &Value) -> Result<()> {
    let Elements::Integer(_, numbers) = &right.elements else { return Ok(()) };
    if matches!(operator, Binary::Divide | Binary::Remainder) && numbers.contains(&0) {
        return Err(Error::Value(format!("`{}`: division by zero", operator.name())));
    }
    if matches!(operator, Binary::ShiftLeft | Binary::ShiftRight) {
        return numbers.iter().try_for_each(|by| check_shift(Integer::I32, *by));
    }
    Ok(())
}

impl Binary {
    /// Whether it may have a scalar and a vector.
    fn mixes(self) -> bool {
        matches!(self, Self::Add | Self::Subtract | Self::Multiply | Self::Divide | Self::Remainder)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::And => "&",
            Self::Or => "|",
            Self::Xor => "^",
            Self::ShiftLeft => "<<",
            Self::ShiftRight => ">>",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }
}

/// Pairs of components, of which a scalar is one of each.
fn pairs<'a, T, U>(left: &'a [T], right: &'a [U], shapes: [Shape; 2]) -> Result<Vec<(&'a T, &'a U)>> {
    let [of_left, of_right] = shapes;
    Ok(match (left, right) {
        (left, [right]) if of_left != of_right && of_right == Shape::Scalar => {
            left.iter().map(|left| (left, right)).collect()
        }
        ([left], right) if of_left != of_right && of_left == Shape::Scalar => {
            right.iter().map(|right| (left, right)).collect()
        }
        (left, right) if of_left == of_right => left.iter().zip(right).collect(),
        _ => return Err(Error::Operands),
    })
}

fn components(operator: Binary, left: &Value, right: &Value) -> Result<Value> {
    let shapes = [left.shape, right.shape];
    let shape = if left.shape == Shape::Scalar { right.shape } else { left.shape };
    let elements = match (&left.elements, &right.elements) {
        (Elements::Float(kind, left), Elements::Float(same, right)) if kind == same => {
            let pairs = pairs(left, right, shapes)?;
            if let Some(truths) = compared(operator, &pairs) {
                Elements::Bool(truths)
            } else {
                let steps = Steps { kind: *kind, name: operator.name() };
                let numbers = pairs.into_iter().map(|(left, right)| float(operator, steps, *left, *right));
                Elements::Float(*kind, numbers.collect::<Result<_>>()?)
            }
        }
        (Elements::Integer(kind, left), Elements::Integer(Integer::U32, right))
            if matches!(operator, Binary::ShiftLeft | Binary::ShiftRight) =>
        {
            let numbers = pairs(left, right, shapes)?.into_iter().map(|(left, right)| {
                if operator == Binary::ShiftLeft {
                    shift_left(*kind, *left, *right)
                } else {
                    shift_right(*kind, *left, *right)
                }
            });
            Elements::Integer(*kind, numbers.collect::<Result<_>>()?)
        }
        (Elements::Integer(kind, left), Elements::Integer(same, right)) if kind == same => {
            let pairs = pairs(left, right, shapes)?;
            if let Some(truths) = compared(operator, &pairs) {
                Elements::Bool(truths)
            } else {
                let numbers = pairs.into_iter().map(|(left, right)| integer(operator, *kind, *left, *right));
                Elements::Integer(*kind, numbers.collect::<Result<_>>()?)
            }
        }
        (Elements::Bool(left), Elements::Bool(right)) => {
            let truths = pairs(left, right, shapes)?.into_iter().map(|(left, right)| match operator {
                Binary::And => Ok(left & right),
                Binary::Or => Ok(left | right),
                Binary::Equal => Ok(left == right),
                Binary::NotEqual => Ok(left != right),
                _ => Err(Error::Operands),
            });
            Elements::Bool(truths.collect::<Result<_>>()?)
        }
        _ => return Err(Error::Operands),
    };
    Ok(Value { shape, elements })
}

fn compared<T: PartialOrd>(operator: Binary, pairs: &[(&T, &T)]) -> Option<Vec<bool>> {
    let holds = match operator {
        Binary::Equal => T::eq,
        Binary::NotEqual => T::ne,
        Binary::Less => T::lt,
        Binary::LessEqual => T::le,
        Binary::Greater => T::gt,
        Binary::GreaterEqual => T::ge,
        _ => return None,
    };
    Some(pairs.iter().map(|(left, right)| holds(left, right)).collect())
}

fn float(operator: Binary, steps: Steps, left: f64, right: f64) -> Result<f64> {
    match operator {
        Binary::Add => steps.add(left, right),
        Binary::Subtract => steps.subtract(left, right),
        Binary::Multiply => steps.multiply(left, right),
        Binary::Divide => steps.divide(left, right),
        Binary::Remainder if right == 0.0 => steps.domain("division by zero"),
        Binary::Remainder => steps.round(left % right),
        _ => Err(Error::Operands),
    }
}

fn integer(operator: Binary, kind: Integer, left: i64, right: i64) -> Result<i64> {
    let wrong = |what: &str| Err(Error::Value(format!("`{}`: {what}", operator.name())));
    let [wide, other] = [left, right].map(i128::from);
    let exact = match operator {
        Binary::Add => wide.wrapping_add(other),
        Binary::Subtract => wide.wrapping_sub(other),
        Binary::Multiply => wide.wrapping_mul(other),
        Binary::Divide | Binary::Remainder if right == 0 => return wrong("division by zero"),
        Binary::Divide => wide.wrapping_div(other),
        Binary::Remainder => wide.wrapping_rem(other),
        Binary::And => return Ok(left & right),
        Binary::Or => return Ok(left | right),
        Binary::Xor => return Ok(left ^ right),
        _ => return Err(Error::Operands),
    };
    let wrapped = kind.wrap(exact);
    let is_lowest = |number: i64| kind.wrap(i128::from(number).wrapping_neg()) == number && number < 0;
    if matches!(operator, Binary::Divide | Binary::Remainder) && right == -1 && is_lowest(left) {
        return wrong(&format!("the result is too large for {}", kind.name()));
    }
    if kind == Integer::Abstract && i128::from(wrapped) != exact {
        return wrong("the result is too large for AbstractInt");
    }
    Ok(wrapped)
}

/// <https://www.w3.org/TR/WGSL/#bit-expr>
fn shift_left(kind: Integer, number: i64, by: i64) -> Result<i64> {
    check_shift(kind, by)?;
    if number == 0 {
        return Ok(0);
    }
    let exact = u32::try_from(by).ok().filter(|by| *by < 64).and_then(|by| i128::from(number).checked_shl(by));
    let exact = exact.filter(|exact| i128::from(kind.wrap(*exact)) == *exact);
    let exact = exact.ok_or_else(|| Error::Value(format!("`<<`: the result is too large for {}", kind.name())))?;
    Ok(kind.wrap(exact))
}

fn shift_right(kind: Integer, number: i64, by: i64) -> Result<i64> {
    check_shift(kind, by)?;
    Ok(number.checked_shr(u32::try_from(by).unwrap_or(63).min(63)).unwrap_or(0))
}

fn check_shift(kind: Integer, by: i64) -> Result<()> {
    if kind != Integer::Abstract && by >= 32 {
        return Err(Error::Value(format!("a shift by {by} bits is too far for a number of 32")));
    }
    Ok(())
}

/// The product of matrices, or of a matrix and a vector.
fn product(left: &Value, right: &Value) -> Result<Value> {
    let (Elements::Float(kind, of_left), Elements::Float(same, of_right)) = (&left.elements, &right.elements) else {
        return Err(Error::Operands);
    };
    // A vector is one row on the left, and one column on the right.
    let (rows, common) = match left.shape {
        Shape::Matrix { columns, rows } => (rows, columns),
        Shape::Vector(size) => (1, size),
        Shape::Scalar => return Err(Error::Operands),
    };
    let (height, columns) = match right.shape {
        Shape::Matrix { columns, rows } => (rows, columns),
        Shape::Vector(size) => (size, 1),
        Shape::Scalar => return Err(Error::Operands),
    };
    if kind != same || common != height {
        return Err(Error::Operands);
    }
    let numbers = multiply(*kind, of_left, of_right, usize::from(rows), usize::from(common))?;
    let shape = match (left.shape, right.shape) {
        (Shape::Vector(_), _) => Shape::Vector(columns),
        (_, Shape::Vector(_)) => Shape::Vector(rows),
        _ => Shape::Matrix { columns, rows },
    };
    Ok(Value { shape, elements: Elements::Float(*kind, numbers) })
}

fn multiply(kind: Float, left: &[f64], right: &[f64], rows: usize, common: usize) -> Result<Vec<f64>> {
    let steps = Steps { kind, name: "*" };
    let rows: Vec<Vec<f64>> = (0..rows).map(|row| left.iter().skip(row).step_by(rows).copied().collect()).collect();
    let columns = right.chunks_exact(common);
    columns.flat_map(|column| rows.iter().map(move |row| steps.dot(row, column))).collect()
}

/// One of two values, or of their components.
///
/// # Errors
///
/// Where the types don't fit together.
///
/// <https://www.w3.org/TR/WGSL/#select-builtin>
pub fn select(reject: &Value, accept: &Value, condition: &Value) -> Result<Value> {
    let Elements::Bool(truths) = &condition.elements else { return Err(Error::Operands) };
    if reject.shape != accept.shape || reject.elements.kind() != accept.elements.kind() {
        return Err(Error::Operands);
    }
    if let (Shape::Scalar, [truth]) = (condition.shape, truths.as_slice()) {
        return Ok(if *truth { accept.clone() } else { reject.clone() });
    }
    if condition.shape != reject.shape {
        return Err(Error::Operands);
    }
    let elements = match (&reject.elements, &accept.elements) {
        (Elements::Float(kind, reject), Elements::Float(_, accept)) => {
            Elements::Float(*kind, chosen(reject, accept, truths))
        }
        (Elements::Integer(kind, reject), Elements::Integer(_, accept)) => {
            Elements::Integer(*kind, chosen(reject, accept, truths))
        }
        (Elements::Bool(reject), Elements::Bool(accept)) => Elements::Bool(chosen(reject, accept, truths)),
        _ => return Err(Error::Operands),
    };
    Ok(Value { shape: reject.shape, elements })
}

fn chosen<T: Copy>(reject: &[T], accept: &[T], truths: &[bool]) -> Vec<T> {
    let pairs = reject.iter().zip(accept).zip(truths);
    pairs.map(|((reject, accept), truth)| if *truth { *accept } else { *reject }).collect()
}
