// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside sgd_unit, with its samples and its head (head_sgd.sv): a command that is taken ends, once
// each answer it waits for is given. A rank says what is left; it falls in every cycle that does
// not wait, and stands still in those that do. Answers: the last word of a load comes, a word of a
// store is taken, and those that the head waits for. Commands come while the unit is idle, one at
// a time, and runs have steps (register_file.sv).

// Signals of the parts, by the names that flattening gives them
(* hierconn *) logic [2:0] \u_sgd.state_q ;
(* hierconn *) logic [RowBits:0] \u_sgd.feature_q ;
(* hierconn *) logic \u_sgd.updating_q ;
(* hierconn *) logic \u_sgd.write_row ;
(* hierconn *) logic \u_sgd.row_we_i ;
(* hierconn *) logic \u_sgd.biases_we_i ;
(* hierconn *) logic \u_samples.order_we_i ;

// States of the head
localparam logic [2:0] HeadFeature = 3'd0;
localparam logic [2:0] HeadMultiply = 3'd2;
localparam logic [2:0] HeadProduct = 3'd3;
localparam logic [2:0] HeadErrors = 3'd4;
localparam logic [2:0] HeadNext = 3'd5;

typedef struct packed {
  logic [15:0] steps;
  logic [RowBits:0] rows;
  logic [ClassBits:0] classes;
  logic [1:0] part;
  logic [1:0] waits;
  logic is_forward;
  logic [RowBits:0] head_rows;
  logic [2:0] head_part;
} rank_t;

