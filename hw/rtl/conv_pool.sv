// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Collects the bits of a place channel by channel and, with Pool, of 2 x 2 places: a bit is
// whether any of them reached the threshold, then flipped. Odd rows and columns are dropped.

module conv_pool #(
    parameter int unsigned Height = 14,
    parameter int unsigned Width = 14,
    parameter int unsigned NOut = 64,
    parameter bit Pool = 1'b1,
    parameter int unsigned TagBits = 1
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    // A place begins; a place begins only when what was given before is taken
    input  logic               start_i,
    input  logic [TagBits-1:0] tag_i,
    input  logic               valid_i,
    input  logic               last_i,
    input  logic               reached_i,
    input  logic               flip_i,
    output logic               m_valid_o,
    input  logic               m_ready_i,
    output logic [   NOut-1:0] m_data_o,
    output logic               m_last_o,
    output logic [TagBits-1:0] m_tag_o
);

  localparam int unsigned Size = Pool ? 2 : 1;
  localparam int unsigned NTiles = Width / Size;
  localparam int unsigned TileBits = NTiles > 1 ? $clog2(NTiles) : 1;
  localparam int unsigned RowBits = Height > 1 ? $clog2(Height) : 1;
  localparam int unsigned ColumnBits = Width > 1 ? $clog2(Width) : 1;
  localparam logic [RowBits-1:0] LastRow = RowBits'(Height - 1);
  localparam logic [ColumnBits-1:0] LastColumn = ColumnBits'(Width - 1);

  logic [NOut-1:0] tiles[2**TileBits];
  logic [NOut-1:0] reached_q, reached;
  logic [NOut-2:0] bits_q;  // of all channels but the last
  logic [RowBits-1:0] row_q;
  logic [ColumnBits-1:0] column_q;
  logic [TileBits-1:0] tile;
  logic first_of_tile, last_of_tile, counts, place_done, any;

  assign tile = TileBits'(32'(column_q) / Size);
  assign first_of_tile = !Pool || (!row_q[0] && !column_q[0]);
  assign last_of_tile = !Pool || (row_q[0] && column_q[0]);
  assign counts = 32'(row_q) < Height / Size * Size && 32'(column_q) < NTiles * Size;
  assign any = reached_q[NOut-1] || reached_i;
  assign reached = {reached_q[NOut-2:0], any};
  assign place_done = valid_i && last_i;

  always_ff @(posedge clk_i) begin
    // A ring: after the last channel the first is at the top again.
    if (start_i) reached_q <= first_of_tile ? '0 : tiles[tile];
    else if (valid_i) reached_q <= reached;
    if (valid_i) bits_q <= (NOut - 1)'({bits_q, any ^ flip_i});
    if (place_done && counts) tiles[tile] <= reached;
    if (place_done) begin
      m_data_o <= {bits_q, any ^ flip_i};
      m_last_o <= row_q == RowBits'(Height / Size * Size - 1) &&
          column_q == ColumnBits'(NTiles * Size - 1);
      m_tag_o  <= tag_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      row_q     <= '0;
      column_q  <= '0;
      m_valid_o <= 1'b0;
    end else begin
      m_valid_o <= (place_done && counts && last_of_tile) || (m_valid_o && !m_ready_i);
      if (place_done) begin
        column_q <= column_q == LastColumn ? '0 : column_q + ColumnBits'(1);
        if (column_q == LastColumn) row_q <= row_q == LastRow ? '0 : row_q + RowBits'(1);
      end
    end
  end

`ifdef FORMAL
  `include "conv_pool_properties.svh"
`endif

endmodule
