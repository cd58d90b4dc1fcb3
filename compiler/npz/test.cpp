// Round trips, hostile input and atomic writing of .npz files.
#include <rapidcheck.h>
#include <signal.h>
#include <sys/resource.h>
#include <zip.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <iterator>
#include <random>

#include "compiler/npz/npz.hpp"
#include "tests/support/folder.hpp"

using namespace trifactor;
namespace fs = std::filesystem;

namespace {

using trifactor::testing::Folder;
using trifactor::testing::slurp;
using trifactor::testing::spill;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span<const char>(text));
}

/// A .npy file of version `major` with this head and data.
std::string npy(const std::string& dict, const std::string& data, int major = 1) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(major);
  file += '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) file += static_cast<char>(dict.size() >> (8 * i) & 255);
  return file + dict + data;
}

/// A zip with these entries, made by libzip directly.
void make_zip(const fs::path& path, const std::vector<std::pair<std::string, std::string>>& entries,
              int method) {
  int code = 0;
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  REQUIRE(zip != nullptr);
  for (const auto& [name, data] : entries) {
    zip_source_t* source = zip_source_buffer(zip, data.data(), data.size(), 0);
    const zip_int64_t index = zip_file_add(zip, name.c_str(), source, 0);
    REQUIRE(index >= 0);
    REQUIRE(zip_set_file_compression(zip, index, method, 0) == 0);
  }
  REQUIRE(zip_close(zip) == 0);
}

template <class Action>
Error error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no Error was thrown");
  throw std::logic_error("unreachable");
}

template <class Action>
std::string code_of(Action&& action, ExitCode exit = ExitCode::data) {
  const Error error = error_of(action);
  CHECK(error.exit() == exit);
  REQUIRE(!error.items().empty());
  CHECK(!error.items()[0].where.empty());
  CHECK(!error.items()[0].found.empty());
  return error.items()[0].code;
}

NpzFile example() {
  NpzFile file;
  file["weights"] = NpyArray::from(std::vector<std::int16_t>{-32768, 32767, 0, 1, 2, 3}, {2, 3});
  file["bias"] = NpyArray::from(std::vector<double>{0.5, -1e300, 3});
  file["scalar"] = NpyArray::from(std::vector<float>{2.5F}, {});
  file["none"] = NpyArray::from(std::vector<std::uint8_t>{}, {0, 7});
  return file;
}

}  // namespace

TEST_CASE("arrays of every type and shape survive writing and reading") {
  const Folder folder;
  const fs::path path = folder.path / "a.npz";
  CHECK(rc::check("round trip", [&] {
    NpzFile file;
    const int count = *rc::gen::inRange(0, 5);
    for (int k = 0; k < count; ++k) {
      const auto dtype = *rc::gen::element<std::string>("<f8", "<f4", "<i8", "<i4", "<i2", "|i1", "<u8",
                                                        "<u4", "<u2", "|u1", "|b1");
      const auto shape = *rc::gen::resize(
          4, rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 5)));
      std::size_t size = npy_item_size(dtype);
      for (const std::size_t n : shape) size *= n;
      const auto data =
          *rc::gen::container<std::vector<std::uint8_t>>(size, rc::gen::arbitrary<std::uint8_t>());
      file["array" + std::to_string(k)] = NpyArray::from_bytes(dtype, std::as_bytes(std::span(data)), shape);
    }
    write_npz(path, file);
    RC_ASSERT(read_npz(path) == file);
    RC_ASSERT(folder.files() == 1);
  }));
}

TEST_CASE("equal arrays give equal bytes at another time, in another zone and in another order") {
  const Folder folder;
  write_npz(folder.path / "a.npz", example());
  setenv("TZ", "Pacific/Auckland", 1);
  tzset();
  sleep(2);  // the resolution of a zip's clock
  NpzFile backwards;
  const NpzFile forwards = example();
  for (auto i = forwards.rbegin(); i != forwards.rend(); ++i) backwards.insert(*i);
  write_npz(folder.path / "b.npz", backwards);
  unsetenv("TZ");
  tzset();
  CHECK(slurp(folder.path / "a.npz") == slurp(folder.path / "b.npz"));
}

