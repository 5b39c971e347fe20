//! Reads GGUF, the files of language models: what they say about the model, where its weights lie, its tokenizer and
//! its chat template.
//!
//! A file may come from anywhere: each length, count and offset is checked against the file before anything is
//! reserved or read for it, and what is wrong is named. The weights themselves are not read here: a [`Tensor`] says
//! where its bytes are, so that a program can stream them to where it wants them.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use wardian_gguf::{Gguf, Specials, Tokenizer};
//!
//! let mut file = std::fs::File::open("model.gguf")?;
//! let model = Gguf::read(&mut file)?;
//! println!("{}", model.text("general.architecture")?);
//!
//! let tokenizer = Tokenizer::new(&model)?;
//! println!("{:?}", tokenizer.encode("Hello", Specials::AsText));
//! # Ok(())
//! # }
//! ```

mod error;
mod file;
mod kind;
mod metadata;
mod reader;
mod template;
mod tensor;
mod tokenizer;

pub use error::Error;
pub use file::Gguf;
pub use kind::Kind;
pub use metadata::{Array, Value};
pub use template::{ChatTemplate, Message};
pub use tensor::Tensor;
pub use tokenizer::{Decoder, Specials, Tokenizer};
