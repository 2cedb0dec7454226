// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Two frames of input words: one is filled by the stream while the engine reads the other.
//
// A packet that does not end with the last word of a frame is dropped and told by refused_o.

module frame_buffer #(
    parameter int unsigned Lanes  = 128,
    parameter int unsigned NBeats = 7,
    localparam int unsigned AddrBits = NBeats > 1 ? $clog2(NBeats) : 1
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                s_valid_i,
    output logic                s_ready_o,
    input  logic [   Lanes-1:0] s_data_i,
    input  logic                s_last_i,
    input  bnn_pkg::user_t      s_user_i,
    output logic                refused_o,
    // The oldest frame; release_i gives its half back
    output logic                frame_valid_o,
    output bnn_pkg::user_t      frame_user_o,
    input  logic                release_i,
    // Latency 1
    input  logic [AddrBits-1:0] addr_i,
    output logic [   Lanes-1:0] rdata_o
);

  logic [Lanes-1:0] memory[2**(AddrBits+1)];
  logic [AddrBits-1:0] beat_q;
  logic write_half_q, read_half_q, drain_q;
  logic [1:0] full_q;
  bnn_pkg::user_t user0_q, user1_q;
  logic take, last_beat;

  assign s_ready_o = !full_q[write_half_q];
  assign take = s_valid_i && s_ready_o;
  assign last_beat = beat_q == AddrBits'(NBeats - 1);
  assign refused_o = take && s_last_i && (drain_q || !last_beat);
  assign frame_valid_o = full_q[read_half_q];
  assign frame_user_o = read_half_q ? user1_q : user0_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      beat_q       <= '0;
      write_half_q <= 1'b0;
      read_half_q  <= 1'b0;
      full_q       <= 2'b00;
      user0_q      <= '0;
      user1_q      <= '0;
      drain_q      <= 1'b0;
    end else begin
      if (release_i) begin
        full_q[read_half_q] <= 1'b0;
        read_half_q         <= !read_half_q;
      end
      if (take) begin
        beat_q  <= (s_last_i || last_beat || drain_q) ? '0 : beat_q + AddrBits'(1);
        drain_q <= !s_last_i && (drain_q || last_beat);
        if (s_last_i && last_beat && !drain_q) begin
          full_q[write_half_q] <= 1'b1;
          if (write_half_q) user1_q <= s_user_i;
          else user0_q <= s_user_i;
          write_half_q <= !write_half_q;
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (take && !drain_q) memory[{write_half_q, beat_q}] <= s_data_i;
    rdata_o <= memory[{read_half_q, addr_i}];
  end

`ifdef FORMAL
  `include "frame_buffer_properties.svh"
`endif

endmodule
