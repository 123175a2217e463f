//! A report as headings, sentences and tables: the same for a terminal and for Markdown.

use super::report::Report;
use crate::cli::doctor::machine::size;
use crate::cli::eval::document::{Part, Table};
use crate::measure::{Change, Cold, ModelFigures, Rival, Series, compare};

/// Everything but the advice.
pub fn figures(report: &Report, earlier: Option<&Report>) -> Vec<Part> {
    let mut parts = vec![Part::Heading("The engine on this machine".to_owned()), Part::Text(about(report))];
    parts.extend(report.load.warning_after(report.machine.threads).map(Part::Text));
    if report.lookup.predict_us.of > 0 {
        parts.push(Part::Heading("Lookup".to_owned()));
        parts.push(Part::Text(lookup(report)));
    }
    for model in &report.models {
        parts.push(Part::Heading(model.name.clone()));
        parts.extend(of_model(model));
        if let Some(earlier) = earlier {
            parts.extend(changes(earlier, report, model));
        }
    }
    parts
}

fn about(report: &Report) -> String {
    let machine = &report.machine;
    let processor = machine.processor.as_deref().unwrap_or("unknown processor");
    let memory = match (machine.memory_free, machine.memory) {
        (Some(free), Some(all)) => format!(", {} of {} free", size(free), size(all)),
        _ => String::new(),
    };
    let build = if report.is_optimised { "release build" } else { "development build" };
    let llama =
        report.llama_cpp.as_deref().map_or("without llama.cpp".to_owned(), |version| format!("llama.cpp of {version}"));
    let load = &report.load;
    let cpu = match (load.cpu_seconds, load.others) {
        (Some(cpu), Some(others)) => {
            format!("; {cpu:.0} s of CPU time in {:.0} s, others took {others:.1} processors", load.seconds)
        }
        _ => format!("; {:.0} s", load.seconds),
    };
    let partial = if report.is_partial { "; interrupted before the end" } else { "" };
    format!(
        "{processor}, {} threads{memory}, {}; tandem {} ({build}), {llama}; {}; text of {}{cpu}{partial}",
        machine.threads, machine.system, report.version, report.date, report.text
    )
}

fn lookup(report: &Report) -> String {
    let lookup = &report.lookup;
    format!(
        "A suggestion takes {:.2} ms at the median and {:.2} ms at the 95th percentile ({} of them). An open document is \
         learnt at {:.1} MB/s, a repository at {:.1} MB/s; {} files of {} take {}.",
        lookup.predict_us.p50 / 1e3,
        lookup.predict_us.p95 / 1e3,
        lookup.predict_us.of,
        lookup.document_bytes_a_second.median / 1e6,
        lookup.repository_bytes_a_second.median / 1e6,
        lookup.files,
        size(lookup.source_bytes),
        size(lookup.repository_bytes)
    )
}

fn of_model(model: &ModelFigures) -> Vec<Part> {
    let mut parts = Vec::new();
    parts.extend(loaded(model).map(Part::Text));
    if let Some(reason) = &model.failed {
        parts.push(Part::Text(format!("failed: {reason}")));
    }
    if !model.cold.is_empty() {
        parts.push(Part::Table(cold(&model.cold)));
    }
    if !model.typing.is_empty() {
        parts.push(Part::Table(typing(model)));
    }
    let cancels = [("reads", model.cancel.reading_ms), ("writes", model.cancel.writing_ms)];
    let told: Vec<String> = cancels
        .iter()
        .filter(|(_, series)| series.of > 0)
        .map(|(what, series)| format!("{} ms while it {what}", short(series)))
        .collect();
    if !told.is_empty() {
        parts.push(Part::Text(format!("A cancelled request has ended after {}.", told.join(", "))));
    }
    let (drafts, others): (Vec<_>, Vec<_>) = model.rivals.iter().partition(|rival| rival.speculation.is_some());
    let others: Vec<&Rival> = others.into_iter().filter(|rival| rival.of > 0).collect();
    if !others.is_empty() {
        parts.push(Part::Table(rivals(&others)));
    }
    parts.extend(drafts.into_iter().filter_map(speculation).map(Part::Text));
    if !model.left_out.is_empty() {
        parts.push(Part::Text(format!("Not measured: {}.", model.left_out.join("; "))));
    }
    parts
}

fn loaded(model: &ModelFigures) -> Option<String> {
    let info = model.info.as_ref()?;
    let devices: Vec<String> =
        info.devices.iter().map(|device| format!("{} layers on {}", device.layers, device.name)).collect();
    let bits = info.bytes as f64 * 8.0 / info.parameters.max(1) as f64;
    let digest =
        model.digest.as_deref().map_or(String::new(), |digest| format!(", digest {}", &digest[..digest.len().min(12)]));
    let resident = model.took.resident_bytes.map_or(String::new(), |bytes| format!(", {} resident", size(bytes)));
    let cpu = model.took.cpu_seconds.map_or(String::new(), |seconds| format!(", {seconds:.0} s of CPU time"));
    Some(format!(
        "{}, {} in {:.1} bits a weight{digest}; {}; {} threads; context {} of {} tokens; ready after {:.1} s; key-value \
         cache {}{resident}{cpu}.",
        info.name,
        size(info.bytes),
        bits,
        devices.join(", "),
        info.threads,
        info.context,
        info.trained_context,
        model.took.ready_ms / 1e3,
        size(info.kv_bytes)
    ))
}

