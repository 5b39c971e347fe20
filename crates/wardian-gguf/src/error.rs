//! What can be wrong with a file.

/// What is wrong with a file, or with what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be read.
    #[error("the file cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// It is another kind of file.
    #[error("not a GGUF file: it begins with {found:02x?} instead of \"GGUF\"")]
    Magic {
        /// The first bytes.
        found: [u8; 4],
    },
    /// A version that is not known here.
    #[error(
        "GGUF version {found}; versions 2 and 3 are supported (a file of a big-endian machine reads like this, too)"
    )]
    Version {
        /// What the file says.
        found: u32,
    },
    /// The file ends before what it announced.
    #[error("the file ends at byte {length}, but {what} needs {needed} bytes from byte {position} on: is it whole?")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Where it starts.
        position: u64,
        /// How many bytes it has.
        needed: u64,
        /// How many the file has.
        length: u64,
    },
    /// A number that is greater than any real file's.
    #[error("{what}: {found}, of which at most {greatest} are accepted")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// What the file says.
        found: u64,
        /// What is accepted.
        greatest: u64,
    },
    /// Text that is no UTF-8.
    #[error("{what} at byte {position} is not UTF-8")]
    Text {
        /// Which text.
        what: &'static str,
        /// Where it starts.
        position: u64,
    },
    /// A number that stands for nothing known.
    #[error("{what} has the unknown type {found}")]
    UnknownType {
        /// Of what.
        what: String,
        /// What the file says.
        found: u32,
    },
    /// A name that stands twice.
    #[error("{what} '{name}' stands in the file twice")]
    Twice {
        /// What has the name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The place or shape of a tensor is impossible.
    #[error("tensor '{name}': {why}")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something that a model needs is not there.
    #[error("the file has no {what} '{name}', which its model needs")]
    Missing {
        /// A key or a tensor.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A value of another type than its key should have, or outside of what makes sense.
    #[error("'{key}' is {found}, but should be {wanted}")]
    Value {
        /// The key.
        key: String,
        /// What the file says.
        found: String,
        /// What was wanted.
        wanted: &'static str,
    },
    /// A part of the file that nobody here understands yet.
    #[error("{what} '{found}' is not supported; these are: {supported}")]
    Unsupported {
        /// A tokenizer, for instance.
        what: &'static str,
        /// What the file says.
        found: String,
        /// What would work.
        supported: String,
    },
    /// The chat template fails.
    #[error("the chat template of the file fails: {0}")]
    Template(String),
}

/// Cuts what a file wrote, for a message.
pub(crate) fn shortened(text: &str) -> String {
    const LETTERS_MAX: usize = 80;
    match text.char_indices().nth(LETTERS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
