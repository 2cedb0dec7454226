// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside frame_buffer: it is a queue of two frames. A packet of NBeats words becomes the newest of
// them, with its words and what it is; any other is told by refused_o and leaves the queue as it
// was. The frames are kept here as a whole. Only a frame that is there is released.

logic past_q, has_packet, accepts, was_read_q;
logic [NBeats*Lanes-1:0] oldest_q, newest_q, packet_q, packet;
bnn_pkg::user_t oldest_user_q, newest_user_q;
logic [1:0] n_frames_q, n_left;
logic [31:0] n_words_q;  // of the packet that comes; no more than one beyond a frame
logic [Lanes-1:0] was_word_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);
always_comb assume (!release_i || frame_valid_o);

assign accepts = take && s_last_i && n_words_q == NBeats - 1;
assign has_packet = n_words_q != '0;
assign n_left = n_frames_q - 2'(release_i);

always_comb begin
  packet = packet_q;
  if (n_words_q < NBeats) packet[Lanes*n_words_q+:Lanes] = s_data_i;
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    n_frames_q <= '0;
    n_words_q  <= '0;
    was_read_q <= 1'b0;
  end else begin
    n_frames_q <= n_left + 2'(accepts);
    was_read_q <= frame_valid_o && !release_i && 32'(addr_i) < NBeats;
    if (take) n_words_q <= s_last_i ? '0 : n_words_q == NBeats ? NBeats : n_words_q + 32'd1;
  end
end

always_ff @(posedge clk_i) begin
  if (take) packet_q <= packet;
  if (release_i) {oldest_q, oldest_user_q} <= {newest_q, newest_user_q};
  if (accepts && n_left == '0) {oldest_q, oldest_user_q} <= {packet, s_user_i};
  if (accepts && n_left != '0) {newest_q, newest_user_q} <= {packet, s_user_i};
  was_word_q <= oldest_q[Lanes*32'(addr_i)+:Lanes];
end

for (genvar b = 0; b < NBeats; b++) begin : gen_beats
  always_comb begin
    if (past_q) begin
      assert (n_frames_q == '0 || memory[{read_half_q, AddrBits'(b)}] == oldest_q[Lanes*b+:Lanes]);
      assert (!n_frames_q[1] || memory[{!read_half_q, AddrBits'(b)}] == newest_q[Lanes*b+:Lanes]);
      assert (n_words_q <= b || n_words_q >= NBeats ||
          memory[{write_half_q, AddrBits'(b)}] == packet_q[Lanes*b+:Lanes]);
    end
  end
end

always_comb begin
  if (past_q) begin
    a_frames : assert (n_frames_q <= 2'd2 && 32'(n_frames_q) == $countones(full_q));
    a_halves : assert ((write_half_q == read_half_q) == (n_frames_q != 2'd1));
    a_first : assert (n_frames_q == '0 || full_q[read_half_q]);
    a_words : assert (n_words_q <= NBeats && drain_q == (n_words_q == NBeats));
    a_beat : assert (32'(beat_q) == (drain_q ? 32'd0 : n_words_q));
    a_room : assert (!has_packet || !full_q[write_half_q]);
    a_valid : assert (frame_valid_o == (n_frames_q != '0));
    a_ready : assert (s_ready_o == (n_frames_q != 2'd2));
    a_refused : assert (refused_o == (take && s_last_i && !accepts));
    a_user : assert (n_frames_q == '0 || frame_user_o == oldest_user_q);
    a_newest : assert (!n_frames_q[1] || (read_half_q ? user0_q : user1_q) == newest_user_q);
    a_read : assert (!was_read_q || rdata_o == was_word_q);
    c_full : cover (n_frames_q == 2'd2);
    c_short : cover (refused_o && !drain_q && n_frames_q != '0);
    c_long : cover (refused_o && drain_q && n_frames_q != '0);
  end
end
