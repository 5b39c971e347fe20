//! Values as bytes: little-endian, without padding, in the order of the WIT.

use std::fmt;

use crate::interface::Objects;

/// What is wrong with what came over the pipe. The other side is at fault, so the guest ends with it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The body ends before its values do.
    TooShort,
    /// The body goes on after its last value, by so many bytes.
    TooLong(usize),
    /// A boolean or an option that is neither 0 nor 1.
    NoBool(u8),
    /// A string that is not UTF-8.
    NoText,
    /// A number beyond the cases of an enum or a variant.
    UnknownCase(u8),
    /// Bits that the flags do not have.
    UnknownBits(u32),
    /// A frame for a function that there is not.
    UnknownFunction(u16),
    /// A resource type that there is not.
    UnknownResource(u16),
    /// A handle that stands for nothing.
    UnknownHandle(&'static str, u32),
    /// A handle that was to be given to a new object, and already stands for one.
    HandleInUse(&'static str, u32),
    /// The other side speaks another protocol or another version of the interface.
    Handshake(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => write!(formatter, "a frame is shorter than its parameters"),
            Self::TooLong(bytes) => write!(formatter, "a frame is {bytes} bytes longer than its parameters"),
            Self::NoBool(value) => write!(formatter, "expected 0 or 1, but {value} came"),
            Self::NoText => write!(formatter, "a string is not UTF-8"),
            Self::UnknownCase(value) => write!(formatter, "an enum has no case {value}"),
            Self::UnknownBits(bits) => write!(formatter, "flags {bits:#x} have bits that there are not"),
            Self::UnknownFunction(number) => write!(formatter, "there is no function {number}"),
            Self::UnknownResource(number) => write!(formatter, "there is no resource type {number}"),
            Self::UnknownHandle(name, handle) => write!(formatter, "no {name} has the handle {handle}"),
            Self::HandleInUse(name, handle) => write!(formatter, "a {name} has the handle {handle} already"),
            Self::Handshake(what) => write!(formatter, "{what}; build the guest and js/ from the same tree"),
        }
    }
}

/// Takes values off the front of a body.
#[derive(Debug)]
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    /// Takes what is left.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes).to_vec()
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), Fault> {
        if self.bytes.is_empty() { Ok(()) } else { Err(Fault::TooLong(self.bytes.len())) }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'b [u8], Fault> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(Fault::TooShort)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.bytes.split_first_chunk().ok_or(Fault::TooShort)?;
        self.bytes = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Fault> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Fault> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_le_bytes)
    }

    /// A count of things that follow.
    fn count(&mut self) -> Result<usize, Fault> {
        usize::try_from(self.u32()?).map_err(|_| Fault::TooShort)
    }

    fn flag(&mut self) -> Result<bool, Fault> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Fault::NoBool(other)),
        }
    }
}

/// Puts values behind each other.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// A count of things that follow. Nothing in a 32-bit memory is more than a `u32`.
    fn count(&mut self, value: usize) {
        self.u32(u32::try_from(value).unwrap_or(u32::MAX));
    }
}

/// What can be read from a frame. What is lent lives in the tables.
pub(crate) trait Decode<'a>: Sized {
    fn decode(reader: &mut Reader<'_>, objects: &'a Objects) -> Result<Self, Fault>;

    /// A list of these; bytes have a shorter way.
    fn decode_list(reader: &mut Reader<'_>, objects: &'a Objects) -> Result<Vec<Self>, Fault> {
        let count = reader.count()?;
        (0..count).map(|_| Self::decode(reader, objects)).collect()
    }
}

/// What can be written into a frame. Objects in it get handles.
pub(crate) trait Encode {
    fn encode(self, writer: &mut Writer, objects: &mut Objects);

    /// A list of these; bytes have a shorter way.
    fn encode_list(list: Vec<Self>, writer: &mut Writer, objects: &mut Objects)
    where
        Self: Sized,
    {
        writer.count(list.len());
        list.into_iter().for_each(|item| item.encode(writer, objects));
    }
}

