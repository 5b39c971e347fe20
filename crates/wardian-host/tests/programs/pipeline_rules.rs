//! Rules about render pipelines that join their settings, their shaders and their layout.

crate::programs! { "pipeline_rules":
    alpha_to_coverage_is_checked,
    written_targets_want_an_output,
    blending_by_alpha_wants_an_alpha,
    two_sources_are_blended,
    two_sources_are_checked,
    two_sources_want_their_feature,
    depth_bias_is_for_triangles,
    depth_comparison_may_be_left_out,
    filtering_wants_a_filterable_texture,
    implied_layouts_want_a_filterable_texture,
}
