//! Recorded answers, cut at every place, and answers that are none.

use proptest::prelude::*;

use super::*;

/// llama-server b11669 with `n_probs` and `timings_per_token`; the settings in the last message are left out.
const LLAMA: &str = concat!(
    r##"data: {"index":0,"content":"#","tokens":[2],"stop":false,"id_slot":-1,"tokens_predicted":1,"tokens_evaluated":28,"timings":{"cache_n":5,"prompt_n":23,"prompt_ms":39.966,"predicted_n":1,"predicted_ms":0.001},"completion_probabilities":[{"id":2,"token":"#","bytes":[35],"logprob":-2.1789634227752686,"top_logprobs":[{"id":2,"token":"#","bytes":[35],"logprob":-2.1789634227752686},{"id":198,"token":"\n","bytes":[10],"logprob":-2.273663282394409},{"id":1462,"token":"AR","bytes":[65,82],"logprob":-2.5152385234832764}]}]}"##,
    "\n\n",
    r##"data: {"index":0,"content":"![","tokens":[1807],"stop":false,"completion_probabilities":[{"id":1807,"token":"![","bytes":[33,91],"logprob":-1.8937898874282837,"top_logprobs":[]}]}"##,
    "\n\n",
    r##"data: {"index":0,"content":"","tokens":[],"id_slot":0,"stop":true,"model":"models/starter.gguf","tokens_predicted":2,"tokens_evaluated":28,"has_new_line":false,"truncated":false,"stop_type":"limit","stopping_word":"","tokens_cached":31,"timings":{"cache_n":5,"prompt_n":23,"prompt_ms":39.966,"predicted_n":2,"predicted_ms":17.25}}"##,
    "\n\n",
);

/// llama-server's `/v1/completions`, the same run.
const COMPLETIONS: &str = concat!(
    r#"data: {"choices":[{"text":"1","index":0,"logprobs":{"content":[{"id":16,"token":"1","bytes":[49],"logprob":-0.20671047270298004,"top_logprobs":[{"id":16,"token":"1","bytes":[49],"logprob":-0.20671047270298004},{"id":17,"token":"2","bytes":[50],"logprob":-3.2004735469818115}]}]},"finish_reason":null}],"created":1795899631,"model":"models/starter.gguf","object":"text_completion","id":"chatcmpl-S9"}"#,
    "\n\n",
    r#"data: {"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"length"}],"object":"text_completion","usage":{"completion_tokens":1,"prompt_tokens":23,"total_tokens":24,"prompt_tokens_details":{"cached_tokens":4}},"id":"chatcmpl-S9"}"#,
    "\n\ndata: [DONE]\n\n",
);

/// llama-server's `/v1/chat/completions`.
const CHAT: &str = concat!(
    r#"data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"object":"chat.completion.chunk"}"#,
    "\n\n",
    r#"data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"h"}}],"object":"chat.completion.chunk"}"#,
    "\n\n",
    r#"data: {"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"object":"chat.completion.chunk"}"#,
    "\n\ndata: [DONE]\n\n",
);

/// As Ollama's docs/api.md has it.
const OLLAMA: &str = concat!(
    r#"{"model":"m","created_at":"2026-11-01T10:00:00Z","response":"a","done":false}"#,
    "\n",
    r#"{"model":"m","created_at":"2026-11-01T10:00:00Z","response":"b","done":false}"#,
    "\n",
    r#"{"model":"m","response":"","done":true,"done_reason":"stop","total_duration":9000000,"prompt_eval_count":26,"prompt_eval_duration":3000000,"eval_count":2,"eval_duration":4000000}"#,
    "\n",
);

/// vLLM's older lists of probabilities, and its own last message with counts.
const VLLM: &str = concat!(
    r#"data: {"id":"cmpl-1","object":"text_completion","choices":[{"index":0,"text":" b","logprobs":{"text_offset":[0],"token_logprobs":[-0.25],"tokens":[" b"],"top_logprobs":[{" b":-0.25," c":-2.5," a":-1.5}]},"finish_reason":null}],"usage":null}"#,
    "\n\n",
    r#"data: {"id":"cmpl-1","object":"text_completion","choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"stop","stop_reason":null}]}"#,
    "\n\n",
    r#"data: {"id":"cmpl-1","object":"text_completion","choices":[],"usage":{"prompt_tokens":9,"total_tokens":10,"completion_tokens":1}}"#,
    "\n\ndata: [DONE]\n\n",
);

const TABBY: &str = r#"{"id":"cmpl-1","choices":[{"index":0,"text":"b\n"}]}"#;

fn read_in(text: &str, size: usize) -> Result<Vec<Told>, Garbage> {
    let (mut reader, mut told) = (Reader::default(), Vec::new());
    for piece in text.as_bytes().chunks(size.max(1)) {
        reader.push(piece, &mut told)?;
    }
    reader.finish(&mut told)?;
    Ok(told)
}

fn read_all(text: &str) -> Vec<Told> {
    let whole = read_in(text, text.len()).unwrap_or_else(|error| panic!("{error}: {text}"));
    for size in [1, 2, 3, 7, 100] {
        assert_eq!(read_in(text, size).as_ref(), Ok(&whole), "in pieces of {size}");
    }
    whole
}

/// Text, end, counts (prompt, cached) and whether it is over.
fn summary(text: &str) -> (String, Option<End>, Option<(u32, u32)>, bool) {
    let told = read_all(text);
    let counts = told.iter().rev().find_map(|told| told.counts);
    (
        told.iter().map(|told| told.text.as_str()).collect(),
        told.iter().find_map(|told| told.end),
        counts.map(|counts| (counts.prompt.unwrap_or(0), counts.cached.unwrap_or(0))),
        told.last().is_some_and(|told| told.is_last),
    )
}

