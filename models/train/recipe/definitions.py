"""Definitions of other files, told as Tandem's prompts tell them: one line each, under what holds them.

Found by patterns, not by a parser: what trains a model to read such lines may miss some, but has to look like them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from .sources import Document

LONGEST_SIGNATURE = 200
LONGEST_HEADING = 48
MOST_FILES = 4
"""A name that more files define says nothing of which one is meant."""
_MOST_ROWS = 8

_NAME = r"(?P<name>[A-Za-z_]\w*)"
_SCRIPT = (
    rf"(?:(?:async\s+)?function\*?|(?:abstract\s+)?class|interface|type|enum|const|let)\s+{_NAME}"
    rf"|(?:(?:static|async|get|set|readonly|override)\s+)*{_NAME.replace('name', 'method')}\s*(?:<[^>]*>)?\([^;]*\)\s*(?::[^;]*)?\{{\s*$"
)
_BRACES = (
    rf"(?:(?:abstract|static|final|inline|constexpr|virtual|template\s*<[^>]*>)\s+)*"
    rf"(?:(?:class|struct|enum|interface|union|record)\s+{_NAME}|[\w:<>,*&\[\]]+[\s*&]+{_NAME.replace('name', 'method')}\s*\([^;]*\)\s*(?:const\s*)?\{{?\s*$)"
)
_MODIFIERS = re.compile(r"^(?:pub(?:\([^)]*\))?|export|default|declare|public|private|protected)\s+")
_DEFINITION = {
    "rust": rf"(?:(?:async|const|unsafe|default)\s+|extern\s+\"\w+\"\s+)*(?:fn|struct|enum|trait|type|const|static|union)\s+{_NAME}",
    "python": rf"(?:async\s+)?(?:def|class)\s+{_NAME}",
    "typescript": _SCRIPT,
    "javascript": _SCRIPT,
    "go": rf"func\s+(?:\([^)]*\)\s*)?{_NAME}|type\s+{_NAME.replace('name', 'method')}",
    "java": _BRACES,
    "c": _BRACES,
    "cpp": _BRACES,
}
_PATTERNS = {language: re.compile(pattern) for language, pattern in _DEFINITION.items()}
_HOLDER = re.compile(r"(?:(?:unsafe\s+)?impl\b|trait\s|class\s|interface\s|abstract class\s|enum\s)")
_NO_DEFINITIONS = frozenset({"if", "for", "while", "switch", "catch", "return", "function", "match", "else", "new", "super"})
_WORD = re.compile(r"[A-Za-z_]\w+")


@dataclass(frozen=True)
class Definition:
    name: str
    row: int
    signature: str
    holder: str | None


def heading(text: str) -> str:
    """A path or a repository's name as a prompt has it: one line, of a long path the last parts."""
    line = "".join(c for c in text if c.isprintable())
    if len(line) <= LONGEST_HEADING:
        return line
    tail = line[len(line) - LONGEST_HEADING - 1 :]
    _, slash, parts = tail.partition("/")
    return parts if slash and parts else tail[1:]


def _signature(lines: list[str], row: int, language: str) -> str:
    """The text before the body, on one line and without access modifiers."""
    words: list[str] = []
    for line in lines[row : row + _MOST_ROWS]:
        words += line.split()
        text = " ".join(words)
        if language == "python":
            is_whole = line.rstrip().endswith(":") and text.count("(") <= text.count(")")
        else:
            is_whole = "{" in line or ";" in line or (language == "go" and text.count("(") <= text.count(")"))
        if is_whole or len(text) > LONGEST_SIGNATURE:
            break
    text = " ".join(words)
    while modifier := _MODIFIERS.match(text):
        text = text[modifier.end() :]
    cut = text.find("{") if language != "python" else -1
    text = (text[:cut] if cut > 0 else text).rstrip("{=:; ")
    return text if len(text) <= LONGEST_SIGNATURE else text[:LONGEST_SIGNATURE] + "…"


def definitions(document: Document) -> list[Definition]:
    """What a file defines, in its order. Held by the nearest less indented line that opens a type."""
    pattern = _PATTERNS.get(document.language)
    if pattern is None:
        return []
    lines = document.text.split("\n")
    found: list[Definition] = []
    holders: list[tuple[int, str]] = []
    for row, line in enumerate(lines):
        body = line.lstrip()
        if not body or body[0] in "#/*}":
            continue
        indentation = len(line) - len(body)
        while holders and holders[-1][0] >= indentation:
            holders.pop()
        while modifier := _MODIFIERS.match(body):
            body = body[modifier.end() :]
        match = pattern.match(body)
        name = match and (match.groupdict().get("name") or match.groupdict().get("method"))
        if name and name not in _NO_DEFINITIONS:
            holder = holders[-1][1] if holders else None
            # What stands deeper than a member is local.
            if indentation == 0 or holder:
                found.append(Definition(name, row, _signature(lines, row, document.language), holder))
        if _HOLDER.match(body):
            holders.append((indentation, _signature(lines, row, document.language)))
    return found


@dataclass(frozen=True)
class Snippet:
    """What a prompt tells of one other file."""

    path: str
    text: str

    def render(self) -> str:
        return f"{heading(self.path)}\n{self.text}"


def print_definitions(path: str, chosen: Iterable[Definition]) -> Snippet:
    """In the order of the file, indented below what holds them."""
    text = ""
    before: str | None = None
    for definition in sorted(chosen, key=lambda one: one.row):
        if definition.holder and definition.holder != before:
            text += f"{definition.holder}\n"
        text += f"{'    ' if definition.holder else ''}{definition.signature}\n"
        before = definition.holder
    return Snippet(path, text)


class RepositoryIndex:
    """Where the names of one repository and language are defined."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents = documents
        self.of_file = [definitions(document) for document in documents]
        self._places: dict[str, set[int]] = defaultdict(set)
        for number, found in enumerate(self.of_file):
            for definition in found:
                self._places[definition.name].add(number)

    def related(self, text: str, own: str) -> dict[int, list[Definition]]:
        """Definitions in other files (by number) of names that `text` uses. Names of one letter are skipped."""
        found: dict[int, list[Definition]] = defaultdict(list)
        for name in set(_WORD.findall(text)):
            places = self._places.get(name, ())
            if not 0 < len(places) <= MOST_FILES:
                continue
            for number in sorted(places):
                if self.documents[number].path != own:
                    found[number] += [one for one in self.of_file[number] if one.name == name]
        return found
