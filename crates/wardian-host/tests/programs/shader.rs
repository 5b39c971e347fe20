//! Shader modules, what the compiler says, and language extensions.

crate::programs! { "shader":
    valid_module_has_no_errors,
    error_is_one_validation_error,
    error_has_its_position,
    position_counts_utf16,
    position_of_a_type_error,
    error_at_the_end_has_a_position,
    invalid_module_makes_invalid_pipelines,
    nul_is_an_error,
    empty_module_is_valid,
    unknown_diagnostic_rules_are_warned_of,
    known_diagnostic_rules_are_not,
    hints_are_accepted,
    extensions_want_their_feature,
    native_extensions_are_refused,
    subgroups_compute,
    subgroup_error_keeps_its_position,
    subgroup_functions_want_their_directive,
    half_precision_computes,
    loops_run_as_often_as_they_should,
}
