// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Gradient descent on the head (head_sgd.sv) behind the streams: samples that frames left on chip,
// in an order that is loaded; V and B in and out, feature by feature, the biases last, one word a
// class. The products are made on the engine's own multipliers.

module sgd_unit #(
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 32,
    parameter int unsigned NSamples = 512,
    parameter int unsigned Lanes = 256,
    localparam int unsigned BiasBits = 24,
    localparam int unsigned NValues = Lanes / 8,
    localparam int unsigned NWords = (NFeatures + NValues - 1) / NValues
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  learning_pkg::tap_t        tap_i,
    input  logic [         Lanes-1:0] sample_word_i,
    // Commands: region 0 V and B, 1 order
    input  learning_pkg::command_t    command_i,
    output learning_pkg::unit_t       status_o,
    input  logic                      s_valid_i,
    output logic                      s_ready_o,
    input  logic [              31:0] s_data_i,
    input  logic                      s_last_i,
    output logic                      m_valid_o,
    input  logic                      m_ready_i,
    output logic [              31:0] m_data_o,
    output logic                      m_last_o,
    // The head's multipliers (head_row.sv)
    output logic [    8*NClasses+8:0] borrow_o,
    input  logic [   16*NClasses+1:0] borrow_i
);

  typedef enum logic [2:0] {
    StIdle,
    StLoad,
    StStoreRow,
    StStore,
    StFetch,
    StFeature,
    StLearn
  } state_e;

  localparam int unsigned RowBits = NFeatures > 1 ? $clog2(NFeatures) : 1;
  localparam int unsigned SampleBits = $clog2(NSamples);
  localparam int unsigned ClassBits = $clog2(NClasses);
  localparam int unsigned PlaceBits = $clog2(NValues);
  localparam int unsigned WordBits = NWords > 1 ? $clog2(NWords) : 1;
  localparam logic [RowBits:0] BiasRow = (RowBits + 1)'(NFeatures);
  localparam logic [1:0] FetchLatency = 2'd2;

  state_e state_q;
  logic order_q, take, give, last_class, bias_row, head_ready, head_busy, last_step, unused_bits;
  logic [RowBits:0] feature_q;
  logic [ClassBits-1:0] class_q;
  logic [1:0] wait_q;
  logic [15:0] step_q, n_steps_q;
  logic [7:0] label, level;
  logic [Lanes-1:0] word;
  logic [16*NClasses-1:0] row, row_in_q, row_in;
  logic [BiasBits*NClasses-1:0] biases;
  logic [BiasBits-1:0] bias_in;

  // The parts of commands for others, and what leaves a row that came in
  assign unused_bits = ^{command_i, tap_i, row_in_q[15:0], step_q, s_data_i};
  assign take = s_valid_i && s_ready_o;
  assign give = m_valid_o && m_ready_i;
  assign last_class = class_q == ClassBits'(NClasses - 1);
  assign last_step = step_q == n_steps_q - 16'd1;
  assign bias_row = feature_q == BiasRow;
  assign s_ready_o = state_q == StLoad;
  assign m_valid_o = state_q == StStore;
  assign m_last_o = bias_row && last_class;
  assign m_data_o = bias_row ? 32'(signed'(biases[BiasBits-1:0])) :
      32'(signed'(row[16*class_q+:16]));
  assign status_o.busy = state_q != StIdle;
  assign row_in = {s_data_i[15:0], row_in_q[16*NClasses-1:16]};
  // The biases are a ring: a word comes in, or goes round.
  assign bias_in = give ? biases[BiasBits-1:0] : s_data_i[BiasBits-1:0];
  assign level = word[8*(NValues-1-32'(feature_q[PlaceBits-1:0]))+:8];

  es_samples #(
      .NSamples(NSamples),
      .NWords  (NWords),
      .Lanes   (Lanes)
  ) u_samples (
      .clk_i,
      .rst_ni,
      .clear_i      (command_i.sgd_clear),
      .valid_i      (tap_i.sample_valid),
      .word_i       (sample_word_i),
      .last_i       (tap_i.sample_last),
      .label_i      (tap_i.sample_label),
      .n_samples_o  (status_o.n_samples),
      .order_we_i   (take && order_q),
      .order_at_i   (step_q[SampleBits-1:0]),
      .order_wdata_i(s_data_i[SampleBits-1:0]),
      .word_at_i    (WordBits'(feature_q >> PlaceBits)),
      .word_o       (word),
      .label_o      (label)
  );

  head_sgd #(
      .NClasses (NClasses),
      .NFeatures(NFeatures),
      .BiasBits (BiasBits)
  ) u_sgd (
      .clk_i,
      .rst_ni,
      .row_we_i     (take && !order_q && last_class && !bias_row),
      .row_addr_i   (feature_q[RowBits-1:0]),
      .row_wdata_i  (row_in),
      .row_rdata_o  (row),
      .biases_we_i  (bias_row && (give || (take && !order_q))),
      .biases_i     ({bias_in, biases[BiasBits*NClasses-1:BiasBits]}),
      .biases_o     (biases),
      .register_we_i(command_i.sgd_register_we),
      .register_i   (command_i.value),
      .register_o   (status_o.state),
      .shift_i      (command_i.sgd_scale[4:0]),
      .rate_i       (command_i.sgd_scale[11:8]),
      .s_valid_i    (state_q == StFeature),
      .s_ready_o    (head_ready),
      .s_level_i    (level),
      .s_label_i    (label),
      .busy_o       (head_busy),
      .steps_o      (status_o.count),
      .borrow_o,
      .borrow_i
  );

  always_ff @(posedge clk_i) begin
    if (take) row_in_q <= row_in;
    if (command_i.sgd_run) n_steps_q <= command_i.value[15:0];
    if (command_i.sgd_load) order_q <= command_i.value[0];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q   <= StIdle;
      feature_q <= '0;
      class_q   <= '0;
      step_q    <= '0;
      wait_q    <= '0;
    end else begin
      wait_q <= state_q == StFetch ? wait_q + 2'd1 : '0;
      unique case (state_q)
        StIdle: begin
          feature_q <= '0;
          class_q   <= '0;
          step_q    <= '0;
          if (command_i.sgd_load) state_q <= StLoad;
          if (command_i.sgd_store) state_q <= StStoreRow;
          if (command_i.sgd_run) state_q <= StFetch;
        end
        StLoad: begin
          if (take) begin
            step_q  <= step_q + 16'd1;
            class_q <= last_class ? '0 : class_q + ClassBits'(1);
            if (last_class && !bias_row) feature_q <= feature_q + (RowBits + 1)'(1);
            if (s_last_i) state_q <= StIdle;
          end
        end
        StStoreRow: state_q <= StStore;
        StStore: begin
          if (give) begin
            class_q <= last_class ? '0 : class_q + ClassBits'(1);
            if (last_class) begin
              feature_q <= feature_q + (RowBits + 1)'(1);
              state_q   <= bias_row ? StIdle : StStoreRow;
            end
          end
        end
        // The sample, its word, and the feature
        StFetch: if (wait_q == FetchLatency) state_q <= StFeature;
        StFeature: begin
          if (head_ready) begin
            feature_q <= feature_q + (RowBits + 1)'(1);
            state_q   <= feature_q == BiasRow - (RowBits + 1)'(1) ? StLearn : StFetch;
          end
        end
        StLearn: begin
          if (!head_busy) begin
            feature_q <= '0;
            step_q    <= step_q + 16'd1;
            state_q   <= last_step ? StIdle : StFetch;
          end
        end
        default: state_q <= StIdle;
      endcase
    end
  end

`ifdef FORMAL
  `include "sgd_unit_properties.svh"
`endif

endmodule
