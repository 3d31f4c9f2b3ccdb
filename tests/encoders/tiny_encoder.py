"""A sentence encoder small enough to calculate by hand.

The state of a piece is its row of `ROWS` plus half of the mean of all rows of the text, so it depends on the
text. The mean of a text's states is therefore one and a half times the mean of its rows.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROWS = {
    "[PAD]": (9, 9, 9),
    "[UNK]": (0, 0, 0),
    "[CLS]": (2, 0, 0),
    "[SEP]": (0, 0, 0),
    "hail": (1, 0, 0),
    "roof": (0, 1, 0),
    "rain": (0, 0, 1),
    "query": (0, 0, 4),
    "bad": (np.nan, 0, 0),
}
INPUTS = ("input_ids", "attention_mask")


def write_encoder(
    folder: Path,
    *,
    model: str = "model.onnx",  # its name in onnx/
    inputs: Sequence[str] = INPUTS,
    output: str = "last_hidden_state",
    settings: dict[str, Any] | None = None,  # further files, by name
    content: bytes | None = None,  # of another model
) -> Path:
    """Write the folder of an encoder; returns it."""
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    (folder / "onnx" / model).write_bytes(content or model_bytes(inputs, output))
    (folder / "tokenizer.json").write_text(tokenizer().to_str())
    for name, values in (settings or {}).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(values))
    return folder


def model_bytes(
    inputs: Sequence[str] = INPUTS,
    output: str = "last_hidden_state",
    *,
    rows: Any = None,  # a TensorProto in place of the rows
    over: Sequence[int] = (1,),  # the axes of the mean; with 0 a state depends on texts read together, too
) -> bytes:
    """The model; an output `sentence_embedding` is the mean of the states."""
    from onnx import TensorProto, helper, numpy_helper

    table = np.array(list(ROWS.values()), np.float32)
    axes = numpy_helper.from_array(np.array(over), "axes")
    nodes = [
        helper.make_node("Gather", ["rows", "input_ids"], ["own"]),
        helper.make_node("ReduceMean", ["own", "axes"], ["mean"], keepdims=1),
        helper.make_node("Mul", ["mean", "half"], ["shared"]),
        helper.make_node("Add", ["own", "shared"], ["states"]),
    ]
    if output == "sentence_embedding":
        shape: list[str | int] = ["texts", 3]
        nodes.append(helper.make_node("ReduceMean", ["states", "axes"], [output], keepdims=0))
    else:
        shape = ["texts", "pieces", 3]
        nodes.append(helper.make_node("Identity", ["states"], [output]))
    constants = [
        numpy_helper.from_array(table, "rows") if rows is None else rows,
        axes,
        numpy_helper.from_array(np.array(0.5, np.float32), "half"),
    ]
    return _model(nodes, inputs, helper.make_tensor_value_info(output, TensorProto.FLOAT, shape), constants)


def endless_model_bytes() -> bytes:
    """A model that gives the rows of the pieces, and never ends where one of them is *rain*."""
    from onnx import TensorProto, helper, numpy_helper

    goes_on = [helper.make_tensor_value_info(name, TensorProto.BOOL, []) for name in ("before", "after")]
    states = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("old", "new")]
    step = helper.make_graph(
        [helper.make_node("Identity", ["before"], ["after"]), helper.make_node("Identity", ["old"], ["new"])],
        "step",
        [helper.make_tensor_value_info("number", TensorProto.INT64, []), goes_on[0], states[0]],
        [goes_on[1], states[1]],
    )
    nodes = [
        helper.make_node("Gather", ["rows", "input_ids"], ["own"]),
        helper.make_node("Equal", ["input_ids", "rain"], ["are"]),
        helper.make_node("Cast", ["are"], ["ones"], to=TensorProto.INT64),
        helper.make_node("ReduceMax", ["ones"], ["one"], keepdims=0),
        helper.make_node("Cast", ["one"], ["rains"], to=TensorProto.BOOL),
        helper.make_node("Loop", ["", "rains", "own"], ["last_hidden_state"], body=step),
    ]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["texts", "pieces", 3])
    table = np.nan_to_num(np.array(list(ROWS.values()), np.float32))
    numbers = np.array(list(ROWS).index("rain"))
    constants = [numpy_helper.from_array(table, "rows"), numpy_helper.from_array(numbers, "rain")]
    return _model(nodes, INPUTS, output, constants)


def _model(nodes: list[Any], inputs: Sequence[str], output: Any, constants: list[Any]) -> bytes:
    from onnx import TensorProto, helper

    whole = [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "pieces"]) for name in inputs]
    graph = helper.make_graph(nodes, "tiny", whole, [output], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    content: bytes = made.SerializeToString()
    return content


def tokenizer() -> Any:
    """Cuts at white space; its own padding and truncation must not count."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    numbers = {word: number for number, word in enumerate(ROWS)}
    made = Tokenizer(models.WordLevel(numbers, "[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    special = [("[CLS]", numbers["[CLS]"]), ("[SEP]", numbers["[SEP]"])]
    made.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=special)
    made.enable_padding(length=8)
    made.enable_truncation(3)
    return made