TEST_CASE("heads of all versions are read") {
  const std::string data(24, '\1');
  for (int version = 1; version <= 3; ++version) {
    const NpyArray array = parse_npy(
        bytes_of(npy("{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }  \n", data, version)), "w");
    CHECK(array.dtype == "<i4");
    CHECK(array.shape == std::vector<std::size_t>{2, 3});
    CHECK(to_integers(array, "w") == std::vector<std::int64_t>(6, 0x01010101));
  }
  CHECK(parse_npy(bytes_of(npy("{\"shape\":(24L,),'descr':'<u1','fortran_order':True}", data)), "w").dtype ==
        "|u1");
}

TEST_CASE("Fortran order becomes C order") {
  // Column-major: element (i, j, k) of shape (2, 3, 2) stands at i + 2 j + 6 k.
  std::string data;
  for (char i = 0; i < 12; ++i) data += i;
  const NpyArray array =
      parse_npy(bytes_of(npy("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3, 2), }\n", data)), "w");
  const auto values = to_integers(array, "w");
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t k = 0; k < 2; ++k)
        CHECK(values[(i * 3 + j) * 2 + k] == static_cast<std::int64_t>(i + 2 * j + 6 * k));
}

TEST_CASE("heads that lie or are not understood are refused") {
  const auto code = [](const std::string& dict, const std::string& data = std::string(8, 'x'),
                       int version = 1) {
    return code_of([&] { parse_npy(bytes_of(npy(dict, data, version)), "file: a"); });
  };
  CHECK(code("{'descr': '>f8', 'fortran_order': False, 'shape': (1,), }") == "TF-NPZ-013");
  CHECK(code("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }") == "TF-NPZ-013");
  CHECK(code("{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }") == "TF-NPZ-013");
  CHECK(code("{'descr': '<f2', 'fortran_order': False, 'shape': (4,), }") == "TF-NPZ-013");
  CHECK(code("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }") == "TF-NPZ-013");
  CHECK(code("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }") == "TF-NPZ-018");
  CHECK(code("{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }") == "TF-NPZ-018");
  CHECK(code("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", std::string(9, 'x')) ==
        "TF-NPZ-018");
  CHECK(code("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999999), }") ==
        "TF-NPZ-012");
  CHECK(code("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999999999999,), }") ==
        "TF-NPZ-012");
  CHECK(code("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }") == "TF-NPZ-012");
  CHECK(code("{'descr': '<f8', 'fortran_order': 1, 'shape': (1,), }") == "TF-NPZ-012");
  CHECK(code("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,), }") == "TF-NPZ-012");
  CHECK(code("{'descr': '<f8', 'fortran_order': False, }") == "TF-NPZ-012");
  CHECK(code("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), } + 1") == "TF-NPZ-012");
  CHECK(code("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}") == "TF-NPZ-012");
  CHECK(code("") == "TF-NPZ-012");
  CHECK(code("{'descr': '<f8", std::string(8, 'x'), 4) == "TF-NPZ-011");
  CHECK(code(std::string(70000, ' '), "", 2) == "TF-NPZ-012");
}

TEST_CASE("any prefix, and any prefix with one byte changed, is refused or read, never a crash") {
  const std::string dict = "{'descr': '<f8', 'fortran_order': True, 'shape': (1, 1), }\n";
  const std::string whole = npy(dict, std::string(8, 'x'));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    INFO(n);
    CHECK_THROWS_AS(parse_npy(bytes_of(whole.substr(0, n)), "w"), Error);
    for (int value = 0; value < 256; ++value) {
      std::string other = whole;
      other[n] = static_cast<char>(value);
      try {
        parse_npy(bytes_of(other), "w");
      } catch (const Error&) {
      }
    }
  }
}

TEST_CASE("an archive cut at any length is refused; with one byte changed the arrays keep their bytes") {
  const Folder folder;
  const fs::path path = folder.path / "a.npz";
  const NpzFile file = {{"a", NpyArray::from(std::vector<std::int32_t>{1, 2, 3})},
                        {"b", NpyArray::from(std::vector<std::uint8_t>{9, 8}, {2, 1})}};
  write_npz(path, file);
  const std::string whole = slurp(path);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    INFO(n);
    spill(path, whole.substr(0, n));
    CHECK(error_of([&] { read_npz(path); }).exit() == ExitCode::data);
    std::string other = whole;
    other[n] = static_cast<char>(other[n] ^ 0x15);
    spill(path, other);
    try {
      for (const auto& [name, array] : read_npz(path)) {
        const auto same = file.find(name);
        if (same != file.end()) CHECK(array == same->second);  // the checksum covers head and data
      }
    } catch (const Error& error) {
      CHECK(error.exit() == ExitCode::data);
    }
  }
}

