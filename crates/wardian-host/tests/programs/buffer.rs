//! Buffers: creation, what they tell, destruction.

crate::programs! { "buffer":
    attributes_are_those_of_the_descriptor,
    attributes_of_an_invalid_buffer_remain,
    new_buffer_is_zero,
    usage_must_be_there,
    map_usages_go_with_one_other_only,
    size_above_the_limit_is_rejected,
    size_at_the_limit_is_accepted,
    size_zero_is_accepted,
    mapped_at_creation_wants_a_multiple_of_four,
    destroy_is_idempotent,
    destroyed_buffer_is_refused_by_submit,
    mapped_buffer_is_refused_by_submit,
    destroyed_buffer_can_be_bound,
    submitted_work_outlives_destroy,
    data_of_any_length_round_trips,
    any_range_can_be_read,
}
