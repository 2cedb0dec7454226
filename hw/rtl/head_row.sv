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
    // {valid, factor, a factor a class} are taken with ready of {ready, done, products}, and have
    // their products with done
    input  logic [ 8*NClasses+8:0] borrow_i,
    output logic [16*NClasses+1:0] borrow_o
);

  logic [8*NClasses-1:0] factors, borrow_factors;
  logic [7:0] factor, borrow_factor;
  logic borrow_valid, done_q;

  assign {borrow_valid, borrow_factor, borrow_factors} = borrow_i;
  assign borrow_o = {!valid_i, done_q, products_o};
  assign factors = valid_i ? weights_i : borrow_factors;
  assign factor = valid_i ? feature_i : borrow_factor;

  for (genvar j = 0; j < NClasses; j++) begin : gen_multipliers
    always_ff @(posedge clk_i) begin
      products_o[16*j+:16] <= signed'(factors[8*j+:8]) * signed'(factor);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {valid_o, done_q} <= '0;
    else {valid_o, done_q} <= {valid_i, borrow_valid && !valid_i};
  end

endmodule
