// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside parameter_port: a packet in ends with its last word, right or wrong; an image that is
// read ends, once every word is taken. A rank says what is left of reading; it falls in every
// cycle that does not wait, and stands still in those that do. A write begins again only while
// writing, and a read only while idle (parameter_store.sv).

typedef struct packed {
  logic [7:0] layers;
  logic [2:0] regions;
  logic [15:0] addresses;
  logic [7:0] lanes;
  logic [1:0] part;
  logic [2:0] waits;
} rank_t;

logic past_q, was_waiting_q, was_reading_q, was_busy_q, was_start_q, was_last_q;
logic reading, waiting, convolves;
rank_t rank, was_rank_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);
always_comb begin
  assume (!(start_write_i && start_read_i));
  assume (!start_read_i || !busy_o);
  assume (!start_write_i || !(reading || read_q));
end

assign reading = state_q == StReadIssue || state_q == StReadWait || state_q == StReadOut;
assign convolves = region_q == RegionConvWeights || region_q == RegionConvThresholds;
assign waiting = state_q == StReadOut && !m_ready_i;

always_comb begin
  rank           = '0;
  if (region_q == RegionHeader) rank.layers = 8'(NTables);
  else if (convolves) rank.layers = 8'(NTables - 1) - 8'(layer_q);
  rank.regions   = RegionCrc - region_q;
  rank.addresses = last_addr - addr_q;
  rank.lanes     = last_lane - lane_q;
  if (state_q == StReadIssue) rank.part = 2'd3;
  if (state_q == StReadWait) {rank.part, rank.waits} = {2'd2, ReadLatency - wait_q};
  if (state_q == StReadOut) rank.part = 2'd1;
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    was_waiting_q <= 1'b0;
    was_reading_q <= 1'b0;
    was_busy_q    <= 1'b0;
    was_start_q   <= 1'b0;
    was_last_q    <= 1'b0;
    was_rank_q    <= '0;
  end else begin
    was_waiting_q <= waiting;
    was_reading_q <= reading;
    was_busy_q    <= busy_o;
    was_start_q   <= write_q || read_q;
    was_last_q    <= write_done_o;
    was_rank_q    <= rank;
  end
end

always_comb begin
  if (past_q) begin
    a_state : assert (state_q <= StReadOut);
    a_region : assert (region_q <= RegionCrc);
    a_convolves : assert (NConvolutions > 0 || !convolves);
    a_layer : assert (convolves ? 32'(layer_q) < NTables : layer_q == '0);
    a_addr : assert (addr_q <= last_addr);
    a_lane : assert (lane_q <= last_lane);
    a_latency : assert (state_q != StReadWait || wait_q <= ReadLatency);
    a_ended : assert (!ended_q || state_q == StIdle);
    a_complete : assert (!complete_q || ended_q);
    a_judged : assert (!write_intact_o || judged_complete_q);
    a_written : assert (!was_last_q || was_start_q || write_q || read_q || !busy_o);
    a_command : assert (!(write_q && read_q) && (!read_q || state_q == StIdle));
    a_rewrites : assert (!write_q || !reading);
    a_takes : assert (!busy_o || ended_q || write_done_o || write_q || read_q || reading || s_ready_o);
    a_waits : assert (!was_waiting_q || rank == was_rank_q);
    a_falls : assert (!was_reading_q || was_waiting_q || !busy_o || rank < was_rank_q);
    a_began : assert (!was_start_q || busy_o);
    c_written : cover (was_last_q && !busy_o && region_q == RegionCrc);
    c_read : cover (reading && region_q == RegionWeights);
  end
end
