#include "signals.hpp"

#include <algorithm>
#include <cmath>

namespace edge_adapt {

namespace {

constexpr i32 kGrid = 4;
constexpr double kLevelOffset = 0.02, kEntropyOffset = 0.001;

// The whole numbers that are counted in one image; names as in signals/image.py.
struct Counts {
  i64 total = 0, squares = 0, gradient_x = 0, gradient_y = 0, laplacian = 0;
  i64 seam_x = 0, seam_y = 0, neighbours = 0, energy = 0;
  i64 tilt_x = 0, tilt_y = 0;  // line sums times positions -(n - 1), -(n - 3), ... n - 1
  i32 lowest = INT32_MAX, highest = 0;
  i64 worst_column = 0, worst_row = 0;
  i64 blocks[kGrid * kGrid] = {};
};

i32 size(i32 x) { return x < 0 ? -x : x; }

void make_grey(const Image& image, i16* grey) {
  const i32 n = image.height * image.width;
  if (image.channels == 1) {
    for (i32 i = 0; i < n; ++i) grey[i] = image.pixels[i];
  } else if (image.channels == 3) {
    for (i32 i = 0; i < n; ++i) {
      const u8* pixel = image.pixels + 3 * i;
      grey[i] = static_cast<i16>(pixel[0] + pixel[1] + pixel[2]);
    }
  } else {
    const u8* pixel = image.pixels;
    for (i32 i = 0; i < n; ++i) {
      i32 sum = 0;
      for (i32 c = 0; c < image.channels; ++c) sum += *pixel++;
      grey[i] = static_cast<i16>(sum);
    }
  }
}

// What a row tells by itself. A row's sums fit 32 bits, see signals/frame.py.
void count_row(const i16* row, i32 n, Counts& counts) {
  i32 squares = 0, gradient = 0, energy = 0, neighbours = 0;
  i16 lowest = row[0], highest = row[0];
  for (i32 x = 0; x < n; ++x) {
    squares += row[x] * row[x];
    lowest = std::min(lowest, row[x]);
    highest = std::max(highest, row[x]);
  }
  for (i32 x = 0; x < n - 1; ++x) {
    const i16 d = static_cast<i16>(row[x + 1] - row[x]);
    gradient += size(d);
    energy += d * d;
  }
  for (i32 x = 0; x < n - 2; ++x) {
    const i16 d = static_cast<i16>(row[x + 1] - row[x]);
    const i16 next = static_cast<i16>(row[x + 2] - row[x + 1]);
    neighbours += d * next;
  }
  counts.squares += squares;
  counts.gradient_x += gradient;
  counts.energy += energy;
  counts.neighbours += neighbours;
  counts.seam_x += size(row[0] - row[n - 1]);
  counts.lowest = std::min<i32>(counts.lowest, lowest);
  counts.highest = std::max<i32>(counts.highest, highest);
}

// The step from one row to the next, and where there is one, how it goes on after that.
void count_step(const i16* row, const i16* next, const i16* after, i32 n, Counts& counts) {
  i32 gradient = 0, energy = 0, neighbours = 0, laplacian = 0;
  for (i32 x = 0; x < n; ++x) {
    const i16 d = static_cast<i16>(next[x] - row[x]);
    gradient += size(d);
    energy += d * d;
  }
  counts.gradient_y += gradient;
  counts.energy += energy;
  if (!after) return;
  for (i32 x = 0; x < n; ++x) {
    const i16 d = static_cast<i16>(next[x] - row[x]);
    const i16 e = static_cast<i16>(after[x] - next[x]);
    neighbours += d * e;
  }
  for (i32 x = 1; x < n - 1; ++x) {
    laplacian += size(next[x - 1] + next[x + 1] + row[x] + after[x] - 4 * next[x]);
  }
  counts.neighbours += neighbours;
  counts.laplacian += laplacian;
}

i64 worst_line(const i64* lines, i32 n) {
  i64 worst = 0;
  for (i32 i = 1; i < n - 1; ++i) {
    worst = std::max<i64>(worst, std::llabs(2 * lines[i] - lines[i - 1] - lines[i + 1]));
  }
  return worst;
}

i64 tilt(const i64* lines, i32 n) {
  i64 sum = 0;
  for (i32 i = 0; i < n; ++i) sum += lines[i] * (2 * i - (n - 1));
  return sum;
}

void count_lines(const i16* grey, i32 height, i32 width, Counts& counts) {
  std::vector<i64> columns(width), rows(height);
  std::vector<i32> band(width);
  for (i32 block = 0; block < kGrid; ++block) {
    const i32 begin = block * height / kGrid, end = (block + 1) * height / kGrid;
    std::fill(band.begin(), band.end(), 0);
    for (i32 y = begin; y < end; ++y) {
      const i16* row = grey + static_cast<size_t>(y) * width;
      i32 sum = 0;
      for (i32 x = 0; x < width; ++x) {
        band[x] += row[x];
        sum += row[x];
      }
      rows[y] = sum;
      counts.total += sum;
    }
    for (i32 x = 0; x < width; ++x) columns[x] += band[x];
    for (i32 part = 0; part < kGrid; ++part) {
      for (i32 x = part * width / kGrid; x < (part + 1) * width / kGrid; ++x) {
        counts.blocks[block * kGrid + part] += band[x];
      }
    }
  }
  counts.worst_column = worst_line(columns.data(), width);
  counts.worst_row = worst_line(rows.data(), height);
  counts.tilt_x = tilt(columns.data(), width);
  counts.tilt_y = tilt(rows.data(), height);
}

Counts count(const i16* grey, i32 height, i32 width) {
  Counts counts;
  for (i32 y = 0; y < height; ++y) {
    const i16* row = grey + static_cast<size_t>(y) * width;
    count_row(row, width, counts);
    if (y + 1 < height) {
      count_step(row, row + width, y + 2 < height ? row + 2 * width : nullptr, width, counts);
    }
  }
  const i16* bottom = grey + static_cast<size_t>(height - 1) * width;
  for (i32 x = 0; x < width; ++x) counts.seam_y += size(grey[x] - bottom[x]);
  count_lines(grey, height, width, counts);
  return counts;
}

float level(double value) { return static_cast<float>(std::log(value + kLevelOffset)); }

}  // namespace

void image_features(const Image& image, std::vector<i16>& grey, float* out) {
  const i32 height = image.height, width = image.width;
  grey.resize(static_cast<size_t>(height) * width);
  make_grey(image, grey.data());
  const Counts c = count(grey.data(), height, width);
  const double unit = 1.0 / (255 * image.channels), square = unit * unit;
  const double n = static_cast<double>(height) * width;
  const double mean = c.total * unit / n, lowest = c.lowest * unit;
  const i64 spread = static_cast<i64>(n) * c.squares - c.total * c.total;
  out[0] = static_cast<float>(mean);
  out[1] = level(std::sqrt(static_cast<double>(spread)) * unit / n);
  out[2] = static_cast<float>(lowest);
  out[3] = static_cast<float>(c.highest * unit);
  out[4] = level(c.gradient_x * unit / (static_cast<double>(height) * (width - 1)));
  out[5] = level(c.gradient_y * unit / (static_cast<double>(height - 1) * width));
  out[6] = level(c.laplacian * unit / (4.0 * (height - 2) * (width - 2)));
  out[7] = static_cast<float>(c.tilt_x * unit / (static_cast<double>(height) * (width - 1)) /
                              (width * mean + 1e-3));
  out[8] = static_cast<float>(c.tilt_y * unit / (static_cast<double>(width) * (height - 1)) /
                              (height * mean + 1e-3));
  out[9] = level(c.worst_column * unit / (2.0 * height));
  out[10] = level(c.worst_row * unit / (2.0 * width));
  out[11] = level(mean);
  out[12] = level(lowest);
  out[13] = static_cast<float>(c.neighbours * square / (c.energy * square + 1e-6));
  out[14] = level(c.seam_x * unit / height);
  out[15] = level(c.seam_y * unit / width);
  for (i32 block = 0; block < kGrid * kGrid; ++block) {
    const i32 y = block / kGrid, x = block % kGrid;
    const i32 rows = (y + 1) * height / kGrid - y * height / kGrid;
    const i32 columns = (x + 1) * width / kGrid - x * width / kGrid;
    out[16 + block] = static_cast<float>(c.blocks[block] * unit / (double{1} * rows * columns));
  }
}

void output_features(const float* logits, i32 n, float* out) {
  double top = logits[0], second = -INFINITY, sum = logits[0];
  for (i32 i = 1; i < n; ++i) {
    const double x = logits[i];
    sum += x;
    second = std::max(second, std::min(top, x));
    top = std::max(top, x);
  }
  const double mean = sum / n;
  double total = 0, weighted = 0, squares = 0;
  for (i32 i = 0; i < n; ++i) {
    const double shifted = logits[i] - top, exponential = std::exp(shifted);
    total += exponential;
    weighted += shifted * exponential;
    squares += (logits[i] - mean) * (logits[i] - mean);
  }
  const double log_total = std::log(total);
  const double uncertainty = std::max(log_total - weighted / total, 0.0);
  out[0] = static_cast<float>(std::log(uncertainty + kEntropyOffset));
  out[1] = static_cast<float>(log_total + top);
  out[2] = static_cast<float>(top - second);
  out[3] = static_cast<float>(std::sqrt(squares / n));
}

// The sum of x or -x; a sign is +1 or -1, so its sign bit, spread, negates without a product.
static i64 signed_sum(const i32* sums, const i8* signs, i32 n) {
  u32 whole = 0;
  for (i32 c = 0; c < n; ++c) {
    const i32 mask = signs[c] >> 7;
    whole += static_cast<u32>((sums[c] ^ mask)) - static_cast<u32>(mask);
  }
  return static_cast<i32>(whole);
}

void signed_sums(const SignedSums& layer, float* out) {
  u32 largest = 1;
  for (i32 c = 0; c < layer.n_channels; ++c) {
    largest = std::max(largest, static_cast<u32>(std::abs(i64{layer.sums[c]})));
  }
  const i32 stretch = std::max(static_cast<i32>(INT32_MAX / largest), 1);  // these fit 32 bits
  for (i32 s = 0; s < layer.n_sums; ++s) {
    const i8* signs = layer.signs + static_cast<size_t>(s) * layer.n_channels;
    i64 whole = 0;
    for (i32 start = 0; start < layer.n_channels; start += stretch) {
      whole += signed_sum(layer.sums + start, signs + start, std::min(stretch, layer.n_channels - start));
    }
    out[s] = static_cast<float>(static_cast<double>(whole) * layer.scale);
  }
}

namespace {

// Two columns of 64 counters of bits; plane b holds bit b of each (Harley and Seal's adder).
typedef u64 Pair __attribute__((vector_size(16)));

struct Planes {
  static constexpr i32 kBits = 12, kMost = (1 << kBits) - 1;  // words
  Pair bits[kBits] = {};