fn cold(rows: &[Cold]) -> Table {
    let mut table =
        Table::new(["cold prompt", "tokens", "read, tokens/s", "first token, ms", "written, tokens/s", "ms a token"]);
    for cold in rows {
        table.row([
            cold.size.map_or("all budgets full".to_owned(), |size| format!("{size} tokens")),
            format!("{:.0}", cold.prompt_tokens.median),
            spread(&cold.prefill),
            spread(&cold.first_token_ms),
            spread(&cold.decode),
            spread(&cold.token_ms),
        ]);
    }
    table
}

fn typing(model: &ModelFigures) -> Table {
    let mut table = Table::new(["typing", "requests", "tokens reused", "evaluated", "first token, ms"]);
    for typing in &model.typing {
        table.row([
            typing.keys.describe().to_owned(),
            typing.evaluated.of.to_string(),
            format!("{:.0}", typing.reused.median),
            spread(&typing.evaluated),
            spread(&typing.first_token_ms),
        ]);
    }
    table
}

fn rivals(rows: &[&Rival]) -> Table {
    let mut table = Table::new([
        "side by side",
        "rounds",
        "time of a request",
        "of reading",
        "of writing",
        "read, tokens/s",
        "written, tokens/s",
        "key-value cache",
        "same text",
    ]);
    for rival in rows {
        table.row([
            format!("{} = {} against {}", rival.key, value(&rival.value), value(&rival.against)),
            rival.request.of.to_string(),
            ratio(&rival.request),
            ratio(&rival.prefill),
            ratio(&rival.decode),
            short(&rival.prefill_rate),
            short(&rival.decode_rate),
            format!("{} against {}", size(rival.kv_bytes), size(rival.kv_bytes_against)),
            format!("{} of {}", rival.same, rival.of),
        ]);
    }
    table
}

fn speculation(rival: &Rival) -> Option<String> {
    let of = rival.speculation.filter(|of| of.positions > 0)?;
    // The rival is the one without drafts, unless they are switched off.
    let Series { median, spread, of: rounds } = rival.request;
    let (drafts, noise) =
        if rival.value == serde_json::json!(0) { (1.0 / median, spread / (median * median)) } else { (median, spread) };
    let certainty = match rounds {
        0..3 => "too few rounds to be sure".to_owned(),
        _ => format!("noise {noise:.2}, {rounds} rounds side by side"),
    };
    Some(format!(
        "With drafts writing takes {drafts:.2} of the time that it takes without ({certainty}): {} of {} \
         drafted tokens were right, {:.2} tokens a decode, at {} cursors; {} of {} texts the same.",
        of.accepted,
        of.drafted,
        of.generated as f64 / of.decodes.max(1) as f64,
        of.positions,
        rival.same,
        rival.of
    ))
}

/// What became of an earlier report's figures of the same model.
fn changes(earlier: &Report, now: &Report, model: &ModelFigures) -> Vec<Part> {
    let same = earlier.models.iter().find(|old| old.name == model.name);
    let Some(old) = same else {
        return vec![Part::Text(format!("The earlier report does not have {}.", model.name))];
    };
    let mut parts = Vec::new();
    if earlier.machine.processor != now.machine.processor || earlier.is_optimised != now.is_optimised {
        parts.push(Part::Text("The earlier report is of another machine or another kind of build.".to_owned()));
    }
    if [earlier, now].iter().any(|report| report.load.warning_after(report.machine.threads).is_some()) {
        parts.push(Part::Text(
            "Others kept the processors busy during one of the two: part of a change may be theirs.".to_owned(),
        ));
    }
    if old.digest != model.digest {
        parts.push(Part::Text("The earlier report is of another model of this name.".to_owned()));
    }
    let mut table = Table::new(["against the earlier report", "before", "now", "change", ""]);
    for difference in compare(old, model) {
        table.row([
            format!("{}, {}", difference.what, difference.unit),
            spread(&difference.before),
            spread(&difference.now),
            format!("{:+.0} %", difference.change() * 100.0),
            if difference.is_clear { "more than the noise" } else { "" }.to_owned(),
        ]);
    }
    parts.push(Part::Table(table));
    parts
}

/// What to set, with the reasons, and what stays.
pub fn advice(model: &ModelFigures, is_alone: bool) -> Vec<Part> {
    let Some(advice) = &model.advice else { return Vec::new() };
    let of = if is_alone { String::new() } else { format!(" for {}", model.name) };
    let mut parts =
        vec![Part::Heading(format!("Advice{of}")), Part::Text(format!("{}: {}.", model.name, advice.verdict))];
    let line = |Change { key, value: new, reason }: &Change| Part::Text(format!("{key} = {}: {reason}.", value(new)));
    parts.extend(advice.changes.iter().map(line));
    if advice.changes.is_empty() {
        parts.push(Part::Text("Leave the settings as they are.".to_owned()));
    }
    parts.extend(advice.kept.iter().map(|kept| Part::Text(format!("Stays: {kept}."))));
    parts
}

/// `5123 ±4 %`.
fn spread(series: &Series) -> String {
    match series.of {
        0 => "–".to_owned(),
        1 | 2 => short(series),
        _ => format!("{} ±{:.0} %", short(series), series.spread / series.median.abs().max(1e-9) * 100.0),
    }
}

fn short(series: &Series) -> String {
    match series.median {
        _ if series.of == 0 => "–".to_owned(),
        small if small.abs() < 10.0 => format!("{small:.1}"),
        large => format!("{large:.0}"),
    }
}

/// A ratio of times as a change: `-42 % ±5`.
fn ratio(series: &Series) -> String {
    if series.of == 0 {
        return "–".to_owned();
    }
    format!("{:+.0} % ±{:.0}", (series.median - 1.0) * 100.0, series.spread * 100.0)
}

fn value(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "absent".to_owned(),
        serde_json::Value::String(word) => word.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
