//! Render bundles.

crate::programs! { "bundle":
    bundle_draws_as_often_as_wanted,
    all_draws_can_be_bundled,
    bind_groups_and_immediates_can_be_bundled,
    bundle_unsets_the_state_of_its_pass,
    blend_constant_survives_a_bundle,
    stencil_reference_holds_in_a_bundle,
    debug_groups_must_balance,
    faulty_encoders_are_rejected,
    faulty_commands_are_errors_of_finish,
    faulty_indirect_draws_are_errors_of_finish,
    finish_twice_is_an_error,
    finished_encoder_reports_at_once,
    bundle_must_fit_its_pass,
    read_only_promises_are_kept,
    read_only_counts_for_missing_aspects,
    draws_of_bundles_count,
    slices_of_offsets_are_checked_at_once,
    bundle_keeps_what_it_uses,
}
