// Files that are there whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace trifactor {

/// Writes `text` to a temporary name beside `path`, syncs and renames it. Missing folders are made.
/// Throws Error(cannot_write) TF-OUT-001; the temporary file is then gone and an older `path` untouched.
void write_whole_file(const std::filesystem::path& path, std::string_view text);

/// The whole of `path`. Throws Error(configuration) TF-RUN-001 when it is no readable file.
std::string read_whole_file(const std::filesystem::path& path);

}  // namespace trifactor
