//! Error scopes and the stream of uncaptured errors.

use wardian_guest::webgpu::*;
use wardian_guest::{Error, scoped, yield_async};

use crate::Outcome;
use crate::support::{Gpu, failed};

programs! { "errors":
    pop_without_push_is_rejected,
    scope_without_errors_is_empty,
    scope_keeps_the_first_error,
    innermost_fitting_scope_catches,
    other_filters_let_errors_through,
    later_errors_do_not_reach_outer_scopes,
    scopes_of_two_devices_are_separate,
    uncaptured_errors_arrive_in_order,
    captured_errors_are_not_uncaptured,
    message_names_the_label,
    scoped_helper_returns_the_error,
    many_scopes_can_be_open,
    unread_errors_are_bounded,
}

fn fail(gpu: &Gpu) {
    gpu.buffer(4, GpuBufferUsage::empty());
}

fn fail_with_size(gpu: &Gpu, size: u64) {
    gpu.buffer(size, GpuBufferUsage::COPY_SRC);
}

async fn pop_without_push_is_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    for round in ["at first", "after a pair of push and pop"] {
        let error = failed(gpu.device.pop_error_scope().await, &format!("a pop {round}"))?;
        let PopErrorScopeErrorKind::OperationError = error.kind;
        check!(!error.message.is_empty(), "a pop {round}: expected a message");
        gpu.device.push_error_scope(GpuErrorFilter::Internal);
        gpu.device.pop_error_scope().await?;
    }
    Ok(())
}

async fn scope_without_errors_is_empty() -> Outcome {
    let gpu = Gpu::new().await?;
    for filter in [GpuErrorFilter::Validation, GpuErrorFilter::OutOfMemory, GpuErrorFilter::Internal] {
        gpu.device.push_error_scope(filter);
        gpu.buffer(4, GpuBufferUsage::COPY_SRC);
        check!(gpu.device.pop_error_scope().await?.is_none(), "{filter:?}: expected no error");
    }
    Ok(())
}

async fn scope_keeps_the_first_error() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    fail_with_size(&gpu, 1 << 41);
    fail_with_size(&gpu, 1 << 42);
    let error = gpu.device.pop_error_scope().await?.ok_or("expected an error")?;
    let message = error.message();
    check!(message.contains(&(1_u64 << 41).to_string()), "expected the first error (2^41 bytes), got: {message}");
    check_eq!(error.message(), message, "the message asked for again");
    Ok(())
}

async fn innermost_fitting_scope_catches() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    fail(&gpu);
    check!(gpu.device.pop_error_scope().await?.is_some(), "expected the error in the inner scope");
    check!(gpu.device.pop_error_scope().await?.is_none(), "expected nothing in the outer scope");
    Ok(())
}

async fn other_filters_let_errors_through() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    gpu.device.push_error_scope(GpuErrorFilter::OutOfMemory);
    gpu.device.push_error_scope(GpuErrorFilter::Internal);
    fail(&gpu);
    check!(gpu.device.pop_error_scope().await?.is_none(), "a scope for internal errors caught a validation error");
    check!(gpu.device.pop_error_scope().await?.is_none(), "a scope for memory caught a validation error");
    let error = gpu.device.pop_error_scope().await?.ok_or("expected the error in the outermost scope")?;
    check_matches!(error.kind(), GpuErrorKind::ValidationError, "kind of the error");
    Ok(())
}

async fn later_errors_do_not_reach_outer_scopes() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    fail(&gpu);
    fail(&gpu);
    check!(gpu.device.pop_error_scope().await?.is_some(), "expected the first error in the inner scope");
    check!(gpu.device.pop_error_scope().await?.is_none(), "the second error reached the outer scope");
    Ok(())
}

