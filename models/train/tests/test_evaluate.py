from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from recipe.evaluate import difference, merge, read_records, report
from recipe.statistics import mcnemar, mean, share


def _record(variant: int, hole: int, exact: bool, language: str = "rust") -> str:
    guess = {"exact": exact, "firstLine": exact, "similarity": float(exact)} if exact else None
    return json.dumps(
        {"variant": variant, "hole": hole, "language": language, "kind": "line", "guess": guess, "shown": exact}
    )


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Of ten places lookup is right at three, the model with it at five, of these two that lookup had."""
    right = [{0, 1, 2}, {0, 1, 5, 6, 7}]
    lines = [json.dumps({"variants": [["lookup", "a"], ["both", "b"]]})]
    lines += [_record(variant, hole, hole in right[variant]) for variant in (0, 1) for hole in range(10)]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "records.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_differences_are_of_the_same_places(run: Path) -> None:
    merged = merge([read_records(run / name / "records.jsonl") for name in ("one", "two")])
    count, gained, lost, points, chance = difference(merged["both"], merged["lookup"], "exact")
    assert (count, gained, lost) == (20, 6, 2)
    assert points.value == pytest.approx(0.2) and points.low < 0.2 < points.high
    assert chance == pytest.approx(mcnemar(6, 2))


def test_a_report_has_all_tables_and_refuses_unknown_names(run: Path) -> None:
    text = report([run / "one", run / "two"], [("both", "lookup")])
    assert "| all | lookup | 20 | 30.0 (" in text and "| rust | both | 20 | 50.0 (" in text
    assert "| both − lookup | exact | 20 | 6 | 2 | 20.0 (" in text
    with pytest.raises(ValueError, match="no variant is named neither"):
        report([run / "one"], [("neither", "lookup")])


def test_intervals_are_those_of_the_books() -> None:
    rate = share(8, 10)
    assert (rate.low, rate.high) == (pytest.approx(0.4902, abs=1e-3), pytest.approx(0.9433, abs=1e-3))
    assert share(0, 10).low == 0.0
    values = np.tile([0.0, 1.0], 50)
    assert mean(values).low == pytest.approx(0.402, abs=0.02) and not mean(values).holds_zero()
    # 10 against 2 by hand: 2 · (1 + 12 + 66) / 4096.
    assert mcnemar(10, 2) == pytest.approx(2 * 79 / 4096) and mcnemar(0, 0) == 1.0
