// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// What the lanes read: two frames of input words, one being filled while the other is read, and
// the values of the layer before while those of a layer are collected into words.
//
// The first value is the most significant of a word. Read two cycles after the step: read_i in cycle 0
// gives activations_o in cycle 1.

module activation_store #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned ValueBits = 1,
    parameter int unsigned PixelPlanes = 1,
    parameter int unsigned NPixels = 784,
    parameter int unsigned HiddenWords = 2,
    localparam int unsigned NValues = Lanes / ValueBits
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // Frames in
    input  logic                       s_valid_i,
    output logic                       s_ready_o,
    input  logic           [Lanes-1:0] s_data_i,
    input  logic                       s_last_i,
    input  bnn_pkg::user_t             s_user_i,
    output logic                       refused_o,
    output logic                       frame_valid_o,
    output bnn_pkg::user_t             frame_user_o,
    // The pipeline
    input  bnn_pkg::step_t             read_i,
    input  bnn_pkg::step_t             write_i,
    input  logic       [ValueBits-1:0] value_i,
    output logic           [Lanes-1:0] activations_o,
    output logic                       word_valid_o,
    output logic           [Lanes-1:0] word_o
);

  localparam int unsigned NPixelWords = (NPixels + NValues - 1) / NValues;
  localparam int unsigned NBeats = NPixelWords * PixelPlanes;
  localparam int unsigned BeatBits = NBeats > 1 ? $clog2(NBeats) : 1;
  localparam int unsigned HiddenBits = HiddenWords > 1 ? $clog2(HiddenWords) : 1;
  localparam int unsigned PlaceBits = $clog2(NValues);
  localparam logic [NValues-1:0] FirstPlace = {1'b1, {NValues - 1{1'b0}}};

  // The plane of ones in the last word of a row of pixels.
  function automatic logic [Lanes-1:0] last_ones();
    for (int i = 0; i < Lanes; i++) begin
      last_ones[Lanes-1-i] = i < NPixels - NValues * (NPixelWords - 1);
    end
  endfunction

  localparam logic [Lanes-1:0] LastOnes = last_ones();

  logic [Lanes-1:0] hidden[2**(HiddenBits+1)];
  logic [Lanes-1:0] frame_word, hidden_word_q, collected_q, collected;
  logic [Lanes-1:0] frame_data;
  bnn_pkg::user_t frame_user;
  logic frame_word_valid, frame_word_ready, frame_last;
  logic [15:0] count_q;
  logic [NValues-1:0] place_q;  // where the next value of a word goes, one hot
  logic pixels_q, ones_q, last_word_q, store, layer_done, unused_steps;

  assign unused_steps = ^{read_i, write_i};  // a few of the fields are needed
  assign store = write_i.valid && write_i.last;
  assign layer_done = write_i.valid && write_i.layer_last;

  skid_buffer #(
      .Width(Lanes + 1 + bnn_pkg::UserBits)
  ) u_skid (
      .clk_i,
      .rst_ni,
      .valid_i(s_valid_i),
      .ready_o(s_ready_o),
      .data_i ({s_data_i, s_last_i, s_user_i}),
      .valid_o(frame_word_valid),
      .ready_i(frame_word_ready),
      .data_o ({frame_data, frame_last, frame_user})
  );

  frame_buffer #(
      .Lanes (Lanes),
      .NBeats(NBeats)
  ) u_frame_buffer (
      .clk_i,
      .rst_ni,
      .s_valid_i(frame_word_valid),
      .s_ready_o(frame_word_ready),
      .s_data_i (frame_data),
      .s_last_i (frame_last),
      .s_user_i (frame_user),
      .refused_o,
      .frame_valid_o,
      .frame_user_o,
      .release_i(layer_done && write_i.pixels),
      .addr_i   (BeatBits'(32'(read_i.word) * PixelPlanes + 32'(read_i.plane))),
      .rdata_o  (frame_word)
  );

  always_ff @(posedge clk_i) begin
    hidden_word_q <= hidden[{!read_i.parity, read_i.word[HiddenBits-1:0]}];
    pixels_q      <= read_i.pixels;
    ones_q        <= read_i.ones;
    last_word_q   <= read_i.last_word;
  end

  always_comb begin
    activations_o = pixels_q ? frame_word : hidden_word_q;
    if (ones_q) activations_o = last_word_q ? LastOnes : '1;
  end

  for (genvar i = 0; i < NValues; i++) begin : gen_values
    localparam int unsigned At = ValueBits * i;
    assign collected[At+:ValueBits] =
        place_q[i] ? value_i : place_q[NValues-1] ? '0 : collected_q[At+:ValueBits];
  end

  assign word_o = collected;
  assign word_valid_o = store && (write_i.layer_last || place_q[0]);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      count_q <= '0;
      place_q <= FirstPlace;
    end else if (store) begin
      count_q <= write_i.layer_last ? '0 : count_q + 16'd1;
      place_q <= write_i.layer_last ? FirstPlace : {place_q[0], place_q[NValues-1:1]};
    end
  end

  always_ff @(posedge clk_i) begin
    if (store) begin
      collected_q <= collected;
      hidden[{write_i.parity, count_q[PlaceBits+:HiddenBits]}] <= collected;
    end
  end

endmodule
