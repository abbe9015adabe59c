"""Cut a TensorFlow Lite model into parts that run without its custom operators (at build time).

MediaPipe's attention mesh has three custom operators that LiteRT does not know; what lies before and after them is
ordinary. Source of the schema: `ai_edge_litert.schema_py_generated`, TensorFlow Lite's flatbuffer schema version 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ModelError


def cut_model(data: bytes, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """The part of a model that computes `outputs` from `inputs`; weights and operators unchanged.

    Args:
        data: a `.tflite` file.
        inputs: names of tensors that the part is given.
        outputs: names of tensors that it returns.

    Raises:
        ModelError: the model has no tensor of such a name.
    """
    import flatbuffers  # pyright: ignore[reportMissingImports]
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    graph = model.subgraphs[0]
    number = {tensor.name.decode(): k for k, tensor in enumerate(graph.tensors)}
    missing = {*inputs, *outputs} - set(number)
    if missing:
        raise ModelError(f"The model has no tensor {min(missing)}; use the wheel that the project names.")
    first, last = [number[n] for n in inputs], [number[n] for n in outputs]
    operators = [graph.operators[k] for k in sorted(_needed(graph, first, last))]
    used = {i for o in operators for i in (*o.inputs, *o.outputs) if i >= 0} | {*first, *last}
    tensors = _renumber(used)
    codes = _renumber({o.opcodeIndex for o in operators})
    buffers = _renumber({0} | {graph.tensors[t].buffer for t in used})
    for operator in operators:
        operator.inputs = [tensors.get(i, -1) for i in operator.inputs]
        operator.outputs = [tensors[i] for i in operator.outputs]
        operator.opcodeIndex = codes[operator.opcodeIndex]
    graph.tensors = [graph.tensors[t] for t in tensors]
    for tensor in graph.tensors:
        tensor.buffer = buffers[tensor.buffer]
    graph.operators, graph.inputs, graph.outputs = operators, [tensors[t] for t in first], [tensors[t] for t in last]
    model.operatorCodes = [model.operatorCodes[c] for c in codes]
    model.buffers = [model.buffers[b] for b in buffers]
    model.metadata = model.metadataBuffer = model.signatureDefs = None
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _needed(graph: Any, first: list[int], last: list[int]) -> set[int]:  # noqa: ANN401 - generated classes
    """Indices of the operators between the tensors `first` and `last`."""
    made_by = {tensor: k for k, operator in enumerate(graph.operators) for tensor in operator.outputs}
    needed: set[int] = set()
    open_tensors = list(last)
    while open_tensors:
        tensor = open_tensors.pop()
        operator = made_by.get(tensor)
        if tensor not in first and operator is not None and operator not in needed:
            needed.add(operator)
            open_tensors += [i for i in graph.operators[operator].inputs if i >= 0]
    return needed


def _renumber(kept: set[Any]) -> dict[int, int]:
    """Old index -> new index, in the old order; the schema's classes hold numpy's integers."""
    return {int(old): new for new, old in enumerate(sorted(kept))}
