"""Write the model's ONNX graph from its weights, once, at set-up.

The result maps input_ids and attention_mask (int64, (b, s)) to mean-pooled, L2-normalised embeddings (b, 384).
Weights: sentence-transformers/all-MiniLM-L6-v2, Apache-2.0; architecture: BERT (arXiv:1810.04805), 6 layers.
"""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


def is_known(path: Path, sha256: str) -> bool:
    """Say whether a file is there and has this hash."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def build(source: Path, target: Path) -> None:
    """Write `target`, quantised to int8 a channel (cosine to float32 about 0.995). Raises ValueError on wrong files."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from safetensors.numpy import load_file

    weights_path = source / "model.safetensors"
    if not is_known(weights_path, WEIGHTS_SHA256) or not is_known(source / "tokenizer.json", TOKENIZER_SHA256):
        raise ValueError("The embedding model's files are not the known ones.")
    config = json.loads((source / "config.json").read_text())
    full = target.with_suffix(".fp32.onnx")
    onnx.save(_Graph(config, load_file(weights_path)).model(), full)
    logging.getLogger().addFilter(_is_important)
    quantize_dynamic(
        full, target, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gather"]
    )
    logging.getLogger().removeFilter(_is_important)
    full.unlink()


def _is_important(record: logging.LogRecord) -> bool:
    """Keep the quantiser's hundred lines and its advice out of the terminal."""
    return record.levelno > logging.WARNING


class _Graph:
    """Collects nodes and constants while the layers are laid one on another."""

    def __init__(self, config: dict[str, Any], weights: dict[str, Any]) -> None:
        self.config = config
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def model(self) -> Any:
        import onnx
        from onnx import TensorProto, helper

        hidden = self.config["hidden_size"]
        mask = self.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
        states = self.embed()
        bias = self.attention_bias(mask)
        for number in range(self.config["num_hidden_layers"]):
            states = self.layer(f"encoder.layer.{number}.", states, bias)
        self.pool(states, mask)
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "s"])
            for name in ("input_ids", "attention_mask")
        ]
        output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["b", hidden])
        graph = helper.make_graph(self.nodes, "minilm", inputs, [output], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        onnx.checker.check_model(model)
        return model

    def constant(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        if name not in {known.name for known in self.constants}:
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def integers(self, name: str, *values: int) -> str:
        return self.constant(name, np.array(values, np.int64))

    def number(self, name: str, value: float) -> str:
        return self.constant(name, np.array(value, np.float32))

    def node(self, op: str, inputs: list[str], **attributes: Any) -> str:
        from onnx import helper

        output = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"n_{output}", **attributes))
        return output

    def linear(self, states: str, prefix: str) -> str:
        weight = self.constant(f"{prefix}.W", self.weights[f"{prefix}.weight"].T)
        product = self.node("MatMul", [states, weight])
        return self.node("Add", [product, self.constant(f"{prefix}.b", self.weights[f"{prefix}.bias"])])

    def norm(self, states: str, prefix: str) -> str:
        gain = self.constant(f"{prefix}.g", self.weights[f"{prefix}.weight"])
        shift = self.constant(f"{prefix}.s", self.weights[f"{prefix}.bias"])
        epsilon = self.config["layer_norm_eps"]
        return self.node("LayerNormalization", [states, gain, shift], axis=-1, epsilon=epsilon)

    def embed(self) -> str:
        words = self.constant("words", self.weights["embeddings.word_embeddings.weight"])
        table = self.weights["embeddings.position_embeddings.weight"]
        places = self.constant("places", table + self.weights["embeddings.token_type_embeddings.weight"][0])
        shape = self.node("Shape", ["input_ids"])
        length = self.node("Gather", [shape, self.integers("i1", 1)], axis=0)
        # Slice rather than Gather(Range): the latter crashes onnxruntime 1.31.
        used = self.node("Slice", [places, self.integers("i0", 0), length, "i0"])
        gathered = self.node("Gather", [words, "input_ids"], axis=0)
        return self.norm(self.node("Add", [gathered, used]), "embeddings.LayerNorm")

    def attention_bias(self, mask: str) -> str:
        wide = self.node("Unsqueeze", [mask, self.integers("axes12", 1, 2)])
        absent = self.node("Sub", [self.number("one", 1.0), wide])
        return self.node("Mul", [absent, self.number("far", -1e4)])

    def heads(self, states: str, order: list[int]) -> str:
        count = self.config["num_attention_heads"]
        shape = self.integers("to_heads", 0, 0, count, self.config["hidden_size"] // count)
        return self.node("Transpose", [self.node("Reshape", [states, shape])], perm=order)

    def layer(self, prefix: str, states: str, bias: str) -> str:
        size = self.config["hidden_size"] // self.config["num_attention_heads"]
        query = self.heads(self.linear(states, f"{prefix}attention.self.query"), [0, 2, 1, 3])
        key = self.heads(self.linear(states, f"{prefix}attention.self.key"), [0, 2, 3, 1])
        value = self.heads(self.linear(states, f"{prefix}attention.self.value"), [0, 2, 1, 3])
        scores = self.node("Mul", [self.node("MatMul", [query, key]), self.number("scale", size**-0.5)])
        shares = self.node("Softmax", [self.node("Add", [scores, bias])], axis=-1)
        mixed = self.node("Transpose", [self.node("MatMul", [shares, value])], perm=[0, 2, 1, 3])
        joined = self.node("Reshape", [mixed, self.integers("from_heads", 0, 0, self.config["hidden_size"])])
        attended = self.node("Add", [self.linear(joined, f"{prefix}attention.output.dense"), states])
        states = self.norm(attended, f"{prefix}attention.output.LayerNorm")
        grown = self.linear(self.gelu(self.linear(states, f"{prefix}intermediate.dense")), f"{prefix}output.dense")
        return self.norm(self.node("Add", [grown, states]), f"{prefix}output.LayerNorm")

    def gelu(self, states: str) -> str:
        error = self.node("Erf", [self.node("Mul", [states, self.number("root_half", 2**-0.5)])])
        gate = self.node("Add", [error, self.number("one", 1.0)])
        return self.node("Mul", [self.node("Mul", [states, self.number("half", 0.5)]), gate])

    def pool(self, states: str, mask: str) -> None:
        from onnx import helper

        axis = self.integers("axis1", 1)
        weighted = self.node("Mul", [states, self.node("Unsqueeze", [mask, self.integers("axis2", 2)])])
        total = self.node("ReduceSum", [weighted, axis], keepdims=0)
        mean = self.node("Div", [total, self.node("ReduceSum", [mask, axis], keepdims=1)])
        length = self.node("ReduceL2", [mean, axis], keepdims=1)
        self.nodes.append(helper.make_node("Div", [mean, length], ["embedding"]))
