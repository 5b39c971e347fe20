//! Programs that want much, without quotas; `tests/quotas.rs` runs them with some.

crate::programs! { "quota":
    memory_is_bounded,
    memory_behind_bind_groups_is_bounded,
    memory_comes_back,
    written_data_is_bounded,
    mapped_memory_is_bounded,
    objects_are_bounded,
    encoders_are_bounded,
    commands_are_bounded,
    shaders_are_bounded,
    time_is_bounded,
}
