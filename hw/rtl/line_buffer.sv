// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The 3 x 3 windows of an image, row by row, from its values in that order: two rows are kept, and
// what lies outside is Border.
//
// A step a cycle goes over rows 0..Height and columns 0..Width, one more than there are: the new
// column of the window is the value and the two above it, and the window's middle is one row up
// and one column back.

module line_buffer #(
    parameter int unsigned Height = 28,
    parameter int unsigned Width = 28,
    parameter int unsigned Bits = 8,
    parameter logic [Bits-1:0] Border = '1,
    parameter int unsigned TagBits = 1
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    // The tag is that of an image's first value
    input  logic               s_valid_i,
    output logic               s_ready_o,
    input  logic [   Bits-1:0] s_data_i,
    input  logic [TagBits-1:0] s_tag_i,
    // Top left is most significant; it stays until it is taken
    output logic               window_valid_o,
    input  logic               window_ready_i,
    output logic [ 9*Bits-1:0] window_o,
    output logic [TagBits-1:0] tag_o
);

  localparam int unsigned RowBits = $clog2(Height + 1);
  localparam int unsigned ColumnBits = $clog2(Width + 1);

  logic [2*Bits-1:0] lines[2**ColumnBits];
  logic [RowBits-1:0] row_q;
  logic [ColumnBits-1:0] column_q;
  logic [3*Bits-1:0] top_q, middle_q, bottom_q;
  logic [Bits-1:0] above, twice_above, value, one_up, two_up;
  logic valid_q, has_value, last_row, last_column, free, step;

  assign last_row = row_q == RowBits'(Height);
  assign last_column = column_q == ColumnBits'(Width);
  assign has_value = !last_row && !last_column;
  assign free = !valid_q || window_ready_i;
  assign step = free && (!has_value || s_valid_i);
  assign s_ready_o = free && has_value;
  assign window_valid_o = valid_q;
  assign window_o = {top_q, middle_q, bottom_q};

  assign {twice_above, above} = lines[column_q];
  assign value = has_value ? s_data_i : Border;
  assign one_up = last_column || row_q == '0 ? Border : above;
  assign two_up = last_column || row_q <= RowBits'(1) ? Border : twice_above;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      row_q    <= '0;
      column_q <= '0;
      valid_q  <= 1'b0;
    end else if (step) begin
      column_q <= last_column ? '0 : column_q + ColumnBits'(1);
      if (last_column) row_q <= last_row ? '0 : row_q + RowBits'(1);
      valid_q <= row_q != '0 && column_q != '0;
    end else if (window_ready_i) begin
      valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (step) begin
      lines[column_q] <= {above, value};
      top_q           <= {top_q[2*Bits-1:0], two_up};
      middle_q        <= {middle_q[2*Bits-1:0], one_up};
      bottom_q        <= {bottom_q[2*Bits-1:0], value};
      if (row_q == '0 && column_q == '0) tag_o <= s_tag_i;
    end
  end

`ifdef FORMAL
  `include "line_buffer_properties.svh"
`endif

endmodule
