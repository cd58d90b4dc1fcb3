// IDX folders: gzip or not, whole, cut, lying, and MNIST itself.
#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <random>

#include "host/datasets/dataset.hpp"
#include "host/datasets/test_support.hpp"

using namespace trifactor;

namespace {

std::string big_endian(std::uint32_t word) {
  return {static_cast<char>(word >> 24), static_cast<char>(word >> 16), static_cast<char>(word >> 8),
          static_cast<char>(word)};
}

std::string idx_images(std::uint32_t count, std::uint32_t rows, std::uint32_t columns,
                       const std::string& pixels) {
  return big_endian(0x803) + big_endian(count) + big_endian(rows) + big_endian(columns) + pixels;
}
std::string idx_labels(std::uint32_t count, const std::string& labels) {
  return big_endian(0x801) + big_endian(count) + labels;
}

constexpr std::uint32_t n = 5, rows = 3, columns = 2;

std::string pixels() {
  std::string text(n * rows * columns, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 37);
  return text;
}
const std::string image_name = "train-images-idx3-ubyte", label_name = "train-labels-idx1-ubyte";
std::string good_images() { return idx_images(n, rows, columns, pixels()); }
std::string good_labels() { return idx_labels(n, {'\3', '\0', '\7', '\1', '\2'}); }

std::string opening(const TestFolder& folder, const std::string& options = "") {
  return outcome([&] { open_dataset(parse_data_spec("idx:" + folder.path.string() + options)); });
}

}  // namespace

TEST_CASE("IDX files are read, gzipped or not, in one member or several") {
  std::uint64_t hash = 0;
  for (int form = 0; form < 4; ++form) {
    const TestFolder folder;
    const std::string images = good_images();
    if (form == 0) spill(folder / image_name, images);
    if (form == 1) spill(folder / (image_name + ".gz"), gzip(images));
    if (form == 2) spill(folder / (image_name + ".gz"), gzip(images.substr(0, 20)) + gzip(images.substr(20)));
    if (form == 3) spill(folder / "train-images.idx3-ubyte", images);
    spill(folder / (form == 1 ? label_name : label_name + ".gz"),
          form == 1 ? good_labels() : gzip(good_labels()));
    const auto data = open_dataset(parse_data_spec("idx:" + folder.path.string() + ",first=1,count=3"));
    CHECK(data->shape() == std::vector<std::size_t>{rows, columns});
    CHECK(data->size() == 3);
    CHECK(data->classes() == 8);
    std::vector<float> image(data->features());
    for (std::size_t i = 0; i < 3; ++i) {
      data->image(i, image);
      for (std::size_t k = 0; k < 6; ++k)
        CHECK(image[k] == static_cast<float>(static_cast<std::uint8_t>(pixels()[(i + 1) * 6 + k])) / 255.0F);
    }
    CHECK(data->label(0) == 0);
    CHECK(data->label(1) == 7);
    CHECK(data->label(2) == 1);
    if (form == 0) hash = data->content_hash();
    CHECK(data->content_hash() == hash);  // packing is not content
  }
}

TEST_CASE("files cut at any length, and files with one byte more, are refused") {
  for (const bool packed : {false, true})
    for (const bool cut_images : {false, true}) {
      const TestFolder folder;
      const std::string suffix = packed ? ".gz" : "";
      const auto form = [&](const std::string& text) { return packed ? gzip(text) : text; };
      spill(folder / (image_name + suffix), form(good_images()));
      spill(folder / (label_name + suffix), form(good_labels()));
      const std::uint64_t hash = open_dataset(parse_data_spec("idx:" + folder.path.string()))->content_hash();
      const std::string whole = form(cut_images ? good_images() : good_labels());
      const std::string path = folder / ((cut_images ? image_name : label_name) + suffix);
      for (std::size_t length = 0; length < whole.size(); ++length) {
        INFO(packed << cut_images << " " << length);
        spill(path, whole.substr(0, length));
        CHECK(opening(folder) == "3 TF-DAT-023");
      }
      spill(path, whole + "x");
      CHECK(opening(folder) == "3 TF-DAT-026");
      if (packed) {
        spill(path, gzip((cut_images ? good_images() : good_labels()) + "x"));
        CHECK(opening(folder) == "3 TF-DAT-026");
        std::size_t refused = 0;
        for (std::size_t at = 10; at < whole.size(); ++at) {  // behind the ten bytes of gzip's own head
          std::string other = whole;
          other[at] = static_cast<char>(other[at] ^ 0x20);
          spill(path, other);
          INFO(at);
          try {  // only the padding behind the last deflate block may change unnoticed
            const auto data = open_dataset(parse_data_spec("idx:" + folder.path.string()));
            CHECK(data->content_hash() == hash);
          } catch (const Error& error) {
            CHECK(error.exit() == ExitCode::data);
            ++refused;
          }
        }
        CHECK(refused + 2 >= whole.size() - 10);
      }
      spill(path, whole);
      CHECK_NOTHROW(open_dataset(parse_data_spec("idx:" + folder.path.string())));
    }
}

