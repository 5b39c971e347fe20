//! What memory holds that nobody wrote, what partial writes leave alone, and what happens when there is no more.

crate::programs! { "memory":
    workgroup_memory_begins_as_zero,
    workgroup_memory_is_not_inherited,
    texture_beyond_memory_is_out_of_memory,
    buffer_beyond_memory_is_out_of_memory,
    large_mappings_go_both_ways,
    slices_of_3d_are_copied_out,
    slices_of_3d_are_copied_in,
    slices_of_3d_are_copied_over,
    unwritten_slices_of_3d_are_zero,
    slices_beside_a_cleared_one_are_zero,
    discarding_a_slice_leaves_the_others,
}
