"""Writes THIRD-PARTY.txt: what is in the binary beside our own code, and the licence texts that must go along with it.

    third_party.py --subject WORDS --target TRIPLE --features "WORDS OF tandem --version" --out FILE

Every licence and notice file that a crate brings is printed, equal texts once. Some crates bring none: theirs is made
from the licence's words with the authors that the crate names, and says so.
"""

import argparse
import os
import re
from pathlib import Path

import crates

TEXT_FILE = re.compile(r"^(licen[sc]e|copying|copyright|notice|unlicense)", re.IGNORECASE)
NOT_OURS = {"tests", "test", "examples", "benches", "fuzz", "ci", "cmake", ".git"}
LINE = "-" * 120

MIT = """Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def texts_below(directory):
    """Licence and notice files below a directory, in a fixed order, without those of its tests and tools."""
    found = []
    for place, folders, files in os.walk(directory):
        folders[:] = sorted(folder for folder in folders if folder not in NOT_OURS)
        for name in sorted(files):
            path = Path(place) / name
            is_text = path.suffix.lower() in ("", ".md", ".txt", ".rst", ".markdown") or path.suffix[1:].isupper()
            if TEXT_FILE.match(name) and is_text:
                found.append(path)
    return found


def read(path):
    text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    lines = (line.rstrip() for line in text.replace("\f", "").splitlines())
    return "\n".join(lines).strip("\n") + "\n"


def from_template(name, licence, holders):
    """The text for something that names its licence but brings no file. MIT alone can be made so."""
    options = re.split(r" OR ", licence or "")
    if "MIT" not in options:
        raise SystemExit(f"package: {name} ({licence}) brings no licence text, and none can be made for it")
    return f"Copyright (c) {holders}\n\n{MIT}"


def texts_of(crate):
    """The texts of one crate; at least one, or an error that names it."""
    files = texts_below(crate.directory)
    if crate.licence_file and crate.directory / crate.licence_file not in files:
        files.append(crate.directory / crate.licence_file)
    at_top = [path for path in files if path.parent == crate.directory or path.name == crate.licence_file]
    texts = [read(path) for path in files]
    if not at_top:
        holders = ", ".join(crate.authors) or f"the authors of {crate.name}"
        texts.insert(0, from_template(crate.name, crate.licence, holders))
    return texts


def binary_entries(target, features):
    _, others = crates.crates(target, features)
    linked = crates.required(others)
    crates.check_licences(linked)
    entries = [(f"{crate.name} {crate.version}", crate.licence, crate.repository, texts_of(crate)) for crate in linked]
    for library in crates.embedded(others):
        name = f"{library['name']} {library['version']} (in {library['crate'].name})"
        texts = [read(path) for path in library["texts"]]
        if "notice" in library:
            texts.append(library["notice"] + "\n")
        if "copyright" in library:
            texts.append(f"{library['copyright']}\n\n{MIT}")
        entries.append((name, library["licence"], library["repository"], texts))
    return entries


def render(subject, entries):
    entries = sorted(entries, key=lambda entry: entry[0].lower())
    width = max((len(name) for name, *_ in entries), default=0)
    licences = max((len(licence) for _, licence, *_ in entries), default=0)
    lines = [f"Software of others in {subject}", ""]
    lines += [f"{name:<{width}}  {licence:<{licences}}  {repository}".rstrip() for name, licence, repository, _ in entries]
    by_text = {}
    for name, _, _, texts in entries:
        for text in texts:
            key = re.sub(r"\s+", " ", text).strip().lower()
            users = by_text.setdefault(key, (text, []))[1]
            if name not in users:
                users.append(name)
    # A text of many first; then in the order of the list above.
    for text, users in sorted(by_text.values(), key=lambda value: (-len(value[1]), value[1][0].lower())):
        lines += ["", LINE, "", *wrap(users), "", text.rstrip("\n")]
    return "\n".join(lines) + "\n"


def wrap(users):
    lines, line = [], "For "
    for index, user in enumerate(users):
        word = user + ("," if index + 1 < len(users) else ":")
        if len(line) + len(word) > 118:
            lines.append(line.rstrip())
            line = "    "
        line += word + " "
    return [*lines, line.rstrip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subject", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--features", required=True)
    parser.add_argument("--out", required=True, type=Path)
    given = parser.parse_args()
    entries = binary_entries(given.target, crates.features_of(given.features.split()))
    given.out.write_text(render(given.subject, entries), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
