//! The values of WGSL's constant expressions: operators, built-in functions and conversions, for abstract and concrete
//! types, with WGSL's errors.
//!
//! It knows nothing of a compiler: types have been checked, and abstract operands converted, before it is called.
//! Floats of all kinds are computed as `f64` and rounded to their kind after each step that WGSL defines.
//!
//! ```
//! use wardian_evaluate::{Float, Function, Value, call};
//!
//! let values = call(Function::Sqrt, &[Value::float(Float::F32, 2.0)]).expect("a value");
//! assert_eq!(values, [Value::float(Float::F32, f64::from(2_f32.sqrt()))], "rounded to an f32");
//! assert!(call(Function::Sqrt, &[Value::float(Float::F32, -2.0)]).is_err(), "out of its domain");
//! ```
//!
//! <https://www.w3.org/TR/WGSL/#const-expressions>

#![expect(clippy::wildcard_enum_match_arm, reason = "what is not among the functions of a kind has no value there")]

mod bits;
mod components;
mod convert;
mod function;
mod geometry;
mod operator;
mod pack;
mod steps;
mod value;

pub use self::convert::{bitcast, convert};
pub use self::function::{Function, call, check_partly};
pub use self::operator::{Binary, Unary, binary, check_right, select, unary};
pub use self::value::{Elements, Float, Integer, Kind, Shape, Value};

/// Why an expression has no value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Error {
    /// The program is wrong: what WGSL calls a shader-creation error.
    Value(String),
    /// There is no such operation on operands of these types.
    Operands,
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(text) => formatter.write_str(text),
            Self::Operands => formatter.write_str("there is no such operation on operands of these types"),
        }
    }
}

impl std::error::Error for Error {}

type Result<T> = std::result::Result<T, Error>;
