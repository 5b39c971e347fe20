//! `gpu-compute-pass-encoder`.
