//! A whole file: keys, values, and the table of tensors.

use std::{
    collections::BTreeMap,
    io::{Read, Seek},
};

use crate::{Array, Error, Tensor, Value, error::shortened, reader::Reader};

const KEYS_MAX: u64 = 1 << 14;
const KEY_BYTES_MAX: u64 = 1 << 10;
const TENSORS_MAX: u64 = 1 << 16;
const ALIGNMENT_DEFAULT: u64 = 32;
const ALIGNMENT_MAX: u64 = 1 << 20;

/// What a file says, without its weights.
#[derive(Clone, Debug)]
pub struct Gguf {
    metadata: BTreeMap<String, Value>,
    tensors: BTreeMap<String, Tensor>,
}

impl Gguf {
    /// Reads all but the weights.
    ///
    /// # Errors
    ///
    /// When it is no GGUF file, or any number in it does not fit the file.
    pub fn read(file: impl Read + Seek) -> Result<Self, Error> {
        let mut reader = Reader::new(file)?;
        let found = reader.bytes("the first four bytes")?;
        if found != *b"GGUF" {
            return Err(Error::Magic { found });
        }
        let version = reader.u32("the version")?;
        if !(2..=3).contains(&version) {
            return Err(Error::Version { found: version });
        }
        let tensor_count = reader.u64("the number of tensors")?;
        at_most("tensors", tensor_count, TENSORS_MAX)?;
        let key_count = reader.u64("the number of keys")?;
        at_most("keys", key_count, KEYS_MAX)?;
        let mut metadata = BTreeMap::new();
        for _ in 0..key_count {
            let key = reader.text("a key", KEY_BYTES_MAX)?;
            let value = Value::read(&mut reader, &shortened(&key))?;
            if metadata.insert(key.clone(), value).is_some() {
                return Err(Error::Twice { what: "the key", name: shortened(&key) });
            }
        }
        let mut file = Self { metadata, tensors: BTreeMap::new() };
        file.read_tensors(&mut reader, tensor_count)?;
        Ok(file)
    }

    fn read_tensors<R: Read>(&mut self, reader: &mut Reader<R>, count: u64) -> Result<(), Error> {
        let alignment = self.alignment()?;
        let mut tensors = (0..count).map(|_| Tensor::read(reader)).collect::<Result<Vec<_>, _>>()?;
        let start = reader.position().next_multiple_of(alignment);
        for tensor in &mut tensors {
            tensor.place(start, alignment, reader.length())?;
        }
        tensors.sort_by_key(|tensor| tensor.offset);
        for pair in tensors.windows(2) {
            if let [first, second] = pair
                && first.offset.saturating_add(first.bytes) > second.offset
            {
                let why = format!("its bytes overlap those of '{}'", shortened(&first.name));
                return Err(Error::Tensor { name: shortened(&second.name), why });
            }
        }
        for tensor in tensors {
            if let Some(twice) = self.tensors.insert(tensor.name.clone(), tensor) {
                return Err(Error::Twice { what: "the tensor", name: shortened(&twice.name) });
            }
        }
        Ok(())
    }

    fn alignment(&self) -> Result<u64, Error> {
        const KEY: &str = "general.alignment";
        let alignment = self.optional_integer(KEY)?.unwrap_or(ALIGNMENT_DEFAULT);
        if !alignment.is_power_of_two() || alignment > ALIGNMENT_MAX {
            return Err(Error::Value {
                key: KEY.to_owned(),
                found: alignment.to_string(),
                wanted: "a power of two up to 2^20",
            });
        }
        Ok(alignment)
    }

    /// All tensors, by name.
    pub fn tensors(&self) -> impl ExactSizeIterator<Item = &Tensor> {
        self.tensors.values()
    }

