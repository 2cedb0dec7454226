"""
Build the serving accelerator for a model, once, before it is launched.

    python -m hw.cosim.prebuild MODEL [lanes]              # a shipped model, or a .model file
    python -m hw.cosim.prebuild MODEL [lanes] --learning   # with the units of adapt:=accelerator
"""

from __future__ import annotations

import argparse
import sys

from edge_adapt.engines._accelerator import geometry_of
from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model

from hw.cosim.build import build, missing


def main(words: list[str]) -> int:
    """Build and say where; 2 and a sentence where that is not possible."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument('model')
    options.add_argument('lanes', nargs='?', type=int, default=128)
    options.add_argument('--learning', action='store_true')
    wanted = options.parse_args(words)
    try:
        if sentences := missing():
            raise UsageError('; '.join(sentences))
        model = Model.load(wanted.model)
        geometry = geometry_of(model.network, model.weights, wanted.lanes)
    except UsageError as error:
        sys.stderr.write(f'{error}\n')
        return 2
    sys.stdout.write(f'building for {geometry} (a minute) ...\n')
    sys.stdout.flush()
    parameters = geometry.learning_parameters if wanted.learning else geometry.parameters
    folder = build('accelerator', parameters, 'serving')
    sys.stdout.write(f'built: {folder}\n')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
