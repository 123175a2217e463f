//! `completionItem/resolve`: the documentation of an item, made from the item alone.

use serde_json::Value;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::Result;

pub fn handle(mut item: lsp::CompletionItem) -> Result<lsp::CompletionItem> {
    if item.documentation.is_none()
        && let (Some(lsp::CompletionItemTextEdit::TextEdit(edit)), Some(data)) = (&item.text_edit, &item.data)
    {
        let language = data.get("language").and_then(Value::as_str).unwrap_or_default();
        let markdown = data.get("markdown").and_then(Value::as_bool).unwrap_or_default();
        item.documentation = Some(documentation(&edit.new_text, language, markdown));
    }
    Ok(item)
}

/// The whole text as a code block, so that all lines can be read before one is accepted.
pub fn documentation(text: &str, language: &str, markdown: bool) -> lsp::Documentation {
    if !markdown {
        return lsp::Documentation::String(text.to_owned());
    }
    // A fence must be longer than any run of backticks inside.
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    // The client's word stands behind the fence, where a line break or backtick would end it.
    let language: String = language.chars().filter(|c| c.is_ascii_alphanumeric() || "+-#_.".contains(*c)).collect();
    let value = format!("{fence}{language}\n{text}\n{fence}");
    lsp::Documentation::MarkupContent(lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fence_is_longer_than_what_it_holds() {
        let lsp::Documentation::MarkupContent(content) = documentation("a\n````\nb", "ru`st\n", true) else {
            panic!("markdown was asked for");
        };
        assert_eq!(content.value, "`````rust\na\n````\nb\n`````");
    }
}
