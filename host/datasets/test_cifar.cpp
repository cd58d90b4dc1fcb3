// CIFAR-10 batches: colours beside each other, files in order, gzip or not, and what is wrong with them.
#include <vector>

#include "host/datasets/dataset.hpp"
#include "host/datasets/test_support.hpp"

using namespace trifactor;

namespace {

/// Byte `at` of record `sample` of batch `batch`, so that every mix-up shows.
char byte_of(int batch, int sample, int at) {
  return static_cast<char>(batch * 53 + sample * 17 + at * 7 + at / 256);
}

std::string batch_of(int batch, int records) {
  std::string text;
  for (int sample = 0; sample < records; ++sample) {
    text += static_cast<char>((batch + sample) % 10);
    for (int at = 0; at < 3072; ++at) text += byte_of(batch, sample, at);
  }
  return text;
}

/// Five batches of 2, 1, 3, 1, 2 records; a test batch of 2.
void fill(const TestFolder& folder, bool packed = false) {
  const int records[] = {2, 1, 3, 1, 2};
  for (int batch = 1; batch <= 5; ++batch) {
    const std::string name = "data_batch_" + std::to_string(batch) + ".bin",
                      text = batch_of(batch, records[batch - 1]);
    spill(folder / (packed ? name + ".gz" : name), packed ? gzip(text) : text);
  }
  spill(folder / "test_batch.bin", batch_of(6, 2));
}

std::unique_ptr<Dataset> open(const TestFolder& folder, const std::string& options = "") {
  return open_dataset(parse_data_spec("cifar:" + folder.path.string() + options));
}

}  // namespace

TEST_CASE("CIFAR batches follow each other, colours stand beside each other") {
  const std::vector<std::pair<int, int>> order = {{1, 0}, {1, 1}, {2, 0}, {3, 0}, {3, 1},
                                                  {3, 2}, {4, 0}, {5, 0}, {5, 1}};
  std::uint64_t hash = 0;
  for (const bool packed : {false, true}) {
    const TestFolder folder;
    fill(folder, packed);
    const auto all = open(folder);
    REQUIRE(all->size() == order.size());
    CHECK(all->shape() == std::vector<std::size_t>{32, 32, 3});
    CHECK(all->features() == 3072);
    CHECK(all->classes() == 10);
    CHECK(all->is_bytes());
    const auto some = open(folder, ",first=2,count=3");
    REQUIRE(some->size() == 3);
    std::vector<float> image(3072), part(3072);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto [batch, sample] = order[i];
      CHECK(all->label(i) == (batch + sample) % 10);
      all->image(i, image);
      for (int row = 0; row < 32; ++row)
        for (int column = 0; column < 32; ++column)
          for (int colour = 0; colour < 3; ++colour)
            REQUIRE(image[static_cast<std::size_t>((row * 32 + column) * 3 + colour)] ==
                    static_cast<float>(static_cast<unsigned char>(
                        byte_of(batch, sample, colour * 1024 + row * 32 + column))) /
                        255.0F);
      if (i < 2 || i > 4) continue;
      some->image(i - 2, part);
      CHECK(part == image);
      CHECK(some->label(i - 2) == all->label(i));
    }
    CHECK(some->content_hash() == all->content_hash());
    if (packed) CHECK(all->content_hash() == hash);
    hash = all->content_hash();
    const auto test = open(folder, ",split=test");
    CHECK(test->size() == 2);
    CHECK(test->label(0) == 6);
    CHECK(test->content_hash() != hash);
  }
}

TEST_CASE("what is wrong with CIFAR batches is said") {
  const TestFolder folder;
  const auto opening = [&](const std::string& options = "") {
    return outcome([&] { open(folder, options); });
  };
  CHECK(error_of([&] { open(folder); }).items().size() == 5);  // all files that are missing
  CHECK(opening() == "2 TF-DAT-020");
  fill(folder);
  CHECK(opening(",first=9") == "2 TF-DAT-011");
  CHECK(opening(",first=5,count=5") == "2 TF-DAT-011");
  std::string text = batch_of(4, 2);
  spill(folder / "data_batch_4.bin", text.substr(0, text.size() - 1));
  CHECK(opening() == "3 TF-DAT-023");
  spill(folder / "data_batch_4.bin", "");
  CHECK(opening() == "3 TF-DAT-023");
  text[3073] = 10;
  spill(folder / "data_batch_4.bin", text);
  CHECK(opening() == "3 TF-DAT-032");
  CHECK(open(folder, ",split=test")->size() == 2);  // the test batch is whole
  CHECK(outcome([&] {
          open_dataset(parse_data_spec("cifar:" + (folder.path / "test_batch.bin").string()));
        }) == "2 TF-DAT-021");
}
