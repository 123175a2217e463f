//! The queue between those who log and the thread that writes.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait for a slow target. More are counted and dropped.
const QUEUE_LINES: usize = 1024;

/// Longest line in bytes; the rest of it is cut.
const MAX_LINE_BYTES: usize = 16 << 10;

enum Message {
    Line(Vec<u8>),
    Redirect(Box<dyn Write + Send>),
    Flush(SyncSender<()>),
}

/// The writing end. Clones share one queue.
#[derive(Clone)]
pub(super) struct Sink {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl Sink {
    pub fn start(target: Box<dyn Write + Send>) -> Self {
        let (queue, messages) = sync_channel(QUEUE_LINES);
        let dropped = Arc::new(AtomicU64::new(0));
        let count = dropped.clone();
        // Without a thread there is no log; that is no reason to stop.
        let _ = std::thread::Builder::new().name("log".into()).spawn(move || write_all(&messages, target, &count));
        Self { queue, dropped }
    }

    pub fn redirect(&self, target: Box<dyn Write + Send>) {
        let _ = self.queue.try_send(Message::Redirect(target));
    }

    pub fn flush(&self, deadline: Duration) {
        let (done, wait) = sync_channel(1);
        if self.queue.try_send(Message::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(deadline);
        }
    }

    fn push(&self, line: Vec<u8>) {
        if self.queue.try_send(Message::Line(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Errors of the target are swallowed: there is no other place to tell of them.
fn write_all(messages: &Receiver<Message>, mut target: Box<dyn Write + Send>, dropped: &AtomicU64) {
    for message in messages {
        match message {
            Message::Line(line) => {
                let lost = dropped.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    let _ = writeln!(target, "({lost} lines lost: the log was slower than the program)");
                }
                let _ = target.write_all(&line);
            }
            Message::Redirect(new) => {
                let _ = target.flush();
                target = new;
            }
            Message::Flush(done) => {
                let _ = target.flush();
                let _ = done.send(());
            }
        }
    }
}

/// Collects one line and queues it when dropped.
pub(super) struct Line {
    sink: Sink,
    bytes: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = MAX_LINE_BYTES.saturating_sub(self.bytes.len());
        self.bytes.extend(bytes.iter().take(room));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        if self.bytes.last() != Some(&b'\n') {
            self.bytes.push(b'\n');
        }
        self.sink.push(std::mem::take(&mut self.bytes));
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { sink: self.clone(), bytes: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Buffer {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_arrive_whole_and_in_order_and_follow_a_redirect() {
        let (first, second) = (Buffer::default(), Buffer::default());
        let sink = Sink::start(Box::new(first.clone()));
        for number in 0..3 {
            let mut line = sink.make_writer();
            write!(line, "line ").unwrap();
            write!(line, "{number}").unwrap();
        }
        sink.redirect(Box::new(second.clone()));
        sink.make_writer().write_all(b"elsewhere\n").unwrap();
        sink.flush(Duration::from_secs(10));
        assert_eq!(first.text(), "line 0\nline 1\nline 2\n");
        assert_eq!(second.text(), "elsewhere\n");
    }

    /// Blocks until the test lets go, like a pipe that nobody reads.
    struct Stuck(Receiver<()>, Buffer);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.0.recv();
            self.1.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stuck_target_costs_lines_and_not_the_program() {
        let (release, gate) = sync_channel(0);
        let buffer = Buffer::default();
        let sink = Sink::start(Box::new(Stuck(gate, buffer.clone())));
        for _ in 0..QUEUE_LINES + 50 {
            sink.make_writer().write_all(b"x").unwrap();
        }
        drop(release);
        // The queue may still be full, so the flush is asked for until it finds room.
        let (done, wait) = sync_channel(1);
        sink.queue.send(Message::Flush(done)).unwrap();
        wait.recv().unwrap();
        let text = buffer.text();
        assert!(text.contains("lines lost"), "{}", text.len());
        assert!(text.matches('x').count() <= QUEUE_LINES + 1);
    }

    #[test]
    fn a_long_line_is_cut() {
        let buffer = Buffer::default();
        let sink = Sink::start(Box::new(buffer.clone()));
        sink.make_writer().write_all(&vec![b'y'; 1 << 20]).unwrap();
        sink.flush(Duration::from_secs(10));
        assert_eq!(buffer.text().len(), MAX_LINE_BYTES + 1);
    }
}
