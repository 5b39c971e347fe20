//! Immediates as WebGPU has them.
//!
//! In WebGPU they belong to the pass: they can be set before there is a pipeline, beyond what it reads, and remain when
//! it changes. In `wgpu-core` they belong to the pipeline's layout: it refuses what the layout has no room for, and
//! forgets all when the layout changes. So they are kept here, and given to `wgpu-core` before what reads them.

/// Bytes of immediates that can be set, whatever the device's limit: `wgpu-core` counts no more.
const BYTES_MAX: usize = 256;
/// Immediates are set in words.
const WORD_BYTES: u32 = 4;

/// The immediates of a pass or bundle.
#[derive(Debug)]
pub(crate) struct Immediates {
    /// How many bytes the device allows.
    limit: u64,
    bytes: [u8; BYTES_MAX],
    /// One bit a word, here and below: those that have been set.
    set: u64,
    /// Those that the current pipeline's layout has; none without a pipeline.
    exposed: u64,
    /// Those that `wgpu-core` must be given when they are exposed.
    due: u64,
}

impl Immediates {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, bytes: [0; BYTES_MAX], set: 0, exposed: 0, due: 0 }
    }

    /// Sets bytes, and says how many.
    ///
    /// <https://www.w3.org/TR/webgpu/#dom-gpubindingcommandsmixin-setimmediates>
    pub(crate) fn set(&mut self, offset: u32, data: &[u8]) -> Result<usize, String> {
        let size = u32::try_from(data.len()).map_err(|_| format!("immediates of {} bytes", data.len()))?;
        if !offset.is_multiple_of(WORD_BYTES) || !size.is_multiple_of(WORD_BYTES) {
            return Err(format!("immediates must come in words of 4 bytes, but {size} bytes at {offset} came"));
        }
        let end = offset.checked_add(size).filter(|end| u64::from(*end) <= self.limit);
        let target = end.and_then(|end| self.bytes.get_mut(index(offset)..index(end)));
        let Some(target) = target else {
            return Err(format!("the device has {} bytes of immediates, but {size} at {offset} came", self.limit));
        };
        target.copy_from_slice(data);
        let words = words(size / WORD_BYTES).checked_shl(offset / WORD_BYTES).unwrap_or(0);
        self.set |= words;
        self.due |= words;
        Ok(data.len())
    }

    /// A pipeline was chosen whose layout has so many bytes of immediates. It may have made `wgpu-core` forget.
    pub(crate) fn expose(&mut self, size: u32) {
        self.exposed = words(size / WORD_BYTES);
        self.due = self.set;
    }

    /// Unsets all, the pipeline included.
    pub(crate) fn clear(&mut self) {
        (self.set, self.exposed, self.due) = (0, 0, 0);
    }

    /// Whether `wgpu-core` must be given any.
    #[inline]
    pub(crate) fn are_due(&self) -> bool {
        self.due & self.exposed != 0
    }

    /// Takes the next bytes in a row that `wgpu-core` must be given, and where.
    pub(crate) fn next_due(&mut self) -> Option<(u32, &[u8])> {
        let due = self.due & self.exposed;
        if due == 0 {
            return None;
        }
        let first = due.trailing_zeros();
        let count = (due >> first).trailing_ones();
        self.due &= !words(count).checked_shl(first).unwrap_or(0);
        let (start, end) = (first * WORD_BYTES, (first + count) * WORD_BYTES);
        Some((start, self.bytes.get(index(start)..index(end))?))
    }
}

/// The lowest words, as bits.
fn words(count: u32) -> u64 {
    u64::MAX.checked_shr(u64::BITS.saturating_sub(count)).unwrap_or(0)
}

fn index(offset: u32) -> usize {
    // No platform of ours has less than 32 bits.
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_due(immediates: &mut Immediates) -> Vec<(u32, Vec<u8>)> {
        std::iter::from_fn(|| immediates.next_due().map(|(offset, data)| (offset, data.to_vec()))).collect()
    }

    #[test]
    fn nothing_is_due_without_a_pipeline() {
        let mut immediates = Immediates::new(64);
        assert_eq!(immediates.set(0, &[1; 8]), Ok(8), "before the pipeline");
        assert_eq!(all_due(&mut immediates), [], "no pipeline");
        immediates.expose(16);
        assert_eq!(all_due(&mut immediates), [(0, vec![1; 8])], "what was set before");
        assert_eq!(all_due(&mut immediates), [], "given once");
    }

    #[test]
    fn what_a_layout_has_no_room_for_waits() {
        let mut immediates = Immediates::new(256);
        immediates.expose(8);
        assert_eq!(immediates.set(0, &[7; 256]), Ok(256), "as much as there is");
        assert_eq!(all_due(&mut immediates), [(0, vec![7; 8])], "as much as the layout has");
        immediates.expose(256);
        assert_eq!(all_due(&mut immediates), [(0, vec![7; 256])], "all, since the layout has changed");
        immediates.clear();
        immediates.expose(256);
        assert_eq!(all_due(&mut immediates), [], "what was unset");
    }

    #[test]
    fn gaps_are_left_out() {
        let mut immediates = Immediates::new(256);
        immediates.expose(256);
        assert_eq!(immediates.set(4, &[1; 4]), Ok(4), "the second word");
        assert_eq!(immediates.set(252, &[2; 4]), Ok(4), "the last word");
        assert_eq!(immediates.set(256, &[]), Ok(0), "nothing at the end");
        assert_eq!(all_due(&mut immediates), [(4, vec![1; 4]), (252, vec![2; 4])], "the two words");
    }

    #[test]
    fn ranges_are_checked() {
        let mut immediates = Immediates::new(64);
        for (offset, size) in [(2, 4), (0, 6), (64, 4), (0, 128), (u32::MAX, 4), (u32::MAX - 3, 64)] {
            assert!(immediates.set(offset, &vec![0; size]).is_err(), "{size} bytes at {offset}");
        }
        assert!(Immediates::new(4096).set(256, &[0; 4]).is_err(), "beyond what wgpu-core counts");
    }
}
