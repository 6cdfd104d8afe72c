//! What is said on one socket, from wherever it is said: written at once when the socket takes it, and kept in order when
//! it does not. An event for many is written from where it was made: no task is woken for it and nothing is copied.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::coop::consume_budget;
use tokio::time::Instant;

use super::frame::{self, Reader, Sent};
use super::operations::Ended;
use super::parting::Parting;
use super::watch::WatchTimes;
use crate::http::byte_budget::ByteCharge;
use crate::http::connection_table::ConnectionSlot;

/// Messages that wait to be written to a socket, from all its operations together, before an operation waits for it.
const QUEUE: usize = 16;
/// Bytes of them, before an operation waits for it, too.
const QUEUED_BYTES: usize = 256 << 10;
/// Bytes of events that wait to be written, before a subscription is ended that is told another one.
const EVENT_BYTES: usize = 1 << 20;
/// Bytes that are read from a socket at once; no buffer is kept between.
const READ: usize = 8 << 10;

/// A message on its way.
pub(super) struct Chunk {
    /// The head of the frame, and the beginning of the message or all of it.
    head: Vec<u8>,
    /// What many are told alike.
    shared: Bytes,
    tail: &'static [u8],
    /// Whether the client still listens to the operation it is of.
    wanted: Option<Arc<AtomicBool>>,
}

impl Chunk {
    /// A text.
    pub(super) fn text(text: &str) -> Self {
        Self::frame(frame::text(text.len(), text))
    }

    /// A frame that is written already.
    pub(super) fn frame(head: Vec<u8>) -> Self {
        Self { head, shared: Bytes::new(), tail: b"", wanted: None }
    }

    /// A text around something shared.
    pub(super) fn around(beginning: &str, shared: Bytes, tail: &'static str) -> Self {
        let length = beginning.len() + shared.len() + tail.len();
        Self { head: frame::text(length, beginning), shared, tail: tail.as_bytes(), wanted: None }
    }

    /// One that is not said when it is not wanted any more.
    pub(super) fn if_wanted(self, wanted: &Arc<AtomicBool>) -> Self {
        Self { wanted: Some(wanted.clone()), ..self }
    }

    fn is_wanted(&self) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.load(Ordering::Relaxed))
    }

    fn len(&self) -> usize {
        self.head.len() + self.shared.len() + self.tail.len()
    }

    /// Writes what comes after so many bytes; returns how many were taken.
    fn write(&self, stream: &TcpStream, mut after: usize) -> io::Result<usize> {
        let parts = [self.head.as_slice(), &self.shared, self.tail].map(|part| {
            let skipped = after.min(part.len());
            after -= skipped;
            IoSlice::new(&part[skipped..])
        });
        stream.try_write_vectored(&parts)
    }
}

/// One socket, shared by its task and by all who have something to say on it.
pub(super) struct Line {
    stream: TcpStream,
    /// For as long as the stream is open, it is one of the connections of this process.
    _slot: Arc<ConnectionSlot>,
    state: Mutex<State>,
    /// Wakes the task of the socket.
    wakes: Notify,
    /// Ends it.
    cut: Notify,
}

struct State {
    waiting: VecDeque<Chunk>,
    /// Bytes of the first that are written.
    written: usize,
    /// Bytes of all that waits, and what they take of the budget for what clients do not read.
    bytes: usize,
    charge: ByteCharge,
    /// Since when a part of a message is here, and not the rest.
    partial_since: Option<Instant>,
    /// Since when the client has taken nothing, while something waits.
    stuck_since: Option<Instant>,
    ended: Vec<Ended>,
    heard_at: Instant,
    is_pinged: bool,
    is_broken: bool,
    parting: Option<Parting>,
}

impl Line {
    /// The line of a socket.
    pub(super) fn new((stream, slot): (TcpStream, Arc<ConnectionSlot>), charge: ByteCharge) -> Arc<Self> {
        let state = State {
            waiting: VecDeque::new(),
            written: 0,
            bytes: 0,
            charge,
            partial_since: None,
            stuck_since: None,
            ended: Vec::new(),
            heard_at: Instant::now(),
            is_pinged: false,
            is_broken: false,
            parting: None,
        };
        Arc::new(Self { stream, _slot: slot, state: Mutex::new(state), wakes: Notify::new(), cut: Notify::new() })
    }

    /// Says something, however much waits.
    pub(super) fn says(&self, chunk: Chunk) {
        let mut state = self.lock();
        state.bytes += chunk.len();
        state.waiting.push_back(chunk);
        // With others before it, the task of the socket is at it already.
        if state.waiting.len() == 1 && !self.write(&mut state) {
            self.wakes.notify_one();
        }
        let bytes = state.bytes;
        if !state.charge.hold(bytes) {
            self.cuts(&mut state, Parting::OVERLOADED);
        }
    }

    /// Says something unless too much waits.
    pub(super) fn offers(&self, chunk: Chunk, most: usize) -> bool {
        let state = self.lock();
        if state.waiting.len() >= most || state.bytes >= EVENT_BYTES {
            return false;
        }
        drop(state);
        self.says(chunk);
        true
    }

    /// Says something when it is its turn: whoever does not read makes those wait who speak to him.
    pub(super) async fn says_in_turn(&self, chunk: Chunk) {
        let mut charge = None;
        while self.has_much_to_say() {
            if !charge.get_or_insert_with(|| self.lock().charge.another()).hold(chunk.len()) {
                return self.cuts(&mut self.lock(), Parting::OVERLOADED);
            }
            // A socket that is gone is noticed by its own task.
            if self.stream.writable().await.is_err() {
                return;
            }
            self.writes_on();
        }
        self.says(chunk);
    }

