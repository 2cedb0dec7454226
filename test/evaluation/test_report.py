"""The report is one page that needs nothing else, and says what the figures say."""

from __future__ import annotations

from html.parser import HTMLParser
import re

from edge_adapt.evaluation._sections import confusion
from edge_adapt.evaluation.report import html, Run
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.streams import Segment
import numpy as np

VOID = {'meta', 'img', 'source', 'br', 'hr', 'link', 'input'}


class Balance(HTMLParser):
    """Checks that every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def run() -> Run:
    timeline = Timeline(segments=[Segment('clean', 0, 80), Segment('a<b', 80, 80)])
    timeline.labels += [0, 1] * 80
    timeline.predicted += [0, 1] * 80
    timeline.frozen += [0, 0] * 80
    timeline.statistic += [0.1] * 160
    timeline.latency_ms += [1.5] * 160
    timeline.add_event(85, 'alarm', '<script>alert(1)</script>')
    decision = Decision(0, 'recalibration', True, 'a & b', 'x', 'y')
    image = np.zeros((24, 32, 3), np.uint8)
    return Run('T<i>tle', timeline, ('no', 'yes'), [(90, decision)], {85: image})


def test_page_is_well_formed_and_needs_no_network() -> None:
    page = html(run())
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert not re.search(r'https?://|src(set)?="(?!data:)|<link|@import', page)
    assert len(page) < 5_000_000


def test_what_came_from_outside_is_text_and_never_markup() -> None:
    page = html(run())
    assert '<script' not in page
    assert 'T&lt;i&gt;tle' in page
    assert 'a&lt;b' in page
    assert 'a &amp; b' in page


def test_summary_says_what_the_figures_say() -> None:
    page = html(run())
    assert '<b>100.0 %</b> of 160 frames right, against 50.0 % for the frozen network' in page


def test_confusion_has_shares_of_the_true_class_and_leaves_out_the_unknown() -> None:
    labels, predicted = np.array([0, 0, 1, -1, 1]), np.array([0, 1, 1, 1, -1])
    np.testing.assert_array_equal(confusion(labels, predicted, 2), [[0.5, 0.5], [0.0, 1.0]])
