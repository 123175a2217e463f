//! The sentences that explain silence, all of them: what happened, and what changes it.

use super::*;

/// One of each. A new reason does not compile before it has a place here.
fn all() -> Vec<Reason> {
    let text = |text: &str| text.to_owned();
    let reasons = vec![
        Reason::Disabled,
        Reason::LanguageDisabled(text("rust")),
        Reason::PathDisabled { path: text("docs/a.md"), pattern: text("*.md") },
        Reason::Paused { minutes_left: Some(12) },
        Reason::Paused { minutes_left: Some(1) },
        Reason::Paused { minutes_left: None },
        Reason::Manual,
        Reason::UnknownDocument,
        Reason::DocumentTooLarge { bytes: 5_000_000, limit: 4_194_304 },
        Reason::LineTooLong { bytes: 3_000 },
        Reason::InComment,
        Reason::InString,
        Reason::MidLine,
        Reason::NothingToSay,
        Reason::NoModel,
        Reason::ModelLoading { percent: 40 },
        Reason::ModelFailed(text("m.gguf is no model; set engine.model")),
        Reason::ModelAsleep(text(
            "it was not used for 30 minutes (engine.unloadMinutes); the next request loads it again",
        )),
        Reason::OutOfTime { ms: 1_500 },
        Reason::LowConfidence { confidence_percent: 20, threshold_percent: 25 },
        Reason::Doubtful,
        Reason::Repeats,
        Reason::BelowLine,
        Reason::BreaksSyntax,
        Reason::NotCode,
        Reason::NotSelected,
        Reason::Stale,
        Reason::Cancelled,
        Reason::EngineFailed(text("the engine host is gone; it is being started again")),
    ];
    for reason in &reasons {
        match reason {
            Reason::Disabled
            | Reason::LanguageDisabled(_)
            | Reason::PathDisabled { .. }
            | Reason::Paused { .. }
            | Reason::Manual
            | Reason::UnknownDocument
            | Reason::DocumentTooLarge { .. }
            | Reason::LineTooLong { .. }
            | Reason::InComment
            | Reason::InString
            | Reason::MidLine
            | Reason::NothingToSay
            | Reason::NoModel
            | Reason::ModelLoading { .. }
            | Reason::ModelFailed(_)
            | Reason::ModelAsleep(_)
            | Reason::OutOfTime { .. }
            | Reason::LowConfidence { .. }
            | Reason::Doubtful
            | Reason::Repeats
            | Reason::BelowLine
            | Reason::BreaksSyntax
            | Reason::NotCode
            | Reason::NotSelected
            | Reason::Stale
            | Reason::Cancelled
            | Reason::EngineFailed(_) => {}
        }
    }
    reasons
}

#[test]
fn every_silence_has_a_sentence() {
    let sentences: Vec<String> = all().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(sentences.join("\n"), @r"
    completions are switched off (completion.enabled)
    completions are switched off for rust (completion.disabledLanguages)
    completions are switched off for docs/a.md by the pattern `*.md` (completion.disabledPaths)
    suggestions are paused for 12 more minutes: the command tandem.resume ends that, and your key asks meanwhile
    suggestions are paused for one more minute: the command tandem.resume ends that, and your key asks meanwhile
    suggestions are paused until they are resumed: the command tandem.resume ends that, and your key asks meanwhile
    only your key asks for suggestions (completion.trigger is `manual`)
    the editor asked about a document that it has not opened here; close it and open it again
    the document has 5000000 bytes, the limit is 4194304 (completion.maxDocumentBytes)
    the cursor's line has 3000 bytes, and above 2000 it is taken for generated or minified text; break the line to get suggestions in it
    the cursor is in a comment (completion.inComments)
    the cursor is in a string (completion.inStrings)
    there is text right of the cursor; ask explicitly to complete here
    neither the model nor the lookup engine had a continuation; a larger model (engine.model) has more
    the lookup engine knows no continuation, and no model is asked (engine.choice is `lookup`, or this build has no llama.cpp)
    the lookup engine knows no continuation, and the model is still loading (40 %); wait a moment
    the lookup engine knows no continuation, and the model cannot be asked: m.gguf is no model; set engine.model
    the lookup engine knows no continuation, and the model sleeps: it was not used for 30 minutes (engine.unloadMinutes); the next request loads it again
    the model had written nothing after 1500 ms, and an editor is not kept waiting longer; the next request here goes on from there, a smaller model (engine.model) or prompt (completion.prefixTokens, completion.snippetTokens) is quicker
    confidence 20 % is below 25 % (completion.eagerness)
    the model was far from sure in this word, so it is not asked again before the word ends; type on, or ask by key
    everything generated repeats the text around the cursor; it has nothing to add here
    what was generated begins on the next line, and here only the rest of the cursor's line is wanted (completion.maxLines, or the syntax around the cursor); begin that line, or ask by key
    accepting what was generated would add a syntax error; type on, and the next may fit
    the model wrote about code instead of code; one that is trained to fill in the middle does not (engine.model)
    what was written does not go on from the selected item of the completion menu; close the menu to see it
    the document changed, or a newer request came, before the answer was there; the newest is answered
    the editor cancelled the request before the answer was there; type on, or ask by key
    the engine host is gone; it is being started again
    ");
}

/// A setting, a command, a key, or what the user does next.
#[test]
fn every_sentence_names_what_changes_it() {
    let ways_out = [
        "completion.",
        "engine.",
        "index.",
        "tandem.resume",
        "ask explicitly",
        "open it again",
        "break the line",
        "wait a moment",
        "type on",
        "close the menu",
        "nothing to add here",
        "the newest is answered",
        "started again",
    ];
    for reason in all() {
        let sentence = reason.to_string();
        assert!(ways_out.iter().any(|way| sentence.contains(way)), "no way out: {sentence}");
    }
}

#[test]
fn settings_that_are_named_exist() {
    for sentence in all().iter().map(ToString::to_string) {
        let words = sentence.split(|character: char| !character.is_alphanumeric() && character != '.');
        let named = words
            .map(|word| word.trim_end_matches('.'))
            .filter(|word| ["completion.", "engine.", "index."].iter().any(|group| word.starts_with(group)));
        for key in named {
            assert!(crate::config::Key::find(key).is_some(), "{key}: {sentence}");
        }
    }
}

#[test]
fn reasons_travel() {
    for reason in all() {
        let wire = serde_json::to_string(&reason).expect("JSON");
        assert_eq!(serde_json::from_str::<Reason>(&wire).expect("JSON"), reason, "{wire}");
    }
}
