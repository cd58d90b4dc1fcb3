#include "host/experiment/weight_tables.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <span>
#include <string>

#include "compiler/npz/npz.hpp"
#include "runtime/layout/sealed_file.hpp"

namespace trifactor {
namespace {

/// A file that has lost its name: it goes with the process, however that ends.
class UnnamedFile {
 public:
  /// target: the file it stands in for, in whose folder it lies and whom messages name.
  explicit UnnamedFile(const std::filesystem::path& target) : target_(target) {
    std::filesystem::path name = temporary_beside(target);
    name += ".part";
    fd_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd_ < 0) throw_cannot_write(target_, errno);
    ::unlink(name.c_str());
  }
  UnnamedFile(const UnnamedFile&) = delete;
  UnnamedFile& operator=(const UnnamedFile&) = delete;
  ~UnnamedFile() { ::close(fd_); }

  void write(std::uint64_t offset, std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
      const ssize_t done = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) throw_cannot_write(target_, errno);
      offset += static_cast<std::uint64_t>(done);
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
  }
  /// What was never written within the first `bytes` reads as 0.
  void extend(std::uint64_t bytes) const {
    if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) throw_cannot_write(target_, errno);
  }
  void read(std::uint64_t offset, std::span<std::byte> bytes) const {
    while (!bytes.empty()) {
      const ssize_t done = ::pread(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) throw_cannot_write(target_, done == 0 ? EIO : errno);
      offset += static_cast<std::uint64_t>(done);
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
  }

 private:
  std::filesystem::path target_;
  int fd_ = -1;
};

/// Where one projection's tables begin in the unnamed file, in bytes.
struct Place {
  std::size_t to = 0, from = 0;
  std::uint64_t weights = 0, bias = 0;
};

/// A block's columns become lines of its projection's table, or parts of lines where its rows are split.
void put(const UnnamedFile& file, const Place& place, const BlockWeights& block) {
  constexpr std::uint64_t item = sizeof(std::int16_t);
  const std::size_t rows = block.rows, neurons = block.neurons;
  if (rows > 0) {
    std::vector<std::int16_t> lines(rows * neurons);
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t i = 0; i < neurons; ++i) lines[i * rows + row] = block.words[row * neurons + i];
    const std::span<const std::int16_t> all = lines;
    const auto at = [&](std::size_t i) {
      return place.weights + ((block.first_neuron + i) * place.from + block.first_row) * item;
    };
    if (rows == place.from)
      file.write(at(0), std::as_bytes(all));
    else
      for (std::size_t i = 0; i < neurons; ++i) file.write(at(i), std::as_bytes(all.subspan(i * rows, rows)));
  }
  if (block.bias)
    file.write(place.bias + block.first_neuron * item,
               std::as_bytes(std::span(block.words).subspan(rows * neurons, neurons)));
}

}  // namespace

std::vector<std::uint64_t> sums_of_squares(std::size_t projections, const BlockSource& blocks) {
  std::vector<std::uint64_t> sums(projections, 0);
  blocks([&](const BlockWeights& block) {
    std::uint64_t& sum = sums.at(block.projection);
    for (const std::int16_t word : std::span(block.words).first(std::size_t{block.rows} * block.neurons))
      sum += static_cast<std::uint64_t>(std::int32_t{word} * word);
  });
  return sums;
}

void write_weight_tables(const std::filesystem::path& path, const Program& program,
                         const std::vector<double>& input_offset, const BlockSource& blocks) {
  const UnnamedFile file(path);
  std::vector<Place> places;
  std::map<std::string, NpySource> tables;
  std::uint64_t end = 0;
  const auto table = [&](const std::string& name, std::vector<std::size_t> shape) {
    const std::uint64_t begin = end;
    std::uint64_t bytes = sizeof(std::int16_t);
    for (const std::size_t size : shape) bytes *= size;
    end += bytes;
    tables[name] = {
        npy_dtype<std::int16_t>(), std::move(shape),
        [&file, begin](std::uint64_t offset, std::span<std::byte> to) { file.read(begin + offset, to); }};
    return begin;
  };
  for (const ProjectionInfo& p : program.projections) {
    Place place{program.populations[p.to].neurons, program.populations[p.from].neurons, 0, 0};
    place.weights = table(p.name, {place.to, place.from});
    if (p.bias) place.bias = table(p.name + ".bias", {place.to});
    places.push_back(place);
  }
  if (!input_offset.empty())
    tables[program.populations[program.input()].name + ".offset"] = {
        npy_dtype<double>(), {input_offset.size()}, [&](std::uint64_t offset, std::span<std::byte> to) {
          const auto bytes = std::as_bytes(std::span(input_offset));
          std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), to.size(), to.begin());
        }};
  file.extend(end);
  blocks([&](const BlockWeights& block) { put(file, places.at(block.projection), block); });
  write_npz_from(path, tables);
}

}  // namespace trifactor
