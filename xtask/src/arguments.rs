//! What the commands with options of their own read in the same way.

use std::{str::FromStr, thread, time::Duration};

use anyhow::{Result, bail};

/// An option's value as a number.
pub(crate) fn number<T: FromStr>(option: &str, value: &str) -> Result<T> {
    match value.parse() {
        Ok(number) => Ok(number),
        Err(_) => bail!("{option} needs a number, but '{value}' came"),
    }
}

/// An option's value as whole seconds.
pub(crate) fn seconds(option: &str, value: &str) -> Result<Duration> {
    number(option, value).map(Duration::from_secs)
}

/// How many processes run at a time where the user says nothing: half of the processors, for each keeps more than one.
pub(crate) fn jobs() -> usize {
    thread::available_parallelism().map_or(1, |processors| processors.get() / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_named_with_its_option() {
        assert_eq!(number::<usize>("--jobs", "3").expect("a number"), 3, "the number");
        assert_eq!(seconds("--time-limit", "9").expect("a number"), Duration::from_secs(9), "the time");
        for value in ["many", "-1", ""] {
            let error = number::<u64>("--jobs", value).expect_err(value).to_string();
            assert!(error.contains("--jobs") && error.contains(&format!("'{value}'")), "both are named: {error}");
        }
    }
}
