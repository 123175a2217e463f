//! What a provider would really charge, by a price list of its own: the ledger is compared with it.

use super::cache::Input;

/// Pico-dollars for a token: dollars for a million tokens are a million of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    pub input: u64,
    pub read: u64,
    pub write_short: u64,
    pub write_long: u64,
    pub output: u64,
    /// Above so many tokens of input the whole request costs this many percent, input side and output side.
    pub above: Option<(u64, u64, u64)>,
}

const fn rates(input: u64, read: u64, write_short: u64, write_long: u64, output: u64) -> Rates {
    Rates { input, read, write_short, write_long, output, above: None }
}

const fn tiered(rates: Rates, over: u64, input_percent: u64, output_percent: u64) -> Rates {
    Rates { above: Some((over, input_percent, output_percent)), ..rates }
}

/// Models that the doubles know; any other does not exist there.
const MODELS: &[(&str, Rates)] = &[
    ("claude-opus-5-5", rates(4_000_000, 200_000, 5_000_000, 8_000_000, 20_000_000)),
    ("claude-sonnet-5-5", rates(2_000_000, 100_000, 2_500_000, 4_000_000, 10_000_000)),
    ("claude-haiku-5-5", tiered(rates(100_000, 10_000, 125_000, 200_000, 500_000), 100_000, 500, 500)),
    ("gpt-6.1-sol", tiered(rates(2_000_000, 100_000, 2_500_000, 5_000_000, 10_000_000), 272_000, 200, 150)),
    ("gpt-6-luna", tiered(rates(100_000, 10_000, 125_000, 250_000, 500_000), 272_000, 200, 150)),
    ("gemini-4-argon", rates(2_000_000, 100_000, 2_000_000, 2_000_000, 10_000_000)),
    ("gemini-3.8-flash", rates(750_000, 75_000, 750_000, 750_000, 3_750_000)),
    ("deepseek-v4-pro", rates(1_320_000, 44_000, 1_320_000, 1_320_000, 3_960_000)),
    ("mistral-code-fim-latest", rates(300_000, 30_000, 300_000, 300_000, 900_000)),
    ("deepseek-v4-flash", rates(300_000, 6_000, 300_000, 300_000, 1_200_000)),
    ("mistral-large-4", rates(1_360_000, 140_000, 1_360_000, 1_360_000, 4_180_000)),
];

/// The rates of a model by its id; prefixes of regions and vendors as Bedrock and OpenRouter write them are passed over.
pub fn rates_of(model: &str) -> Option<Rates> {
    let plain = model.rsplit(['/', ':']).next().unwrap_or(model);
    let name =
        MODELS.iter().map(|(name, _)| *name).find(|name| plain == *name || plain.ends_with(&format!(".{name}")))?;
    let geographic = ["us.", "eu.", "jp.", "apac.", "au."].iter().any(|region| plain.starts_with(region));
    let rates = MODELS.iter().find(|(known, _)| *known == name)?.1;
    Some(if geographic { rates.percent(110) } else { rates })
}

impl Rates {
    fn percent(self, percent: u64) -> Self {
        let of = |rate: u64| rate * percent / 100;
        Self {
            input: of(self.input),
            read: of(self.read),
            write_short: of(self.write_short),
            write_long: of(self.write_long),
            output: of(self.output),
            above: self.above,
        }
    }

    /// Pico-dollars for a request.
    pub fn charge(&self, input: Input, output: u64) -> u64 {
        let (input_percent, output_percent) = match self.above {
            Some((over, input_percent, output_percent)) if input.total() > over => (input_percent, output_percent),
            _ => (100, 100),
        };
        let read = input.uncached * self.input
            + input.read * self.read
            + input.write_short * self.write_short
            + input.write_long * self.write_long;
        read * input_percent / 100 + output * self.output * output_percent / 100
    }
}

/// What happened to one request, in money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub model: String,
    pub input: Input,
    pub output: u64,
    /// Of the output, what was reasoning.
    pub reasoning: u64,
    /// Pico-dollars.
    pub money: u64,
    /// The client was gone before the end.
    pub is_cut: bool,
}
