//! Curves as SVG, each with the numbers that it shows as a table for those who do not see it.

use std::fmt::Write;

use super::document::{Table, milliseconds, percent, rate};
use crate::eval::VariantSummary;

#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
    /// A line from corner to corner: where the curve would be if confidence were exact.
    pub has_diagonal: bool,
    /// The same in numbers.
    pub table: Table,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub label: &'static str,
    pub from: f64,
    pub to: f64,
    /// Equal factors have equal distances.
    pub is_logarithmic: bool,
    pub ticks: Vec<(f64, String)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 340.0;
/// Room for labels on each side.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 48.0;
/// More points than this are not to be told apart, and make a large page.
const MOST_POINTS: usize = 400;
/// Colours and dashes that a page defines, as classes `s0`, `s1` and so on.
const STYLES: usize = 6;

impl Axis {
    fn share(label: &'static str) -> Self {
        let tick = |step: u32| (f64::from(step) / 5.0, format!("{} %", step * 20));
        Self { label, from: 0.0, to: 1.0, is_logarithmic: false, ticks: (0..=5).map(tick).collect() }
    }

    /// Powers of ten around all values.
    fn powers(label: &'static str, values: impl Iterator<Item = f64>) -> Self {
        let logs: Vec<f64> = values.filter(|value| *value > 0.0).map(f64::log10).collect();
        let least = logs.iter().copied().fold(f64::INFINITY, f64::min);
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (least, most) = if logs.is_empty() { (0.0, 1.0) } else { (least.floor(), most.ceil()) };
        let (first, last) = (least as i32, (most as i32).max(least as i32 + 1));
        let tick = |power: i32| {
            let value = 10_f64.powi(power);
            (value, if power < 0 { format!("{value}") } else { format!("{value:.0}") })
        };
        let ticks = (first..=last).map(tick).collect();
        Self { label, from: 10_f64.powi(first), to: 10_f64.powi(last), is_logarithmic: true, ticks }
    }

    /// 0 at the axis's start, 1 at its end.
    fn place(&self, value: f64) -> f64 {
        let scale = |value: f64| if self.is_logarithmic { value.max(f64::MIN_POSITIVE).log10() } else { value };
        let (from, to) = (scale(self.from), scale(self.to));
        ((scale(value) - from) / (to - from)).clamp(0.0, 1.0)
    }
}

impl Plot {
    pub fn precision_recall(variants: &[VariantSummary]) -> Self {
        let mut table = Table::new(["confidence at least", "shown", "precision", "recall"]);
        let mut series = Vec::new();
        for variant in variants {
            let points = variant.gate.curve.iter().map(|point| (point.recall, point.precision)).collect();
            series.push(Series { name: variant.name.clone(), points });
            for threshold in [0.8, 0.6, 0.5, 0.4, 0.25, 0.1, 0.0] {
                let Some(point) = variant.gate.curve.iter().rev().find(|point| point.threshold >= threshold) else {
                    continue;
                };
                table.row([
                    format!("{}: {}", variant.name, percent(threshold)),
                    point.shown.to_string(),
                    percent(point.precision),
                    percent(point.recall),
                ]);
            }
        }
        Self {
            title: "Precision and recall over thresholds of the gate".to_owned(),
            x: Axis::share("recall: right suggestions that are shown"),
            y: Axis::share("precision: shown suggestions that are right"),
            series,
            has_diagonal: false,
            table,
        }
    }

    pub fn calibration(variants: &[VariantSummary]) -> Self {
        let mut table = Table::new(["mean confidence", "suggestions", "right"]);
        let mut series = Vec::new();
        for variant in variants {
            let bins = &variant.gate.bins;
            let points = bins.iter().map(|bin| (bin.confidence, bin.right.share)).collect();
            series.push(Series { name: variant.name.clone(), points });
            for bin in bins {
                let name = format!("{}: {}", variant.name, percent(bin.confidence));
                table.row([name, bin.right.of.to_string(), rate(&bin.right)]);
            }
        }
        Self {
            title: "What confidence is worth".to_owned(),
            x: Axis::share("confidence"),
            y: Axis::share("share that is right"),
            series,
            has_diagonal: true,
            table,
        }
    }

    pub fn latency(variants: &[VariantSummary]) -> Self {
        let mut table = Table::new(["ms", "requests", "p50", "p90", "p95", "longest"]);
        let mut series = Vec::new();
        for variant in variants {
            let all = &variant.latencies;
            let share = |at: usize| (at + 1) as f64 / all.len() as f64;
            let points = all.iter().enumerate().map(|(at, ms)| (*ms, share(at))).collect();
            series.push(Series { name: variant.name.clone(), points });
            let at = |percent: f64| milliseconds(crate::eval::percentile(all, percent));
            table.row([variant.name.clone(), all.len().to_string(), at(50.0), at(90.0), at(95.0), at(100.0)]);
        }
        let values = variants.iter().flat_map(|variant| variant.latencies.iter().copied());
        Self {
            title: "Time until the answer".to_owned(),
            x: Axis::powers("milliseconds", values),
            y: Axis::share("requests that are answered by then"),
            series,
            has_diagonal: false,
            table,
        }
    }

