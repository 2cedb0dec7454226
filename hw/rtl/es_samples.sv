// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The learning unit's samples: words of bits with a label each, kept in the order they came, and
// the order in which they are walked.
//
// The sample follows order_at_i by a cycle, its label by three; the word follows word_at_i by two.

module es_samples #(
    parameter int unsigned NSamples = 512,
    parameter int unsigned NWords = 2,
    parameter int unsigned Lanes = 128,
    localparam int unsigned SampleBits = $clog2(NSamples),
    localparam int unsigned WordBits = NWords > 1 ? $clog2(NWords) : 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  clear_i,
    input  logic                  valid_i,
    input  logic [     Lanes-1:0] word_i,
    input  logic                  last_i,
    input  logic [           7:0] label_i,
    output logic [          15:0] n_samples_o,
    input  logic                  order_we_i,
    input  logic [SampleBits-1:0] order_at_i,
    input  logic [SampleBits-1:0] order_wdata_i,
    input  logic [  WordBits-1:0] word_at_i,
    output logic [     Lanes-1:0] word_o,
    output logic [           7:0] label_o
);

  // What is read is not written in that cycle: an order is loaded, and names samples, between runs.
  (* no_rw_check *) logic [SampleBits-1:0] order[NSamples];
  (* no_rw_check *) logic [Lanes-1:0] samples[2**(SampleBits+WordBits)];
  (* no_rw_check *) logic [7:0] labels[NSamples];
  logic [SampleBits-1:0] sample_q;
  logic [Lanes-1:0] word_q;
  logic [7:0] label_q;
  logic [SampleBits:0] n_samples_q;
  logic [WordBits-1:0] word_in_q;
  logic has_room, keep, dropped_q;

  assign has_room = !n_samples_q[SampleBits];
  assign keep = valid_i && has_room && !dropped_q;
  assign n_samples_o = 16'(n_samples_q);

  always_ff @(posedge clk_i) begin
    sample_q <= order[order_at_i];
    word_q   <= samples[{sample_q, word_at_i}];
    label_q  <= labels[sample_q];
    word_o   <= word_q;
    label_o  <= label_q;
    if (order_we_i) order[order_at_i] <= order_wdata_i;
    if (keep) samples[{n_samples_q[SampleBits-1:0], word_in_q}] <= word_i;
    if (keep && last_i) labels[n_samples_q[SampleBits-1:0]] <= label_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      n_samples_q <= '0;
      word_in_q   <= '0;
      dropped_q   <= 1'b0;
    end else if (clear_i) begin
      n_samples_q <= '0;
      word_in_q   <= '0;
      dropped_q   <= valid_i ? !last_i : dropped_q || word_in_q != '0;
    end else if (valid_i) begin
      word_in_q <= last_i || dropped_q ? '0 : word_in_q + WordBits'(1);
      dropped_q <= dropped_q && !last_i;
      if (keep && last_i) n_samples_q <= n_samples_q + 1'b1;
    end
  end

`ifdef FORMAL
  `include "es_samples_properties.svh"
`endif

endmodule
