"""Cells on a cluster: the one door to Dask distributed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
import logging

import dask
from distributed import as_completed, Client, LocalCluster
from edge_adapt.errors import UsageError
from edge_adapt.sweeps import cell as cells_module
from edge_adapt.sweeps.cell import Cell, Result

LOCAL = 'local'
CONNECT_S = 20.0
ENVIRONMENT = 'distributed.nanny.pre-spawn-environ'  # Dask's name for it


def run(cells: Sequence[Cell], n_jobs: int, address: str) -> Iterator[tuple[Cell, Result]]:
    """
    Yield each cell with its result, as they finish; `address` is 'local' or of a scheduler.

    Where a worker dies, the scheduler runs its cells elsewhere; a cell that ends worker after
    worker becomes a sentence. Bags must be found under the same names on every machine.
    """
    with ExitStack() as stack:
        try:
            client = stack.enter_context(_client(stack, n_jobs, address))
        except (OSError, ValueError, TimeoutError) as error:
            raise UsageError(f'there is no cluster at {address!r}: {error}') from error
        futures = {
            client.submit(cells_module.run, dict(cell.settings), key=f'cell-{cell.key}'): cell
            for cell in cells
        }
        for future in as_completed(futures):
            if future.status == 'finished':
                yield futures[future], future.result()
            else:
                failure = future.exception()
                yield futures[future], {'error': f'{type(failure).__name__}: {failure}'}
            future.release()


def _client(stack: ExitStack, n_jobs: int, address: str) -> Client:
    quiet = logging.ERROR
    if address == LOCAL:
        # Dask makes malloc give every freed page back at once: the arrays of each frame would be
        # mapped anew, at more time than they are computed in.
        environment = dict(dask.config.get(ENVIRONMENT))
        environment.pop('MALLOC_TRIM_THRESHOLD_', None)
        stack.enter_context(dask.config.set({ENVIRONMENT: environment}))
        address = stack.enter_context(
            LocalCluster(
                n_workers=n_jobs, threads_per_worker=1, dashboard_address=None, silence_logs=quiet
            )
        )
    return Client(address, timeout=CONNECT_S)
