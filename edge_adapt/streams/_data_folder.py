"""Data sets that do not ship: .npz files in the folder named by EDGE_ADAPT_DATA."""

from __future__ import annotations

import os
from pathlib import Path
from zipfile import BadZipFile
import zlib

from edge_adapt.errors import UsageError
from edge_adapt.records import Array
import numpy as np

VARIABLE = 'EDGE_ADAPT_DATA'


def read_arrays(file_name: str, *names: str) -> list[Array]:
    """
    Return the named arrays of a file in the data folder.

    Raises UsageError where the folder is not set or the file is missing, damaged, or lacks one.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        raise UsageError(f'{file_name} is needed: set {VARIABLE} to the folder that holds it')
    path = Path(folder) / file_name
    if not path.is_file():
        raise UsageError(f'{VARIABLE} is {folder!r}, but there is no {file_name} in it')
    try:
        with path.open('rb') as file, np.load(file, allow_pickle=False) as arrays:
            return [arrays[name] for name in names]
    except KeyError as error:
        raise UsageError(f'{path} is not the file expected: {error}') from error
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise UsageError(f'{path} cannot be read: {error}') from error
