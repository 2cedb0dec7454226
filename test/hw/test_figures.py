"""The figures of the tools are read as they print them."""

from pathlib import Path

from hw.coverage.run import LINES, points, share
from hw.synth.tools import cells

OLD = """
=== top ===

   Number of cells:               3468
     CARRY4                        202
     LUT6                          539

"""
NEW = """
=== top ===

     5152 cells
      202   CARRY4
      539   LUT6
"""


def test_cells_are_read_from_both_forms_of_the_table() -> None:
    assert cells(OLD) == cells(NEW) == {'CARRY4': 202, 'LUT6': 539}


def test_only_the_last_table_counts() -> None:
    assert cells(OLD.replace('539', '1') + OLD)['LUT6'] == 539


def test_points_of_coverage_are_those_of_their_module(tmp_path: Path) -> None:
    def point(page: str, line: int, comment: str, n: int) -> str:
        fields = {'f': '/rtl/skid_buffer.sv', 'l': line, 'n': 3, 'page': page, 'o': comment}
        text = ''.join(f'\x01{name}\x02{value}' for name, value in fields.items())
        return f"C '{text}' {n}\n"

    path = tmp_path / 'coverage.dat'
    path.write_text(
        '# SystemC::Coverage-3\n'
        + point('v_line/skid_buffer', 20, 'block', 7)
        + point('v_branch/skid_buffer', 21, 'if', 0)
        + point('v_toggle/skid_buffer', 12, 'valid_i', 2)
    )
    hits = dict(points(path))
    lines = share(hits, 'skid_buffer', LINES)
    assert lines == {'covered': 1, 'points': 2, 'percent': 50.0}
    assert share(hits, 'skid_buffer', ('toggle',))['percent'] == 100.0
    assert share(hits, 'accelerator', LINES)['percent'] is None
