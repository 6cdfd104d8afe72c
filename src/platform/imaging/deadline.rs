//! Makes decoders stop in time. They cannot be interrupted, but all of them keep reading: the file they read ends for them
//! when the time is over.

use super::Rejection;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

/// The most bytes a decoder is given between two looks at the clock.
const STEP: usize = 64 << 10;
/// Reads between two looks at the clock, for decoders that read some bytes at a time: the clock costs as much as ten.
const READS: u32 = 4096;

/// When decoding must have ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    start: Instant,
    life: Duration,
}

impl Deadline {
    /// From now on, so long.
    pub fn after(life: Duration) -> Self {
        Deadline { start: Instant::now(), life }
    }

    /// Whether the time is over.
    pub fn is_over(self) -> bool {
        self.start.elapsed() >= self.life
    }

    /// What is told when a decoder failed: that it was stopped, if it was.
    pub fn instead_of(self, rejection: Rejection) -> Rejection {
        let seconds = self.life.as_secs();
        if self.is_over() { Rejection::TooSlow { limit: seconds } } else { rejection }
    }

    fn check(self) -> io::Result<()> {
        if self.is_over() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }
}

/// A file that can be read until a deadline.
pub(super) struct Timed<R> {
    inner: R,
    deadline: Deadline,
    reads: u32,
}

impl<R> Timed<R> {
    pub fn new(inner: R, deadline: Deadline) -> Self {
        Timed { inner, deadline, reads: 0 }
    }
}

impl<R: Read> Read for Timed<R> {
    #[inline]
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if self.reads == 0 {
            self.deadline.check()?;
        }
        self.reads = (self.reads + 1) % READS;
        let length = target.len().min(STEP);
        self.inner.read(&mut target[..length])
    }
}

impl<R: BufRead> BufRead for Timed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.deadline.check()?;
        let bytes = self.inner.fill_buf()?;
        Ok(&bytes[..bytes.len().min(STEP)])
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
    }
}

impl<R: Seek> Seek for Timed<R> {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.inner.seek(place)
    }
}
