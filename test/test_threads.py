"""One core is enough: BLAS starts no threads unless somebody asks for them."""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys

import pytest

COUNT = """
import edge_adapt.cli, numpy, pathlib
x = numpy.ones((500, 500)); x @ x
print(len(list(pathlib.Path('/proc/self/task').iterdir())))
"""


@pytest.mark.skipif(not Path('/proc/self/task').is_dir(), reason='threads are counted in /proc')
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason='BLAS has no second core to use')
@pytest.mark.parametrize(('asked', 'is_alone'), [(None, True), ('2', False)])
def test_blas_starts_threads_only_where_asked(asked: str | None, is_alone: bool) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.endswith('_NUM_THREADS')}
    if asked:
        environment['OPENBLAS_NUM_THREADS'] = asked
    command = [sys.executable, '-c', COUNT]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert (int(said.stdout) == 1) is is_alone
