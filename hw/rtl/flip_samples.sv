// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Frames kept whole, with their labels, in the order they came. A packet that is no frame, too
// short or too long, is not kept, nor is one that finds no room.
//
// Memory latency 1.

module flip_samples #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned NSamples = 64,
    parameter int unsigned NBeats = 7,
    localparam int unsigned SampleBits = $clog2(NSamples),
    localparam int unsigned BeatBits = NBeats > 1 ? $clog2(NBeats) : 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // Forget all; open_i: frames are kept that come from the first to the last beat while it holds
    input  logic                  clear_i,
    input  logic                  open_i,
    // A beat of a frame that shall be kept
    input  logic                  valid_i,
    input  logic [     Lanes-1:0] data_i,
    input  logic                  last_i,
    input  logic [           7:0] label_i,
    output logic [          15:0] n_samples_o,
    // With latency 2, as a block RAM answers late in a cycle
    input  logic [SampleBits-1:0] sample_at_i,
    input  logic [  BeatBits-1:0] beat_at_i,
    output logic [     Lanes-1:0] data_o,
    output logic [           7:0] label_o
);

  // Read only while it is closed
  (* no_rw_check *) logic [Lanes-1:0] samples[2**(SampleBits+BeatBits)];
  (* no_rw_check *) logic [7:0] labels[2**SampleBits];
  logic [Lanes-1:0] word;
  logic [7:0] label;
  logic [SampleBits:0] n_samples_q;
  logic [BeatBits-1:0] beat_q;
  logic dropped_q, last_beat, keep;

  assign n_samples_o = 16'(n_samples_q);
  assign last_beat = beat_q == BeatBits'(NBeats - 1);
  assign keep = valid_i && open_i && !clear_i && !n_samples_q[SampleBits] && !dropped_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      n_samples_q <= '0;
      beat_q      <= '0;
      dropped_q   <= 1'b0;
    end else begin
      if (valid_i) begin
        beat_q    <= last_i || last_beat ? '0 : beat_q + BeatBits'(1);
        dropped_q <= !last_i && (dropped_q || last_beat || !open_i || clear_i);
      end else if (clear_i) begin
        dropped_q <= dropped_q || beat_q != '0;
      end
      if (clear_i) n_samples_q <= '0;
      else if (keep && last_i && last_beat) n_samples_q <= n_samples_q + (SampleBits + 1)'(1);
    end
  end

  always_ff @(posedge clk_i) begin
    if (keep) samples[{n_samples_q[SampleBits-1:0], beat_q}] <= data_i;
    if (keep && last_i) labels[n_samples_q[SampleBits-1:0]] <= label_i;
    {word, label}     <= {samples[{sample_at_i, beat_at_i}], labels[sample_at_i]};
    {data_o, label_o} <= {word, label};
  end

endmodule
