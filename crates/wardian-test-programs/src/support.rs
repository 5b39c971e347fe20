//! What the programs share: a device to work on, checks, and what counts as an error.

use std::error::Error;
use std::fmt::Debug;

use wardian_guest::webgpu::*;
use wardian_guest::{DeviceOptions, FEATURES, feature_name, read_buffer};

/// Ends the program with an error unless the condition holds.
macro_rules! check {
    ($condition:expr, $($message:tt)+) => {
        match $condition {
            true => {}
            false => return Err(format!($($message)+).into()),
        }
    };
}

/// Ends the program with an error unless both are equal.
macro_rules! check_eq {
    ($actual:expr, $expected:expr, $($message:tt)+) => {
        match (&$actual, &$expected) {
            (actual, expected) => {
                if actual != expected {
                    let what = format!($($message)+);
                    return Err(format!("{what}: expected {expected:?}, got {actual:?}").into());
                }
            }
        }
    };
}

/// Ends the program with an error unless the value has the shape; gives what the shape binds.
macro_rules! check_matches {
    ($actual:expr, $pattern:pat => $bound:expr, $($message:tt)+) => {
        match $actual {
            $pattern => $bound,
            ref other => {
                let what = format!($($message)+);
                return Err(format!("{what}: expected {}, got {other:?}", stringify!($pattern)).into());
            }
        }
    };
    ($actual:expr, $pattern:pat, $($message:tt)+) => {
        check_matches!($actual, $pattern => (), $($message)+)
    };
}

/// Ends the program with nothing checked: the adapter lacks what it needs.
macro_rules! skip {
    ($($message:tt)+) => {
        return Err(Box::new($crate::Skipped(format!($($message)+))))
    };
}

/// The table of a file's programs: the name is the file's and the function's.
macro_rules! programs {
    ($theme:literal: $($program:ident),* $(,)?) => {
        pub(crate) const PROGRAMS: &[$crate::Program] = &[$($crate::Program {
            name: concat!($theme, "::", stringify!($program)),
            run: || Box::pin($program()),
        }),*];
    };
}

/// A device with its adapter and queue.
pub(crate) struct Gpu {
    pub(crate) adapter: GpuAdapter,
    pub(crate) device: GpuDevice,
    pub(crate) queue: GpuQueue,
}

impl Gpu {
    /// A device that asked for nothing.
    pub(crate) async fn new() -> Result<Self, Box<dyn Error>> {
        Self::with(DeviceOptions::new()).await
    }

    pub(crate) async fn with(options: DeviceOptions) -> Result<Self, Box<dyn Error>> {
        let (adapter, device, queue) = options.request().await?;
        Ok(Self { adapter, device, queue })
    }

    /// A device with every feature that the adapter has.
    pub(crate) async fn with_all_features() -> Result<Self, Box<dyn Error>> {
        let options = FEATURES.iter().fold(DeviceOptions::new(), |options, feature| options.wish(*feature));
        Self::with(options).await
    }

    pub(crate) fn has(&self, feature: GpuFeatureName) -> bool {
        self.device.features().has(feature_name(feature))
    }

    /// Runs something that must be a validation error; gives what it returned and the error's message.
    pub(crate) async fn rejected<T>(
        &self,
        what: &str,
        body: impl FnOnce() -> T,
    ) -> Result<(T, String), Box<dyn Error>> {
        self.device.push_error_scope(GpuErrorFilter::Validation);
        let value = body();
        let error = self.device.pop_error_scope().await?;
        let error = error.ok_or_else(|| format!("{what}: expected a validation error, got none"))?;
        check_matches!(error.kind(), GpuErrorKind::ValidationError, "kind of the error of {what}");
        let message = error.message();
        check!(!message.trim().is_empty(), "{what}: expected a message with the validation error, got an empty one");
        Ok((value, message))
    }

    /// Runs something that must not be an error of any kind.
    pub(crate) async fn accepted<T>(&self, what: &str, body: impl FnOnce() -> T) -> Result<T, Box<dyn Error>> {
        self.open_scopes();
        let value = body();
        self.close_scopes(what).await?;
        Ok(value)
    }

