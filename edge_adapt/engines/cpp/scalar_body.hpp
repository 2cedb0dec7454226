// The oracle in C++: any CPU, no vectors. Included once per instruction set by scalar.cpp, inside
// a namespace, with EDGE_ADAPT_TARGET naming what the compiler may use.

inline bool always() { return true; }

size_t bits_bytes(const Matrix& m) { return sizeof(u64) * m.n_out * m.n_words(); }

void pack_bits(const i8* weights, const Matrix& m, u8* packed) {
  u64* words = reinterpret_cast<u64*>(packed);
  for_each_word(weights, m, [&](i32 o, i32 index, u64 word) { words[o * m.n_words() + index] = word; });
}

void pack_i32(const i32* values, i32 out_words, u8* packed) {
  std::memcpy(packed, values, sizeof(i32) * 64 * out_words);
}

void stage(const u64* words, i32 n_pixels, i32 n_channels, u8* staged) {
  std::memcpy(staged, words, sizeof(u64) * n_pixels * ceil_div(n_channels, 64));
}

// Sums of one output at the four pixels of a block are given to `emit_sums` or compared.
template <class Sum, class Compare>
EDGE_ADAPT_TARGET void run_blocks(const Layer& layer, const Places& places, const Output& output,
                                  Sum sum, Compare compare) {
  const Matrix& m = layer.matrix;
  for (i32 block = 0; block < places.n_blocks; ++block) {
    const i32* offsets = places.offsets.data() + 4 * block;
    const i32 n = pools(output.emit) ? 4 : n_in_block(places, block);
    for (i32 word = 0; word < m.out_words(); ++word) {
      u64 masks[4] = {};
      const i32 n_channels = m.n_out - 64 * word < 64 ? m.n_out - 64 * word : 64;
      for (i32 p = 0; p < n; ++p) {
        for (i32 channel = 0; channel < n_channels; ++channel) {
          const i32 o = 64 * word + channel;
          const i32 value = sum(o, offsets[p]);
          if (output.emit == Emit::sums) {
            output.sums[static_cast<size_t>(4 * block + p) * m.n_out + o] = value;
          } else {
            masks[p] |= static_cast<u64>(compare(o, value)) << channel;
          }
        }
      }
      if (output.emit == Emit::sums) continue;
      if (places.n_pixels == 1) {
        emit_words<1>(output, masks, layer.flips[word], block, m.out_words(), word);
      } else {
        emit_words<4>(output, masks, layer.flips[word], block, m.out_words(), word);
      }
    }
  }
}

EDGE_ADAPT_TARGET i32 n_different(const u64* a, const u64* b, i32 n_words) {
  i32 count = 0;
  for (i32 k = 0; k < n_words; ++k) count += __builtin_popcountll(a[k] ^ b[k]);
  return count;
}

void bits(const Layer& layer, const Places& places, const u8* staged, const Output& output) {
  const Matrix& m = layer.matrix;
  const u64* weights = reinterpret_cast<const u64*>(layer.weights);
  const u64* words = reinterpret_cast<const u64*>(staged);
  const i32* counts = reinterpret_cast<const i32*>(layer.limits);
  const bool as_sums = output.emit == Emit::sums;
  auto sum = [&](i32 o, i32 offset) {
    i32 count = 0;
    for (i32 row = 0; row < m.n_rows; ++row) {
      count += n_different(words + offset + row * places.row_stride,
                           weights + o * m.n_words() + row * m.run_words(), m.run_words());
    }
    return as_sums ? m.n_inputs() - 2 * count : count;
  };
  run_blocks(layer, places, output, sum, [&](i32 o, i32 count) { return count <= counts[o]; });
}

size_t plain_bytes(const Matrix& m) { return static_cast<size_t>(m.n_out) * m.n_inputs(); }

void pack_plain(const i8* weights, const Matrix& m, u8* packed) {
  std::memcpy(packed, weights, plain_bytes(m));
}

void stage_pixels(const u8* pixels, i32 n, i32 zero_point, i16* staged) {
  for (i32 i = 0; i < n; ++i) staged[i] = static_cast<i16>(pixels[i] - zero_point);
}

void pixels(const Layer& layer, const Places& places, const i16* staged, const Output& output) {
  const Matrix& m = layer.matrix;
  const i8* weights = reinterpret_cast<const i8*>(layer.weights);
  const i32* limits = reinterpret_cast<const i32*>(layer.limits);
  auto sum = [&](i32 o, i32 offset) {
    i32 total = 0;
    const i8* w = weights + static_cast<size_t>(o) * m.n_inputs();
    for (i32 row = 0; row < m.n_rows; ++row) {
      const i16* x = staged + offset + row * places.row_stride;
      for (i32 k = 0; k < m.run_pixels(); ++k) total += *w++ * x[k];
    }
    return total;
  };
  run_blocks(layer, places, output, sum, [&](i32 o, i32 value) { return value >= limits[o]; });
}