    /// A tensor that may be missing.
    #[must_use]
    pub fn optional_tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// A tensor that must be there, of this shape.
    ///
    /// # Errors
    ///
    /// When it is missing, or has another shape.
    pub fn tensor(&self, name: &str, columns: u64, rows: u64) -> Result<&Tensor, Error> {
        let tensor = self.tensors.get(name);
        let tensor = tensor.ok_or_else(|| Error::Missing { what: "tensor", name: name.to_owned() })?;
        if (tensor.columns, tensor.rows) != (columns, rows) {
            let why = format!(
                "it has {} rows of {}, but its model has {rows} rows of {columns} there",
                tensor.rows, tensor.columns
            );
            return Err(Error::Tensor { name: name.to_owned(), why });
        }
        Ok(tensor)
    }

    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.metadata.get(key)
    }

    /// A whole number that may be missing.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn optional_integer(&self, key: &str) -> Result<Option<u64>, Error> {
        self.optional(key, "a whole number from 0 to 2^64", |value| {
            if let Value::Integer(value) = value { u64::try_from(*value).ok() } else { None }
        })
    }

    /// A whole number that must be there.
    ///
    /// # Errors
    ///
    /// When it is missing or something else.
    pub fn integer(&self, key: &str) -> Result<u64, Error> {
        self.optional_integer(key)?.ok_or_else(|| missing(key))
    }

    /// A number that may be missing.
    ///
    /// # Errors
    ///
    /// When it is something else.
    #[expect(clippy::as_conversions, reason = "models compute with 32 bits")]
    pub fn optional_float(&self, key: &str) -> Result<Option<f32>, Error> {
        self.optional(key, "a finite number", |value| {
            if let Value::Float(value) = value { Some(*value as f32).filter(|value| value.is_finite()) } else { None }
        })
    }

    /// A number that must be there.
    ///
    /// # Errors
    ///
    /// When it is missing or something else.
    pub fn float(&self, key: &str) -> Result<f32, Error> {
        self.optional_float(key)?.ok_or_else(|| missing(key))
    }

    /// Yes or no, where it is said.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn optional_bool(&self, key: &str) -> Result<Option<bool>, Error> {
        self.optional(key, "true or false", |value| if let Value::Bool(value) = value { Some(*value) } else { None })
    }

    /// A text that may be missing.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn optional_text(&self, key: &str) -> Result<Option<&str>, Error> {
        self.optional(key, "text", |value| if let Value::Text(value) = value { Some(value.as_str()) } else { None })
    }

    /// A text that must be there.
    ///
    /// # Errors
    ///
    /// When it is missing or something else.
    pub fn text(&self, key: &str) -> Result<&str, Error> {
        self.optional_text(key)?.ok_or_else(|| missing(key))
    }

    /// A list of texts that may be missing.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn optional_texts(&self, key: &str) -> Result<Option<&[Box<str>]>, Error> {
        self.optional(key, "a list of texts", |value| {
            if let Value::Array(Array::Texts(texts)) = value { Some(texts.as_slice()) } else { None }
        })
    }

    /// A list of whole numbers that may be missing.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn optional_integers(&self, key: &str) -> Result<Option<&[i64]>, Error> {
        self.optional(key, "a list of whole numbers", |value| {
            if let Value::Array(Array::Integers(numbers)) = value { Some(numbers.as_slice()) } else { None }
        })
    }

    /// A list of numbers that may be missing.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn optional_floats(&self, key: &str) -> Result<Option<&[f32]>, Error> {
        self.optional(key, "a list of numbers", |value| {
            if let Value::Array(Array::Floats(numbers)) = value { Some(numbers.as_slice()) } else { None }
        })
    }

    fn optional<'a, T>(
        &'a self,
        key: &str,
        wanted: &'static str,
        take: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some(value) = self.metadata.get(key) else { return Ok(None) };
        match take(value) {
            Some(taken) => Ok(Some(taken)),
            None => Err(Error::Value { key: key.to_owned(), found: value.shown(), wanted }),
        }
    }

    /// Forgets the values of keys, which for a tokenizer are large once it is made.
    pub fn forget(&mut self, prefix: &str) {
        self.metadata.retain(|key, _| !key.starts_with(prefix));
    }
}

fn missing(key: &str) -> Error {
    Error::Missing { what: "key", name: key.to_owned() }
}

fn at_most(what: &'static str, found: u64, greatest: u64) -> Result<(), Error> {
    if found > greatest { Err(Error::TooMany { what, found, greatest }) } else { Ok(()) }
}
