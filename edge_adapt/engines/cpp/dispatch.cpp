// Which kernels this build holds, and which of them this CPU runs.
#include "kernels.hpp"

namespace edge_adapt {

const Kernels& scalar_kernels();
#if defined(__x86_64__)
const Kernels& avx2_kernels();
const Kernels& avx512_kernels();
#endif
#if defined(__aarch64__)
const Kernels& neon_kernels();
#endif

const std::vector<const Kernels*>& built_kernels() {
  static const std::vector<const Kernels*> built = {
#if defined(__x86_64__)
      &avx512_kernels(),
      &avx2_kernels(),
#endif
#if defined(__aarch64__)
      &neon_kernels(),
#endif
      &scalar_kernels(),
  };
  return built;
}

std::vector<const Kernels*> usable_kernels() {
  std::vector<const Kernels*> usable;
  for (const Kernels* kernels : built_kernels()) {
    if (kernels->runs_here()) usable.push_back(kernels);
  }
  return usable;
}

}  // namespace edge_adapt
