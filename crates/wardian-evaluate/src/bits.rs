//! Functions on integers, component by component.

use super::function::Function;
use super::{Error, Integer, Result};

const BITS: i64 = 32;

/// A function of one integer.
pub(crate) fn one(function: Function, kind: Integer, x: i64) -> Result<i64> {
    let value = match function {
        Function::Abs => kind.wrap(i128::from(x).abs()),
        Function::Sign if kind != Integer::U32 => x.signum(),
        _ => return one_of_bits(function, kind, x),
    };
    Ok(value)
}

fn one_of_bits(function: Function, kind: Integer, x: i64) -> Result<i64> {
    if kind == Integer::Abstract {
        return Err(Error::Operands);
    }
    let bits = bits(x);
    let place = |count: u32, is_none: bool| if is_none { -1 } else { i64::from(count) };
    let raw = match function {
        Function::CountTrailingZeros => i64::from(bits.trailing_zeros()),
        Function::CountLeadingZeros => i64::from(bits.leading_zeros()),
        Function::CountOneBits => i64::from(bits.count_ones()),
        Function::ReverseBits => i64::from(bits.reverse_bits()),
        Function::FirstTrailingBit => place(bits.trailing_zeros(), bits == 0),
        Function::FirstLeadingBit => {
            // Of a negative number, the first that differs from the sign.
            let bits = if kind == Integer::I32 && x < 0 { !bits } else { bits };
            place(31_u32.saturating_sub(bits.leading_zeros()), bits == 0)
        }
        _ => return Err(Error::Operands),
    };
    Ok(kind.wrap(i128::from(raw)))
}

/// A function of two integers.
pub(crate) fn two(function: Function, x: i64, y: i64) -> Result<i64> {
    match function {
        Function::Min => Ok(x.min(y)),
        Function::Max => Ok(x.max(y)),
        _ => Err(Error::Operands),
    }
}

/// <https://www.w3.org/TR/WGSL/#clamp>
pub(crate) fn clamp(x: i64, low: i64, high: i64) -> Result<i64> {
    if low > high {
        return Err(Error::Value("`clamp`: the low bound is more than the high one".to_owned()));
    }
    Ok(x.clamp(low, high))
}

/// What is wrong with a range of bits. Of one part alone WGSL says nothing.
pub(crate) fn check_range(name: &str, offset: Option<i64>, count: Option<i64>) -> Result<()> {
    let sum = offset.zip(count).map_or(0, |(offset, count)| offset.saturating_add(count));
    if sum > BITS {
        return Err(Error::Value(format!("`{name}`: offset and count together are {sum}, more than {BITS}")));
    }
    Ok(())
}

/// <https://www.w3.org/TR/WGSL/#extractBits-signed-builtin>
pub(crate) fn extract(kind: Integer, x: i64, offset: i64, count: i64) -> Result<i64> {
    check_range("extractBits", Some(offset), Some(count))?;
    let [offset, count] = [offset, count].map(|number| u32::try_from(number).unwrap_or(0));
    if count == 0 {
        return Ok(0);
    }
    // To the upper end of 64 bits, and down again with or without the sign.
    let up = 64_u32.saturating_sub(offset).saturating_sub(count);
    let down = 64_u32.saturating_sub(count);
    let raised = u64::from(bits(x)).checked_shl(up).unwrap_or(0);
    let lowered = match kind {
        Integer::I32 => raised.cast_signed().checked_shr(down).unwrap_or(0),
        Integer::U32 => raised.checked_shr(down).unwrap_or(0).cast_signed(),
        Integer::Abstract => return Err(Error::Operands),
    };
    Ok(lowered)
}

/// <https://www.w3.org/TR/WGSL/#insertBits-builtin>
pub(crate) fn insert(kind: Integer, x: i64, new: i64, offset: i64, count: i64) -> Result<i64> {
    check_range("insertBits", Some(offset), Some(count))?;
    let [offset, count] = [offset, count].map(|number| u32::try_from(number).unwrap_or(0));
    let mask = 1_u64.checked_shl(count).unwrap_or(0).wrapping_sub(1).checked_shl(offset).unwrap_or(0);
    let new = u64::from(bits(new)).checked_shl(offset).unwrap_or(0);
    let merged = (u64::from(bits(x)) & !mask) | (new & mask);
    Ok(kind.wrap(i128::from(merged)))
}

/// The bits of an `i32` or `u32`.
pub(crate) fn bits(number: i64) -> u32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
