#include "host/experiment/digest_table.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/layout/sealed_file.hpp"

namespace trifactor {

DigestTable::DigestTable(const std::filesystem::path& path, const Program& program, std::uint64_t bytes)
    : path_(path),
      program_(program),
      file_(std::fopen(path.c_str(), bytes == 0 ? "wb" : "r+b"), &std::fclose) {
  check(file_ != nullptr);
  if (bytes == 0) {
    check(std::fputs("presentation,learned,layer,projection,activity,third_factor,weights\n", file_.get()) >=
          0);
    return;
  }
  check(::ftruncate(::fileno(file_.get()), static_cast<off_t>(bytes)) == 0);
  check(std::fseek(file_.get(), 0, SEEK_END) == 0);
}

void DigestTable::add(std::uint64_t presentation, const DigestWords& words) {
  const bool learns = words.projection < program_.projections.size();
  const std::string line = fmt::format("{},{},{},{},{:016x},{:016x},{:016x}\n", presentation,
                                       words.learned ? 1 : 0, program_.populations[words.population].name,
                                       learns ? program_.projections[words.projection].name : "",
                                       words.activity, words.third_factor, words.weights);
  check(std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size());
}

std::uint64_t DigestTable::flush() {
  check(std::fflush(file_.get()) == 0);
  const long bytes = std::ftell(file_.get());
  check(bytes >= 0);
  return static_cast<std::uint64_t>(bytes);
}

void DigestTable::check(bool written) const {
  if (!written) throw_cannot_write(path_, errno);
}

}  // namespace trifactor