    /// From here on until [`close_scopes`](Self::close_scopes), no error may happen.
    pub(crate) fn open_scopes(&self) {
        self.device.push_error_scope(GpuErrorFilter::Internal);
        self.device.push_error_scope(GpuErrorFilter::OutOfMemory);
        self.device.push_error_scope(GpuErrorFilter::Validation);
    }

    pub(crate) async fn close_scopes(&self, what: &str) -> Result<(), Box<dyn Error>> {
        for _ in 0..3 {
            if let Some(error) = self.device.pop_error_scope().await? {
                let (kind, message) = (error.kind(), error.message());
                return Err(format!("{what}: expected no error, got {kind:?}: {message}").into());
            }
        }
        Ok(())
    }

    pub(crate) fn buffer(&self, size: u64, usage: GpuBufferUsage) -> GpuBuffer {
        self.device.create_buffer(&wardian_guest::describe::buffer(size, usage))
    }

    pub(crate) fn buffer_of(&self, words: &[u32], usage: GpuBufferUsage) -> Result<GpuBuffer, Box<dyn Error>> {
        Ok(wardian_guest::buffer_with_data(&self.device, &bytes_of(words), usage)?)
    }

    pub(crate) fn shader(&self, code: &str) -> GpuShaderModule {
        self.device.create_shader_module(&wardian_guest::describe::shader(code))
    }

    pub(crate) async fn words_of(&self, buffer: &GpuBuffer) -> Result<Vec<u32>, Box<dyn Error>> {
        Ok(words_of(&read_buffer(&self.device, &self.queue, buffer, ..).await?))
    }

    pub(crate) fn encoder(&self) -> GpuCommandEncoder {
        self.device.create_command_encoder(None)
    }

    pub(crate) fn submit(&self, encoder: &GpuCommandEncoder) {
        self.queue.submit(&[&encoder.finish(None)]);
    }

    /// Records with `body`; its fault must show as one validation error, and not before `finish`.
    pub(crate) async fn rejected_by_finish(
        &self,
        what: &str,
        body: impl FnOnce(&GpuCommandEncoder),
    ) -> Result<String, Box<dyn Error>> {
        let encoder = self.encoder();
        self.accepted(&format!("recording {what}"), || body(&encoder)).await?;
        let (_, message) = self.rejected(&format!("finishing after {what}"), || encoder.finish(None)).await?;
        Ok(message)
    }

    /// The texels of the first layer and level of a texture, row by row without gaps.
    pub(crate) async fn texels_of(
        &self,
        texture: &GpuTexture,
        bytes_per_texel: u32,
    ) -> Result<Vec<u8>, Box<dyn Error>> {
        let (width, height) = (texture.width(), texture.height());
        let row = width * bytes_per_texel;
        let stride = row.next_multiple_of(256);
        let buffer = self.buffer(u64::from(stride * height), GpuBufferUsage::COPY_DST | GpuBufferUsage::COPY_SRC);
        let encoder = self.encoder();
        encoder.copy_texture_to_buffer(
            &wardian_guest::describe::texel_texture(texture),
            &wardian_guest::describe::texel_buffer(&buffer, stride, height),
            wardian_guest::describe::extent(width, height),
        );
        self.submit(&encoder);
        let padded = read_buffer(&self.device, &self.queue, &buffer, ..).await?;
        let rows = padded.chunks(usize::try_from(stride)?);
        let row = usize::try_from(row)?;
        Ok(rows.flat_map(|padded| padded.iter().take(row)).copied().collect())
    }
}

pub(crate) fn bytes_of(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

pub(crate) fn words_of(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

/// The error of a call that must fail.
pub(crate) fn failed<T, E: Debug>(outcome: Result<T, E>, what: &str) -> Result<E, Box<dyn Error>> {
    match outcome {
        Ok(_) => Err(format!("{what}: expected an error, got a success").into()),
        Err(error) => Ok(error),
    }
}
