// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The head's multipliers, one a class: a feature times its weights, one cycle later. What learns
// (head_sgd.sv) borrows them in the cycles in which no feature comes.

module head_row #(
    parameter int unsigned NClasses = 10
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    // Byte j is the weight of class j
    input  logic                   valid_i,
    input  logic [ 8*NClasses-1:0] weights_i,
    input  logic [            7:0] feature_i,
    output logic                   valid_o,
    output logic [16*NClasses-1:0] products_o,
    // Factors that are taken have their products with borrow_done_o
    input  logic                   borrow_valid_i,
    output logic                   borrow_ready_o,
    input  logic [ 8*NClasses-1:0] borrow_factors_i,
    input  logic [            7:0] borrow_factor_i,
    output logic                   borrow_done_o
);

  logic [8*NClasses-1:0] factors;
  logic [7:0] factor;

  assign borrow_ready_o = !valid_i;
  assign factors = valid_i ? weights_i : borrow_factors_i;
  assign factor = valid_i ? feature_i : borrow_factor_i;

  for (genvar j = 0; j < NClasses; j++) begin : gen_multipliers
    always_ff @(posedge clk_i) begin
      products_o[16*j+:16] <= signed'(factors[8*j+:8]) * signed'(factor);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {valid_o, borrow_done_o} <= '0;
    else {valid_o, borrow_done_o} <= {valid_i, borrow_valid_i && borrow_ready_o};
  end

endmodule
