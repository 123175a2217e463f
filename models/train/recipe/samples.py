"""Samples as the model will be asked: the prompt that Tandem builds, what stood at the cursor, and the end token.

Everything is drawn from a generator that is given: the same seed gives the same samples, which is what makes shards
resumable and training repeatable.
"""

from __future__ import annotations

import bisect
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tokenizers import Tokenizer

from . import cursors
from .definitions import Definition, RepositoryIndex, Snippet, heading, print_definitions
from .sources import Document
from .tokenizer import END, FILE, MIDDLE, PREFIX, REPOSITORY, SUFFIX

MOST_OF_A_FILE = 24_000
"""Characters by which a file's chance to be drawn is bounded: a long one is not worth ten."""
SEAM_DISTANCE = 200
"""Characters between seams, on average."""
_TOKEN_START = re.compile(r"(?<=[^\w\n])(?=\w)|(?<=\w)(?=[^\w\n])")
CHARACTERS_PER_TOKEN = 12
"""More than any usual token has: text farther than this from the cursor cannot be within its budget."""


@dataclass(frozen=True)
class Mix:
    """How samples are drawn."""

    layout: str = "spm-no-middle"
    """`spm-no-middle` (suffix, prefix, then the middle goes on) or `psm` (prefix, suffix, middle token, middle)."""
    languages: dict[str, float] = field(
        default_factory=lambda: {"rust": 0.26, "python": 0.24, "typescript": 0.22, "javascript": 0.10, "go": 0.18}
    )
    plain: float = 0.12
    """Share of samples that are text without a hole."""
    repository: float = 0.45
    """Share of the samples with a hole that tell of other files."""
    context: int = 832
    """Tokens of prefix, suffix and snippets together, at most."""
    seams: float = 0.5
    """Share of prefixes that are tokenised in pieces, as at cursors before: many more places at which the model learns to
    go on from half a token's text."""
    seam_weight: float = 2.0
    """Of the first tokens behind a seam."""
    middle_weight: float = 3.0
    snippet_weight: float = 0.1
    suffix_weight: float = 0.5
    longest_middle: int = 96


@dataclass
class Sample:
    """Tokens, and how much each counts when it is predicted."""

    tokens: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def add(self, tokens: Sequence[int], weight: float | Sequence[float]) -> None:
        self.tokens += tokens
        self.weights += [weight] * len(tokens) if isinstance(weight, float) else weight

    def __len__(self) -> int:
        return len(self.tokens)


