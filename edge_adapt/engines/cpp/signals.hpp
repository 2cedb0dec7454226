// The features of a frame: the twin of edge_adapt/signals. Counts are whole numbers, as there.
#pragma once

#include <vector>

#include "types.hpp"

namespace edge_adapt {

constexpr i32 kImageFeatures = 32, kOutputFeatures = 4;

struct Image {
  const u8* pixels;  // (height, width, channels)
  i32 height, width, channels;
};

// Sums of the channels of one layer over its places, and +-1 signs (n_sums, n_channels).
struct SignedSums {
  const i32* sums;
  const i8* signs;
  i32 n_channels, n_sums;
  double scale;  // 1 / (places * sqrt(channels))
};

// grey: room for (height, width).
void image_features(const Image& image, std::vector<i16>& grey, float* out);
void output_features(const float* logits, i32 n, float* out);
void signed_sums(const SignedSums& layer, float* out);

// Each channel's sum of bits +-1, from words (n_pixels, ceil(n_channels / 64)).
void channel_sums(const u64* words, i32 n_pixels, i32 n_channels, i32* sums);

}  // namespace edge_adapt
