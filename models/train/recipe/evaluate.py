"""Stage 5: how well the model completes, alone and with lookup. `python -m recipe.evaluate --help`

`tandem eval` asks, in the held-out repositories at the commits of the list; this puts their records together: by language
and kind of place, with intervals, and paired where the same places were asked. A run that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .sources import Repository, Source, open_source
from .statistics import Interval, mcnemar, mean, share

Place = tuple[str, int]
"""A repository and the number of a hole in it."""


@dataclass(frozen=True)
class Answer:
    language: str
    kind: str
    exact: bool
    first_line: bool
    similarity: float
    shown: bool


Answers = dict[Place, Answer]


def read_records(path: Path) -> dict[str, Answers]:
    """The answers of one run of `tandem eval`, by the names of its variants."""
    lines = path.read_text(encoding="utf-8").splitlines()
    names = [name for name, _ in json.loads(lines[0])["variants"]]
    repository = path.parent.name
    answers: dict[str, Answers] = defaultdict(dict)
    for line in lines[1:]:
        record = json.loads(line)
        guess = record["guess"] or {}
        answers[names[record["variant"]]][repository, record["hole"]] = Answer(
            record["language"],
            record["kind"],
            bool(guess.get("exact")),
            bool(guess.get("firstLine")),
            float(guess.get("similarity", 0.0)),
            bool(record["shown"]),
        )
    return answers


def merge(runs: list[dict[str, Answers]]) -> dict[str, Answers]:
    """The variants of several repositories, each with the answers of all."""
    merged: dict[str, Answers] = defaultdict(dict)
    for run in runs:
        for name, answers in run.items():
            merged[name] |= answers
    return dict(merged)


def figures(answers: list[Answer]) -> tuple[Interval, Interval, Interval]:
    """Exact, first line, similarity."""
    count = len(answers)
    exact = share(sum(answer.exact for answer in answers), count)
    first = share(sum(answer.first_line for answer in answers), count)
    return exact, first, mean(np.array([answer.similarity for answer in answers]))


def table(merged: dict[str, Answers], by: str) -> list[str]:
    """Markdown: a row a variant and group. `by` is a field of `Answer`, or empty for all together."""
    rows = [f"| {by or 'all'} | | places | exact | first line | similarity |", "| --- | --- | ---: | ---: | ---: | ---: |"]
    groups = sorted({getattr(answer, by) for answers in merged.values() for answer in answers.values()}) if by else ["all"]
    for group in groups:
        for name, answers in merged.items():
            chosen = [answer for answer in answers.values() if not by or getattr(answer, by) == group]
            exact, first, similarity = figures(chosen)
            rows.append(
                f"| {group} | {name} | {len(chosen)} | {exact.percent()} | {first.percent()} | {similarity.percent()} |"
            )
    return rows


def difference(one: Answers, other: Answers, what: str) -> tuple[int, int, int, Interval, float]:
    """Of the places that both were asked at: their number, those where only `one` is right, those where only `other` is, the
    difference, and McNemar's probability of it by chance."""
    places = sorted(set(one) & set(other))
    pairs = [(getattr(one[place], what), getattr(other[place], what)) for place in places]
    gained, lost = sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
    return len(pairs), gained, lost, mean(np.array([float(a) - float(b) for a, b in pairs])), mcnemar(gained, lost)


def differences(merged: dict[str, Answers], pairs: list[tuple[str, str]]) -> list[str]:
    rows = ["| | of | places | gained | lost | points | p |", "| --- | --- | ---: | ---: | ---: | ---: | ---: |"]
    for one, other in pairs:
        for what, word in (("exact", "exact"), ("first_line", "first line")):
            count, gained, lost, points, chance = difference(merged[one], merged[other], what)
            rows.append(f"| {one} − {other} | {word} | {count} | {gained} | {lost} | {points.percent()} | {chance:.2g} |")
    return rows


def report(directories: list[Path], pairs: list[tuple[str, str]]) -> str:
    merged = merge([read_records(directory / "records.jsonl") for directory in directories])
    for pair in pairs:
        if missing := set(pair) - set(merged):
            raise ValueError(f"no variant is named {', '.join(missing)}; there are: {'; '.join(merged)}")
    parts = [table(merged, by) for by in ("", "language", "kind")]
    if pairs:
        parts.append(differences(merged, pairs))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def check_out(repository: Repository, directory: Path) -> None:
    """The files of a commit; left alone where they are there."""
    if directory.is_dir():
        return
    directory.mkdir(parents=True)
    archive = ["git", "--git-dir", str(repository.directory), "archive", repository.commit]
    with subprocess.Popen(archive, stdout=subprocess.PIPE) as git:
        subprocess.run(["tar", "--extract", "--directory", str(directory)], stdin=git.stdout, check=True)


def ask(options: argparse.Namespace, source: Source) -> Path:
    """Runs `tandem eval` in one repository; returns the directory of its records."""
    name = source.repository.rpartition("/")[2]
    files = options.out / "files" / name
    check_out(open_source(source, options.out / "clones", options.mirror), files)
    records = options.out / name
    command = [str(options.tandem), "eval", "--folder", str(files), "--out", str(records)]
    command += ["--positions", str(options.positions), "--seed", str(options.seed)]
    subprocess.run([*command, *options.arguments], check=True, stdout=sys.stderr)
    return records


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m recipe.evaluate", description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, help="list of sources; those of --split are asked in")
    parser.add_argument("--split", default="heldout")
    parser.add_argument("--mirror", type=Path)
    parser.add_argument("--tandem", type=Path, help="the program; without it only the records of --out are told")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--positions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pair", nargs=2, action="append", default=[], metavar="VARIANT", help="compared, paired")
    parser.add_argument("arguments", nargs="*", help="behind `--`: further arguments of tandem eval")
    options = parser.parse_args(arguments)
    if options.tandem:
        sources = [one for one in Source.parse_list(options.sources.read_text()) if one.split == options.split]
        directories = [ask(options, source) for source in sources]
    else:
        directories = sorted(path.parent for path in options.out.glob("*/records.jsonl"))
    print(report(directories, [tuple(pair) for pair in options.pair]))


if __name__ == "__main__":
    main()
