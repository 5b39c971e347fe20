//! The two resources that stand for JavaScript records.

crate::programs! { "dictionary":
    limits_keep_what_was_added,
    constants_keep_what_was_added,
    odd_keys_are_keys,
}
