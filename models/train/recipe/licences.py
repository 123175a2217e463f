"""Which licence a text is, and whether code under it may be trained on.

Recognition is by sentences that only one family of licences has. What is not recognised is not permitted: a repository
whose licence nobody could name here stays out.
"""

from __future__ import annotations

import re

PERMISSIVE = frozenset({"MIT", "Apache-2.0", "BSD", "ISC", "Unlicense", "PSF-2.0"})

_SENTENCES: tuple[tuple[str, str], ...] = (
    ("Apache-2.0", r"Apache License,? Version 2\.0"),
    ("MIT", r"Permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("ISC", r"Permission to use, copy, modify,? and(?:/or)? distribute this software"),
    ("BSD", r"Redistribution and use in source and binary forms"),
    ("Unlicense", r"free and unencumbered software released into the public domain"),
    ("PSF-2.0", r"PYTHON SOFTWARE FOUNDATION LICENSE"),
)

_COPYLEFT = re.compile(
    r"GNU (?:Lesser |Library |Affero )?General Public|\b[AL]?GPL(?:v?[23]|-[23]|\b)|Mozilla Public License|\bMPL[- ]?[12]"
    r"|Eclipse Public License|European Union Public|Common Development and Distribution|Business Source License|\bBUSL"
    r"|Server Side Public License|\bSSPL|Elastic License|Commons Clause|Creative Commons|\bCC[- ]BY",
    re.IGNORECASE,
)

_HEADER_WORDS = re.compile(r"copyright|licen[sc]e|spdx", re.IGNORECASE)

LICENCE_FILE = re.compile(r"(?:LICEN[SC]E|COPYING|UNLICENSE)(?:[-._].*)?", re.IGNORECASE)
"""Names of the files at a repository's root that hold its terms."""


def recognise(text: str) -> list[str]:
    """The permissive licences whose sentences a text has, in a fixed order. Several texts may be joined."""
    joined = re.sub(r"[\s>*#]+", " ", text)
    return [name for name, sentence in _SENTENCES if re.search(sentence, joined, re.IGNORECASE)]


def names_copyleft(text: str) -> bool:
    """Whether a text so much as names a licence that asks for more than a notice.

    Dual licences are refused with it: telling "MIT or GPL" from "parts are under the GPL" takes a lawyer.
    """
    return _COPYLEFT.search(re.sub(r"\s+", " ", text)) is not None


def permitted(text: str) -> list[str]:
    """The licences of a repository's joined licence files; empty where its code must not be used."""
    return [] if names_copyleft(text) else recognise(text)


def without_header(text: str, line_comment: str) -> str:
    """A file without the licence notice at its head: a model that has seen it a thousand times writes nothing else there."""
    lines = text.split("\n")
    start = 1 if lines[0].startswith("#!") else 0
    end = start
    if lines[start : start + 1] and lines[start].lstrip().startswith("/*"):
        while end < len(lines) and "*/" not in lines[end]:
            end += 1
        end += 1
    else:
        # Directives for a compiler look like comments: they are code.
        while end < len(lines) and re.match(rf"{re.escape(line_comment)}(?![!:]|go:| \+build)", lines[end]):
            end += 1
    if not _HEADER_WORDS.search("\n".join(lines[start:end])):
        return text
    return "\n".join(lines[:start] + lines[end:]).lstrip("\n")
