// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside stat_threshold: a threshold that is begun is done. A rank says what is left of it and
// falls in every cycle; nothing from outside is waited for.

logic past_q, was_idle_q;
logic [3:0] was_window_q;
logic [6:0] rank, was_rank_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);
always_comb assume (state_q == StIdle || window_i == was_window_q);

always_comb begin
  unique case (state_q)
    StIdle: rank = '0;
    StMultiply: rank = {2'd3, last_step - step_q};
    StAdd: rank = {2'd2, 5'd0};
    default: rank = {2'd1, last_step - step_q};
  endcase
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    was_idle_q   <= 1'b1;
    was_window_q <= '0;
    was_rank_q   <= '0;
  end else begin
    was_idle_q   <= state_q == StIdle;
    was_window_q <= window_i;
    was_rank_q   <= rank;
  end
end

always_comb begin
  if (past_q) begin
    a_step :
    assert (step_q <= last_step || (state_q == StIdle || state_q == StAdd));
    a_first : assert ((state_q != StIdle && state_q != StAdd) || step_q == '0);
    a_falls : assert (was_idle_q || rank < was_rank_q);
    a_done : assert (done_o == (!was_idle_q && state_q == StIdle));
    c_done : cover (done_o);
  end
end
