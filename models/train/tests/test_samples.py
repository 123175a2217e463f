from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from recipe import cursors
from recipe.definitions import RepositoryIndex, definitions, heading, print_definitions
from recipe.samples import Mix, Sampler
from recipe.shards import read_shard, row, write_shard
from recipe.sources import Document
from recipe.tokenizer import SPECIAL
from tokenizers import Tokenizer


def _split(sampler: Sampler, tokens: list[int]) -> tuple[str, str, str]:
    """Head, suffix, and prefix with middle, of a sample that is suffix first."""
    suffix, prefix = tokens.index(sampler.suffix), tokens.index(sampler.prefix)
    assert suffix < prefix
    text = sampler.tokenizer.decode
    return text(tokens[:suffix], skip_special_tokens=False), text(tokens[suffix + 1 : prefix]), text(tokens[prefix + 1 :])


def test_a_sample_decodes_back_to_the_file(sampler: Sampler, documents: list[Document], rng: random.Random) -> None:
    ended = 0
    for _ in range(200):
        document = rng.choice(documents)
        hole = cursors.choose(document.text, rng)
        assert hole
        sample = sampler.filled(document, hole, rng, 1200)
        assert len(sample.tokens) == len(sample.weights) <= 1200
        _, suffix, written = _split(sampler, sample.tokens)
        before = document.text[: hole.end]
        ended += sample.tokens[-1] == sampler.end
        if sample.tokens[-1] == sampler.end:
            assert before.endswith(written), "prefix and middle are what stands before the hole's end"
            assert document.text[hole.end :].startswith(suffix)
            # The end token counts as much as the middle that it ends.
            assert sample.weights[-1] == sampler.mix.middle_weight
    assert ended > 150, "the end of a middle is learnt"


def test_cursors_stand_in_the_middle_of_words_and_their_tokens_are_healed(
    sampler: Sampler, documents: list[Document], rng: random.Random
) -> None:
    text = documents[1].text
    at = text.index("circle.area() >") + len("circle.ar")
    hole = cursors.Hole(at, text.index("\n", at), "word")
    sample = sampler.filled(documents[1], hole, rng, 1200)
    middle = [token for token, weight in zip(sample.tokens, sample.weights, strict=True) if weight == sampler.mix.middle_weight]
    written = sampler.tokenizer.decode(middle[:-1])
    assert written.endswith("ea() > 1.0 {") and len(written) > len("ea() > 1.0 {"), "the token before the cursor is written again"
    prefix = sampler.encode(text[:at])
    kept, forced = sampler.heal(prefix, text[:at])
    assert kept == prefix[:-1] and text[:at].endswith(forced) and forced
    assert sampler.heal(sampler.encode("let x = "), "let x = ") == (sampler.encode("let x = "), "")


def test_all_kinds_of_cursors_are_drawn_and_say_something(documents: list[Document], rng: random.Random) -> None:
    kinds: Counter[str] = Counter()
    for _ in range(600):
        hole = cursors.choose(documents[1].text, rng)
        if hole:
            kinds[hole.kind] += 1
            text = documents[1].text[hole.start : hole.end]
            assert text, hole
            if hole.kind in ("line", "word", "arguments"):
                assert "\n" not in text and any(map(str.isalnum, text))
    assert set(kinds) == set(cursors.KINDS)


def test_other_files_are_told_as_prompts_tell_them(sampler: Sampler, documents: list[Document]) -> None:
    text = documents[1].text
    hole = cursors.Hole(text.index("circle.area()"), text.index("circle.area()") + 6, "line")
    (snippet,) = sampler.snippets(documents[1], hole, 277, random.Random(1))
    assert snippet.render() == "src/shapes.rs\nstruct Circle\nimpl Circle\n    fn area(&self) -> f64\n"
    for seed in range(20):
        sample = sampler.filled(documents[1], hole, random.Random(seed), 1200)
        head, _, _ = _split(sampler, sample.tokens)
        assert head.endswith("<|file_sep|>src/main.rs\n")
        if head.startswith("<|repo_name|>"):
            assert head.startswith("<|repo_name|>drawing\n<|file_sep|>src/shapes.rs\n")
            return
    pytest.fail("no sample told of another file")


