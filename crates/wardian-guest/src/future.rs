//! Waiting for several things at once.

use std::future::{self, Future, IntoFuture};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// Runs two futures side by side until both are done.
pub async fn join<A: IntoFuture, B: IntoFuture>(first: A, second: B) -> (A::Output, B::Output) {
    let mut first = pin!(first.into_future());
    let mut second = pin!(second.into_future());
    let (mut first_output, mut second_output) = (None, None);
    future::poll_fn(|context| {
        poll_into(first.as_mut(), &mut first_output, context);
        poll_into(second.as_mut(), &mut second_output, context);
        match (first_output.take(), second_output.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            (first, second) => {
                (first_output, second_output) = (first, second);
                Poll::Pending
            }
        }
    })
    .await
}

/// Runs futures of one type side by side until all are done; the outputs are in the order of the futures.
pub async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    future::poll_fn(|context| {
        for (future, output) in &mut running {
            poll_into(future.as_mut(), output, context);
        }
        if running.iter().all(|(_, output)| output.is_some()) {
            Poll::Ready(running.iter_mut().filter_map(|(_, output)| output.take()).collect())
        } else {
            Poll::Pending
        }
    })
    .await
}

/// Polls a future once more unless it has already given its output.
fn poll_into<F: Future>(future: Pin<&mut F>, output: &mut Option<F::Output>, context: &mut Context<'_>) {
    if output.is_none()
        && let Poll::Ready(ready) = future.poll(context)
    {
        *output = Some(ready);
    }
}
