"""Run the built model with onnxruntime: 3 ms a query, about 20 chunks of 200 tokens a CPU second."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import structlog

from apps.providers.adapters.minilm.graph import TOKENIZER_SHA256, is_known
from apps.providers.types import Vectors

log = structlog.get_logger(__name__)
GRAPH_NAME = "minilm_int8.onnx"
TOKENIZER_NAME = "tokenizer.json"
MAX_TOKENS = 256
BATCH = 16


class Encoder:
    """The embedding port over one onnxruntime session (one thread, so that workers share the machine)."""

    dimensions = 384

    def __init__(self, graph: Path, tokenizer: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n, 384) float32, each row L2-normalised; texts beyond 256 tokens are cut."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        by_length = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(by_length), BATCH):
            places = by_length[start : start + BATCH]
            vectors[places] = self._embed_batch([texts[place] or " " for place in places])
        return vectors

    def _embed_batch(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        inputs = {
            "input_ids": np.array([e.ids for e in encoded], np.int64),
            "attention_mask": np.array([e.attention_mask for e in encoded], np.int64),
        }
        return np.asarray(self._session.run(["embedding"], inputs)[0], np.float32)


def load_encoder(folder: Path) -> Encoder | None:
    """Load what `build_embedding_model` wrote; None (and a log line) when it is missing or not the known model."""
    graph, tokenizer = folder / GRAPH_NAME, folder / TOKENIZER_NAME
    if not graph.is_file() or not is_known(tokenizer, TOKENIZER_SHA256):
        log.warning("embedding_model_missing", folder=str(folder))
        return None
    return Encoder(graph, tokenizer)
