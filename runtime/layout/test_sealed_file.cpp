// Sealed files written and read in pieces: the same file as in one piece, whole or not there at all.
#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "rtl/spec/diagnostic.hpp"
#include "runtime/layout/sealed_file.hpp"
#include "tests/support/folder.hpp"

using namespace trifactor;
namespace fs = std::filesystem;

namespace {

const SealKind kind{"TESTSEAL", "test", 3, "TF-TST"};

using trifactor::testing::Folder;
using trifactor::testing::slurp;

std::vector<std::uint32_t> read(const fs::path& path) {
  const SealedWords file(kind, path);
  return {file.words().begin(), file.words().end()};
}

}  // namespace

TEST_CASE("pieces make the file that the whole makes") {
  const Folder folder;
  CHECK(rc::check([&](const std::vector<std::vector<std::uint32_t>>& pieces) {
    std::vector<std::uint32_t> all;
    {
      SealedWriter writer(kind, folder.path / "pieces");
      for (const auto& piece : pieces) {
        writer.append(std::vector<std::uint32_t>(piece.size(), 0xdeadbeef));
        all.insert(all.end(), piece.begin(), piece.end());
        RC_ASSERT(writer.size() == all.size());
      }
      std::uint64_t at = 0;
      for (const auto& piece : pieces) writer.replace(at, piece), at += piece.size();
      writer.finish();
    }
    SealedWriter whole(kind, folder.path / "whole");
    whole.append(all);
    whole.finish();
    RC_ASSERT(slurp(folder.path / "pieces") == slurp(folder.path / "whole"));
    RC_ASSERT(read(folder.path / "pieces") == all);
    RC_ASSERT(folder.files() == 2u);
  }));
}

TEST_CASE("a file that is not finished leaves what was there") {
  const Folder folder;
  const std::vector<std::uint32_t> old = {1, 2, 3}, other = {4};
  {
    SealedWriter first(kind, folder.path / "f");
    first.append(old);
    first.finish();
  }
  {
    SealedWriter second(kind, folder.path / "f");
    second.append(other);
    CHECK(folder.files() == 2);
    CHECK(read(folder.path / "f") == old);
  }
  CHECK(folder.files() == 1);
  CHECK(read(folder.path / "f") == old);
}

TEST_CASE("released words can be read again") {
  const Folder folder;
  std::vector<std::uint32_t> all(100000);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i * 2654435761u);
  SealedWriter writer(kind, folder.path / "f");
  writer.append(all);
  writer.finish();
  const SealedWords file(kind, folder.path / "f");
  file.release(file.words().subspan(1000, 50000));
  file.release(file.words().last(1));
  CHECK(std::equal(all.begin(), all.end(), file.words().begin(), file.words().end()));
}

TEST_CASE("a changed bit anywhere, or a byte more or less, is found") {
  const Folder folder;
  const fs::path path = folder.path / "f";
  const std::vector<std::uint32_t> words = {7, 8, 9};
  SealedWriter writer(kind, path);
  writer.append(words);
  writer.finish();
  const std::string good = slurp(path);
  const auto refused = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    try {
      read(path);
    } catch (const Error& error) {
      return error.exit() == ExitCode::data;
    }
    return false;
  };
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    INFO("byte " << at);
    CHECK(refused(bad));
  }
  CHECK(refused(good + "x"));
  CHECK(refused(good.substr(0, good.size() - 1)));
  CHECK(!refused(good));
}
