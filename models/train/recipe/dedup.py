"""Exact and near duplicates of files, by the lines that they have in common."""

from __future__ import annotations

import hashlib
import re

SHORTEST_LINE = 20
"""Characters from which on a line is distinctive: brackets and `return None` stand everywhere."""
FEWEST_LINES = 4
"""Files with fewer distinctive lines are compared as a whole only."""


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


class Deduplicator:
    """Takes files one by one, and refuses those most of whose distinctive lines it has seen.

    The held-out repositories go first: whatever is near to one of their files is then refused for training. Memory is
    8 bytes a line and the set's overhead, some 60 bytes together.
    """

    def __init__(self, most_seen: float = 0.6) -> None:
        self.most_seen = most_seen
        self._wholes: set[int] = set()
        self._lines: set[int] = set()

    def reason(self, text: str) -> str | None:
        """Why a file is refused; none where it is new, and then it is remembered."""
        whole = _digest(re.sub(r"\s+", "", text))
        if whole in self._wholes:
            return "duplicate"
        lines = {_digest(line) for line in map(str.strip, text.split("\n")) if len(line) > SHORTEST_LINE}
        if len(lines) >= FEWEST_LINES and len(lines & self._lines) > self.most_seen * len(lines):
            return "near duplicate"
        self._wholes.add(whole)
        self._lines |= lines
        return None
