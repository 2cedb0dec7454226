// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// The bits of all hidden layers of one frame, for whoever asked for them: NWords words of P lanes,
// layer by layer. They are sent when the frame is done, and no frame begins before they are gone.

module bits_port #(
    parameter int unsigned Lanes  = 128,
    parameter int unsigned NWords = 4,
    localparam int unsigned AddrBits = NWords > 1 ? $clog2(NWords) : 1
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             frame_begin_i,
    input  logic             frame_done_i,
    input  logic             wanted_i,
    input  logic             word_valid_i,
    input  logic [Lanes-1:0] word_i,
    output logic             busy_o,
    output logic             m_valid_o,
    input  logic             m_ready_i,
    output logic [Lanes-1:0] m_data_o,
    output logic             m_last_o
);

  logic [Lanes-1:0] memory[2**AddrBits];
  logic [AddrBits-1:0] write_q, read_q;
  logic sending_q;

  assign busy_o = sending_q;
  assign m_valid_o = sending_q;
  assign m_data_o = memory[read_q];
  assign m_last_o = read_q == AddrBits'(NWords - 1);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_q   <= '0;
      read_q    <= '0;
      sending_q <= 1'b0;
    end else begin
      if (frame_begin_i) write_q <= '0;
      else if (word_valid_i) write_q <= write_q + AddrBits'(1);
      if (frame_done_i && wanted_i) sending_q <= 1'b1;
      if (m_valid_o && m_ready_i) begin
        read_q <= m_last_o ? '0 : read_q + AddrBits'(1);
        if (m_last_o) sending_q <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (word_valid_i) memory[write_q] <= word_i;
  end

endmodule
