from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from recipe.config import Config
from recipe.samples import Mix, Sampler
from recipe.shards import write_shard
from recipe.sources import Document
from recipe.tokenizer import train
from tokenizers import Tokenizer

FILES = {
    "src/shapes.rs": "pub struct Circle {\n    radius: f64,\n}\n\nimpl Circle {\n    pub fn area(&self) -> f64 {\n        self.radius * 3.0\n    }\n}\n\n"
    "pub trait Draw {\n    fn draw(&self, at: Point, color: &str);\n}\n",
    "src/main.rs": "use shapes::Circle;\n\nfn main() {\n    let circle = Circle { radius: 2.0 };\n    println!(\"{}\", circle.area());\n    if circle.area() > 1.0 {\n"
    "        report(circle.area(), 1.0);\n        finish();\n    }\n}\n",
}


@pytest.fixture(scope="session")
def documents() -> list[Document]:
    return [Document("owner/drawing", path, "rust", text) for path, text in FILES.items()]


@pytest.fixture(scope="session")
def tokenizer(documents: list[Document]) -> Tokenizer:
    return train((document.text for document in documents), 320)


@pytest.fixture
def sampler(documents: list[Document], tokenizer: Tokenizer) -> Sampler:
    return Sampler(documents, tokenizer, Mix(languages={"rust": 1.0}))


TINY = {
    "shape": {
        "vocabulary": 320,
        "width": 32,
        "layers": 2,
        "heads": 2,
        "kv_heads": 1,
        "head_width": 16,
        "feed_forward": 64,
        "context": 128,
    },
    "mix": {"languages": {"rust": 1.0}},
    "data": {"length": 128, "rows_per_shard": 8, "shards": 2, "validation_rows": 4},
    "run": {"steps": 6, "rows_per_step": 4, "rows_per_pass": 1, "workers": 2, "validate_steps": 100},
}


@pytest.fixture
def config() -> Config:
    return Config.from_dict(TINY)


@pytest.fixture
def shards(tmp_path: Path, sampler: Sampler) -> list[Path]:
    torch.set_num_threads(1)
    paths = [tmp_path / f"train-{number:05}.npz" for number in range(2)]
    for path in paths:
        write_shard(path, sampler, "1", 8, 128)
    return paths


@pytest.fixture
def rng() -> random.Random:
    return random.Random(7)
