// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The main loop of the serving simulator: cocotb over VPI, with the clock driven here. A half
// period that nobody waits for is one evaluation and one look at the value callbacks, instead of a
// callback into the clock and two rounds of all regions. Edges of clk_i, timers and writes work as
// with cocotb's own main loop, but who waits for an edge of clk_i wakes after the evaluation: no
// difference on the falling edge, on which nothing in the design happens. Frames are driven by
// serve_frames, which Python calls once for all of them.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

#include "Vtop.h"
#include "verilated.h"
#include "verilated_vpi.h"

static constexpr QData HalfPeriod = 4000;  // of 1 ps: 125 MHz

static QData now = 0;
static QData edge = HalfPeriod;  // the next one
static Vtop* served = nullptr;

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

static void half_period(CData level) {
    now = edge;
    edge += HalfPeriod;
    served->clk_i = level;
    served->eval_step();
}

// A port's value to bytes, most significant first, and back.
template <typename Port>
static void copy_reversed(const Port& port, uint8_t* bytes) {
    const auto* first = reinterpret_cast<const uint8_t*>(&port);
    std::reverse_copy(first, first + sizeof(Port), bytes);
}

template <typename Port>
static void copy_reversed(const uint8_t* bytes, Port& port) {
    std::reverse_copy(bytes, bytes + sizeof(Port), reinterpret_cast<uint8_t*>(&port));
}

// Run frames: n_words words of pixels each, most significant byte first, with their tuser; give
// their logits as int32 of this machine, their result's tuser, and n_rows words of values for
// those that ask for them. Begins and ends on a falling edge. Returns the number of frames
// answered: less than n_frames after max_cycles.
extern "C" int serve_frames(int n_frames, int n_words, const uint8_t* words, const uint16_t* users,
                            int n_rows, uint8_t* logits, uint16_t* origins, uint8_t* rows,
                            long max_cycles) {
    Vtop& top = *served;
    constexpr size_t n_logit_bytes = sizeof(top.m_axis_result_tdata);
    int n_sent = 0, n_answered = 0, n_received = 0;
    top.m_axis_result_tready = top.m_axis_bits_tready = 1;
    for (long cycle = 0; cycle < max_cycles; ++cycle) {
        const bool offered = n_sent < n_frames * n_words;
        top.s_axis_pixels_tvalid = offered;
        if (offered) {
            copy_reversed(words + n_sent * sizeof(top.s_axis_pixels_tdata),
                          top.s_axis_pixels_tdata);
            top.s_axis_pixels_tlast = n_sent % n_words == n_words - 1;
            top.s_axis_pixels_tuser = users[n_sent / n_words];
        }
        if (cycle == 0) top.eval_step();
        else half_period(0);
        if (n_answered == n_frames && n_received == n_rows) break;
        if (offered && top.s_axis_pixels_tready) ++n_sent;
        if (top.m_axis_result_tvalid) {
            std::memcpy(logits + n_answered * n_logit_bytes, &top.m_axis_result_tdata,
                        n_logit_bytes);
            origins[n_answered++] = top.m_axis_result_tuser;
        }
        if (top.m_axis_bits_tvalid) {
            copy_reversed(top.m_axis_bits_tdata, rows + n_received * sizeof(top.m_axis_bits_tdata));
            ++n_received;
        }
        half_period(1);
    }
    top.s_axis_pixels_tvalid = top.m_axis_result_tready = top.m_axis_bits_tready = 0;
    if (top.clk_i) half_period(0);
    return n_answered;
}

int main(int argc, char** argv) {
    Verilated::commandArgs(argc, argv);
    const std::unique_ptr<Vtop> top{new Vtop{""}};
    served = top.get();
    Verilated::fatalOnVpiError(false);
    vlog_startup_routines_bootstrap();
    VerilatedVpi::callCbs(cbStartOfSimulation);
    call_value_callbacks();
    top->clk_i = 0;
    settle(*top);
    while (!Verilated::gotFinish()) {
        const QData deadline = VerilatedVpi::cbNextDeadline();
        now = std::max(now, std::min(edge, deadline));  // serve_frames passes deadlines
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
