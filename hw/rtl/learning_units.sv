// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// What learns beside the engine, behind one pair of streams: row_es on samples (es_unit.sv) where
// EsSamples is not 0, statistics of the sums (stat_unit.sv) where StatBits is not 0, descent on a
// head of levels (sgd_unit.sv) where SgdSamples is not 0.

module learning_units #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned ValueBits = 1,
    parameter int unsigned NClasses = 10,
    parameter int unsigned NFeatures = 256,
    parameter int unsigned NNeurons = 512,
    parameter int unsigned NFirst = 256,
    parameter int unsigned AccBits = 24,
    parameter int unsigned EsSamples = 512,
    parameter int unsigned StatBits = 10,
    parameter int unsigned SgdSamples = 0
) (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    // From the engine
    input  learning_pkg::tap_t              tap_i,
    input  logic [               Lanes-1:0] sample_word_i,
    input  learning_pkg::command_t          command_i,
    output learning_pkg::status_t           status_o,
    // Of flips, which are evolved elsewhere (flip_stage.sv)
    input  learning_pkg::unit_t             flip_i,
    input  logic [                    31:0] flip_fitness_i,
    // The head's multipliers (head_row.sv)
    output logic [          8*NClasses+8:0] borrow_o,
    input  logic [         16*NClasses+1:0] borrow_i,
    // State in and out: only one of the units has a packet under way (register_file.sv)
    input  logic                            s_valid_i,
    output logic                            s_ready_o,
    input  logic [                    31:0] s_data_i,
    input  logic                            s_last_i,
    output logic                            m_valid_o,
    input  logic                            m_ready_i,
    output logic [                    31:0] m_data_o,
    output logic                            m_last_o
);

  // Far from where they come from: a cycle for the way
  learning_pkg::tap_t tap_q;
  logic [Lanes-1:0] sample_word_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) tap_q <= '0;
    else tap_q <= tap_i;
  end

  always_ff @(posedge clk_i) sample_word_q <= sample_word_i;

  // {valid, last, word} of each unit
  logic [33:0] es_word, stat_word, sgd_word;
  logic es_ready, stat_ready, sgd_ready, unused_inputs;

  // Those of a unit that is not built
  assign unused_inputs = ^{
    clk_i, rst_ni, tap_q, sample_word_q, command_i, s_valid_i, s_data_i, s_last_i, m_ready_i,
    borrow_i
  };
  assign s_ready_o = es_ready || stat_ready || sgd_ready;
  assign m_valid_o = es_word[33] || stat_word[33] || sgd_word[33];
  assign {m_last_o, m_data_o} = stat_word[33] ? stat_word[32:0] :
      sgd_word[33] ? sgd_word[32:0] : es_word[32:0];
  assign status_o.flip = flip_i;
  assign status_o.flip_fitness = flip_fitness_i;

  if (EsSamples != 0) begin : gen_es
    logic [15:0] n_generations_q;

    always_ff @(posedge clk_i) begin
      if (command_i.es_run) n_generations_q <= command_i.value[15:0];
    end

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
        .sample_valid_i (tap_q.sample_valid),
        .sample_word_i  (sample_word_q),
        .sample_last_i  (tap_q.sample_last),
        .sample_label_i (tap_q.sample_label),
        .n_samples_o    (status_o.es.n_samples),
        .load_i         (command_i.es_load),
        .store_i        (command_i.es_store),
        .region_i       (command_i.value[1:0]),
        .s_valid_i,
        .s_ready_o      (es_ready),
        .s_data_i,
        .s_last_i,
        .m_valid_o      (es_word[33]),
        .m_ready_i,
        .m_data_o       (es_word[31:0]),
        .m_last_o       (es_word[32]),
        .register_we_i  (command_i.es_register_we),
        .register_i     (command_i.value),
        .register_o     (status_o.es.state),
        .run_i          (command_i.es_run),
        .n_generations_i(n_generations_q),
        .n_batch_i      (command_i.es_batch),
        .shift_i        (signed'(command_i.es_scale[4:0])),
        .stride_i       (command_i.es_scale[11:8]),
        .step_i         (command_i.es_scale[19:16]),
        .busy_o         (status_o.es.busy),
        .generations_o  (status_o.es.count)
    );
  end else begin : gen_no_es
    assign {status_o.es, es_ready, es_word} = '0;
  end

  if (StatBits != 0) begin : gen_stat
    logic [31:0] pass_q;
    logic unused_bits;

    assign unused_bits = ^{pass_q, tap_q.stat_sum};

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
        .valid_i     (tap_q.stat_valid),
        .last_i      (tap_q.stat_last),
        .reached_i   (tap_q.stat_reached),
        .sum_i       (tap_q.stat_sum[AccBits-1:0]),
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
        .s_ready_o   (stat_ready),
        .s_data_i,
        .s_last_i,
        .m_valid_o   (stat_word[33]),
        .m_ready_i,
        .m_data_o    (stat_word[31:0]),
        .m_last_o    (stat_word[32])
    );
  end else begin : gen_no_stat
    assign {status_o.stat_busy, status_o.stat_distance, stat_ready, stat_word} = '0;
  end

  if (SgdSamples != 0) begin : gen_sgd
    sgd_unit #(
        .NClasses (NClasses),
        .NFeatures(NFeatures),
        .NSamples (SgdSamples),
        .Lanes    (Lanes)
    ) u_sgd (
        .clk_i,
        .rst_ni,
        .tap_i        (tap_q),
        .sample_word_i(sample_word_q),
        .command_i,
        .status_o (status_o.sgd),
        .s_valid_i,
        .s_ready_o(sgd_ready),
        .s_data_i,
        .s_last_i,
        .m_valid_o(sgd_word[33]),
        .m_ready_i,
        .m_data_o (sgd_word[31:0]),
        .m_last_o (sgd_word[32]),
        .borrow_o,
        .borrow_i
    );
  end else begin : gen_no_sgd
    assign {status_o.sgd, sgd_ready, sgd_word, borrow_o} = '0;
  end

endmodule
