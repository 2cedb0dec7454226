"""Numbers, messages and small pictures over time, as a bag that Foxglove and PlotJuggler open."""

from __future__ import annotations

from pathlib import Path

from edge_adapt.streams.bag._rosbags import FLOAT, LOG, RawWriter
import numpy as np

LOG_TOPIC = '/rosout'
INFO, WARN = 20, 30  # rcl_interfaces/msg/Log


class Telemetry:
    """
    Writes a rosbag2 folder with one MCAP file; a context that completes it.

    UsageError where the folder exists already, OSError where the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._writer = RawWriter(path, 'mcap', 'none', {})

    def __enter__(self) -> Telemetry:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def number(self, topic: str, stamp_ns: int, value: float) -> None:
        """Write one point of a curve."""
        self._writer.write_message(topic, FLOAT, stamp_ns, data=value)

    def say(self, stamp_ns: int, level: int, name: str, text: str) -> None:
        """Write a line of the log."""
        self._writer.write_message(
            LOG_TOPIC,
            LOG,
            stamp_ns,
            stamp=self._writer.time(stamp_ns),
            level=level,
            name=name,
            msg=text,
            file='',
            function='',
            line=0,
        )

    def picture(self, topic: str, stamp_ns: int, jpeg: bytes) -> None:
        """Write a picture."""
        data = np.frombuffer(jpeg, np.uint8)
        self._writer.write_compressed(topic, stamp_ns, 'camera', 'jpeg', data)
