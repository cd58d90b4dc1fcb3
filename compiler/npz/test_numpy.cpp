// Files exchanged with NumPy itself, in both directions.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "compiler/npz/npz.hpp"
#include "tests/support/folder.hpp"

using namespace trifactor;
namespace fs = std::filesystem;

namespace {

/// Runs a Python script in `folder`; NumPy is a declared dependency, so its absence is a failure.
void run_python(const fs::path& folder, const std::string& script) {
  REQUIRE(std::string(TRIFACTOR_PYTHON).find("NOTFOUND") == std::string::npos);
  std::ofstream(folder / "script.py") << "import numpy as np\n" << script;
  const std::string command = "cd '" + folder.string() + "' && " + TRIFACTOR_PYTHON + " script.py";
  INFO("needs /usr/bin/python3 with NumPy (Debian: python3-numpy)");
  REQUIRE(std::system(command.c_str()) == 0);
}

using trifactor::testing::Folder;

}  // namespace

TEST_CASE("NumPy reads what we write") {
  const Folder folder;
  NpzFile file;
  std::vector<std::int16_t> words(3 * 5 * 7);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = static_cast<std::int16_t>(i * 7919);
  file["words"] = NpyArray::from(words, {3, 5, 7});
  file["real"] = NpyArray::from(std::vector<double>{0.1, -2.5});
  file["scalar"] = NpyArray::from(std::vector<float>{1.5F}, {});
  file["empty"] = NpyArray::from(std::vector<std::uint8_t>{}, {0, 4});
  file["pixels_to_hidden.bias"] = NpyArray::from(std::vector<std::int8_t>{-128, 127});
  write_npz(folder.path / "ours.npz", file);
  write_npz(folder.path / "nothing.npz", {});
  run_python(folder.path, R"(
f = np.load('ours.npz')
assert sorted(f.files) == ['empty', 'pixels_to_hidden.bias', 'real', 'scalar', 'words'], f.files
w = f['words']
assert w.dtype == np.int16 and w.shape == (3, 5, 7)
assert (w == (np.arange(105) * 7919).astype(np.int16).reshape(3, 5, 7)).all()
assert f['real'].dtype == np.float64 and list(f['real']) == [0.1, -2.5]
assert f['scalar'].shape == () and f['scalar'] == 1.5
assert f['empty'].shape == (0, 4) and f['empty'].dtype == np.uint8
assert list(f['pixels_to_hidden.bias']) == [-128, 127]
assert np.load('nothing.npz').files == []
)");
}

TEST_CASE("we read what NumPy writes") {
  const Folder folder;
  run_python(folder.path, R"(
a = np.arange(24, dtype=np.int64).reshape(2, 3, 4) - 7
arrays = dict(c=a, f=np.asfortranarray(a), real=np.array([np.pi, -1/3]), single=np.float32([1/3]),
              scalar=np.array(5, np.int32), byte=np.arange(256, dtype=np.uint8), flag=np.array([True, False]),
              short=np.array([[-32768], [32767]], np.int16), u2=np.array([65535], np.uint16),
              empty=np.zeros((3, 0)))
np.savez('plain.npz', **arrays)
np.savez_compressed('packed.npz', **arrays)
np.savez('object.npz', x=np.array([None, 1], dtype=object))
np.savez('big.npz', x=np.arange(3, dtype='>i4'))
np.savez('text.npz', x=np.array(['a']))
np.savez('half.npz', x=np.zeros(2, np.float16))
)");
  for (const char* name : {"plain.npz", "packed.npz"}) {
    INFO(name);
    const NpzFile file = read_npz(folder.path / name);
    CHECK(file.size() == 10);
    std::vector<std::int64_t> count(24);
    for (std::size_t i = 0; i < 24; ++i) count[i] = static_cast<std::int64_t>(i) - 7;
    CHECK(to_integers(file.at("c"), "c") == count);
    CHECK(to_integers(file.at("f"), "f") == count);
    CHECK(file.at("f").shape == std::vector<std::size_t>{2, 3, 4});
    CHECK(to_doubles(file.at("real"), "real") == std::vector<double>{3.141592653589793, -1.0 / 3});
    CHECK(to_doubles(file.at("single"), "single") == std::vector<double>{double{1.0F / 3.0F}});
    CHECK(file.at("scalar").shape.empty());
    CHECK(to_integers(file.at("scalar"), "scalar") == std::vector<std::int64_t>{5});
    CHECK(to_integers(file.at("byte"), "byte")[255] == 255);
    CHECK(to_integers(file.at("flag"), "flag") == std::vector<std::int64_t>{1, 0});
    CHECK(to_integers(file.at("short"), "short") == std::vector<std::int64_t>{-32768, 32767});
    CHECK(to_integers(file.at("u2"), "u2") == std::vector<std::int64_t>{65535});
    CHECK(file.at("empty").shape == std::vector<std::size_t>{3, 0});
  }
  for (const char* name : {"object.npz", "big.npz", "text.npz", "half.npz"}) {
    INFO(name);
    try {
      read_npz(folder.path / name);
      FAIL_CHECK("accepted");
    } catch (const Error& error) {
      CHECK(error.exit() == ExitCode::data);
      CHECK(error.items()[0].code == "TF-NPZ-013");
      CHECK(error.items()[0].where.ends_with(": x"));
    }
  }
}
