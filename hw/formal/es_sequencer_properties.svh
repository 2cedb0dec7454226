// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside es_sequencer: whatever was asked for ends, once each answer it waits for is given. A rank
// says what is left; it falls in every cycle that does not wait, and stands still in those that
// do. Answers: a packet in ends, a word out is taken, the loss is done. The numbers of a run hold
// while it runs (register_file.sv refuses to write them).

typedef struct packed {
  logic [15:0] generations;
  logic [3:0] stage;
  logic [15:0] samples;
  logic [1:0] part;
  logic [DirectionBits-1:0] directions;
  logic [3:0] planes;
  logic [FeatureBits-1:0] features;
  logic is_row;
  logic [ClassBits-1:0] classes;
  logic [2:0] waits;
} rank_t;

localparam logic [2:0] Settled = 3'd5;

logic past_q, was_waiting_q, was_idle_q, waiting, running, settling, waits_for_row, moving;
logic counts_classes, counts_planes;
logic [15:0] was_n_generations_q, was_n_batch_q;
rank_t rank, was_rank_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);

assign running = state_q >= es_pkg::StDraw;
assign settling = state_q == es_pkg::StMeansEnd || state_q == es_pkg::StSampleEnd;
assign waits_for_row = state_q == es_pkg::StStoreRow || state_q == es_pkg::StUpdateRow;
assign moving = state_q == es_pkg::StIdle || state_q == es_pkg::StLoad;
assign counts_classes = state_q == es_pkg::StStore || state_q == es_pkg::StUpdate;
assign counts_planes = state_q == es_pkg::StMeans || state_q == es_pkg::StSample;

always_comb begin
  if (running && !was_idle_q) begin
    assume (n_generations_i == was_n_generations_q);
    assume (n_batch_i == was_n_batch_q);
  end
  assume (give_last_i == (bias_row_o && last_class_o));
end

always_comb begin
  rank             = '0;
  rank.generations = running ? n_generations_i - 16'd1 - generation_q : '0;
  rank.samples     = running ? n_batch_i - 16'd1 - batch_q : '0;
  rank.features    = BiasRow - feature_q;
  rank.planes      = LastPlane - plane_q;
  rank.classes     = ClassBits'(NClasses - 1) - class_q;
  rank.waits       = Settled - wait_q;
  unique case (state_q)
    es_pkg::StIdle: rank = '0;
    es_pkg::StLoad: begin
      rank       = '0;
      rank.stage = 4'd1;
    end
    es_pkg::StStoreRow: begin
      rank.stage  = 4'd1;
      rank.is_row = 1'b1;
    end
    es_pkg::StStore: rank.stage = 4'd1;
    es_pkg::StDraw: begin
      rank.stage      = 4'd8;
      rank.directions = DirectionBits'(NDirections - 1) - direction_q;
    end
    es_pkg::StMeans: rank.stage = 4'd6;
    es_pkg::StMeansEnd: {rank.stage, rank.part} = {4'd5, 2'd3};
    es_pkg::StSample: {rank.stage, rank.part} = {4'd5, 2'd2};
    es_pkg::StSampleEnd: {rank.stage, rank.part} = {4'd5, 2'd1};
    es_pkg::StLoss: {rank.stage, rank.part} = {4'd5, 2'd0};
    es_pkg::StUpdateRow: {rank.stage, rank.is_row} = {4'd4, 1'b1};
    default: rank.stage = 4'd4;
  endcase
  if (waits_for_row) rank.waits = RowWaits - wait_q;
  else if (!settling) rank.waits = '0;
end

assign waiting = (state_q == es_pkg::StIdle && !load_i && !store_i && !run_i) ||
    (state_q == es_pkg::StLoad && !(take_i && take_last_i)) ||
    (state_q == es_pkg::StStore && !give_i) || (state_q == es_pkg::StLoss && !loss_done_i);

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    was_waiting_q       <= 1'b1;
    was_idle_q          <= 1'b1;
    was_rank_q          <= '0;
    was_n_generations_q <= '0;
    was_n_batch_q       <= '0;
  end else begin
    was_waiting_q       <= waiting;
    was_idle_q          <= state_q == es_pkg::StIdle;
    was_rank_q          <= rank;
    was_n_generations_q <= n_generations_i;
    was_n_batch_q       <= n_batch_i;
  end
end

always_comb begin
  if (past_q) begin
    a_state : assert (state_q <= es_pkg::StUpdate);
    a_feature : assert (moving || feature_q <= BiasRow);
    a_class : assert (32'(class_q) < NClasses);
    a_direction : assert (32'(direction_q) < NDirections);
    a_waits_left : assert (!settling || wait_q <= Settled);
    a_row_waits : assert (!waits_for_row || wait_q <= RowWaits);
    a_feature_zero :
    assert (!(settling || state_q == es_pkg::StLoss) || feature_q == '0);
    a_class_zero : assert (moving || counts_classes || class_q == '0);
    a_plane : assert (plane_q <= LastPlane);
    a_plane_zero : assert (counts_planes || plane_q == '0);
    a_direction_zero : assert (state_q == es_pkg::StDraw || direction_q == '0);
    a_waits : assert (!was_waiting_q || was_idle_q || rank == was_rank_q);
    a_falls : assert (was_waiting_q || was_idle_q || rank < was_rank_q);
    a_begins : assert (!was_idle_q || was_waiting_q || state_q != es_pkg::StIdle);
    c_runs : cover (state_q == es_pkg::StMeansEnd && feature_q == '0);
    c_stored : cover (state_q == es_pkg::StIdle && !was_idle_q && was_rank_q.stage == 4'd1);
  end
end
