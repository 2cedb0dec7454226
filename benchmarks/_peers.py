"""What someone would run instead: plain Conv + ReLU networks of the same shapes in onnxruntime."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    quantize_static,
    QuantType,
)

Layer = tuple[str, int]  # ('conv', channels) ('pool', 2) ('dense', width)


def relu_network(input_shape: tuple[int, int, int], layers: Sequence[Layer]) -> onnx.ModelProto:
    """Return a float32 network (1, channels, height, width) -> logits; ReLU but after the last."""
    rng = np.random.default_rng(0)
    nodes, constants, value = [], [], 'input'
    height, width, channels = input_shape
    n_inputs = 0

    def constant(name: str, *shape: int) -> str:
        scale = (2 / max(1, np.prod(shape[1:]))) ** 0.5
        values = rng.normal(0, scale, shape).astype(np.float32)
        constants.append(numpy_helper.from_array(values, name))
        return name

    for index, (kind, n_out) in enumerate(layers):
        name = f'v{index}'
        if kind == 'pool':
            nodes.append(
                helper.make_node('MaxPool', [value], [name], kernel_shape=[2, 2], strides=[2, 2])
            )
            height, width, value = height // 2, width // 2, name
            continue
        if kind == 'conv':
            tensors = [constant(f'w{index}', n_out, channels, 3, 3), constant(f'b{index}', n_out)]
            nodes.append(helper.make_node('Conv', [value, *tensors], [name], pads=[1, 1, 1, 1]))
            channels = n_out
        else:
            if not n_inputs:
                nodes.append(helper.make_node('Flatten', [value], ['flat']))
                value, n_inputs = 'flat', channels * height * width
            tensors = [constant(f'w{index}', n_out, n_inputs), constant(f'b{index}', n_out)]
            nodes.append(helper.make_node('Gemm', [value, *tensors], [name], transB=1))
            n_inputs = n_out
        value = name
        if index < len(layers) - 1:
            nodes.append(helper.make_node('Relu', [name], [f'r{index}']))
            value = f'r{index}'
    shape = [1, input_shape[2], *input_shape[:2]]
    graph = helper.make_graph(
        nodes,
        'relu',
        [helper.make_tensor_value_info('input', TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, [1, layers[-1][1]])],
        constants,
    )
    opset = [helper.make_opsetid('', 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8)


class _Inputs(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, name: str, inputs: Sequence[np.ndarray]) -> None:
        self._inputs = iter([{name: value} for value in inputs])

    def get_next(self) -> Any:
        return next(self._inputs, None)


def sessions(
    input_shape: tuple[int, int, int], layers: Sequence[Layer]
) -> dict[str, Callable[[], object]]:
    """Return calls of one frame: 'onnxruntime fp32' and 'onnxruntime int8' (QDQ, u8s8)."""
    shape = (1, input_shape[2], *input_shape[:2])
    return calls(relu_network(input_shape, layers).SerializeToString(), 'input', shape)


def calls(data: bytes, name: str, shape: tuple[int, ...]) -> dict[str, Callable[[], object]]:
    """Return calls of one frame of a float32 network, and of what is quantized of it."""
    image = np.random.default_rng(2).random(shape, np.float32)
    noise = np.random.default_rng(1)
    int8 = quantized(data, name, [noise.random(shape, np.float32) for _ in range(4)])
    loaded = {'fp32': session(data), 'int8': session(int8)}
    return {
        f'onnxruntime {kind}': lambda each=each: each.run(None, {name: image})
        for kind, each in loaded.items()
    }


def quantized(
    data: bytes, name: str, inputs: Sequence[np.ndarray], keep_sums: bool = False
) -> bytes:
    """
    Return the network as QDQ, u8s8 per channel, over the ranges that these inputs give.

    Sums that are compared with thresholds are kept: 8 bits of them would decide signs by chance.
    """
    excluded = {'OpTypesToExcludeOutputQuantization': ['Conv', 'MatMul']} if keep_sums else {}
    with TemporaryDirectory() as folder:
        plain, int8 = Path(folder) / 'fp32.onnx', Path(folder) / 'int8.onnx'
        plain.write_bytes(data)
        quantize_static(
            plain,
            int8,
            _Inputs(name, inputs),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            extra_options=excluded,
        )
        return int8.read_bytes()


def session(data: bytes) -> onnxruntime.InferenceSession:
    """Return a session of one thread that does not spin."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, providers=['CPUExecutionProvider'])
