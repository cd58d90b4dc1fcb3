// Files for this folder's tests.
#pragma once

#include <zlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "rtl/spec/diagnostic.hpp"
#include "tests/support/folder.hpp"

namespace trifactor {

/// A folder of its own that goes away with the test.
using TestFolder = trifactor::testing::Folder;

using trifactor::testing::spill;

/// `text` as one gzip member, packed by zlib.
inline std::string gzip(const std::string& text) {
  z_stream zip{};
  REQUIRE(deflateInit2(&zip, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&zip, text.size()) + 64, '\0');
  zip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  zip.avail_in = static_cast<uInt>(text.size());
  zip.next_out = reinterpret_cast<Bytef*>(packed.data());
  zip.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&zip, Z_FINISH) == Z_STREAM_END);
  packed.resize(packed.size() - zip.avail_out);
  deflateEnd(&zip);
  return packed;
}

/// The Error that `action` throws; fails the test when it throws none or an empty one.
template <class Action>
Error error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    REQUIRE(!error.items().empty());
    CHECK(!error.items()[0].where.empty());
    CHECK(!error.items()[0].found.empty());
    CHECK(!error.items()[0].expected.empty());
    return error;
  }
  FAIL("no Error was thrown");
  throw std::logic_error("unreachable");
}

/// "3 TF-DAT-023": exit status and code of the first mistake.
template <class Action>
std::string outcome(Action&& action) {
  const Error error = error_of(action);
  return std::to_string(static_cast<int>(error.exit())) + " " + error.items()[0].code;
}

}  // namespace trifactor
