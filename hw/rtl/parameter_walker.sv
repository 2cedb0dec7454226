// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The addresses of a frame's parameters: every memory is read from its bank's first word to its
// last.

module parameter_walker #(
    parameter int unsigned WeightDepth = 2304,
    parameter int unsigned NNeurons = 512,
    parameter int unsigned NFeatures = 256,
    localparam int unsigned WeightAddrBits = $clog2(2 * WeightDepth),
    localparam int unsigned NeuronAddrBits = $clog2(2 * NNeurons),
    localparam int unsigned FeatureAddrBits = $clog2(2 * NFeatures)
) (
    input  logic                       clk_i,
    // A frame begins, with its bank
    input  logic                       begin_i,
    input  logic                       bank_i,
    input  logic                       next_weight_i,
    input  logic                       next_threshold_i,
    input  logic                       next_head_i,
    output logic [ WeightAddrBits-1:0] weight_addr_o,
    output logic [ NeuronAddrBits-1:0] threshold_addr_o,
    output logic [FeatureAddrBits-1:0] head_addr_o
);

  always_ff @(posedge clk_i) begin
    if (begin_i) begin
      weight_addr_o    <= bank_i ? WeightAddrBits'(WeightDepth) : '0;
      threshold_addr_o <= bank_i ? NeuronAddrBits'(NNeurons) : '0;
      head_addr_o      <= bank_i ? FeatureAddrBits'(NFeatures) : '0;
    end else begin
      if (next_weight_i) weight_addr_o <= weight_addr_o + WeightAddrBits'(1);
      if (next_threshold_i) threshold_addr_o <= threshold_addr_o + NeuronAddrBits'(1);
      if (next_head_i) head_addr_o <= head_addr_o + FeatureAddrBits'(1);
    end
  end

endmodule
