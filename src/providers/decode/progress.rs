//! How far an answer has come, and the one place that writes events: whatever a provider sends, they come in the order that
//! everybody may rely on.

use crate::providers::error::word;
use crate::providers::{Endpoint, Event, ProviderError, Reason, Usage};

#[derive(Debug)]
pub(super) struct Progress {
    endpoint: Endpoint,
    /// Of the headers.
    request_id: Option<String>,
    /// The body's name for the answer, where the headers have none for the request.
    answer_id: Option<String>,
    has_started: bool,
    has_ended: bool,
    /// Something of the answer came.
    has_output: bool,
    usage: Option<Usage>,
    /// Cache writes of an unknown kind may be the dearer ones.
    pub may_write_long: bool,
}

impl Progress {
    pub fn new(endpoint: &Endpoint, request_id: Option<String>) -> Self {
        Self {
            endpoint: endpoint.clone(),
            request_id,
            answer_id: None,
            has_started: false,
            has_ended: false,
            has_output: false,
            usage: None,
            may_write_long: true,
        }
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub fn has_started(&self) -> bool {
        self.has_started
    }

    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The first time that a provider says anything about an answer. `id`: the body's name for it.
    pub fn start(&mut self, id: Option<String>, model: Option<String>, usage: Option<Usage>, out: &mut Vec<Event>) {
        if self.has_started || self.has_ended {
            return;
        }
        self.has_started = true;
        self.usage = usage;
        if self.request_id.is_none() {
            self.request_id =
                id.filter(|id| !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic()));
        }
        let model = model.as_deref().and_then(|model| word(model, 256));
        out.push(Event::Started { request_id: self.request_id.clone().or(self.answer_id.clone()), model, usage });
    }

    pub fn text(&mut self, text: String, out: &mut Vec<Event>) {
        self.output(text, Event::Text, out);
    }

    pub fn thinking(&mut self, text: String, out: &mut Vec<Event>) {
        self.output(text, Event::Thinking, out);
    }

    fn output(&mut self, text: String, event: fn(String) -> Event, out: &mut Vec<Event>) {
        if self.has_ended || text.is_empty() {
            return;
        }
        self.start(None, None, None, out);
        self.has_output = true;
        out.push(event(text));
    }

    /// A count that replaces the ones before it.
    pub fn usage(&mut self, usage: Usage, out: &mut Vec<Event>) {
        if self.has_ended || self.usage == Some(usage) {
            return;
        }
        self.start(None, None, None, out);
        self.usage = Some(usage);
        out.push(Event::Usage(usage));
    }

    /// `is_counted`: the last usage is that of the whole answer.
    pub fn end(&mut self, reason: Reason, is_counted: bool, out: &mut Vec<Event>) {
        if self.has_ended {
            return;
        }
        self.start(None, None, None, out);
        self.has_ended = true;
        // No prompt is empty, and no text is without tokens: such a count is none.
        let is_sound = |usage: &Usage| usage.input() > 0 && (usage.output > 0 || !self.has_output);
        let usage = self.usage.filter(|usage| is_counted && is_sound(usage));
        let reason = match reason {
            Reason::Filtered(name) => Reason::Filtered(word(&name, 64).unwrap_or_else(|| "unknown".to_owned())),
            Reason::Refused(category) => Reason::Refused(category.and_then(|category| word(&category, 64))),
            reason => reason,
        };
        out.push(Event::Ended { reason, usage });
    }

    pub fn fail(&mut self, mut error: ProviderError, out: &mut Vec<Event>) {
        if self.has_ended {
            return;
        }
        self.has_ended = true;
        error.request_id = self.request_id.take().or(error.request_id).or(self.answer_id.take());
        out.push(Event::Failed(error));
    }
}
