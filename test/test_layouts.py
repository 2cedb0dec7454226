"""The layouts can be read, and show topics that the graph has."""

from __future__ import annotations

import json
from pathlib import Path
import re
from xml.etree import ElementTree

from edge_adapt.graph import COMMON, INTERFACES

LAYOUTS = Path(__file__).parent.parent / 'config' / 'layouts'
# A topic of the root namespace: a slash after a quote, then a name.
TOPIC = re.compile(r"""["']/([a-z_/]+)""")


def published() -> set[str]:
    names = {name for i in (*INTERFACES.values(), COMMON) for name in i.publishes}
    return {name.lstrip('/').replace('~', 'inference') for name in names}


def test_every_layout_parses() -> None:
    for path in (LAYOUTS / 'foxglove.json', LAYOUTS / 'rqt.perspective'):
        assert json.loads(path.read_text())
    assert ElementTree.parse(LAYOUTS / 'plotjuggler.xml').getroot().tag == 'root'


def test_layouts_show_what_is_published() -> None:
    for path in LAYOUTS.iterdir():
        shown = {name.rstrip('/') for name in TOPIC.findall(path.read_text())}
        assert shown
        for name in shown - {'adaptation'}:
            assert any(name == topic or name.startswith(f'{topic}/') for topic in published()), (
                path.name,
                name,
            )
