// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// What learns beside the engine, behind one pair of streams: row_es on samples (es_unit.sv) where
// EsSamples is not 0, statistics of the sums (stat_unit.sv) where StatBits is not 0.

module learning_units #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned ValueBits = 1,
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 256,
    parameter int unsigned NNeurons = 512,
    parameter int unsigned NFirst = 256,
    parameter int unsigned AccBits = 24,
    parameter int unsigned EsSamples = 512,
    parameter int unsigned StatBits = 10
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    // From the engine
    input  logic                      sample_valid_i,
    input  logic        [  Lanes-1:0] sample_word_i,
    input  logic                      sample_last_i,
    input  logic        [        7:0] sample_label_i,
    input  logic                      stat_valid_i,
    input  logic                      stat_last_i,
    input  logic                      stat_reached_i,
    input  logic signed [AccBits-1:0] stat_sum_i,
    input  learning_pkg::command_t    command_i,
    output learning_pkg::status_t     status_o,
    // State in and out: only one of the units has a packet under way (register_file.sv)
    input  logic                      s_valid_i,
    output logic                      s_ready_o,
    input  logic        [       31:0] s_data_i,
    input  logic                      s_last_i,
    output logic                      m_valid_o,
    input  logic                      m_ready_i,
    output logic        [       31:0] m_data_o,
    output logic                      m_last_o
);

  logic es_s_ready, es_m_valid, es_m_last, stat_s_ready, stat_m_valid, stat_m_last;
  logic [31:0] es_m_data, stat_m_data;
  logic unused_inputs;

  // Those of a unit that is not built
  assign unused_inputs = ^{
    clk_i, rst_ni, sample_valid_i, sample_word_i, sample_last_i, sample_label_i, stat_valid_i,
    stat_last_i, stat_reached_i, stat_sum_i, command_i, s_valid_i, s_data_i, s_last_i, m_ready_i
  };
  assign s_ready_o = es_s_ready || stat_s_ready;
  assign m_valid_o = es_m_valid || stat_m_valid;
  assign m_data_o = stat_m_valid ? stat_m_data : es_m_data;
  assign m_last_o = stat_m_valid ? stat_m_last : es_m_last;

  if (EsSamples != 0) begin : gen_es
    logic busy;
    logic [15:0] n_samples, n_generations_q;

    always_ff @(posedge clk_i) begin
      if (command_i.es_run) n_generations_q <= command_i.value[15:0];
    end

    assign status_o.es_status = {n_samples, 15'd0, busy};

    es_unit #(
        .NClasses (NClasses),
        .NFeatures(NFeatures),
        .NSamples (EsSamples),
        .ValueBits(ValueBits),
        .Lanes    (Lanes)
    ) u_es (
        .clk_i,
        .rst_ni,
        .sample_clear_i (command_i.es_clear),
        .sample_valid_i,
        .sample_word_i,
        .sample_last_i,
        .sample_label_i,
        .n_samples_o    (n_samples),
        .load_i         (command_i.es_load),
        .store_i        (command_i.es_store),
        .region_i       (command_i.value[1:0]),
        .s_valid_i,
        .s_ready_o      (es_s_ready),
        .s_data_i,
        .s_last_i,
        .m_valid_o      (es_m_valid),
        .m_ready_i,
        .m_data_o       (es_m_data),
        .m_last_o       (es_m_last),
        .register_we_i  (command_i.es_register_we),
        .register_i     (command_i.value),
        .register_o     (status_o.es_register),
        .run_i          (command_i.es_run),
        .n_generations_i(n_generations_q),
        .n_batch_i      (command_i.es_batch),
        .shift_i        (signed'(command_i.es_scale[4:0])),
        .stride_i       (command_i.es_scale[11:8]),
        .step_i         (command_i.es_scale[19:16]),
        .busy_o         (busy),
        .generations_o  (status_o.es_generations)
    );
  end else begin : gen_no_es
    assign {status_o.es_register, status_o.es_status, status_o.es_generations} = '0;
    assign {es_s_ready, es_m_valid, es_m_data, es_m_last} = '0;
  end

  if (StatBits != 0) begin : gen_stat
    logic [31:0] pass_q;
    logic unused_pass;

    assign unused_pass = ^pass_q;

    always_ff @(posedge clk_i) begin
      if (command_i.stat_run) pass_q <= command_i.value;
    end

    stat_unit #(
        .NNeurons  (NNeurons),
        .NFirst    (NFirst),
        .AccBits   (AccBits),
        .WindowBits(StatBits)
    ) u_stat (
        .clk_i,
        .rst_ni,
        .valid_i     (stat_valid_i),
        .last_i      (stat_last_i),
        .reached_i   (stat_reached_i),
        .sum_i       (stat_sum_i),
        .run_i       (command_i.stat_run),
        .load_i      (command_i.stat_load),
        .store_i     (command_i.stat_store),
        .rate_i      (pass_q[17]),
        .start_i     (pass_q[16]),
        .last_frame_i(pass_q[31:20]),
        .window_i    (pass_q[3:0]),
        .bit_i       (pass_q[12:8]),
        .busy_o      (status_o.stat_busy),
        .distance_o  (status_o.stat_distance),
        .s_valid_i,
        .s_ready_o   (stat_s_ready),
        .s_data_i,
        .s_last_i,
        .m_valid_o   (stat_m_valid),
        .m_ready_i,
        .m_data_o    (stat_m_data),
        .m_last_o    (stat_m_last)
    );
  end else begin : gen_no_stat
    assign {status_o.stat_busy, status_o.stat_distance} = '0;
    assign {stat_s_ready, stat_m_valid, stat_m_data, stat_m_last} = '0;
  end

endmodule
