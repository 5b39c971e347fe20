//! The queue: writes, submissions, and their order.

crate::programs! { "queue":
    write_buffer_writes_a_part,
    write_buffer_takes_part_of_the_data,
    faulty_ranges_of_data_fail_at_once,
    faulty_ranges_of_the_buffer_are_reported,
    writes_come_before_later_work,
    write_texture_writes_a_part,
    write_texture_takes_any_row_length,
    faulty_texture_writes_are_reported,
    work_done_comes_after_the_work,
    work_done_keeps_its_order,
    work_done_comes_after_earlier_maps,
    work_done_without_work_returns,
    large_buffers_go_both_ways,
    data_is_copied_when_written,
    pending_map_is_refused_by_submit,
}
