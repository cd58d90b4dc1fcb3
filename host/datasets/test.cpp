// The SPEC language, the order of samples and npz data.
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "compiler/npz/npz.hpp"
#include "host/datasets/data_spec.hpp"
#include "host/datasets/dataset.hpp"
#include "host/datasets/random.hpp"
#include "host/datasets/sample_order.hpp"
#include "host/datasets/test_support.hpp"

using namespace trifactor;

TEST_CASE("a SPEC is read as written") {
  const DataSpec spec =
      parse_data_spec("synthetic:strokes,count=20,shuffle=0,first=3,seed=18446744073709551615,split=test");
  CHECK(spec.scheme == "synthetic");
  CHECK(spec.location == "strokes");
  CHECK(spec.split == Split::test);
  CHECK(spec.first == 3);
  CHECK(spec.count == 20U);
  CHECK(spec.shuffle == 0U);
  CHECK(spec.seed == UINT64_MAX);
  const DataSpec plain = parse_data_spec("idx:/a/b:c d");
  CHECK(plain.location == "/a/b:c d");
  CHECK(!plain.split);
  CHECK(!plain.count);
  CHECK(!plain.shuffle);
}

TEST_CASE("a SPEC's mistakes are all named, with a way out") {
  const auto mistake = [](const std::string& text) {
    const Error error = error_of([&] { parse_data_spec(text); });
    CHECK(error.exit() == ExitCode::configuration);
    CHECK(error.items().size() == 1);
    return error.items()[0].code + " " + error.items()[0].hint;
  };
  CHECK(mistake("") == "TF-DAT-001 ");
  CHECK(mistake("strokes") == "TF-DAT-001 did you mean 'synthetic:strokes'?");
  CHECK(mistake("syntetic:strokes") == "TF-DAT-002 did you mean 'synthetic'?");
  CHECK(mistake("npz:") == "TF-DAT-003 ");
  CHECK(mistake("synthetic:stroke") == "TF-DAT-004 did you mean 'strokes'?");
  CHECK(mistake("idx:d,cuont=3") == "TF-DAT-005 did you mean 'count'?");
  CHECK(mistake("idx:d,") == "TF-DAT-005 ");
  CHECK(mistake("idx:d,first=1,first=1") == "TF-DAT-006 ");
  CHECK(mistake("idx:d,split=tset") == "TF-DAT-007 did you mean 'test'?");
  for (const char* value : {"", "-1", "+1", "1.0", "1e3", " 1", "0x10", "18446744073709551616"}) {
    CHECK(mistake(std::string("idx:d,first=") + value) == "TF-DAT-008 ");
  }
  CHECK(mistake("idx:d,count") == "TF-DAT-008 ");
  for (const char* value : {"", "1+", "+1", "1++2", "3+3", "0-4", "65536", "18446744073709551616"})
    CHECK(error_of([&] { parse_data_spec(std::string("idx:d,classes=") + value); }).items()[0].code ==
          "TF-DAT-012");
  CHECK(mistake("idx:d,count=0") == "TF-DAT-009 ");
  CHECK(mistake("idx:d,seed=3") == "TF-DAT-010 to permute the samples, write shuffle=3");
  CHECK(error_of([] { parse_data_spec("idx:,count=x,splt=test"); }).items().size() == 3);
}

TEST_CASE("whatever is asked of the SPEC reader ends in a spec or an Error") {
  CHECK(rc::check("any text", [](const std::string& text) {
    try {
      parse_data_spec("idx:" + text);
    } catch (const Error& error) {
      RC_ASSERT(error.exit() == ExitCode::configuration);
    }
  }));
}

TEST_CASE("every scheme and key that is listed is understood") {
  const std::map<std::string, std::string> example = {{"synthetic", "synthetic:strokes"},
                                                      {"idx", "idx:d"},
                                                      {"cifar", "cifar:d"},
                                                      {"npz", "npz:f"},
                                                      {"split", "split=test"},
                                                      {"first", "first=1"},
                                                      {"count", "count=1"},
                                                      {"classes", "classes=1+9"},
                                                      {"shuffle", "shuffle=1"},
                                                      {"seed", "seed=1"}};
  for (const DatasetScheme& scheme : dataset_schemes()) {
    CHECK(parse_data_spec(example.at(scheme.name)).scheme == scheme.name);
    CHECK(scheme.usage.rfind(scheme.name + ":", 0) == 0);
  }
  for (const DatasetScheme& key : data_spec_keys())
    CHECK_NOTHROW(parse_data_spec("synthetic:strokes," + example.at(key.name)));
}

