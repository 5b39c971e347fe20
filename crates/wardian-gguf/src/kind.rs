//! How weights are stored.

/// How the numbers of a tensor are stored: in blocks of some numbers, each of so many bytes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// 32 bits of floating point.
    F32,
    /// 16 bits of floating point.
    F16,
    /// 16 bits of floating point, with the exponent of 32.
    Bf16,
    /// 4 bits and a scale a block.
    Q4_0,
    /// 4 bits, a scale and a minimum a block.
    Q4_1,
    /// 5 bits and a scale a block.
    Q5_0,
    /// 5 bits, a scale and a minimum a block.
    Q5_1,
    /// 8 bits and a scale a block.
    Q8_0,
    /// 4 bits, in blocks of blocks.
    Q4K,
    /// 5 bits, in blocks of blocks.
    Q5K,
    /// 6 bits, in blocks of blocks.
    Q6K,
}

impl Kind {
    /// All of them, with the number that stands for each in a file, their name, numbers a block and bytes a block.
    const TABLE: [(Self, u32, &'static str, u64, u64); 11] = [
        (Self::F32, 0, "F32", 1, 4),
        (Self::F16, 1, "F16", 1, 2),
        (Self::Q4_0, 2, "Q4_0", 32, 18),
        (Self::Q4_1, 3, "Q4_1", 32, 20),
        (Self::Q5_0, 6, "Q5_0", 32, 22),
        (Self::Q5_1, 7, "Q5_1", 32, 24),
        (Self::Q8_0, 8, "Q8_0", 32, 34),
        (Self::Q4K, 12, "Q4_K", 256, 144),
        (Self::Q5K, 13, "Q5_K", 256, 176),
        (Self::Q6K, 14, "Q6_K", 256, 210),
        (Self::Bf16, 30, "BF16", 1, 2),
    ];

    /// The kind that a number in a file stands for.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.1 == number).map(|row| row.0)
    }

    fn row(self) -> (u32, &'static str, u64, u64) {
        let found = Self::TABLE.iter().find(|row| row.0 == self);
        found.map_or((0, "", 1, 4), |&(_, number, name, numbers, bytes)| (number, name, numbers, bytes))
    }

    /// The number that stands for it in a file.
    #[must_use]
    pub fn number(self) -> u32 {
        self.row().0
    }

    /// Its usual name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// How many numbers a block holds.
    #[must_use]
    pub fn block_numbers(self) -> u64 {
        self.row().2
    }

    /// How many bytes a block takes.
    #[must_use]
    pub fn block_bytes(self) -> u64 {
        self.row().3
    }

    /// The names of all, for a message.
    #[must_use]
    pub fn names() -> String {
        Self::TABLE.map(|row| row.2).join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_one_row() {
        for (kind, number, ..) in Kind::TABLE {
            assert_eq!(Kind::from_number(number), Some(kind), "by its number");
            assert_eq!(kind.number(), number, "and back");
        }
        assert_eq!(Kind::from_number(5), None, "a kind that was given up");
    }
}
