#include "packed.hpp"

#include "borders.hpp"
#include "floats.hpp"

namespace edge_adapt {

namespace {

size_t plain_bytes(const Matrix& m) { return static_cast<size_t>(m.n_out) * m.n_inputs(); }

void pack_plain(const i8* weights, const Matrix& m, u8* packed) {
  std::memcpy(packed, weights, plain_bytes(m));
}

}  // namespace

Packed::Packed(const Kernels& k, Layout l, const Matrix& m, const i8* weights)
    : kernels(k), layout(l), matrix(m) {
  struct {
    size_t (*n_bytes)(const Matrix&);
    void (*pack)(const i8*, const Matrix&, u8*);
  } const ways[] = {{k.bits_bytes, k.pack_bits},   {k.pixels_bytes, k.pack_pixels},
                    {k.dense_bytes, k.pack_dense}, {k.head_bytes, k.pack_head},
                    {plain_bytes, pack_plain},     {k.bits_bytes, k.pack_bits}};
  const auto& way = ways[static_cast<i32>(layout)];
  data = Buffer(way.n_bytes(m));
  way.pack(weights, m, data.as<u8>());
  if (layout == Layout::bits_and_taps) tap_sums = sums_of_taps(m, weights);
  if (layout == Layout::bits || layout == Layout::bits_and_taps || layout == Layout::level_head) return;
  row_sums.resize(m.n_out);
  for (i32 o = 0; o < m.n_out; ++o) {
    i32 total = 0;
    for (i32 i = 0; i < m.n_inputs(); ++i) total += *weights++;
    row_sums[o] = total;
  }
}

Packed::Packed(const Kernels& k, Layout l, const Matrix& m, const float* weights)
    : kernels(k), layout(l), matrix(m) {
  if (layout == Layout::floats) {
    data = Buffer(float_weights_bytes(m));
    pack_float_weights(weights, m, data.as<float>());
  } else {  // (rows, columns, channels) already: a matrix of one channel an output
    data = Buffer(sizeof(float) * m.n_out * m.n_inputs());
    std::memcpy(data.as<float>(), weights, sizeof(float) * m.n_out * m.n_inputs());
  }
}

}  // namespace edge_adapt
