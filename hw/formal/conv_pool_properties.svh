// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside conv_pool: an image gives Height / Size x Width / Size words, the last of them as the
// last; each is of its own places, channel by channel, and stays until it is taken. What every
// place of the image reached is kept here as a whole. A place has a start, when nothing waits to
// be taken, and then NOut channels, the last of them as the last (layer_sequencer.sv).

localparam int unsigned NPlaces = Height * Width;
localparam int unsigned NRows = Height / Size * Size;
localparam int unsigned NColumns = NTiles * Size;
localparam int unsigned NGiven = (Height / Size) * NTiles;

logic past_q, open_q, was_stalled_q, was_last_q, last_place;
logic [NPlaces*NOut-1:0] seen_q, seen;
logic [NOut-1:0] flips_q, flips, word, word_q, was_data_q, rest;
logic [TagBits-1:0] tag_q, was_tag_q;
logic [31:0] channel_q, place, n_given_q, n_given;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);
always_comb begin
  assume (!start_i || (!open_q && (!m_valid_o || m_ready_i)));
  assume (!valid_i || open_q);
  assume (last_i == (channel_q == NOut - 1));
end

assign place = Width * 32'(row_q) + 32'(column_q);
assign last_place = place == NPlaces - 1;

// What the places of a tile reached, but for those from `place` on
function automatic logic [NOut-1:0] reached_by(
    input logic [NPlaces*NOut-1:0] image, input logic [31:0] row, input logic [31:0] tile_at,
    input logic [31:0] end_place);
  reached_by = '0;
  for (int unsigned i = 0; i < NPlaces; i++) begin
    if (i / Width / Size == row / Size && i % Width / Size == tile_at && i < end_place) begin
      reached_by = reached_by | image[NOut*i+:NOut];
    end
  end
endfunction

// With the channel that comes now; the first is most significant
always_comb begin
  seen  = seen_q;
  flips = flips_q;
  for (int unsigned i = 0; i < NPlaces; i++) begin
    for (int unsigned j = 0; j < NOut; j++) begin
      if (valid_i && place == i && channel_q == j) seen[NOut*i+NOut-1-j] = reached_i;
    end
  end
  for (int unsigned j = 0; j < NOut; j++) begin
    if (valid_i && channel_q == j) flips[NOut-1-j] = flip_i;
  end
  word = reached_by(seen, 32'(row_q), 32'(column_q) / Size, place + 32'd1) ^ flips;
  rest = first_of_tile ? '0 : reached_by(seen_q, 32'(row_q), 32'(column_q) / Size, place);
end

// Words of an image before a place
always_comb begin
  n_given = NTiles * (32'(row_q) / Size);
  if (32'(row_q) % Size == Size - 1) begin
    n_given = n_given + (32'(column_q) < NColumns ? 32'(column_q) / Size : NTiles);
  end
  if (32'(row_q) >= NRows) n_given = NGiven;
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    open_q        <= 1'b0;
    channel_q     <= '0;
    n_given_q     <= '0;
    was_stalled_q <= 1'b0;
  end else begin
    if (start_i) {open_q, channel_q} <= {1'b1, 32'd0};
    else if (valid_i) {open_q, channel_q} <= {!last_i, last_i ? 32'd0 : channel_q + 32'd1};
    if (place_done) begin
      n_given_q <= last_place ? '0 : n_given_q + 32'(counts && last_of_tile);
    end
    was_stalled_q <= m_valid_o && !m_ready_i;
  end
end

always_ff @(posedge clk_i) begin
  seen_q     <= seen;
  flips_q    <= flips;
  was_data_q <= m_data_o;
  was_last_q <= m_last_o;
  was_tag_q  <= m_tag_o;
  if (place_done) {word_q, tag_q} <= {word, tag_i};
end

// What the kept row of tiles reached
for (genvar t = 0; t < NTiles; t++) begin : gen_tiles
  logic begun;
  assign begun = 32'(row_q) % Size != 0 || 32'(column_q) > Size * t;
  always_comb begin
    if (past_q && begun && 32'(row_q) < NRows) begin
      assert (tiles[t] == reached_by(seen_q, 32'(row_q), t, place));
    end
  end
end

// The ring: channels that came are at its end, the others begin it
for (genvar j = 0; j < NOut; j++) begin : gen_channels
  logic came;
  assign came = channel_q > j;
  always_comb begin
    if (past_q && open_q && counts) begin
      assert (came || reached_q[NOut-1-(j-channel_q)] == rest[NOut-1-j]);
      assert (!came || reached_q[channel_q-1-j] == (rest[NOut-1-j] | seen_q[NOut*place+NOut-1-j]));
      assert (!came || bits_q[channel_q-1-j] == (reached_q[channel_q-1-j] ^ flips_q[NOut-1-j]));
    end
  end
end

always_comb begin
  if (past_q) begin
    a_place : assert (32'(row_q) < Height && 32'(column_q) < Width);
    a_channel : assert (channel_q < NOut && (open_q || channel_q == '0));
    a_free : assert (!open_q || !m_valid_o);
    a_given : assert (n_given_q == n_given);
    a_offers : assert (!(place_done && counts && last_of_tile) || !m_valid_o);
    a_word : assert (!m_valid_o || (m_data_o == word_q && m_tag_o == tag_q));
    a_last : assert (!m_valid_o || m_last_o == ((n_given_q == NGiven) || (place == '0)));
    a_stays : assert (!was_stalled_q || (m_valid_o && m_data_o == was_data_q &&
        m_last_o == was_last_q && m_tag_o == was_tag_q));
    c_image : cover (m_valid_o && m_last_o && was_stalled_q);
  end
end