void dense_pixels(const Layer& layer, const u8* pixels, u8*, const Output& output) {
  const Matrix& m = layer.matrix;
  const i8* weights = reinterpret_cast<const i8*>(layer.weights);
  const i32* limits = reinterpret_cast<const i32*>(layer.limits);
  static const Places one{{0, 0, 0, 0}, 1, 1, 0};
  auto sum = [&](i32 o, i32) {
    const i8* w = weights + static_cast<size_t>(o) * m.n_inputs();
    i32 total = output.emit == Emit::sums ? -layer.zero_point * layer.row_sums[o] : 0;
    for (i32 k = 0; k < m.n_inputs(); ++k) total += w[k] * pixels[k];
    return total;
  };
  run_blocks(layer, one, output, sum, [&](i32 o, i32 value) { return value >= limits[o]; });
}

size_t head_bytes(const Matrix& m) { return static_cast<size_t>(m.n_out) * m.n_words() * 64; }

// (n_out, 64 * n_words) int8, 0 behind the last channel of a pixel.
void pack_head(const i8* weights, const Matrix& m, u8* packed) {
  for (i32 place = 0; place < m.n_out * m.n_rows * m.n_columns; ++place) {
    std::memcpy(packed + static_cast<size_t>(place) * 64 * m.channel_words(),
                weights + static_cast<size_t>(place) * m.n_channels, m.n_channels);
  }
}

void head(const Matrix& m, const u8* packed, const i32* bias, const u64* words, u8*, i32* logits) {
  const i8* weights = reinterpret_cast<const i8*>(packed);
  for (i32 o = 0; o < m.n_out; ++o) {
    u32 total = 0;
    for (i32 k = 0; k < m.n_words(); ++k, weights += 64) {
      for (u64 word = words[k]; word; word &= word - 1) total += weights[__builtin_ctzll(word)];
    }
    logits[o] = static_cast<i32>(2 * total + static_cast<u32>(bias[o]));
  }
}

void threshold(const i32* sums, i32 n_pixels, i32 n_channels, const i32* limits, const u64* flips,
               u64* words) {
  for (i32 pixel = 0; pixel < n_pixels; ++pixel) {
    for (i32 first = 0; first < n_channels; first += 64) {
      const i32 n = n_channels - first < 64 ? n_channels - first : 64;
      u64 word = 0;
      for (i32 i = 0; i < n; ++i) word |= static_cast<u64>(sums[i] >= limits[first + i]) << i;
      *words++ = word ^ flips[first / 64];
      sums += n;
    }
  }
}

void signs(const u64* words, i32 n_pixels, i32 n_channels, i8* signs) {
  for (i32 pixel = 0; pixel < n_pixels; ++pixel) {
    for (i32 first = 0; first < n_channels; first += 64, ++words) {
      const i32 n = n_channels - first < 64 ? n_channels - first : 64;
      for (i32 i = 0; i < n; ++i) *signs++ = static_cast<i8>(2 * (*words >> i & 1) - 1);
    }
  }
}

void score_heads(const Population& p) {
  std::vector<i64> logits(p.n_classes);
  for (i64 h = 0; h < p.n_heads; ++h) {
    const i8* weights = p.heads + h * p.n_classes * p.n_inputs;
    Score score;
    for (i64 n = 0; n < p.n_samples; ++n) {
      for (i64 c = 0; c < p.n_classes; ++c) {
        i64 total = p.biases[h * p.n_classes + c];
        for (i64 k = 0; k < p.n_inputs; ++k) {
          total += weights[c * p.n_inputs + k] * p.features[n * p.n_inputs + k];
        }
        logits[c] = total;
      }
      score.add(logits.data(), p.n_classes, p.labels[n]);
    }
    p.n_correct[h] = score.n_correct;
    p.margins[h] = score.margin;
  }
}

const Kernels kernels = {
    "scalar",    always,      64,           sizeof(u64),  bits_bytes,   pack_bits,    sizeof(i32),  pack_i32,
    stage,       bits,        plain_bytes,  pack_plain,   pack_i32,     stage_pixels, pixels,
    plain_bytes, pack_plain,  dense_pixels, head_bytes,   pack_head,    head,         threshold,
    signs,       score_heads, plain_floats,
};
