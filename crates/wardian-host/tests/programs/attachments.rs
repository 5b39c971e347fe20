//! What is in attachments: clear values of all kinds of formats, and depth that is read while it is attached.

crate::programs! { "attachments":
    clear_values_of_integers_arrive,
    clear_values_of_floats_arrive,
    read_only_depth_can_be_sampled,
    read_only_depth_and_stencil_can_be_sampled,
    read_only_depth_can_be_sampled_while_stencil_is_written,
    written_depth_cannot_be_sampled,
}
