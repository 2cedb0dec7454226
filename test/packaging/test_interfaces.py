"""The vision_msgs that stands in for the official one is the same on the wire."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import vision_msgs.msg

pytestmark = pytest.mark.ros

# Announced over DDS by the official vision_msgs 4.1.1 for Classification.
OFFICIAL = 'RIHS01_f74db28d0eaef3afb78f48bf2161cd709a1383a0309d3454383b25be11345143'


@pytest.mark.parametrize(
    'name', ['Classification', 'LabelInfo', 'ObjectHypothesis', 'VisionClass', 'VisionInfo']
)
def test_message_can_be_imported(name: str) -> None:
    getattr(vision_msgs.msg, name)()


def test_type_hash_of_classification_is_the_official_one() -> None:
    prefix = Path(vision_msgs.msg.__file__).parents[5]  # of lib/python3.x/site-packages/...
    share = prefix / 'share' / 'vision_msgs'
    description = json.loads((share / 'msg' / 'Classification.json').read_text())
    hashes = {entry['type_name']: entry['hash_string'] for entry in description['type_hashes']}
    assert hashes['vision_msgs/msg/Classification'] == OFFICIAL
