"""ONNX graphs as data: their records, and the reading and writing of .onnx files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_adapt.records import Array

Attribute = int | float | str | Array | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One operation; `domain` is empty for the operators of ONNX itself."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    name: str = ''
    domain: str = ''

    @property
    def title(self) -> str:
        """Return what a person may call it: operator and name."""
        return f'{self.operator} {self.name or self.outputs[0]!r}'


@dataclass(frozen=True, slots=True)
class Value:
    """A graph input or output: `dtype` as NumPy names it; None where a size is not fixed."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in an order in which they can run, their constants, inputs and outputs."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, Array]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    opset: int = 17
    metadata: Mapping[str, str] = field(default_factory=dict)
