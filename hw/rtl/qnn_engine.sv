// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Neurons of 8-bit fixed point on a row of P / 8 int8 multipliers, word by word:
//   level = (weights . levels + offset) >> shift, limited to -127..127
// which is what layer `Projection` means (edge_adapt/networks/layers.py).
//
// Operands and their step in cycle 0, the level in cycle 6. The word {shift [31:27], offset
// [26:0]} of a neuron is there with its first step's cycle 3, and until its last step's cycle 3.

module qnn_engine #(
    parameter int unsigned Lanes = 256,
    localparam int unsigned NMultipliers = Lanes / 8
) (
    input  logic                             clk_i,
    input  bnn_pkg::step_t                   step_i,
    input  logic           [      Lanes-1:0] weights_i,
    input  logic           [      Lanes-1:0] activations_i,
    input  logic           [           31:0] offset_i,
    output logic signed    [            7:0] level_o
);

  // -128 * -128 does not occur: levels are within +-127.
  localparam int unsigned ProductBits = 16;
  localparam int unsigned PartBits = ProductBits + 2;  // of the sum of four
  localparam int unsigned NParts = (NMultipliers + 3) / 4;
  localparam int unsigned RowBits = ProductBits + $clog2(NMultipliers);
  localparam int unsigned AccBits = 32;
  localparam logic signed [AccBits-1:0] Limit = 127;

  logic [ProductBits*4*NParts-1:0] products_q;
  logic [PartBits*NParts-1:0] parts_q;
  logic signed [RowBits-1:0] row, row_q;
  logic signed [AccBits-1:0] sum_q, base, shifted_q;
  logic [4:0] shift_q;
  // {valid, first}, a cycle old and more
  logic [1:0] control1_q, control2_q, control3_q;
  logic unused_step;

  assign unused_step = ^step_i;  // two of the fields are needed

  for (genvar i = 0; i < 4 * NParts; i++) begin : gen_multipliers
    if (i < NMultipliers) begin : gen_used
      always_ff @(posedge clk_i) begin
        products_q[ProductBits*i+:ProductBits] <=
            signed'(weights_i[8*i+:8]) * signed'(activations_i[8*i+:8]);
      end
    end else begin : gen_padding
      assign products_q[ProductBits*i+:ProductBits] = '0;
    end
  end

  for (genvar p = 0; p < NParts; p++) begin : gen_parts
    logic signed [PartBits-1:0] part;

    always_comb begin
      part = '0;
      for (int i = 4 * p; i < 4 * p + 4; i++) begin
        part = part + PartBits'(signed'(products_q[ProductBits*i+:ProductBits]));
      end
    end

    always_ff @(posedge clk_i) parts_q[PartBits*p+:PartBits] <= part;
  end

  always_comb begin
    row = '0;
    for (int p = 0; p < NParts; p++) begin
      row = row + RowBits'(signed'(parts_q[PartBits*p+:PartBits]));
    end
  end

  assign base = control3_q[0] ? AccBits'(signed'(offset_i[26:0])) : sum_q;

  always_ff @(posedge clk_i) begin
    row_q <= row;
    {control3_q, control2_q, control1_q} <= {control2_q, control1_q, step_i.valid, step_i.first};
    if (control3_q[1]) sum_q <= base + AccBits'(row_q);
    shift_q   <= offset_i[31:27];
    shifted_q <= sum_q >>> shift_q;
    level_o   <= shifted_q[7:0];
    if (shifted_q > Limit) level_o <= 8'sd127;
    if (shifted_q < -Limit) level_o <= -8'sd127;
  end

endmodule
