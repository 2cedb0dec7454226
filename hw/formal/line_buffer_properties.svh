// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Inside line_buffer: every window of an image is given once, in order, with the image's own values
// and tag, and stays until it is taken. An image is (Height + 1) (Width + 1) steps; a step waits
// for nothing but a value that it needs, or a window that is not taken. The image is kept here as
// a whole; places count from one, so that what is outside is 0 or one beyond.

localparam int unsigned NPlaces = Height * Width;
localparam int unsigned NSteps = (Height + 1) * (Width + 1);

logic past_q, was_stepping_q, was_stalled_q;
logic [NPlaces*Bits-1:0] image_q;
logic [TagBits-1:0] image_tag_q, was_tag_q;
logic [31:0] n_taken_q, n_given_q, n_taken, n_given, at, was_at_q, stepped_row, stepped_column;
logic [9*Bits-1:0] was_window_q;

initial past_q = 1'b0;
always_ff @(posedge clk_i) past_q <= 1'b1;
always_comb assume (rst_ni == past_q);

function automatic logic [Bits-1:0] value_at(
    input logic [NPlaces*Bits-1:0] image, input logic [31:0] row, input logic [31:0] column);
  value_at = Border;
  for (int unsigned i = 0; i < NPlaces; i++) begin
    if (row == i / Width + 1 && column == i % Width + 1) value_at = image[Bits*i+:Bits];
  end
endfunction

assign at = (Width + 1) * 32'(row_q) + 32'(column_q);
// The place of the last step
assign stepped_row = column_q != '0 ? 32'(row_q) : row_q != '0 ? 32'(row_q) - 32'd1 : Height;
assign stepped_column = column_q != '0 ? 32'(column_q) : Width + 1;

// What an image has taken, and given, at a place
always_comb begin
  n_taken = Width * 32'(row_q) + (last_column ? Width : 32'(column_q));
  if (last_row) n_taken = NPlaces;
  n_given = '0;
  if (row_q != '0) n_given = Width * (32'(row_q) - 32'd1);
  if (row_q != '0 && column_q != '0) n_given = n_given + 32'(column_q) - 32'd1;
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    was_stepping_q <= 1'b0;
    was_at_q       <= '0;
    was_stalled_q  <= 1'b0;
    n_taken_q      <= '0;
    n_given_q      <= '0;
  end else begin
    was_stepping_q <= step;
    was_at_q       <= at;
    was_stalled_q  <= window_valid_o && !window_ready_i;
    if (s_valid_i && s_ready_o) n_taken_q <= n_taken_q + 32'd1;
    if (window_valid_o && window_ready_i) n_given_q <= n_given_q + 32'd1;
    if (step && at == '0) begin
      n_taken_q <= 32'd1;
      n_given_q <= '0;
    end
  end
end

always_ff @(posedge clk_i) begin
  was_window_q <= window_o;
  was_tag_q    <= tag_o;
  if (s_valid_i && s_ready_o && at == '0) image_tag_q <= s_tag_i;
end

for (genvar i = 0; i < NPlaces; i++) begin : gen_image
  always_ff @(posedge clk_i) begin
    if (s_valid_i && s_ready_o && 32'(row_q) == i / Width && 32'(column_q) == i % Width) begin
      image_q[Bits*i+:Bits] <= s_data_i;
    end
  end
end

// What the kept rows hold
for (genvar c = 0; c <= Width; c++) begin : gen_lines
  logic [31:0] newest;
  assign newest = 32'(row_q) + (c < 32'(column_q) ? 32'd1 : 32'd0);
  always_comb begin
    if (past_q) begin
      assert (newest == '0 || lines[c][Bits-1:0] == value_at(image_q, newest, c + 1));
      assert (newest <= 32'd1 || lines[c][2*Bits-1:Bits] == value_at(image_q, newest - 1, c + 1));
    end
  end
end

// What the window holds: columns k steps back
for (genvar k = 0; k < 3; k++) begin : gen_columns
  logic known;
  logic [31:0] column;
  assign column = stepped_column - k;
  assign known  = (at != '0 || valid_q) &&
      (stepped_column > k || (stepped_column == k && stepped_row != '0));
  always_comb begin
    if (past_q && known) begin
      assert (top_q[Bits*k+:Bits] == value_at(image_q, stepped_row - 1, column));
      assert (middle_q[Bits*k+:Bits] == value_at(image_q, stepped_row, column));
      assert (bottom_q[Bits*k+:Bits] == value_at(image_q, stepped_row + 1, column));
    end
  end
end

always_comb begin
  if (past_q) begin
    a_place : assert (32'(row_q) <= Height && 32'(column_q) <= Width);
    a_valid : assert (!valid_q || (stepped_row != '0 && stepped_column > 32'd1));
    a_tag : assert (!valid_q || tag_o == image_tag_q);
    a_tag_kept : assert (at == '0 || tag_o == image_tag_q);
    a_taken : assert (at == '0 || n_taken_q == n_taken);
    a_given : assert (at == '0 || n_given_q + 32'(valid_q) == n_given);
    a_complete :
    assert (at != '0 || (n_taken_q == NPlaces && n_given_q + 32'(valid_q) == NPlaces) ||
            (n_taken_q == '0 && n_given_q == '0 && !valid_q));
    a_stays :
    assert (!was_stalled_q || (window_valid_o && window_o == was_window_q && tag_o == was_tag_q));
    a_waits :
    assert (step || (window_valid_o && !window_ready_i) || (has_value && !s_valid_i));
    a_moves : assert (at == (was_stepping_q ? (was_at_q + 32'd1) % NSteps : was_at_q));
    c_image : cover (n_given_q == NPlaces);
    c_next : cover (n_given_q == 32'd1 && image_tag_q == '1 && was_stalled_q);
  end
end
