//! Reports of made-up records.

use super::*;
use crate::cli::eval::document::document;
use crate::cli::eval::plot::Plot;
use crate::eval::{Rate, Summary, VariantSummary};

fn about() -> About {
    About {
        repository: "a<b>|c".to_owned(),
        commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        of_commit: true,
        seed: 1,
        positions: 4,
        files: 2,
        skipped_copies: None,
        is_partial: false,
        version: "1.0".to_owned(),
    }
}

/// Two variants, one of them with a name that would be markup.
fn summary() -> Summary {
    let names = ["plain".to_owned(), "<b>bold</b> & \"more\"".to_owned()];
    let mut summary = Summary::new(&names, &[]);
    for (number, variant) in summary.variants.iter_mut().enumerate() {
        variant.overall.exact = Rate::new(1 + number, 4);
        variant.latencies = vec![0.5, 20.0, 300.0];
        variant.gate = gate(variant);
    }
    summary
}

fn gate(_: &VariantSummary) -> crate::eval::Gate {
    let point = |threshold, precision, recall, shown| crate::eval::Point { threshold, precision, recall, shown };
    let bin = |confidence, hits, of| crate::eval::Bin { confidence, right: Rate::new(hits, of) };
    crate::eval::Gate {
        curve: vec![point(0.9, 1.0, 0.5, 1), point(0.2, 0.5, 1.0, 4)],
        bins: vec![bin(0.2, 1, 3), bin(0.9, 1, 1)],
        wrong_hidden_at_90_recall: Some(Rate::new(1, 2)),
        calibration_error: 0.1,
    }
}

/// Every element is closed in order, no entity is open, and nothing is asked of elsewhere.
fn check_page(page: &str) {
    let body = page.strip_prefix("<!DOCTYPE html>\n").expect("a page begins with its type");
    let mut open: Vec<&str> = Vec::new();
    let mut rest = body;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "a loose > in {:?}", &rest[..start]);
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<'), "a tag in a tag: {tag}");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes of {tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            let name = tag.split_whitespace().next().unwrap();
            open.push(name);
            if name == "style" {
                rest = &rest[end + 1 + rest[end + 1..].find("</style>").unwrap()..];
                continue;
            }
        }
        rest = &rest[end + 1..];
    }
    assert_eq!(open, [""; 0]);
    for entity in page.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
        assert!(known.iter().any(|known| entity.starts_with(known)), "&{}", &entity[..entity.len().min(12)]);
    }
    for elsewhere in ["http:", "https:", "<script", "url(", "@import", "src="] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id is there twice");
}

#[test]
fn the_page_is_well_formed_and_needs_nothing_else() {
    let page = html("a & b", &document(&about(), &summary()));
    check_page(&page);
    assert!(page.contains("<title>a &amp; b</title>") && page.contains("&lt;b&gt;bold&lt;/b&gt;"));
    assert_eq!(page.matches("<figure>").count(), 3);
    // Whoever does not see the curves has a name, a description and the numbers for each.
    assert_eq!(page.matches("role=\"img\"").count(), 3);
    assert_eq!(page.matches("<details>").count(), 3);
    assert!(page.contains("prefers-color-scheme: dark"));
    // Of nothing, too.
    check_page(&html("", &document(&about(), &Summary::new(&[], &[]))));
}

#[test]
fn curves_stay_within_their_plot() {
    let variants = summary().variants;
    for plot in [Plot::precision_recall(&variants), Plot::calibration(&variants), Plot::latency(&variants)] {
        let svg = plot.svg("x");
        let curves: Vec<&str> = svg.split(" points=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(curves.len(), 2, "{}", plot.title);
        for point in curves.iter().flat_map(|curve| curve.split(' ')) {
            let (x, y) = point.split_once(',').unwrap();
            let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
            assert!((56.0..=624.0).contains(&x) && (16.0..=292.0).contains(&y), "{}: {point}", plot.title);
        }
    }
    // Half of the recall at a precision of 1: the middle of the width, at the top.
    let svg = Plot::precision_recall(&variants).svg("x");
    assert!(svg.contains("points=\"340.0,16.0 624.0,154.0\""), "{svg}");
}

#[test]
fn markdown_has_the_same_tables() {
    let text = markdown(&document(&about(), &summary()));
    assert!(
        text.starts_with("# Completions in a&lt;b>\\|c\n\na&lt;b>\\|c at 0123456789: 4 positions in 2 files, seed 1")
    );
    assert!(text.contains("| plain | 0 | 25.0 % (5–70) |"), "{text}");
    assert!(text.contains(
        "### What confidence is worth\n\n| mean confidence | suggestions | right |\n| --- | ---: | ---: |\n"
    ));
    for table in text.split("\n\n").filter(|part| part.starts_with("| ")) {
        let columns: Vec<usize> = table
            .lines()
            .filter(|l| l.starts_with('|'))
            .map(|line| line.replace("\\|", "").matches('|').count())
            .collect();
        assert!(columns.windows(2).all(|pair| pair[0] == pair[1]), "{table}");
    }
}

#[test]
fn rows_of_the_terminal_stand_under_each_other() {
    let rows = [["", "b"].map(str::to_owned), ["é", "cc"].map(str::to_owned), ["long", "d"].map(str::to_owned)];
    assert_eq!(aligned(&rows), ["      b", "é     cc", "long  d"]);
}

#[test]
fn the_sentence_tells_what_was_evaluated() {
    let sentence = |change: &dyn Fn(&mut About)| {
        let mut about = About { repository: "r".to_owned(), ..about() };
        change(&mut about);
        about.sentence()
    };
    assert!(sentence(&|_| {}).starts_with("r at 0123456789: 4 positions in 2 files"));
    assert!(sentence(&|about| about.of_commit = false).starts_with("r as it is, on top of 0123456789:"));
    let without = sentence(&|about| (about.of_commit, about.commit) = (false, None));
    assert!(without.starts_with("r as it is: 4 positions"), "{without}");
    assert!(sentence(&|about| about.is_partial = true).ends_with("interrupted before the end"));
}
