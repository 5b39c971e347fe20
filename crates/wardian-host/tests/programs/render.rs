//! Render passes: pictures are drawn and read back.

crate::programs! { "render":
    clear_color_fills_the_target,
    load_keeps_the_target,
    triangle_covers_its_half,
    vertex_and_index_buffers_are_read,
    vertex_buffer_range_is_read,
    instances_are_drawn,
    indirect_draws_read_their_buffer,
    first_instance_wants_its_feature,
    viewport_moves_the_picture,
    scissor_cuts_the_picture,
    blend_constant_is_blended,
    blend_constant_starts_at_zero,
    write_mask_keeps_channels,
    depth_test_hides_what_is_behind,
    stencil_test_masks,
    samples_are_resolved,
    several_targets_are_written,
    slices_of_3d_are_targets,
    bind_groups_and_immediates_reach_shaders,
    compressed_texture_is_sampled,
}
