// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside conv_layer: an image that begins ends, once the values it needs come and its words are
// taken. A rank says what is left; it falls in every cycle that does not wait, and stands still in
// those that do. What its parts are proved by holds here: conv_pool has a start when nothing waits
// to be taken, then NOut channels; a window stays until its frame is done; and the places of both
// are the same.

// Signals of the parts, by the names that flattening gives them
localparam int unsigned LineRowBits = $clog2(Height + 1);
localparam int unsigned LineColumnBits = $clog2(Width + 1);
(* hierconn *) logic [LineRowBits-1:0] \u_lines.row_q ;
(* hierconn *) logic [LineColumnBits-1:0] \u_lines.column_q ;
(* hierconn *) logic [2:0] \u_sequencer.state_q ;
(* hierconn *) logic \u_sequencer.layer_q ;
(* hierconn *) logic [15:0] \u_sequencer.neuron_q ;
(* hierconn *) logic [15:0] \u_sequencer.word_q ;
(* hierconn *) logic [3:0] \u_sequencer.plane_q ;
(* hierconn *) logic [3:0] \u_sequencer.weight_plane_q ;
(* hierconn *) logic [15:0] \u_pool.row_q ;
(* hierconn *) logic [15:0] \u_pool.column_q ;

// States of the sequencer
localparam logic [2:0] SeqIdle = 3'd0;
localparam logic [2:0] SeqBegin = 3'd1;
localparam logic [2:0] SeqRun = 3'd2;
localparam logic [2:0] SeqDrain = 3'd3;
localparam logic [2:0] SeqHead = 3'd4;
localparam logic [2:0] SeqFinish = 3'd5;

localparam int unsigned NPlaces = Height * Width;
localparam int unsigned NSteps = (Height + 1) * (Width + 1);
localparam logic [3:0] LastPlane = PixelPlanes > 1 ? 4'd8 : 4'd0;
localparam logic [3:0] LastWeightPlane = FirstWeightBits > 1 ? 4'd8 : 4'd0;

typedef struct packed {
  logic [31:0] line;
  logic [2:0] part;
  logic [15:0] neurons;
  logic [15:0] words;
  logic [3:0] weight_planes;
  logic [3:0] planes;
  logic [8:0] drain;
} rank_t;

logic past_q, was_waiting_q, was_new_q, waiting, needs_value, was_stalled_q, open_q, in_pool;
logic [2:0] seq_state;
logic [8:0] lasts, layer_lasts;  // of the stages, the newest first
logic [31:0] line_at, line_row, line_column, n_formed, pool_place, channel_q;
rank_t rank, was_rank_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);

assign seq_state = \u_sequencer.state_q ;
assign line_row = 32'(\u_lines.row_q );
assign line_column = 32'(\u_lines.column_q );
assign line_at = (Width + 1) * line_row + line_column;
assign pool_place = Width * 32'(\u_pool.row_q ) + 32'(\u_pool.column_q );
assign needs_value = line_row < Height && line_column < Width;
assign in_pool = seq_state == SeqBegin || seq_state == SeqRun || seq_state == SeqDrain;
assign lasts = {
  step1_q.valid && step1_q.last,
  step2_q.valid && step2_q.last,
  step3_q.valid && step3_q.last,
  step4_q.valid && step4_q.last,
  step5_q.valid && step5_q.last,
  step6_q.valid && step6_q.last,
  step7_q.valid && step7_q.last,
  step8_q.valid && step8_q.last,
  step9_q.valid && step9_q.last
};
assign layer_lasts = {
  step1_q.valid && step1_q.layer_last,
  step2_q.valid && step2_q.layer_last,
  step3_q.valid && step3_q.layer_last,
  step4_q.valid && step4_q.layer_last,
  step5_q.valid && step5_q.layer_last,
  step6_q.valid && step6_q.layer_last,
  step7_q.valid && step7_q.layer_last,
  step8_q.valid && step8_q.layer_last,
  step9_q.valid && step9_q.layer_last
};

