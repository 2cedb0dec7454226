"""Small pieces of HTML: tables, numbers, pictures inside the page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from io import BytesIO

import cv2
from edge_adapt.records import Array, U8
from matplotlib.figure import Figure

SNAPSHOT_WIDTH = 200  # pixels


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table that scrolls where it is wide; the cells are HTML already."""
    head = ''.join(f'<th>{heading}</th>' for heading in headings)
    body = ''.join(f'<tr>{"".join(f"<td>{cell}</td>" for cell in row)}</tr>' for row in rows)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def confusion_table(shares: Array, names: Sequence[str]) -> str:
    """Return shares 0..1 (n_classes, n_classes) as a table of coloured per cents."""
    head = ''.join(f'<th>{escape(name)}</th>' for name in names)
    rows = []
    for i, name in enumerate(names):
        cells = ''.join(
            f'<td style="--share:{100 * share:.0f}%" class="{"hit" if i == j else "miss"}">'
            f'{f"{100 * share:.0f}" if share >= 0.005 else ""}</td>'
            for j, share in enumerate(shares[i])
        )
        rows.append(f'<tr><th>{escape(name)}</th>{cells}</tr>')
    return f'<table class="confusion"><tr><th></th>{head}</tr>{"".join(rows)}</table>'


def picture_for(page: Figure, phone: Figure, what: str) -> str:
    """Return one drawing in two shapes, of which a browser shows the one that fits."""
    source = f'<source media="(max-width: 40rem)" srcset="{_source(phone)}">'
    return f'<picture>{source}{png(page, what)}</picture>'


def png(figure: Figure, what: str) -> str:
    """Return a drawing as an image inside the page."""
    return f'<img class="picture" alt="{what}" src="{_source(figure)}">'


def _source(figure: Figure) -> str:
    buffer = BytesIO()
    figure.savefig(buffer, format='png')
    return f'data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}'


def jpeg(image: U8) -> bytes:
    """Return a small picture of a camera image."""
    height = max(1, round(image.shape[0] * SNAPSHOT_WIDTH / image.shape[1]))
    small = cv2.resize(image, (SNAPSHOT_WIDTH, height), interpolation=cv2.INTER_AREA)
    blue_first = small if small.ndim == 2 else small[..., ::-1]
    _, data = cv2.imencode('.jpg', blue_first, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return data.tobytes()


def inline_jpeg(image: U8) -> str:
    """Return the same as the source of an image inside the page."""
    return f'data:image/jpeg;base64,{base64.b64encode(jpeg(image)).decode()}'


def percent(share: float | None) -> str:
    """Return '97.5 %', or '-' where nobody knows."""
    return '-' if share is None else f'{100 * share:.1f} %'


def number(value: float | None, n_digits: int = 0) -> str:
    """Return a number with thin spaces between thousands, or '-'."""
    return '-' if value is None else f'{value:,.{n_digits}f}'.replace(',', '\u2009')
