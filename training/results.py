"""Write training/RESULTS.md from the model files: `python -m training.results`."""

from __future__ import annotations

from pathlib import Path

from edge_adapt.networks.model import Model
import numpy as np

TARGET = Path(__file__).with_name('RESULTS.md')
_HEAD = """\
# What the shipped networks reach

Written by `python -m training.results` from the model files; each holds its recipe, seed, versions
and the number of bits that were compared with larq before it was written (`edge-adapt model
inspect NAME`). Accuracies are of the model file, computed by engine `popcount`, on images never
trained on; the test images were read once, after every choice.

| network | layers | test % | test images | trained on | seed | flips | KiB | SHA-256 |
|---|---|---|---|---|---|---|---|---|
"""


def main() -> None:
    """Write the table."""
    folder = Path(__file__).parent.parent / 'edge_adapt' / 'models'
    rows = [_row(path) for path in sorted(folder.glob('*.model'))]
    TARGET.write_text(_HEAD + ''.join(f'{row}\n' for row in rows if row))


def _row(path: Path) -> str:
    """Return the line of one model; empty where the file was not trained by a recipe."""
    model = Model.load(str(path))
    about = model.about
    if 'recipe' not in about:
        return ''
    layers = next(x for x in about['recipe'].splitlines() if x.startswith('layers')).split("'")[1]
    n_flips = sum(int(np.sum(model.weights[f'{x.name}.flips'])) for x in model.network.thresholds)
    cells = (
        model.network.name,
        f'{layers}, head {len(model.network.class_names)}',
        f'{100 * about["test_accuracy"]:.2f}',
        about['n_test'],
        about['n_train'],
        about['seed'],
        n_flips,
        f'{path.stat().st_size / 1024:.0f}',
        f'`{model.digest[:16]}`',
    )
    return f'| {" | ".join(map(str, cells))} |'


if __name__ == '__main__':
    main()
