//! Values of constant expressions.

use half::f16;

/// Kinds of floating-point numbers. Each value of each of them is an `f64`, too.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Float {
    /// `AbstractFloat`: as an `f64`.
    Abstract,
    /// `f32`
    F32,
    /// `f16`
    F16,
}

impl Float {
    /// The nearest number of this kind; none where it is infinite, or the number is none.
    #[must_use]
    pub fn round(self, number: f64) -> Option<f64> {
        let rounded = match self {
            Self::Abstract => number,
            Self::F32 => f64::from(nearest_f32(number)),
            Self::F16 => f64::from(f16::from_f64(number)),
        };
        rounded.is_finite().then_some(rounded)
    }

    /// The largest number of this kind.
    pub(crate) fn max(self) -> f64 {
        match self {
            Self::Abstract => f64::MAX,
            Self::F32 => f64::from(f32::MAX),
            Self::F16 => f64::from(f16::MAX),
        }
    }

    /// WGSL's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Abstract => "AbstractFloat",
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }

    /// What is added to exponents in the number's bits.
    pub(crate) fn bias(self) -> i64 {
        match self {
            Self::Abstract => 1023,
            Self::F32 => 127,
            Self::F16 => 15,
        }
    }
}

#[expect(clippy::as_conversions, reason = "the nearest one is what is wanted")]
pub(crate) fn nearest_f32(number: f64) -> f32 {
    number as f32
}

/// Kinds of integers. Each value of each of them is an `i64`, too.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Integer {
    /// `AbstractInt`: as an `i64`.
    Abstract,
    /// `i32`
    I32,
    /// `u32`
    U32,
}

impl Integer {
    /// The number of this kind with the same lowest bits.
    pub(crate) fn wrap(self, number: i128) -> i64 {
        let [a, b, c, d, e, f, g, h, ..] = number.to_le_bytes();
        match self {
            Self::Abstract => i64::from_le_bytes([a, b, c, d, e, f, g, h]),
            Self::I32 => i64::from(i32::from_le_bytes([a, b, c, d])),
            Self::U32 => i64::from(u32::from_le_bytes([a, b, c, d])),
        }
    }

    /// WGSL's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Abstract => "AbstractInt",
            Self::I32 => "i32",
            Self::U32 => "u32",
        }
    }
}

/// Kinds of scalars.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Floating-point numbers.
    Float(Float),
    /// Integers.
    Integer(Integer),
    /// `bool`
    Bool,
}

/// How a value is made of scalars.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// It is one.
    Scalar,
    /// It is a vector of two to four.
    Vector(u8),
    /// It is a matrix of two to four vectors.
    Matrix {
        /// How many vectors.
        columns: u8,
        /// How many scalars each of them has.
        rows: u8,
    },
}

impl Shape {
    /// How many scalars.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Scalar => 1,
            Self::Vector(size) => usize::from(size),
            Self::Matrix { columns, rows } => usize::from(columns).saturating_mul(usize::from(rows)),
        }
    }

    /// Whether there are none, which WGSL has not.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// The scalars of a value, those of a matrix by its columns.
#[derive(Clone, Debug, PartialEq)]
pub enum Elements {
    /// Numbers that are exact in their kind.
    Float(Float, Vec<f64>),
    /// Numbers that their kind has.
    Integer(Integer, Vec<i64>),
    /// Truth values.
    Bool(Vec<bool>),
}

impl Elements {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Float(_, numbers) => numbers.len(),
            Self::Integer(_, numbers) => numbers.len(),
            Self::Bool(truths) => truths.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Float(kind, _) => Kind::Float(*kind),
            Self::Integer(kind, _) => Kind::Integer(*kind),
            Self::Bool(_) => Kind::Bool,
        }
    }
}

/// A scalar, vector or matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// How it is made of its elements.
    pub shape: Shape,
    /// As many as the shape has.
    pub elements: Elements,
}

impl Value {
    /// A floating-point number, which must be exact in its kind.
    #[must_use]
    pub fn float(kind: Float, number: f64) -> Self {
        Self { shape: Shape::Scalar, elements: Elements::Float(kind, vec![number]) }
    }

    /// An integer, which its kind must have.
    #[must_use]
    pub fn integer(kind: Integer, number: i64) -> Self {
        Self { shape: Shape::Scalar, elements: Elements::Integer(kind, vec![number]) }
    }

    /// A truth value.
    #[must_use]
    pub fn bool(truth: bool) -> Self {
        Self { shape: Shape::Scalar, elements: Elements::Bool(vec![truth]) }
    }

    /// The scalars, where they are integers of this kind.
    pub(crate) fn integers(&self, wanted: Integer) -> Option<&[i64]> {
        match &self.elements {
            Elements::Integer(kind, numbers) if *kind == wanted => Some(numbers),
            Elements::Integer(..) | Elements::Float(..) | Elements::Bool(_) => None,
        }
    }

    /// The scalars, where they are floats of this kind.
    pub(crate) fn floats(&self, wanted: Float) -> Option<&[f64]> {
        match &self.elements {
            Elements::Float(kind, numbers) if *kind == wanted => Some(numbers),
            Elements::Integer(..) | Elements::Float(..) | Elements::Bool(_) => None,
        }
    }
}
