//! Fits a weight for each feature: logistic regression with a penalty on weights, by Newton's method. The same observations
//! give the same weights, in whatever number they come.

use crate::complete::gate::{Feature, Features, Logistic, Weight};

/// A suggestion as the regression sees it: what is known of it, and whether its first line is right.
pub type Observation = (Features, bool);

/// How much a weight costs: half of this times the square of its distance from what it is believed to be without
/// observations, per standard deviation of its feature. Chosen by the log-loss in repositories that nothing was fitted to
/// (docs/benchmarks.md): what is known of a text is worth the same elsewhere, what is known of its place says little until
/// thousands were seen.
const TEXT_COST: f64 = 3.0;
const PLACE_COST: f64 = 100.0;
/// Observations in which a feature must be known to have a weight.
const LEAST_KNOWN: usize = 20;
/// A right and a wrong suggestion are believed in beside what is observed: of twenty that were all right the next may be wrong.
const BELIEVED: f64 = 2.0;
/// Newton's method needs five to ten steps; what has not come to rest by then is near enough.
const MOST_STEPS: usize = 50;
/// Where no slope is larger than this, nothing moves any more.
const AT_REST: f64 = 1e-8;

/// A feature that has a weight.
struct Column {
    feature: Feature,
    mean: f64,
    deviation: f64,
    /// The weight without observations.
    believed: f64,
    cost: f64,
}

/// The weights under which the observations are most probable, less the penalty.
pub fn fit(observations: &[Observation]) -> Logistic {
    let columns: Vec<Column> = Feature::ALL.into_iter().filter_map(|feature| column(feature, observations)).collect();
    // The first entry of a row and of the weights is the base.
    let rows: Vec<Vec<f64>> = observations.iter().map(|(features, _)| row(features, &columns)).collect();
    let right: Vec<f64> = observations.iter().map(|(_, is_right)| f64::from(u8::from(*is_right))).collect();
    let weights = descend(&rows, &right, &columns);
    let weight = |(column, weight): (&Column, &f64)| {
        let (mean, weight) = (column.mean as f32, (weight / column.deviation) as f32);
        (column.feature.word().to_owned(), Weight { mean, weight })
    };
    Logistic { base: weights[0] as f32, weights: columns.iter().zip(&weights[1..]).map(weight).collect() }
}

