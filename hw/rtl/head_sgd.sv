// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Stochastic gradient descent on a head of levels, a sample a step, after TaxoNN (Esmali Nojehdeh
// and Altun, arXiv:2010.05197): three phases in turn on the head's own multipliers, a learning rate
// that is a shift, rounding by chance. The integers are those of
// edge_adapt/updaters/_integer_sgd.py.
//
//   forward   z_j = W_j . h + 64 b_j, with W = (V + 128) >> 8 and b = (B + 128) >> 8
//   backward  e_j = (clip(128 + (z_j >> shift), 0, 255) - 255 [j = label]) >> 1
//   update    V_j -= (e_j h + r) >> rate within +-127 steps; B_j -= (64 e_j + r) >> rate
//
// r is as many random bits as the shift drops: those of the register turned by 3 j, after eight
// steps of it for each feature, and for the biases. No product has multipliers of its own.

module head_sgd #(
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 32,
    parameter int unsigned BiasBits = 24,
    localparam int unsigned RowBits = NFeatures > 1 ? $clog2(NFeatures) : 1
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // V and B from outside while idle; V of a feature comes one cycle after its address
    input  logic                         row_we_i,
    input  logic        [   RowBits-1:0] row_addr_i,
    input  logic        [16*NClasses-1:0] row_wdata_i,
    output logic        [16*NClasses-1:0] row_rdata_o,
    input  logic                         biases_we_i,
    input  logic        [BiasBits*NClasses-1:0] biases_i,
    output logic        [BiasBits*NClasses-1:0] biases_o,
    input  logic                         register_we_i,
    input  logic        [          31:0] register_i,
    output logic        [          31:0] register_o,
    input  logic        [           4:0] shift_i,
    input  logic        [           3:0] rate_i,
    // A sample: its features one by one, the label with the last
    input  logic                         s_valid_i,
    output logic                         s_ready_o,
    input  logic        [           7:0] s_level_i,
    input  logic        [           7:0] s_label_i,
    output logic                         busy_o,
    output logic        [          31:0] steps_o,
    // The head's multipliers (head_row.sv)
    output logic        [ 8*NClasses+8:0] borrow_o,
    input  logic        [16*NClasses+1:0] borrow_i
);

  typedef enum logic [2:0] {
    StFeature,
    StRead,
    StMultiply,
    StProduct,
    StErrors,
    StNext
  } state_e;

  localparam logic [31:0] Taps = 32'hA300_0000;
  localparam logic signed [7:0] BiasFeature = 8'sd64;
  localparam logic signed [17:0] Limit = 18'sd32512;  // 127 steps of int8
  localparam logic [RowBits:0] BiasRow = (RowBits + 1)'(NFeatures);

  // Eight steps of the shift register.
  function automatic logic [31:0] drawn(input logic [31:0] state);
    drawn = state;
    for (int i = 0; i < 8; i++) drawn = (drawn >> 1) ^ (drawn[0] ? Taps : '0);
  endfunction

  state_e state_q;
  logic [16*NClasses-1:0] values[2**RowBits];
  logic [7:0] levels[2**RowBits];
  logic [RowBits:0] feature_q;
  logic [RowBits-1:0] row_at;
  logic [7:0] level_q, label_q;
  logic [31:0] register_q;
  logic [16*NClasses-1:0] row_q, row_new;
  logic [8*NClasses-1:0] rounded, errors, errors_q;
  logic [16*NClasses-1:0] products;
  logic borrow_ready, borrow_done, updating_q, at_biases, product, write_row;
  logic [14:0] dropped;

  assign at_biases = feature_q == BiasRow;
  assign row_at = state_q == StFeature && feature_q == '0 ? row_addr_i : feature_q[RowBits-1:0];
  assign s_ready_o = state_q == StFeature && !row_we_i;
  assign busy_o = state_q != StFeature || feature_q != '0;
  assign product = state_q == StProduct && borrow_done;
  assign write_row = product && updating_q && !at_biases;
  assign row_rdata_o = row_q;
  assign register_o = register_q;
  assign borrow_o = {
    state_q == StMultiply,
    updating_q && at_biases ? BiasFeature : level_q,
    updating_q ? errors_q : rounded
  };
  assign {borrow_ready, borrow_done, products} = borrow_i;
  assign dropped = 15'((16'd1 << rate_i) - 16'd1);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q    <= StFeature;
      feature_q  <= '0;
      updating_q <= 1'b0;
      steps_o    <= '0;
    end else begin
      unique case (state_q)
        StFeature: if (s_valid_i && s_ready_o) state_q <= StRead;
        StRead: state_q <= StMultiply;
        StMultiply: if (borrow_ready) state_q <= StProduct;
        StProduct: begin
          if (borrow_done) begin
            feature_q <= feature_q + (RowBits + 1)'(1);
            state_q   <= StNext;
          end
        end
        StNext: begin
          state_q <= updating_q ? StRead : StFeature;
          if (at_biases && !updating_q) state_q <= StErrors;
          if (feature_q > BiasRow) begin
            feature_q  <= '0;
            updating_q <= 1'b0;
            steps_o    <= steps_o + 32'd1;
            state_q    <= StFeature;
          end
        end
        StErrors: begin
          feature_q  <= '0;
          updating_q <= 1'b1;
          state_q    <= StRead;
        end
        default: state_q <= StFeature;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    row_q <= values[row_at];
    if (row_we_i && !busy_o) values[row_addr_i] <= row_wdata_i;
    else if (write_row) values[feature_q[RowBits-1:0]] <= row_new;
    if (s_valid_i && s_ready_o) begin
      levels[feature_q[RowBits-1:0]] <= s_level_i;
      label_q <= s_label_i;
      level_q <= s_level_i;
    end
    if (updating_q && state_q == StRead) level_q <= levels[feature_q[RowBits-1:0]];
    if (state_q == StErrors) errors_q <= errors;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) register_q <= 32'd1;
    else if (register_we_i) register_q <= register_i;
    else if (state_q == StMultiply && updating_q && borrow_ready) register_q <= drawn(register_q);
  end

  for (genvar j = 0; j < NClasses; j++) begin : gen_classes
    logic signed [15:0] value;
    logic signed [BiasBits-1:0] bias_q;
    logic signed [BiasBits:0] bias_half, bias_new;
    logic signed [31:0] logit_q, shifted;
    logic [7:0] probability;
    logic signed [8:0] difference;
    logic [31:0] turned;
    logic signed [17:0] change, value_new;
    logic unused_bits;

    assign value = row_q[16*j+:16];
    assign rounded[8*j+:8] = value[15:8] + {7'd0, value[7]};
    assign biases_o[BiasBits*j+:BiasBits] = bias_q;

    // backward
    assign shifted = logit_q >>> shift_i;
    assign difference = 9'(probability) - (label_q == 8'(j) ? 9'd255 : 9'd0);
    assign errors[8*j+:8] = difference[8:1];

    always_comb begin
      probability = shifted[7:0] + 8'd128;
      if (shifted < -32'sd128) probability = 8'd0;
      if (shifted > 32'sd127) probability = 8'd255;
    end

    // update
    assign turned = 32'({register_q, register_q} >> (3 * j) % 32);
    assign change = (18'(signed'(products[16*j+:16])) +
        signed'(18'(turned[14:0] & dropped))) >>> rate_i;
    assign bias_half = (BiasBits + 1)'(bias_q) + (BiasBits + 1)'(128);
    assign bias_new = (BiasBits + 1)'(bias_q) - (BiasBits + 1)'(change);
    assign unused_bits = ^{difference[0], turned[31:15], value[6:0], bias_half[7:0]};

    always_comb begin
      value_new = 18'(value) - change;
      if (value_new > Limit) value_new = Limit;
      if (value_new < -Limit) value_new = -Limit;
      row_new[16*j+:16] = value_new[15:0];
    end

    always_ff @(posedge clk_i) begin
      if (biases_we_i && !busy_o) begin
        bias_q <= biases_i[BiasBits*j+:BiasBits];
      end else if (product && updating_q && at_biases) begin
        bias_q <= bias_new[BiasBits-1:0];
        if (bias_new[BiasBits] != bias_new[BiasBits-1]) begin
          bias_q <= {bias_new[BiasBits], {BiasBits - 1{!bias_new[BiasBits]}}};
        end
      end
      if (!busy_o) logit_q <= 32'(signed'(bias_half[BiasBits:8])) <<< 6;
      else if (product && !updating_q) begin
        logit_q <= logit_q + 32'(signed'(products[16*j+:16]));
      end
    end
  end

`ifdef FORMAL
  `include "head_sgd_properties.svh"
`endif

endmodule
