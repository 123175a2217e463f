//! Why the next question would be allowed, or would not: every condition in order, with numbers.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use super::state::State;
use crate::budget::{Asked, Estimate, Planned, PriceRow, TextSize, WindowState, thousands};
use crate::cli::terminal::{Style, Terminal, printable};
use crate::providers::{CacheLife, Endpoint};

pub fn run(terminal: &mut Terminal, state: &State, tokens: Option<u64>) -> anyhow::Result<ExitCode> {
    for problem in &state.problems {
        eprintln!("tandem: {problem}");
    }
    let tokens = tokens.unwrap_or(u64::from(state.settings.ask.context_tokens));
    let mut is_allowed = true;
    for (holds, sentence) in state.conditions() {
        is_allowed &= holds;
        line(terminal, holds, &sentence)?;
    }
    if let Ok(Some(endpoint)) = &state.endpoint
        && !state.settings.cloud.model.is_empty()
    {
        is_allowed &= price_and_windows(terminal, state, endpoint, tokens)?;
    }
    let verdict = if is_allowed {
        "The budget would allow the next question. What is sent, and whether you are asked first, is decided by privacy \
         and consent."
    } else {
        "The next question would stay on this machine."
    };
    terminal.styled(&[(Style::Bold, verdict)])?;
    Ok(if is_allowed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(terminal: &mut Terminal, holds: bool, sentence: &str) -> io::Result<()> {
    let (style, mark) = if holds { (Style::Good, "  yes  ") } else { (Style::Bad, "  no   ") };
    let mut lines = sentence.lines();
    terminal.styled(&[(style, mark), (Style::Plain, &printable(lines.next().unwrap_or_default()))])?;
    lines.try_for_each(|more| terminal.line(format!("       {}", printable(more))))
}

fn price_and_windows(terminal: &mut Terminal, state: &State, endpoint: &Endpoint, tokens: u64) -> anyhow::Result<bool> {
    let asked = Asked {
        endpoint,
        model: &state.settings.cloud.model,
        price_as: endpoint.price_as.as_deref(),
        today: state.today(),
    };
    let row = match state.prices.find(&asked) {
        Ok(row) => row,
        Err(error) => {
            line(terminal, false, &error.to_string())?;
            return Ok(false);
        }
    };
    line(terminal, true, &priced(&row))?;
    if let Some(warning) = row.warning(state.today()) {
        line(terminal, true, &format!("but {warning}"))?;
    }
    let estimate = estimate(&row, tokens, state.settings.cloud.max_output_tokens);
    if let Some(misfit) = estimate.misfit() {
        line(terminal, false, &misfit)?;
        return Ok(false);
    }
    let windows = match state.windows() {
        Ok(windows) => windows,
        // It was told among the conditions.
        Err(_) => return Ok(false),
    };
    let windows: Vec<WindowState> = windows.into_iter().filter(|window| state.concerns(window)).collect();
    let fit = estimate.within(&windows);
    if let Some(shorter) = fit.as_ref().filter(|fit| fit.max_output < estimate.max_output) {
        let [few, many] = [shorter.max_output, estimate.max_output].map(|tokens| thousands(u64::from(tokens)));
        line(
            terminal,
            true,
            &format!("the answer would have {few} tokens at most instead of {many}, to fit what is left"),
        )?;
    }
    let is_allowed = fit.is_some();
    let estimate = fit.unwrap_or(estimate);
    for window in &windows {
        let holds = estimate.passes(window);
        line(terminal, holds, &judged(state, window, estimate.wanted(window.limit.amount), holds))?;
    }
    Ok(is_allowed)
}

fn priced(row: &PriceRow) -> String {
    format!(
        "its price is known, by `{row}`: {} for a million tokens read, {} written{}",
        row.base.input.times(1_000_000),
        row.base.output.times(1_000_000),
        match row.tiers.first() {
            Some(tier) => format!("; dearer above {} tokens", thousands(tier.above)),
            None => String::new(),
        }
    )
}

fn estimate(row: &Arc<PriceRow>, tokens: u64, max_output: u32) -> Estimate {
    let planned = Planned { size: &TextSize::default(), max_output, cache: Some(CacheLife::Short) };
    Estimate::with_input(&planned, row, (tokens, tokens))
}

fn judged(state: &State, window: &WindowState, wanted: u64, holds: bool) -> String {
    let unit = window.limit.amount;
    let limit = &window.limit;
    if holds {
        return format!("{limit}: {} wanted at most, {} left", unit.show(wanted), unit.show(window.left()));
    }
    let way_out = match window.resets_at {
        Some(at) => format!("it starts again {}", state.show_time(at)),
        None => "ask about less, or allow a shorter answer".to_owned(),
    };
    format!(
        "{limit}: {} wanted at most, and {} left; {way_out}, or raise it with `tandem budget set`",
        unit.show(wanted),
        unit.show(window.left())
    )
}

impl State {
    /// Whether a limit counts for the question that would be asked.
    fn concerns(&self, window: &WindowState) -> bool {
        match &window.limit.scope {
            crate::budget::Scope::Provider(name) => *name == self.account.provider,
            crate::budget::Scope::Model(id) => *id == self.account.model,
            _ => true,
        }
    }
}