TEST_CASE("deflated archives are read; other methods, foreign entries and duplicates are refused") {
  const Folder folder;
  const fs::path path = folder.path / "a.npz";
  const std::string good =
      npy("{'descr': '|u1', 'fortran_order': False, 'shape': (100000,), }\n", std::string(100000, '\7'));
  make_zip(path, {{"x.npy", good}}, ZIP_CM_DEFLATE);
  CHECK(fs::file_size(path) < 2000);
  CHECK(to_integers(read_npz(path).at("x"), "x") == std::vector<std::int64_t>(100000, 7));
  make_zip(path, {{"x.npy", good}}, ZIP_CM_BZIP2);
  CHECK(code_of([&] { read_npz(path); }) == "TF-NPZ-007");
  make_zip(path, {{"x.txt", good}}, ZIP_CM_STORE);
  CHECK(code_of([&] { read_npz(path); }) == "TF-NPZ-007");

  make_zip(path, {{"x.npy", good}, {"y.npy", good}}, ZIP_CM_STORE);
  std::string twice = slurp(path);
  for (std::size_t at; (at = twice.find("y.npy")) != std::string::npos;) twice[at] = 'x';
  spill(path, twice);
  CHECK(code_of([&] { read_npz(path); }) == "TF-NPZ-007");
}

TEST_CASE("a head cannot make the reader allocate what the entry does not hold") {
  const Folder folder;
  const fs::path path = folder.path / "a.npz";
  make_zip(
      path,
      {{"x.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n", "12345678")}},
      ZIP_CM_DEFLATE);
  CHECK(code_of([&] { read_npz(path); }) == "TF-NPZ-018");

  // A bomb: small entries whose directory claims 1.5 GB, as zeros packed a thousandfold would.
  const std::string small = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }\n", "1234");
  make_zip(path, {{"a.npy", small}, {"b.npy", small}, {"c.npy", small}}, ZIP_CM_STORE);
  std::string bomb = slurp(path);
  for (std::size_t at = 0; (at = bomb.find("PK\1\2", at)) != std::string::npos; ++at)
    bomb.replace(at + 24, 4, std::string("\x00\x65\xcd\x1d", 4));  // 500,000,000
  spill(path, bomb);
  CHECK(code_of([&] { read_npz(path); }) == "TF-NPZ-008");

  // The directory understates the size: what follows is noticed, not read past.
  make_zip(path, {{"a.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }\n", "1234")}},
           ZIP_CM_STORE);
  std::string lie = slurp(path);
  const std::size_t directory = lie.find("PK\1\2");
  REQUIRE(directory != std::string::npos);
  lie[directory + 24] = static_cast<char>(lie[directory + 24] + 1);
  spill(path, lie);
  CHECK(error_of([&] { read_npz(path); }).exit() == ExitCode::data);
}

TEST_CASE("what is not a file at all is a mistake of the command line, what is no npz a damaged file") {
  const Folder folder;
  CHECK(code_of([&] { read_npz(folder.path / "missing.npz"); }, ExitCode::configuration) == "TF-NPZ-001");
  CHECK(code_of([&] { read_npz(folder.path); }, ExitCode::configuration) == "TF-NPZ-002");
  CHECK(code_of([&] { read_npz("/dev/zero"); }, ExitCode::configuration) == "TF-NPZ-002");
  std::mt19937_64 random(1);
  std::string noise(10'000'000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  spill(folder.path / "noise", noise);
  CHECK(code_of([&] { read_npz(folder.path / "noise"); }) == "TF-NPZ-005");
  spill(folder.path / "empty", "");
  CHECK(error_of([&] { read_npz(folder.path / "empty"); }).exit() == ExitCode::data);
  spill(folder.path / "a.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }", ""));
  CHECK(code_of([&] { read_npz(folder.path / "a.npy"); }) == "TF-NPZ-004");
  write_npz(folder.path / "a.npz", example());
  const Error missing = error_of([&] { NpzReader(folder.path / "a.npz").read("weight"); });
  CHECK(missing.items()[0].code == "TF-NPZ-009");
  CHECK(missing.items()[0].hint == "did you mean 'weights'?");
}

