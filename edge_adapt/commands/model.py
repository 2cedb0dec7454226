"""`edge-adapt model`: what is in a model or ONNX file, and the way from the one to the other."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
import hashlib
from pathlib import Path
from typing import ClassVar

from edge_adapt import registry
from edge_adapt.archive import MAX_BYTES
from edge_adapt.commands._clean_images import clean_images, SYNTHETIC_ROOM
from edge_adapt.commands._inspection import of_graph, of_model
from edge_adapt.conversion import backbone, binary
from edge_adapt.conversion.statistics import N_AT_ONCE, statistics_of
from edge_adapt.engines import Engine, Infer
from edge_adapt.errors import UsageError
from edge_adapt.graphs import Graph
from edge_adapt.graphs.reader import read
from edge_adapt.graphs.writer import write
from edge_adapt.networks import model as networks_model
from edge_adapt.networks.layers import Quantize
from edge_adapt.records import F32
import numpy as np


class Model:
    """
    Show a model or an ONNX file, or convert an ONNX image classifier.

    `inspect FILE` prints layers, bits, bytes and operations. `convert IN.onnx OUT.model` packs a
    graph of signs to bits (as tf2onnx exports larq, or QONNX writes it), with the float layers
    that are between them; with --backbone it keeps any other graph as it is and makes its last
    linear layer the head that can be adapted. The
    network's input is (pixel - MEAN) * SCALE; --clean names images it was trained for, from which
    come the statistics that recalibration returns to.
    """

    help: ClassVar[str] = 'show a model file, or convert an ONNX classifier'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        actions = parser.add_subparsers(dest='action', required=True, metavar='action')
        inspect = actions.add_parser('inspect', help='show layers, bits, bytes, operations')
        inspect.add_argument('file', help='a .model or .onnx file, or the name of a shipped model')
        convert = actions.add_parser('convert', help='make a model file of an ONNX classifier')
        convert.add_argument('source', type=Path, help='the .onnx file')
        convert.add_argument('target', type=Path, help='the .model file to write')
        convert.add_argument(
            '--backbone', action='store_true', help='keep the graph, adapt its head'
        )
        convert.add_argument(
            '--mean', type=float, nargs='+', metavar='M', help='one, or one a channel'
        )
        convert.add_argument(
            '--scale', type=float, nargs='+', metavar='S', help='one, or one a channel'
        )
        convert.add_argument('--layout', choices=('NCHW', 'NHWC'), help='default: from the shape')
        convert.add_argument(
            '--classes', nargs='+', default=(), metavar='NAME', help='their names'
        )
        convert.add_argument(
            '--clean', metavar='IMAGES', help='the name of a stream, or an .npz file with `images`'
        )

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Do it; UsageError for a file that cannot be read or packed, with the reason."""
        if arguments.action == 'inspect':
            print(_inspection(arguments.file))
        else:
            _convert(arguments)
        return 0


def _inspection(name_or_path: str) -> str:
    path = Path(name_or_path)
    if path.suffix != '.onnx':
        return of_model(networks_model.Model.load(name_or_path))
    data = _bytes_of(path)
    return of_graph(path, data, read(data))


def _bytes_of(path: Path) -> bytes:
    """Return a file's content; UsageError where it cannot be read or is too large."""
    try:
        n_bytes = path.stat().st_size
        if n_bytes > MAX_BYTES:
            raise UsageError(f'{path} has {n_bytes} bytes, at most {MAX_BYTES} are read')
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f'{path} cannot be read: {error.strerror}') from error


def _convert(arguments: Namespace) -> None:
    data = _bytes_of(arguments.source)
    graph = read(data)
    layout = arguments.layout or backbone.layout_of(graph)
    mean, scale = backbone.normalization_of(graph, arguments.mean, arguments.scale)
    name = arguments.target.stem
    try:
        if arguments.backbone:
            model = _with_backbone(name, graph, layout, (mean, scale), arguments)
        else:
            model = _packed(name, graph, layout, (mean, scale), arguments)
    except UsageError:
        raise
    except (IndexError, KeyError, TypeError, ValueError) as error:  # shapes that do not fit, ...
        raise UsageError(f'{arguments.source} is no valid graph: {error}') from error
    about = {'source': arguments.source.name, 'source_digest': hashlib.sha256(data).hexdigest()}
    model = replace(model, about={**model.about, **about})
    try:
        digest = model.save(arguments.target)
    except OSError as error:
        raise UsageError(f'{arguments.target} cannot be written: {error.strerror}') from error
    print(of_model(replace(model, digest=digest)))
    if not model.statistics:
        print('without --clean there are no statistics: thresholds cannot be recalibrated')
    if not model.statistics and any(isinstance(x, Quantize) for x in model.network.layers):
        print('without --clean the features are rounded over the range of made-up images')


def _packed(
    name: str, graph: Graph, layout: str, normalization: tuple[F32, F32], arguments: Namespace
) -> networks_model.Model:
    """Return the model of a packed graph; a head on floats is rounded over what images give."""
    source: str | None = arguments.clean
    model = binary.pack(
        name,
        graph,
        layout,
        *normalization,
        arguments.classes,
        features=lambda model, layer: _values(model, source, layer),
        room=SYNTHETIC_ROOM if source is None else 1.0,
    )
    if source is None:
        return replace(model, statistics={})
    images = clean_images(source, model.network.input_shape)
    infer = _infer(model)
    found = statistics_of(model.network, lambda x, names: infer(x, names).taps, images)
    return replace(model, statistics={**model.statistics, **found})


def _values(model: networks_model.Model, source: str | None, layer: str) -> F32:
    """Return what a layer gives on clean images, a few at a time: (n, ...)."""
    images = clean_images(source, model.network.input_shape)
    infer = _infer(model)
    chunks = (images[i : i + N_AT_ONCE] for i in range(0, len(images), N_AT_ONCE))
    return np.concatenate([infer(chunk, [layer]).taps[layer] for chunk in chunks])


def _infer(model: networks_model.Model) -> Infer:
    engine: Engine = registry.load('engines', 'popcount')()
    return engine.prepare(model.network, model.weights)


def _with_backbone(
    name: str, graph: Graph, layout: str, normalization: tuple[F32, F32], arguments: Namespace
) -> networks_model.Model:
    """Return the model of a graph that is kept, its head rounded to int8."""
    if arguments.clean is None:
        raise UsageError('--backbone needs --clean: features are rounded over their clean range')
    parts = backbone.split(graph)
    parts = replace(parts, graph=backbone.on_pixels(parts.graph, layout, *normalization))
    height, width, channels = (size or 0 for size in parts.graph.inputs[0].shape[1:])
    images = clean_images(arguments.clean, (height, width, channels))
    data = write(parts.graph)
    engine = registry.load('engines', 'onnx_runtime')()
    features = engine.features(data, images, parts.weights.shape[1])
    n_classes = len(parts.weights)
    names = tuple(arguments.classes) or tuple(map(str, range(n_classes)))
    model = backbone.model_of(name, parts, data, features, names)
    rounded = engine.prepare(model.network, model.weights)(images).logits.argmax(axis=1)
    exact = (features @ parts.weights.T + parts.bias).argmax(axis=1)
    same = float((rounded == exact).mean())
    about = {'labels_kept_by_rounding': round(same, 4), 'n_clean_images': len(images)}
    return replace(model, about=about)
