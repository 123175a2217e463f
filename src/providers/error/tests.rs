//! The whole table of errors: what providers answer, and what it means.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::config::ProviderSettings;

use ErrorClass::*;
use ProviderKind::*;

const NEVER: Retry = Retry::Never;
const BACKOFF: Retry = Retry::Backoff;

const fn after(seconds: u64) -> Retry {
    Retry::After(Duration::from_secs(seconds))
}

fn endpoint(kind: ProviderKind) -> Endpoint {
    let settings = ProviderSettings {
        kind: Some(kind),
        base_url: matches!(kind, Azure | Compatible).then(|| "https://ours.example".to_owned()),
        region: Some("eu-central-1".to_owned()),
        ..ProviderSettings::default()
    };
    Endpoint::of("it", &settings).unwrap()
}

/// Headers as `name: value` lines.
fn error(kind: ProviderKind, status: u16, headers: &str, body: &[u8]) -> ProviderError {
    let headers: Vec<_> = headers
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    error_of(&endpoint(kind), Answer { status, headers: &headers, body }, SystemTime::UNIX_EPOCH)
}

type Row = (ProviderKind, u16, &'static str, &'static str, ErrorClass, Retry);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // HTTP's numbers alone, as any gateway may answer.
    (Compatible, 302, "", "", Protocol, NEVER),
    (Compatible, 400, "", "", BadRequest, NEVER),
    (Compatible, 401, "", "", Auth, NEVER),
    (Compatible, 402, "", "", NoCredit, NEVER),
    (Compatible, 403, "", "", Permission, NEVER),
    (Compatible, 404, "", "", NotFound, NEVER),
    (Compatible, 405, "", "", BadRequest, NEVER),
    (Compatible, 408, "", "", Timeout, BACKOFF),
    (Compatible, 409, "", "", Server, BACKOFF),
    (Compatible, 413, "", "", TooLarge, NEVER),
    (Compatible, 415, "", "", BadRequest, NEVER),
    (Compatible, 418, "", "", BadRequest, NEVER),
    (Compatible, 422, "", "", BadRequest, NEVER),
    (Compatible, 424, "", "", Server, Retry::Once),
    (Compatible, 429, "", "", RateLimited, BACKOFF),
    (Compatible, 429, "retry-after: 7", "", RateLimited, after(7)),
    // A cancel that is not ours.
    (Compatible, 499, "", "", Server, BACKOFF),
    (Gemini, 499, "", r#"{"error":{"code":499,"message":"The operation was cancelled.","status":"CANCELLED"}}"#, Server, BACKOFF),
    (Gemini, 200, "", r#"{"error":{"message":"The operation was cancelled.","status":"CANCELLED"}}"#, Server, BACKOFF),
    (Compatible, 500, "", "", Server, BACKOFF),
    (Compatible, 501, "", "", Server, NEVER),
    (Compatible, 502, "", "<html><h1>502 Bad Gateway</h1></html>", Server, BACKOFF),
    (Compatible, 503, "retry-after: 20", "<html>", Overloaded, after(20)),
    (Compatible, 504, "", "upstream request timeout", Timeout, BACKOFF),
    (Compatible, 529, "", "", Overloaded, BACKOFF),
    (Compatible, 599, "", "", Server, BACKOFF),
    (Compatible, 200, "", "<html>welcome</html>", Protocol, NEVER),
    (Compatible, 200, "", "", Protocol, NEVER),
    (Compatible, 200, "", r#"{"id":"x","object":"chat.completion","type":"message","choices":[]}"#, Protocol, NEVER),
    (Compatible, 200, "", r#"{"error":{"message":"x","type":"server_error"}}"#, Server, BACKOFF),
    // Anthropic.
    (Anthropic, 400, "", r#"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: required"},"request_id":"req_1"}"#, BadRequest, NEVER),
    (Anthropic, 400, "", r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 1200000 tokens > 1000000 maximum"}}"#, ContextOverflow, NEVER),
    (Anthropic, 400, "", r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}"#, NoCredit, NEVER),
    (Anthropic, 400, "", r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-12-01."}}"#, SpendLimit, NEVER),
    (Anthropic, 400, "", r#"{"type":"error","error":{"type":"invalid_request_error","message":"held","details":{"error_code":"organization_on_hold"}}}"#, Permission, NEVER),
    (Anthropic, 401, "", r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#, Auth, NEVER),
    (Anthropic, 402, "", r#"{"type":"error","error":{"type":"billing_error","message":"no credit"}}"#, NoCredit, NEVER),
    (Anthropic, 402, "", r#"{"type":"error","error":{"type":"billing_error","message":"x","details":{"error_code":"linked_organization_spend_limit_reached"}}}"#, SpendLimit, NEVER),
    (Anthropic, 402, "", r#"{"type":"error","error":{"type":"billing_error","message":"x","details":{"error_code":"linked_organization_billing_unavailable"}}}"#, NoCredit, NEVER),
    (Anthropic, 403, "", r#"{"type":"error","error":{"type":"permission_error","message":"no"}}"#, Permission, NEVER),
    (Anthropic, 404, "", r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-9"}}"#, NotFound, NEVER),
    (Anthropic, 413, "", r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#, TooLarge, NEVER),
    (Anthropic, 429, "retry-after: 12", r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}"#, RateLimited, after(12)),
    (Anthropic, 429, "retry-after: 12", r#"{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}"#, SpendLimit, NEVER),
    (Anthropic, 429, "", r#"{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"contract_spend_limit_reached"}}}"#, SpendLimit, NEVER),
    (Anthropic, 429, "", r#"{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"ramp_limit_exceeded"}}}"#, RateLimited, after(10)),
    (Anthropic, 429, "retry-after: 30", r#"{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"ramp_limit_exceeded"}}}"#, RateLimited, after(30)),
    (Anthropic, 500, "", r#"{"type":"error","error":{"type":"api_error","message":"Internal server error"}}"#, Server, BACKOFF),
    (Anthropic, 500, "x-should-retry: false", r#"{"type":"error","error":{"type":"api_error","message":"x"}}"#, Server, NEVER),
    (Anthropic, 504, "", r#"{"type":"error","error":{"type":"timeout_error","message":"x"}}"#, Timeout, BACKOFF),
    (Anthropic, 529, "x-should-retry: true", r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, Overloaded, BACKOFF),
    // OpenAI.
    (OpenAi, 400, "", r#"{"error":{"message":"Your input exceeds the context window of this model.","type":"invalid_request_error","param":"input","code":"context_length_exceeded"}}"#, ContextOverflow, NEVER),
    (OpenAi, 400, "", r#"{"error":{"message":"Unsupported parameter: 'temperature'","type":"invalid_request_error","param":"temperature","code":"unsupported_parameter"}}"#, BadRequest, NEVER),
    (OpenAi, 400, "x-should-retry: true", r#"{"error":{"message":"x","type":"invalid_request_error","param":null,"code":null}}"#, BadRequest, BACKOFF),
    (OpenAi, 401, "", r#"{"error":{"message":"Incorrect API key provided: sk-proj-****abcd.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#, Auth, NEVER),
    (OpenAi, 403, "", r#"{"error":{"message":"Country, region, or territory not supported","type":"request_forbidden","param":null,"code":"unsupported_country_region_territory"}}"#, Permission, NEVER),
    (OpenAi, 404, "", r#"{"error":{"message":"The model `gpt-9` does not exist","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#, NotFound, NEVER),
    (OpenAi, 429, "retry-after-ms: 1500\nretry-after: 2", r#"{"error":{"message":"Rate limit reached","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#, RateLimited, Retry::After(Duration::from_millis(1500))),
    (OpenAi, 429, "", r#"{"error":{"message":"x","type":"rate_limit_error","param":null,"code":"slow_down"}}"#, RateLimited, after(10)),
    (OpenAi, 503, "", r#"{"error":{"message":"x","type":"server_error","param":null,"code":"slow_down"}}"#, RateLimited, after(10)),
    (OpenAi, 429, "x-should-retry: true\nretry-after: 5", r#"{"error":{"message":"x","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#, NoCredit, NEVER),
    (OpenAi, 429, "", r#"{"error":{"message":"x","type":"insufficient_quota","param":null,"code":"credit_balance_exhausted"}}"#, NoCredit, NEVER),
    (OpenAi, 429, "", r#"{"error":{"message":"x","type":"insufficient_quota","param":null,"code":"organization_spend_limit_exceeded"}}"#, SpendLimit, NEVER),
    (OpenAiChat, 429, "", r#"{"error":{"message":"x","type":"insufficient_quota","param":null,"code":"project_spend_limit_exceeded"}}"#, SpendLimit, NEVER),
    (OpenAiChat, 429, "", r#"{"error":{"message":"x","type":"insufficient_quota","param":null,"code":"organization_usage_limit_exceeded"}}"#, SpendLimit, NEVER),
    (OpenAiChat, 503, "", r#"{"error":{"message":"x","type":"service_unavailable_error","param":null,"code":"server_is_overloaded"}}"#, Overloaded, BACKOFF),
    // Gemini.
    (Gemini, 400, "", r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#, Auth, NEVER),
    (Gemini, 400, "", r#"{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}"#, Permission, NEVER),
    (Gemini, 400, "", r#"{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}"#, ContextOverflow, NEVER),
    (Gemini, 400, "", r#"[{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}]"#, BadRequest, NEVER),
    (Gemini, 402, "", r#"{"error":{"code":402,"message":"no credit","status":"RESOURCE_EXHAUSTED"}}"#, NoCredit, NEVER),
    (Gemini, 403, "", r#"{"error":{"code":403,"message":"x","status":"PERMISSION_DENIED"}}"#, Permission, NEVER),
    (Gemini, 404, "", r#"{"error":{"code":404,"message":"models/x is not found","status":"NOT_FOUND"}}"#, NotFound, NEVER),
    (Gemini, 429, "", r#"{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"21s"}]}}"#, RateLimited, after(21)),
    (Gemini, 429, "retry-after: 3", r#"{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"21s"}]}}"#, RateLimited, after(3)),
    (Gemini, 429, "", r#"{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},{"retryDelay":"21s"}]}}"#, RateLimited, NEVER),
    (Gemini, 500, "", r#"{"error":{"code":500,"message":"x","status":"INTERNAL"}}"#, Server, BACKOFF),
    (Gemini, 503, "", r#"{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}"#, Overloaded, BACKOFF),
    (Gemini, 504, "", r#"{"error":{"code":504,"message":"x","status":"DEADLINE_EXCEEDED"}}"#, Timeout, BACKOFF),
    // Bedrock.
    (Bedrock, 400, "x-amzn-errortype: ValidationException:http://internal.amazon.com/coral/", r#"{"message":"Input is too long for requested model."}"#, ContextOverflow, NEVER),
    (Bedrock, 400, "x-amzn-errortype: ValidationException", r#"{"message":"The provided model identifier is invalid."}"#, BadRequest, NEVER),
    (Bedrock, 400, "x-amzn-ErrorType: ServiceQuotaExceededException", r#"{"message":"x"}"#, SpendLimit, NEVER),
    (Bedrock, 403, "x-amzn-errortype: AccessDeniedException", r#"{"Message":"x"}"#, Permission, NEVER),
    (Bedrock, 403, "x-amzn-errortype: UnrecognizedClientException", r#"{"message":"The security token included in the request is invalid."}"#, Auth, NEVER),
    (Bedrock, 403, "", r#"{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"x"}"#, Auth, NEVER),
    (Bedrock, 403, "x-amzn-errortype: InvalidSignatureException", r#"{"message":"Signature expired"}"#, Auth, NEVER),
    (Bedrock, 404, "x-amzn-errortype: ResourceNotFoundException", r#"{"message":"x"}"#, NotFound, NEVER),
    (Bedrock, 408, "x-amzn-errortype: ModelTimeoutException", r#"{"message":"x"}"#, Timeout, BACKOFF),
    (Bedrock, 424, "x-amzn-errortype: ModelErrorException", r#"{"message":"x"}"#, Server, Retry::Once),
    (Bedrock, 429, "x-amzn-errortype: ThrottlingException", r#"{"message":"Too many requests"}"#, RateLimited, BACKOFF),
    (Bedrock, 429, "x-amzn-errortype: ThrottlingException", r#"{"message":"Too many tokens per day, please wait before trying again."}"#, RateLimited, NEVER),
    (Bedrock, 429, "x-amzn-errortype: ModelNotReadyException", r#"{"message":"x"}"#, Overloaded, BACKOFF),
    (Bedrock, 500, "x-amzn-errortype: InternalServerException", r#"{"message":"x"}"#, Server, BACKOFF),
    (Bedrock, 503, "x-amzn-errortype: ServiceUnavailableException", r#"{"message":"x"}"#, Overloaded, BACKOFF),
    // Azure.
    (Azure, 400, "", r#"{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{}}}}"#, BadRequest, NEVER),
    (Azure, 401, "", r#"{"statusCode":401,"message":"Access denied due to invalid subscription key"}"#, Auth, NEVER),
    (Azure, 404, "", r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}"#, NotFound, NEVER),
    (Azure, 429, "retry-after-ms: 250\nretry-after: 1", r#"{"error":{"code":"429","message":"Requests have exceeded the call rate limit"}}"#, RateLimited, Retry::After(Duration::from_millis(250))),
    (Azure, 429, "", r#"{"error":{"code":"insufficient_quota","message":"x"}}"#, NoCredit, NEVER),
    // OpenRouter.
    (OpenRouter, 402, "", r#"{"error":{"code":402,"message":"Insufficient credits"}}"#, NoCredit, NEVER),
    (OpenRouter, 402, "retry-after: 4", r#"{"error":{"code":402,"message":"x","metadata":{"limit_source":"openrouter_in_flight_budget"}}}"#, RateLimited, after(4)),
    (OpenRouter, 403, "", r#"{"error":{"code":403,"message":"flagged","metadata":{"reasons":["x"],"flagged_input":"our code"}}}"#, Permission, NEVER),
    (OpenRouter, 408, "", r#"{"error":{"code":408,"message":"x"}}"#, Timeout, BACKOFF),
    (OpenRouter, 429, "", r#"{"error":{"code":429,"message":"Rate limit exceeded: free-models-per-min"}}"#, RateLimited, BACKOFF),
    (OpenRouter, 429, "", r#"{"error":{"code":429,"message":"Rate limit exceeded: free-models-per-day"}}"#, RateLimited, NEVER),
    (OpenRouter, 502, "", r#"{"error":{"code":502,"message":"Provider returned error"}}"#, Server, BACKOFF),
    (OpenRouter, 503, "", r#"{"error":{"code":503,"message":"No provider fits"}}"#, Overloaded, BACKOFF),
    (OpenRouter, 200, "", r#"{"error":{"code":429,"message":"x"}}"#, RateLimited, BACKOFF),
    (OpenRouter, 200, "", r#"{"error":{"code":402,"message":"x"}}"#, NoCredit, NEVER),
    // Mistral.
    (Mistral, 401, "", r#"{"message":"Unauthorized","request_id":"abc"}"#, Auth, NEVER),
    (Mistral, 401, "", r#"{"detail":"Unauthorized"}"#, Auth, NEVER),
    (Mistral, 400, "", r#"{"object":"error","message":"Prompt contains 300000 tokens and 0 draft tokens, too large for model with 131072 maximum context length","type":"invalid_request_prompt","param":null,"code":"3051"}"#, ContextOverflow, NEVER),
    (Mistral, 422, "", r#"{"detail":[{"type":"extra_forbidden","loc":["body","foo"],"msg":"Extra inputs are not permitted","input":"our code"}]}"#, BadRequest, NEVER),
    (Mistral, 422, "", r#"{"object":"error","message":{"detail":[{"loc":["body"],"msg":"Field required","input":"our code"}]},"type":"invalid_request_error","code":null}"#, BadRequest, NEVER),
    (Mistral, 429, "", r#"{"object":"error","message":"Service tier capacity exceeded for this model.","type":"invalid_request_error","param":null,"code":"3505"}"#, RateLimited, BACKOFF),
    // DeepSeek.
    (DeepSeek, 400, "", r#"{"error":{"message":"This model's maximum context length is 131072 tokens. However, you requested 140000 tokens","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}"#, ContextOverflow, NEVER),
    (DeepSeek, 402, "", r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}"#, NoCredit, NEVER),
    (DeepSeek, 429, "", r#"{"error":{"message":"x","type":"rate_limit_reached_error","param":null,"code":"invalid_request_error"}}"#, RateLimited, BACKOFF),
    (DeepSeek, 503, "", r#"{"error":{"message":"x","type":"server_overloaded","param":null,"code":null}}"#, Overloaded, BACKOFF),
    // Servers of one's own, and proxies.
    (Compatible, 400, "", r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#, ContextOverflow, NEVER),
    (Compatible, 503, "", r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#, Overloaded, BACKOFF),
    (Compatible, 404, "", r#"{"error":"model 'x' not found"}"#, NotFound, NEVER),
    (Compatible, 400, "", r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","param":null,"code":400}"#, ContextOverflow, NEVER),
    (Compatible, 400, "", r#"{"error":{"message":"Budget has been exceeded!","type":"budget_exceeded","param":null,"code":"400"}}"#, SpendLimit, NEVER),
];

#[test]
fn every_row_of_the_table() {
    for (kind, status, headers, body, class, retry) in TABLE {
        let error = error(*kind, *status, headers, body.as_bytes());
        assert_eq!((error.class, error.retry), (*class, *retry), "{kind:?} {status} {headers} {body}\n{error:?}");
        assert!(!error.message.contains("our code"), "{}", error.message);
        assert_ne!(error.status, None);
    }
}

#[test]
fn errors_say_what_happened_and_the_way_out() {
    let body = br#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"},"request_id":"req_7"}"#;
    let error = error(Anthropic, 401, "request-id: req_8", body);
    assert_eq!(
        error.to_string(),
        "`it` does not accept the key: renew it, or name another source of it (HTTP 401, authentication_error): \
         invalid x-api-key"
    );
    assert_eq!(error.request_id.as_deref(), Some("req_8"));
    assert_eq!(super::tests::error(Anthropic, 401, "", body).request_id.as_deref(), Some("req_7"));
}

#[test]
fn requests_have_the_names_that_their_providers_gave_them() {
    let id = |kind, header: &str| error(kind, 500, header, b"").request_id;
    for (kind, header) in [
        (Anthropic, "Request-Id: a1"),
        (OpenAi, "x-request-id: a1"),
        (Azure, "apim-request-id: a1"),
        (Azure, "x-request-id: a1"),
        (Bedrock, "x-amzn-RequestId: a1"),
        (Gemini, "x-goog-request-id: a1"),
        (OpenRouter, "X-Generation-Id: a1"),
        (Compatible, "x-request-id: a1"),
    ] {
        assert_eq!(id(kind, header).as_deref(), Some("a1"), "{kind:?} {header}");
    }
    assert_eq!(id(OpenAi, "x-request-id: two words\u{1b}[0m"), None);
}

#[test]
fn large_and_broken_bodies_are_not_read_to_the_end() {
    let large = format!(r#"{{"error":{{"message":"{}","type":"x"}}}}"#, "a ".repeat(5 << 20));
    let error = error(OpenAi, 500, "", large.as_bytes());
    assert_eq!(error.message, "something went wrong at `it`: try again later (HTTP 500)");
    let nested = "[".repeat(100_000);
    assert_eq!(super::tests::error(OpenAi, 500, "", nested.as_bytes()).class, Server);
    let binary = [0xff, 0xfe, 0x00, 0x1b];
    assert_eq!(super::tests::error(OpenAi, 500, "", &binary).class, Server);
}

#[test]
fn what_no_provider_told_is_an_error_like_the_others() {
    let error = ProviderError::new(&endpoint(OpenAi), Network, BACKOFF, "connection refused");
    assert_eq!(
        error.to_string(),
        "the connection to `it` failed: check the network and the provider's address (connection refused)"
    );
    assert_eq!(
        ProviderError::new(&endpoint(OpenAi), Cancelled, NEVER, "").to_string(),
        "the answer of `it` was cancelled"
    );
}

proptest! {
    #[test]
    fn any_answer_is_an_error_of_some_kind(
        status in 0u16..1000,
        headers in prop::collection::vec(("[a-z-]{0,20}|retry-after|retry-after-ms|x-amzn-errortype|x-should-retry", "\\PC{0,30}"), 0..4),
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "\\{\"error\":(\\{\"(code|type|message|details|metadata)\":(1|-1|null|\"\\PC{0,50}\"|\\[\\]|\\{\\})\\}|null|\\[1\\]|\"x\")\\}".prop_map(String::into_bytes),
        ],
    ) {
        for kind in [Anthropic, OpenAi, Gemini, Bedrock, Azure, OpenRouter, Mistral] {
            let error = error_of(&endpoint(kind), Answer { status, headers: &headers, body: &body }, SystemTime::UNIX_EPOCH);
            prop_assert!(error.message.chars().count() < 600);
            prop_assert!(!error.message.chars().any(char::is_control));
            prop_assert!(error.code.is_none_or(|code| code.len() <= 64 && code.is_ascii()));
        }
    }
}
