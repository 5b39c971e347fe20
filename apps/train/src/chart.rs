//! The curve of the loss, in characters.

use std::collections::BTreeMap;

const COLUMNS: usize = 64;
const ROWS: usize = 8;
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The means of as many stretches of steps as there are columns, filled from below, with the greatest and the least loss
/// beside them.
pub(crate) fn rows(losses: &BTreeMap<usize, f32>) -> Vec<String> {
    let means = means(&losses.values().copied().collect::<Vec<_>>(), COLUMNS);
    let greatest = means.iter().copied().fold(f32::MIN, f32::max);
    let least = means.iter().copied().fold(f32::MAX, f32::min);
    let span = greatest - least;
    let heights: Vec<usize> = means
        .iter()
        .map(|mean| {
            let share = if span > 0.0 { (mean - least) / span } else { 0.0 };
            1 + (share * (8 * ROWS - 1) as f32).round() as usize
        })
        .collect();
    let row = |row: usize| {
        let below = 8 * (ROWS - 1 - row);
        let label = match row {
            0 if !means.is_empty() => format!("{greatest:>9.4}"),
            last if last == ROWS - 1 && !means.is_empty() => format!("{least:>9.4}"),
            _ => " ".repeat(9),
        };
        let filled: String = heights.iter().map(|height| EIGHTHS[height.saturating_sub(below).min(8)]).collect();
        format!("{label} │{filled}")
    };
    (0..ROWS).map(row).collect()
}

/// At most `count` means of stretches as long as each other.
pub(crate) fn means(values: &[f32], count: usize) -> Vec<f32> {
    let columns = values.len().min(count);
    let place = |column: usize| column * values.len() / columns.max(1);
    (0..columns)
        .map(|column| {
            let stretch = &values[place(column)..place(column + 1)];
            stretch.iter().sum::<f32>() / stretch.len().max(1) as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_loss_falls_from_left_to_right() {
        let losses = (0..1000).map(|step| (step, 2.0 - step as f32 / 1000.0)).collect();
        let rows = rows(&losses);
        assert_eq!(rows.len(), ROWS, "rows");
        assert!(rows[0].trim_start().starts_with("1.99"), "the greatest: {}", rows[0]);
        assert!(rows[0].contains('█') && rows[0].ends_with(' '), "high at the left alone: {}", rows[0]);
        assert!(rows[ROWS - 1].ends_with('▁'), "low at the right: {}", rows[ROWS - 1]);
    }

    #[test]
    fn few_values_and_none_are_no_failure() {
        assert!(means(&[], 8).is_empty(), "none");
        assert_eq!(means(&[3.0], 8), [3.0], "one");
        assert_eq!(means(&[1.0, 3.0, 5.0, 7.0], 2), [2.0, 6.0], "halves");
        assert_eq!(rows(&BTreeMap::new()).len(), ROWS, "an empty chart");
    }
}
