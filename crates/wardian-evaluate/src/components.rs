//! Functions on floating-point numbers, component by component.

use super::function::Function;
use super::steps::Steps;
use super::{Error, Result};

/// The largest finite `f16`.
pub(crate) const F16_MAX: f64 = 65504.0;

/// A function of one number; none that there isn't.
pub(crate) fn one(function: Function, steps: Steps, x: f64) -> Result<f64> {
    let within = |holds: bool, rule: &str, value: f64| if holds { Ok(value) } else { steps.domain(rule) };
    let raw = match function {
        Function::Abs => x.abs(),
        Function::Sign if x == 0.0 => 0.0,
        Function::Sign => x.signum(),
        Function::Saturate => x.clamp(0.0, 1.0),
        Function::Cos => libm::cos(x),
        Function::Cosh => libm::cosh(x),
        Function::Sin => libm::sin(x),
        Function::Sinh => libm::sinh(x),
        Function::Tan => libm::tan(x),
        Function::Tanh => libm::tanh(x),
        Function::Acos => within(x.abs() <= 1.0, "the argument is beyond -1 and 1", libm::acos(x))?,
        Function::Asin => within(x.abs() <= 1.0, "the argument is beyond -1 and 1", libm::asin(x))?,
        Function::Atan => libm::atan(x),
        Function::Asinh => libm::asinh(x),
        Function::Acosh => within(x >= 1.0, "the argument is less than 1", libm::acosh(x))?,
        Function::Atanh => within(x.abs() < 1.0, "the argument is not between -1 and 1", libm::atanh(x))?,
        Function::Radians => x * (std::f64::consts::PI / 180.0),
        Function::Degrees => x * (180.0 / std::f64::consts::PI),
        Function::Ceil => x.ceil(),
        Function::Floor => x.floor(),
        Function::Round => libm::rint(x),
        Function::Fract => x - x.floor(),
        Function::Trunc => x.trunc(),
        Function::Exp => libm::exp(x),
        Function::Exp2 => libm::exp2(x),
        Function::Log => within(x > 0.0, "the argument is not more than 0", libm::log(x))?,
        Function::Log2 => within(x > 0.0, "the argument is not more than 0", libm::log2(x))?,
        Function::Sqrt => within(x >= 0.0, "the argument is less than 0", x.sqrt())?,
        Function::InverseSqrt => within(x > 0.0, "the argument is not more than 0", 1.0 / x.sqrt())?,
        _ => return Err(Error::Operands),
    };
    steps.round(raw)
}

/// A function of two numbers.
pub(crate) fn two(function: Function, steps: Steps, x: f64, y: f64) -> Result<f64> {
    let raw = match function {
        Function::Min => x.min(y),
        Function::Max => x.max(y),
        Function::Atan2 => libm::atan2(x, y),
        Function::Step => f64::from(u8::from(x <= y)),
        Function::Pow if x < 0.0 => return steps.domain("the base is less than 0"),
        Function::Pow if x == 0.0 && y <= 0.0 => return steps.domain("the base is 0, and the exponent not more"),
        Function::Pow => libm::pow(x, y),
        _ => return Err(Error::Operands),
    };
    steps.round(raw)
}

/// A function of three numbers.
pub(crate) fn three(function: Function, steps: Steps, x: f64, y: f64, z: f64) -> Result<f64> {
    match function {
        Function::Clamp if y > z => steps.domain("the low bound is more than the high one"),
        Function::Clamp => Ok(x.max(y).min(z)),
        Function::Fma => steps.round(libm::fma(x, y, z)),
        Function::Mix => {
            let of_first = steps.multiply(x, steps.subtract(1.0, z)?)?;
            steps.add(of_first, steps.multiply(y, z)?)
        }
        Function::SmoothStep if x == y => steps.domain("the low edge is the high one"),
        Function::SmoothStep => {
            // Halves, for the difference of the largest numbers is none.
            let part = ((z / 2.0 - x / 2.0) / (y / 2.0 - x / 2.0)).clamp(0.0, 1.0);
            steps.round(part * part * (3.0 - 2.0 * part))
        }
        _ => Err(Error::Operands),
    }
}

/// <https://www.w3.org/TR/WGSL/#ldexp-builtin>
pub(crate) fn ldexp(steps: Steps, number: f64, exponent: i64) -> Result<f64> {
    check_ldexp(steps, exponent)?;
    // Below this, all are zero.
    let exponent = i32::try_from(exponent.max(-4096)).unwrap_or(i32::MAX);
    steps.round(libm::scalbn(number, exponent))
}

/// What is wrong with an exponent, whatever the number.
pub(crate) fn check_ldexp(steps: Steps, exponent: i64) -> Result<()> {
    let most = steps.kind.bias().saturating_add(1);
    if exponent > most { steps.domain(&format!("the exponent is more than {most}")) } else { Ok(()) }
}

/// A fraction of at least a half, or zero, and the exponent to it.
pub(crate) fn frexp(number: f64) -> (f64, i64) {
    let (fraction, exponent) = libm::frexp(number);
    (fraction, if number == 0.0 { 0 } else { i64::from(exponent) })
}

/// <https://www.w3.org/TR/WGSL/#quantizeToF16-builtin>
pub(crate) fn quantize(steps: Steps, number: f64) -> Result<f64> {
    if number.abs() > F16_MAX {
        return steps.domain("the argument is too large for an f16");
    }
    super::Float::F16.round(number).map_or_else(|| steps.domain("the argument is too large for an f16"), Ok)
}
