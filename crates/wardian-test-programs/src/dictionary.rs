//! The two resources that stand for JavaScript records.

use wardian_guest::webgpu::*;

use crate::Outcome;

programs! { "dictionary":
    limits_keep_what_was_added,
    constants_keep_what_was_added,
    odd_keys_are_keys,
}

async fn limits_keep_what_was_added() -> Outcome {
    let record = RecordOptionGpuSize64::new();
    check_eq!(record.keys(), Vec::<String>::new(), "keys of a new record");
    record.add("b", Some(2));
    record.add("a", None);
    record.add("c", Some(u64::MAX));
    record.add("b", Some(3));
    check_eq!(record.get("b"), Some(Some(3)), "a value that was replaced");
    check_eq!(record.get("a"), Some(None), "a value of none");
    check_eq!(record.get("d"), None, "a key that isn't there");
    check!(record.has("a") && !record.has("d"), "expected the key a and not d");
    let (keys, values, entries) = (record.keys(), record.values(), record.entries());
    check_eq!(entries, keys.into_iter().zip(values).collect::<Vec<_>>(), "keys, values and entries are in one order");
    let mut entries = entries;
    entries.sort();
    let expected = [("a", None), ("b", Some(3)), ("c", Some(u64::MAX))].map(|(key, value)| (key.to_owned(), value));
    check_eq!(entries, expected, "entries");
    record.remove("b");
    record.remove("b");
    check!(!record.has("b") && record.get("b").is_none(), "expected a removed key to be gone");
    check_eq!(record.keys().len(), 2, "number of keys after a removal");
    Ok(())
}

async fn constants_keep_what_was_added() -> Outcome {
    let record = RecordGpuPipelineConstantValue::new();
    check_eq!(record.entries(), Vec::new(), "entries of a new record");
    record.add("x", 1.5);
    record.add("0", -0.0);
    record.add("x", f64::INFINITY);
    check_eq!(record.get("x"), Some(f64::INFINITY), "a value that was replaced");
    check!(record.get("0").is_some_and(|zero| zero == 0.0 && zero.is_sign_negative()), "expected -0 to stay as it is");
    check_eq!(record.get("y"), None, "a key that isn't there");
    check!(record.has("0") && !record.has("y"), "expected the key 0 and not y");
    let (keys, values, entries) = (record.keys(), record.values(), record.entries());
    check_eq!(entries, keys.into_iter().zip(values).collect::<Vec<_>>(), "keys, values and entries are in one order");
    record.remove("x");
    check_eq!(record.keys(), ["0"], "keys after a removal");
    check_eq!(record.values().len(), 1, "number of values after a removal");
    record.add("n", f64::NAN);
    check!(record.get("n").is_some_and(f64::is_nan), "expected not-a-number to stay");
    Ok(())
}

async fn odd_keys_are_keys() -> Outcome {
    let record = RecordOptionGpuSize64::new();
    for key in ["", "\0", "\u{1F980}", "__proto__", " a "] {
        record.add(key, Some(1));
        check!(record.has(key), "expected the key {key:?}");
    }
    check_eq!(record.keys().len(), 5, "number of keys");
    Ok(())
}