def test_definitions_are_found_in_every_language() -> None:
    texts = {
        "rust": ("pub(crate) async fn read(\n    path: &Path,\n) -> Text {\n", "async fn read( path: &Path, ) -> Text"),
        "python": ("class Reader(Base):\n    def read(self, path: str) -> str:\n        pass\n", "class Reader(Base)"),
        "typescript": ("export interface Reader<T> {\n  path: string;\n}\n", "interface Reader<T>"),
        "javascript": ("export default function read(path) {\n}\n", "function read(path)"),
        "go": ("func (r *Reader) Read(path string) (string, error) {\n}\n", "func (r *Reader) Read(path string) (string, error)"),
        "java": ("public final class Reader extends Base {\n", "final class Reader extends Base"),
        "c": ("static int read_all(const char *path) {\n", "static int read_all(const char *path)"),
        "cpp": ("class Reader : public Base {\n", "class Reader : public Base"),
    }
    for language, (text, signature) in texts.items():
        found = definitions(Document("a/b", "x", language, text))
        assert found and found[0].signature == signature, (language, found)
    method = definitions(Document("a/b", "x.py", "python", texts["python"][0]))[1]
    assert (method.holder, method.signature) == ("class Reader(Base)", "def read(self, path: str) -> str")
    assert print_definitions("x.py", [method]).text == "class Reader(Base)\n    def read(self, path: str) -> str\n"


def test_names_that_many_files_define_are_not_told() -> None:
    documents = [Document("a/b", f"{number}.go", "go", "func Run() {\n}\n") for number in range(6)]
    assert RepositoryIndex(documents).related("Run()", "other.go") == {}
    assert set(RepositoryIndex(documents[:3]).related("Run()", "0.go")) == {1, 2}


def test_headings_are_those_of_prompts() -> None:
    assert heading("src/main.rs") == "src/main.rs"
    assert heading("a\nb.rs") == "ab.rs"
    long = "some/very/long/path/that/goes/on/and/on/until/it/is/cut.rs"
    assert heading(long) == "long/path/that/goes/on/and/on/until/it/is/cut.rs" and len(heading("x" * 60)) == 48


def test_text_survives_the_tokenizer(tokenizer: Tokenizer, documents: list[Document]) -> None:
    assert tokenizer.get_vocab_size() == 320
    for text in [*(document.text for document in documents), "naïve — 你好 🎉\t\r\n  x_1 = 12345;__init__", "<|fim_prefix|"]:
        assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids, skip_special_tokens=False) == text
    assert all(tokenizer.token_to_id(token) >= 320 - len(SPECIAL) - 8 for token in SPECIAL)


def test_rows_are_full_and_the_same_for_the_same_seed(sampler: Sampler, tmp_path: Path) -> None:
    one, other = row(sampler, random.Random(3), 256), row(sampler, random.Random(3), 256)
    assert one == other and len(one[0]) == len(one[1]) == 257 and one[0][0] == sampler.end
    for name in ("train-00001.npz", "again/train-00001.npz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_shard(tmp_path / name, sampler, "1", 4, 128)
    first, second = read_shard(tmp_path / "train-00001.npz"), read_shard(tmp_path / "again/train-00001.npz")
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    write_shard(tmp_path / "train-00002.npz", sampler, "1", 4, 128)
    assert not np.array_equal(first[0], read_shard(tmp_path / "train-00002.npz")[0]), "another shard, other rows"


def test_prefix_first_is_laid_out_with_its_middle_token(documents: list[Document], tokenizer: Tokenizer, rng: random.Random) -> None:
    sampler = Sampler(documents, tokenizer, Mix(layout="psm", languages={"rust": 1.0}))
    hole = cursors.choose(documents[0].text, rng)
    assert hole
    tokens = sampler.filled(documents[0], hole, rng, 1200).tokens
    assert tokens.index(sampler.prefix) < tokens.index(sampler.suffix) < tokens.index(sampler.middle)
