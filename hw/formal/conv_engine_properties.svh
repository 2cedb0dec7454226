// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside conv_engine, with any layers that keep to what conv_layer and conv_pool are proved by:
// what they offer stays until it is taken, and an image gives as many words as it has places left,
// the last of them as the last. A frame that begins is there as a whole, is offered place by place,
// each once, and released with its last; its bits come out in as many words as they need, the last
// of them as the last. Nothing waits but for a frame, a layer, or a word that is not taken.
// (frame_buffer: a packet that is no frame changes nothing, and words are those of the frame.)

localparam int unsigned Halved = 2 ** halvings(NLayers);
localparam int unsigned NLeft = (Height / Halved) * (Width / Halved);
localparam int unsigned NWords = (NLeft * NLast + Lanes - 1) / Lanes;
localparam int unsigned NParts = NLast < Lanes ? Lanes / NLast : NLast / Lanes;
localparam int unsigned PartBits = NParts > 1 ? $clog2(NParts) : 1;

// Signals of the parts, by the names that flattening gives them
(* hierconn *) logic [1:0] \u_frames.full_q ;
(* hierconn *) logic \u_frames.read_half_q ;
(* hierconn *) logic \u_frames.write_half_q ;
(* hierconn *) logic \u_frames.release_i ;
(* hierconn *) logic [PartBits-1:0] \u_packer.part_q ;

logic past_q, was_offering_q, was_giving_q, was_given_last_q, was_offered_q;
logic [31:0] n_taken_q, n_packed_q, n_given_q, n_words;
logic [PlaceBits-1:0] was_place_q, was_address_q;
logic [Lanes-1:0] was_word_q;
logic [NLast-1:0] was_bits_q;
logic [TagBits-1:0] was_tag_q, was_given_tag_q;
bnn_pkg::user_t was_user_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);
// The last layer
always_comb begin
  assume (last[NLayers] == (n_packed_q == NLeft - 1));
  if (was_offered_q) begin
    assume (valid[NLayers] && data[MaxBits*NLayers+:NLast] == was_bits_q);
    assume (tags[TagBits*NLayers+:TagBits] == was_tag_q);
  end
end

// Words that places of an image gave: whole ones, and a last one in part
assign n_words = NLast < Lanes ? n_packed_q / NParts : n_packed_q * NParts;

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    was_offering_q <= 1'b0;
    was_giving_q   <= 1'b0;
    was_offered_q  <= 1'b0;
    n_taken_q      <= '0;
    n_packed_q     <= '0;
    n_given_q      <= '0;
  end else begin
    was_offering_q <= valid[0] && !ready[0];
    was_giving_q   <= m_valid_o && !m_ready_i;
    was_offered_q  <= valid[NLayers] && !ready[NLayers];
    if (frame_start_o) n_taken_q <= '0;
    else if (valid[0] && ready[0]) n_taken_q <= n_taken_q + 32'd1;
    if (valid[NLayers] && ready[NLayers]) begin
      n_packed_q <= last[NLayers] ? '0 : n_packed_q + 32'd1;
    end
    if (m_valid_o && m_ready_i) n_given_q <= m_last_o ? '0 : n_given_q + 32'd1;
  end
end

always_ff @(posedge clk_i) begin
  was_place_q      <= place_q;
  was_address_q    <= place;
  was_user_q       <= user_q;
  was_word_q       <= m_data_o;
  was_given_last_q <= m_last_o;
  was_given_tag_q  <= {m_user_o, m_bank_o};
  was_bits_q       <= data[MaxBits*NLayers+:NLast];
  was_tag_q        <= tags[TagBits*NLayers+:TagBits];
end

always_comb begin
  if (past_q && NLast < Lanes) begin
    a_part : assert (32'(\u_packer.part_q ) == n_packed_q % NParts);
    a_full : assert (!m_valid_o || n_packed_q % NParts == '0);
    a_words : assert ((m_valid_o && m_last_o) || n_given_q + 32'(m_valid_o) == n_words);
    a_ended : assert (!(m_valid_o && m_last_o) || (n_packed_q == '0 && n_given_q == NWords - 1));
  end else if (past_q) begin
    a_parts : assert (32'(\u_packer.part_q ) < NParts &&
        n_given_q == n_words + 32'(\u_packer.part_q ));
  end
end

always_comb begin
  if (past_q) begin
    // Frames
    a_halves : assert ((\u_frames.write_half_q == \u_frames.read_half_q ) ==
        (\u_frames.full_q == 2'b00 || \u_frames.full_q == 2'b11));
    a_first : assert (\u_frames.full_q == 2'b00 || \u_frames.full_q [\u_frames.read_half_q ]);
    a_whole : assert (!frame_start_o || (frame_valid_o && !streaming_q));
    a_there : assert (!streaming_q || frame_valid_o);
    a_releases : assert (!\u_frames.release_i || (frame_valid_o && n_taken_q == NPlaces - 1));
    // Places: the word at hand is of the place that is offered.
    a_place : assert (!streaming_q || (32'(place_q) < NPlaces && n_taken_q == 32'(place_q)));
    a_address : assert (!streaming_q || was_address_q == place_q);
    a_offers : assert (!was_offering_q || (valid[0] && place_q == was_place_q &&
        user_q == was_user_q));
    a_begins : assert (frame_start_o == (frame_valid_o && frame_ready_i && !streaming_q));
    // Words
    a_packed : assert (n_packed_q < NLeft);
    a_given : assert (n_given_q < NWords);
    a_last : assert (!m_valid_o || m_last_o == (n_given_q == NWords - 1));
    a_stays : assert (!was_giving_q || (m_valid_o && m_data_o == was_word_q &&
        m_last_o == was_given_last_q && {m_user_o, m_bank_o} == was_given_tag_q));
    a_takes : assert (ready[NLayers] || NLast > Lanes || (m_valid_o && !m_ready_i));
    c_frame : cover (\u_frames.release_i && n_taken_q == NPlaces - 1);
    c_next : cover (frame_start_o && \u_frames.full_q == 2'b11);
    c_words : cover (m_valid_o && m_ready_i && m_last_o && was_giving_q);
  end
end
