// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The head's sums: each feature adds (or subtracts) one term for all classes at once, so the head
// costs no cycle of its own. Then one pass over the classes adds the biases and finds the largest
// logit; the first of equals wins.

module head_accumulator #(
    parameter int unsigned TermBits  = 8,
    parameter int unsigned NClasses  = 10,
    parameter int unsigned NFeatures = 256,
    localparam int unsigned ClassBits = NClasses > 1 ? $clog2(NClasses) : 1
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    // Features of one frame; clear_i before the first
    input  logic                    clear_i,
    input  logic                    valid_i,
    input  logic                    subtract_i,
    input  logic [TermBits*NClasses-1:0] terms_i,
    // The pass over the classes: the bias of class_o has latency 3; done_o when none is needed
    input  logic                    finish_i,
    output logic                    ready_o,
    output logic                    done_o,
    output logic [   ClassBits-1:0] class_o,
    input  logic [            31:0] bias_i,
    // The result stays until it is taken
    output logic                    valid_o,
    input  logic                    ready_i,
    output logic [ 32*NClasses-1:0] logits_o,
    output logic [   ClassBits-1:0] label_o
);

  localparam int unsigned SumBits = TermBits + 1 + $clog2(NFeatures + 1);
  localparam int unsigned BiasLatency = 3;

  logic [SumBits*NClasses-1:0] sums_q;
  logic [ClassBits-1:0] class_q, label_q;
  logic [ClassBits-1:0] adding_q;
  logic [BiasLatency:0] passing_q;
  logic passing, last_class, valid_q, logit_valid_q, logit_last_q;
  logic signed [31:0] logit_q, best_q;
  logic [ClassBits-1:0] logit_class_q;

  assign ready_o = passing_q == '0 && !logit_valid_q && !(valid_q && !ready_i);
  assign passing = passing_q[0];
  assign last_class = class_q == ClassBits'(NClasses - 1);
  assign class_o = class_q;
  assign done_o = passing_q[BiasLatency] && adding_q == ClassBits'(NClasses - 1);
  assign valid_o = valid_q;
  assign label_o = label_q;

  for (genvar j = 0; j < NClasses; j++) begin : gen_classes
    logic [SumBits-1:0] sum;

    add_subtract #(
        .Width(SumBits)
    ) u_sum (
        .a_i       (sums_q[SumBits*j+:SumBits]),
        .b_i       (SumBits'(signed'(terms_i[TermBits*j+:TermBits]))),
        .half_i    (1'b0),
        .subtract_i,
        .sum_o     (sum)
    );

    always_ff @(posedge clk_i) begin
      if (clear_i) begin
        sums_q[SumBits*j+:SumBits] <= '0;
      end else if (valid_i) begin
        sums_q[SumBits*j+:SumBits] <= sum;
      end else if (passing_q[BiasLatency]) begin
        sums_q[SumBits*j+:SumBits] <= sums_q[SumBits*((j+1)%NClasses)+:SumBits];
      end
    end
  end

  // Shift register: bit k says that the class whose bias was asked for k cycles ago is there.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      passing_q     <= '0;
      class_q       <= '0;
      adding_q      <= '0;
      logit_valid_q <= 1'b0;
      logit_last_q  <= 1'b0;
      valid_q       <= 1'b0;
    end else begin
      passing_q <= {passing_q[BiasLatency-1:0], finish_i || (passing && !last_class)};
      class_q   <= (passing && !last_class) ? class_q + ClassBits'(1) : '0;
      if (passing_q[BiasLatency]) adding_q <= done_o ? '0 : adding_q + ClassBits'(1);
      logit_valid_q <= passing_q[BiasLatency];
      logit_last_q  <= done_o;
      valid_q       <= (logit_valid_q && logit_last_q) || (valid_q && !ready_i);
    end
  end

  always_ff @(posedge clk_i) begin
    logit_q       <= signed'(bias_i) + 32'(signed'(sums_q[SumBits-1:0]));
    logit_class_q <= adding_q;
    if (logit_valid_q) begin
      logits_o <= {logit_q, logits_o[32*NClasses-1:32]};
      if (logit_class_q == '0 || logit_q > best_q) begin
        best_q  <= logit_q;
        label_q <= logit_class_q;
      end
    end
  end

`ifdef FORMAL
  `include "head_accumulator_properties.svh"
`endif

endmodule
