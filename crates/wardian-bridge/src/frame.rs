//! Frames: `u32 length, u16 function, u32 sequence, body`; the length counts what follows it.

use std::io::{self, Read};

use crate::wire::{Fault, Reader, Writer};

/// What stands before the body and is counted.
const HEAD_BYTES: usize = 6;

/// Which call a frame is, so that its answer finds back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Call {
    pub(crate) function: u16,
    pub(crate) sequence: u32,
}

/// Reads the next frame into `body`; none at the end of the input.
pub(crate) fn read(input: &mut impl Read, body: &mut Vec<u8>) -> io::Result<Option<Call>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?;
    let mut head = [0; HEAD_BYTES];
    input.read_exact(&mut head)?;
    body.clear();
    body.resize(length.checked_sub(HEAD_BYTES).ok_or(io::ErrorKind::InvalidData)?, 0);
    input.read_exact(body)?;
    let mut head = Reader::new(&head);
    let call = |head: &mut Reader<'_>| Ok::<_, Fault>(Call { function: head.u16()?, sequence: head.u32()? });
    call(&mut head).map(Some).map_err(|fault| io::Error::other(fault.to_string()))
}

/// Writes a frame behind others.
pub(crate) fn write(output: &mut Vec<u8>, call: Call, body: impl FnOnce(&mut Writer)) {
    let mut writer = Writer::default();
    body(&mut writer);
    let length = HEAD_BYTES + writer.bytes.len();
    // A body lies in a 32-bit memory.
    output.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    output.extend_from_slice(&call.function.to_le_bytes());
    output.extend_from_slice(&call.sequence.to_le_bytes());
    output.extend_from_slice(&writer.bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let call = Call { function: 300, sequence: 7 };
        let mut bytes = Vec::new();
        write(&mut bytes, call, |writer| writer.bytes.extend_from_slice(b"body"));
        write(&mut bytes, Call { sequence: 8, ..call }, |_| {});
        assert_eq!(bytes.get(..10), Some([10, 0, 0, 0, 44, 1, 7, 0, 0, 0].as_slice()), "length, function, sequence");
        let mut input = bytes.as_slice();
        let mut body = Vec::new();
        assert_eq!(read(&mut input, &mut body).expect("the first"), Some(call), "the first frame's call");
        assert_eq!(body, b"body", "the first frame's body");
        let second = read(&mut input, &mut body).expect("the second");
        assert_eq!(second.map(|call| call.sequence), Some(8), "the second frame's call");
        assert!(body.is_empty(), "the second frame has no body");
        assert_eq!(read(&mut input, &mut body).expect("the end"), None, "there is no third");
    }

    #[test]
    fn a_broken_frame_is_an_error() {
        let mut body = Vec::new();
        let short = [3, 0, 0, 0, 1, 0, 0, 0, 0, 0];
        assert!(read(&mut short.as_slice(), &mut body).is_err(), "the length leaves no room for the head");
        let cut = [10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1];
        assert!(read(&mut cut.as_slice(), &mut body).is_err(), "the body is cut off");
    }
}
