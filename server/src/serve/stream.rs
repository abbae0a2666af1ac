//! A connection's stream that fails when the other side takes nothing for too long.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::refusal;

/// The stream, and what lives as long as it.
pub(super) struct Watched<S, H> {
    stream: S,
    write_stall: Duration,
    /// The answer that goes out in the place of the library's own refusal, and the number of its bytes that have.
    refusal: Option<(Vec<u8>, usize)>,
    /// When the other side has taken nothing for too long; set while it takes nothing.
    stall: Option<Pin<Box<Sleep>>>,
    _held: H,
}

impl<S, H> Watched<S, H> {
    pub(super) fn new(stream: S, write_stall: Duration, held: H) -> Self {
        Self { stream, write_stall, refusal: None, stall: None, _held: held }
    }

    /// Returns the result of a write, or a failure where it has waited too long.
    fn watched<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stall = None;
            return written;
        }
        let end = Instant::now() + self.write_stall;
        let stall = self.stall.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
        ready!(stall.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the other side takes nothing")))
    }
}

impl<S: AsyncWrite + Unpin, H: Unpin> Watched<S, H> {
    /// Writes the refusal that stands for `bytes`, if one does; all of them count as written when all of it is.
    fn refuse(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Option<Poll<io::Result<usize>>> {
        if self.refusal.is_none() {
            self.refusal = Some((refusal::instead_of(bytes)?, 0));
        }
        let (answer, mut done) = self.refusal.take()?;
        while done < answer.len() {
            match Pin::new(&mut self.stream).poll_write(cx, &answer[done..]) {
                Poll::Ready(Ok(0)) => {
                    return Some(Poll::Ready(Err(io::ErrorKind::WriteZero.into())));
                }
                Poll::Ready(Ok(written)) => done += written,
                Poll::Ready(Err(error)) => return Some(Poll::Ready(Err(error))),
                Poll::Pending => {
                    self.refusal = Some((answer, done));
                    return Some(Poll::Pending);
                }
            }
        }
        Some(Poll::Ready(Ok(bytes.len())))
    }
}

impl<S: AsyncRead + Unpin, H: Unpin> AsyncRead for Watched<S, H> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin, H: Unpin> AsyncWrite for Watched<S, H> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = match self.refuse(cx, bytes) {
            Some(refused) => refused,
            None => Pin::new(&mut self.stream).poll_write(cx, bytes),
        };
        self.watched(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = match bufs {
            [only] => return self.poll_write(cx, only),
            bufs => Pin::new(&mut self.stream).poll_write_vectored(cx, bufs),
        };
        self.watched(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
