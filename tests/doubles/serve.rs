//! Connections of a double: reads requests, answers as ordered, notices when the client goes, and keeps the record.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::answer::{Answer, Frame};
use super::bill::Charge;
use super::cache::Cache;
use super::fault::{Fault, Reply};
use super::http::{self, Request};
use super::prompt::{Prompt, Refusal};
use super::record::{Closed, Record, Seen};
use super::{Setup, rates_of, wire};

pub struct Shared {
    setup: Setup,
    orders: Mutex<VecDeque<Reply>>,
    cache: Mutex<Cache>,
    record: Mutex<Record>,
    changed: watch::Sender<()>,
}

impl Shared {
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            orders: Mutex::default(),
            cache: Mutex::default(),
            record: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }

    pub fn order(&self, reply: Reply) {
        lock(&self.orders).push_back(reply);
    }

    pub fn record(&self) -> Record {
        lock(&self.record).clone()
    }

    pub fn sent(&self) -> usize {
        lock(&self.record).sent
    }

    pub fn forget_orders(&self) {
        lock(&self.orders).clear();
    }

    pub fn forget(&self) {
        *lock(&self.cache) = Cache::default();
    }

    pub async fn until(&self, looks_so: impl Fn(&Record) -> bool) -> Record {
        let mut changes = self.changed.subscribe();
        loop {
            let record = self.record();
            if looks_so(&record) || changes.changed().await.is_err() {
                return record;
            }
        }
    }

    fn note<T>(&self, change: impl FnOnce(&mut Record) -> T) -> T {
        let noted = change(&mut lock(&self.record));
        self.changed.send_replace(());
        noted
    }

    fn now(&self) -> SystemTime {
        let apart = Duration::from_secs(self.setup.clock_ahead.unsigned_abs());
        if self.setup.clock_ahead < 0 { SystemTime::now() - apart } else { SystemTime::now() + apart }
    }

    /// The next order, if it is one for connections instead of requests.
    fn takes_reset(&self) -> bool {
        let mut orders = lock(&self.orders);
        let is_reset = orders.front().is_some_and(|reply| reply.fault == Fault::ResetBefore);
        if is_reset {
            orders.pop_front();
        }
        is_reset
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// Dropping it will be a reset.
    fn reset(&self);
}

impl Stream for TcpStream {
    fn reset(&self) {
        drop(self.set_zero_linger());
    }
}

impl Stream for tokio_rustls::server::TlsStream<TcpStream> {
    fn reset(&self) {
        self.get_ref().0.reset();
    }
}

pub async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.note(|record| record.connections += 1);
        drop(stream.set_nodelay(true));
        if shared.takes_reset() {
            stream.reset();
            continue;
        }
        let shared = shared.clone();
        connections.spawn(async move {
            match &shared.setup.tls {
                None => drop(converse(&shared, stream).await),
                Some(acceptor) => match acceptor.accept(stream).await {
                    Ok(stream) => drop(converse(&shared, stream).await),
                    Err(_) => shared.note(|record| record.failed_handshakes += 1),
                },
            }
        });
    }
}

async fn converse<S: Stream>(shared: &Shared, mut stream: S) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let received = |bytes: &[u8]| lock(&shared.record).bytes.extend_from_slice(bytes);
        let Some(request) = http::read(&mut stream, &mut buffer, received).await? else { return Ok(()) };
        let reply =
            lock(&shared.orders).pop_front().unwrap_or_else(|| Reply { pace: shared.setup.pace, ..Reply::default() });
        let prompt = wire::read(shared.setup.kind, &request, &shared.setup.key, shared.now());
        let number = shared.note(|record| {
            record.requests.push(Seen { request: request.clone(), prompt: prompt.clone() });
            record.requests.len() - 1
        });
        if reply.fault == Fault::ResetAfter {
            if let Ok(prompt) = prompt {
                Bill::open(shared, number, &prompt, &reply).cut();
            }
            stream.reset();
            return Ok(());
        }
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut turn =
            Turn { shared, number, request: &request, reply: &reply, reader: &mut reader, writer: &mut writer };
        let goes_on = turn.answer(prompt).await?;
        stream = reader.unsplit(writer);
        if !goes_on {
            return stream.shutdown().await;
        }
    }
}

/// One request and its answer.
struct Turn<'a, S> {
    shared: &'a Shared,
    number: usize,
    request: &'a Request,
    reply: &'a Reply,
    reader: &'a mut ReadHalf<S>,
    writer: &'a mut WriteHalf<S>,
}