TEST_CASE("IDX files that lie are refused") {
  const TestFolder folder;
  const std::string images = folder / image_name, labels = folder / label_name;
  spill(images, good_images());
  spill(labels, good_labels());

  spill(labels, idx_labels(n - 1, "\1\1\1\1"));
  CHECK(opening(folder) == "3 TF-DAT-027");
  spill(labels, idx_labels(n + 1, "\1\1\1\1\1\1"));
  CHECK(opening(folder) == "3 TF-DAT-027");
  spill(labels, good_images());
  CHECK(opening(folder) == "3 TF-DAT-025");
  spill(labels, good_labels());
  spill(images, good_labels());
  CHECK(opening(folder) == "3 TF-DAT-025");
  spill(images, idx_images(0, rows, columns, ""));
  CHECK(opening(folder) == "3 TF-DAT-028");
  spill(images, idx_images(n, 0, columns, ""));
  CHECK(opening(folder) == "3 TF-DAT-028");
  // A terabyte and more claimed: nothing of that is allocated.
  spill(images, idx_images(n, 65535, 65535, pixels()));
  CHECK(opening(folder) == "3 TF-DAT-023");
  spill(labels, idx_labels(0xFFFFFFFF, "\1"));
  CHECK(opening(folder) == "3 TF-DAT-023");
  spill(labels, good_labels());
  spill(images, good_images());
  CHECK(opening(folder, ",first=5") == "2 TF-DAT-011");
  CHECK(opening(folder, ",first=3,count=3") == "2 TF-DAT-011");
  CHECK(opening(folder, ",split=test") == "2 TF-DAT-020");

  std::mt19937_64 random(2);
  std::string noise(10'000'000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  spill(images, noise);
  CHECK(opening(folder) == "3 TF-DAT-025");
  spill(images, "\x1F\x8B" + noise);
  CHECK(opening(folder) == "3 TF-DAT-024");
}

TEST_CASE("what is missing or of the wrong kind is a mistake of the command line") {
  const TestFolder folder;
  CHECK(opening(folder) == "2 TF-DAT-020");
  CHECK(outcome([&] { open_dataset(parse_data_spec("idx:" + folder / "no")); }) == "2 TF-DAT-020");
  spill(folder / label_name, good_labels());
  CHECK(outcome([&] { open_dataset(parse_data_spec("idx:" + folder / label_name)); }) == "2 TF-DAT-021");
  std::filesystem::create_directory(folder / image_name);
  CHECK(opening(folder) == "2 TF-DAT-021");
}

TEST_CASE("MNIST is what it is known to be", "[.mnist]") {
  const char* const home = std::getenv("TRIFACTOR_DATA");
  if (home == nullptr) {
    FAIL("skipped: TRIFACTOR_DATA is not set (a folder that holds mnist/)");
  }
  const std::string spec = "idx:" + std::string(home) + "/mnist";
  const auto train = open_dataset(parse_data_spec(spec)),
             test = open_dataset(parse_data_spec(spec + ",split=test"));
  CHECK(train->size() == 60000);
  CHECK(test->size() == 10000);
  CHECK(train->classes() == 10);
  CHECK(train->shape() == std::vector<std::size_t>{28, 28});
  CHECK(train->content_hash() != test->content_hash());
  const int first[] = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
  for (std::size_t i = 0; i < 10; ++i) CHECK(train->label(i) == first[i]);
  std::vector<float> image(784);
  double sum = 0;
  for (std::size_t i = 0; i < train->size(); ++i) {
    train->image(i, image);
    sum += std::accumulate(image.begin(), image.end(), 0.0);
  }
  CHECK(sum / 60000 / 784 == Approx(0.1307).margin(0.00005));  // the mean everybody normalises with
}
