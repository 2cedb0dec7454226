// The float kernels in plain C++ that compilers turn into vectors. Included once per instruction
// set, inside a namespace, with EDGE_ADAPT_TARGET naming what the compiler may use.

template <class Source, bool kRelu, bool kOther>
EDGE_ADAPT_TARGET void blend_as(const Blend& b) {
  const Source* source = static_cast<const Source*>(b.source);
  const float *__restrict slopes = b.slopes, *__restrict intercepts = b.intercepts;
  const float* __restrict other = b.other;
  float* __restrict target = b.target;
  const i32 n = b.n_channels;
  for (i32 pixel = 0; pixel < b.n_pixels; ++pixel, source += n, target += n) {
    for (i32 c = 0; c < n; ++c) {
      float value = static_cast<float>(source[c]);
      if (kRelu) value = value > 0 ? value : 0;
      value = value * slopes[c];
      value = value + intercepts[c];
      target[c] = kOther ? value + other[c] : value;
    }
    if (kOther) other += n;
  }
}

template <class Source>
void blend_of(const Blend& b) {
  if (b.relu) return b.other ? blend_as<Source, true, true>(b) : blend_as<Source, true, false>(b);
  return b.other ? blend_as<Source, false, true>(b) : blend_as<Source, false, false>(b);
}

void blend_rows(const Blend& b) {
  if (b.number == Number::byte) return blend_of<u8>(b);
  b.number == Number::whole ? blend_of<i32>(b) : blend_of<float>(b);
}

// Of few channels several pixels make one row, so that whole vectors are worked on.
void blend(const Blend& b) {
  constexpr i32 kRow = 12 * kFloatLanes;
  const i32 n = b.n_channels, n_together = kRow / n;
  if (n_together < 3 || b.n_pixels < n_together) return blend_rows(b);
  float slopes[kRow], intercepts[kRow];
  for (i32 c = 0; c < n_together * n; ++c) {
    slopes[c] = b.slopes[c % n];
    intercepts[c] = b.intercepts[c % n];
  }
  Blend rows = b, rest = b;
  rows.slopes = slopes;
  rows.intercepts = intercepts;
  rows.n_channels = n_together * n;
  rows.n_pixels = b.n_pixels / n_together;
  blend_rows(rows);
  const size_t done = static_cast<size_t>(rows.n_pixels) * rows.n_channels;
  rest.source = static_cast<const u8*>(b.source) + done * (b.number == Number::byte ? 1 : 4);
  rest.other = b.other ? b.other + done : nullptr;
  rest.target = b.target + done;
  rest.n_pixels = b.n_pixels % n_together;
  blend_rows(rest);
}

typedef float Lanes __attribute__((vector_size(4 * kFloatLanes), aligned(4), may_alias));

// V groups of eight outputs at P pixels.
template <int V, int P>
EDGE_ADAPT_TARGET void convolve_block(const Matrix& m, i32 row_stride, const float* weights,
                                      const float* bias, const float* const* x, float* const* out,
                                      i32 n) {
  const size_t group = static_cast<size_t>(m.n_inputs()) * kFloatLanes;
  Lanes sums[P][V];
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sums[p][v] = *reinterpret_cast<const Lanes*>(bias + v * kFloatLanes);
  }
  for (i32 row = 0; row < m.n_rows; ++row) {
    const size_t at = static_cast<size_t>(row) * row_stride;
    for (i32 k = 0; k < m.run_pixels(); ++k, weights += kFloatLanes) {
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) {
        const float value = x[p][at + k];
        const Lanes all = {value, value, value, value, value, value, value, value};
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) {
          sums[p][v] += all * *reinterpret_cast<const Lanes*>(weights + v * group);
        }
      }
    }
  }
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p) {
    alignas(32) float values[V * kFloatLanes];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) *reinterpret_cast<Lanes*>(values + v * kFloatLanes) = sums[p][v];
    std::memcpy(out[p], values, sizeof(float) * n);
  }
}

template <int V, int P>
EDGE_ADAPT_TARGET void convolve_outputs(const Matrix& m, const Places& places, const float* weights,
                                        const float* bias, const float* staged, float* out, i32 first) {
  const i32 left = m.n_out - first, n = left < V * kFloatLanes ? left : V * kFloatLanes;
  weights += static_cast<size_t>(first) * m.n_inputs();
  for (i32 pixel = 0; pixel < places.n_pixels; pixel += P) {
    const float* x[P];
    float* to[P];
    for (int p = 0; p < P; ++p) {  // the last pixel is repeated
      const i32 i = pixel + p < places.n_pixels ? pixel + p : places.n_pixels - 1;
      x[p] = staged + places.offsets[i];
      to[p] = out + static_cast<size_t>(i) * m.n_out + first;
    }
    convolve_block<V, P>(m, places.row_stride, weights, bias + first, x, to, n);
  }
}

void convolve(const Matrix& m, const Places& places, const float* weights, const float* bias,
              const float* staged, float* out) {
  i32 first = 0;
  for (; m.n_out - first > kFloatLanes; first += 2 * kFloatLanes) {
    convolve_outputs<2, 4>(m, places, weights, bias, staged, out, first);
  }
  if (first < m.n_out) convolve_outputs<1, 8>(m, places, weights, bias, staged, out, first);
}

// Where a window lies inside the image: its first and last places, [first, end).
struct Inside {
  i32 first, end;
};
inline Inside inside(i32 start, i32 size, i32 length) {
  return {start < 0 ? -start : 0, start + size > length ? length - start : size};
}

