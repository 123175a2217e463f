//! Answers and previews as JSON, for programs.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::ask::Footer;
use crate::gate::Preview;

/// What became of a question.
#[derive(Debug, Default)]
pub struct Report {
    pub answer: String,
    pub notices: Vec<String>,
    pub footer: Option<Footer>,
    /// Why there is no answer.
    pub problem: Option<String>,
}

impl Report {
    /// Money in pico-dollars.
    pub fn json(&self) -> Value {
        let mut report = json!({ "answer": self.answer, "notices": self.notices, "problem": self.problem });
        if let Some(footer) = &self.footer {
            report["answeredBy"] = json!(footer.answered_by);
            report["isCloud"] = json!(footer.is_cloud);
            report["leftMachine"] = json!(footer.has_left);
            report["routeReason"] = json!(footer.route_reason);
            report["usage"] = json!(footer.usage);
            report["cost"] = json!(footer.cost);
            report["costIs"] = json!(footer.cost_is);
            report["files"] = json!(footer.files);
            report["redactions"] = json!(footer.redactions);
            report["cited"] = json!(footer.cited);
            report["unverified"] = json!(footer.unverified);
            report["elapsedMs"] = json!(footer.elapsed_ms);
            report["incomplete"] = json!(footer.incomplete);
            report["lowered"] = json!(footer.lowered);
            report["thread"] = json!(footer.thread);
            report["diff"] = json!(footer.diff.as_ref().map(|diff| &diff.text));
            report["diffProblem"] = json!(footer.diff.as_ref().and_then(|diff| diff.problem.as_ref()));
        }
        report
    }
}

/// Money in pico-dollars, tokens at least and at most.
pub fn preview(preview: &Preview, texts: &[Arc<str>]) -> Value {
    json!({
        "provider": preview.provider,
        "host": preview.host,
        "model": preview.model,
        "isLocal": preview.is_local,
        "files": preview.manifest.files,
        "bytes": preview.manifest.bytes,
        "redactions": preview.manifest.redactions,
        "inputTokens": preview.input_tokens,
        "maxOutputTokens": preview.max_output_tokens,
        "lowered": preview.lowered.as_ref().map(ToString::to_string),
        "cost": preview.cost,
        "texts": texts,
    })
}
