//! `gpu-render-pass-encoder`.
