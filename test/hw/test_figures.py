"""The figures of the tools are read as they print them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hw.cosim.build import RTL
from hw.coverage import left_out
from hw.coverage.points import bit_of, LINES, missing, Point, points, ranges, share
from hw.coverage.run import main as cover
from hw.formal.run import main as prove
from hw.synth.run import main as synthesize
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


def of_bit(module: str, bit: str) -> Point:
    return module, 'toggle', f'9:3:{bit}'


def test_a_toggle_point_is_one_direction_of_a_bit() -> None:
    assert bit_of(of_bit('line_buffer', 'lines[10][3]:1->0')) == ('lines[10]', 3, '1->0')
    assert bit_of(of_bit('stat_unit', 'busy_o:0->1')) == ('busy_o', 0, '0->1')
    assert bit_of(('stat_unit', 'branch', '9:3:if')) is None


def test_what_is_missing_is_told_by_ranges() -> None:
    hits = {of_bit('bits_port', f'word_i[{at}]:0->1'): int(at == 2) for at in range(5)}
    hits[('bits_port', 'line', '7:5:else')] = 0
    assert [*missing(hits, 'bits_port')] == [
        'bits_port.sv:7:5 else',
        'bits_port word_i 0->1 4:3 1:0',
    ]
    assert ranges({0, 1, 3, 7, 8, 9}) == '9:7 3 1:0'


def test_only_bits_that_no_build_can_move_are_left_out() -> None:
    low, high = (of_bit('network_engine', f'step4_q.word[{at}]:0->1') for at in (0, 15))
    unused = of_bit('network_engine', 'unused_step:0->1')
    counting, reasons = left_out.without({low: 0, high: 0, unused: 3})
    assert [*counting] == [low]
    assert sum(reasons['network_engine'].values()) == 2
    assert left_out.untrue({low: 1, high: 0, unused: 3}) == []
    assert len(left_out.untrue({high: 1})) == 1, 'a bit that moved was said not to'
    n_unmatched = len(left_out.unmatched({high: 0}))
    assert n_unmatched == len(left_out.table()) - 1, 'the row of that bit is the one that counts'


def test_every_row_of_what_is_left_out_names_modules_and_a_reason() -> None:
    for row in left_out.table():
        assert row.reason
        assert all((RTL / f'{module}.sv').exists() for module in row.modules), row


@pytest.mark.parametrize(
    ('main', 'words', 'said'),
    [
        (cover, ['nosuch'], "no run 'nosuch'"),
        (cover, ['--missing', 'nosuch'], "got 'nosuch'"),
        (cover, ['bits', '=40'], 'wants a name'),
        (prove, ['nosuch'], "no proof 'nosuch'"),
    ],
)
def test_a_command_says_what_it_does_not_know(
    main: Callable[[list[str]], int],
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    'words', [['--seeds', 'x'], ['--seeds', ''], ['--clock-mhz', 'nan'], ['--clock-mhz', '0']]
)
def test_synthesis_refuses_what_is_no_seed_and_no_clock(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        synthesize(['accelerator', '--routed', *words])
    assert ended.value.code == 2
    assert repr(words[1]) in capsys.readouterr().err


def test_synthesis_names_the_tools_that_are_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr('hw.synth.run.missing', lambda: ['yosys', 'nextpnr-ecp5'])
    assert synthesize(['bank_control', '--mapped']) == 2
    assert capsys.readouterr().err == 'not installed: yosys, nextpnr-ecp5; run make hw\n'
