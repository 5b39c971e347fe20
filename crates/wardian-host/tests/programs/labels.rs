//! Labels of the 19 objects that have one.

crate::programs! { "labels":
    labels_begin_empty_and_can_be_set,
    labels_come_from_the_descriptor,
    labels_of_invalid_objects_remain,
    labels_may_be_any_text,
    layout_of_a_pipeline_has_no_label,
    pass_label_survives_its_end,
}
