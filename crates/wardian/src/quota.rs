//! Quotas as the command line and people have them: names, and numbers with units.

use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use wardian_host::{Quota, QuotaUnit, Quotas, UNLIMITED};

/// A quota with its value, as `NAME=VALUE`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct QuotaFlag(pub(crate) Quota, pub(crate) u64);

impl FromStr for QuotaFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as buffers=1000")?;
        let quota: Quota = name.parse().map_err(|error: wardian_host::UnknownQuota| error.to_string())?;
        Ok(Self(quota, value_of(quota.unit(), value)?))
    }
}

/// In the same words.
impl fmt::Display for QuotaFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(quota, value) = self;
        match quota.unit() {
            _ if *value == UNLIMITED => write!(f, "{quota}=unlimited"),
            QuotaUnit::Count | QuotaUnit::Bytes => write!(f, "{quota}={value}"),
            QuotaUnit::Milliseconds => write!(f, "{quota}={value}ms"),
        }
    }
}

/// A number of bytes, such as `2GiB`.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    value_of(QuotaUnit::Bytes, text)
}

/// A time in milliseconds, such as `30s`.
pub(crate) fn milliseconds(text: &str) -> Result<u64, String> {
    value_of(QuotaUnit::Milliseconds, text)
}

fn value_of(unit: QuotaUnit, text: &str) -> Result<u64, String> {
    if text == "unlimited" {
        return Ok(UNLIMITED);
    }
    match unit {
        QuotaUnit::Count => text.parse().map_err(|_| format!("expected a number or 'unlimited', but got '{text}'")),
        QuotaUnit::Bytes => {
            let bytes = text.parse::<ByteSize>().map(|size| size.as_u64());
            bytes.map_err(|_| format!("expected bytes such as 2GiB or 512MB, or 'unlimited', but got '{text}'"))
        }
        QuotaUnit::Milliseconds => {
            let time = humantime::parse_duration(text).ok().and_then(|time| u64::try_from(time.as_millis()).ok());
            time.ok_or_else(|| format!("expected a time such as 30s or 5m, or 'unlimited', but got '{text}'"))
        }
    }
}

/// A value in its unit, for people.
fn text_of(unit: QuotaUnit, value: u64) -> String {
    if value == UNLIMITED {
        return "unlimited".to_owned();
    }
    match unit {
        QuotaUnit::Count => value.to_string(),
        QuotaUnit::Bytes => ByteSize(value).display().iec().to_string(),
        QuotaUnit::Milliseconds => humantime::format_duration(Duration::from_millis(value)).to_string(),
    }
}

/// All quotas as a table.
pub(crate) fn table(quotas: &Quotas) -> String {
    let mut text = String::from("What a component may have at once (--quota NAME=VALUE):\n");
    for quota in Quota::ALL {
        let value = text_of(quota.unit(), quotas.of(*quota));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:<17} {value:>10}  {}", quota.name(), quota.description());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(Quota, u64)>) {
        let flag = text.parse::<QuotaFlag>();
        assert_eq!(
            flag.as_ref().ok(),
            expected.map(|(quota, value)| QuotaFlag(quota, value)).as_ref(),
            "{text}: {flag:?}"
        );
    }

    #[test]
    fn values_have_their_units() {
        check("gpu-memory=2GiB", Some((Quota::GpuMemory, 2 << 30)));
        check("gpu-memory=1MB", Some((Quota::GpuMemory, 1_000_000)));
        check("gpu-memory=4096", Some((Quota::GpuMemory, 4096)));
        check("gpu-time=1m 30s", Some((Quota::GpuTime, 90_000)));
        check("submission-time=250ms", Some((Quota::SubmissionTime, 250)));
        check("buffers=7", Some((Quota::Buffers, 7)));
        check("buffers=unlimited", Some((Quota::Buffers, UNLIMITED)));
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for text in
            ["buffers", "buffer=1", "buffers=-1", "buffers=1KiB", "gpu-time=5", "gpu-memory=lots", "gpu-memory="]
        {
            check(text, None);
        }
    }

    #[test]
    fn the_table_has_all_of_them() {
        let text = table(&Quotas::new().with(Quota::GpuTime, 90_000).with(Quota::GpuMemory, 3 << 30));
        for quota in Quota::ALL {
            assert!(text.contains(quota.name()) && text.contains(quota.description()), "{quota}: {text}");
        }
        assert!(text.contains("1m 30s") && text.contains("3.0 GiB") && text.contains("unlimited"), "units: {text}");
    }
}
