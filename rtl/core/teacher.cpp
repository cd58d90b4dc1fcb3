#include "rtl/core/teacher.hpp"

#include "rtl/core/core.hpp"

namespace trifactor {

std::uint64_t Teacher::digest() const {
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < words_.size(); ++i)
    digest += digest_hash(image_.projection, i, static_cast<std::uint64_t>(words_[i]), 1);
  return digest;
}

}  // namespace trifactor
