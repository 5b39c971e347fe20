//! Numbers and texts one after the other, none of which may lie past the end of the file.

use std::io::{BufReader, Read, Seek, SeekFrom};

use crate::Error;

/// A file that is read from front to back.
#[derive(Debug)]
pub(crate) struct Reader<R: Read> {
    inner: BufReader<R>,
    position: u64,
    length: u64,
}

impl<R: Read + Seek> Reader<R> {
    pub(crate) fn new(mut inner: R) -> Result<Self, Error> {
        let length = inner.seek(SeekFrom::End(0))?;
        inner.rewind()?;
        Ok(Self { inner: BufReader::with_capacity(1 << 16, inner), position: 0, length })
    }
}

impl<R: Read> Reader<R> {
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Says whether so many things of a size can still be in the file; so nothing is reserved for what is not there.
    pub(crate) fn expect(&self, what: &'static str, count: u64, bytes_each: u64) -> Result<(), Error> {
        let needed = count.saturating_mul(bytes_each);
        if needed > self.length.saturating_sub(self.position) {
            return Err(Error::Truncated { what, position: self.position, needed, length: self.length });
        }
        Ok(())
    }

    pub(crate) fn bytes<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.fill(what, &mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, what: &'static str, bytes: &mut [u8]) -> Result<(), Error> {
        let needed = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.expect(what, needed, 1)?;
        self.inner.read_exact(bytes)?;
        self.position = self.position.saturating_add(needed);
        Ok(())
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.bytes(what)?))
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.bytes(what)?))
    }

    pub(crate) fn text(&mut self, what: &'static str, bytes_max: u64) -> Result<String, Error> {
        let found = self.u64(what)?;
        let position = self.position;
        self.expect(what, found, 1)?;
        if found > bytes_max {
            return Err(Error::TooMany { what, found, greatest: bytes_max });
        }
        let mut bytes = vec![0; usize::try_from(found).unwrap_or(usize::MAX)];
        self.fill(what, &mut bytes)?;
        String::from_utf8(bytes).map_err(|_| Error::Text { what, position })
    }
}
