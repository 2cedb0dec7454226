"""
Write the two ROMs of the integer cross-entropy from their equations.

    python -m hw.tables       # writes rtl/exp2_table.sv and rtl/log2_table.sv

edge_adapt/updaters/_integer_loss.py has the same two tables.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RTL = Path(__file__).parent / 'rtl'


def powers() -> NDArray[np.int64]:
    """Return 2^(a / 256) in 1 / 2^24, a = 0..255: 25 bits."""
    return np.asarray(np.rint(2.0 ** (np.arange(256) / 256 + 24)), np.int64)


def logarithms() -> NDArray[np.int64]:
    """Return 256 log2(1 + m / 256), m = 0..255: 8 bits."""
    return np.asarray(np.rint(256 * np.log2(1 + np.arange(256) / 256)), np.int64)


def table_text(name: str, meaning: str, values: NDArray[np.int64], n_bits: int) -> str:
    """Return a module that looks `values` up, one cycle later."""
    entries = [
        f"      8'd{index}: data_o <= {n_bits}'h{value:x};" for index, value in enumerate(values)
    ]
    lines = [
        '// Copyright the edge_adapt authors.',
        '// SPDX-License-Identifier: Apache-2.0',
        '//',
        f'// {meaning}, one cycle later. Written by hw/tables.py.',
        '',
        f'module {name} (',
        f'    input  logic{" " * (len(str(n_bits - 1)) + 4)} clk_i,',
        f'    input  logic [{7:>{len(str(n_bits - 1))}}:0] index_i,',
        f'    output logic [{n_bits - 1}:0] data_o',
        ');',
        '',
        '  always_ff @(posedge clk_i) begin',
        '    (* rom_style = "block" *) unique case (index_i)',
        *entries,
        "      default: data_o <= '0;",
        '    endcase',
        '  end',
        '',
        'endmodule',
    ]
    return '\n'.join(lines) + '\n'


def texts() -> dict[Path, str]:
    """Return file -> what belongs in it."""
    return {
        RTL / 'exp2_table.sv': table_text(
            'exp2_table', '2^(index / 256) in 1 / 2^24', powers(), 25
        ),
        RTL / 'log2_table.sv': table_text(
            'log2_table', '256 log2(1 + index / 256)', logarithms(), 8
        ),
    }


if __name__ == '__main__':
    for path, text in texts().items():
        path.write_text(text)