impl<S: Stream> Turn<'_, S> {
    /// False: the connection is over.
    async fn answer(&mut self, prompt: Result<Prompt, Refusal>) -> io::Result<bool> {
        let id = format!("double-{}", self.number);
        let mut headers = wire::headers(self.shared.setup.kind, &id, self.shared.now());
        let prompt = match (prompt, &self.reply.fault) {
            (_, Fault::Refuse(trouble)) => return self.refuse(headers, &Refusal::of(*trouble), None).await,
            (_, Fault::ErrorAsAnswer(trouble)) => {
                return self.refuse(headers, &Refusal::of(*trouble), Some(200)).await;
            }
            (Err(refusal), _) => return self.refuse(headers, &refusal, None).await,
            (Ok(prompt), _) => prompt,
        };
        match &self.reply.fault {
            Fault::Raw { status, headers: own, body } => {
                headers.extend(own.iter().cloned());
                return self.whole(*status, &headers, body).await;
            }
            Fault::Redirect { status, to } => {
                headers.push(("location".to_owned(), to.clone()));
                return self.whole(*status, &headers, b"").await;
            }
            Fault::HugeHeaders(bytes) => headers.push(("x-huge".to_owned(), "x".repeat(*bytes))),
            Fault::WrongType => {
                headers.push(("content-type".to_owned(), "text/html".to_owned()));
                return self.whole(200, &headers, b"<html><body>Please sign in to this network</body></html>").await;
            }
            Fault::Gzip => headers.push(("content-encoding".to_owned(), "gzip".to_owned())),
            _ => {}
        }
        let mut bill = Bill::open(self.shared, self.number, &prompt, self.reply);
        if self.reply.fault == Fault::Silence {
            gone(self.shared, self.reader).await;
            self.shared.note(|record| record.closed.push(Closed { request: self.number, events: 0 }));
            bill.cut();
            return Ok(false);
        }
        headers.push(("content-type".to_owned(), wire::stream_type(self.shared.setup.kind).to_owned()));
        self.writer.write_all(&http::chunked_head(200, &headers)).await?;
        let frames = wire::stream(self.shared.setup.kind, self.request, &bill.answer);
        self.stream(frames, &mut bill).await
    }

    async fn refuse(
        &mut self,
        mut headers: Vec<(String, String)>,
        refusal: &Refusal,
        status: Option<u16>,
    ) -> io::Result<bool> {
        let (usual, more, body) = wire::error(self.shared.setup.kind, refusal, &self.reply.waits);
        headers.extend(more);
        self.whole(status.unwrap_or(usual), &headers, body.to_string().as_bytes()).await
    }

    async fn whole(&mut self, status: u16, headers: &[(String, String)], body: &[u8]) -> io::Result<bool> {
        self.writer.write_all(&http::whole(status, headers, body)).await?;
        self.writer.flush().await?;
        Ok(true)
    }

    async fn stream(&mut self, frames: Vec<Frame>, bill: &mut Bill<'_>) -> io::Result<bool> {
        let plan = plan(self.shared.setup.kind, self.request, &self.reply.fault, frames);
        let mut left = match self.reply.fault {
            Fault::CutAt(bytes) => bytes,
            _ => usize::MAX,
        };
        for (events, step) in plan.enumerate() {
            let (chunks, output) = match step {
                Step::Send { chunks, output } => (chunks, output),
                Step::Hang => {
                    gone(self.shared, self.reader).await;
                    return self.cut(events, bill);
                }
                Step::Drop => {
                    bill.cut();
                    return Ok(false);
                }
            };
            tokio::select! {
                biased;
                () = gone(self.shared, self.reader) => return self.cut(events, bill),
                () = tokio::time::sleep(self.reply.pace) => {}
            }
            // Before the bytes: who has read the last of them finds the whole bill.
            bill.grow(output);
            for chunk in chunks {
                let part = &chunk[..chunk.len().min(left)];
                left -= part.len();
                if self.writer.write_all(&http::chunk(part)).await.is_err() || self.writer.flush().await.is_err() {
                    return self.cut(events, bill);
                }
                lock(&self.shared.record).sent += part.len();
                if left == 0 {
                    bill.cut();
                    return Ok(false);
                }
            }
        }
        self.writer.write_all(http::LAST_CHUNK).await?;
        self.writer.flush().await?;
        Ok(true)
    }

    fn cut(&self, events: usize, bill: &mut Bill<'_>) -> io::Result<bool> {
        bill.cut();
        self.shared.note(|record| record.closed.push(Closed { request: self.number, events }));
        Ok(false)
    }
}

/// Returns when the client has closed the connection.
async fn gone<S: Stream>(shared: &Shared, reader: &mut ReadHalf<S>) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = reader.read(&mut bytes).await {
        shared.note(|record| record.bytes.extend_from_slice(&bytes[..count]));
    }
}

/// What is done on the wire, one after the other.
enum Step {
    Send {
        chunks: Vec<Vec<u8>>,
        output: u64,
    },
    /// Nothing more, until the client goes.
    Hang,
    /// The connection ends without the end of the body.
    Drop,
}

