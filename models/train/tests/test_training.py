from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from recipe import gguf_file
from recipe.config import Config
from recipe.export import check_layout
from recipe.model import Llama
from recipe.optimiser import Rates, orthogonal
from recipe.shards import read_shard
from recipe.tokenizer import from_gguf, pieces_of
from recipe.train import Rows, Trainer, first_model, train
from tokenizers import Tokenizer


def _validation(shards: list[Path]) -> tuple[torch.Tensor, torch.Tensor]:
    tokens, weights = read_shard(shards[1])
    return torch.from_numpy(tokens.astype(np.int64)), torch.from_numpy(weights)


def test_a_run_that_was_interrupted_ends_with_the_same_weights(config: Config, shards: list[Path], tmp_path: Path) -> None:
    def run(trainer: Trainer, steps: int) -> None:
        while trainer.step < steps:
            trainer.update(Rows(shards))

    whole = Trainer(config, first_model(config))
    run(whole, 6)
    first = Trainer(config, first_model(config))
    run(first, 3)
    first.save(tmp_path / "checkpoint.pt")
    second = Trainer(config, first_model(config))
    second.load(tmp_path / "checkpoint.pt")
    assert second.step == 3 and second.progress() == 0.5
    run(second, 6)
    for (name, one), (_, other) in zip(whole.model.named_parameters(), second.model.named_parameters(), strict=True):
        assert torch.equal(one, other), name


def test_it_learns_what_it_is_shown(config: Config, shards: list[Path], tmp_path: Path) -> None:
    config = replace(config, run=replace(config.run, steps=60))
    trainer = Trainer(config, first_model(config))
    before = trainer.validate(*_validation(shards))
    lines = list(train(trainer, Rows(shards), _validation(shards), tmp_path))
    after = lines[-1]
    assert after["validation"] < 0.8 * before["validation"] and after["middle"] < before["middle"]
    assert after["tokens"] == 60 * 4 * 128 and (tmp_path / "checkpoint.pt").is_file()


def test_passes_of_any_size_make_the_same_step(config: Config, shards: list[Path]) -> None:
    stepped = []
    for size in (1, 2, 4):
        trainer = Trainer(replace(config, run=replace(config.run, rows_per_pass=size)), first_model(config))
        loss = trainer.update(Rows(shards))
        stepped.append((loss, trainer.model.blk[0].attn_q.weight.detach().clone()))
    for loss, weight in stepped[1:]:
        assert loss == pytest.approx(stepped[0][0], rel=1e-5)
        assert torch.allclose(weight, stepped[0][1], atol=1e-5)


def test_rows_begin_again_where_they_end(shards: list[Path]) -> None:
    rows = Rows(shards)
    assert torch.equal(rows.take(0, 2)[0], rows.take(16, 2)[0])
    assert torch.equal(rows.take(7, 2)[0][1], rows.take(8, 1)[0][0])
    with pytest.raises(FileNotFoundError, match=r"recipe\.tokenize"):
        Rows([])


def test_rates_rise_stay_and_fall() -> None:
    rates = Rates(warm_up=10, flat=0.2, last=0.01)
    assert rates.at(0, 0.0) == pytest.approx(0.1)
    assert rates.at(50, 0.1) == 1.0
    assert rates.at(50, 0.6) == pytest.approx(0.5)
    assert rates.at(99, 1.0) == 0.01


def test_updates_of_muon_are_nearly_orthogonal() -> None:
    torch.manual_seed(0)
    for shape in ((3, 16, 48), (2, 48, 16)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
        assert values.min() > 0.5 and values.max() < 1.4


def test_no_token_sees_those_behind_it(config: Config) -> None:
    model = Llama(config.shape).eval()
    tokens = torch.randint(0, 320, (1, 20))
    other = tokens.clone()
    other[0, 12:] = 5
    with torch.no_grad():
        assert torch.allclose(model(tokens)[0, :12], model(other)[0, :12], atol=1e-5)
        assert not torch.allclose(model(tokens)[0, 12:], model(other)[0, 12:], atol=1e-3)


@pytest.mark.parametrize(("quantization", "error"), [("F32", 0.0), ("F16", 1e-3), ("Q8_0", 1e-2)])
def test_what_is_exported_reads_back(
    config: Config, tokenizer: Tokenizer, tmp_path: Path, quantization: str, error: float
) -> None:
    model = first_model(config)
    path = tmp_path / "model.gguf"
    gguf_file.write(
        path, model, tokenizer, quantization, name="a", description="b", layout="spm-no-middle", languages=["rust"]
    )
    read = gguf_file.read(path)
    assert read.shape == model.shape
    for (name, one), (_, other) in zip(model.named_parameters(), read.named_parameters(), strict=True):
        assert (one - other).abs().max() <= error * one.abs().max(), name
    again = from_gguf(path)
    assert pieces_of(again) == pieces_of(tokenizer)
    text = "fn draw(&self, at: Point) {\n    self.radius * 3.0\n}\n"
    assert again.encode(text, add_special_tokens=False).ids == tokenizer.encode(text, add_special_tokens=False).ids


def test_prefix_first_is_exported_only_once_it_is_learnt() -> None:
    check_layout("psm", {"validation": 2.0, "middle": 1.9})
    check_layout("spm-no-middle", {"validation": 2.0, "middle": 2.5})
    with pytest.raises(ValueError, match="not learnt yet"):
        check_layout("psm", {"validation": 2.0, "middle": 2.5})


def test_a_misspelt_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown in \\[run\\]: minuets"):
        Config.from_dict({"run": {"minuets": 3}})
    with pytest.raises(ValueError, match="unknown in the file: runs"):
        Config.from_dict({"runs": {}})


@pytest.mark.parametrize("path", sorted((Path(__file__).parent.parent / "configs").glob("*.toml")), ids=lambda path: path.stem)
def test_the_runs_that_come_with_it_can_be_read(path: Path) -> None:
    config = Config.read(path)
    assert abs(sum(config.mix.languages.values()) - 1.0) < 1e-6
    assert config.data.length <= config.shape.context
