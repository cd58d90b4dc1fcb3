// CIFAR-10 in its binary version: records of one label byte and 3,072 bytes of image, red, green and blue
// plane one after the other, 32 x 32 each, row by row. Source: https://www.cs.toronto.edu/~kriz/cifar.html
#include <algorithm>
#include <filesystem>
#include <new>
#include <vector>

#include "host/datasets/byte_stream.hpp"
#include "host/datasets/sources.hpp"

namespace trifactor {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t side = 32, channels = 3, plane = side * side, image_bytes = channels * plane,
                      record_bytes = 1 + image_bytes;
constexpr int cifar_classes = 10;

std::vector<fs::path> find_files(const DataSpec& spec) {
  const fs::path folder = spec.location;
  std::error_code failure;
  const fs::file_status status = fs::status(folder, failure);
  if (!fs::exists(status))
    throw Error(ExitCode::configuration, {"TF-DAT-020", folder.string(), "there is no such folder",
                                          "a folder of CIFAR-10 batches", ""});
  if (!fs::is_directory(status))
    throw Error(ExitCode::configuration,
                {"TF-DAT-021", folder.string(), "this is not a folder", "the folder that holds the batches",
                 "name the folder, not a file in it"});
  std::vector<std::string> names = {"test_batch.bin"};
  if (spec.split != Split::test) {
    names.clear();
    for (int batch = 1; batch <= 5; ++batch) names.push_back("data_batch_" + std::to_string(batch) + ".bin");
  }
  Diagnostics missing;
  std::vector<fs::path> files;
  for (const std::string& name : names) {
    const fs::path plain = folder / name, packed = folder / (name + ".gz");
    if (!fs::exists(plain, failure) && !fs::exists(packed, failure))
      missing.add({"TF-DAT-020", folder.string(), "the file " + name + " is missing",
                   name + " or " + name + ".gz",
                   "the folder needs data_batch_1.bin to data_batch_5.bin and test_batch.bin (the binary "
                   "version)"});
    files.push_back(fs::exists(plain, failure) ? plain : packed);
  }
  missing.throw_if_any(ExitCode::configuration);
  return files;
}

class CifarDataset final : public Dataset {
 public:
  explicit CifarDataset(const DataSpec& spec) {
    ContentHash hash;
    try {
      for (const fs::path& file : find_files(spec)) read(file, hash);
    } catch (const std::bad_alloc&) {
      throw Error(ExitCode::data, {"TF-DAT-029", spec.location, "the data does not fit in memory",
                                   "less than the free memory", "are these CIFAR-10 batches?"});
    }
    const Selection selection = select(spec, labels_.size());
    keep(images_, selection, image_bytes);
    keep(labels_, selection, 1);
    name_ = spec.text;
    shape_ = {side, side, channels};
    features_ = image_bytes;
    size_ = selection.count;
    classes_ = cifar_classes;
    content_hash_ = hash.value();
  }

  void image(std::size_t i, std::span<float> out) const override {
    const std::uint8_t* planes = images_.data() + i * image_bytes;
    for (std::size_t pixel = 0; pixel < plane; ++pixel)
      for (std::size_t c = 0; c < channels; ++c)
        out[pixel * channels + c] = static_cast<float>(planes[c * plane + pixel]) / 255.0F;
  }
  int label(std::size_t i) const override { return labels_[i]; }

 private:
  static void keep(std::vector<std::uint8_t>& bytes, const Selection& selection, std::size_t each) {
    const auto at = [&](std::uint64_t sample) {
      return bytes.begin() + static_cast<std::ptrdiff_t>(sample * each);
    };
    bytes = std::vector<std::uint8_t>(at(selection.first), at(selection.first + selection.count));
  }

  void read(const fs::path& file, ContentHash& hash) {
    ByteStream stream(file);
    std::vector<std::byte> record(record_bytes);
    for (std::size_t at = 0;; ++at) {
      const std::size_t got = stream.read(record);
      if (got == 0 && at > 0) return;
      if (got < record.size())
        throw Error(ExitCode::data,
                    {"TF-DAT-023", file.string(),
                     "the file ends " + std::to_string(got) + " bytes into record " + std::to_string(at),
                     "whole records of " + std::to_string(record_bytes) + " bytes",
                     "copy or download the file again"});
      const int label = std::to_integer<int>(record[0]);
      if (label >= cifar_classes)
        throw Error(ExitCode::data,
                    {"TF-DAT-032", file.string(),
                     "record " + std::to_string(at) + " has the label " + std::to_string(label), "0 to 9",
                     "this is no CIFAR-10 batch of the binary version"});
      hash.add(record);
      labels_.push_back(static_cast<std::uint8_t>(label));
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(record.data());
      images_.insert(images_.end(), bytes + 1, bytes + record_bytes);
    }
  }

  std::vector<std::uint8_t> images_, labels_;  // of all files, then of the selected samples
};

}  // namespace

std::unique_ptr<Dataset> open_cifar(const DataSpec& spec) { return std::make_unique<CifarDataset>(spec); }

}  // namespace trifactor