logic past_q, was_waiting_q, was_idle_q, waiting, runs, offers;
logic head_waits, head_next, head_computes;
logic was_stalled_q, was_last_q, was_updated_q;
logic [RowBits+ClassBits:0] was_place_q;
logic [RowBits+ClassBits+1:0] n_given_q;
logic [31:0] was_count_q;
rank_t rank, was_rank_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);
always_comb begin
  assume (!status_o.busy || !(command_i.sgd_load || command_i.sgd_store || command_i.sgd_run));
  assume ($onehot0({command_i.sgd_load, command_i.sgd_store, command_i.sgd_run}));
  assume (!command_i.sgd_run || command_i.value[15:0] != '0);
end

assign runs = state_q == StFetch || state_q == StFeature || state_q == StLearn;
assign head_waits = (\u_sgd.state_q == HeadMultiply && !borrow_i[16*NClasses+1]) ||
    (\u_sgd.state_q == HeadProduct && !borrow_i[16*NClasses]);
assign head_computes = \u_sgd.state_q != HeadFeature && \u_sgd.state_q < HeadErrors;
assign head_next = \u_sgd.state_q == HeadNext;

always_comb begin
  rank = '0;
  if (head_busy) begin
    rank.is_forward = !\u_sgd.updating_q ;
    rank.head_rows  = BiasRow + (RowBits + 1)'(1) - \u_sgd.feature_q ;
    unique case (\u_sgd.state_q )
      HeadNext: rank.head_part = 3'd5;
      HeadFeature: rank.head_part = 3'd4;
      HeadErrors: rank.head_part = 3'd0;
      default: rank.head_part = 3'd4 - \u_sgd.state_q ;
    endcase
  end
  unique case (state_q)
    StLoad: rank.part = 2'd1;
    StStoreRow, StStore: begin
      rank.rows    = BiasRow - feature_q;
      rank.classes = (ClassBits + 1)'(NClasses) - (ClassBits + 1)'(class_q);
      rank.part    = state_q == StStoreRow ? 2'd2 : 2'd1;
    end
    StFetch, StFeature, StLearn: begin
      rank.steps = n_steps_q - step_q;
      rank.rows  = BiasRow - feature_q;
      rank.part  = state_q == StFetch ? 2'd3 : 2'd1;
      rank.waits = state_q == StFetch ? FetchLatency - wait_q : '0;
      if (state_q == StFetch) {rank.is_forward, rank.head_rows, rank.head_part} = '0;
    end
    default: rank = '0;
  endcase
end

assign waiting = (state_q == StIdle && !offers) || (state_q == StLoad && !(take && s_last_i)) ||
    (state_q == StStore && !m_ready_i) ||
    (state_q == StFeature && !head_ready && head_waits) || (state_q == StLearn && head_waits);
assign offers = command_i.sgd_load || command_i.sgd_store || command_i.sgd_run;

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    was_waiting_q <= 1'b1;
    was_idle_q    <= 1'b1;
    was_rank_q    <= '0;
    was_stalled_q <= 1'b0;
    n_given_q     <= '0;
  end else begin
    was_waiting_q <= waiting;
    was_idle_q    <= state_q == StIdle;
    was_rank_q    <= rank;
    was_stalled_q <= m_valid_o && !m_ready_i;
    if (state_q == StIdle) n_given_q <= '0;
    else if (give) n_given_q <= n_given_q + 1'b1;
  end
end

always_ff @(posedge clk_i) begin
  was_place_q <= {feature_q, class_q};
  was_last_q  <= m_last_o;
  was_count_q <= status_o.count;
  was_updated_q <= \u_sgd.updating_q && head_next && \u_sgd.feature_q > BiasRow;
end

always_comb begin
  if (past_q) begin
    // Counters stay in range, and those of the unit and of its head tell the same.
    a_state : assert (state_q <= StLearn && \u_sgd.state_q <= HeadNext);
    a_feature : assert (feature_q <= BiasRow + (RowBits + 1)'(state_q == StIdle));
    a_class : assert (32'(class_q) < NClasses && (!runs || class_q == '0));
    a_step : assert (!runs || step_q < n_steps_q);
    a_latency : assert (wait_q <= FetchLatency || state_q != StFetch);
    a_waited : assert (state_q == StFetch || wait_q == '0 || state_q == StFeature);
    a_fetches : assert ((state_q != StFetch && state_q != StFeature) || feature_q < BiasRow);
    a_learns : assert (state_q != StLearn || feature_q == BiasRow);
    a_head_idle : assert (runs || !head_busy);
    a_forward : assert (state_q == StLearn || !\u_sgd.updating_q );
    a_head_feature : assert (!runs || \u_sgd.updating_q || (state_q == StLearn && !head_busy) ||
        feature_q == \u_sgd.feature_q + (RowBits + 1)'(head_computes));
    a_rows : assert (\u_sgd.feature_q <= BiasRow + (RowBits + 1)'(\u_sgd.updating_q && head_next));
    a_errors : assert (\u_sgd.state_q != HeadErrors || (state_q == StLearn &&
        !\u_sgd.updating_q && \u_sgd.feature_q == BiasRow));
    a_hands_over : assert (\u_sgd.state_q != HeadFeature || !\u_sgd.updating_q );
    // Nothing is written but by its own command, and in its own place.
    a_row : assert (!\u_sgd.row_we_i || (state_q == StLoad && !order_q && feature_q < BiasRow));
    a_order : assert (!\u_samples.order_we_i || (state_q == StLoad && order_q));
    a_biases : assert (!\u_sgd.biases_we_i || (bias_row && (state_q == StStore ||
        (state_q == StLoad && !order_q))));
    a_update : assert (!\u_sgd.write_row || (runs && \u_sgd.feature_q < BiasRow));
    a_samples : assert (status_o.n_samples <= 16'(NSamples));
    // A store gives every value and bias once, the last of them as the last.
    a_given : assert (state_q != StStore ||
        32'(n_given_q) == NClasses * 32'(feature_q) + 32'(class_q));
    a_last : assert (!m_valid_o || m_last_o == (32'(n_given_q) == NClasses * (NFeatures + 1) - 1));
    // A word that is offered stays until it is taken: its place does, and what is there.
    a_stays : assert (!was_stalled_q || (m_valid_o && m_last_o == was_last_q &&
        {feature_q, class_q} == was_place_q));
    a_same : assert (!m_valid_o || m_ready_i || !(\u_sgd.row_we_i || \u_sgd.write_row ||
        \u_sgd.biases_we_i || head_busy));
    // A step that counts wrote every row and the biases.
    a_counts : assert (status_o.count == was_count_q || was_updated_q);
    a_idle : assert (state_q == StIdle || !s_ready_o || state_q == StLoad);
    a_waits : assert (!was_waiting_q || was_idle_q || rank == was_rank_q);
    a_falls : assert (was_waiting_q || was_idle_q || rank < was_rank_q);
    c_loaded : cover (state_q == StIdle && was_rank_q.part == 2'd1 && bias_row && !order_q);
    c_ordered : cover (state_q == StLoad && order_q && step_q == 16'd1);
    c_stored : cover (give && m_last_o);
    c_fetches : cover (state_q == StFetch && feature_q != '0);
    c_learned : cover (status_o.count == 32'd1 && state_q == StIdle);
    c_kept : cover (status_o.n_samples == 16'd1);
  end
end