    fn has_much_to_say(&self) -> bool {
        let state = self.lock();
        state.waiting.len() >= QUEUE || state.bytes >= QUEUED_BYTES
    }

    /// Comes back when all is written that was said, or the socket is gone.
    pub(super) async fn has_said_all(&self) {
        while !self.writes_on() {
            if self.stream.writable().await.is_err() {
                return;
            }
        }
    }

    /// Tells the task of the socket that an operation has ended.
    pub(super) fn ends(&self, ended: Ended) {
        self.lock().ended.push(ended);
        self.wakes.notify_one();
    }

    /// The operations that have ended since.
    pub(super) fn take_ended(&self) -> Vec<Ended> {
        std::mem::take(&mut self.lock().ended)
    }

    /// The next that the client sends; `None` when there is something else to do.
    ///
    /// # Errors
    /// When it is gone, or is no WebSocket.
    pub(super) async fn hears(&self, reader: &mut Reader, most: usize) -> Result<Option<Sent>, Parting> {
        loop {
            if let Some(sent) = reader.next(most)? {
                if matches!(sent, Sent::Text(_)) {
                    self.lock().partial_since = None;
                }
                return Ok(Some(sent));
            }
            let interest = self.waits_for(reader);
            tokio::select! {
                ready = self.stream.ready(interest) => {
                    let ready = ready.map_err(|_| Parting::Gone)?;
                    if ready.is_writable() {
                        self.writes_on();
                    }
                    if ready.is_readable() || ready.is_read_closed() || ready.is_error() {
                        // One that always has something to say leaves the others their turn.
                        consume_budget().await;
                        self.reads(reader)?;
                    }
                }
                () = self.wakes.notified() => return if self.lock().is_broken { Err(Parting::Gone) } else { Ok(None) },
            }
        }
    }

    /// What the socket has to be ready for.
    fn waits_for(&self, reader: &Reader) -> Interest {
        let mut state = self.lock();
        state.partial_since = reader.is_in_between().then(|| state.partial_since.unwrap_or_else(Instant::now));
        if state.waiting.is_empty() { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE }
    }

    /// Takes whatever comes and throws it away, until nothing comes any more.
    pub(super) async fn hears_nothing(&self) {
        while self.stream.readable().await.is_ok() && self.takes(|_| {}).is_ok() {
            consume_budget().await;
        }
    }

    fn reads(&self, reader: &mut Reader) -> Result<(), Parting> {
        if self.takes(|bytes| reader.push(bytes))? {
            let mut state = self.lock();
            (state.heard_at, state.is_pinged) = (Instant::now(), false);
        }
        Ok(())
    }

    /// Takes what has come; false when it was nothing.
    fn takes(&self, take: impl FnOnce(&[u8])) -> Result<bool, Parting> {
        let mut buffer = [0; READ];
        match self.stream.try_read(&mut buffer) {
            Ok(0) => Err(Parting::Gone),
            Ok(read) => {
                take(&buffer[..read]);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(_) => Err(Parting::Gone),
        }
    }

    /// Writes what waits, as far as the socket takes it. True when nothing waits any more.
    fn writes_on(&self) -> bool {
        self.write(&mut self.lock())
    }

    fn write(&self, state: &mut State) -> bool {
        while let Some(first) = state.waiting.front() {
            // Nothing is sent of an operation that the client has completed, except the rest of what it saw begin.
            let written = match state.written == 0 && !first.is_wanted() {
                true => Ok(first.len()),
                false => first.write(&self.stream, state.written),
            };
            match written {
                Ok(bytes) => {
                    state.written += bytes;
                    state.stuck_since = None;
                    let length = first.len();
                    if state.written >= length {
                        state.waiting.pop_front();
                        state.written = 0;
                        state.bytes -= length;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    state.stuck_since.get_or_insert_with(Instant::now);
                    return false;
                }
                Err(_) => {
                    state.waiting.clear();
                    state.bytes = 0;
                    state.is_broken = true;
                    self.wakes.notify_one();
                    return true;
                }
            }
        }
        // Nothing is held for a socket that is quiet.
        state.waiting = VecDeque::new();
        let _ = state.charge.hold(0);
        true
    }

    /// Looks whether the client is there: asks it after one time, and gives it up after another.
    pub(super) fn looks(&self, now: Instant, WatchTimes { ping_after, pong_within, message_within }: WatchTimes) {
        let mut state = self.lock();
        let silent = now.saturating_duration_since(state.heard_at);
        let stuck = state.stuck_since.map(|since| now.saturating_duration_since(since));
        if state.partial_since.is_some_and(|since| now.saturating_duration_since(since) >= message_within) {
            self.cuts(&mut state, Parting::SLOW);
        } else if silent >= ping_after + pong_within && state.is_pinged
            || stuck.is_some_and(|stuck| stuck >= ping_after + pong_within)
        {
            self.cuts(&mut state, Parting::SILENT);
        } else if silent >= ping_after && !state.is_pinged {
            state.is_pinged = true;
            drop(state);
            self.says(Chunk::text(super::message::PING));
        }
    }

    fn cuts(&self, state: &mut State, parting: Parting) {
        state.parting.get_or_insert(parting);
        self.cut.notify_one();
    }

    /// Comes back when the socket is to end, whatever happens on it.
    pub(super) async fn is_cut(&self) -> Parting {
        self.cut.notified().await;
        self.lock().parting.take().unwrap_or(Parting::Gone)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
