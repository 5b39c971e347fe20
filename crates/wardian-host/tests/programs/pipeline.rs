//! Compute and render pipelines: creation, constants, checks, and the async forms.

crate::programs! { "pipeline":
    async_compute_pipeline_is_made,
    async_render_pipeline_is_made,
    async_fault_is_the_calls_alone,
    async_render_fault_is_the_calls_alone,
    sync_fault_is_reported,
    entry_points_are_found,
    constants_change_the_shader,
    faulty_constants_are_rejected,
    workgroup_size_is_checked,
    workgroup_storage_is_checked,
    layout_must_offer_what_the_shader_uses,
    color_targets_are_checked,
    vertex_buffers_are_checked,
    all_vertex_formats_are_accepted,
    empty_vertex_slots_are_accepted,
    depth_state_is_checked,
    multisampling_is_checked,
    strips_want_their_index_format,
    stages_must_fit,
    many_pipelines_compile_together,
}
