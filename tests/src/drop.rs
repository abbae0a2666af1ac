//! Futures that are dropped on their way, as those of a client that goes away.

use std::pin::Pin;
use std::task::{Context, Poll};

/// Polls a future so many times and drops it then. `None` where it had not ended by then.
pub async fn dropped_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    Dropped { future: Some(Box::pin(future)), left: polls }.await
}

struct Dropped<F> {
    future: Option<Pin<Box<F>>>,
    left: usize,
}

impl<F: Future> Future for Dropped<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left > 0 {
            self.left -= 1;
            let future = self.future.as_mut().expect("it is not polled after its end");
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                return Poll::Ready(Some(value));
            }
        }
        if self.left > 0 {
            return Poll::Pending;
        }
        self.future = None;
        Poll::Ready(None)
    }
}
