//! Error scopes and the stream of uncaptured errors.

crate::programs! { "errors":
    pop_without_push_is_rejected,
    scope_without_errors_is_empty,
    scope_keeps_the_first_error,
    innermost_fitting_scope_catches,
    other_filters_let_errors_through,
    later_errors_do_not_reach_outer_scopes,
    scopes_of_two_devices_are_separate,
    uncaptured_errors_arrive_in_order,
    captured_errors_are_not_uncaptured,
    message_names_the_label,
    scoped_helper_returns_the_error,
    many_scopes_can_be_open,
    unread_errors_are_bounded,
}