TEST_CASE("chosen classes are those of the samples that were named, in their order, under their numbers") {
  CHECK(rc::check("against a loop over all", [] {
    const auto first = *rc::gen::inRange(0, 50), count = *rc::gen::inRange(150, 200);
    const auto wanted = *rc::gen::unique<std::vector<int>>(rc::gen::inRange(0, 10));
    RC_PRE(!wanted.empty());
    const std::string all_of =
        "synthetic:strokes,first=" + std::to_string(first) + ",count=" + std::to_string(count);
    std::string text = all_of + ",classes=";
    for (const int label : wanted) text += (text.back() == '=' ? "" : "+") + std::to_string(label);
    const auto all = open_dataset(parse_data_spec(all_of)), some = open_dataset(parse_data_spec(text));
    std::vector<float> expected(all->features()), found = expected;
    std::size_t at = 0;
    for (std::size_t i = 0; i < all->size(); ++i) {
      if (std::find(wanted.begin(), wanted.end(), all->label(i)) == wanted.end()) continue;
      RC_ASSERT(at < some->size());
      RC_ASSERT(some->label(at) == all->label(i));
      all->image(i, expected), some->image(at++, found);
      RC_ASSERT(found == expected);
    }
    RC_ASSERT(some->size() == at);
    RC_ASSERT(some->range() == all->size());
    RC_ASSERT(some->classes() == all->classes());
    RC_ASSERT(some->shape() == all->shape());
  }));
}

TEST_CASE("a class of which there is no sample is refused") {
  CHECK(outcome([] { open_dataset(parse_data_spec("synthetic:strokes,classes=3+10")); }) == "2 TF-DAT-013");
  CHECK(outcome([] { open_dataset(parse_data_spec("synthetic:line,count=1,classes=0+1")); }) ==
        "2 TF-DAT-013");
  CHECK(outcome([] {
          open_dataset(parse_data_spec("synthetic:line,count=1000,first=3000000000,classes=0"));
        }) == "2 TF-DAT-011");
}

TEST_CASE("SplitMix64 is the published generator") {
  SplitMix random(1234567);  // values of the reference implementation, https://prng.di.unimi.it/splitmix64.c
  for (const std::uint64_t word : {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL,
                                   4593380528125082431ULL, 16408922859458223821ULL})
    CHECK(random.next() == word);
}

TEST_CASE("an epoch visits each sample once, each epoch in another order, the same on every run") {
  CHECK(rc::check("permutation", [] {
    const auto size = *rc::gen::inRange<std::size_t>(0, 200);
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    const auto epoch = *rc::gen::arbitrary<std::uint64_t>();
    const SampleOrder order(size, seed);
    auto indices = order.epoch(epoch);
    RC_ASSERT(indices == SampleOrder(size, seed).epoch(epoch));
    if (size > 20) {
      RC_ASSERT(indices != order.epoch(epoch + 1));
      RC_ASSERT(indices != SampleOrder(size, seed + 1).epoch(epoch));
    }
    std::sort(indices.begin(), indices.end());
    RC_ASSERT(indices == SampleOrder(size, std::nullopt).epoch(epoch));
    for (std::size_t i = 0; i < size; ++i) RC_ASSERT(indices[i] == i);
  }));
  // Pinned: a run's order must not change between versions.
  CHECK(SampleOrder(8, 1).epoch(0) == std::vector<std::size_t>{7, 4, 5, 3, 2, 1, 0, 6});
  CHECK(SampleOrder(8, 1).epoch(1) == std::vector<std::size_t>{0, 7, 3, 6, 4, 2, 5, 1});
}

TEST_CASE("all orders of four samples are equally likely") {
  std::map<std::vector<std::size_t>, int> seen;
  constexpr int epochs = 24000;
  for (int e = 0; e < epochs; ++e) ++seen[SampleOrder(4, 7).epoch(e)];
  CHECK(seen.size() == 24);
  double chi_square = 0;
  for (const auto& [order, count] : seen) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  CHECK(chi_square < 49.7);  // 23 degrees of freedom, p = 0.001
}

