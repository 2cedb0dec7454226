// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The main loop of the serving simulator: cocotb over VPI, with the clock driven here. A half
// period that nobody waits for is one evaluation and one look at the value callbacks, instead of a
// callback into the clock and two rounds of all regions. Edges of clk_i, timers and writes work as
// with cocotb's own main loop, but who waits for an edge of clk_i wakes after the evaluation: no
// difference on the falling edge, on which nothing in the design happens.

#include <algorithm>
#include <memory>

#include "Vtop.h"
#include "verilated.h"
#include "verilated_vpi.h"

static constexpr QData HalfPeriod = 4000;  // of 1 ps: 125 MHz

static QData now = 0;

double sc_time_stamp() { return static_cast<double>(now); }

extern "C" {
void vlog_startup_routines_bootstrap(void);
}

static void call_value_callbacks() {
    while (VerilatedVpi::callValueCbs()) {
    }
}

// Evaluate until nothing that callbacks wrote is left.
static void settle(Vtop& top) {
    do {
        do {
            top.eval_step();
            VerilatedVpi::clearEvalNeeded();
            VerilatedVpi::doInertialPuts();
            call_value_callbacks();
        } while (VerilatedVpi::evalNeeded());
        if (VerilatedVpi::hasCbs(cbReadWriteSynch)) {
            VerilatedVpi::callCbs(cbReadWriteSynch);
            VerilatedVpi::doInertialPuts();
            call_value_callbacks();
        }
    } while (VerilatedVpi::evalNeeded());
    top.eval_end_step();
    if (VerilatedVpi::hasCbs(cbReadOnlySynch)) VerilatedVpi::callCbs(cbReadOnlySynch);
}

int main(int argc, char** argv) {
    Verilated::commandArgs(argc, argv);
    const std::unique_ptr<Vtop> top{new Vtop{""}};
    Verilated::fatalOnVpiError(false);
    vlog_startup_routines_bootstrap();
    VerilatedVpi::callCbs(cbStartOfSimulation);
    call_value_callbacks();
    top->clk_i = 0;
    QData edge = HalfPeriod;
    settle(*top);
    while (!Verilated::gotFinish()) {
        const QData deadline = VerilatedVpi::cbNextDeadline();
        now = std::min(edge, deadline);
        const bool waited = VerilatedVpi::hasCbs(cbNextSimTime);
        if (waited) VerilatedVpi::callCbs(cbNextSimTime);
        if (now == edge) {
            top->clk_i = !top->clk_i;
            edge += HalfPeriod;
        }
        if (deadline <= now) VerilatedVpi::callTimedCbs();
        top->eval_step();
        if (waited || deadline <= now || VerilatedVpi::callValueCbs() ||
            VerilatedVpi::hasCbs(cbReadWriteSynch)) {
            settle(*top);
        }
    }
    VerilatedVpi::callCbs(cbEndOfSimulation);
    top->final();
    return Verilated::threadContextp()->errorCount() > 0;
}
