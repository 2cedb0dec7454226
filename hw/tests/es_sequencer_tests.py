"""In the simulator: the learning unit's control goes as far as its numbers can say."""

from __future__ import annotations

import cocotb

from hw.tests.clocked import parameter, pass_by, pulse, reset

N_CLASSES, N_FEATURES = parameter('NClasses', 2), parameter('NFeatures', 1)
INPUTS = (
    *('load', 'store', 'run', 'region', 'n_generations', 'n_batch'),
    *('take', 'take_last', 'give', 'give_last', 'loss_done'),
)
IDLE, STORE = 0, 3  # of es_pkg::state_e
MOST = 0xFFFF


async def run(dut, n_generations, n_batch):
    dut.n_generations_i.value, dut.n_batch_i.value = n_generations, n_batch
    dut.loss_done_i.value = 1
    await pulse(dut, 'run')
    while int(dut.state_o.value) != IDLE:
        await pass_by(dut, 50)


@cocotb.test()
async def a_batch_and_a_run_may_have_any_length(dut):
    await reset(dut, *INPUTS)
    for n_generations, n_batch in ((1, 1), (3, 5), (1, MOST), (MOST, 1)):
        order, total = int(dut.order_at_o.value), int(dut.generations_o.value)
        await run(dut, n_generations, n_batch)
        assert int(dut.order_at_o.value) == (order + n_generations * n_batch) & MOST
        assert int(dut.generations_o.value) == total + n_generations


@cocotb.test()
async def generations_are_counted_in_32_bits(dut):
    await reset(dut, *INPUTS)
    for bit in range(1, 33):
        dut.generations_q.value = (1 << bit) - 1
        await run(dut, 1, 1)
        assert int(dut.generations_o.value) == 1 << bit & 0xFFFFFFFF


@cocotb.test()
async def words_of_state_come_class_by_class(dut):
    falling = await reset(dut, *INPUTS)
    for name, here, last in (('load', 'take', 'take_last'), ('store', 'give', 'give_last')):
        await pulse(dut, name)
        for feature in range(N_FEATURES + 1):
            for place in range(N_CLASSES):
                while name == 'store' and int(dut.state_o.value) != STORE:
                    await falling
                assert (int(dut.feature_o.value), int(dut.class_o.value)) == (feature, place)
                getattr(dut, f'{last}_i').value = int(
                    (feature, place) == (N_FEATURES, N_CLASSES - 1)
                )
                await pulse(dut, here)
        assert int(dut.state_o.value) == IDLE


@cocotb.test()
async def an_order_may_have_any_length(dut):
    falling = await reset(dut, *INPUTS)
    dut.region_i.value = 2
    for n_words in (MOST + 1, 3):
        await pulse(dut, 'load')
        dut.take_i.value = 1
        for index in range(n_words):
            if index % 257 == 0 or index == n_words - 1:
                assert int(dut.order_at_o.value) == index
            dut.take_last_i.value = int(index == n_words - 1)
            await falling
        dut.take_i.value = 0
        assert (int(dut.state_o.value), int(dut.order_at_o.value)) == (IDLE, 0)
