// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside head_sgd: a sample whose first feature came is learned from, once each answer it waits
// for is given. A rank says what is left; it falls in every cycle that does not wait, and stands
// still in those that do. Answers: the next feature comes, a multiplication is taken, and done.
// Values are only written by an update, or from outside between samples.

typedef struct packed {
  logic is_forward;
  logic [RowBits:0] features;
  logic [2:0] part;
} rank_t;

logic past_q, was_waiting_q, was_idle_q, waiting;
rank_t rank, was_rank_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);

always_comb begin
  rank            = '0;
  rank.is_forward = !updating_q;
  rank.features   = BiasRow + (RowBits + 1)'(1) - feature_q;
  unique case (state_q)
    StNext: rank.part = 3'd5;
    StFeature: rank.part = 3'd4;
    StRead: rank.part = 3'd3;
    StMultiply: rank.part = 3'd2;
    StProduct: rank.part = 3'd1;
    default: rank.part = 3'd0;
  endcase
  if (!busy_o) rank = '0;
end

assign waiting = (state_q == StFeature && !(s_valid_i && s_ready_o)) ||
    (state_q == StMultiply && !borrow_ready) || (state_q == StProduct && !borrow_done);

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    was_waiting_q <= 1'b1;
    was_idle_q    <= 1'b1;
    was_rank_q    <= '0;
  end else begin
    was_waiting_q <= waiting;
    was_idle_q    <= !busy_o;
    was_rank_q    <= rank;
  end
end

always_comb begin
  if (past_q) begin
    a_state : assert (state_q <= StNext);
    a_feature : assert (feature_q <= BiasRow || (feature_q == BiasRow + 1'b1 && state_q == StNext));
    a_counted : assert (state_q != StNext || feature_q != '0);
    a_forward :
    assert (updating_q || feature_q < BiasRow || state_q == StErrors ||
            (state_q == StNext && feature_q == BiasRow));
    a_errors : assert (state_q != StErrors || (!updating_q && feature_q == BiasRow));
    a_updates : assert (!updating_q || state_q != StFeature);
    a_written : assert (!write_row || (updating_q && feature_q < BiasRow));
    a_waits : assert (!was_waiting_q || was_idle_q || rank == was_rank_q);
    a_falls : assert (was_waiting_q || was_idle_q || rank < was_rank_q);
    c_learned : cover (steps_o == 32'd1);
  end
end
