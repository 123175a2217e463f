"""Prints README.md as it stands in a package: what it points to in the repository, it points to there, at this version.

    readme.py VERSION [FILE]
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def repository():
    return re.search(r'^repository = "(.*)"$', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE).group(1)


def absolute(text, version, folder=""):
    """Markdown with its relative links made absolute. Pictures go to the file itself, all else to its page."""
    base = repository()

    def link(match):
        picture, words, place = match.groups()
        if re.match(r"[a-z]+:|#|//", place):
            return match.group(0)
        path, mark, anchor = place.partition("#")
        parts = []
        for part in [*folder.split("/"), *path.split("/")]:
            if part == "..":
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        kind = "raw" if picture else "blob"
        return f"{picture}[{words}]({base}/{kind}/v{version}/{'/'.join(parts)}{mark}{anchor})"

    return re.sub(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)", link, text)


def main():
    version = sys.argv[1]
    file = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "README.md"
    folder = file.resolve().parent.relative_to(ROOT).as_posix()
    text = absolute(file.read_text(encoding="utf-8"), version, "" if folder == "." else folder)
    sys.stdout.buffer.write(text.encode("utf-8"))


if __name__ == "__main__":
    main()
