//! Limits that are kept while objects are made: storage in single stages, and variables between stages.

crate::programs! { "limits":
    limits_of_single_stages_are_those_of_any,
    storage_buffers_of_a_stage_are_counted,
    storage_textures_of_a_stage_are_counted,
    storage_in_shaders_is_counted,
    variables_between_stages_are_counted,
    points_take_a_variable,
    builtins_take_a_variable,
}
