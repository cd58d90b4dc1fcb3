// digests.csv: per presentation and layer, 64-bit digests of activities, third factors and weights.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "runtime/layout/program.hpp"
#include "runtime/wire/words.hpp"

namespace trifactor {

class DigestTable {
 public:
  /// Goes on after `bytes` of an existing table, 0 for a new one. Throws cannot_write.
  DigestTable(const std::filesystem::path& path, const Program& program, std::uint64_t bytes);
  void add(std::uint64_t presentation, const DigestWords& words);
  /// Bytes of the table on disk.
  std::uint64_t flush();

 private:
  void check(bool written) const;
  std::filesystem::path path_;
  const Program& program_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

}  // namespace trifactor
