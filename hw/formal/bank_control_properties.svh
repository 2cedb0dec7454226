// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside bank_control, for any order of requests:
//   a frame keeps one bank from start to end, and that bank holds an intact image;
//   a bank is never written while a frame uses it, or while it is selected or about to be;
//   the selected bank changes between two frames only, and is the one that was chosen last;
//   nothing waits for ever: a frame may begin wherever none runs, a selection counts as soon as
//   none runs, a write that is done is over, and the bank that nobody uses may be written.

logic past_q, was_running_q, was_done_q, was_bank_q, was_active_q, was_live_q, was_start_q;
logic chosen_q, chosen_bank_q, was_over_q, was_pending_q, was_select_q, was_written_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);

// The surroundings: a frame begins only when it may and ends only when it runs; one command a
// cycle; a write ends only when there is one that does not begin again.
always_comb begin
  assume (!frame_start_i || frame_ready_o);
  assume (!frame_done_i || running_q);
  assume (!(write_request_i && select_request_i));
  assume (!write_done_i || (writing_q && !write_accepted_o));
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    was_running_q <= 1'b0;
    was_done_q    <= 1'b0;
    was_start_q   <= 1'b0;
    was_bank_q    <= 1'b0;
    was_active_q  <= 1'b0;
    was_live_q    <= 1'b0;
    chosen_q      <= 1'b0;
    chosen_bank_q <= 1'b0;
    was_over_q    <= 1'b0;
    was_pending_q <= 1'b0;
    was_select_q  <= 1'b0;
    was_written_q <= 1'b0;
  end else begin
    was_over_q    <= between_frames;
    was_pending_q <= pending_q;
    was_select_q  <= select_accepted_o;
    was_written_q <= write_done_i;
    was_running_q <= running_q;
    was_done_q    <= frame_done_i;
    was_start_q   <= frame_start_i;
    was_bank_q    <= running_bank_q;
    was_active_q  <= active_q;
    was_live_q    <= live_q;
    if (select_accepted_o) begin
      chosen_q      <= 1'b1;
      chosen_bank_q <= select_bank_i;
    end
  end
end

always_comb begin
  if (past_q) begin
    a_one_bank :
    assert (!(was_running_q && running_q && !was_done_q) || running_bank_q == was_bank_q);
    a_intact : assert (!running_q || valid_q[running_bank_q]);
    a_not_valid : assert (!writing_q || !valid_q[writing_bank_q]);
    a_not_used : assert (!(writing_q && running_q) || writing_bank_q != running_bank_q);
    a_not_selected : assert (!(writing_q && live_q) || writing_bank_q != active_q);
    a_not_pending : assert (!(writing_q && pending_q) || writing_bank_q != pending_bank_q);
    a_selected_intact : assert (!live_q || valid_q[active_q]);
    a_pending_intact : assert (!pending_q || valid_q[pending_bank_q]);
    a_between : assert (!was_live_q || active_q == was_active_q || !was_running_q || was_done_q);
    a_live : assert (!live_q || chosen_q);
    a_chosen : assert (!(live_q && !pending_q) || active_q == chosen_bank_q);
    a_pending : assert (!pending_q || (chosen_q && pending_bank_q == chosen_bank_q));
    a_start : assert (!was_start_q || running_q);
    a_was : assert (!was_live_q || live_q);
    a_may_begin : assert (!(between_frames && live_q) || frame_ready_o);
    a_counts : assert (!(was_pending_q && was_over_q) || !pending_q || was_select_q);
    a_over : assert (!was_done_q || was_start_q || !running_q);
    a_written : assert (!was_written_q || !writing_q);
    a_may_write :
    assert (!write_request_i || write_accepted_o || frame_start_i || pending_q || running_q ||
            writing_q || write_bank_i == active_q);
    c_switch : cover (live_q && was_live_q && active_q != was_active_q);
    c_probe : cover (running_q && live_q && running_bank_q != active_q && !pending_q);
  end
end
