//! `initialized`: the first moment at which the client may be asked something.

use std::sync::Arc;

use serde_json::Value;

use crate::lsp::announce::announce;
use crate::lsp::announce_index::announce_index;
use crate::lsp::announce_paid::announce_paid;
use crate::lsp::server::Server;

pub fn handle(server: &Server) {
    let features = server.features();
    let announcing = announce(Arc::new(server.client.clone()), server.session.status(), features.progress);
    tokio::spawn(server.stop.clone().run_until_cancelled_owned(announcing));
    tokio::spawn(server.stop.clone().run_until_cancelled_owned(server.session.follow_budget()));
    server.settings.index_from_now_on(features.watches_files);
    let indexing = announce_index(server.client.clone(), server.session.clone(), features.progress);
    tokio::spawn(server.stop.clone().run_until_cancelled_owned(indexing));
    let paying = announce_paid(server.client.clone(), server.session.clone());
    tokio::spawn(server.stop.clone().run_until_cancelled_owned(paying));
    if features.registers_configuration {
        server.client.register_for_settings();
    }
    if features.configuration {
        // The engine starts when the settings are known, or when it is clear that none will come.
        let settings = server.settings.clone();
        server.client.ask_for_settings(move |section| settings.start(section.unwrap_or(Value::Null)));
    } else {
        server.settings.start(Value::Null);
    }
}
