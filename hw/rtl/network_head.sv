// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The int8 head: a feature that is a bit adds or subtracts its weights, one that is a level adds
// their products (head_row.sv). The result stays until it is taken.

module network_head #(
    parameter int unsigned ValueBits = 1,
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 256,
    localparam int unsigned HeadLanes = (NClasses + 3) / 4,
    localparam int unsigned ClassBits = NClasses > 1 ? $clog2(NClasses) : 1
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    // Features of one frame, each a cycle before its weights; clear_i before the first
    input  logic                    clear_i,
    input  logic                    valid_i,
    input  logic [   ValueBits-1:0] feature_i,
    input  logic [32*HeadLanes-1:0] weights_i,
    // The pass over the classes (head_accumulator.sv) begins, with what the result tells
    input  logic                    finish_i,
    input  logic                    bank_i,
    input  logic                    probe_i,
    input  logic                    own_i,
    output logic                    ready_o,
    output logic                    done_o,
    output logic [   ClassBits-1:0] class_o,
    input  logic [            31:0] bias_i,
    output logic                    m_valid_o,
    input  logic                    m_ready_i,
    output logic [ 32*NClasses-1:0] m_logits_o,
    output bnn_pkg::answer_t        m_answer_o,
    // The multipliers of a head of levels, for what learns (head_row.sv)
    input  logic [  8*NClasses+8:0] borrow_i,
    output logic [ 16*NClasses+1:0] borrow_o
);

  localparam int unsigned TermBits = ValueBits == 1 ? 8 : 16;

  logic [8*NClasses-1:0] weights;
  logic [TermBits*NClasses-1:0] terms;
  logic [32*NClasses-1:0] logits;
  logic [ClassBits-1:0] label;
  bnn_pkg::answer_t answer;
  logic [2:0] origin_q;
  logic [ValueBits-1:0] feature_q;
  logic valid_q, term_valid, subtract, valid, full_q, unused_weights;

  assign unused_weights = ^weights_i;  // bytes beyond the last class

  // Class 0 has the most significant byte of its word.
  for (genvar j = 0; j < NClasses; j++) begin : gen_bytes
    assign weights[8*j+:8] = weights_i[32*(j/4)+8*(3-j%4)+:8];
  end

  // Far from where features come from: a cycle for the way
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= valid_i;
  end

  always_ff @(posedge clk_i) feature_q <= feature_i;

  if (ValueBits == 1) begin : gen_signs
    assign term_valid = valid_q;
    assign terms = weights;
    assign subtract = !feature_q;
    assign borrow_o = '0;
    logic unused_borrow;
    assign unused_borrow = ^borrow_i;
  end else begin : gen_products
    assign subtract = 1'b0;

    head_row #(
        .NClasses(NClasses)
    ) u_row (
        .clk_i,
        .rst_ni,
        .valid_i   (valid_q),
        .weights_i (weights),
        .feature_i (feature_q),
        .valid_o   (term_valid),
        .products_o(terms),
        .borrow_i,
        .borrow_o
    );
  end

  head_accumulator #(
      .TermBits (TermBits),
      .NClasses (NClasses),
      .NFeatures(NFeatures)
  ) u_accumulator (
      .clk_i,
      .rst_ni,
      .clear_i,
      .valid_i   (term_valid),
      .subtract_i(subtract),
      .terms_i   (terms),
      .finish_i,
      .ready_o,
      .done_o,
      .class_o,
      .bias_i,
      .valid_o   (valid),
      .ready_i   (!full_q),
      .logits_o  (logits),
      .label_o   (label)
  );

  // What the result tells is of the frame whose pass over the classes began.
  always_ff @(posedge clk_i) begin
    if (finish_i) origin_q <= {own_i, probe_i, bank_i};
  end

  assign answer.label = 8'(label);
  assign {answer.own, answer.probe, answer.bank} = origin_q;

  // Results are hundreds of cycles apart: one is taken where none waits, whoever reads it.
  assign m_valid_o = full_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) full_q <= 1'b0;
    else full_q <= full_q ? !m_ready_i : valid;
  end

  always_ff @(posedge clk_i) begin
    if (!full_q) {m_logits_o, m_answer_o} <= {logits, answer};
  end

endmodule