/// None where the feature is nearly always missing, or always the same.
fn column(feature: Feature, observations: &[Observation]) -> Option<Column> {
    let known: Vec<f64> =
        observations.iter().filter_map(|(features, _)| features.get(feature).map(f64::from)).collect();
    if known.len() < LEAST_KNOWN {
        return None;
    }
    let count = known.len() as f64;
    let mean = known.iter().sum::<f64>() / count;
    let deviation = (known.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
    // An engine is taken at its word until something else is seen.
    let believed = if feature == Feature::Confidence { deviation } else { 0.0 };
    let cost = if feature.is_of_place() { PLACE_COST } else { TEXT_COST };
    (deviation > 1e-4).then_some(Column { feature, mean, deviation, believed, cost })
}

fn row(features: &Features, columns: &[Column]) -> Vec<f64> {
    let standard = |column: &Column| {
        features.get(column.feature).map_or(0.0, |value| (f64::from(value) - column.mean) / column.deviation)
    };
    std::iter::once(1.0).chain(columns.iter().map(standard)).collect()
}

fn descend(rows: &[Vec<f64>], right: &[f64], columns: &[Column]) -> Vec<f64> {
    let mut weights: Vec<f64> = std::iter::once(0.0).chain(columns.iter().map(|column| column.believed)).collect();
    let mut cost = cost_of(&weights, rows, right, columns);
    for _ in 0..MOST_STEPS {
        let (slope, curvature) = derivatives(&weights, rows, right, columns);
        if slope.iter().all(|part| part.abs() < AT_REST) {
            break;
        }
        let Some(step) = solve(curvature, slope) else { break };
        // A whole step may go too far where the observations are all but separated.
        let halves = std::iter::successors(Some(1.0), |share: &f64| (*share > 1e-6).then_some(share / 2.0));
        let mut tried = halves.map(|share| {
            let next: Vec<f64> = weights.iter().zip(&step).map(|(weight, part)| weight - share * part).collect();
            let cost = cost_of(&next, rows, right, columns);
            (next, cost)
        });
        let Some((next, lower)) = tried.find(|(_, next)| *next < cost) else { break };
        (weights, cost) = (next, lower);
    }
    weights
}

/// The negative log-likelihood with the penalty.
fn cost_of(weights: &[f64], rows: &[Vec<f64>], right: &[f64], columns: &[Column]) -> f64 {
    let loss = |odds: f64, right: f64| softplus(odds) - right * odds;
    let observed: f64 = rows.iter().zip(right).map(|(row, right)| loss(dot(row, weights), *right)).sum();
    let penalty = |(weight, column): (&f64, &Column)| column.cost / 2.0 * (weight - column.believed).powi(2);
    let penalties: f64 = weights[1..].iter().zip(columns).map(penalty).sum();
    observed + BELIEVED * loss(weights[0], 0.5) + penalties
}

/// Slope and curvature of the cost.
fn derivatives(weights: &[f64], rows: &[Vec<f64>], right: &[f64], columns: &[Column]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let size = weights.len();
    let (mut slope, mut curvature) = (vec![0.0; size], vec![vec![0.0; size]; size]);
    for (row, right) in rows.iter().zip(right) {
        let probability = sigmoid(dot(row, weights));
        let spread = probability * (1.0 - probability);
        for ((value, slope), line) in row.iter().zip(&mut slope).zip(&mut curvature) {
            *slope += (probability - right) * value;
            line.iter_mut().zip(row).for_each(|(part, other)| *part += spread * value * other);
        }
    }
    let probability = sigmoid(weights[0]);
    slope[0] += BELIEVED * (probability - 0.5);
    curvature[0][0] += BELIEVED * probability * (1.0 - probability);
    for (at, column) in (1..).zip(columns) {
        slope[at] += column.cost * (weights[at] - column.believed);
        curvature[at][at] += column.cost;
    }
    (slope, curvature)
}

/// Solves `matrix · x = vector` by Cholesky's decomposition; of the symmetric matrix the lower half is read. None where it is
/// not positive.
fn solve(mut matrix: Vec<Vec<f64>>, mut vector: Vec<f64>) -> Option<Vec<f64>> {
    let size = vector.len();
    for row in 0..size {
        for column in 0..=row {
            let rest = matrix[row][column] - dot(&matrix[row][..column], &matrix[column][..column]);
            matrix[row][column] = match row == column {
                true if rest <= 0.0 || !rest.is_finite() => return None,
                true => rest.sqrt(),
                false => rest / matrix[column][column],
            };
        }
    }
    for (row, line) in matrix.iter().enumerate() {
        vector[row] = (vector[row] - dot(&line[..row], &vector[..row])) / line[row];
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|behind| matrix[behind][row] * vector[behind]).sum();
        vector[row] = (vector[row] - known) / matrix[row][row];
    }
    Some(vector)
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

fn sigmoid(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

/// `ln(1 + e^odds)`, also where `e^odds` is beyond all numbers.
fn softplus(odds: f64) -> f64 {
    odds.max(0.0) + (-odds.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::random::Random;

    fn features(values: &[(Feature, f32)]) -> Features {
        let mut features = Features::default();
        values.iter().for_each(|(feature, value)| features.set(*feature, *value));
        features
    }

    /// Suggestions that are right with log-odds of `entropy - 1`, and know a feature that says nothing.
    fn drawn(count: usize) -> Vec<Observation> {
        let mut random = Random::new(7);
        let mut share = || random.below(1_000_000) as f64 / 1e6;
        let mut one = || {
            let entropy = 4.0 * share();
            let is_right = share() < sigmoid(entropy - 1.0);
            (features(&[(Feature::Entropy, entropy as f32), (Feature::Lines, share() as f32)]), is_right)
        };
        (0..count).map(|_| one()).collect()
    }

    #[test]
    fn the_weights_that_made_the_observations_are_found() {
        let model = fit(&drawn(20_000));
        let (entropy, lines) = (model.weights["entropy"], model.weights["lines"]);
        assert!((entropy.weight - 1.0).abs() < 0.05 && (entropy.mean - 2.0).abs() < 0.05, "{model:?}");
        assert!(lines.weight.abs() < 0.1, "{model:?}");
        assert!((model.probability(&features(&[(Feature::Entropy, 1.0)])) - 0.5).abs() < 0.02, "{model:?}");
        assert_eq!(fit(&drawn(20_000)), model);
    }

    #[test]
    fn the_slope_is_nothing_where_it_ends() {
        let observations = drawn(300);
        let columns: Vec<Column> = Feature::ALL.into_iter().filter_map(|one| column(one, &observations)).collect();
        let rows: Vec<Vec<f64>> = observations.iter().map(|(features, _)| row(features, &columns)).collect();
        let right: Vec<f64> = observations.iter().map(|(_, right)| f64::from(u8::from(*right))).collect();
        let weights = descend(&rows, &right, &columns);
        let (slope, _) = derivatives(&weights, &rows, &right, &columns);
        assert!(slope.iter().all(|part| part.abs() < 1e-6), "{slope:?}");
        // And the slope is that of the cost.
        for at in 0..weights.len() {
            let moved = |by: f64| {
                let mut other = weights.clone();
                other[at] += by;
                cost_of(&other, &rows, &right, &columns)
            };
            assert!(moved(1e-3) > moved(0.0) && moved(-1e-3) > moved(0.0), "{at}");
        }
    }

    #[test]
    fn what_is_separated_has_bounded_weights() {
        let separated: Vec<Observation> =
            (0..100).map(|number| (features(&[(Feature::Entropy, number as f32 / 20.0)]), number >= 50)).collect();
        let model = fit(&separated);
        assert!(model.is_sound() && model.weights["entropy"].weight < 20.0, "{model:?}");
        let at = |entropy| model.probability(&features(&[(Feature::Entropy, entropy)]));
        assert!(at(0.0) < 0.1 && at(5.0) > 0.9, "{} {}", at(0.0), at(5.0));
    }

    #[test]
    fn where_all_are_right_or_wrong_or_none_is_the_same_nothing_is_certain() {
        for is_right in [true, false] {
            let same: Vec<Observation> = (0..40).map(|_| (features(&[(Feature::Entropy, 1.0)]), is_right)).collect();
            let model = fit(&same);
            assert!(model.weights.is_empty(), "{model:?}");
            let probability = model.probability(&Features::default());
            let expected = if is_right { 41.0 / 42.0 } else { 1.0 / 42.0 };
            assert!((probability - expected).abs() < 1e-4, "{probability}");
        }
        assert_eq!(fit(&[]), Logistic::default());
    }

    #[test]
    fn an_engine_is_believed_until_something_else_is_seen() {
        // Right as often as it says, and few: the weight of its word stays near 1.
        let mut random = Random::new(3);
        let mut share = || random.below(1_000_000) as f64 / 1e6;
        let mut one = || {
            let odds = 6.0 * share() - 3.0;
            (features(&[(Feature::Confidence, odds as f32)]), share() < sigmoid(odds))
        };
        let few: Vec<Observation> = (0..30).map(|_| one()).collect();
        let weight = fit(&few).weights["confidence"].weight;
        assert!((0.6..1.4).contains(&weight), "{weight}");
    }

    #[test]
    fn a_feature_that_is_rarely_known_has_no_weight_and_one_that_is_sometimes_missing_has() {
        let of = |known: usize| {
            let one = |number: usize| {
                let entropy = [(Feature::Entropy, (number % 2) as f32)];
                (features(if number < known { &entropy } else { &[] }), number.is_multiple_of(2))
            };
            fit(&(0..100).map(one).collect::<Vec<_>>())
        };
        assert!(of(LEAST_KNOWN - 1).weights.is_empty());
        let model = of(50);
        assert!(model.weights["entropy"].weight < -1.0, "{model:?}");
        let missing = model.probability(&Features::default());
        assert!((0.3..0.7).contains(&missing), "{missing}");
    }
}
