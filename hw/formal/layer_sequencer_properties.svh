// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside layer_sequencer: every frame that begins ends, once each answer it waits for is given.
// A rank says what is left of the frame. It falls in every cycle that does not wait, and stands
// still in those that do; it cannot fall for ever, so only an answer that never comes holds a
// frame. Answers: a layer's last bit is stored nine steps after its last step, as in
// network_engine.sv; the head is ready, and done, whenever it likes.

localparam int unsigned RankLayerBits = $clog2(NLayers + 1);
localparam int unsigned RankBits = RankLayerBits + 1 + 16 + 16 + 4 + 4;

logic past_q, was_waiting_q, was_idle_q, waiting;
logic [8:0] layer_lasts_q;
logic [3:0] planes_left, weight_planes_left;
logic [RankBits-1:0] rank, was_rank_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);
always_comb assume (layer_done_i == layer_lasts_q[8]);

assign planes_left = layer_q == '0 ? LastPlane - plane_q : 4'd0;
assign weight_planes_left = layer_q == '0 ? LastWeightPlane - weight_plane_q : 4'd0;

always_comb begin
  unique case (state_q)
    StIdle: rank = '0;
    StBegin: rank = '1;
    StRun:
    rank = {
      RankLayerBits'(NLayers) - RankLayerBits'(layer_q),
      1'b1,
      last_neuron_of_layer - neuron_q,
      last_word_of_layer - word_q,
      weight_planes_left,
      planes_left
    };
    StDrain:
    rank = {
      RankLayerBits'(NLayers) - RankLayerBits'(layer_q), {RankBits - RankLayerBits{1'b0}}
    };
    StHead: rank = RankBits'(2);
    default: rank = RankBits'(1);
  endcase
end

assign waiting = (state_q == StIdle && !frame_start_o) || (state_q == StDrain && !layer_done_i) ||
    (state_q == StHead && !head_ready_i) || (state_q == StFinish && !head_done_i);

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    layer_lasts_q <= '0;
    was_waiting_q <= 1'b1;
    was_idle_q    <= 1'b1;
    was_rank_q    <= '0;
  end else begin
    layer_lasts_q <= {layer_lasts_q[7:0], step_o.valid && step_o.layer_last};
    was_waiting_q <= waiting;
    was_idle_q    <= state_q == StIdle;
    was_rank_q    <= rank;
  end
end

always_comb begin
  if (past_q) begin
    a_state : assert (state_q <= StFinish);
    a_layer : assert (32'(layer_q) < NLayers);
    a_neuron : assert (neuron_q <= last_neuron_of_layer);
    a_word : assert (word_q <= last_word_of_layer);
    a_plane : assert (plane_q <= (layer_q == '0 ? LastPlane : 4'd0));
    a_weight_plane : assert (weight_plane_q <= (layer_q == '0 ? LastWeightPlane : 4'd0));
    a_start : assert (state_q == StRun || {neuron_q, word_q, plane_q, weight_plane_q} == '0);
    a_first : assert (state_q != StBegin || layer_q == '0);
    a_last : assert ((state_q != StHead && state_q != StFinish) || last_layer);
    // What a layer waits for is under way, once.
    a_under_way : assert ((state_q == StDrain) == (layer_lasts_q != '0));
    a_once : assert ((layer_lasts_q & (layer_lasts_q - 9'd1)) == '0);
    a_waits : assert (!was_waiting_q || was_idle_q || rank == was_rank_q);
    a_falls : assert (was_waiting_q || was_idle_q || rank < was_rank_q);
    a_begins : assert (!was_idle_q || was_waiting_q || state_q == StBegin);
    c_ends : cover (state_q == StIdle && !was_idle_q);
  end
end
