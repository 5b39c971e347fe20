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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::task::Waker;

    use super::*;

    /// A future that is ready when it is polled for the `polls`th time.
    async fn after(polls: u32, value: u32) -> u32 {
        let left = Cell::new(polls);
        future::poll_fn(|_| {
            left.set(left.get() - 1);
            if left.get() == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        value
    }

    /// Polls until the future is ready; gives how often that was and the output.
    fn drive<F: Future>(future: F) -> (u32, F::Output) {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        for polls in 1..100 {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return (polls, output);
            }
        }
        panic!("expected the future to be ready within 100 polls");
    }

    #[test]
    fn join_waits_for_the_slower() {
        assert_eq!(drive(join(after(1, 7), after(5, 8))), (5, (7, 8)), "the second is slower");
        assert_eq!(drive(join(after(4, 7), after(2, 8))), (4, (7, 8)), "the first is slower");
    }

    #[test]
    fn join_all_keeps_the_order() {
        let futures = [3, 1, 2].map(|polls| after(polls, polls * 10));
        assert_eq!(drive(join_all(futures)), (3, vec![30, 10, 20]), "outputs in the order of the futures");
        assert_eq!(drive(join_all(Vec::<future::Ready<()>>::new())), (1, vec![]), "nothing to wait for");
    }
}
