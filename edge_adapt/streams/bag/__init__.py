"""
Recorded bags: MCAP and sqlite3, read and written without ROS, never over the middleware.

Importing this package raises UsageError where the libraries for it are not installed.
"""

from importlib.util import find_spec

from edge_adapt.errors import UsageError

for _library in ('rosbags', 'mcap'):
    if find_spec(_library) is None:
        raise UsageError(f'bags need the Python package {_library!r}, which is not installed')
