"""Where a cursor could be in a file, and what would be written there.

The kinds are those that `tandem eval` asks at, and the places in the middle of words at which people type as well.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

KINDS = {"line": 0.36, "word": 0.12, "arguments": 0.14, "lines": 0.20, "block": 0.10, "any": 0.08}
"""Shares of the kinds of holes."""

_TOKEN = re.compile(r"\w+|[^\w\s]+")
_ARGUMENTS = re.compile(r"\w[!>]?\(([^()\n]*(?:\([^()\n]*\)[^()\n]*)*)\)\s*[;,{]?\s*$")
_COMMENT = ("//", "#", "*", "/*", '"""', "'''")
_MOST_LINES = 5
_MOST_BLOCK_LINES = 8
_TRIES = 12


@dataclass(frozen=True)
class Hole:
    """Characters `start..end` of a text are cut out; the cursor stands at `start`."""

    start: int
    end: int
    kind: str


def _line(text: str, at: int) -> tuple[int, int]:
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    return start, len(text) if end < 0 else end


def _says_something(text: str) -> bool:
    return any(map(str.isalnum, text))


def _rest_of_line(text: str, at: int, rng: random.Random, inside_word: bool) -> Hole | None:
    start, end = _line(text, at)
    line = text[start:end].rstrip()
    if line.lstrip().startswith(_COMMENT) and rng.random() < 0.7:
        return None
    if inside_word:
        places = [match.start() + rng.randrange(1, len(match[0])) for match in _TOKEN.finditer(line) if len(match[0]) > 2]
    else:
        places = [match.start() for match in _TOKEN.finditer(line)]
    places = [place for place in places if _says_something(line[place:])]
    if not places:
        return None
    return Hole(start + rng.choice(places), start + len(line), "word" if inside_word else "line")


def _arguments(text: str, at: int) -> Hole | None:
    start, end = _line(text, at)
    match = _ARGUMENTS.search(text[start:end])
    if match is None or not _says_something(match[1]):
        return None
    return Hole(start + match.start(1), start + match.end(1), "arguments")


def _whole_lines(text: str, at: int, count: int) -> Hole | None:
    start, end = _line(text, at)
    line = text[start:end]
    first = start + len(line) - len(line.lstrip())
    if first == end or line.lstrip()[0] in ")]}":
        return None
    for _ in range(count - 1):
        if end < len(text):
            end = _line(text, end + 1)[1]
    return Hole(first, first + len(text[first:end].rstrip()), "lines")


def _block(text: str, at: int, rng: random.Random) -> Hole | None:
    """The body below a line that opens one, by indentation."""
    start, end = _line(text, at)
    line = text[start:end].rstrip()
    if not line.endswith(("{", ":", "=>")):
        return None
    outer = len(line) - len(line.lstrip())
    last, at, rows = end, end + 1, 0
    while at < len(text):
        start, row_end = _line(text, at)
        row = text[start:row_end]
        if row.strip():
            if len(row) - len(row.lstrip()) <= outer:
                break
            rows += 1
            if rows > _MOST_BLOCK_LINES:
                return None
            last = start + len(row.rstrip())
        at = row_end + 1
    if rows == 0:
        return None
    # Behind the opening, or where the editor has indented already.
    first = end if rng.random() < 0.6 else end + 1 + len(text[end + 1 :]) - len(text[end + 1 :].lstrip(" \t"))
    return Hole(first, last, "block") if first < last else None


def choose(text: str, rng: random.Random) -> Hole | None:
    """A hole, of a kind by its share; none where the text has no such place near where it was looked for."""
    kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
    for _ in range(_TRIES):
        at = rng.randrange(len(text))
        match kind:
            case "line" | "word":
                hole = _rest_of_line(text, at, rng, kind == "word")
            case "arguments":
                hole = _arguments(text, at)
            case "lines":
                hole = _whole_lines(text, at, min(_MOST_LINES, 1 + int(rng.expovariate(0.8))))
            case "block":
                hole = _block(text, at, rng)
            case _:
                hole = Hole(at, min(len(text), at + int(2 ** (rng.random() * 7.0)) + 1), "any")
        if hole:
            return hole
    return None