// Windows that the lines' steps gave of an image
always_comb begin
  n_formed = '0;
  if (line_row != '0) n_formed = Width * (line_row - 32'd1);
  if (line_row != '0 && line_column != '0) n_formed = n_formed + line_column - 32'd1;
  if (line_at == '0 && window_valid) n_formed = NPlaces;
end

always_comb begin
  rank      = '0;
  rank.line = line_at == '0 ? 32'd0 : NSteps - line_at;
  if (window_valid) rank.part = 3'd6 - seq_state;
  if (seq_state == SeqRun) begin
    rank.neurons       = 16'(NOut) - \u_sequencer.neuron_q ;
    rank.words         = 16'(NWords) - \u_sequencer.word_q ;
    rank.weight_planes = LastWeightPlane - \u_sequencer.weight_plane_q ;
    rank.planes        = LastPlane - \u_sequencer.plane_q ;
  end
  if (seq_state == SeqDrain) rank.drain = layer_lasts;
end

assign waiting = window_valid ? seq_state == SeqIdle && m_valid_o && !m_ready_i :
    needs_value && !s_valid_i;

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    was_waiting_q <= 1'b1;
    was_new_q     <= 1'b0;
    was_rank_q    <= '0;
    was_stalled_q <= 1'b0;
    open_q        <= 1'b0;
    channel_q     <= '0;
  end else begin
    was_waiting_q <= waiting;
    was_new_q     <= line_at == '0 && s_valid_i && s_ready_o;
    was_rank_q    <= rank;
    was_stalled_q <= m_valid_o && !m_ready_i;
    if (window_start) open_q <= 1'b1;
    if (lasts[0]) begin
      channel_q <= layer_done ? '0 : channel_q + 32'd1;
      open_q    <= !layer_done;
    end
  end
end

// Which neuron is in a stage: those that the pool has, and those ahead.
for (genvar k = 0; k < 9; k++) begin : gen_stages
  logic [31:0] neuron;
  always_comb begin
    neuron = channel_q;
    for (int i = 0; i < k; i++) neuron = neuron + 32'(lasts[i]);
    if (past_q) assert (layer_lasts[k] == (lasts[k] && neuron == NOut - 1));
  end
end

always_comb begin
  if (past_q) begin
    // Counters in range
    a_state : assert (seq_state <= SeqFinish && !\u_sequencer.layer_q );
    a_neuron : assert (32'(\u_sequencer.neuron_q ) < NOut);
    a_word : assert (32'(\u_sequencer.word_q ) < NWords);
    a_planes : assert (\u_sequencer.plane_q <= LastPlane);
    a_weight_planes : assert (\u_sequencer.weight_plane_q <= LastWeightPlane);
    a_start : assert (seq_state == SeqRun || {\u_sequencer.neuron_q , \u_sequencer.word_q ,
        \u_sequencer.plane_q , \u_sequencer.weight_plane_q } == '0);
    a_line : assert (line_row <= Height && line_column <= Width);
    a_pool : assert (32'(\u_pool.row_q ) < Height && 32'(\u_pool.column_q ) < Width);
    // A window stays until its frame is done, and its place is the pool's.
    a_window : assert (seq_state == SeqIdle || window_valid);
    a_formed : assert (!window_valid || n_formed != '0);
    a_place :
    assert (pool_place == (n_formed - 32'(window_valid) +
        32'(seq_state == SeqHead || seq_state == SeqFinish)) % NPlaces);
    // What the pool may rely on
    a_starts : assert (!window_start || (!open_q && (!m_valid_o || m_ready_i)));
    a_channels : assert (!lasts[0] || open_q);
    a_last : assert (!lasts[0] || layer_done == (channel_q == NOut - 1));
    a_channel : assert (channel_q < NOut);
    a_open : assert (open_q == in_pool);
    a_free : assert (!open_q || !m_valid_o);
    // Every neuron is on its way once.
    a_on_its_way :
    assert (channel_q + $countones(lasts) == (seq_state == SeqRun ?
        32'(\u_sequencer.neuron_q ) : seq_state == SeqDrain ? NOut : 32'd0));
    a_drains : assert ((seq_state == SeqDrain) == (layer_lasts != '0));
    a_stays : assert (!was_stalled_q || m_valid_o);
    a_waits : assert (!was_waiting_q || rank == was_rank_q);
    a_falls : assert (was_waiting_q || was_new_q || rank < was_rank_q);
    c_word : cover (m_valid_o && was_stalled_q);
    c_ends : cover (line_at == '0 && was_rank_q != '0 && !window_valid);
  end
end
