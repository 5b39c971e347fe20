//! Loss and destruction of devices.

crate::programs! { "device":
    destroy_resolves_lost,
    lost_resolves_after_the_fact,
    lost_can_be_given_up_after_the_device,
    destroy_twice_is_nothing,
    dropped_device_lives_on_in_its_children,
    destroy_rejects_a_pending_map,
    destroy_unmaps_buffers,
    destroyed_device_reports_nothing,
    destroyed_device_creates_in_silence,
    destroyed_device_answers_async_pipelines,
    destroyed_device_finishes_its_queue,
    open_scope_of_a_destroyed_device_is_empty,
    two_devices_do_not_mix,
}
