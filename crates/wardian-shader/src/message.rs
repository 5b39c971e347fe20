//! Texts of errors, of bounded length.

use std::error::Error;
use std::fmt::Write as _;

/// Bytes of an error's message.
pub const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// An error and what caused it, in one text of bounded length.
#[must_use]
pub fn message_of(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // A write into a string can't fail.
        let _ = write!(message, ": {error}");
        cause = error.source();
        if message.len() > MESSAGE_BYTES_MAX {
            break;
        }
    }
    bounded(message)
}

/// Cuts a message that a guest made long.
#[must_use]
pub fn bounded(message: String) -> String {
    cut(message, MESSAGE_BYTES_MAX)
}

/// Cuts a message to so many bytes, and says so.
#[must_use]
pub fn cut(mut message: String, bytes_max: usize) -> String {
    if message.len() > bytes_max {
        let end = (0..=bytes_max).rev().find(|index| message.is_char_boundary(*index)).unwrap_or(0);
        message.truncate(end);
        message.push_str(" … (cut)");
        message.shrink_to_fit();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_between_letters() {
        let message = bounded("ä".repeat(MESSAGE_BYTES_MAX));
        assert!(message.len() < MESSAGE_BYTES_MAX + 20 && message.ends_with("(cut)"), "length {}", message.len());
    }
}