#[test]
fn each_servers_stream_is_read() {
    let said = |text: &str, end, counts, last| (text.to_owned(), Some(end), counts, last);
    assert_eq!(summary(LLAMA), said("#![", End::Length, Some((28, 5)), true));
    assert_eq!(summary(COMPLETIONS), said("1", End::Length, Some((23, 4)), true));
    assert_eq!(summary(CHAT), said("h", End::Complete, None, true));
    assert_eq!(summary(OLLAMA), said("ab", End::Complete, Some((26, 0)), true));
    assert_eq!(summary(VLLM), said(" b", End::Complete, Some((9, 0)), true));
    assert_eq!(summary(TABBY), said("b\n", End::Complete, None, true));
}

#[test]
fn probabilities_come_with_their_bytes_and_the_first_with_others() {
    let llama = read_all(LLAMA);
    assert_eq!(llama[0].tokens, [Scored { bytes: b"#".to_vec(), logprob: -2.178_963_4 }]);
    let names = |told: &Told| told.alternatives.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>();
    assert_eq!(names(&llama[0]), ["\n", "AR"]);
    assert_eq!(llama[0].counts.and_then(|counts| counts.prefill_us), Some(39_966));
    let vllm = read_all(VLLM);
    assert_eq!((vllm[0].tokens[0].logprob, names(&vllm[0])), (-0.25, vec![" a".to_owned(), " c".to_owned()]));
}

#[test]
fn an_error_may_come_in_any_form_and_ends_it() {
    for text in [
        "data: {\"error\":{\"code\":500,\"message\":\"out of memory\",\"type\":\"server_error\"}}\n\n",
        "error: {\"code\":500,\"error\":{\"message\":\"out of memory\"}}\n\n",
        "{\"error\":\"out of memory\"}\n",
        "data: {\"object\":\"error\",\"message\":\"out of memory\",\"code\":500}\n\n",
    ] {
        let told = read_all(&format!("{text}{text}"));
        assert_eq!(told.len(), 1, "{text}");
        assert_eq!(told[0].error.as_deref(), Some("out of memory"), "{text}");
    }
}

#[test]
fn what_is_no_answer_is_refused_in_bounded_memory() {
    assert_eq!(read_in("<!DOCTYPE html><html>sign in</html>\n", 9), Err(Garbage::WebPage));
    assert_eq!(read_in("data: not json\n\n", 3), Err(Garbage::NotJson));
    assert_eq!(read_in("data: {\"cut\": \n\n", 3), Err(Garbage::NotJson));
    assert_eq!(read_in(&"x".repeat(3 * MAX_LINE), 4096), Err(Garbage::EndlessLine));
    assert_eq!(read_in(&"\n".repeat(MAX_ANSWER + 2), 1 << 20), Err(Garbage::EndlessAnswer));
    assert_eq!(read_in("", 1), Ok(Vec::new()));
    let absurd = r#"data: {"choices":[{"text":7,"logprobs":{"tokens":[1],"token_logprobs":["x"],"content":[{"bytes":[999]}]}}],"usage":{"prompt_tokens":99999999999}}"#;
    assert_eq!(read_all(&format!("{absurd}\n\n")).first().map(|told| told.tokens.len()), Some(0));
}

#[test]
fn a_document_laid_out_for_people_is_one_message() {
    let told = read_all("{\n  \"choices\": [\n    { \"index\": 0, \"text\": \"b\" }\n  ]\n}\n");
    assert_eq!((told.len(), told[0].text.as_str(), told[0].is_last), (1, "b", true));
}

proptest! {
    #[test]
    fn nothing_makes_it_panic_and_pieces_do_not_matter(
        garbage in prop::collection::vec(any::<u8>(), 0..60),
        at in 0usize..600,
        size in 1usize..40,
    ) {
        let mut bytes = LLAMA.as_bytes().to_vec();
        let at = at.min(bytes.len());
        bytes.splice(at..at, garbage);
        let read = |size: usize| {
            let (mut reader, mut told) = (Reader::default(), Vec::new());
            let ended = bytes.chunks(size).try_for_each(|piece| reader.push(piece, &mut told)).and_then(|()| reader.finish(&mut told));
            (ended, told)
        };
        prop_assert_eq!(read(size), read(bytes.len().max(1)));
    }
}

#[test]
fn an_event_is_not_the_whole_answer_whatever_it_lacks() {
    let ends = |text: &str| {
        let told = read_in(text, 7).unwrap();
        told.iter().any(|told| told.is_last || told.end.is_some())
    };
    for event in [
        r#"{"choices":[{"text":"b"}]}"#,
        r#"{"choices":[{"index":0,"text":"b","finish_reason":null}]}"#,
        r#"{"choices":[{"message":{"content":"b"}}]}"#,
    ] {
        assert!(!ends(&format!("data: {event}\n\n")), "{event}");
        assert!(ends(&format!("data: {event}\n\ndata: [DONE]\n\n")), "{event}");
    }
    assert!(ends(TABBY), "a document is");
}

#[test]
fn an_answer_that_was_given_up_is_an_error() {
    for reason in ["error", "abort", "insufficient_system_resource", "content_filter"] {
        let text = format!("data: {{\"choices\":[{{\"text\":\"b\",\"finish_reason\":\"{reason}\"}}]}}\n\n");
        let told = read_in(&text, 9).unwrap();
        assert!(told[0].error.as_deref().is_some_and(|error| error.contains(reason)), "{told:?}");
        assert_eq!(told[0].end, None);
    }
    let told = read_in("data: {\"choices\":[{\"text\":\"b\",\"finish_reason\":\"model_length\"}]}\n\n", 9).unwrap();
    assert_eq!(told[0].end, Some(End::Length));
}
