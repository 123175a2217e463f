"""Stage 1: repositories to a corpus. `python -m recipe.collect --help`

Writes one JSON Lines file a split, and the manifest: of each source its commit, licences, files and bytes. A source that
was read before is not read again, so an interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import random
import sysconfig
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import filters, languages, licences
from .dedup import Deduplicator
from .sources import SPLITS, Document, Repository, Source, open_source

MOST_PER_REPOSITORY = 7_000_000
"""Characters of one language that one repository may give: no single style shall fill the corpus."""


@dataclass
class Collected:
    """A source's line in the manifest, and its documents."""

    repository: str
    commit: str
    split: str
    licences: list[str]
    licence_files: list[str]
    files: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    documents: list[Document] = field(default_factory=list)

    def manifest(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "documents"} | {"used": bool(self.files)}


def choose(
    collected: Collected, candidates: Iterable[tuple[str, bytes]], seen: Deduplicator, rng: random.Random
) -> None:
    """Takes what is worth learning from of (path, bytes) into `collected`."""
    for path, content in candidates:
        language = languages.of_path(path)
        if language is None:
            continue
        if collected.split == "train":
            if collected.bytes[language.name] > MOST_PER_REPOSITORY:
                collected.refused["enough of the repository"] += 1
                continue
            if filters.is_test(path) and rng.random() < 0.5:
                collected.refused["half of the tests"] += 1
                continue
        try:
            text = content.decode("utf-8").replace("\r\n", "\n").removeprefix("\ufeff")
        except UnicodeDecodeError:
            collected.refused["not UTF-8"] += 1
            continue
        if licences.names_copyleft(text[:3_000]):
            collected.refused["copyleft"] += 1
            continue
        text = licences.without_header(text, language.line_comment)
        reason = filters.text_reason(text) or seen.reason(text)
        if reason:
            collected.refused[reason] += 1
            continue
        collected.files[language.name] += 1
        collected.bytes[language.name] += len(text.encode())
        collected.documents.append(Document(collected.repository, path, language.name, text))


def collect_repository(source: Source, repository: Repository, seen: Deduplicator) -> Collected:
    """What one repository gives; nothing, with the reason, where its licence does not permit it."""
    rng = random.Random(f"{source.repository} {source.commit}")
    entries = list(repository.entries())
    terms = [entry for entry in entries if "/" not in entry.path and licences.LICENCE_FILE.fullmatch(entry.path)]
    text = "\n".join(content.decode("utf-8", "replace") for _, content in repository.blobs(terms))
    found = licences.permitted(text)
    collected = Collected(source.repository, source.commit, source.split, found, [entry.path for entry in terms])
    if not found:
        collected.refused["licence"] = len(entries)
        return collected
    candidates = []
    for entry in entries:
        if languages.of_path(entry.path) is None:
            continue
        reason = filters.path_reason(entry.path)
        if reason is None and not filters.FEWEST_BYTES <= entry.size <= filters.MOST_BYTES:
            reason = "size"
        if reason:
            collected.refused[reason] += 1
        else:
            candidates.append(entry)
    rng.shuffle(candidates)
    choose(collected, ((entry.path, content) for entry, content in repository.blobs(candidates)), seen, rng)
    return collected


def standard_library() -> Iterator[tuple[str, bytes]]:
    """Python's own library, which comes with the interpreter, without what it carries of others and its tests."""
    root = Path(sysconfig.get_path("stdlib"))
    others = {"site-packages", "idlelib", "test", "tests", "lib2to3", "encodings", "pydoc_data", "ensurepip"}
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root)
        if not others & set(relative.parts):
            yield f"Lib/{relative.as_posix()}", path.read_bytes()


def collect_standard_library(seen: Deduplicator) -> Collected:
    version = f"v{sysconfig.get_config_var('VERSION')}"
    collected = Collected("python/cpython", version, "train", ["PSF-2.0"], ["LICENSE"])
    choose(collected, standard_library(), seen, random.Random(0))
    return collected


def restore(part: Path, about: Path, seen: Deduplicator) -> dict[str, object]:
    """A source that an earlier run has read: its texts are remembered as if it were read now."""
    for document in Document.read(part):
        seen.reason(document.text)
    return json.loads(about.read_text())


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m recipe.collect", description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, required=True, help="list of `owner/name commit split`")
    parser.add_argument("--out", type=Path, required=True, help="directory for the corpus and manifest.json")
    parser.add_argument("--mirror", type=Path, help="directory of git directories named owner+name, used before cloning")
    parser.add_argument("--standard-library", action="store_true", help="add the interpreter's own library")
    options = parser.parse_args(arguments)

    sources = Source.parse_list(options.sources.read_text())
    parts = options.out / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    seen = Deduplicator()
    manifest: list[dict[str, object]] = []
    order: list[tuple[str, Path]] = []
    jobs = [(source.repository, source.commit, source.split, source) for source in sources]
    if options.standard_library:
        jobs.append(("python/cpython", "stdlib", "train", None))
    for name, commit, split, source in jobs:
        stem = f"{name.replace('/', '+')}@{commit}.{split}"
        part, about = parts / f"{stem}.jsonl", parts / f"{stem}.json"
        if about.is_file():
            told = restore(part, about, seen)
        else:
            if source is None:
                collected = collect_standard_library(seen)
            else:
                repository = open_source(source, options.out / "clones", options.mirror)
                collected = collect_repository(source, repository, seen)
            part.write_text("".join(document.to_json() + "\n" for document in collected.documents), encoding="utf-8")
            told = collected.manifest()
            about.write_text(json.dumps(told))
        manifest.append(told)
        order.append((split, part))
        print(f"{name}: {told['licences'] or 'REFUSED'} {told['bytes']} refused {told['refused']}", flush=True)
    for split in SPLITS:
        with (options.out / f"{split}.jsonl").open("w", encoding="utf-8") as joined:
            for of, part in order:
                if of == split:
                    joined.write(part.read_text(encoding="utf-8"))
    (options.out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
