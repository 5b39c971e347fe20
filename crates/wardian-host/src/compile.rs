//! stub
pub(crate) const LANGUAGE_FEATURES: &[&str] = &[];
