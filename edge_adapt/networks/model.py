"""A model file: a network, its weights, what it saw on clean data, and where it is from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from edge_adapt import archive
from edge_adapt.errors import UsageError
from edge_adapt.networks.float_layers import DepthwiseConvolution, FloatConvolution, Scale
from edge_adapt.networks.layers import (
    Backbone,
    Convolution,
    Dense,
    Head,
    Layer,
    Projection,
    Quantize,
    Shape,
    Threshold,
)
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, Weights
import numpy as np

KIND = 'model'
STATISTICS = ('mean', 'deviation', 'rate')


@dataclass(frozen=True)
class Model:
    """
    A trained network.

    `statistics` are of clean training images: '<threshold layer>.mean' and '.deviation' of the
    sums it reads, and '.rate', the share of +1 it gives; each (n,) float32. `about` says how the
    model was made (command, seed, accuracies, versions). `digest` names the file's content.
    """

    network: Network
    weights: Weights
    statistics: Mapping[str, Array] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ''

    def __post_init__(self) -> None:
        """Refuse weights that do not fit the network."""
        check_weights(self.network, self.weights)
        check_statistics(self.network, self.statistics)

    @staticmethod
    def load(name_or_path: str) -> Model:
        """
        Return a model by file path, or by the name of one that ships with the package.

        Raises UsageError where there is none, or the file is damaged or does not fit itself.
        """
        path = path_of(name_or_path)
        return Model.from_archive(archive.read(path, KIND), str(path))

    @staticmethod
    def from_archive(content: archive.Archive, source: str) -> Model:
        """Return the model an archive holds; UsageError where it does not fit itself."""
        try:
            network = Network.from_dict(content.about['network'])
            about = dict(content.about['about'])
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f'{source} does not describe a model: {error}') from error
        weights = {k[8:]: v for k, v in content.arrays.items() if k.startswith('weights/')}
        statistics = {k[11:]: v for k, v in content.arrays.items() if k.startswith('statistics/')}
        return Model(network, Weights(weights), statistics, about, content.digest)

    def save(self, path: Path) -> str:
        """Write the model file and return its digest."""
        arrays = {f'weights/{name}': array for name, array in self.weights.items()}
        arrays |= {f'statistics/{name}': array for name, array in self.statistics.items()}
        data = archive.encode(
            KIND, {'network': self.network.to_dict(), 'about': dict(self.about)}, arrays
        )
        path.write_bytes(data)
        return data[-32:].hex()


def path_of(name_or_path: str) -> Path:
    """Return the path of a model. Raises UsageError for a name that does not ship."""
    path = Path(name_or_path)
    if path.suffix == '.model':
        return path
    if name_or_path not in shipped():
        raise UsageError(
            f'there is no model {name_or_path!r}; shipped are {", ".join(shipped())},'
            ' or give the path of a .model file'
        )
    return _folder() / f'{name_or_path}.model'


def reference_path_of(name_or_path: str, model: str) -> Path:
    """
    Return the path of a clean reference: a file, one that ships, or '', the model's own.

    Raises UsageError for a name that does not ship.
    """
    if not name_or_path:
        return path_of(model).with_suffix('.reference')
    path = Path(name_or_path)
    if path.suffix == '.reference':
        return path
    shipping = sorted(path.stem for path in _folder().glob('*.reference'))
    if name_or_path not in shipping:
        raise UsageError(
            f'there is no reference {name_or_path!r}; shipped are {", ".join(shipping)},'
            ' or give the path of a .reference file'
        )
    return _folder() / f'{name_or_path}.reference'


def shipped() -> list[str]:
    """Return the names of the models that ship with the package."""
    return sorted(path.stem for path in _folder().glob('*.model'))


def _folder() -> Path:
    return Path(str(files('edge_adapt'))) / 'models'


def expected_tensors(network: Network) -> dict[str, tuple[np.dtype[Any], Shape]]:
    """Return name -> (type, shape) of every tensor the network needs."""
    return {
        f'{layer.name}.{tensor}': (np.dtype(dtype), shape)
        for layer in network.layers
        for tensor, dtype, shape in _tensors_of(layer)
    }


def _tensors_of(layer: Layer) -> list[tuple[str, type[np.generic], Shape]]:
    """Return (tensor, type, shape) of what one layer needs."""
    match layer:
        case Convolution(n_out=n_out, n_in=n_in, kernel=kernel):
            return [('weights', np.int8, (n_out, kernel, kernel, n_in))]
        case Dense(n_out=n_out, n_in=n_in):
            return [('weights', np.int8, (n_out, n_in))]
        case Threshold(n=n):
            return [('thresholds', np.int32, (n,)), ('flips', np.uint8, (n,))]
        case Backbone(n_bytes=n_bytes):
            return [('graph', np.uint8, (n_bytes,))]
        case Quantize(n=n):
            return [('offsets', np.float32, (n,)), ('steps', np.float32, (n,))]
        case Projection(n_out=n_out, n_in=n_in):
            weights = ('weights', np.int8, (n_out, n_in))
            return [weights, ('offsets', np.int32, (n_out,)), ('shifts', np.uint8, (n_out,))]
        case Head(n_classes=n_classes, n_in=n_in):
            weights = ('weights', np.int8, (n_classes, n_in))
            return [weights, ('bias', np.int32, (n_classes,)), ('scale', np.float32, ())]
    return [(tensor, np.float32, shape) for tensor, shape in _float_tensors_of(layer)]


def _float_tensors_of(layer: Layer) -> list[tuple[str, Shape]]:
    match layer:
        case FloatConvolution(n_out=n_out, n_in=n_in, kernel=kernel):
            return [('weights', (n_out, kernel, kernel, n_in)), ('bias', (n_out,))]
        case DepthwiseConvolution(n=n, kernel=kernel):
            return [('weights', (kernel, kernel, n)), ('bias', (n,))]
        case Scale(n=n):
            return [('slopes', (n,)), ('intercepts', (n,))]
    return []


def check_weights(network: Network, weights: Weights) -> None:
    """Raise UsageError where a tensor is missing, not finite, or of another type or shape."""
    for name, (dtype, shape) in expected_tensors(network).items():
        if name not in weights:
            raise UsageError(f'weights for {network.name!r} lack {name!r}')
        found = weights[name]
        if found.dtype != dtype or found.shape != shape:
            raise UsageError(f'{name!r} must be {dtype} {shape}, got {found.dtype} {found.shape}')
        if found.dtype.kind == 'f' and not np.isfinite(found).all():
            raise UsageError(f'{name!r} must be finite, got {found}')


def check_statistics(network: Network, statistics: Mapping[str, Array]) -> None:
    """Raise UsageError where what a layer saw on clean data is not a finite number a channel."""
    widths = {layer.name: layer.n for layer in network.recalibrated}
    for name, found in statistics.items():
        layer, _, statistic = name.rpartition('.')
        if layer not in widths or statistic not in STATISTICS:
            continue
        if found.dtype != np.float32 or found.shape != (widths[layer],):
            raise UsageError(
                f'statistic {name!r} must be float32 ({widths[layer]},), got {found.dtype}'
                f' {found.shape}'
            )
        if not np.isfinite(found).all():
            raise UsageError(f'statistic {name!r} holds NaN or infinite values')
