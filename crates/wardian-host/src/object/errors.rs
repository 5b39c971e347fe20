//! `gpu-error`, `gpu-uncaptured-error-event` and `gpu-device-lost-info`, and how a component hears of them.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::{mpsc, oneshot};
use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::StoreContextMut;
use wasmtime::component::{
    Destination, FutureProducer, FutureReader, Resource, StreamProducer, StreamReader, StreamResult, VecBuffer,
};

use crate::ctx::{GpuCtxView, HasGpu};
use crate::device::{LossInfo, LossReason};
use crate::error::{ErrorKind, GpuError};
use crate::table::{Table, dropped, stands_behind};

stands_behind! {
    GpuError => webgpu::GpuError,
    LossInfo => webgpu::GpuDeviceLostInfo,
    UncapturedErrorEvent => webgpu::GpuUncapturedErrorEvent,
}

/// Errors that one read of a stream takes at most.
const READ_MAX: usize = 64;

/// Nothing hands out an event, since uncaptured errors come as a stream.
#[derive(Debug)]
pub(crate) enum UncapturedErrorEvent {}

impl webgpu::HostGpuError for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpuerror-message>
    fn message(&mut self, error: Resource<webgpu::GpuError>) -> wasmtime::Result<String> {
        Ok(self.table.object(&error)?.message.clone())
    }

    /// <https://www.w3.org/TR/webgpu/#gpuerror>
    fn kind(&mut self, error: Resource<webgpu::GpuError>) -> wasmtime::Result<webgpu::GpuErrorKind> {
        Ok(match self.table.object(&error)?.kind {
            ErrorKind::Validation => webgpu::GpuErrorKind::ValidationError,
            ErrorKind::OutOfMemory => webgpu::GpuErrorKind::OutOfMemoryError,
            ErrorKind::Internal => webgpu::GpuErrorKind::InternalError,
        })
    }

    dropped!(webgpu::GpuError);
}

impl webgpu::HostGpuUncapturedErrorEvent for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpuuncapturederrorevent-error>
    fn error(
        &mut self,
        event: Resource<webgpu::GpuUncapturedErrorEvent>,
    ) -> wasmtime::Result<Resource<webgpu::GpuError>> {
        match *self.table.object(&event)? {}
    }

    dropped!(webgpu::GpuUncapturedErrorEvent);
}

impl webgpu::HostGpuDeviceLostInfo for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevicelostinfo-reason>
    fn reason(&mut self, info: Resource<webgpu::GpuDeviceLostInfo>) -> wasmtime::Result<webgpu::GpuDeviceLostReason> {
        Ok(match self.table.object(&info)?.reason {
            LossReason::Unknown => webgpu::GpuDeviceLostReason::Unknown,
            LossReason::Destroyed => webgpu::GpuDeviceLostReason::Destroyed,
        })
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpudevicelostinfo-message>
    fn message(&mut self, info: Resource<webgpu::GpuDeviceLostInfo>) -> wasmtime::Result<String> {
        Ok(self.table.object(&info)?.message.clone())
    }

    dropped!(webgpu::GpuDeviceLostInfo);
}

/// How to reach the host's view in a store's data.
type Getter<T> = for<'a> fn(&'a mut T) -> GpuCtxView<'a>;

/// `lost` as a future: it resolves when the device ends, and never where it does not.
pub(crate) fn lost_future<T: Send + 'static>(
    mut store: wasmtime::component::Access<'_, T, HasGpu>,
    device: &Resource<webgpu::GpuDevice>,
) -> wasmtime::Result<FutureReader<Resource<webgpu::GpuDeviceLostInfo>>> {
    let getter = store.getter();
    let lost = store.get().table.object(device)?.lost();
    FutureReader::new(&mut store, Lost { lost, getter })
}

struct Lost<T: 'static> {
    lost: oneshot::Receiver<LossInfo>,
    getter: Getter<T>,
}

impl<T: Send + 'static> FutureProducer<T> for Lost<T> {
    type Item = Resource<webgpu::GpuDeviceLostInfo>;

    fn poll_produce(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'_, T>,
        finish: bool,
    ) -> Poll<wasmtime::Result<Option<Self::Item>>> {
        match Pin::new(&mut self.lost).poll(context) {
            Poll::Ready(Ok(info)) => {
                let info = (self.getter)(store.data_mut()).table.insert(info);
                Poll::Ready(Ok(Some(info?)))
            }
            // The guest gives the read up, and waits until it is told that it may.
            Poll::Ready(Err(_)) | Poll::Pending if finish => Poll::Ready(Ok(None)),
            // All of the device's handles and objects are gone, so nobody can end it any more: `lost` stays pending.
            Poll::Ready(Err(_)) | Poll::Pending => Poll::Pending,
        }
    }
}

/// `on-uncaptured-error` as a stream: it ends with the device.
pub(crate) fn uncaptured_stream<T: Send + 'static>(
    mut store: wasmtime::component::Access<'_, T, HasGpu>,
    device: &Resource<webgpu::GpuDevice>,
) -> wasmtime::Result<StreamReader<Resource<webgpu::GpuError>>> {
    let getter = store.getter();
    let errors = store.get().table.object(device)?.errors().stream();
    StreamReader::new(&mut store, Uncaptured { errors, getter })
}

struct Uncaptured<T: 'static> {
    errors: mpsc::Receiver<GpuError>,
    getter: Getter<T>,
}

impl<T: Send + 'static> StreamProducer<T> for Uncaptured<T> {
    type Item = Resource<webgpu::GpuError>;
    type Buffer = VecBuffer<Resource<webgpu::GpuError>>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'a, T>,
        mut destination: Destination<'a, Self::Item, Self::Buffer>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let room = destination.remaining(&mut store).unwrap_or(usize::MAX).min(READ_MAX);
        if room == 0 {
            // A read of nothing asks whether there is something, and takes nothing out.
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let mut errors = Vec::new();
        match self.errors.poll_recv_many(context, &mut errors, room) {
            Poll::Ready(0) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Ready(_) => {
                let view = (self.getter)(store.data_mut());
                let handles =
                    errors.into_iter().map(|error| view.table.insert(error)).collect::<Result<Vec<_>, _>>()?;
                destination.set_buffer(handles.into());
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}