TEST_CASE("npz data: bytes are scaled, floats stay as they are, splits and selection hold") {
  const TestFolder folder;
  const std::string path = folder / "d.npz";
  std::vector<std::uint8_t> bytes(5 * 6);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 8);
  NpzFile file;
  file["x"] = NpyArray::from(bytes, {5, 2, 3});
  file["labels"] = NpyArray::from(std::vector<std::int16_t>{0, 4, 2, 3, 1});
  file["x_test"] = NpyArray::from(std::vector<double>{-1.5, 2, 1e30, 0}, {2, 2});
  file["labels_test"] = NpyArray::from(std::vector<std::uint8_t>{1, 0});
  file["other"] = NpyArray::from(std::vector<double>{std::nan("")});
  write_npz(path, file);

  const auto data = open_dataset(parse_data_spec("npz:" + path + ",first=1,count=3"));
  CHECK(data->shape() == std::vector<std::size_t>{2, 3});
  CHECK(data->features() == 6);
  CHECK(data->classes() == 5);
  CHECK(data->size() == 3);
  CHECK(data->is_bytes());
  std::vector<float> image(6);
  for (std::size_t i = 0; i < 3; ++i) {
    data->image(i, image);
    for (std::size_t k = 0; k < 6; ++k) CHECK(image[k] == static_cast<float>((i + 1) * 6 + k) * 8 / 255.0F);
  }
  CHECK(data->label(0) == 4);
  CHECK(data->label(2) == 3);

  const auto test = open_dataset(parse_data_spec("npz:" + path + ",split=test"));
  CHECK(test->shape() == std::vector<std::size_t>{2});
  CHECK(test->classes() == 2);
  CHECK(!test->is_bytes());
  test->image(0, std::span(image).first(2));
  CHECK(image[0] == -1.5F);
  CHECK(image[1] == 2.0F);
  test->image(1, std::span(image).first(2));
  CHECK(image[0] == 1e30F);

  // The hash sees every array that was used, and only those; not the selection.
  const auto hash = [&](const char* options) {
    return open_dataset(parse_data_spec("npz:" + path + options))->content_hash();
  };
  const std::uint64_t before = hash("");
  CHECK(hash(",first=2,count=1") == before);
  CHECK(hash(",split=train") == before);
  CHECK(hash(",split=test") != before);
  file["other"].bytes[0] ^= std::byte{1};
  write_npz(path, file);
  CHECK(hash("") == before);
  file["x"].bytes[29] ^= std::byte{1};
  write_npz(path, file);
  CHECK(hash("") != before);
}

TEST_CASE("npz data that cannot be used is refused") {
  const TestFolder folder;
  const std::string path = folder / "d.npz";
  const auto x = NpyArray::from(std::vector<float>{1, 2, 3, 4}, {2, 2});
  const auto labels = NpyArray::from(std::vector<std::int64_t>{0, 1});
  const auto with = [&](const NpzFile& file, const std::string& options = "") {
    write_npz(path, file);
    return outcome([&] { open_dataset(parse_data_spec("npz:" + path + options)); });
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(with({{"X", x}, {"labels", labels}}) == "3 TF-NPZ-009");
  CHECK(with({{"x", x}}) == "3 TF-NPZ-009");
  CHECK(with({{"x", x}, {"labels", labels}}, ",split=test") == "3 TF-DAT-033");
  CHECK(with({{"x", labels}, {"labels", labels}}) == "3 TF-DAT-030");
  CHECK(with({{"x", NpyArray::from(std::vector<float>{1}, {})}, {"labels", labels}}) == "3 TF-DAT-031");
  CHECK(with({{"x", NpyArray::from(std::vector<float>{}, {2, 0})}, {"labels", labels}}) == "3 TF-DAT-031");
  CHECK(with({{"x", x}, {"labels", NpyArray::from(std::vector<std::int64_t>{0})}}) == "3 TF-DAT-027");
  CHECK(with({{"x", x}, {"labels", NpyArray::from(std::vector<std::int64_t>{0, 1}, {2, 1})}}) ==
        "3 TF-DAT-027");
  CHECK(with({{"x", x}, {"labels", NpyArray::from(std::vector<double>{0, 1})}}) == "3 TF-NPZ-016");
  CHECK(with({{"x", x}, {"labels", NpyArray::from(std::vector<std::int64_t>{0, -1})}}) == "3 TF-DAT-032");
  CHECK(with({{"x", x}, {"labels", NpyArray::from(std::vector<std::int64_t>{0, 65536})}}) == "3 TF-DAT-032");
  CHECK(with({{"x", NpyArray::from(std::vector<float>{1, nan, 3, 4}, {2, 2})}, {"labels", labels}}) ==
        "3 TF-DAT-034");
  CHECK(with({{"x", NpyArray::from(std::vector<double>{1, 1e39, 3, 4}, {2, 2})}, {"labels", labels}}) ==
        "3 TF-DAT-034");
  CHECK(with({{"x", x}, {"labels", labels}}, ",first=2") == "2 TF-DAT-011");
  CHECK(with({{"x", x}, {"labels", labels}}, ",first=1,count=2") == "2 TF-DAT-011");
  CHECK(with({{"x", x}, {"labels", labels}}, ",first=1,count=18446744073709551615") == "2 TF-DAT-011");
  CHECK(outcome([&] { open_dataset(parse_data_spec("npz:" + folder.path.string())); }) == "2 TF-NPZ-002");
  CHECK(outcome([&] { open_dataset(parse_data_spec("npz:" + folder / "no.npz")); }) == "2 TF-NPZ-001");
}
