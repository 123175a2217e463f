//! Which model a machine should have: those that fit and answer soon enough, the best first, each with its reason.

use super::ladder::{Plan, Wish, ladder};
use super::machine::{Machine, Source, gibibytes};
use crate::config::KvType;
use crate::models::catalogue::{Catalogue, CommercialUse, Entry, ModelFile, Role};
use crate::models::gguf::Header;
use crate::models::size::{Shape, Weights};

/// A model that could be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// With its quantisation: `qwen2.5-coder-1.5b:q8_0`.
    pub name: String,
    pub role: Role,
    pub shape: Shape,
    pub weights: Weights,
    /// All weights, in billions; and those that a token passes.
    pub parameters: f64,
    pub active_parameters: f64,
    /// How much of a model's worth rounding leaves, from 0 to 1.
    pub fidelity: f64,
    /// What a weight of this family does, beside one of the newest.
    pub generation: f64,
    pub is_installed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub name: String,
    pub is_installed: bool,
    /// None where it does not fit.
    pub plan: Option<Plan>,
    /// What is less about it than wanted.
    pub lowered: Vec<String>,
    /// Seconds from a key to a short suggestion, and where the rates come from.
    pub seconds: f64,
    pub source: Source,
    pub pace: Pace,
    /// For the user.
    pub reason: String,
}

/// Whether it answers soon enough for its role, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pace {
    Comfortable,
    Usable,
    TooSlow,
}

/// What a key costs: most of a prompt is in the cache, the last lines are not, and a suggestion is short.
const NEW_TOKENS: f64 = 48.0;
const WRITTEN_TOKENS: f64 = 16.0;

/// Seconds for a completion. Figures of peers: who waits longer than a second for a line has typed it.
const COMFORTABLE: f64 = 1.0;
const USABLE: f64 = 2.0;

/// What each step down leaves of a model's worth.
const CRAMPED: f64 = 0.85;

/// An answer in a conversation is read while it comes: tokens per second that keep up with reading.
const READING_SPEED: f64 = 5.0;

impl Candidate {
    /// A file of the catalogue.
    pub fn of(entry: &Entry, file: &ModelFile, is_installed: bool) -> Self {
        let shape = Shape::from(&entry.shape);
        let parameters = (entry.parameters * 1e9) as u64;
        let weights = Weights::of_bytes(&shape, file.bytes, parameters, entry.shape.tied_embeddings);
        let bits = file.bytes as f64 * 8.0 / (entry.parameters * 1e9).max(1.0);
        Self {
            name: format!("{}:{}", entry.name, file.quantisation),
            role: entry.role,
            active_parameters: active(entry),
            parameters: entry.parameters,
            fidelity: fidelity(bits),
            generation: generation(entry),
            shape,
            weights,
            is_installed,
        }
    }
}

/// Of a family that nobody here knows.
const UNKNOWN_FAMILY: f64 = 0.5;

impl Candidate {
    /// A file that only the user has. None where its header lacks a number that is needed.
    pub fn of_header(name: String, role: Role, header: &Header) -> Option<Self> {
        let shape = Shape::of(header)?;
        let parameters = header.parameters() as f64 / 1e9;
        let resting = shape.experts.map_or(0.0, |experts| {
            let one = f64::from(shape.embedding) * f64::from(experts.feed_forward) * 3.0 / 1e9;
            f64::from(experts.count.saturating_sub(experts.used)) * one * f64::from(shape.layers)
        });
        Some(Self {
            name,
            role,
            weights: Weights::of(header),
            parameters,
            active_parameters: (parameters - resting).max(parameters / 100.0),
            fidelity: fidelity(header.weight_bytes() as f64 * 8.0 / (parameters * 1e9).max(1.0)),
            generation: UNKNOWN_FAMILY,
            shape,
            is_installed: true,
        })
    }
}

/// Billions of weights that a token passes.
fn active(entry: &Entry) -> f64 {
    let Some(experts) = entry.shape.experts else { return entry.parameters };
    let one = f64::from(entry.shape.embedding) * f64::from(experts.feed_forward) * 3.0 / 1e9;
    let layers = f64::from(entry.shape.layers.saturating_sub(experts.dense_layers));
    let resting = f64::from(experts.count.saturating_sub(experts.used)) * one * layers;
    (entry.parameters - resting).max(entry.parameters / 100.0)
}

/// A judgement, not a measurement: what was trained later and on more code does more with a weight. What may not be used at
/// work, or only under conditions that a program cannot read, is not chosen before what may.
fn generation(entry: &Entry) -> f64 {
    let by_family = match entry.family.as_deref() {
        Some("qwen-coder") => 1.0,
        Some("seed-coder" | "codestral" | "mellum") => 0.9,
        Some("deepseek-coder") if entry.name.contains("v2") => 0.85,
        Some("codellama") => 0.3,
        None => 1.0,
        Some(_) => 0.5,
    };
    let licence = Catalogue::builtin().licence(entry).map(|licence| licence.commercial);
    if licence == Some(CommercialUse::Yes) { by_family } else { by_family / 4.0 }
}

/// From llama.cpp's tables of perplexity: eight bits lose nothing that shows, four a little, three and two much.
fn fidelity(bits: f64) -> f64 {
    match bits {
        8.0.. => 1.0,
        6.2.. => 0.98,
        5.2.. => 0.95,
        4.2.. => 0.88,
        3.2.. => 0.7,
        _ => 0.4,
    }
}

