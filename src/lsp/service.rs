//! The framework's service under three guards: every request is started when it is read, a panic in a handler answers
//! that request and no more, and every request gets exactly one response.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt;
use serde_json::Value;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};
use tower_lsp::{LanguageServer, LspService};
use tower_service::Service;

use super::message;

/// A handler at work. Dropping it cancels the work.
pub type Running = Pin<Box<dyn Future<Output = Option<Response>> + Send>>;

/// What became of a message by the time it was read.
pub enum Started {
    /// Handled; the response, where one is due.
    Done(Option<Response>),
    /// The handler waits for something.
    Running(Running),
}

pub struct Guarded<S> {
    inner: LspService<S>,
    shut_down: Arc<AtomicBool>,
}

impl<S: LanguageServer> Guarded<S> {
    pub fn new(inner: LspService<S>) -> Self {
        Self { inner, shut_down: Arc::default() }
    }

    /// `shutdown` was accepted: the difference between exit codes 0 and 1.
    pub fn is_shut_down(&self) -> bool {
        self.shut_down.load(Ordering::Relaxed)
    }

    /// Starts the handler and runs it up to its first wait. What a handler does before its first wait thus happens in
    /// the order of the messages: an edit is applied before the request behind it takes its snapshot.
    pub fn start(&mut self, request: Request) -> Started {
        let id = request.id().cloned();
        let is_shutdown = request.method() == "shutdown";
        let is_exit = request.method() == "exit";
        let called = catch_unwind(AssertUnwindSafe(|| self.inner.call(request)));
        let Ok(handler) = called else {
            return Started::Done(id.map(panicked));
        };
        let shut_down = self.shut_down.clone();
        let mut running: Running = Box::pin(AssertUnwindSafe(handler).catch_unwind().map(move |outcome| {
            let response = outcome.unwrap_or_else(|_| Ok(id.clone().map(panicked)));
            // The framework's only error is that `exit` was seen: nobody waits for an answer then.
            let response = response.unwrap_or(None).or_else(|| id.filter(|_| !is_exit).map(no_method));
            if is_shutdown && response.as_ref().is_some_and(Response::is_ok) {
                shut_down.store(true, Ordering::Relaxed);
            }
            response
        }));
        match (&mut running).now_or_never() {
            Some(response) => Started::Done(response),
            None => Started::Running(running),
        }
    }
}

fn panicked(id: Id) -> Response {
    // The panic hook has written the message and the place.
    message::failure(id, ErrorCode::InternalError, "a defect in tandem: the handler panicked, see the server's log")
}

/// The framework answers nothing to an unknown request whose method begins with `$/`; the specification wants this.
fn no_method(id: Id) -> Response {
    Response::from_error(id, Error { data: None::<Value>, ..Error::method_not_found() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tower_lsp::gen_lsp_types::{InitializeParams, InitializeResult};
    use tower_lsp::jsonrpc::Result;

    use super::*;

    struct Mock;

    impl LanguageServer for Mock {
        async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
            Ok(InitializeResult::default())
        }

        async fn shutdown(&self) -> Result<()> {
            Ok(())
        }
    }

    impl Mock {
        async fn panics_early(&self) -> Result<Value> {
            panic!("early, as the test wants it")
        }

        async fn panics_late(&self) -> Result<Value> {
            tokio::task::yield_now().await;
            panic!("late, as the test wants it")
        }

        async fn notification_panics(&self) {
            panic!("in a notification, as the test wants it")
        }

        async fn waits(&self) -> Result<Value> {
            std::future::pending().await
        }
    }

    fn service() -> Guarded<Mock> {
        let (inner, _socket) = LspService::build_with_lifecycle_methods(|_| Mock)
            .custom_method("early", Mock::panics_early)
            .custom_method("late", Mock::panics_late)
            .custom_method("notification", Mock::notification_panics)
            .custom_method("waits", Mock::waits)
            .finish();
        let mut service = Guarded::new(inner);
        let params = json!({ "processId": null, "rootUri": null, "capabilities": {} });
        let initialize = Request::build("initialize").params(params).id(0).finish();
        assert!(matches!(service.start(initialize), Started::Done(Some(response)) if response.is_ok()));
        service
    }

    fn request(method: &'static str, id: i64) -> Request {
        Request::build(method).id(id).finish()
    }

    async fn answer(started: Started) -> Option<Response> {
        match started {
            Started::Done(response) => response,
            Started::Running(running) => running.await,
        }
    }

    #[tokio::test]
    async fn a_panic_answers_its_request_and_the_next_one_is_served() {
        let mut service = service();
        for (method, id) in [("early", 1), ("late", 2)] {
            let response = answer(service.start(request(method, id))).await.expect("a response");
            assert_eq!(*response.id(), Id::Number(id));
            assert_eq!(response.error().expect("an error").code, ErrorCode::InternalError);
        }
        assert!(answer(service.start(Request::build("notification").finish())).await.is_none());
        assert!(answer(service.start(request("shutdown", 3))).await.expect("a response").is_ok());
    }

    #[tokio::test]
    async fn every_request_gets_an_answer_and_no_notification_does() {
        let mut service = service();
        for method in ["no/such", "$/noSuch"] {
            let response = answer(service.start(request(method, 4))).await.expect("a response");
            assert_eq!(response.error().expect("an error").code, ErrorCode::MethodNotFound, "{method}");
            assert!(answer(service.start(Request::build(method).finish())).await.is_none(), "{method}");
        }
    }

    #[tokio::test]
    async fn a_cancelled_request_is_answered() {
        let mut service = service();
        let waiting = service.start(request("waits", 5));
        let cancel = Request::build("$/cancelRequest").params(json!({ "id": 5 })).finish();
        assert!(answer(service.start(cancel)).await.is_none());
        let response = answer(waiting).await.expect("a response");
        assert_eq!(response.error().expect("an error").code, ErrorCode::RequestCancelled);
    }

    #[tokio::test]
    async fn shutdown_is_remembered_and_ends_service() {
        let mut service = service();
        assert!(!service.is_shut_down());
        assert!(answer(service.start(request("shutdown", 6))).await.expect("a response").is_ok());
        assert!(service.is_shut_down());
        let response = answer(service.start(request("waits", 7))).await.expect("a response");
        assert_eq!(response.error().expect("an error").code, ErrorCode::InvalidRequest);
    }
}