async fn scopes_of_two_devices_are_separate() -> Outcome {
    let (first, second) = (Gpu::new().await?, Gpu::new().await?);
    first.device.push_error_scope(GpuErrorFilter::Validation);
    second.device.push_error_scope(GpuErrorFilter::Validation);
    fail(&second);
    check!(first.device.pop_error_scope().await?.is_none(), "an error reached another device's scope");
    check!(second.device.pop_error_scope().await?.is_some(), "expected the error in its own device's scope");
    Ok(())
}

async fn uncaptured_errors_arrive_in_order() -> Outcome {
    let gpu = Gpu::new().await?;
    let mut stream = gpu.device.on_uncaptured_error();
    for power in 41..44 {
        fail_with_size(&gpu, 1 << power);
    }
    for power in 41..44 {
        let error = stream.next().await.ok_or("expected another uncaptured error, got the end of the stream")?;
        check_matches!(error.kind(), GpuErrorKind::ValidationError, "kind of the error");
        let message = error.message();
        check!(message.contains(&(1_u64 << power).to_string()), "expected the error of 2^{power}, got: {message}");
    }
    Ok(())
}

async fn captured_errors_are_not_uncaptured() -> Outcome {
    let gpu = Gpu::new().await?;
    let mut stream = gpu.device.on_uncaptured_error();
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    fail_with_size(&gpu, 1 << 41);
    check!(gpu.device.pop_error_scope().await?.is_some(), "expected the error in the scope");
    fail_with_size(&gpu, 1 << 42);
    let message = stream.next().await.ok_or("expected an uncaptured error")?.message();
    check!(message.contains(&(1_u64 << 42).to_string()), "expected the uncaptured error (2^42), got: {message}");
    Ok(())
}

async fn message_names_the_label() -> Outcome {
    let gpu = Gpu::new().await?;
    let descriptor = GpuBufferDescriptor {
        label: Some("the salad bowl".to_owned()),
        ..wardian_guest::describe::buffer(16, GpuBufferUsage::COPY_SRC)
    };
    let buffer = gpu.device.create_buffer(&descriptor);
    let what = "clearing without copy-dst";
    let message = gpu.rejected_by_finish(what, |encoder| encoder.clear_buffer(&buffer, None, None)).await?;
    check!(message.contains("the salad bowl"), "expected the message to name the buffer, got: {message}");
    Ok(())
}

async fn scoped_helper_returns_the_error() -> Outcome {
    let gpu = Gpu::new().await?;
    let value = scoped(&gpu.device, GpuErrorFilter::Validation, async || 5).await?;
    check_eq!(value, 5, "value of a scope without errors");
    let outcome = scoped(&gpu.device, GpuErrorFilter::Validation, async || fail(&gpu)).await;
    check_matches!(outcome, Err(Error::Reported { kind: GpuErrorKind::ValidationError, .. }), "a scope with an error");
    Ok(())
}

async fn many_scopes_can_be_open() -> Outcome {
    let gpu = Gpu::new().await?;
    for _ in 0..1000 {
        gpu.device.push_error_scope(GpuErrorFilter::Internal);
    }
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    fail(&gpu);
    check!(gpu.device.pop_error_scope().await?.is_some(), "expected the error in the innermost scope");
    for scope in 0..1000 {
        check!(gpu.device.pop_error_scope().await?.is_none(), "expected nothing in scope {scope}");
    }
    failed(gpu.device.pop_error_scope().await, "a pop more than pushes")?;
    Ok(())
}

async fn unread_errors_are_bounded() -> Outcome {
    let gpu = Gpu::new().await?;
    let mut stream = gpu.device.on_uncaptured_error();
    for _ in 0..10_000 {
        fail(&gpu);
    }
    yield_async().await;
    // Whatever was kept can be read, and the device still works.
    let error = stream.next().await.ok_or("expected one of 10,000 errors, got the end of the stream")?;
    check_matches!(error.kind(), GpuErrorKind::ValidationError, "kind of the error");
    let buffer = gpu.buffer_of(&[1, 2], GpuBufferUsage::COPY_SRC)?;
    check_eq!(gpu.words_of(&buffer).await?, [1, 2], "contents of a buffer afterwards");
    Ok(())
}
