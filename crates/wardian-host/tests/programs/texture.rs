//! Textures and views: creation, what they tell, formats by feature, destruction.

crate::programs! { "texture":
    attributes_have_their_defaults,
    attributes_are_those_of_the_descriptor,
    attributes_of_an_invalid_texture_remain,
    new_texture_is_zero,
    sizes_are_checked,
    samples_and_levels_are_checked,
    usage_must_be_there,
    formats_want_their_feature,
    compressed_formats_come_with_their_feature,
    compressed_blocks_round_trip,
    view_formats_allow_srgb_twins_only,
    views_have_defaults,
    faulty_views_are_rejected,
    view_of_a_destroyed_texture_can_be_made,
    destroy_is_idempotent,
    destroyed_texture_is_refused_by_submit,
    swizzle_wants_its_feature,
    transient_attachments_are_checked,
}
