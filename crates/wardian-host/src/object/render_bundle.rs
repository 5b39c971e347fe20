//! `gpu-render-bundle-encoder` and `gpu-render-bundle`.
