"""Makes a tree of files a Debian package's: copyright, changelog, compressed documents, control, md5sums.

    describe.py --package NAME --version VERSION --architecture ARCH --depends LIST --features WORDS --tree FOLDER

The tree holds what is installed, and an empty folder DEBIAN. The time is SOURCE_DATE_EPOCH.
"""

import argparse
import gzip
import hashlib
import os
import re
from email.utils import formatdate
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MAINTAINER = "The Tandem contributors <tandem-ls@users.noreply.github.com>"

CONTROL = """\
Package: {package}
Version: {version}-1
Section: devel
Priority: optional
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: {depends}
Suggests: neovim (>= 0.12), hx
{others}Homepage: {homepage}
Description: {summary}
 Tandem is a language server that completes code with a model on this machine
 and answers questions about a workspace, with citations that are checked.
 .
 An editor starts "tandem serve" and shows what it suggests. Typing never waits
 and nothing leaves the machine; a cloud model is asked only for questions, only
 after it was named, and only under a budget that cannot be overspent.
{backend}"""

# The name of a package's second part, and the words for what it changes.
VARIANTS = {
    "vulkan": "with Vulkan for the model",
    "cuda": "with CUDA for the model",
}

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Tandem
Upstream-Contact: {maintainer}
Source: {homepage}
Comment: The program is linked with software of others. What, and under which
 licences, stands in /usr/share/doc/{package}/THIRD-PARTY.txt.gz.

Files: *
Copyright: {holders}
License: MIT or Apache-2.0

License: MIT
{mit}

License: Apache-2.0
 On Debian systems, the text of the Apache License, Version 2.0, can be found
 in /usr/share/common-licenses/Apache-2.0.
"""

CHANGELOG = """\
{package} ({version}-1) unstable; urgency=medium

  * Release {version}. What changed is told there:
    {homepage}/releases

 -- {maintainer}  {date}
"""


def homepage():
    return re.search(r'^repository = "(.*)"$', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE).group(1)


def indented(text):
    """As a field's further lines: a space before each, a point for an empty one."""
    return "\n".join(f" {line}" if line.strip() else " ." for line in text.strip().splitlines())


def compress(path):
    """In place of the file, the same with `.gz`; without name and time in it."""
    with open(f"{path}.gz", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(path.read_bytes())
    path.unlink()


def installed_size(tree):
    """In KiB: each file rounded up, and one for each folder and link, as policy 5.6.20 wants it estimated."""
    sizes = (path.stat().st_size if path.is_file() and not path.is_symlink() else 1 for path in (tree / "usr").rglob("*"))
    return sum((size + 1023) // 1024 for size in sizes)


def write(path, text):
    path.write_text(text, encoding="utf-8", newline="\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("package", "version", "architecture", "depends", "features", "tree"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    tree = Path(given.tree)
    documents = tree / "usr/share/doc" / given.package
    variant = given.package.partition("-")[2]
    mit = (ROOT / "LICENSE-MIT").read_text(encoding="utf-8")
    common = {"package": given.package, "version": given.version, "maintainer": MAINTAINER, "homepage": homepage()}
    holders = re.search(r"^Copyright \(c\) (.*)$", mit, re.MULTILINE).group(1)
    permission = mit[mit.index("Permission is hereby"):]
    write(documents / "copyright", COPYRIGHT.format(**common, holders=holders, mit=indented(permission)))
    date = formatdate(int(os.environ["SOURCE_DATE_EPOCH"]))
    write(documents / "changelog.Debian", CHANGELOG.format(**common, date=date.replace("-0000", "+0000")))
    for path in [documents / "changelog.Debian", documents / "THIRD-PARTY.txt", *sorted((tree / "usr/share/man").rglob("*.1"))]:
        compress(path)
    summary = "language server with a local and a cloud model"
    backend = ""
    if variant:
        summary += f", {VARIANTS.get(variant, variant)}"
    if "llama" not in given.features.split():
        backend = " .\n This build has no llama.cpp: completions come from the lookup engine alone.\n"
    # All variants bring /usr/bin/tandem, so one makes way for another.
    others = "Provides: tandem\nConflicts: tandem\nReplaces: tandem\n" if variant else ""
    write(
        tree / "DEBIAN/control",
        CONTROL.format(
            **common, architecture=given.architecture, depends=given.depends, size=installed_size(tree), others=others,
            summary=summary, backend=backend,
        ),
    )
    files = sorted((path for path in (tree / "usr").rglob("*") if path.is_file()), key=lambda path: path.as_posix().encode())
    sums = (f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree).as_posix()}\n" for path in files)
    write(tree / "DEBIAN/md5sums", "".join(sums))


if __name__ == "__main__":
    main()
