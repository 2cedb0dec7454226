// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// One row's update, for all classes at once: V -= (sum over p of sign(D_pj) b_p) << shift, clipped
// to +-127 steps of int8; and the vote of one class for its bias, which is not clipped. row_o
// follows row_i and the directions by one cycle, and shift_i must have been there before.

module es_update #(
    parameter int unsigned NClasses = 10,
    parameter int unsigned NDirections = 2,
    localparam int unsigned ClassBits = $clog2(NClasses)
) (
    input  logic                                   clk_i,
    // Signs of D: 1 where positive, 1 where negative; direction p has bits NClasses p ...
    input  logic        [NClasses*NDirections-1:0] positive_i,
    input  logic        [NClasses*NDirections-1:0] negative_i,
    input  logic        [         NDirections-1:0] directions_i,
    input  logic        [                     4:0] shift_i,
    input  logic        [         16*NClasses-1:0] row_i,
    output logic        [         16*NClasses-1:0] row_o,
    input  logic        [           ClassBits-1:0] class_i,
    output logic signed [                    31:0] bias_move_o
);

  localparam int unsigned VoteBits = $clog2(NDirections + 1) + 1;
  localparam logic signed [15:0] Limit = 16'sd32512;  // 127 steps of int8

  logic [NClasses*NDirections-1:0] up, down;
  logic signed [31:0] bias_vote;
  logic [18:0] unit_q;

  for (genvar p = 0; p < NDirections; p++) begin : gen_votes
    assign up[NClasses*p+:NClasses] = directions_i[p] ? positive_i[NClasses*p+:NClasses]
                                                        : negative_i[NClasses*p+:NClasses];
    assign down[NClasses*p+:NClasses] = directions_i[p] ? negative_i[NClasses*p+:NClasses]
                                                          : positive_i[NClasses*p+:NClasses];
  end

  // A vote is its size times 2^shift: one shifter for all classes. Beyond 2^16 every move clips.
  always_ff @(posedge clk_i) begin
    unit_q <= 19'd1 << (shift_i > 5'd16 ? 5'd16 : shift_i);
  end

  for (genvar j = 0; j < NClasses; j++) begin : gen_rows
    logic signed [VoteBits-1:0] vote;
    logic [VoteBits-1:0] size_q;
    logic negative_q;
    logic signed [15:0] row_q;
    logic signed [18:0] move;
    logic above, below;
    logic [18:0] sum;

    add_subtract #(
        .Width(19)
    ) u_move (
        .a_i       (19'(row_q)),
        .b_i       (move),
        .subtract_i(!negative_q),
        .sum_o     (sum)
    );

    always_comb begin
      vote = '0;
      for (int p = 0; p < NDirections; p++) begin
        vote = vote + VoteBits'(up[NClasses*p+j]) - VoteBits'(down[NClasses*p+j]);
      end
      move = '0;
      for (int i = 0; i < VoteBits; i++) move = move | (size_q[i] ? unit_q << i : '0);
    end

    // Limits of 127 * 256 need no comparator: a few bits tell.
    always_comb begin
      row_o[16*j+:16] = sum[15:0];
      above = !sum[18] && (sum[17:15] != '0 || (sum[14:8] == '1 && sum[7:0] != '0));
      below = sum[18] && (sum[17:15] != '1 || sum[14:8] == '0);
      if (above) row_o[16*j+:16] = Limit;
      if (below) row_o[16*j+:16] = -Limit;
    end

    always_ff @(posedge clk_i) begin
      size_q     <= vote[VoteBits-1] ? -vote : vote;
      negative_q <= vote[VoteBits-1];
      row_q      <= row_i[16*j+:16];
    end
  end

  always_comb begin
    bias_vote = '0;
    for (int p = 0; p < NDirections; p++) begin
      bias_vote = bias_vote + 32'(up[NClasses*p+32'(class_i)]);
      bias_vote = bias_vote - 32'(down[NClasses*p+32'(class_i)]);
    end
    bias_move_o = bias_vote <<< shift_i;
  end

endmodule
