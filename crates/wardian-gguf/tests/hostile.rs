//! Files that are not what they say: each is refused with what is wrong, and none makes the reader reserve what is not
//! there.

#![expect(clippy::expect_used, reason = "also what tests share may end them")]

use std::io::Cursor;

use wardian_gguf::{Error, Gguf, Kind, Tokenizer, Value};

/// Writes a file, right or wrong.
struct File(Vec<u8>);

impl File {
    fn new(tensors: u64, keys: u64) -> Self {
        Self(b"GGUF".to_vec()).u32(3).u64(tensors).u64(keys)
    }

    fn u32(mut self, number: u32) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn u64(mut self, number: u64) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn text(mut self, text: &str) -> Self {
        self = self.u64(text.len().try_into().expect("short"));
        self.0.extend(text.bytes());
        self
    }

    fn tensor(self, name: &str, dimensions: &[u64], kind: u32, offset: u64) -> Self {
        let count = dimensions.len().try_into().expect("few");
        let file = dimensions.iter().fold(self.text(name).u32(count), |file, size| file.u64(*size));
        file.u32(kind).u64(offset)
    }

    /// The weights: zeros from the next multiple of 32 on.
    fn weights(mut self, bytes: usize) -> Self {
        let start = self.0.len().next_multiple_of(32);
        self.0.resize(start + bytes, 0);
        self
    }

    fn read(&self) -> Result<Gguf, Error> {
        Gguf::read(Cursor::new(&self.0))
    }

    #[track_caller]
    fn is_refused(&self, why: &str) {
        let error = self.read().expect_err("it must be refused").to_string();
        assert!(error.contains(why), "the error should say '{why}': {error}");
    }
}

fn good() -> File {
    let file = File::new(2, 3).text("general.architecture").u32(8).text("llama").text("n").u32(4).u32(7);
    let file = file.text("list").u32(9).u32(6).u64(2).u32(0).u32(0x3f80_0000);
    file.tensor("a", &[64, 2], 2, 0).tensor("b", &[8], 0, 96).weights(128)
}

#[test]
fn a_good_file_is_read() {
    let file = good().read().expect("it is good");
    assert_eq!(file.text("general.architecture").expect("a text"), "llama", "a text");
    assert_eq!(file.integer("n").expect("a number"), 7, "a number");
    assert_eq!(file.optional_floats("list").expect("a list"), Some(&[0.0, 1.0][..]), "a list");
    let tensor = file.tensor("a", 64, 2).expect("it is there");
    assert_eq!((tensor.kind, tensor.bytes, tensor.row_bytes()), (Kind::Q4_0, 72, 36), "two rows of two blocks");
    let second = file.tensor("b", 8, 1).expect("it is there");
    assert_eq!(second.offset - tensor.offset, 96, "the offsets are from where the weights start");
    assert_eq!(tensor.offset % 32, 0, "which is aligned");
}

#[test]
fn what_is_no_gguf_is_refused() {
    let mut file = good();
    file.0[0] = b'X';
    file.is_refused("not a GGUF file");
    let mut file = good();
    file.0[4] = 1;
    file.is_refused("GGUF version 1; versions 2 and 3 are supported");
    File(Vec::new()).is_refused("ends at byte 0");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = good().0;
    for length in 0..whole.len() {
        let cut = File(whole[..length].to_vec());
        // Only zeros after the last tensor may be missing.
        assert_eq!(cut.read().is_ok(), length == whole.len(), "cut after {length} of {} bytes", whole.len());
    }
}

#[test]
fn huge_counts_are_refused() {
    File::new(u64::MAX, 0).is_refused("tensors: 18446744073709551615, of which at most");
    File::new(0, u64::MAX).is_refused("keys: 18446744073709551615");
    File::new(0, 1).u64(u64::MAX).is_refused("a key needs 18446744073709551615 bytes");
    File::new(0, 1).text("k").u32(8).u64(1 << 40).is_refused("a text needs 1099511627776 bytes");
    File::new(0, 1).text("k").u32(9).u32(4).u64(1 << 60).is_refused("elements of a list");
    File::new(0, 1).text("k").u32(9).u32(4).u64(1 << 20).is_refused("a list needs 4194304 bytes");
    File::new(0, 1).text(&"k".repeat(5000)).is_refused("a key: 5000, of which at most 1024");
}

#[test]
fn unknown_types_are_named() {
    File::new(0, 1).text("k").u32(99).is_refused("the value of 'k' has the unknown type 99");
    File::new(0, 1).text("k").u32(9).u32(9).u64(1).u64(0).is_refused("the list 'k' has the unknown type 9");
    File::new(1, 0).tensor("t", &[32], 5, 0).weights(64).is_refused("its type 5 is not supported; these are: F32,");
}

#[test]
fn names_that_stand_twice_are_refused() {
    let mut file = File::new(0, 2);
    for _ in 0..2 {
        file = file.text("k").u32(4).u32(1);
    }
    file.is_refused("the key 'k' stands in the file twice");
    let file = File::new(2, 0).tensor("t", &[8], 0, 0).tensor("t", &[8], 0, 32).weights(64);
    file.is_refused("the tensor 't' stands in the file twice");
}

#[test]
fn tensors_out_of_place_are_refused() {
    let one = |dimensions: &[u64], kind, offset| File::new(1, 0).tensor("t", dimensions, kind, offset).weights(64);
    one(&[16], 0, 32).is_refused("end past the file");
    one(&[8], 0, u64::MAX - 31).is_refused("end past the file");
    one(&[8], 0, 4).is_refused("no multiple of the file's alignment 32");
    one(&[u64::MAX, u64::MAX], 0, 0).is_refused("more than 2^64");
    one(&[1, u64::MAX, 2], 0, 0).is_refused("more than 2^64 rows");
    one(&[], 0, 0).is_refused("0 dimensions");
    one(&[1; 5], 0, 0).is_refused("5 dimensions");
    one(&[0], 0, 0).is_refused("a dimension is 0");
    one(&[33], 2, 0).is_refused("its rows have 33 numbers, but Q4_0 has blocks of 32");
    let overlapping = File::new(2, 0).tensor("a", &[16], 0, 0).tensor("b", &[8], 0, 32).weights(64);
    overlapping.is_refused("tensor 'b': its bytes overlap those of 'a'");
}

#[test]
fn alignments_that_make_no_sense_are_refused() {
    for alignment in [0, 3, 1 << 31] {
        File::new(0, 1).text("general.alignment").u32(4).u32(alignment).is_refused("a power of two up to 2^20");
    }
}

#[test]
fn text_that_is_none_is_refused() {
    let mut file = File::new(0, 1).text("k").u32(8).u64(2);
    file.0.extend([0xff, 0xfe]);
    file.is_refused("a text at byte 45 is not UTF-8");
}

#[test]
fn what_a_model_needs_is_named() {
    let file = good().read().expect("it is good");
    let says = |error: Error, why: &str| assert!(error.to_string().contains(why), "'{why}' is in: {error}");
    says(file.integer("x").expect_err("missing"), "the file has no key 'x'");
    says(file.text("n").expect_err("a number"), "'n' is 7, but should be text");
    says(file.tensor("c", 1, 1).expect_err("missing"), "the file has no tensor 'c'");
    says(file.tensor("a", 64, 3).expect_err("another shape"), "it has 2 rows of 64, but its model has 3 rows of 64");
    says(Tokenizer::new(&file).expect_err("none"), "tokenizer.ggml.tokens");
    assert_eq!(file.value("n"), Some(&Value::Integer(7)), "as it is");
}
