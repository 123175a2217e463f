//! A provider that bills, and the random numbers that decide what happens to it.

use tandem::budget::{Outcome, Picodollars, Settlement};

/// Splitmix64: the same seed, the same run.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn within(&mut self, from: u64, to: u64) -> u64 {
        from + self.roll() % (to - from + 1)
    }

    pub fn percent(&mut self, percent: u64) -> bool {
        self.roll() % 100 < percent
    }
}

/// Pico-dollars a token. Above the tier all tokens of a request cost twice as much.
#[derive(Clone, Copy)]
pub struct Tariff {
    pub input: u64,
    pub output: u64,
    pub tier: u64,
}

pub const TARIFFS: [Tariff; 3] = [
    Tariff { input: 1_000_000, output: 5_000_000, tier: 20_000 },
    Tariff { input: 250_000, output: 2_000_000, tier: 12_000 },
    Tariff { input: 15_000_000, output: 75_000_000, tier: u64::MAX },
];

impl Tariff {
    fn cost(&self, prompt: u64, output: u64) -> Bill {
        let factor = if prompt > self.tier { 2 } else { 1 };
        Bill { money: factor * (prompt * self.input + output * self.output), tokens: prompt + output }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    pub money: u64,
    pub tokens: u64,
}

impl Bill {
    pub fn settlement(self, outcome: Outcome) -> Settlement {
        Settlement { money: Picodollars(self.money), tokens: self.tokens, outcome, provider_cost: None }
    }
}

/// One request, as it will turn out to be.
#[derive(Clone, Copy)]
pub struct Request {
    tariff: Tariff,
    /// The upper bounds that are promised.
    most_prompt: u64,
    most_output: u64,
    prompt: u64,
    pub output: u64,
    /// Whether the provider writes on when nobody listens any more.
    writes_on: bool,
}

impl Request {
    pub fn roll(dice: &mut Dice, which: usize) -> Self {
        let tariff = TARIFFS[which % TARIFFS.len()];
        let prompt = dice.within(200, 24_000);
        let mut request = Self {
            tariff,
            most_prompt: prompt * dice.within(100, 150) / 100,
            most_output: dice.within(1_024, 8_192),
            prompt,
            output: 0,
            writes_on: dice.percent(40),
        };
        request.output = dice.within(1, request.most_output);
        // Usage larger than promised, across a tier at times.
        match dice.within(0, 39) {
            0 => request.prompt = request.most_prompt * dice.within(101, 140) / 100,
            1 => request.output = request.most_output * dice.within(101, 150) / 100,
            _ => {}
        }
        request
    }

    /// What is reserved.
    pub fn promise(&self) -> Bill {
        self.tariff.cost(self.most_prompt, self.most_output)
    }

    pub fn is_as_promised(&self) -> bool {
        self.prompt <= self.most_prompt && self.output <= self.most_output
    }

    /// What the provider bills for all of it.
    pub fn bill(&self) -> Bill {
        self.tariff.cost(self.prompt, self.output)
    }

    /// The connection is closed after some tokens: what is billed, which may be more than was seen by a fifth, and what the
    /// rules settle.
    pub fn cut(&self, dice: &mut Dice, seen: u64) -> (Bill, Settlement) {
        if self.writes_on {
            return (self.bill(), self.promise().settlement(Outcome::Presumed));
        }
        let most = seen * 12 / 10;
        let written = dice.within(seen, most.max(seen)).min(self.output);
        let estimate = self.tariff.cost(self.most_prompt, (seen * 12).div_ceil(10));
        (self.tariff.cost(self.prompt, written), estimate.settlement(Outcome::Estimated))
    }
}
