//! Arithmetic on floating-point numbers, each step of which must have a result.

use super::{Error, Float, Result};

/// Steps of an operation on one kind of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    pub(crate) kind: Float,
    /// The operation, for errors.
    pub(crate) name: &'static str,
}

impl Steps {
    /// The number, rounded. One that is larger than all of its kind is too large even where it would be rounded to the
    /// largest.
    pub(crate) fn round(self, number: f64) -> Result<f64> {
        let rounded = self.kind.round(number).filter(|_| number.abs() <= self.kind.max());
        rounded.ok_or_else(|| self.error("a result or intermediate result is too large for"))
    }

    pub(crate) fn add(self, left: f64, right: f64) -> Result<f64> {
        self.round(left + right)
    }

    pub(crate) fn subtract(self, left: f64, right: f64) -> Result<f64> {
        self.round(left - right)
    }

    pub(crate) fn multiply(self, left: f64, right: f64) -> Result<f64> {
        self.round(left * right)
    }

    pub(crate) fn divide(self, left: f64, right: f64) -> Result<f64> {
        if right == 0.0 {
            return Err(Error::Value(format!("`{}`: division by zero", self.name)));
        }
        self.round(left / right)
    }

    pub(crate) fn dot(self, left: &[f64], right: &[f64]) -> Result<f64> {
        left.iter().zip(right).try_fold(0.0, |sum, (left, right)| self.add(sum, self.multiply(*left, *right)?))
    }

    /// An operand that the operation is not defined for.
    pub(crate) fn domain<T>(self, rule: &str) -> Result<T> {
        Err(Error::Value(format!("`{}`: {rule}", self.name)))
    }

    fn error(self, what: &str) -> Error {
        Error::Value(format!("`{}`: {what} {}", self.name, self.kind.name()))
    }
}
