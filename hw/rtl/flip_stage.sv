// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Evolution of the binary weights in the bank that is not selected, by flipped bits
// (flip_unit.sv), on the engine that answers frames. It stands between the streams and the engine:
// frames from outside go first, its own come between them, and their results stay here. The engine
// reads weights ^ mask while a frame of its own runs. With no NSamples it is a wire.

module flip_stage #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned PixelPlanes = 1,
    parameter int unsigned FirstWeightBits = 1,
    parameter int unsigned NLayers = 2,
    parameter logic [16*(NLayers+1)-1:0] Widths = {16'd256, 16'd256, 16'd784},
    parameter int unsigned NClasses = 10,
    parameter int unsigned NSamples = 64,
    parameter int unsigned WeightDepth = 2304
) (
    input  logic                                    clk_i,
    input  logic                                    rst_ni,
    // Frames from outside, and to the engine
    input  logic                                    s_valid_i,
    output logic                                    s_ready_o,
    input  logic                    [    Lanes-1:0] s_data_i,
    input  logic                                    s_last_i,
    input  logic                    [         10:0] s_user_i,
    output logic                                    frame_valid_o,
    input  logic                                    frame_ready_i,
    output logic                    [    Lanes-1:0] frame_data_o,
    output logic                                    frame_last_o,
    output bnn_pkg::user_t                          frame_user_o,
    // Results of the engine, and to outside
    input  logic                                    result_valid_i,
    output logic                                    result_ready_o,
    input  logic                    [32*NClasses-1:0] result_logits_i,
    input  bnn_pkg::answer_t                        result_answer_i,
    output logic                                    m_valid_o,
    input  logic                                    m_ready_i,
    // The frame that begins or runs, and the address of a word of weights and its mask
    input  logic                                    frame_start_i,
    input  logic                                    frame_own_i,
    input  logic                    [         15:0] weight_addr_i,
    output logic                    [    Lanes-1:0] mask_o,
    // Registers, and the sweep over the bank
    input  learning_pkg::command_t                  command_i,
    output learning_pkg::unit_t                     status_o,
    output logic                    [         31:0] fitness_o,
    input  logic                                    bank_i,
    output bank_pkg::access_t                       access_o,
    input  logic                    [         31:0] rdata_i
);

  logic unused_inputs;

  assign unused_inputs = ^{
    clk_i, rst_ni, result_logits_i, result_answer_i, frame_start_i, frame_own_i, weight_addr_i,
    command_i, bank_i, rdata_i
  };

  if (NSamples != 0) begin : gen_flips
    localparam int unsigned NBeats = (32'(Widths[15:0]) + Lanes - 1) / Lanes * PixelPlanes;
    localparam int unsigned SampleBits = $clog2(NSamples);
    localparam int unsigned BeatBits = NBeats > 1 ? $clog2(NBeats) : 1;

    localparam logic [11:0] OwnFrame = 12'h801;  // own, probe

    logic [Lanes-1:0] sample_word, mask, mask1_q, mask2_q;
    logic [7:0] sample_label;
    logic [SampleBits-1:0] sample;
    logic [BeatBits-1:0] beat;
    logic [15:0] weight_addr_q, n_generations_q;
    logic [31:0] seed;
    logic own_valid, own_last, own_q, inside_q, ends, is_parent, flips_q;
    logic sweep, sweep_start, sweep_next;
    logic [1:0] start_q;

    // ---- frames: who has begun a packet ends it; then those from outside come first ----

    assign ends = frame_valid_o ? frame_ready_i && frame_last_o : !inside_q;
    assign frame_valid_o = own_q ? own_valid : s_valid_i;
    assign frame_data_o = own_q ? sample_word : s_data_i;
    assign frame_last_o = own_q ? own_last : s_last_i;
    // Its own are probes: they run on the bank that is not selected.
    assign frame_user_o = own_q ? OwnFrame : {1'b0, s_user_i};
    assign s_ready_o = !own_q && frame_ready_i;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        {inside_q, own_q} <= '0;
      end else begin
        inside_q <= !ends;
        if (ends) own_q <= own_valid && !s_valid_i;
      end
    end

    // Samples are far from where frames come in: a cycle for the way
    logic [Lanes-1:0] kept_data_q;
    logic [7:0] kept_label_q;
    logic kept_valid_q, kept_last_q, open_q, clear_q;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        {kept_valid_q, open_q, clear_q} <= '0;
      end else begin
        kept_valid_q <= s_valid_i && s_ready_o && s_user_i[2];
        open_q       <= !status_o.busy;
        clear_q      <= command_i.flip_clear;
      end
    end

    always_ff @(posedge clk_i) begin
      {kept_data_q, kept_last_q, kept_label_q} <= {s_data_i, s_last_i, s_user_i[10:3]};
    end

    flip_samples #(
        .Lanes   (Lanes),
        .NSamples(NSamples),
        .NBeats  (NBeats)
    ) u_samples (
        .clk_i,
        .rst_ni,
        .clear_i    (clear_q),
        .open_i     (open_q),
        .valid_i    (kept_valid_q),
        .data_i     (kept_data_q),
        .last_i     (kept_last_q),
        .label_i    (kept_label_q),
        .n_samples_o(status_o.n_samples),
        .sample_at_i(sample),
        .beat_at_i  (beat),
        .data_o     (sample_word),
        .label_o    (sample_label)
    );

    // ---- results ----

    assign m_valid_o = result_valid_i && !result_answer_i.own;
    assign result_ready_o = result_answer_i.own || m_ready_i;

    // ---- children ----

    always_ff @(posedge clk_i) begin
      if (command_i.flip_run) n_generations_q <= command_i.value[15:0];
    end

    flip_unit #(
        .Lanes      (Lanes),
        .NClasses   (NClasses),
        .NSamples   (NSamples),
        .NBeats     (NBeats),
        .WeightDepth(WeightDepth)
    ) u_flips (
        .clk_i,
        .rst_ni,
        .run_i          (command_i.flip_run),
        .n_generations_i(n_generations_q),
        .n_children_i   (command_i.flip_scale[23:16]),
        .n_samples_i    (status_o.n_samples),
        .register_we_i  (command_i.flip_register_we),
        .register_i     (command_i.value),
        .register_o     (status_o.state),
        .busy_o         (status_o.busy),
        .fitness_o,
        .accepted_o     (status_o.count),
        .sample_o       (sample),
        .beat_o         (beat),
        .label_i        (sample_label),
        .s_valid_o      (own_valid),
        .s_ready_i      (own_q && frame_ready_i),
        .s_last_o       (own_last),
        .m_valid_i      (result_valid_i && result_answer_i.own),
        .m_logits_i     (result_logits_i),
        .m_label_i      (result_answer_i.label),
        .seed_o         (seed),
        .is_parent_o    (is_parent),
        .sweep_o        (sweep),
        .sweep_start_o  (sweep_start),
        .sweep_next_o   (sweep_next),
        .mask_i         (mask1_q),
        .we_o           (access_o.we),
        .lane_o         (access_o.lane),
        .addr_o         (access_o.addr),
        .wdata_o        (access_o.wdata),
        .rdata_i
    );

    assign {access_o.convolution, access_o.layer} = '0;
    assign access_o.bank = bank_i;
    assign access_o.region = {3'b000, status_o.busy};

    // The mask of the word at weight_addr_i comes with it: a cycle for the register, two more here.
    flip_mask #(
        .Lanes     (Lanes),
        .FirstWords(FirstWeightBits > 1 ? 9 : 1),
        .NLayers   (NLayers),
        .Widths    (Widths)
    ) u_mask (
        .clk_i,
        .seed_i (seed),
        .rate_i (command_i.flip_scale[15:0]),
        .start_i(sweep ? sweep_start : start_q[1]),
        .next_i (sweep ? sweep_next : weight_addr_i != weight_addr_q),
        .mask_o (mask)
    );

    assign mask_o = mask2_q;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) start_q <= '0;
      else start_q <= {start_q[0], frame_start_i};
    end

    always_ff @(posedge clk_i) begin
      weight_addr_q <= weight_addr_i;
      flips_q       <= frame_own_i && !is_parent;  // holds before the first of a frame's words
      mask1_q       <= mask;
      mask2_q       <= flips_q ? mask1_q : '0;
    end
  end else begin : gen_wire
    assign {frame_valid_o, s_ready_o} = {s_valid_i, frame_ready_i};
    assign {frame_data_o, frame_last_o} = {s_data_i, s_last_i};
    assign frame_user_o = {1'b0, s_user_i};
    assign {m_valid_o, result_ready_o} = {result_valid_i, m_ready_i};
    assign {mask_o, status_o, fitness_o, access_o} = '0;
  end

endmodule
