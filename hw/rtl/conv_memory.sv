// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The two banks of one layer's parameters, bank 1 behind bank 0: the engine reads with latency 3,
// whoever writes reads with latency 5. Region 0 has weights, region 1 thresholds.

module conv_memory #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned WeightDepth = 320,
    parameter int unsigned NNeurons = 64,
    localparam int unsigned WeightAddrBits = $clog2(2 * WeightDepth),
    localparam int unsigned NeuronAddrBits = $clog2(2 * NNeurons)
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic [WeightAddrBits-1:0] weight_addr_i,
    output logic [         Lanes-1:0] weight_o,
    input  logic [NeuronAddrBits-1:0] threshold_addr_i,
    output logic [              31:0] threshold_o,
    input  bank_pkg::access_t         access_i,
    output logic [              31:0] rdata_o
);

  localparam int unsigned NLanes = Lanes / 32;

  bank_pkg::access_t access_q;
  logic we_q, unused_access;
  logic [WeightAddrBits-1:0] weight_addr;
  logic [NeuronAddrBits-1:0] threshold_addr;
  logic [Lanes-1:0] weight_rdata;
  logic [31:0] threshold_rdata;

  assign unused_access = ^access_q;  // regions of a head, and the high bits of addresses
  assign weight_addr = WeightAddrBits'(access_q.addr) +
      (access_q.bank ? WeightAddrBits'(WeightDepth) : '0);
  assign threshold_addr = NeuronAddrBits'(access_q.addr) +
      (access_q.bank ? NeuronAddrBits'(NNeurons) : '0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) we_q <= 1'b0;
    else we_q <= access_i.we;
  end

  always_ff @(posedge clk_i) begin
    access_q <= access_i;
    rdata_o  <= access_q.region[0] ? weight_rdata[32*access_q.lane+:32] : threshold_rdata;
  end

  for (genvar i = 0; i < NLanes; i++) begin : gen_weights
    parameter_ram #(
        .Width(32),
        .Depth(2 * WeightDepth)
    ) u_ram (
        .clk_i,
        .a_addr_i (weight_addr_i),
        .a_rdata_o(weight_o[32*(NLanes-1-i)+:32]),
        .b_en_i   (access_q.region[0] && access_q.lane == 8'(i)),
        .b_we_i   (we_q),
        .b_addr_i (weight_addr),
        .b_wdata_i(access_q.wdata),
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
      .b_en_i   (access_q.region[1]),
      .b_we_i   (we_q),
      .b_addr_i (threshold_addr),
      .b_wdata_i(access_q.wdata),
      .b_rdata_o(threshold_rdata)
  );

endmodule
