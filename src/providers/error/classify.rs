//! From the facts of an error to what happens next: cloud.md A0's table, and each provider's names.
//!
//! Names decide first where they say more than HTTP's number: a 429 can mean wait, pay, or slow down. Sentences decide only
//! between errors of which none is tried again.

use std::time::Duration;

use super::fault::Fault;
use super::{ErrorClass, Retry};

use ErrorClass::{
    Auth, BadRequest, ContextOverflow, NoCredit, NotFound, Overloaded, Permission, Protocol, RateLimited, Server,
    SpendLimit, Timeout, TooLarge,
};

/// Traffic grew too fast: the usual backoff would only make it grow on.
const RAMP_WAIT: Duration = Duration::from_secs(10);
const RAMP: Retry = Retry::After(RAMP_WAIT);

type Row = (&'static str, ErrorClass, Retry);

/// Names that say more than the number that they come with.
const EXACT: &[Row] = &[
    // Anthropic.
    ("enforced_spend_limit_reached", SpendLimit, Retry::Never),
    ("contract_spend_limit_reached", SpendLimit, Retry::Never),
    ("linked_organization_spend_limit_reached", SpendLimit, Retry::Never),
    ("linked_organization_billing_unavailable", NoCredit, Retry::Never),
    ("billing_error", NoCredit, Retry::Never),
    ("ramp_limit_exceeded", RateLimited, RAMP),
    ("organization_on_hold", Permission, Retry::Never),
    // OpenAI and Azure.
    ("credit_balance_exhausted", NoCredit, Retry::Never),
    ("billing_not_active", NoCredit, Retry::Never),
    ("organization_spend_limit_exceeded", SpendLimit, Retry::Never),
    ("project_spend_limit_exceeded", SpendLimit, Retry::Never),
    ("organization_usage_limit_exceeded", SpendLimit, Retry::Never),
    ("billing_hard_limit_reached", SpendLimit, Retry::Never),
    ("insufficient_quota", NoCredit, Retry::Never),
    ("slow_down", RateLimited, RAMP),
    ("server_is_overloaded", Overloaded, Retry::Backoff),
    ("context_length_exceeded", ContextOverflow, Retry::Never),
    ("model_not_found", NotFound, Retry::Never),
    ("DeploymentNotFound", NotFound, Retry::Never),
    ("content_filter", BadRequest, Retry::Never),
    ("ResponsibleAIPolicyViolation", BadRequest, Retry::Never),
    // Gemini.
    ("API_KEY_INVALID", Auth, Retry::Never),
    ("API_KEY_SERVICE_BLOCKED", Permission, Retry::Never),
    ("FAILED_PRECONDITION", Permission, Retry::Never),
    // Bedrock.
    ("ServiceQuotaExceededException", SpendLimit, Retry::Never),
    ("ModelNotReadyException", Overloaded, Retry::Backoff),
    ("UnrecognizedClientException", Auth, Retry::Never),
    ("ExpiredTokenException", Auth, Retry::Never),
    ("InvalidSignatureException", Auth, Retry::Never),
    ("IncompleteSignatureException", Auth, Retry::Never),
    ("MissingAuthenticationTokenException", Auth, Retry::Never),
    // llama-server, and LiteLLM's proxy.
    ("exceed_context_size_error", ContextOverflow, Retry::Never),
    ("budget_exceeded", SpendLimit, Retry::Never),
];

/// Names that stand for a number, for errors in streams, where there is none.
const PLAIN: &[Row] = &[
    ("invalid_request_error", BadRequest, Retry::Never),
    ("authentication_error", Auth, Retry::Never),
    ("invalid_api_key", Auth, Retry::Never),
    ("permission_error", Permission, Retry::Never),
    ("not_found_error", NotFound, Retry::Never),
    ("request_too_large", TooLarge, Retry::Never),
    ("conflict_error", Server, Retry::Backoff),
    ("rate_limit_error", RateLimited, Retry::Backoff),
    ("rate_limit_exceeded", RateLimited, Retry::Backoff),
    ("too_many_requests", RateLimited, Retry::Backoff),
    ("overloaded_error", Overloaded, Retry::Backoff),
    ("service_unavailable_error", Overloaded, Retry::Backoff),
    ("unavailable_error", Overloaded, Retry::Backoff),
    ("api_error", Server, Retry::Backoff),
    ("server_error", Server, Retry::Backoff),
    ("internal_server_error", Server, Retry::Backoff),
    ("timeout_error", Timeout, Retry::Backoff),
    ("invalid_prompt", BadRequest, Retry::Never),
    ("INVALID_ARGUMENT", BadRequest, Retry::Never),
    ("UNAUTHENTICATED", Auth, Retry::Never),
    ("PERMISSION_DENIED", Permission, Retry::Never),
    ("NOT_FOUND", NotFound, Retry::Never),
    ("RESOURCE_EXHAUSTED", RateLimited, Retry::Backoff),
    // By somebody on the provider's side: a cancel of ours closes the connection and hears nothing more.
    ("CANCELLED", Server, Retry::Backoff),
    ("INTERNAL", Server, Retry::Backoff),
    ("UNKNOWN", Server, Retry::Backoff),
    ("UNAVAILABLE", Overloaded, Retry::Backoff),
    ("DEADLINE_EXCEEDED", Timeout, Retry::Backoff),
    ("AccessDeniedException", Permission, Retry::Never),
    ("ValidationException", BadRequest, Retry::Never),
    ("ResourceNotFoundException", NotFound, Retry::Never),
    ("ModelTimeoutException", Timeout, Retry::Backoff),
    ("ModelErrorException", Server, Retry::Once),
    ("ModelStreamErrorException", Server, Retry::Once),
    ("ThrottlingException", RateLimited, Retry::Backoff),
    ("InternalServerException", Server, Retry::Backoff),
    ("ServiceUnavailableException", Overloaded, Retry::Backoff),
];

/// How the providers without a name for it say that a prompt is too long, in lower case.
const TOO_LONG: &[&str] = &[
    // Anthropic, Bedrock, Gemini, Mistral; the next two are vLLM's, DeepSeek's and many others'; llama-server.
    "prompt is too long",
    "input is too long",
    "exceeds the maximum number of tokens",
    "too large for model with",
    "maximum context length",
    "context length exceeded",
    "exceeds the available context size",
    "exceeds the context window",
    "exceed context limit",
];

/// How Anthropic says with 400 that there is no credit, or that a limit the user set there is reached.
const TOO_POOR: &[&str] = &["credit balance is too low", "insufficient balance"];
const OWN_LIMIT: &[&str] = &["specified api usage limits", "specified workspace api usage limits"];

pub(super) fn classify(status: Option<u16>, fault: &Fault) -> (ErrorClass, Retry) {
    let status = status.filter(|status| *status >= 300).or(fault.status);
    let by_name = |rows: &[Row]| {
        fault.codes.iter().find_map(|code| {
            rows.iter().find(|(name, ..)| name.eq_ignore_ascii_case(code)).map(|(_, class, retry)| (*class, *retry))
        })
    };
    let (class, retry) = by_name(EXACT)
        .or_else(|| status.map(by_status))
        .or_else(|| by_name(PLAIN))
        .unwrap_or(if fault.codes.is_empty() { (Protocol, Retry::Never) } else { (Server, Retry::Backoff) });
    match class {
        NoCredit if fault.is_in_flight => (RateLimited, Retry::Backoff),
        RateLimited if fault.is_daily || fault.says(&["per-day", "per day"]) => (RateLimited, Retry::Never),
        BadRequest | TooLarge if fault.says(TOO_LONG) => (ContextOverflow, Retry::Never),
        BadRequest if fault.says(TOO_POOR) => (NoCredit, Retry::Never),
        BadRequest if fault.says(OWN_LIMIT) => (SpendLimit, Retry::Never),
        _ => (class, retry),
    }
}

fn by_status(status: u16) -> (ErrorClass, Retry) {
    match status {
        // Redirects are not followed: a key could end up anywhere.
        300..=399 => (Protocol, Retry::Never),
        401 => (Auth, Retry::Never),
        402 => (NoCredit, Retry::Never),
        403 => (Permission, Retry::Never),
        404 => (NotFound, Retry::Never),
        408 => (Timeout, Retry::Backoff),
        409 => (Server, Retry::Backoff),
        413 => (TooLarge, Retry::Never),
        424 => (Server, Retry::Once),
        429 => (RateLimited, Retry::Backoff),
        // A gateway of the provider's thinks that we have gone.
        499 => (Server, Retry::Backoff),
        400..=499 => (BadRequest, Retry::Never),
        501 | 505 => (Server, Retry::Never),
        503 | 529 => (Overloaded, Retry::Backoff),
        504 => (Timeout, Retry::Backoff),
        _ => (Server, Retry::Backoff),
    }
}
