//! How byte-pair vocabularies write bytes: each as one visible letter.
//!
//! Bytes that are visible letters of Latin-1 stand for themselves; the others are, in their order, the letters from
//! U+0100 on.

/// The letter of a byte.
fn letter(byte: u8) -> char {
    if is_visible(byte) {
        return char::from(byte);
    }
    let before = (0..byte).filter(|other| !is_visible(*other)).count();
    u32::try_from(before).ok().and_then(|before| char::from_u32(0x100 + before)).unwrap_or('\u{fffd}')
}

fn is_visible(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff)
}

/// The text as its bytes' letters.
pub(super) fn encode(text: &str) -> String {
    text.bytes().map(letter).collect()
}

/// The bytes that letters stand for; a letter that stands for none is itself.
pub(super) fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for letter in text.chars() {
        match byte(letter) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend(letter.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    bytes
}

fn byte(letter: char) -> Option<u8> {
    let number = u32::from(letter);
    if let Ok(byte) = u8::try_from(number) {
        return is_visible(byte).then_some(byte);
    }
    let index = usize::try_from(number.checked_sub(0x100)?).ok()?;
    (0..=u8::MAX).filter(|byte| !is_visible(*byte)).nth(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_a_letter_of_its_own() {
        for number in 0..=u8::MAX {
            assert_eq!(byte(letter(number)), Some(number), "byte {number}");
        }
        assert_eq!(encode(" a\n"), "ĠaĊ", "as vocabularies write it");
        assert_eq!(decode("Ġé—"), [b' ', 0xe9, 0xe2, 0x80, 0x94], "letters that stand for no byte are themselves");
    }
}
