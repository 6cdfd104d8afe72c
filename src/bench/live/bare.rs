//! The raw limit: bare sockets, a frame made once, and a plain loop that writes it to each.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::FROM_ONE_ADDRESS;
use super::crowd::Crowd;
use super::{process, socket};
use crate::base::error::{Error, Result};

/// What it costs to write to sockets.
pub(super) struct Bare {
    sockets: usize,
    deliveries: f64,
    spent: Duration,
    last: Vec<Duration>,
}

/// Writes frames of a length to so many sockets, from a thread of its own whose time is counted.
pub(super) async fn measure(sockets: usize, events: u32, bytes: usize) -> Result<Bare> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::internal)?;
    let address = listener.local_addr().map_err(Error::internal)?.to_string();
    let (start, starts) = mpsc::channel::<()>();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let writing = thread::spawn(move || {
        let all: Vec<TcpStream> = listener.incoming().take(sockets).filter_map(std::io::Result::ok).collect();
        let frame = frame(bytes);
        while starts.recv().is_ok() && tell.send(write(&all, &frame)).is_ok() {}
    });
    let crowd = Crowd::new(sockets);
    for number in 0..sockets {
        let source = u32::try_from(number / FROM_ONE_ADDRESS).unwrap_or(0);
        crowd.listens(socket::connect(&address, source).await?, |_| true);
    }
    let (mut spent, mut last) = (Duration::ZERO, Vec::new());
    for number in 0..events {
        let begun = Instant::now();
        start.send(()).map_err(Error::internal)?;
        crowd.reaches(number as usize + 1).await?;
        last.push(begun.elapsed());
        spent += told.recv().await.unwrap_or_default();
    }
    drop(start);
    let _ = writing.join();
    last.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    let deliveries = sockets as f64 * f64::from(events);
    Ok(Bare { sockets, deliveries, spent, last })
}

/// Writes a frame to each socket, and tells what that cost.
fn write(sockets: &[TcpStream], frame: &[u8]) -> Duration {
    let before = process::spent_here();
    for mut socket in sockets {
        // One that is gone is missed by those who count.
        let _ = socket.write_all(frame);
    }
    process::spent_here().saturating_sub(before)
}

/// A frame of so many bytes.
fn frame(bytes: usize) -> Vec<u8> {
    let length = u16::try_from(bytes.saturating_sub(4)).unwrap_or(u16::MAX).max(126);
    let mut frame = vec![0x81, 126];
    frame.extend(length.to_be_bytes());
    frame.resize(4 + usize::from(length), b' ');
    frame
}

impl Bare {
    /// What was found.
    pub(super) fn told(&self) -> String {
        let each = self.spent.as_secs_f64() * 1e6 / self.deliveries;
        let second = self.deliveries / self.spent.as_secs_f64().max(1e-6);
        let median = self.last[self.last.len() / 2].as_secs_f64() * 1000.0;
        format!(
            "the raw limit, {} bare sockets and a plain loop: CPU µs for each delivery {each:.1}; {second:.0} deliveries for each CPU second; the last after {median:.0} ms",
            self.sockets
        )
    }
}
