// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Binary neurons: sums of P XNOR-popcount lanes against integer thresholds,
// bit = (sum >= threshold) xor flip. Operands and their step in cycle 0, the threshold in cycle 5,
// the bit, the sum and whether it reached the threshold in cycle 6.

module bnn_engine #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned PixelPlanes = 1,
    parameter int unsigned FirstWeightBits = 1,
    parameter int unsigned NLayers = 2,
    parameter logic [16*(NLayers+1)-1:0] Widths = {16'd256, 16'd256, 16'd784},
    parameter int unsigned AccBits = 24,
    localparam int unsigned LayerBits = NLayers > 1 ? $clog2(NLayers) : 1
) (
    input  logic                               clk_i,
    input  bnn_pkg::step_t                     step_i,
    input  logic           [    LayerBits-1:0] layer_i,
    input  logic           [        Lanes-1:0] weights_i,
    input  logic           [        Lanes-1:0] activations_i,
    // {flip, 31 bits signed}
    input  logic           [             31:0] threshold_i,
    output logic                               bit_o,
    output logic                               reached_o,
    output logic signed    [      AccBits-1:0] sum_o
);

  // What an accumulator of layer l begins with: n; 127 n on pixels; and for int8 weights, whose
  // accumulator holds twice the sum, (127 - 128 - 1) 127 n (xnor_array.sv).
  function automatic logic [AccBits*NLayers-1:0] starts();
    for (int l = 0; l < NLayers; l++) begin
      starts[AccBits*l+:AccBits] =
          AccBits'(signed'(32'(Widths[16*l+:16])) * ((l > 0 || PixelPlanes == 1) ? 1 :
                                                     FirstWeightBits > 1 ? -254 : 127));
    end
  endfunction

  localparam logic [AccBits*NLayers-1:0] Starts = starts();

  logic signed [AccBits-1:0] sum, decided_sum;
  logic reached, unused_inputs;
  logic [4:0] pixels_q;

  // Fields of the step, and bits of the threshold where the accumulator has fewer
  assign unused_inputs = ^{step_i, threshold_i};

  xnor_array #(
      .Lanes  (Lanes),
      .AccBits(AccBits)
  ) u_array (
      .clk_i,
      .weights_i,
      .activations_i,
      .valid_i      (step_i.valid),
      .first_i      (step_i.first),
      .add_i        (step_i.add),
      .shift_i      (step_i.shift),
      .start_i      (step_i.pixels ? Starts[AccBits-1:0] : Starts[AccBits*layer_i+:AccBits]),
      .sum_o        (sum)
  );

  assign decided_sum = (FirstWeightBits > 1 && pixels_q[4]) ? sum >>> 1 : sum;
  assign reached = decided_sum >= AccBits'(signed'(threshold_i[30:0]));

  always_ff @(posedge clk_i) begin
    pixels_q  <= {pixels_q[3:0], step_i.pixels};
    bit_o     <= reached ^ threshold_i[31];
    reached_o <= reached;
    sum_o     <= decided_sum;
  end

endmodule
