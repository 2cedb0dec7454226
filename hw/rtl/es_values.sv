// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The learning unit's V: a row of 16 bits a class for each feature, and a bias of 32 bits a class.
// Rows are read whole; one value a cycle is written, or moved by an update (es_update.sv).

module es_values #(
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 256,
    parameter int unsigned NDirections = 2,
    localparam int unsigned FeatureBits = $clog2(NFeatures + 1),
    localparam int unsigned RowBits = $clog2(NFeatures),
    localparam int unsigned ClassBits = $clog2(NClasses)
) (
    input  logic                          clk_i,
    input  logic                          rst_ni,
    // The row of feature_i with latency 4; the value of class_i of that row, or its bias
    input  logic        [FeatureBits-1:0] feature_i,
    input  logic                          bias_row_i,
    input  logic        [  ClassBits-1:0] class_i,
    output logic        [16*NClasses-1:0] row_o,
    output logic        [           31:0] value_o,
    // That value is written from outside
    input  logic                          take_i,
    input  logic        [           31:0] word_i,
    // The bias of a class
    input  logic        [  ClassBits-1:0] bias_class_i,
    output logic signed [           31:0] bias_o,
    // That value is moved
    input  logic                          update_i,
    input  logic        [NDirections-1:0] positive_i,
    input  logic        [NDirections-1:0] negative_i,
    input  logic        [NDirections-1:0] directions_i,
    input  logic        [            4:0] shift_i
);

  logic [16*NClasses-1:0] values[2**RowBits], row;
  logic [31:0] biases[2**ClassBits];
  logic [FeatureBits-1:0] feature1_q, feature2_q;
  logic [ClassBits-1:0] class1_q, class2_q;
  logic take1_q, take2_q, update1_q, update2_q, bias_row1_q, bias_row2_q, write, unused_bits;
  logic [NClasses-1:0] write_row;
  logic [31:0] word1_q, word2_q, moved, written;

  // A word from outside is written as late as one that was moved.
  assign unused_bits = ^{feature1_q, feature2_q};  // the bias row has no address
  assign write = take2_q || update2_q;
  assign written = take2_q ? word2_q : moved;

  for (genvar j = 0; j < NClasses; j++) begin : gen_enables
    assign write_row[j] = write && !bias_row2_q && class2_q == ClassBits'(j);
  end

  always_ff @(posedge clk_i) begin
    row   <= values[feature2_q[RowBits-1:0]];
    row_o <= row;
    for (int j = 0; j < NClasses; j++) begin
      if (write_row[j]) values[feature2_q[RowBits-1:0]][16*j+:16] <= written[15:0];
    end
    if (write && bias_row2_q) biases[class2_q] <= written;
  end

  assign bias_o = signed'(biases[bias_class_i]);
  assign value_o = bias_row_i ? bias_o : 32'(signed'(row_o[16*class_i+:16]));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {take2_q, take1_q, update2_q, update1_q} <= '0;
    else {take2_q, take1_q, update2_q, update1_q} <= {take1_q, take_i, update1_q, update_i};
  end

  always_ff @(posedge clk_i) begin
    {feature2_q, feature1_q}   <= {feature1_q, feature_i};
    {class2_q, class1_q}       <= {class1_q, class_i};
    {bias_row2_q, bias_row1_q} <= {bias_row1_q, bias_row_i};
    {word2_q, word1_q}         <= {word1_q, word_i};
  end

  es_update #(
      .NDirections(NDirections)
  ) u_update (
      .clk_i,
      .positive_i,
      .negative_i,
      .directions_i,
      .shift_i,
      .bias_i      (bias_row_i),
      .value_i     (value_o),
      .value_o     (moved)
  );

endmodule
