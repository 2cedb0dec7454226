"""In the simulator: every window of an image comes out once, whoever waits."""

from __future__ import annotations

import cocotb
from cocotb.triggers import ReadOnly
import numpy as np

from hw.tests.clocked import parameter, reset

HEIGHT, WIDTH = parameter('Height', 5), parameter('Width', 7)
N_BITS, TAG_BITS = parameter('Bits', 8), parameter('TagBits', 1)
BORDER = parameter('Border', (1 << N_BITS) - 1)
INPUTS = ('s_valid', 's_data', 's_tag', 'window_ready')
N_IMAGES = 8


def windows_of(image):
    """Yield windows row by row, top left the most significant."""
    padded = np.full((HEIGHT + 2, WIDTH + 2), BORDER, object)
    padded[1:-1, 1:-1] = image
    for row, column in np.ndindex(HEIGHT, WIDTH):
        word = 0
        for value in padded[row : row + 3, column : column + 3].reshape(-1):
            word = word << N_BITS | int(value)
        yield word


@cocotb.test()
@cocotb.parametrize(often=[0.3, 1.0])
async def windows_are_those_of_the_image(dut, often):
    falling, rng = await reset(dut, *INPUTS), np.random.default_rng(1)
    images = [
        np.array(
            [int.from_bytes(rng.bytes(-(-N_BITS // 8)), 'big') for _ in range(HEIGHT * WIDTH)]
        )
        & (1 << N_BITS) - 1
        for _ in range(N_IMAGES)
    ]
    tags = [int(tag) for tag in rng.integers(0, 1 << TAG_BITS, N_IMAGES)]
    values = [(int(v), tag) for image, tag in zip(images, tags, strict=True) for v in image]
    wanted = [
        (window, tag)
        for image, tag in zip(images, tags, strict=True)
        for window in windows_of(image.reshape(HEIGHT, WIDTH))
    ]
    sent, taken = 0, 0
    while taken < len(wanted):
        valid = sent < len(values) and rng.random() < often
        dut.s_valid_i.value = int(valid)
        if valid:
            dut.s_data_i.value, dut.s_tag_i.value = values[sent]
        ready = rng.random() < often
        dut.window_ready_i.value = int(ready)
        await ReadOnly()
        if ready and bool(dut.window_valid_o.value):
            assert (int(dut.window_o.value), int(dut.tag_o.value)) == wanted[taken], taken
            taken += 1
        sent += valid and bool(dut.s_ready_o.value)
        await falling