class Sampler:
    """Draws samples from documents."""

    def __init__(self, documents: Iterable[Document], tokenizer: Tokenizer, mix: Mix) -> None:
        self.tokenizer = tokenizer
        self.mix = mix
        self._by_language: dict[str, list[Document]] = defaultdict(list)
        for document in documents:
            if document.language in mix.languages and len(document.text) >= 60:
                self._by_language[document.language].append(document)
        self._sums: dict[str, list[int]] = {}
        self._repositories: dict[tuple[str, str], list[Document]] = defaultdict(list)
        for language, all_of_it in self._by_language.items():
            total, sums = 0, []
            for document in all_of_it:
                total += min(len(document.text), MOST_OF_A_FILE)
                sums.append(total)
                self._repositories[document.repository, language].append(document)
            self._sums[language] = sums
        self._indexes: dict[tuple[str, str], RepositoryIndex] = {}
        number = {piece: tokenizer.token_to_id(piece) for piece in (END, PREFIX, MIDDLE, SUFFIX, REPOSITORY, FILE)}
        self.end, self.prefix, self.middle = number[END], number[PREFIX], number[MIDDLE]
        self.suffix, self.repository, self.file = number[SUFFIX], number[REPOSITORY], number[FILE]

    def encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def document(self, rng: random.Random) -> Document:
        languages = list(self._by_language)
        language = rng.choices(languages, [self.mix.languages[name] for name in languages])[0]
        sums = self._sums[language]
        return self._by_language[language][bisect.bisect(sums, rng.randrange(sums[-1]))]

    def sample(self, rng: random.Random, room: int) -> Sample:
        """A sample of at most `room` tokens."""
        document = self.document(rng)
        hole = cursors.choose(document.text, rng) if rng.random() >= self.mix.plain and room >= 96 else None
        if hole is None:
            return self.plain(document, rng, room)
        return self.filled(document, hole, rng, room)

    def plain(self, document: Document, rng: random.Random, room: int) -> Sample:
        """A piece of a file from the start of a line on, with the end token where the file ends in it."""
        sample = Sample()
        if rng.random() < 0.5:
            sample.add([self.file, *self.encode(f"{heading(document.path)}\n")], 0.1)
        start = rng.randrange(max(1, len(document.text) - 200))
        start = document.text.rfind("\n", 0, start) + 1
        text = document.text[start : start + room * CHARACTERS_PER_TOKEN]
        tokens = self.encode(text)
        if start + len(text) == len(document.text) and len(sample) + len(tokens) < room:
            tokens.append(self.end)
        sample.add(tokens[: room - len(sample)], 1.0)
        return sample

    def filled(self, document: Document, hole: cursors.Hole, rng: random.Random, room: int) -> Sample:
        """The prompt at a hole, the hole's text and the end token. A middle that is too long is cut, and has no end."""
        text = document.text
        before, written, behind = text[: hole.start], text[hole.start : hole.end], text[hole.end :]
        longest = min(self.mix.longest_middle, room // 4)
        budget = max(32, min(self.mix.context, room - longest - 72))
        sample = Sample()
        share = 0.0
        if rng.random() < self.mix.repository:
            share = 1 / 3 * rng.uniform(0.2, 1.0)
            self._files_before(sample, document, hole, int(budget * share), rng)
        sample.add([self.file, *self.encode(f"{heading(document.path)}\n")], 0.1)

        left = int(budget * (1 - share))
        suffix = self._suffix(behind, int(left * rng.choice((0.25, 0.25, 0.25, 0.12))) if rng.random() > 0.05 else 0)
        window = before[self._window_start(before, left - len(suffix), rng) :]
        prefix, weights = self.encode_with_seams(window, rng)
        prefix, forced = self.heal(prefix, window)
        healed = len(weights) - len(prefix)
        prefix = prefix[-(left - len(suffix)) :]
        weights = weights[len(weights) - healed - len(prefix) : len(weights) - healed]
        # Where the middle begins, a token begins: Tandem tokenises the two apart.
        middle = self.encode(forced + written)
        ends = len(middle) <= longest
        middle = middle[:longest] + ([self.end] if ends else [])
        if self.mix.layout == "psm":
            sample.add([self.prefix, *prefix], [1.0, *weights])
            sample.add([self.suffix, *suffix, self.middle], self.mix.suffix_weight)
        else:
            sample.add([self.suffix, *suffix], self.mix.suffix_weight)
            sample.add([self.prefix, *prefix], [1.0, *weights])
        sample.add(middle, self.mix.middle_weight)
        return sample

    def encode_with_seams(self, text: str, rng: random.Random) -> tuple[list[int], list[float]]:
        """The tokens of a prefix, and their weights."""
        seams = [0]
        if rng.random() < self.mix.seams:
            at = rng.expovariate(1 / SEAM_DISTANCE)
            while start := _TOKEN_START.search(text, int(at)):
                seams.append(start.start())
                at = start.start() + 8 + rng.expovariate(1 / SEAM_DISTANCE)
        tokens: list[int] = []
        weights: list[float] = []
        for number, (first, last) in enumerate(zip(seams, [*seams[1:], len(text)], strict=True)):
            piece = self.encode(text[first:last])
            tokens += piece
            behind = min(4, len(piece)) if number else 0
            weights += [self.mix.seam_weight] * behind + [1.0] * (len(piece) - behind)
        return tokens, weights

    def heal(self, tokens: list[int], text: str) -> tuple[list[int], str]:
        """Takes the last token off where the text ends in an identifier, as Tandem does; its text has to be written again."""
        line = text[text.rfind("\n") + 1 :]
        if len(tokens) < 2 or not line or not (line[-1].isalnum() or line[-1] == "_"):
            return tokens, ""
        forced = self.tokenizer.decode(tokens[-1:], skip_special_tokens=False)
        return (tokens[:-1], forced) if forced and line.endswith(forced) else (tokens, "")

    def _suffix(self, behind: str, budget: int) -> list[int]:
        return self.encode(behind[: budget * CHARACTERS_PER_TOKEN])[:budget]

    def _window_start(self, before: str, budget: int, rng: random.Random) -> int:
        """The start of the first line of the window: between three quarters of the budget, where Tandem cuts anew, and all."""
        floor = max(0, len(before) - budget * CHARACTERS_PER_TOKEN)
        encoding = self.tokenizer.encode(before[floor:], add_special_tokens=False)
        if floor == 0 and len(encoding.ids) <= budget:
            return 0
        kept = min(len(encoding.ids), max(1, int(budget * rng.uniform(0.75, 1.0))))
        start = floor + encoding.offsets[-kept][0] if encoding.ids else len(before)
        line_break = before.find("\n", start)
        return line_break + 1 if line_break >= 0 else start

    def _files_before(
        self, sample: Sample, document: Document, hole: cursors.Hole, budget: int, rng: random.Random
    ) -> None:
        snippets = self.snippets(document, hole, budget, rng)
        if not snippets:
            return
        name = document.repository.rpartition("/")[2]
        sample.add([self.repository, *self.encode(f"{heading(name)}\n")], 0.1)
        for snippet in snippets:
            sample.add([self.file, *self.encode(snippet.render())], self.mix.snippet_weight)

    def snippets(self, document: Document, hole: cursors.Hole, budget: int, rng: random.Random) -> list[Snippet]:
        """Definitions of names that the file uses, most of all near the cursor; the likeliest file's stand last."""
        key = (document.repository, document.language)
        if key not in self._indexes:
            self._indexes[key] = RepositoryIndex(self._repositories[key])
        index = self._indexes[key]
        text = document.text
        near = text[max(0, hole.start - 1_500) : hole.end + 300]
        related = index.related(text[:MOST_OF_A_FILE], document.path)
        near_names = set(index.related(near, document.path))
        written = text[hole.start : hole.end]
        scored: list[tuple[float, int, Definition]] = []
        for number, found in related.items():
            for definition in found:
                score = rng.random() + (number in near_names) + 1.5 * (definition.name in written)
                scored.append((score, number, definition))
        scored.sort(key=lambda one: -one[0])
        chosen: dict[int, list[Definition]] = {}
        left = budget
        for _, number, definition in scored[:64]:
            cost = 2 + len(definition.signature) // 3 + (0 if number in chosen else 12)
            if cost <= left:
                left -= cost
                chosen.setdefault(number, []).append(definition)
        parts = [print_definitions(index.documents[number].path, of_file) for number, of_file in chosen.items()]
        return parts[::-1]
