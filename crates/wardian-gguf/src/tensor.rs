//! Where the weights lie.

use std::io::Read;

use crate::{Error, Kind, error::shortened, reader::Reader};

const NAME_BYTES_MAX: u64 = 256;
const DIMENSIONS_MAX: u32 = 4;

/// A tensor: its name, shape and place.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// How its numbers are stored.
    pub kind: Kind,
    /// How many numbers a row has; rows lie one after the other.
    pub columns: u64,
    /// How many rows it has, over all further dimensions.
    pub rows: u64,
    /// Where its bytes begin in the file.
    pub offset: u64,
    /// How many bytes it has.
    pub bytes: u64,
}

impl Tensor {
    /// Reads the entry of a tensor; its offset is from where the weights start, and nothing is known of that yet.
    pub(crate) fn read<R: Read>(reader: &mut Reader<R>) -> Result<Self, Error> {
        let name = reader.text("the name of a tensor", NAME_BYTES_MAX)?;
        let count = reader.u32("the dimensions of a tensor")?;
        let fail = |why: String| Error::Tensor { name: shortened(&name), why };
        if count == 0 || count > DIMENSIONS_MAX {
            return Err(fail(format!("it has {count} dimensions, and 1 to {DIMENSIONS_MAX} are possible")));
        }
        let mut columns = 0;
        let mut rows = 1_u64;
        for index in 0..count {
            let size = reader.u64("a dimension of a tensor")?;
            if size == 0 {
                return Err(fail("a dimension is 0".to_owned()));
            }
            if index == 0 {
                columns = size;
            } else {
                rows = rows.checked_mul(size).ok_or_else(|| fail("it has more than 2^64 rows".to_owned()))?;
            }
        }
        let number = reader.u32("the type of a tensor")?;
        let kind = Kind::from_number(number)
            .ok_or_else(|| fail(format!("its type {number} is not supported; these are: {}", Kind::names())))?;
        let offset = reader.u64("the offset of a tensor")?;
        if !columns.is_multiple_of(kind.block_numbers()) {
            let block = kind.block_numbers();
            return Err(fail(format!("its rows have {columns} numbers, but {} has blocks of {block}", kind.name())));
        }
        let row_bytes = (columns / kind.block_numbers()).checked_mul(kind.block_bytes());
        let bytes = row_bytes.and_then(|row| row.checked_mul(rows));
        let bytes = bytes.ok_or_else(|| fail("it has more than 2^64 bytes".to_owned()))?;
        Ok(Self { kind, columns, rows, offset, bytes, name })
    }

    /// How many bytes a row has.
    #[must_use]
    pub fn row_bytes(&self) -> u64 {
        self.bytes / self.rows.max(1)
    }

    /// Moves the offset to where the weights start, and checks that all bytes are in the file.
    pub(crate) fn place(&mut self, start: u64, alignment: u64, length: u64) -> Result<(), Error> {
        let fail = |why: String| Err(Error::Tensor { name: shortened(&self.name), why });
        if !self.offset.is_multiple_of(alignment) {
            return fail(format!("its offset {} is no multiple of the file's alignment {alignment}", self.offset));
        }
        let place = start.checked_add(self.offset);
        let end = place.and_then(|place| place.checked_add(self.bytes));
        match (place, end) {
            (Some(place), Some(end)) if end <= length => {
                self.offset = place;
                Ok(())
            }
            _ => fail(format!(
                "its {} bytes at offset {} end past the file, which has {length} bytes: is it whole?",
                self.bytes, self.offset
            )),
        }
    }
}
