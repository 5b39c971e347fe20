//! Render passes that are recorded wrongly.

crate::programs! { "render_errors":
    debug_groups_must_balance,
    faulty_attachments_are_errors_of_finish,
    faulty_state_is_an_error_of_finish,
    faulty_draws_are_errors_of_finish,
    faulty_buffers_are_errors_of_finish,
    faulty_arguments_are_errors_of_finish,
    draw_count_is_limited,
    ended_pass_reports_at_once,
}
