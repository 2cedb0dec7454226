// Copyright the edge_adapt authors.
// SPDX-License-Identifier: Apache-2.0
//
// Stops the elaboration where a parameter of the accelerator is not legal, and says which.

module geometry_check #(
    parameter int unsigned Lanes = 128,
    parameter int unsigned ValueBits = 1,
    parameter int unsigned PixelPlanes = 1,
    parameter int unsigned FirstWeightBits = 1,
    parameter int unsigned NLayers = 2,
    parameter int unsigned NClasses = 10,
    parameter int unsigned StatBits = 0,
    parameter int unsigned SgdSamples = 0,
    parameter int unsigned FlipSamples = 0,
    parameter int unsigned NConvolutions = 0,
    parameter int unsigned NNeurons = 512,
    parameter int unsigned WeightDepth = 2304
);

  if (Lanes < 32 || 2 ** $clog2(Lanes) != Lanes) begin : gen_illegal_lanes
    $error("Lanes must be a power of two and at least 32, got %0d", Lanes);
  end
  if (PixelPlanes != 1 && PixelPlanes != 8) begin : gen_illegal_planes
    $error("PixelPlanes must be 1 (bits) or 8 (8-bit pixels), got %0d", PixelPlanes);
  end
  if (FirstWeightBits != 1 && !(FirstWeightBits == 8 && PixelPlanes == 8)) begin : gen_illegal_bits
    $error("FirstWeightBits must be 1, or 8 on pixels, got %0d", FirstWeightBits);
  end
  if (NClasses < 2 || NClasses > 256) begin : gen_illegal_classes
    $error("NClasses must be 2..256, got %0d", NClasses);
  end
  if (StatBits > 12) begin : gen_illegal_window
    $error("StatBits must be 0..12, got %0d", StatBits);
  end
  if (NNeurons > 32767 || WeightDepth > 32767) begin : gen_illegal_size
    $error("at most 32767 neurons and weight words a bank, got %0d and %0d", NNeurons, WeightDepth);
  end
  if (ValueBits != 1 && !(ValueBits == 8 && PixelPlanes == 1 && FirstWeightBits == 1 &&
                          StatBits == 0)) begin : gen_illegal_values
    $error("ValueBits must be 1, or 8 without planes and statistics, got %0d", ValueBits);
  end
  if (SgdSamples != 0 && ValueBits != 8) begin : gen_illegal_descent
    $error("SgdSamples must be 0 where neurons give bits, got %0d", SgdSamples);
  end
  if (FlipSamples != 0 && ValueBits != 1) begin : gen_illegal_flips
    $error("FlipSamples must be 0 where neurons give levels, got %0d", FlipSamples);
  end
  if (FlipSamples == 1 || SgdSamples == 1) begin : gen_illegal_samples
    $error("FlipSamples and SgdSamples must be 0 or at least 2");
  end
  if (NConvolutions != 0 &&
      (ValueBits != 1 || PixelPlanes != 1 || FlipSamples != 0)) begin : gen_illegal_convolutions
    $error("NConvolutions must be 0 with levels, bit planes or flips, got %0d", NConvolutions);
  end
  if (NLayers >= geometry_pkg::MaxWidths) begin : gen_illegal_layers
    $error("NLayers must be below %0d, got %0d", geometry_pkg::MaxWidths, NLayers);
  end

endmodule
