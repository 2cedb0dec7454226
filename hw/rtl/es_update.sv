// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// What an update does to one value: V -= (sum over p of sign(D_p) b_p) << shift. A weight is
// clipped to +-127 steps of int8, a bias is not. Latency 2; shift_i holds.

module es_update #(
    parameter int unsigned NDirections = 2
) (
    input  logic                          clk_i,
    // Signs of D along each direction: 1 where positive, 1 where negative
    input  logic        [NDirections-1:0] positive_i,
    input  logic        [NDirections-1:0] negative_i,
    input  logic        [NDirections-1:0] directions_i,
    input  logic        [            4:0] shift_i,
    input  logic                          bias_i,
    input  logic        [           31:0] value_i,
    output logic        [           31:0] value_o
);

  localparam int unsigned VoteBits = $clog2(NDirections + 1) + 1;
  localparam logic [4:0] MostShift = 5'd16;  // beyond it every weight that moves is clipped
  localparam logic signed [15:0] Limit = 16'sd32512;  // 127 steps of int8

  logic [NDirections-1:0] up, down;
  logic signed [VoteBits-1:0] vote;
  logic [VoteBits-1:0] size;
  logic [4:0] shift;
  logic [VoteBits+6:0] near_q;  // the size, moved by the shift's last three bits
  logic [1:0] far_q;
  logic [31:0] move, sum, sum_q, value_q;
  logic negative_q, bias_q, bias_qq, above, below;

  assign up = (directions_i & positive_i) | (~directions_i & negative_i);
  assign down = (directions_i & negative_i) | (~directions_i & positive_i);

  always_comb begin
    vote = '0;
    for (int p = 0; p < NDirections; p++) vote = vote + VoteBits'(up[p]) - VoteBits'(down[p]);
  end

  assign size = vote[VoteBits-1] ? -vote : vote;
  assign shift = !bias_i && shift_i > MostShift ? MostShift : shift_i;
  assign move = 32'(near_q) << {far_q, 3'd0};

  add_subtract #(
      .Width(32)
  ) u_move (
      .a_i       (value_q),
      .b_i       (move),
      .half_i    (1'b0),
      .subtract_i(!negative_q),
      .sum_o     (sum)
  );

  always_ff @(posedge clk_i) begin
    near_q     <= (VoteBits + 7)'(size) << shift[2:0];
    far_q      <= shift[4:3];
    negative_q <= vote[VoteBits-1];
    value_q    <= value_i;
    bias_q     <= bias_i;
    sum_q      <= sum;
    bias_qq    <= bias_q;
  end

  // A weight's sum has 19 bits. Limits of 127 * 256 need no comparator: a few bits tell.
  assign above = !sum_q[18] && (sum_q[17:15] != '0 || (sum_q[14:8] == '1 && sum_q[7:0] != '0));
  assign below = sum_q[18] && (sum_q[17:15] != '1 || sum_q[14:8] == '0);

  always_comb begin
    value_o = sum_q;
    if (!bias_qq && above) value_o = 32'(Limit);
    if (!bias_qq && below) value_o = -32'(Limit);
  end

endmodule
