// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The learning unit's V: a row of 16 bits a class for each feature in memory, biases of 32 bits in
// a ring; both are read, written from outside, and moved by an update (es_update.sv).

module es_values #(
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 256,
    parameter int unsigned NDirections = 2,
    localparam int unsigned FeatureBits = $clog2(NFeatures + 1),
    localparam int unsigned RowBits = $clog2(NFeatures),
    localparam int unsigned ClassBits = $clog2(NClasses)
) (
    input  logic                                   clk_i,
    // Rows, latency 2
    input  logic        [         FeatureBits-1:0] feature_i,
    output logic        [         16*NClasses-1:0] row_o,
    // A word from outside, class by class; or the word of class_i to the outside
    input  logic                                   take_i,
    input  logic        [                    31:0] word_i,
    input  logic                                   bias_row_i,
    input  logic        [           ClassBits-1:0] class_i,
    input  logic                                   last_class_i,
    output logic        [                    31:0] word_o,
    // The ring of biases
    input  logic                                   turn_i,
    output logic signed [                    31:0] rounded_bias_o,
    // An update: row and directions with latency 2, written to update_feature_i with latency 4
    input  logic        [NClasses*NDirections-1:0] positive_i,
    input  logic        [NClasses*NDirections-1:0] negative_i,
    input  logic        [         NDirections-1:0] directions_i,
    input  logic        [                     4:0] shift_i,
    input  logic                                   update_row_i,
    input  logic        [         FeatureBits-1:0] update_feature_i,
    input  logic                                   update_bias_i
);

  logic [16*NClasses-1:0] values[2**RowBits];
  logic [16*NClasses-1:0] row1, row_in_q, row_in, row_new, row_new_q;
  logic [32*NClasses-1:0] biases_q;
  logic signed [31:0] bias, bias_move;
  logic load_row, unused_bits;

  // The bias row has no address; the oldest word of a row that came in leaves it.
  assign unused_bits = ^{feature_i, update_feature_i, row_in_q};
  assign row_in = {word_i[15:0], row_in_q[16*NClasses-1:16]};
  assign load_row = take_i && last_class_i && !bias_row_i;

  always_ff @(posedge clk_i) begin
    row1  <= values[feature_i[RowBits-1:0]];
    row_o <= row1;
    if (load_row) values[feature_i[RowBits-1:0]] <= row_in;
    else if (update_row_i) values[update_feature_i[RowBits-1:0]] <= row_new_q;
    if (take_i) row_in_q <= row_in;
    row_new_q <= row_new;
  end

  es_update #(
      .NClasses   (NClasses),
      .NDirections(NDirections)
  ) u_update (
      .clk_i,
      .positive_i,
      .negative_i,
      .directions_i,
      .shift_i,
      .row_i       (row_o),
      .row_o       (row_new),
      .class_i,
      .bias_move_o (bias_move)
  );

  assign bias = signed'(biases_q[31:0]);
  assign rounded_bias_o = (bias + 32'sd128) >>> 8;
  assign word_o = bias_row_i ? biases_q[31:0] : 32'(signed'(row1[16*class_i+:16]));

  always_ff @(posedge clk_i) begin
    if (take_i && bias_row_i) biases_q <= {word_i, biases_q[32*NClasses-1:32]};
    else if (turn_i) biases_q <= {biases_q[31:0], biases_q[32*NClasses-1:32]};
    else if (update_bias_i) biases_q <= {bias - bias_move, biases_q[32*NClasses-1:32]};
  end

endmodule
