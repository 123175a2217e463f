"""Which files are worth learning from: written by people, of a usual size, and code for the most part."""

from __future__ import annotations

import re

MOST_BYTES = 120_000
FEWEST_BYTES = 200
LONGEST_LINE = 300

_DIRECTORIES = re.compile(
    r"(?:^|/)(?:node_modules|_?vendor|vendored|third[_-]?party|external|deps|bundled|dist|build|target|out|generated|gen"
    r"|testdata|test_data|__?fixtures?__|fixtures?|__?snapshots?__|snapshots?|baselines?|corpus|conformance|ecosystem"
    r"|locales?|translations|migrations|static|assets|public|min|\.yarn|typeshed|unicode|samples/data)(?:/|$)",
    re.IGNORECASE,
)
_NAMES = re.compile(
    r"(?:\.min\.(?:js|mjs)|\.bundle\.js|\.d\.[mc]?ts|\.pb\.(?:go|gw\.go|cc|h)|_pb2(?:_grpc)?\.py|zz_generated.*"
    r"|_?generated\.\w+|[._]gen\.\w+|_string\.go|tables?\.(?:go|rs)|bindings\.rs|emoji.*|.*_easyjson\.go|entities\.\w+)$",
    re.IGNORECASE,
)
_GENERATED = re.compile(
    r"code generated|@generated|do not edit|auto-?generated|automatically generated|this file (?:is|was) generated"
    r"|generated (?:by|from)",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"(?:^|/)(?:tests?|__tests__|spec|e2e|examples?|benches)(?:/|$)|[._]test\.|_test\.|\.spec\.|(?:^|/)test_"
)
_HEAD = 1_500
"""Characters at a file's head in which it says that it was generated."""


def path_reason(path: str) -> str | None:
    """Why a file is left out by its name: it is vendored, generated or data."""
    directory, _, name = path.rpartition("/")
    if _DIRECTORIES.search(directory):
        return "directory"
    return "generated name" if _NAMES.search(name) else None


def is_test(path: str) -> bool:
    """Tests and examples repeat themselves: half of them is enough."""
    return _TEST.search(path) is not None


def text_reason(text: str) -> str | None:
    """Why a file is left out by its text: the share of it that is not written code."""
    size = len(text)
    if not FEWEST_BYTES <= size <= MOST_BYTES:
        return "size"
    if _GENERATED.search(text[:_HEAD]):
        return "generated"
    lines = text.split("\n")
    if max(map(len, lines)) > LONGEST_LINE:
        return "long lines"
    if not 8 <= size / len(lines) <= 70:
        return "unusual lines"
    if sum(map(str.isalpha, text)) < 0.35 * size:
        return "few letters"
    if sum(map(str.isdigit, text)) > 0.12 * size:
        return "many digits"
    return None if text.isascii() or sum(c > "\x7f" for c in text) <= 0.02 * size else "not ASCII"
