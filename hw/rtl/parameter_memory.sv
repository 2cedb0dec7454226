// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The two banks of all parameters: bank 1 lies behind bank 0 in each memory.
//
// The engine reads each memory by its own port (latency 3); the parameter port writes and reads
// all of them by region, lane and address (read latency 6).

module parameter_memory #(
    parameter int unsigned WeightLanes = 4,
    parameter int unsigned WeightDepth = 2304,
    parameter int unsigned NNeurons = 512,
    parameter int unsigned NClasses = 10,
    parameter int unsigned HeadLanes = 3,
    parameter int unsigned NFeatures = 256,
    localparam int unsigned WeightAddrBits = $clog2(2 * WeightDepth),
    localparam int unsigned NeuronAddrBits = $clog2(2 * NNeurons),
    localparam int unsigned FeatureAddrBits = $clog2(2 * NFeatures),
    localparam int unsigned BiasAddrBits = $clog2(2 * NClasses)
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic [ WeightAddrBits-1:0] weight_addr_i,
    output logic [ 32*WeightLanes-1:0] weight_o,
    input  logic [ NeuronAddrBits-1:0] threshold_addr_i,
    output logic [               31:0] threshold_o,
    input  logic [   BiasAddrBits-1:0] bias_addr_i,
    output logic [               31:0] bias_o,
    input  logic [FeatureAddrBits-1:0] head_addr_i,
    output logic [   32*HeadLanes-1:0] head_o,
    // The parameter port; region_i is one hot {head, bias, thresholds, weights}
    input  logic                       we_i,
    input  logic                       bank_i,
    input  logic [                3:0] region_i,
    input  logic [                7:0] lane_i,
    input  logic [               15:0] addr_i,
    input  logic [               31:0] wdata_i,
    output logic [               31:0] rdata_o
);

  logic we_q;
  logic [2:1] region_q;
  logic [WeightLanes-1:0] weight_lane_q;  // one hot, where the region is theirs
  logic [HeadLanes-1:0] head_lane_q;
  logic [WeightAddrBits-1:0] weight_addr_q;
  logic [NeuronAddrBits-1:0] threshold_addr_q;
  logic [BiasAddrBits-1:0] bias_addr_q;
  logic [FeatureAddrBits-1:0] head_addr_q;
  logic [31:0] wdata_q, weight_word, weight_word_q, word, word_q, threshold_rdata, bias_rdata;
  logic [32*WeightLanes-1:0] weight_rdata;
  logic [32*HeadLanes-1:0] head_rdata;
  logic unused_addr;

  assign unused_addr = ^addr_i;  // the high bits, where no memory is that deep

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) we_q <= 1'b0;
    else we_q <= we_i;
  end

  always_ff @(posedge clk_i) begin
    region_q         <= region_i[2:1];
    for (int i = 0; i < WeightLanes; i++) begin
      weight_lane_q[i] <= region_i[0] && lane_i == 8'(i);
    end
    for (int i = 0; i < HeadLanes; i++) head_lane_q[i] <= region_i[3] && lane_i == 8'(i);
    wdata_q          <= wdata_i;
    weight_addr_q    <= WeightAddrBits'(addr_i) + (bank_i ? WeightAddrBits'(WeightDepth) : '0);
    threshold_addr_q <= NeuronAddrBits'(addr_i) + (bank_i ? NeuronAddrBits'(NNeurons) : '0);
    bias_addr_q      <= BiasAddrBits'(addr_i) + (bank_i ? BiasAddrBits'(NClasses) : '0);
    head_addr_q      <= FeatureAddrBits'(addr_i) + (bank_i ? FeatureAddrBits'(NFeatures) : '0);
  end

  for (genvar i = 0; i < WeightLanes; i++) begin : gen_weights
    parameter_ram #(
        .Width(32),
        .Depth(2 * WeightDepth)
    ) u_ram (
        .clk_i,
        .a_addr_i (weight_addr_i),
        .a_rdata_o(weight_o[32*(WeightLanes-1-i)+:32]),
        .b_en_i   (weight_lane_q[i]),
        .b_we_i   (we_q),
        .b_addr_i (weight_addr_q),
        .b_wdata_i(wdata_q),
        .b_rdata_o(weight_rdata[32*i+:32])
    );
  end

  parameter_ram #(
      .Width(32),
      .Depth(2 * NNeurons)
  ) u_thresholds (
      .clk_i,
      .a_addr_i (threshold_addr_i),
      .a_rdata_o(threshold_o),
      .b_en_i   (region_q[1]),
      .b_we_i   (we_q),
      .b_addr_i (threshold_addr_q),
      .b_wdata_i(wdata_q),
      .b_rdata_o(threshold_rdata)
  );

  parameter_ram #(
      .Width(32),
      .Depth(2 * NClasses)
  ) u_biases (
      .clk_i,
      .a_addr_i (bias_addr_i),
      .a_rdata_o(bias_o),
      .b_en_i   (region_q[2]),
      .b_we_i   (we_q),
      .b_addr_i (bias_addr_q),
      .b_wdata_i(wdata_q),
      .b_rdata_o(bias_rdata)
  );

  for (genvar i = 0; i < HeadLanes; i++) begin : gen_head
    parameter_ram #(
        .Width(32),
        .Depth(2 * NFeatures)
    ) u_ram (
        .clk_i,
        .a_addr_i (head_addr_i),
        .a_rdata_o(head_o[32*i+:32]),
        .b_en_i   (head_lane_q[i]),
        .b_we_i   (we_q),
        .b_addr_i (head_addr_q),
        .b_wdata_i(wdata_q),
        .b_rdata_o(head_rdata[32*i+:32])
    );
  end

  // The word that the region and lane name, from all over the device: two cycles for the way
  always_comb begin
    weight_word = '0;
    for (int i = 0; i < WeightLanes; i++) begin
      if (weight_lane_q[i]) weight_word |= weight_rdata[32*i+:32];
    end
    word = (region_q[1] ? threshold_rdata : '0) | (region_q[2] ? bias_rdata : '0);
    for (int i = 0; i < HeadLanes; i++) begin
      if (head_lane_q[i]) word |= head_rdata[32*i+:32];
    end
  end

  always_ff @(posedge clk_i) begin
    weight_word_q <= weight_word;
    word_q        <= word;
    rdata_o       <= weight_word_q | word_q;
  end

endmodule
