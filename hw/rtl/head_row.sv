// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The head's multipliers, one a class: a feature times its weights, one cycle later.

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
    output logic [16*NClasses-1:0] products_o
);

  for (genvar j = 0; j < NClasses; j++) begin : gen_multipliers
    always_ff @(posedge clk_i) begin
      products_o[16*j+:16] <= signed'(weights_i[8*j+:8]) * signed'(feature_i);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_o <= 1'b0;
    else valid_o <= valid_i;
  end

endmodule
