//! Query sets: occlusion and time.

crate::programs! { "query":
    attributes_are_those_of_the_descriptor,
    empty_set_is_accepted,
    too_many_queries_are_rejected,
    timestamps_want_their_feature,
    unwritten_queries_are_zero,
    resolve_keeps_the_rest_of_its_buffer,
    faulty_resolves_are_errors_of_finish,
    destroyed_set_is_refused_by_submit,
    occlusion_tells_what_was_visible,
    faulty_occlusion_queries_are_errors_of_finish,
    compute_passes_take_time,
    render_passes_take_time,
    faulty_timestamp_writes_are_errors_of_finish,
    faulty_timestamps_of_render_passes_are_errors_of_finish,
}