// Eight channels at a time; behind the last, what the next pixel overwrites.
EDGE_ADAPT_TARGET void depthwise(const Window& w, const float* weights, const float* bias, const float* in,
                                 float* out) {
  const i32 n = w.channels;
  for (i32 y = 0; y < w.out_height; ++y) {
    const i32 top = y * w.stride - w.padding;
    const Inside rows = inside(top, w.size, w.height);
    for (i32 x = 0; x < w.out_width; ++x, out += n) {
      const i32 left = x * w.stride - w.padding;
      const Inside columns = inside(left, w.size, w.width);
      for (i32 c = 0; c < n; c += kFloatLanes) {
        Lanes sum = *reinterpret_cast<const Lanes*>(bias + c);
        for (i32 row = rows.first; row < rows.end; ++row) {
          const float* from = in + (static_cast<size_t>(top + row) * w.width + left) * n + c;
          const float* weight = weights + static_cast<size_t>(row) * w.size * n + c;
          for (i32 column = columns.first; column < columns.end; ++column) {
            sum += *reinterpret_cast<const Lanes*>(from + column * n) *
                   *reinterpret_cast<const Lanes*>(weight + column * n);
          }
        }
        *reinterpret_cast<Lanes*>(out + c) = sum;
      }
    }
  }
}

// Call visit(input pixel, output pixel, place in the window, whether it is the first) for all
// places inside the image, output by output, row by row.
template <class Visit>
EDGE_ADAPT_TARGET inline void slide(const Window& w, Visit visit) {
  for (i32 y = 0, output = 0; y < w.out_height; ++y) {
    for (i32 x = 0; x < w.out_width; ++x, ++output) {
      for (i32 place = 0; place < w.size * w.size; ++place) {
        const i32 row = y * w.stride + place / w.size - w.padding;
        const i32 column = x * w.stride + place % w.size - w.padding;
        const bool inside = row >= 0 && row < w.height && column >= 0 && column < w.width;
        visit(output, place, inside ? row * w.width + column : -1);
      }
    }
  }
}

EDGE_ADAPT_TARGET void keep_larger(const float* __restrict x, i32 n, float* __restrict out) {
  for (i32 c = 0; c < n; ++c) out[c] = x[c] > out[c] ? x[c] : out[c];
}

void slide_max(const Window& w, const float* in, float* out) {
  const size_t n = w.channels;
  slide(w, [&](i32 output, i32 place, i32 input) {
    float* to = out + output * n;
    if (place == 0 && input < 0) std::fill_n(to, n, -std::numeric_limits<float>::infinity());
    if (place == 0 && input >= 0) std::memcpy(to, in + input * n, sizeof(float) * n);
    if (place > 0 && input >= 0) keep_larger(in + input * n, w.channels, to);
  });
}

template <class T>
EDGE_ADAPT_TARGET void relu(const T* in, size_t n, T* out) {
  for (size_t i = 0; i < n; ++i) out[i] = in[i] > 0 ? in[i] : 0;
}

EDGE_ADAPT_TARGET void add(const float* a, const float* b, size_t n, float* out) {
  for (size_t i = 0; i < n; ++i) out[i] = a[i] + b[i];
}

EDGE_ADAPT_TARGET void mean(const float* in, i32 n_pixels, i32 n_channels, float* out) {
  std::memcpy(out, in, sizeof(float) * n_channels);
  for (i32 pixel = 1; pixel < n_pixels; ++pixel) add(out, in + static_cast<size_t>(pixel) * n_channels, n_channels, out);
  for (i32 c = 0; c < n_channels; ++c) out[c] = out[c] / static_cast<float>(n_pixels);
}

EDGE_ADAPT_TARGET void sign(const float* in, i32 n_pixels, i32 n_channels, u64* words) {
  for (i32 pixel = 0; pixel < n_pixels; ++pixel) {
    for (i32 first = 0; first < n_channels; first += 64) {
      const i32 n = n_channels - first < 64 ? n_channels - first : 64;
      u64 word = 0;
      for (i32 i = 0; i < n; ++i) word |= static_cast<u64>(in[i] >= 0) << i;
      *words++ = word;
      in += n;
    }
  }
}

EDGE_ADAPT_TARGET void quantize(const float* in, i32 n_pixels, i32 n_channels, const float* offsets,
                                const float* steps, i8* levels) {
  for (i32 pixel = 0; pixel < n_pixels; ++pixel, in += n_channels, levels += n_channels) {
    for (i32 c = 0; c < n_channels; ++c) {
      float level = std::nearbyint((in[c] - offsets[c]) / steps[c]);
      level = level > 127 ? 127 : level;
      levels[c] = static_cast<i8>(level > -127 ? level : -127);  // NaN: -127
    }
  }
}

EDGE_ADAPT_TARGET void level_head(const Matrix& m, const i8* weights, const i32* bias,
                                  const i8* levels, i32* logits) {
  const i32 n = m.n_inputs();
  for (i32 o = 0; o < m.n_out; ++o, weights += n) {
    i32 total = 0;
    for (i32 k = 0; k < n; ++k) total += weights[k] * levels[k];
    logits[o] = static_cast<i32>(static_cast<u32>(total) + static_cast<u32>(bias[o]));
  }
}

const FloatKernels float_kernels = {blend, convolve, depthwise,   slide_max, relu<float>, relu<i32>,
                                    add,   mean,     sign, quantize,  level_head};
