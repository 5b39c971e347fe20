//! Command encoders: the four copies, clearing, and what recording and finishing may and may not do.

crate::programs! { "encoder":
    buffer_to_buffer_copies,
    buffer_to_buffer_defaults_to_the_rest,
    faulty_buffer_copies_are_errors_of_finish,
    clear_buffer_clears,
    faulty_clears_are_errors_of_finish,
    texels_go_round,
    texture_to_texture_copies_a_part,
    faulty_texel_copies_are_errors_of_finish,
    depth_copies_are_checked,
    recording_reports_one_error_at_finish,
    finish_twice_is_an_error,
    ended_encoder_reports_at_once,
    open_pass_is_an_error_of_finish,
    encoder_is_locked_by_a_pass,
    ended_pass_reports_at_once,
    debug_groups_must_balance,
    commands_can_be_submitted_once,
    invalid_commands_are_refused_by_submit,
    dropped_encoder_leaves_its_commands,
}
