"""The report in a real browser: it fits a phone and a desktop, and it prints."""

from __future__ import annotations

from pathlib import Path
import re
import shutil
import subprocess

import cv2
from edge_adapt.evaluation.contest import baseline_names, contest, variants
from edge_adapt.evaluation.report import html, run_of
from edge_adapt.parameters import ADAPTATION, INFERENCE
from edge_adapt.streams.digits import Digits
import numpy as np
import pytest

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser')
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason='chromium is not installed'),
    pytest.mark.timeout(300),  # a browser starts slowly on a busy machine
]

PHONE, DESKTOP = 390, 1280
# Written into the copy that is looked at: what the browser made of the page.
QUESTION = """<script>addEventListener('load', () => {
  const images = [...document.images];
  document.body.dataset.answer = [
    document.documentElement.scrollWidth, innerWidth,
    images.every(image => image.complete && image.naturalWidth > 0),
    images[0].naturalWidth > images[0].naturalHeight ? 'wide' : 'narrow',
    getComputedStyle(document.querySelector('table')).fontSize,
  ].join(' ');
})</script></body>"""


@pytest.fixture(scope='module')
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = {parameter.name: parameter.default for parameter in (*INFERENCE, *ADAPTATION)}
    stream = Digits('clean:40,contrast:140')
    get = {**table, 'region': '80,40,160,160', 'label_share': 0.25}.__getitem__
    chosen = variants({n: [str(table[n])] for n in ('updater', 'detector', 'engine')})
    entries = contest(stream, get, chosen, baseline_names())
    path = tmp_path_factory.mktemp('page') / 'report.html'
    path.write_text(html(run_of('digits in contrast', entries, stream.class_names, 'x')))
    return path


def browse(page: Path, *options: str) -> str:
    command = [
        *(str(CHROMIUM), '--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars'),
        *('--disable-dev-shm-usage', f'--user-data-dir={page.parent / "profile"}'),
        *(*options, page.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True)
    return done.stdout


@pytest.mark.parametrize(('width', 'shape'), [(PHONE, 'narrow'), (DESKTOP, 'wide')])
def test_nothing_hangs_over_the_edge_and_every_picture_is_there(
    width: int, shape: str, page: Path
) -> None:
    asked = page.with_name(f'asked_{width}.html')
    asked.write_text(page.read_text().replace('</body>', QUESTION))
    dom = browse(asked, f'--window-size={width},900', '--dump-dom')
    found = re.search(r'data-answer="(\d+) (\d+) (\w+) (\w+) ([\d.]+)px"', dom)
    assert found is not None
    content, window, has_pictures, drawn, font = found.groups()
    assert int(content) <= int(window)
    assert has_pictures == 'true'
    assert drawn == shape
    assert float(font) >= 12  # pixels: what can be read on a phone


@pytest.mark.parametrize('width', [PHONE, DESKTOP])
def test_what_is_seen_is_a_page_with_a_picture(width: int, page: Path, tmp_path: Path) -> None:
    shot = tmp_path / 'shot.png'
    browse(page, f'--window-size={width},900', f'--screenshot={shot}')
    seen = cv2.imread(str(shot))
    assert seen is not None
    assert seen.shape[1] == width
    # The colour of the adapted curve, #1f77b4, is there: blue first in OpenCV.
    curve = (np.abs(seen.astype(int) - (0xB4, 0x77, 0x1F)).max(axis=2) < 24).sum()
    assert curve > 200


def test_it_prints(page: Path, tmp_path: Path) -> None:
    paper = tmp_path / 'report.pdf'
    browse(page, f'--print-to-pdf={paper}')
    assert paper.read_bytes().startswith(b'%PDF')
    assert paper.stat().st_size > 20_000


def test_page_is_small(page: Path) -> None:
    assert page.stat().st_size < 5_000_000
