// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside skid_buffer: words leave in order, none is lost, none is invented, and an offered word
// stays until it is taken. The surroundings number the words (Width is 4 here).

logic [3:0] n_in_q, n_out_q, stalled_data_q;
logic past_q, stalled_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);
always_comb assume (data_i == n_in_q);

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    n_in_q    <= '0;
    n_out_q   <= '0;
    stalled_q <= 1'b0;
  end else begin
    if (valid_i && ready_o) n_in_q <= n_in_q + 4'd1;
    if (valid_o && ready_i) n_out_q <= n_out_q + 4'd1;
    stalled_q <= valid_o && !ready_i;
  end
end

always_ff @(posedge clk_i) stalled_data_q <= data_o;

always_comb begin
  if (past_q) begin
    // Inside are 0, 1 or 2 words, and the two valid bits say how many.
    a_count : assert (n_in_q - n_out_q == {3'd0, valid_q} + {3'd0, skid_valid_q});
    a_fill : assert (!skid_valid_q || valid_q);
    a_skid : assert (!skid_valid_q || skid_q == n_out_q + 4'd1);
    a_order : assert (!valid_o || data_o == n_out_q);
    a_stable : assert (!stalled_q || (valid_o && data_o == stalled_data_q));
    c_full : cover (skid_valid_q && stalled_q);
    c_flow : cover (n_out_q == 4'd5 && !valid_o);
  end
end
