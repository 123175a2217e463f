"""The languages that are trained on, by the endings of their files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """What collecting and sampling have to know of a language."""

    name: str
    endings: tuple[str, ...]
    line_comment: str = "//"


LANGUAGES: tuple[Language, ...] = (
    Language("rust", ("rs",)),
    Language("python", ("py",), "#"),
    Language("typescript", ("ts", "tsx", "mts", "cts")),
    Language("javascript", ("js", "jsx", "mjs", "cjs")),
    Language("go", ("go",)),
    Language("java", ("java",)),
    Language("c", ("c", "h")),
    Language("cpp", ("cc", "cpp", "cxx", "hh", "hpp", "hxx")),
)

BY_NAME = {language.name: language for language in LANGUAGES}
_BY_ENDING = {ending: language for language in LANGUAGES for ending in language.endings}


def of_path(path: str) -> Language | None:
    """The language of a file by its name; none where it is not trained on."""
    name = path.rsplit("/", 1)[-1]
    return _BY_ENDING.get(name.rsplit(".", 1)[-1]) if "." in name else None
