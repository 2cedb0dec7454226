// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The range form's threshold, ceil(total / 2^window + slope * range / 256), bit by bit: Horner's
// rule over the slope's bits and the window's zeros, one addition, one shift right a cycle. A
// range of 0 counts as 1, so that a silent neuron stays on its side.

module stat_threshold #(
    parameter int unsigned AccBits = 24,
    parameter int unsigned WindowBits = 10,
    localparam int unsigned TotalBits = AccBits + WindowBits,
    localparam int unsigned ResultBits = AccBits < 23 ? AccBits + 9 : 32
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // The operands hold until done_o
    input  logic                         start_i,
    input  logic        [           3:0] window_i,
    input  logic signed [ TotalBits-1:0] total_i,
    input  logic        [   AccBits-1:0] range_i,
    input  logic signed [          15:0] slope_i,
    output logic                         done_o,
    output logic signed [ResultBits-1:0] threshold_o
);

  // |slope * range| < 2^(15 + AccBits), times 2^window, and 2^8 |total| beside it
  localparam int unsigned Width = AccBits + WindowBits + 17;

  typedef enum logic [1:0] {
    StIdle,
    StMultiply,
    StAdd,
    StHalve
  } state_e;

  state_e state_q;
  logic [4:0] step_q;
  logic [15:0] slope_q;
  logic inexact_q;
  logic [AccBits-1:0] spread_q;
  logic signed [Width-1:0] value_q, addend;
  logic [Width-1:0] sum;
  logic [4:0] last_step;

  assign addend = state_q == StAdd ? Width'(total_i) <<< 8 :
      slope_q[15] ? signed'(Width'(spread_q)) : '0;
  assign last_step = 5'(window_i) + (state_q == StHalve ? 5'd7 : 5'd15);

  // The first bit of the slope is its sign.
  add_subtract #(
      .Width(Width)
  ) u_sum (
      .a_i       (value_q),
      .b_i       (addend),
      .half_i    (1'b0),
      .subtract_i(state_q == StMultiply && step_q == '0),
      .sum_o     (sum)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      step_q  <= '0;
      done_o  <= 1'b0;
    end else begin
      done_o <= state_q == StHalve && step_q == last_step;
      step_q <= step_q == last_step ? '0 : step_q + 5'd1;
      unique case (state_q)
        StIdle: begin
          step_q <= '0;
          if (start_i) state_q <= StMultiply;
        end
        StMultiply: if (step_q == last_step) state_q <= StAdd;
        StAdd: begin
          step_q  <= '0;
          state_q <= StHalve;
        end
        StHalve: if (step_q == last_step) state_q <= StIdle;
        default: state_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    spread_q <= range_i == '0 ? AccBits'(1) : range_i;
    unique case (state_q)
      StIdle: begin
        value_q   <= '0;
        slope_q   <= slope_i;
        inexact_q <= 1'b0;
      end
      StMultiply: begin
        slope_q <= slope_q << 1;
        // After sixteen bits the slope is all zeros.
        value_q <= step_q == last_step ? sum : sum << 1;
      end
      StAdd: value_q <= sum;
      default: begin
        value_q   <= value_q >>> 1;
        inexact_q <= inexact_q || value_q[0];
      end
    endcase
  end

  assign threshold_o = ResultBits'(value_q) + ResultBits'(inexact_q);

`ifdef FORMAL
  `include "stat_threshold_properties.svh"
`endif

endmodule
