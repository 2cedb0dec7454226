"""
Build the serving accelerator for a model, once, before it is launched.

    python -m hw.cosim.prebuild MODEL [lanes]     # a shipped model's name or a .model file
"""

from __future__ import annotations

import sys

from edge_adapt.engines._accelerator import geometry_of
from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model

from hw.cosim.build import build, missing


def main(name: str, lanes: str = '128') -> int:
    """Build and say where; 2 and a sentence where that is not possible."""
    try:
        if sentences := missing():
            raise UsageError('; '.join(sentences))
        model = Model.load(name)
        geometry = geometry_of(model.network, model.weights, int(lanes))
    except UsageError as error:
        sys.stderr.write(f'{error}\n')
        return 2
    sys.stdout.write(f'building for {geometry} (a minute) ...\n')
    sys.stdout.flush()
    folder = build('accelerator', geometry.parameters, 'serving')
    sys.stdout.write(f'built: {folder}\n')
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:3]))