impl Step {
    fn send(frame: Frame) -> Self {
        Self::Send { chunks: vec![frame.bytes], output: frame.output }
    }
}

fn plan(
    kind: super::Kind,
    request: &Request,
    fault: &Fault,
    frames: Vec<Frame>,
) -> Box<dyn Iterator<Item = Step> + Send> {
    let before_end = frames.iter().position(|frame| frame.is_end).unwrap_or(frames.len());
    let output_at = |at: usize| frames.get(at.saturating_sub(1)).map_or(0, |frame| frame.output);
    let insert = |at: usize, bytes: Vec<u8>| {
        let at = at.min(before_end);
        let output = output_at(at);
        let mut frames = frames.clone();
        frames.insert(at, Frame::new(bytes, output));
        frames
    };
    match fault {
        Fault::NoEnd { after } => Box::new(frames.into_iter().take((*after).min(before_end)).map(Step::send)),
        Fault::Stall { after } => {
            Box::new(frames.into_iter().take((*after).min(before_end)).map(Step::send).chain([Step::Hang]))
        }
        Fault::ErrorInside { after, trouble } => {
            let at = (*after).min(before_end);
            let output = output_at(at);
            let is_responses = request.path.ends_with("/responses");
            let error = Frame::new(wire::error_event(kind, is_responses, *trouble), output);
            Box::new(frames.into_iter().take(at).chain([error]).map(Step::send))
        }
        Fault::Garble { after } => Box::new(insert(*after, wire::garbage(kind)).into_iter().map(Step::send)),
        Fault::Oversized(bytes) => Box::new(insert(2, wire::oversized(kind, *bytes)).into_iter().map(Step::send)),
        Fault::Duplicate => Box::new(frames.into_iter().flat_map(|frame| [frame.clone(), frame]).map(Step::send)),
        Fault::Endless => {
            let last = frames[before_end.saturating_sub(1).min(frames.len() / 2)].clone();
            let more =
                (1000_u64..).map(move |number| Frame { bytes: wire::renumber(&last.bytes, number), ..last.clone() });
            Box::new(frames.into_iter().take(before_end / 2).chain(more).map(Step::send))
        }
        Fault::KeepAlives(count) => {
            let idle = Frame::new(wire::keep_alive(kind), 0);
            let count = if idle.bytes.is_empty() { 0 } else { *count };
            Box::new(
                frames
                    .into_iter()
                    .flat_map(move |frame| {
                        let pause = Frame { output: frame.output, ..idle.clone() };
                        std::iter::repeat_n(pause, count).chain([frame])
                    })
                    .map(Step::send),
            )
        }
        Fault::Bytewise => Box::new(frames.into_iter().map(|frame| Step::Send {
            chunks: frame.bytes.iter().map(|byte| vec![*byte]).collect(),
            output: frame.output,
        })),
        Fault::CutAt(_) => Box::new(frames.into_iter().map(Step::send).chain([Step::Drop])),
        _ => Box::new(frames.into_iter().map(Step::send)),
    }
}

/// The charge of one request while it grows.
struct Bill<'a> {
    shared: &'a Shared,
    at: usize,
    answer: Answer,
}

impl<'a> Bill<'a> {
    fn open(shared: &'a Shared, number: usize, prompt: &Prompt, reply: &Reply) -> Self {
        let (habit, cut) = (wire::cache_habit(shared.setup.kind), wire::cut(shared.setup.kind));
        let input = lock(&shared.cache).take(prompt, habit, shared.setup.cache_minimum, cut);
        let text = reply.text.as_deref().unwrap_or(&shared.setup.text);
        let mut answer = Answer::new(format!("double-{number}"), prompt, text, reply.reasoning, input, cut);
        answer.money = price(&prompt.model, &answer, answer.output);
        let charge = Charge {
            model: prompt.model.clone(),
            input,
            output: 0,
            reasoning: 0,
            money: price(&prompt.model, &answer, 0),
            is_cut: false,
        };
        let at = shared.note(|record| {
            record.charges.push(charge);
            record.charges.len() - 1
        });
        Self { shared, at, answer }
    }

    /// So many tokens are generated by now.
    fn grow(&mut self, output: u64) {
        let money = price(&self.answer.model, &self.answer, output);
        let reasoning = self.answer.reasoning.min(output);
        self.shared.note(|record| {
            let charge = &mut record.charges[self.at];
            (charge.output, charge.reasoning, charge.money) = (output, reasoning, money);
        });
    }

    /// The client is gone. Some providers do not notice, and go on to the end.
    fn cut(&mut self) {
        if !self.shared.setup.kind.stops_when_closed() {
            self.grow(self.answer.output);
        }
        self.shared.note(|record| record.charges[self.at].is_cut = true);
    }
}

fn price(model: &str, answer: &Answer, output: u64) -> u64 {
    rates_of(model).map_or(0, |rates| rates.charge(answer.input, output))
}
