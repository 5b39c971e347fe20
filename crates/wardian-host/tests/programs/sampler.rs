//! Samplers, and what they read.

crate::programs! { "sampler":
    defaults_are_accepted,
    all_modes_are_accepted,
    clamps_are_checked,
    anisotropy_is_checked,
    filters_do_what_they_say,
}
