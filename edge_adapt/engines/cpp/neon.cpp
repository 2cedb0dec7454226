// NEON kernels for layers on bits; the other layers are the scalar ones, which the compiler turns
// into NEON where it can. Tested bit for bit under an emulator; no speed is claimed.
//
//   weights  [8 outputs][word][8] u64: a vector register holds the words of two outputs
#include "floats.hpp"
#include "packing.hpp"

#if defined(__aarch64__)

#include <arm_neon.h>

namespace edge_adapt {
namespace neon {

#define EDGE_ADAPT_TARGET
#include "scalar_body.hpp"
#undef EDGE_ADAPT_TARGET

namespace {

constexpr i32 kWords = 31;  // before 8-bit counts must be widened: 31 * 8 < 256

// Counts of differing bits of one pixel at eight outputs, two a register.
struct Counts {
  int64x2_t of[4];
};

template <int P>
EDGE_ADAPT_INLINE void count_words(Counts* counts, const u64* const* x, const u64* weights, i32 n) {
  uint8x16_t bytes[P][4];
  for (int p = 0; p < P; ++p) {
    for (int j = 0; j < 4; ++j) bytes[p][j] = vdupq_n_u8(0);
  }
  for (i32 k = 0; k < n; ++k, weights += 8) {
    for (int p = 0; p < P; ++p) {
      const uint64x2_t a = vdupq_n_u64(x[p][k]);
      for (int j = 0; j < 4; ++j) {
        const uint64x2_t different = veorq_u64(a, vld1q_u64(weights + 2 * j));
        bytes[p][j] = vaddq_u8(bytes[p][j], vcntq_u8(vreinterpretq_u8_u64(different)));
      }
    }
  }
  for (int p = 0; p < P; ++p) {
    for (int j = 0; j < 4; ++j) {
      const uint64x2_t wide = vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(bytes[p][j])));
      counts[p].of[j] = vaddq_s64(counts[p].of[j], vreinterpretq_s64_u64(wide));
    }
  }
}

template <int P>
EDGE_ADAPT_INLINE void count_block(Counts* counts, const Layer& layer, const Places& places,
                                   const u64* staged, const i32* offsets, const u64* weights) {
  for (int p = 0; p < P; ++p) {
    for (int j = 0; j < 4; ++j) counts[p].of[j] = vdupq_n_s64(0);
  }
  const i32 run = layer.matrix.run_words();
  for (i32 row = 0; row < layer.matrix.n_rows; ++row) {
    for (i32 done = 0; done < run; done += kWords) {
      const i32 n = run - done < kWords ? run - done : kWords;
      const u64* x[P];
      for (int p = 0; p < P; ++p) x[p] = staged + offsets[p] + row * places.row_stride + done;
      count_words<P>(counts, x, weights, n);
      weights += 8 * n;
    }
  }
}

// Eight bits: count <= limit.
EDGE_ADAPT_INLINE u64 compare(const Counts& counts, const i64* limits) {
  uint64x2_t bits = vdupq_n_u64(0);
  for (int j = 0; j < 4; ++j) {
    const u64 places[2] = {u64{1} << (2 * j), u64{2} << (2 * j)};
    const uint64x2_t within = vcleq_s64(counts.of[j], vld1q_s64(limits + 2 * j));
    bits = vorrq_u64(bits, vandq_u64(within, vld1q_u64(places)));
  }
  return vgetq_lane_u64(bits, 0) | vgetq_lane_u64(bits, 1);
}

EDGE_ADAPT_INLINE void store_sums(const Counts& counts, i32 n_inputs, i32* out, i32 n) {
  i64 all[8];
  for (int j = 0; j < 4; ++j) vst1q_s64(all + 2 * j, counts.of[j]);
  for (i32 i = 0; i < n && i < 8; ++i) out[i] = n_inputs - 2 * static_cast<i32>(all[i]);
}

template <int P>
void run(const Layer& layer, const Places& places, const u64* staged, const Output& output) {
  const Matrix& m = layer.matrix;
  const u64* weights = reinterpret_cast<const u64*>(layer.weights);
  const i64* limits = reinterpret_cast<const i64*>(layer.limits);
  constexpr int kPixels = P == 1 ? 1 : 2;  // at once
  for (i32 o = 0; o < m.out_words(); ++o) {
    for (i32 block = 0; block < places.n_blocks; ++block) {
      u64 masks[P] = {};
      const i32 n = P == 1 ? 1 : n_in_block(places, block);
      for (i32 group = 0; group < 8; ++group) {
        const i32 first = 64 * o + 8 * group;
        for (i32 p = 0; p < P; p += kPixels) {
          Counts counts[kPixels];
          count_block<kPixels>(counts, layer, places, staged,
                               places.offsets.data() + 4 * block + p,
                               weights + static_cast<size_t>(first) * m.n_words());
          for (i32 i = 0; i < kPixels; ++i) {
            if (output.emit != Emit::sums) {
              masks[p + i] |= compare(counts[i], limits + first) << (8 * group);
            } else if (p + i < n) {
              i32* out = output.sums + static_cast<size_t>(4 * block + p + i) * m.n_out + first;
              store_sums(counts[i], m.n_inputs(), out, m.n_out - first);
            }
          }
        }
      }
      if (output.emit != Emit::sums) {
        emit_words<P>(output, masks, layer.flips[o], block, m.out_words(), o);
      }
    }
  }
}

size_t grouped_bytes(const Matrix& m) {
  return sizeof(u64) * 64 * static_cast<size_t>(m.out_words()) * m.n_words();
}

void pack_grouped(const i8* weights, const Matrix& m, u8* packed) {
  u64* words = reinterpret_cast<u64*>(packed);
  for_each_word(weights, m, [&](i32 o, i32 index, u64 word) {
    words[(static_cast<size_t>(o / 8) * m.n_words() + index) * 8 + o % 8] = word;
  });
}

void pack_counts(const i32* counts, i32 out_words, u8* packed) {
  i64* to = reinterpret_cast<i64*>(packed);
  for (i32 i = 0; i < 64 * out_words; ++i) to[i] = counts[i];
}

void grouped_bits(const Layer& layer, const Places& places, const u8* staged,
                  const Output& output) {
  const u64* words = reinterpret_cast<const u64*>(staged);
  if (places.n_pixels == 1) {
    run<1>(layer, places, words, output);
  } else {
    run<4>(layer, places, words, output);
  }
}

Kernels table() {
  Kernels neon = kernels;
  neon.name = "neon";
  neon.bits_bytes = grouped_bytes;
  neon.pack_bits = pack_grouped;
  neon.limit_bytes = sizeof(i64);
  neon.pack_counts = pack_counts;
  neon.bits = grouped_bits;
  return neon;
}

}  // namespace
}  // namespace neon

const Kernels& neon_kernels() {
  static const Kernels table = neon::table();
  return table;
}

}  // namespace edge_adapt

#endif
