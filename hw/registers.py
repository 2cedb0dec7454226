"""
Write the register map's two other forms from its one table, registers.toml.

    python hw/registers.py          # writes rtl/register_map_pkg.sv and REGISTERS.md
"""

from __future__ import annotations

from pathlib import Path
import tomllib
from typing import Any

FOLDER = Path(__file__).parent
TABLE = FOLDER / 'registers.toml'
PACKAGE = FOLDER / 'rtl' / 'register_map_pkg.sv'
DOCUMENT = FOLDER / 'REGISTERS.md'


def registers() -> list[dict[str, Any]]:
    """Return the entries of the table, by address."""
    entries = tomllib.loads(TABLE.read_text())['register']
    return sorted(entries, key=lambda entry: int(entry['address']))


def addresses() -> dict[str, int]:
    """Return name -> address in bytes."""
    return {entry['name']: entry['address'] for entry in registers()}


def camel_case(name: str) -> str:
    """Return `bank_write` as `BankWrite`."""
    return ''.join(word.capitalize() for word in name.split('_'))


def package_text() -> str:
    """Return the SystemVerilog package of addresses."""
    lines = [
        '// Copyright the edge_adapt authors.',
        '// SPDX-License-Identifier: Apache-2.0',
        '//',
        '// Addresses of the AXI4-Lite registers, written by hw/registers.py from registers.toml.',
        '',
        'package register_map_pkg;',
        '',
        *(
            f"  localparam logic [7:0] {camel_case(entry['name'])} = 8'h{entry['address']:02x};"
            for entry in registers()
        ),
        '',
        'endpackage',
    ]
    return '\n'.join(lines) + '\n'


def document_text() -> str:
    """Return the table for people."""
    rows = [
        f'| 0x{entry["address"]:02x} | `{entry["name"]}` | {entry["access"]} | {entry["text"]} |'
        for entry in registers()
    ]
    head = [
        '# Registers of the accelerator',
        '',
        'AXI4-Lite, 32 bits, addresses in bytes. Written by `python hw/registers.py` from'
        ' `registers.toml`.',
        '',
        'An address that is not in the table, a write to a read-only register, a read of a'
        ' command, an address that is no multiple of four and a partial write strobe answer'
        ' SLVERR and change nothing.',
        '',
        '| address | name | access | meaning |',
        '|---|---|---|---|',
    ]
    return '\n'.join(head + rows) + '\n'


def main() -> None:
    """Write both files."""
    PACKAGE.write_text(package_text())
    DOCUMENT.write_text(document_text())


if __name__ == '__main__':
    main()
