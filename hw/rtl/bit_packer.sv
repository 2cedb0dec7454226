// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Packs beats of NBits into words of Lanes, or parts them: the first bit is most significant, and
// the last word is padded with zeros. One must divide the other.

module bit_packer #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned NBits = 64,
    parameter int unsigned TagBits = 1
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    input  logic               s_valid_i,
    output logic               s_ready_o,
    input  logic [  NBits-1:0] s_data_i,
    input  logic               s_last_i,
    input  logic [TagBits-1:0] s_tag_i,
    output logic               m_valid_o,
    input  logic               m_ready_i,
    output logic [  Lanes-1:0] m_data_o,
    output logic               m_last_o,
    output logic [TagBits-1:0] m_tag_o
);

  localparam int unsigned NParts = NBits < Lanes ? Lanes / NBits : NBits / Lanes;
  localparam int unsigned PartBits = NParts > 1 ? $clog2(NParts) : 1;

  logic [PartBits-1:0] part_q;
  logic last_part, take, give;

  if (Lanes % NBits != 0 && NBits % Lanes != 0) begin : gen_illegal
    $error("channels must divide the lanes, or the other way round, got %0d and %0d", NBits, Lanes);
  end

  assign last_part = part_q == PartBits'(NParts - 1);
  assign take = s_valid_i && s_ready_o;
  assign give = m_valid_o && m_ready_i;

  if (NBits < Lanes) begin : gen_pack
    logic [Lanes-1:0] word;

    assign s_ready_o = !m_valid_o || m_ready_i;

    always_comb begin
      word = part_q == '0 ? '0 : m_data_o;
      word[NBits*(NParts-1-32'(part_q))+:NBits] = s_data_i;
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        part_q    <= '0;
        m_valid_o <= 1'b0;
      end else begin
        m_valid_o <= (take && (last_part || s_last_i)) || (m_valid_o && !m_ready_i);
        if (take) part_q <= last_part || s_last_i ? '0 : part_q + PartBits'(1);
      end
    end

    always_ff @(posedge clk_i) begin
      if (take) {m_data_o, m_last_o, m_tag_o} <= {word, s_last_i, s_tag_i};
    end
  end else begin : gen_part
    assign m_valid_o = s_valid_i;
    assign s_ready_o = m_ready_i && last_part;
    assign m_data_o = s_data_i[Lanes*(NParts-1-32'(part_q))+:Lanes];
    assign m_last_o = s_last_i && last_part;
    assign m_tag_o = s_tag_i;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) part_q <= '0;
      else if (give) part_q <= last_part ? '0 : part_q + PartBits'(1);
    end
  end

  logic unused_handshakes;
  assign unused_handshakes = ^{take, give, clk_i};

endmodule