macro_rules! numbers {
    ($($number:ident)*) => {$(
        impl<'a> Decode<'a> for $number {
            fn decode(reader: &mut Reader<'_>, _objects: &'a Objects) -> Result<Self, Fault> {
                reader.array().map(Self::from_le_bytes)
            }
        }

        impl Encode for $number {
            fn encode(self, writer: &mut Writer, _objects: &mut Objects) {
                writer.bytes.extend_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}

numbers!(u16 u32 u64 i32 f32 f64);

impl<'a> Decode<'a> for u8 {
    fn decode(reader: &mut Reader<'_>, _objects: &'a Objects) -> Result<Self, Fault> {
        reader.u8()
    }

    fn decode_list(reader: &mut Reader<'_>, _objects: &'a Objects) -> Result<Vec<Self>, Fault> {
        let count = reader.count()?;
        reader.take(count).map(<[Self]>::to_vec)
    }
}

impl Encode for u8 {
    fn encode(self, writer: &mut Writer, _objects: &mut Objects) {
        writer.u8(self);
    }

    fn encode_list(list: Vec<Self>, writer: &mut Writer, _objects: &mut Objects) {
        writer.count(list.len());
        writer.bytes.extend_from_slice(&list);
    }
}

impl<'a> Decode<'a> for bool {
    fn decode(reader: &mut Reader<'_>, _objects: &'a Objects) -> Result<Self, Fault> {
        reader.flag()
    }
}

impl Encode for bool {
    fn encode(self, writer: &mut Writer, _objects: &mut Objects) {
        writer.u8(u8::from(self));
    }
}

impl<'a> Decode<'a> for String {
    fn decode(reader: &mut Reader<'_>, objects: &'a Objects) -> Result<Self, Fault> {
        Self::from_utf8(Vec::decode(reader, objects)?).map_err(|_| Fault::NoText)
    }
}

impl Encode for String {
    fn encode(self, writer: &mut Writer, objects: &mut Objects) {
        self.into_bytes().encode(writer, objects);
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Option<T> {
    fn decode(reader: &mut Reader<'_>, objects: &'a Objects) -> Result<Self, Fault> {
        if reader.flag()? { T::decode(reader, objects).map(Some) } else { Ok(None) }
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(self, writer: &mut Writer, objects: &mut Objects) {
        writer.u8(u8::from(self.is_some()));
        if let Some(value) = self {
            value.encode(writer, objects);
        }
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Vec<T> {
    fn decode(reader: &mut Reader<'_>, objects: &'a Objects) -> Result<Self, Fault> {
        T::decode_list(reader, objects)
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(self, writer: &mut Writer, objects: &mut Objects) {
        T::encode_list(self, writer, objects);
    }
}

impl Encode for () {
    fn encode(self, _writer: &mut Writer, _objects: &mut Objects) {}
}

impl<T: Encode, E: Encode> Encode for Result<T, E> {
    fn encode(self, writer: &mut Writer, objects: &mut Objects) {
        match self {
            Ok(value) => {
                writer.u8(0);
                value.encode(writer, objects);
            }
            Err(error) => {
                writer.u8(1);
                error.encode(writer, objects);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use wardian_guest::webgpu;

    use super::*;

    fn decode<T: for<'a> Decode<'a>>(bytes: &[u8]) -> Result<T, Fault> {
        let mut reader = Reader::new(bytes);
        let value = T::decode(&mut reader, &Objects::default())?;
        reader.end().map(|()| value)
    }

    fn encode(value: impl Encode) -> Vec<u8> {
        let mut writer = Writer::default();
        value.encode(&mut writer, &mut Objects::default());
        writer.bytes
    }

    #[test]
    fn values_come_back_as_they_went() {
        assert_eq!(decode(&encode(0x0102_0304_0506_0708_u64)), Ok(0x0102_0304_0506_0708_u64), "a number");
        assert_eq!(decode(&encode(-2.5_f64)), Ok(-2.5_f64), "a float");
        assert_eq!(decode(&encode("für".to_owned())), Ok("für".to_owned()), "text");
        assert_eq!(decode(&encode(vec![Some(1_u32), None])), Ok(vec![Some(1_u32), None]), "options in a list");
        assert_eq!(encode(Err::<(), _>(true)), [1, 1], "an error says so first");
    }

    #[test]
    fn records_are_their_fields_in_order() {
        let bytes = [8, 0, 0, 0, 0, 0, 0, 0, 0x0c, 0, 0, 0, 1, 1, 0];
        let descriptor: webgpu::GpuBufferDescriptor = decode(&bytes).expect("a buffer's descriptor");
        assert_eq!(descriptor.size, 8, "the first eight bytes");
        let usage = webgpu::GpuBufferUsage::COPY_SRC | webgpu::GpuBufferUsage::COPY_DST;
        assert_eq!(descriptor.usage, usage, "the next four");
        assert_eq!((descriptor.mapped_at_creation, descriptor.label), (Some(true), None), "two options");
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert_eq!(decode::<u32>(&[1, 2]), Err(Fault::TooShort), "too few bytes");
        assert_eq!(decode::<u8>(&[1, 2, 3]), Err(Fault::TooLong(2)), "too many");
        assert_eq!(decode::<bool>(&[2]), Err(Fault::NoBool(2)), "no boolean");
        assert_eq!(decode::<String>(&[1, 0, 0, 0, 0xff]), Err(Fault::NoText), "no UTF-8");
        assert_eq!(decode::<Vec<u8>>(&[255, 255, 255, 255]), Err(Fault::TooShort), "a count without the bytes");
        assert_eq!(decode::<webgpu::GpuTextureDimension>(&[3]), Err(Fault::UnknownCase(3)), "there are three");
        assert_eq!(decode::<webgpu::GpuMapMode>(&[4, 0, 0, 0]), Err(Fault::UnknownBits(4)), "there are two");
    }
}
