// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// A head of levels that answers frames, and, with Sgd, learns on the same multipliers in the
// cycles in which no feature of a frame comes. Ports are those of its two parts.

module sgd_head #(
    parameter bit Sgd = 1'b1,
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 32,
    parameter int unsigned BiasBits = 24,
    localparam int unsigned HeadLanes = (NClasses + 3) / 4,
    localparam int unsigned RowBits = NFeatures > 1 ? $clog2(NFeatures) : 1,
    localparam int unsigned ClassBits = NClasses > 1 ? $clog2(NClasses) : 1
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // Frames (network_head.sv)
    input  logic                         clear_i,
    input  logic                         valid_i,
    input  logic [                  7:0] feature_i,
    input  logic [     32*HeadLanes-1:0] weights_i,
    input  logic                         finish_i,
    output logic                         ready_o,
    output logic                         done_o,
    output logic [        ClassBits-1:0] class_o,
    input  logic [                 31:0] bias_i,
    output logic                         m_valid_o,
    input  logic                         m_ready_i,
    output logic [      32*NClasses-1:0] m_logits_o,
    output bnn_pkg::answer_t             m_answer_o,
    // Learning (head_sgd.sv)
    input  logic                         row_we_i,
    input  logic [          RowBits-1:0] row_addr_i,
    input  logic [      16*NClasses-1:0] row_wdata_i,
    output logic [      16*NClasses-1:0] row_rdata_o,
    input  logic                         biases_we_i,
    input  logic [BiasBits*NClasses-1:0] biases_i,
    output logic [BiasBits*NClasses-1:0] biases_o,
    input  logic                         register_we_i,
    input  logic [                 31:0] register_i,
    output logic [                 31:0] register_o,
    input  logic [                  4:0] shift_i,
    input  logic [                  3:0] rate_i,
    input  logic                         s_valid_i,
    output logic                         s_ready_o,
    input  logic [                  7:0] s_level_i,
    input  logic [                  7:0] s_label_i,
    output logic                         busy_o,
    output logic [                 31:0] steps_o
);

  logic [32*HeadLanes-1:0] weights_q;  // a cycle after their feature
  logic [8*NClasses+8:0] borrow_request;
  logic [16*NClasses+1:0] borrow_answer;

  always_ff @(posedge clk_i) weights_q <= weights_i;

  network_head #(
      .ValueBits(8),
      .NClasses (NClasses),
      .NFeatures(NFeatures)
  ) u_head (
      .clk_i,
      .rst_ni,
      .clear_i,
      .valid_i,
      .feature_i,
      .weights_i (weights_q),
      .finish_i,
      .bank_i    (1'b0),
      .probe_i   (1'b0),
      .own_i     (1'b0),
      .ready_o,
      .done_o,
      .class_o,
      .bias_i,
      .m_valid_o,
      .m_ready_i,
      .m_logits_o,
      .m_answer_o,
      .borrow_i  (borrow_request),
      .borrow_o  (borrow_answer)
  );

  if (Sgd) begin : gen_sgd
    head_sgd #(
        .NClasses (NClasses),
        .NFeatures(NFeatures),
        .BiasBits (BiasBits)
    ) u_sgd (
        .clk_i,
        .rst_ni,
        .row_we_i,
        .row_addr_i,
        .row_wdata_i,
        .row_rdata_o,
        .biases_we_i,
        .biases_i,
        .biases_o,
        .register_we_i,
        .register_i,
        .register_o,
        .shift_i,
        .rate_i,
        .s_valid_i,
        .s_ready_o,
        .s_level_i,
        .s_label_i,
        .busy_o,
        .steps_o,
        .borrow_o(borrow_request),
        .borrow_i(borrow_answer)
    );
  end else begin : gen_inference
    assign borrow_request = '0;
    assign {row_rdata_o, biases_o, register_o, s_ready_o, busy_o, steps_o} = '0;
    logic unused_inputs;
    assign unused_inputs = ^{
      borrow_answer, row_we_i, row_addr_i, row_wdata_i, biases_we_i, biases_i, register_we_i,
      register_i, shift_i, rate_i, s_valid_i, s_level_i, s_label_i
    };
  end

endmodule
