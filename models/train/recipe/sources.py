"""Repositories at a commit: read from git without a work tree."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

SPLITS = ("heldout", "validation", "train")
"""In the order in which they are collected: what is near to an earlier one is left out of a later one."""


@dataclass(frozen=True)
class Source:
    """One line of the list: `owner/name commit split`."""

    repository: str
    commit: str
    split: str

    @staticmethod
    def parse_list(text: str) -> list[Source]:
        """The sources of a list file, held-out ones first. `#` begins a comment."""
        sources = []
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split("#", 1)[0].split()
            if not words:
                continue
            if len(words) != 3 or words[2] not in SPLITS or "/" not in words[0]:
                raise ValueError(f"line {number}: expected `owner/name commit {'|'.join(SPLITS)}`, found `{line}`")
            sources.append(Source(*words))
        names = [source.repository for source in sources]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"listed twice: {', '.join(sorted(twice))}")
        return sorted(sources, key=lambda source: SPLITS.index(source.split))


@dataclass(frozen=True)
class Entry:
    """A file in a commit."""

    path: str
    blob: str
    size: int


class Repository:
    """A git directory, read by git itself."""

    def __init__(self, directory: Path, commit: str) -> None:
        self.directory = directory
        self.commit = commit

    def _git(self, *arguments: str) -> bytes:
        command = ["git", "--git-dir", str(self.directory), *arguments]
        return subprocess.run(command, check=True, capture_output=True).stdout

    def entries(self) -> Iterator[Entry]:
        """All regular files of the commit. Links and submodules are left out: their text is another file's."""
        listing = self._git("ls-tree", "-r", "-l", "-z", self.commit).decode("utf-8", "replace")
        for line in filter(None, listing.split("\0")):
            about, path = line.split("\t", 1)
            mode, kind, blob, size = about.split()
            if kind == "blob" and mode != "120000" and size.isdigit():
                yield Entry(path, blob, int(size))

    def blobs(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, bytes]]:
        """The bytes of files, in order, by one process. A blob that the clone lacks is left out."""
        entries = list(entries)
        command = ["git", "--git-dir", str(self.directory), "cat-file", "--batch"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as git:
            assert git.stdin and git.stdout
            # Asked for on a thread of its own: git stops reading while its answers are not taken.
            names = "".join(f"{entry.blob}\n" for entry in entries).encode()
            asker = Thread(target=lambda: (git.stdin.write(names), git.stdin.close()), daemon=True)
            asker.start()
            for entry in entries:
                header = git.stdout.readline().split()
                if len(header) == 3:
                    yield entry, git.stdout.read(int(header[2]))
                    git.stdout.read(1)
            asker.join()


def open_source(source: Source, clones: Path, mirror: Path | None) -> Repository:
    """The repository of a source: from a directory of mirrors (`owner+name`, bare or with one git directory inside), else
    fetched at its commit alone into `clones`, where it stays for the next run."""
    name = source.repository.replace("/", "+")
    if mirror:
        for directory in (mirror / name, mirror / name / "repo", mirror / f"{name}.git"):
            if (directory / "HEAD").is_file():
                return Repository(directory, source.commit)
    directory = clones / name
    if not (directory / "complete").is_file():
        remote = f"https://github.com/{source.repository}"
        for command in (
            ["git", "init", "--quiet", "--bare", str(directory)],
            ["git", "--git-dir", str(directory), "fetch", "--quiet", "--depth", "1", remote, source.commit],
        ):
            subprocess.run(command, check=True)
        (directory / "complete").touch()
    return Repository(directory, source.commit)


@dataclass(frozen=True)
class Document:
    """A file that is trained on or measured with: one line of a corpus."""

    repository: str
    path: str
    language: str
    text: str

    def to_json(self) -> str:
        return json.dumps(self.__dict__, ensure_ascii=False)

    @staticmethod
    def read(path: Path) -> Iterator[Document]:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield Document(**json.loads(line))
