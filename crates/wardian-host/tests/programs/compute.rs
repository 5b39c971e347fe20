//! Compute passes: dispatches, bind groups with offsets, immediates, debug groups.

crate::programs! { "compute":
    numbers_are_doubled,
    dispatch_counts_workgroups,
    dispatch_of_zero_runs_nothing,
    indirect_dispatch_reads_its_buffer,
    indirect_dispatch_beyond_the_limit_runs_nothing,
    dispatch_without_pipeline_is_an_error,
    dispatch_without_bind_group_is_an_error,
    dispatch_beyond_the_limit_is_an_error,
    faulty_indirect_dispatch_is_an_error,
    dynamic_offsets_choose_the_range,
    slices_of_offsets_are_checked_at_once,
    faulty_offsets_are_errors_of_finish,
    immediates_reach_the_shader,
    immediates_may_come_before_the_pipeline,
    faulty_immediates_are_errors,
    debug_groups_must_balance,
    storage_textures_are_written,
    writable_aliases_are_refused,
}
