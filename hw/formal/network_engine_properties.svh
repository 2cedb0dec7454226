// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// network_engine, as a whole and bounded (layer_sequencer and head_accumulator have proofs by
// induction of their own): where the surroundings answer within PatienceCycles, every frame ends
// within FrameCycles of its start, a complete frame begins, and a word offered is taken.

localparam int unsigned PatienceCycles = 1;
localparam int unsigned FrameCycles = 32;

logic past_q, running_q;
logic [5:0] frame_age_q, offer_age_q, bank_age_q, result_age_q, bits_age_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);
always_comb begin
  assume (bank_age_q <= PatienceCycles);
  assume (result_age_q <= PatienceCycles);
  assume (bits_age_q <= PatienceCycles);
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    running_q    <= 1'b0;
    frame_age_q  <= '0;
    offer_age_q  <= '0;
    bank_age_q   <= '0;
    result_age_q <= '0;
    bits_age_q   <= '0;
  end else begin
    if (frame_start_o) running_q <= 1'b1;
    else if (frame_done_o) running_q <= 1'b0;
    frame_age_q  <= running_q && !frame_done_o ? frame_age_q + 6'd1 : '0;
    offer_age_q  <= s_valid_i && !s_ready_o ? offer_age_q + 6'd1 : '0;
    bank_age_q   <= frame_ready_i ? '0 : bank_age_q + 6'd1;
    result_age_q <= m_valid_o && !m_ready_i ? result_age_q + 6'd1 : '0;
    bits_age_q   <= bits_valid_o && !bits_ready_i ? bits_age_q + 6'd1 : '0;
  end
end

always_comb begin
  if (past_q) begin
    a_ends : assert (frame_age_q <= FrameCycles);
    a_takes : assert (offer_age_q <= FrameCycles);
    c_ends : cover (frame_done_o);
  end
end