  // Add three pairs of one weight up: `low` keeps the weight, what is returned has twice of it.
  static Pair carry(Pair& low, Pair a, Pair b) {
    const Pair half = low ^ a, high = (low & a) | (half & b);
    low = half ^ b;
    return high;
  }
  template <class Word>
  void add_eight(Word word) {
    const Pair a = carry(bits[0], word(0), word(1)), b = carry(bits[0], word(2), word(3));
    const Pair c = carry(bits[1], a, b);
    const Pair d = carry(bits[0], word(4), word(5)), e = carry(bits[0], word(6), word(7));
    ripple(carry(bits[2], c, carry(bits[1], d, e)), 3);
  }
  void ripple(Pair carried, i32 plane) {
    for (; plane < kBits; ++plane) {
      const Pair sum = bits[plane] ^ carried;
      carried &= bits[plane];
      bits[plane] = sum;
    }
  }
  void give(i32 n_channels, i32* counts) const {
    for (i32 b = 0; b < kBits; ++b) {
      for (i32 c = 0; c < n_channels; ++c) {
        counts[c] += static_cast<i32>((bits[b][0] >> c & 1) + (bits[b][1] >> c & 1)) << b;
      }
    }
  }
};

// Count the ones of each channel in one column of words, at most Planes::kMost of them.
void count_ones(const u64* words, size_t stride, i32 n, i32 n_channels, i32* counts) {
  Planes planes;
  i32 i = 0;
  for (; i + 16 <= n; i += 16, words += 16 * stride) {
    planes.add_eight([&](size_t k) { return Pair{words[2 * k * stride], words[(2 * k + 1) * stride]}; });
  }
  for (; i < n; ++i, words += stride) planes.ripple(Pair{*words, 0}, 0);
  planes.give(n_channels, counts);
}

}  // namespace

void channel_sums(const u64* words, i32 n_pixels, i32 n_channels, i32* sums) {
  const i32 n_words = ceil_div(n_channels, 64);
  if (n_pixels == 1) {
    for (i32 c = 0; c < n_channels; ++c) sums[c] = (words[c / 64] >> (c % 64) & 1) ? 1 : -1;
    return;
  }
  std::fill(sums, sums + n_channels, 0);
  for (i32 word = 0; word < n_words; ++word) {
    const i32 n = std::min(64, n_channels - 64 * word);
    for (i32 start = 0; start < n_pixels; start += Planes::kMost) {
      count_ones(words + word + static_cast<size_t>(start) * n_words, n_words,
                 std::min(Planes::kMost, n_pixels - start), n, sums + 64 * word);
    }
  }
  for (i32 c = 0; c < n_channels; ++c) sums[c] = 2 * sums[c] - n_pixels;  // of +-1
}

}  // namespace edge_adapt