TEST_CASE("conversions are exact or refused") {
  const auto integers = [](std::vector<std::int64_t> v) { return NpyArray::from(v); };
  CHECK(to_doubles(integers({1LL << 53, -(1LL << 62)}), "w")[1] == -0x1p62);
  CHECK(code_of([&] { to_doubles(integers({(1LL << 53) + 1}), "w"); }) == "TF-NPZ-014");
  CHECK(code_of([&] { to_doubles(integers({INT64_MAX}), "w"); }) == "TF-NPZ-014");
  CHECK(code_of([&] { to_integers(NpyArray::from(std::vector<std::uint64_t>{1ULL << 63}), "w"); }) ==
        "TF-NPZ-014");
  CHECK(code_of([&] { to_integers(NpyArray::from(std::vector<float>{1}), "w"); }) == "TF-NPZ-016");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(to_doubles(NpyArray::from(std::vector<double>{nan}), "w")[0]));
  CHECK(code_of([&] {
          to_finite_doubles(NpyArray::from(std::vector<double>{0, nan}), "w");
        }) == "TF-NPZ-015");
  CHECK(code_of([&] { require_shape(integers({1}), {2}, "w"); }) == "TF-NPZ-017");
  CHECK_NOTHROW(require_shape(integers({1}), {1}, "w"));
  CHECK(code_of([&] { NpyArray::from(std::vector<double>{1}, {2}); }, ExitCode::internal) == "TF-NPZ-090");
}

TEST_CASE("arrays that are asked for piece by piece make the same file") {
  const Folder folder;
  NpzFile arrays = example();
  std::vector<std::int16_t> large(300001);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<std::int16_t>(i * 40503u);
  arrays["large"] = NpyArray::from(large);
  arrays["none"] = NpyArray::from(std::vector<double>{});
  write_npz(folder.path / "a.npz", arrays);
  std::map<std::string, NpySource> sources;
  std::size_t largest = 0;
  for (const auto& [name, array] : arrays)
    sources[name] = {array.dtype, array.shape, [&](std::uint64_t offset, std::span<std::byte> to) {
                       largest = std::max(largest, to.size());
                       REQUIRE(offset + to.size() <= array.bytes.size());
                       std::copy_n(array.bytes.begin() + static_cast<std::ptrdiff_t>(offset), to.size(),
                                   to.begin());
                     }};
  write_npz_from(folder.path / "b.npz", sources);
  CHECK(slurp(folder.path / "a.npz") == slurp(folder.path / "b.npz"));
  CHECK(read_npz(folder.path / "b.npz") == arrays);
  CHECK(largest < large.size());  // in pieces, that is

  sources["large"].read = [](std::uint64_t offset, std::span<std::byte>) {
    if (offset > 100000) throw Error(ExitCode::internal, {"TF-X", "source", "gone", "", ""});
  };
  CHECK(code_of([&] { write_npz_from(folder.path / "b.npz", sources); }, ExitCode::internal) == "TF-X");
  CHECK(slurp(folder.path / "a.npz") == slurp(folder.path / "b.npz"));
  CHECK(folder.files() == 2);
}

TEST_CASE("a failed write leaves the old file and nothing else") {
  const Folder folder;
  const fs::path path = folder.path / "a.npz";
  write_npz(path, example());
  const std::string before = slurp(path);
  CHECK(code_of([&] { write_npz(folder.path / "no" / "a.npz", example()); }, ExitCode::cannot_write) ==
        "TF-NPZ-020");
  fs::create_directory(folder.path / "folder");
  CHECK(code_of([&] { write_npz(folder.path / "folder", example()); }, ExitCode::cannot_write) ==
        "TF-NPZ-020");
  fs::remove(folder.path / "folder");

  // A full disk, played by a limit on the size of files.
  signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &old) == 0);
  const rlimit small{before.size() / 2, old.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  std::string code;
  ExitCode exit{};
  try {
    write_npz(path, example());
  } catch (const Error& error) {
    code = error.items()[0].code, exit = error.exit();
  }
  REQUIRE(setrlimit(RLIMIT_FSIZE, &old) == 0);
  signal(SIGXFSZ, SIG_DFL);
  CHECK(code == "TF-NPZ-020");
  CHECK(exit == ExitCode::cannot_write);
  CHECK(slurp(path) == before);
  CHECK(folder.files() == 1);
}
