//! Bind groups, their layouts, and pipeline layouts.

crate::programs! { "bind_group":
    entries_of_all_kinds_are_accepted,
    entry_is_of_exactly_one_kind,
    binding_numbers_are_checked,
    visibility_is_checked,
    storage_texture_formats_are_checked,
    entries_must_match_the_layout,
    ranges_of_buffers_are_checked,
    minimum_binding_size_of_zero_is_none,
    usages_must_fit,
    a_texture_stands_for_its_whole_view,
    pipeline_layout_takes_empty_places,
    pipeline_layout_counts,
    immediate_size_is_checked,
    equal_layouts_are_interchangeable,
    layouts_of_auto_pipelines_are_their_own,
    layout_index_out_of_range_is_rejected,
}
