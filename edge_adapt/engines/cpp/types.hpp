// Short names for fixed-width integers, and memory that vector instructions like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace edge_adapt {

using i8 = std::int8_t;
using u8 = std::uint8_t;
using i16 = std::int16_t;
using u16 = std::uint16_t;
using i32 = std::int32_t;
using u32 = std::uint32_t;
using i64 = std::int64_t;
using u64 = std::uint64_t;
using std::size_t;

constexpr size_t kAlignment = 64;  // a cache line, and the widest vector register
constexpr size_t kSlack = 64;      // kernels may read this far past the last value

// Zeroed bytes, aligned, with slack behind them; moved, never copied.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t n_bytes) : n_bytes_(n_bytes) {
    size_t rounded = (n_bytes + kSlack + kAlignment - 1) / kAlignment * kAlignment;
    data_.reset(static_cast<u8*>(std::aligned_alloc(kAlignment, rounded)));
    if (!data_) throw std::bad_alloc();
    std::memset(data_.get(), 0, rounded);
  }

  template <class T>
  T* as() const { return reinterpret_cast<T*>(data_.get()); }
  size_t n_bytes() const { return n_bytes_; }

 private:
  struct Free {
    void operator()(u8* p) const { std::free(p); }
  };
  std::unique_ptr<u8, Free> data_;
  size_t n_bytes_ = 0;
};

template <class T>
constexpr T ceil_div(T a, T b) { return (a + b - 1) / b; }

}  // namespace edge_adapt