impl Candidate {
    /// Bytes that are read for one token.
    fn active_bytes(&self) -> f64 {
        let share = (self.active_parameters / self.parameters.max(f64::MIN_POSITIVE)).min(1.0);
        let output = if self.weights.output > 0 { self.weights.output } else { self.weights.input };
        self.weights.layers as f64 * share + output as f64
    }

    /// A mixture of experts is worth less than a dense model of its size and more than one of its active weights.
    fn worth(&self) -> f64 {
        (self.parameters * self.active_parameters).sqrt() * self.fidelity * self.generation
    }

    /// Seconds to read so many tokens and to write so many.
    fn seconds(&self, plan: &Plan, machine: &Machine, read: f64, written: f64) -> (f64, Source) {
        let all = f64::from(self.shape.layers + 1);
        let on_gpu = f64::from(plan.gpu_layers).min(all) / all;
        let mut seconds = 0.0;
        let mut source = Source::Measured;
        for (share, rate) in [(on_gpu, machine.gpu_rate()), (1.0 - on_gpu, Some(machine.cpu_rate()))] {
            let Some(rate) = rate.filter(|_| share > 0.0) else { continue };
            let reading =
                (read * 2.0 * self.active_parameters * 1e9 / rate.operations).max(self.active_bytes() / rate.bandwidth);
            let writing = written
                * (self.active_bytes() / rate.bandwidth).max(2.0 * self.active_parameters * 1e9 / rate.operations);
            seconds += share * (reading + writing);
            if rate.source == Source::Assumed {
                source = Source::Assumed;
            }
        }
        (seconds, source)
    }

    fn judge(&self, machine: &Machine, wish: &Wish) -> Choice {
        let wish = Wish { window: wish.window.min(self.shape.context.max(128)), ..*wish };
        let mut choice = Choice {
            name: self.name.clone(),
            is_installed: self.is_installed,
            plan: None,
            lowered: Vec::new(),
            seconds: f64::INFINITY,
            source: Source::Assumed,
            pace: Pace::TooSlow,
            reason: String::new(),
        };
        let step = match ladder(&self.shape, &self.weights, &wish, machine) {
            Ok(steps) => steps.into_iter().next(),
            Err(too_large) => {
                choice.reason = too_large.to_string();
                return choice;
            }
        };
        let Some(step) = step else { return choice };
        let (seconds, source) = self.seconds(&step.plan, machine, NEW_TOKENS, WRITTEN_TOKENS);
        (choice.seconds, choice.source) = (seconds, source);
        choice.pace = match self.role {
            Role::Completion if seconds <= COMFORTABLE => Pace::Comfortable,
            Role::Completion if seconds <= USABLE => Pace::Usable,
            Role::Completion => Pace::TooSlow,
            Role::Chat => {
                let (token, _) = self.seconds(&step.plan, machine, 0.0, 1.0);
                if token * READING_SPEED <= 1.0 { Pace::Comfortable } else { Pace::TooSlow }
            }
            Role::Embedding => Pace::Comfortable,
        };
        choice.reason = self.reason(&step.plan, machine, &choice);
        choice.plan = Some(step.plan);
        choice.lowered = step.lowered;
        choice
    }

    fn reason(&self, plan: &Plan, machine: &Machine, choice: &Choice) -> String {
        let all = self.shape.layers + 1;
        let place = match plan.gpu_layers {
            0 => format!("on the CPU with {} threads", machine.threads.max(1)),
            layers if layers >= all => format!("on the GPU ({})", gibibytes(plan.need.gpu.total())),
            layers => format!("{layers} of {all} layers on the GPU"),
        };
        let Choice { seconds, source, .. } = choice;
        let pace = match (self.role, choice.pace) {
            (Role::Embedding, _) => return format!("fits {place}"),
            (_, Pace::Comfortable) => "soon enough",
            (_, Pace::Usable) => "slow, but of use",
            (_, Pace::TooSlow) => "too slow to be of use",
        };
        format!("{place}, about {seconds:.1} s for a short suggestion ({source}): {pace}")
    }
}

/// What completions wish for where no settings are at hand: the default budgets.
pub fn usual_wish() -> Wish {
    Wish {
        window: 4096,
        is_window_fixed: false,
        gpu_layers: None,
        kv_type: KvType::F16,
        flash_attention: None,
        generated: 128,
    }
}

/// The models of a role on a machine, the best first: those that answer soon enough by what they are worth, then those that
/// are slow, then those that do not fit.
pub fn choose(candidates: &[Candidate], machine: &Machine, role: Role, wish: &Wish) -> Vec<Choice> {
    let mut judged: Vec<(f64, Choice)> = candidates
        .iter()
        .filter(|candidate| candidate.role == role)
        .map(|candidate| {
            let choice = candidate.judge(machine, wish);
            // A model that had to be made smaller is worth less than one that has room.
            (candidate.worth() * CRAMPED.powi(choice.lowered.len() as i32), choice)
        })
        .collect();
    judged.sort_by(|(left_worth, left), (right_worth, right)| {
        let order = (left.plan.is_none(), left.pace).cmp(&(right.plan.is_none(), right.pace));
        // Of those that are too slow or too large the smallest is nearest to being of use.
        let of_no_use = left.plan.is_none() || left.pace == Pace::TooSlow;
        let by_worth = right_worth.total_cmp(left_worth);
        let by_worth = if of_no_use { by_worth.reverse() } else { by_worth };
        order.then(by_worth).then(left.seconds.total_cmp(&right.seconds)).then(left.name.cmp(&right.name))
    });
    judged.into_iter().map(|(_, choice)| choice).collect()
}