    /// `id` is unique in its page.
    pub fn svg(&self, id: &str) -> String {
        let mut svg = String::new();
        let x = |value: f64| LEFT + self.x.place(value) * (WIDTH - LEFT - RIGHT);
        let y = |value: f64| HEIGHT - BOTTOM - self.y.place(value) * (HEIGHT - TOP - BOTTOM);
        // Writing to a string does not fail.
        let _ = write!(
            svg,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-title {id}-about\">\n\
             <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-about\">{} against {}; the numbers stand in the table \
             below.</desc>\n",
            escape(&self.title),
            escape(self.y.label),
            escape(self.x.label),
        );
        for (value, label) in &self.x.ticks {
            let (at, low) = (x(*value), HEIGHT - BOTTOM);
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{at:.1}\" y1=\"{TOP}\" x2=\"{at:.1}\" y2=\"{low}\"/>\
                 <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                low + 16.0,
                escape(label)
            );
        }
        for (value, label) in &self.y.ticks {
            let (at, right) = (y(*value), WIDTH - RIGHT);
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{right}\" y2=\"{at:.1}\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                at + 4.0,
                escape(label)
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            LEFT + (WIDTH - LEFT - RIGHT) / 2.0,
            HEIGHT - 10.0,
            escape(self.x.label)
        );
        if self.has_diagonal {
            let (left, low, right, top) = (x(self.x.from), y(self.y.from), x(self.x.to), y(self.y.to));
            let _ = writeln!(svg, "<line class=\"ideal\" x1=\"{left}\" y1=\"{low}\" x2=\"{right}\" y2=\"{top}\"/>");
        }
        for (number, series) in self.series.iter().enumerate() {
            let points: Vec<String> = thinned(&series.points)
                .into_iter()
                .map(|(one, other)| format!("{:.1},{:.1}", x(one), y(other)))
                .collect();
            let style = number % STYLES;
            let _ = writeln!(svg, "<polyline class=\"s{style}\" points=\"{}\"/>", points.join(" "));
            for point in points.iter().filter(|_| points.len() <= 12) {
                let (cx, cy) = point.split_once(',').unwrap_or_default();
                let _ = writeln!(svg, "<circle class=\"s{style}\" cx=\"{cx}\" cy=\"{cy}\" r=\"3\"/>");
            }
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// Which line is whose.
    pub fn legend(&self) -> String {
        let mut legend = String::from("<ul class=\"legend\">");
        for (number, series) in self.series.iter().enumerate() {
            let style = number % STYLES;
            let _ = write!(
                legend,
                "<li><svg viewBox=\"0 0 24 8\" aria-hidden=\"true\"><line class=\"s{style}\" x1=\"0\" y1=\"4\" x2=\"24\" \
                 y2=\"4\"/></svg> {}</li>",
                escape(&series.name)
            );
        }
        legend.push_str("</ul>\n");
        legend
    }
}

/// Evenly chosen points with the first and the last.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let Some(last) = points.len().checked_sub(1).filter(|last| *last >= MOST_POINTS) else { return points.to_vec() };
    (0..MOST_POINTS).map(|number| points[number * last / (MOST_POINTS - 1)]).collect()
}

/// Text as HTML and SVG take it, in attributes too.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character if character.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_place_values() {
        let share = Axis::share("x");
        assert_eq!([0.0, 0.25, 1.0, 7.0].map(|value| share.place(value)), [0.0, 0.25, 1.0, 1.0]);
        let powers = Axis::powers("x", [0.4, 90.0].into_iter());
        assert_eq!((powers.from, powers.to), (0.1, 100.0));
        let labels: Vec<&str> = powers.ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["0.1", "1", "10", "100"]);
        assert!((powers.place(1.0) - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!(powers.place(0.0), 0.0);
        assert_eq!(Axis::powers("x", [1.0].into_iter()).to, 10.0, "an axis has a length");
        assert_eq!(Axis::powers("x", std::iter::empty()).to, 10.0);
    }

    #[test]
    fn long_curves_keep_their_ends() {
        let points: Vec<(f64, f64)> = (0..5_000).map(|number| (f64::from(number), 0.0)).collect();
        let thin = thinned(&points);
        assert_eq!((thin.len(), thin[0].0, thin[MOST_POINTS - 1].0), (MOST_POINTS, 0.0, 4_999.0));
        assert_eq!(thinned(&points[..3]).len(), 3);
    }

    #[test]
    fn text_cannot_leave_its_place() {
        assert_eq!(escape("<a b='c'>&\"\u{1b}"), "&lt;a b=&#39;c&#39;&gt;&amp;&quot;\u{fffd}");
    }
}
