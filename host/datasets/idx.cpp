// IDX files as MNIST has them: a big-endian magic 0x000008DD (unsigned bytes, DD dimensions), one 32-bit
// size a dimension, then the bytes. Source: http://yann.lecun.com/exdb/mnist/
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <new>
#include <vector>

#include "host/datasets/byte_stream.hpp"
#include "host/datasets/sources.hpp"

namespace trifactor {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void damaged(const char* code, const ByteStream& stream, std::string found, std::string expected,
                          std::string hint = {}) {
  throw Error(ExitCode::data,
              {code, stream.path().string(), std::move(found), std::move(expected), std::move(hint)});
}

/// The first spelling of "train-images-idx3-ubyte" that exists in the folder.
fs::path find_file(const DataSpec& spec, const std::string& part, char dimensions) {
  const fs::path folder = spec.location;
  std::error_code failure;
  const fs::file_status status = fs::status(folder, failure);
  if (!fs::exists(status))
    throw Error(ExitCode::configuration,
                {"TF-DAT-020", folder.string(), "there is no such folder", "a folder of IDX files", ""});
  if (!fs::is_directory(status))
    throw Error(ExitCode::configuration,
                {"TF-DAT-021", folder.string(), "this is not a folder", "the folder that holds the IDX files",
                 "name the folder, not a file in it"});
  const std::string dash = part + "-idx" + dimensions + "-ubyte", dot = part + ".idx" + dimensions + "-ubyte";
  for (const std::string& name : {dash, dash + ".gz", dot, dot + ".gz"})
    if (fs::exists(folder / name, failure)) return folder / name;
  throw Error(
      ExitCode::configuration,
      {"TF-DAT-020", folder.string(), "the file " + dash + " is missing", dash + " or " + dash + ".gz",
       "the folder needs train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte "
       "and t10k-labels-idx1-ubyte"});
}

/// Reads the head and returns the sizes of the dimensions.
std::vector<std::uint64_t> read_head(ByteStream& stream, std::size_t dimensions, const char* kind,
                                     ContentHash& hash) {
  std::vector<std::byte> head(4 + 4 * dimensions);
  const std::size_t got = stream.read(head);
  const auto word = [&](std::size_t i) {
    std::uint64_t value = 0;
    for (std::size_t k = 0; k < 4; ++k) value = value << 8 | std::to_integer<std::uint64_t>(head[4 * i + k]);
    return value;
  };
  const std::uint64_t magic = 0x800 + dimensions;
  if (got >= 4 && word(0) != magic) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "0x%08X", static_cast<unsigned>(word(0)));
    damaged("TF-DAT-025", stream, std::string("the file begins with ") + text.data(),
            std::string("0x0000080") + std::to_string(dimensions) + ", an IDX file of " + kind,
            dimensions == 3 && word(0) == 0x801 ? "are images and labels exchanged?" : "");
  }
  if (got < head.size()) damaged("TF-DAT-023", stream, "the file ends inside its head", "a complete file");
  hash.add(head);
  std::vector<std::uint64_t> sizes;
  for (std::size_t i = 1; i <= dimensions; ++i) sizes.push_back(word(i));
  return sizes;
}

/// Reads `total` bytes, keeps those of [begin, end) and makes sure that nothing follows. Memory grows with
/// the data that really arrives, whatever the head claimed.
std::vector<std::uint8_t> read_body(ByteStream& stream, std::uint64_t total, std::uint64_t begin,
                                    std::uint64_t end, ContentHash& hash) {
  std::vector<std::uint8_t> kept;
  try {
    kept.reserve(std::min(end - begin, 8 * stream.file_bytes() + 4096));
    std::vector<std::byte> chunk(1 << 18);
    for (std::uint64_t at = 0; at < total;) {
      const auto piece = std::span(chunk).first(std::min<std::uint64_t>(chunk.size(), total - at));
      const std::size_t got = stream.read(piece);
      if (got < piece.size())
        damaged("TF-DAT-023", stream, "the data ends after " + std::to_string(at + got) + " bytes",
                std::to_string(total) + " bytes after the head", "copy or download the file again");
      hash.add(piece);
      const std::uint64_t from = std::clamp(begin, at, at + got) - at,
                          to = std::clamp(end, at, at + got) - at;
      const auto* data = reinterpret_cast<const std::uint8_t*>(chunk.data());
      kept.insert(kept.end(), data + from, data + to);
      at += got;
    }
  } catch (const std::bad_alloc&) {
    damaged("TF-DAT-029", stream, "the data does not fit in memory", "less than the free memory",
            "select fewer samples with count=");
  }
  std::byte extra;
  if (stream.read({&extra, 1}) != 0)
    damaged("TF-DAT-026", stream, "bytes follow the data", std::to_string(total) + " bytes after the head");
  return kept;
}

class IdxDataset final : public Dataset {
 public:
  explicit IdxDataset(const DataSpec& spec) {
    const std::string part = spec.split == Split::test ? "t10k" : "train";
    const fs::path image_path = find_file(spec, part + "-images", '3');
    const fs::path label_path = find_file(spec, part + "-labels", '1');
    ContentHash hash;

    ByteStream labels(label_path);
    const std::uint64_t label_count = read_head(labels, 1, "labels", hash)[0];
    std::vector<std::uint8_t> all_labels = read_body(labels, label_count, 0, label_count, hash);

    ByteStream images(image_path);
    const std::vector<std::uint64_t> sizes = read_head(images, 3, "images", hash);
    const std::uint64_t count = sizes[0], rows = sizes[1], columns = sizes[2];
    if (count == 0 || rows == 0 || columns == 0 || rows > 65535 || columns > 65535)
      damaged("TF-DAT-028", images,
              "the head says " + std::to_string(count) + " images of " + std::to_string(rows) + " x " +
                  std::to_string(columns),
              "at least one image of 1 x 1 to 65535 x 65535");
    if (label_count != count)
      damaged("TF-DAT-027", images,
              "there are " + std::to_string(count) + " images and " + std::to_string(label_count) +
                  " labels in " + label_path.string(),
              "as many labels as images");
    const Selection selection = select(spec, count);
    features_ = rows * columns;
    pixels_ = read_body(images, count * features_, selection.first * features_,
                        (selection.first + selection.count) * features_, hash);
    name_ = spec.text;
    shape_ = {rows, columns};
    size_ = selection.count;
    classes_ = 1 + *std::max_element(all_labels.begin(), all_labels.end());
    labels_.assign(all_labels.begin() + static_cast<std::ptrdiff_t>(selection.first),
                   all_labels.begin() + static_cast<std::ptrdiff_t>(selection.first + selection.count));
    content_hash_ = hash.value();
  }

  void image(std::size_t i, std::span<float> out) const override {
    const std::uint8_t* pixels = pixels_.data() + i * features_;
    for (std::size_t k = 0; k < features_; ++k) out[k] = static_cast<float>(pixels[k]) / 255.0F;
  }
  int label(std::size_t i) const override { return labels_[i]; }

 private:
  std::vector<std::uint8_t> pixels_, labels_;  // of the selected samples
};

}  // namespace

std::unique_ptr<Dataset> open_idx(const DataSpec& spec) { return std::make_unique<IdxDataset>(spec); }

}  // namespace trifactor
