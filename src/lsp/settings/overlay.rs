//! What a client says beside its settings: an eagerness for now, and whether it trusts the folders.

use serde_json::{Value, json};

use crate::config::{Key, RouteChoice, Settings};
use crate::providers::{Endpoint, is_on_this_machine};

/// Not a setting: nobody could widen anything by it.
const IS_TRUSTED: &str = "isTrusted";

const EAGERNESS: &str = "completion.eagerness";

/// What `isTrusted` says, within `tandem` or beside it. A no in one of them is a no.
pub fn trust(value: &Value) -> Option<bool> {
    let said = [value.get(IS_TRUSTED), value.get("tandem").and_then(|ours| ours.get(IS_TRUSTED))];
    said.into_iter().flatten().filter_map(Value::as_bool).reduce(|one, other| one && other)
}

pub fn without_trust(mut editor: Value) -> Value {
    if let Some(fields) = editor.as_object_mut() {
        fields.remove(IS_TRUSTED);
    }
    editor
}

/// The editor's own eagerness, however it is nested.
pub fn eagerness(editor: &Value) -> Option<Value> {
    editor.get(EAGERNESS).or_else(|| editor.get("completion")?.get("eagerness")).cloned()
}

/// Puts an eagerness in the place of the editor's own.
pub fn set_eagerness(editor: &mut Value, eagerness: &Value) {
    if !editor.is_object() {
        *editor = json!({});
    }
    if let Some(fields) = editor.as_object_mut() {
        if let Some(nested) = fields.get_mut("completion").and_then(Value::as_object_mut) {
            nested.remove("eagerness");
        }
        fields.insert(EAGERNESS.to_owned(), eagerness.clone());
    }
}

/// An error says what an eagerness is.
pub fn check_eagerness(eagerness: &Value) -> Result<(), String> {
    let Some(key) = Key::find(EAGERNESS) else { return Err(format!("there is no setting `{EAGERNESS}`")) };
    if key.kind.admits(eagerness) { Ok(()) } else { Err(format!("{eagerness} is not {}", key.kind.expected())) }
}

/// Takes away what could leave this machine. A server on this machine goes on, so that its answers do.
pub fn keep_here(settings: &mut Settings) {
    let cloud = &mut settings.cloud;
    cloud.enabled = false;
    if !matches!(Endpoint::chosen(cloud), Ok(Some(endpoint)) if endpoint.is_on_this_machine()) {
        cloud.provider.clear();
    }
    settings.ask.route = RouteChoice::Local;
    settings.completion.cloud = false;
    let server = &mut settings.engine.server;
    if !is_on_this_machine(&server.url) {
        server.url.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProviderSettings;

    #[test]
    fn a_no_in_one_place_is_a_no() {
        for (value, expected) in [
            (json!({ "isTrusted": false }), Some(false)),
            (json!({ "tandem": { "isTrusted": false }, "isTrusted": true }), Some(false)),
            (json!({ "tandem": { "isTrusted": true } }), Some(true)),
            (json!({ "isTrusted": "no" }), None),
            (json!({}), None),
            (Value::Null, None),
        ] {
            assert_eq!(trust(&value), expected, "{value}");
        }
        assert_eq!(without_trust(json!({ "isTrusted": false, "completion": {} })), json!({ "completion": {} }));
    }

    #[test]
    fn an_eagerness_for_now_stands_in_the_place_of_the_editors() {
        for mut editor in [
            json!({ "completion": { "eagerness": "low" } }),
            json!({ "completion.eagerness": 3, "completion": { "maxLines": 2 } }),
            Value::Null,
        ] {
            set_eagerness(&mut editor, &json!("high"));
            assert_eq!(eagerness(&editor), Some(json!("high")), "{editor}");
            assert_eq!(editor.pointer("/completion/eagerness"), None, "{editor}");
        }
        for (wanted, is_one) in [(json!("low"), true), (json!(100), true), (json!(101), false), (json!("much"), false)]
        {
            assert_eq!(check_eagerness(&wanted).is_ok(), is_one, "{wanted}");
        }
    }

    #[test]
    fn what_the_editor_does_not_trust_is_kept_on_this_machine() {
        let kept = |address: &str| {
            let mut settings = Settings::default();
            settings.cloud.enabled = true;
            settings.cloud.provider = "mine".to_owned();
            let provider = ProviderSettings {
                kind: Some(crate::config::ProviderKind::OpenAiChat),
                base_url: Some(address.to_owned()),
                is_local: Some(true),
                ..ProviderSettings::default()
            };
            settings.cloud.providers.insert("mine".to_owned(), provider);
            settings.ask.route = RouteChoice::Cloud;
            keep_here(&mut settings);
            (settings.cloud.enabled, settings.ask.route, settings.cloud.provider)
        };
        assert_eq!(kept("http://127.0.0.1:8080/v1"), (false, RouteChoice::Local, "mine".to_owned()));
        assert_eq!(kept("https://gpu.example.com/v1"), (false, RouteChoice::Local, String::new()));
    }

    #[test]
    fn what_is_typed_stays_on_this_machine_too() {
        let kept = |address: &str| {
            let mut settings = Settings::default();
            settings.completion.cloud = true;
            settings.engine.server.url = address.to_owned();
            settings.engine.server.is_local = Some(true);
            keep_here(&mut settings);
            (settings.completion.cloud, settings.engine.server.url)
        };
        for here in ["http://127.0.0.1:8080", "localhost:11434", " http://[::1]:8012/v1 "] {
            assert_eq!(kept(here), (false, here.to_owned()), "{here}");
        }
        for elsewhere in
            ["https://gpu.example.com", "http://10.0.0.5:8080", "http://127.1:8080", "localhost.example:1", "?"]
        {
            assert_eq!(kept(elsewhere), (false, String::new()), "{elsewhere}");
        }
    }
}
