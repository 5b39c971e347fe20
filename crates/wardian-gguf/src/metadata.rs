//! What a file says about its model: keys and values.

use std::io::Read;

use crate::{Error, reader::Reader};

/// The longest text: a chat template has some kilobytes.
const TEXT_BYTES_MAX: u64 = 4 << 20;
/// The most elements of one list: the largest vocabularies have a quarter of a million.
const ELEMENTS_MAX: u64 = 4 << 20;

/// A value of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(i128),
    /// A number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// Text.
    Text(String),
    /// A list.
    Array(Array),
}

/// A list of values of one type.
#[derive(Clone, Debug, PartialEq)]
pub enum Array {
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Numbers.
    Floats(Vec<f32>),
    /// Yes or no.
    Bools(Vec<bool>),
    /// Texts.
    Texts(Vec<Box<str>>),
}

/// The numbers that stand for types of values.
mod number {
    pub(super) const U8: u32 = 0;
    pub(super) const I8: u32 = 1;
    pub(super) const U16: u32 = 2;
    pub(super) const I16: u32 = 3;
    pub(super) const U32: u32 = 4;
    pub(super) const I32: u32 = 5;
    pub(super) const F32: u32 = 6;
    pub(super) const BOOL: u32 = 7;
    pub(super) const TEXT: u32 = 8;
    pub(super) const ARRAY: u32 = 9;
    pub(super) const U64: u32 = 10;
    pub(super) const I64: u32 = 11;
    pub(super) const F64: u32 = 12;
}

impl Value {
    /// Reads a value, with its type before it.
    pub(crate) fn read<R: Read>(reader: &mut Reader<R>, key: &str) -> Result<Self, Error> {
        let kind = reader.u32("the type of a value")?;
        if kind == number::ARRAY {
            return Array::read(reader, key).map(Self::Array);
        }
        Self::read_plain(reader, key, kind)
    }

    fn read_plain<R: Read>(reader: &mut Reader<R>, key: &str, kind: u32) -> Result<Self, Error> {
        const WHAT: &str = "a value";
        Ok(match kind {
            number::U8 => Self::Integer(u8::from_le_bytes(reader.bytes(WHAT)?).into()),
            number::I8 => Self::Integer(i8::from_le_bytes(reader.bytes(WHAT)?).into()),
            number::U16 => Self::Integer(u16::from_le_bytes(reader.bytes(WHAT)?).into()),
            number::I16 => Self::Integer(i16::from_le_bytes(reader.bytes(WHAT)?).into()),
            number::U32 => Self::Integer(reader.u32(WHAT)?.into()),
            number::I32 => Self::Integer(i32::from_le_bytes(reader.bytes(WHAT)?).into()),
            number::U64 => Self::Integer(reader.u64(WHAT)?.into()),
            number::I64 => Self::Integer(i64::from_le_bytes(reader.bytes(WHAT)?).into()),
            number::F32 => Self::Float(f32::from_le_bytes(reader.bytes(WHAT)?).into()),
            number::F64 => Self::Float(f64::from_le_bytes(reader.bytes(WHAT)?)),
            number::BOOL => Self::Bool(reader.bytes::<1>(WHAT)? != [0]),
            number::TEXT => Self::Text(reader.text("a text", TEXT_BYTES_MAX)?),
            found => return Err(Error::UnknownType { what: format!("the value of '{key}'"), found }),
        })
    }

    /// The value in words, short, for a message.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Integer(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Text(value) => format!("'{}'", crate::error::shortened(value)),
            Self::Array(array) => format!("a list of {}", array.len()),
        }
    }
}

impl Array {
    fn read<R: Read>(reader: &mut Reader<R>, key: &str) -> Result<Self, Error> {
        let kind = reader.u32("the type of a list")?;
        let count = reader.u64("the length of a list")?;
        if count > ELEMENTS_MAX {
            return Err(Error::TooMany { what: "elements of a list", found: count, greatest: ELEMENTS_MAX });
        }
        let bytes_each = match kind {
            number::U8 | number::I8 | number::BOOL => 1,
            number::U16 | number::I16 => 2,
            number::U32 | number::I32 | number::F32 => 4,
            number::U64 | number::I64 | number::F64 | number::TEXT => 8,
            found => return Err(Error::UnknownType { what: format!("the list '{key}'"), found }),
        };
        reader.expect("a list", count, bytes_each)?;
        let mut values = (0..count).map(|_| Value::read_plain(reader, key, kind));
        match kind {
            number::TEXT => values.map(|value| text(value?, key)).collect::<Result<_, _>>().map(Self::Texts),
            number::BOOL => {
                values.map(|value| Ok(value? == Value::Bool(true))).collect::<Result<_, _>>().map(Self::Bools)
            }
            number::F32 | number::F64 => {
                values.map(|value| float(value?, key)).collect::<Result<_, _>>().map(Self::Floats)
            }
            _ => values.by_ref().map(|value| integer(value?, key)).collect::<Result<_, _>>().map(Self::Integers),
        }
    }

    /// How many elements it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Integers(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Bools(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    /// Whether it has no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn text(value: Value, key: &str) -> Result<Box<str>, Error> {
    let Value::Text(text) = value else { return Err(wrong(&value, key, "text")) };
    Ok(text.into_boxed_str())
}

#[expect(clippy::as_conversions, reason = "no scale or score needs 64 bits")]
fn float(value: Value, key: &str) -> Result<f32, Error> {
    let Value::Float(number) = value else { return Err(wrong(&value, key, "a number")) };
    Ok(number as f32)
}

fn integer(value: Value, key: &str) -> Result<i64, Error> {
    let number = if let Value::Integer(value) = value { i64::try_from(value).ok() } else { None };
    number.ok_or_else(|| wrong(&value, key, "a whole number below 2^63"))
}

fn wrong(value: &Value, key: &str, wanted: &'static str) -> Error {
    Error::Value { key: key.to_owned(), found: value.shown(), wanted }
}
