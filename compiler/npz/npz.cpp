#include "compiler/npz/npz.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <exception>
#include <fstream>
#include <new>
#include <system_error>

namespace trifactor {
namespace {

constexpr std::uint64_t most_entries = 65536;

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using ArchiveHandle = std::unique_ptr<zip_t, CloseArchive>;
using EntryHandle = std::unique_ptr<zip_file_t, CloseEntry>;

struct Entry {
  zip_uint64_t index = 0, size = 0, packed = 0;
};

[[noreturn]] void damaged(const char* code, const std::string& where, std::string found, std::string expected,
                          std::string hint = {}) {
  throw Error(ExitCode::data, {code, where, std::move(found), std::move(expected), std::move(hint)});
}

std::uint64_t regular_file_size(const std::filesystem::path& path) {
  struct stat status {};
  const auto refuse = [&](const char* code, std::string found) {
    throw Error(ExitCode::configuration, {code, path.string(), std::move(found), "a NumPy .npz file", ""});
  };
  if (stat(path.c_str(), &status) != 0) refuse("TF-NPZ-001", std::generic_category().message(errno));
  if (S_ISDIR(status.st_mode)) refuse("TF-NPZ-002", "this is a directory");
  if (!S_ISREG(status.st_mode)) refuse("TF-NPZ-002", "this is not a regular file");
  if (access(path.c_str(), R_OK) != 0) refuse("TF-NPZ-003", std::generic_category().message(errno));
  return static_cast<std::uint64_t>(status.st_size);
}

bool begins_like_npy(const std::filesystem::path& path) {
  std::array<char, 6> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  return std::string_view(start.data(), start.size()) == "\x93NUMPY";
}

std::string last_error(zip_t* archive) { return zip_error_strerror(zip_get_error(archive)); }

/// Fills `to` from the entry as far as there is data; returns the number of bytes.
std::size_t read_some(zip_file_t* entry, std::span<std::byte> to, const std::string& where) {
  std::size_t done = 0;
  while (done < to.size()) {
    const zip_int64_t n = zip_fread(entry, to.data() + done, to.size() - done);
    if (n < 0)
      damaged("TF-NPZ-006", where,
              std::string("the entry cannot be unpacked: ") + zip_error_strerror(zip_file_get_error(entry)),
              "an undamaged file", "copy or save the file again");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

/// Reads exactly `size` bytes, allocating only as they arrive.
std::vector<std::byte> read_data(zip_file_t* entry, std::size_t size, std::uint64_t packed,
                                 const std::string& where) {
  constexpr std::size_t chunk = std::size_t{1} << 20;
  std::vector<std::byte> bytes;
  bytes.reserve(std::min<std::uint64_t>(size, 8 * packed + chunk));
  while (bytes.size() < size) {
    const std::size_t before = bytes.size();
    bytes.resize(before + std::min(chunk, size - before));
    const std::size_t got = read_some(entry, std::span(bytes).subspan(before), where);
    if (before + got < bytes.size())
      damaged("TF-NPZ-018", where, "the data ends after " + std::to_string(before + got) + " bytes",
              std::to_string(size) + " bytes");
  }
  std::byte extra;
  if (read_some(entry, {&extra, 1}, where) != 0)  // reading to the end also verifies the checksum
    damaged("TF-NPZ-018", where, "bytes follow the array's data",
            "exactly " + std::to_string(size) + " bytes");
  return bytes;
}

}  // namespace

std::uint64_t npz_inflation_limit(std::uint64_t file_bytes) {
  return std::max<std::uint64_t>(std::uint64_t{1} << 30, 200 * file_bytes);
}

struct NpzReader::Archive {
  std::filesystem::path path;
  ArchiveHandle handle;
  std::map<std::string, Entry> entries;
};

NpzReader::NpzReader(std::filesystem::path path) : archive_(std::make_unique<Archive>()) {
  const std::string name = path.string();
  const std::uint64_t file_bytes = regular_file_size(path);
  int code = 0;
  archive_->handle.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!archive_->handle) {
    if (begins_like_npy(path))
      damaged("TF-NPZ-004", name, "this is a single .npy array", "an .npz file of named arrays",
              "save it with numpy.savez(file, NAME=array)");
    zip_error_t reason;
    zip_error_init_with_code(&reason, code);
    const std::string text = zip_error_strerror(&reason);
    zip_error_fini(&reason);
    damaged("TF-NPZ-005", name, "this is not an .npz file, or it is damaged: " + text, "a NumPy .npz file",
            "save it with numpy.savez");
  }
  zip_t* const zip = archive_->handle.get();
  const zip_int64_t count = zip_get_num_entries(zip, 0);
  if (count < 0 || static_cast<std::uint64_t>(count) > most_entries)
    damaged("TF-NPZ-007", name, "the file holds " + std::to_string(count) + " entries", "at most 65536");
  std::uint64_t total = 0;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
    zip_stat_t status;
    constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if (zip_stat_index(zip, i, 0, &status) != 0 || (status.valid & needed) != needed)
      damaged("TF-NPZ-006", name, "entry " + std::to_string(i) + ": " + last_error(zip), "an undamaged file");
    std::string entry = status.name;
    if (!entry.ends_with(".npy"))
      damaged("TF-NPZ-007", name, "the entry '" + entry + "' is not an array",
              "entries named NAME.npy, as numpy.savez writes them");
    entry.resize(entry.size() - 4);
    if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE)
      damaged("TF-NPZ-007", where(entry),
              "the entry is compressed by method " + std::to_string(status.comp_method), "stored or deflated",
              "save the file with numpy.savez or numpy.savez_compressed");
    total += std::min<std::uint64_t>(status.size, std::uint64_t{1} << 62 >> 16);
    if (!archive_->entries.emplace(entry, Entry{i, status.size, status.comp_size}).second)
      damaged("TF-NPZ-007", name, "the array '" + entry + "' comes twice", "each array once");
  }
  if (total > npz_inflation_limit(file_bytes))
    damaged("TF-NPZ-008", name,
            "the file of " + std::to_string(file_bytes) + " bytes claims to hold " + std::to_string(total),
            "at most " + std::to_string(npz_inflation_limit(file_bytes)), "save it with numpy.savez");
  archive_->path = std::move(path);
}

NpzReader::NpzReader(NpzReader&&) noexcept = default;
NpzReader::~NpzReader() = default;

std::vector<std::string> NpzReader::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : archive_->entries) names.push_back(name);
  return names;
}

bool NpzReader::has(const std::string& name) const { return archive_->entries.contains(name); }

std::string NpzReader::where(const std::string& name) const { return archive_->path.string() + ": " + name; }

NpyArray NpzReader::read(const std::string& name) {
  const auto found = archive_->entries.find(name);
  const std::string place = where(name);
  if (found == archive_->entries.end()) {
    const std::string close = nearest(name, names());
    std::string list;
    for (const std::string& n : names()) list += (list.empty() ? "" : ", ") + n;
    damaged("TF-NPZ-009", archive_->path.string(), "there is no array '" + name + "'",
            "an array of that name; the file holds " + (list.empty() ? "none" : list),
            close.empty() ? "" : "did you mean '" + close + "'?");
  }
  const Entry& entry = found->second;
  const EntryHandle file(zip_fopen_index(archive_->handle.get(), entry.index, 0));
  if (!file)
    damaged("TF-NPZ-006", place, "the entry cannot be opened: " + last_error(archive_->handle.get()),
            "an undamaged file without encryption");
  std::vector<std::byte> head(12);
  head.resize(read_some(file.get(), head, place));
  const std::size_t head_size = npy_header_size(head, place);
  const std::size_t have = head.size();
  if (head_size < have) damaged("TF-NPZ-012", place, "the head of the array is empty", "a Python dict");
  head.resize(head_size);
  if (read_some(file.get(), std::span(head).subspan(have), place) != head_size - have)
    damaged("TF-NPZ-012", place, "the array ends inside its head", "a whole head");
  NpyHeader header = parse_npy_header(head, place);
  if (entry.size < head_size || entry.size - head_size != header.data_bytes)
    damaged("TF-NPZ-018", place,
            "the array of shape " + shape_text(header.shape) + " and type " + header.dtype + " should take " +
                std::to_string(header.data_bytes) + " bytes",
            "as many bytes as the entry holds, " +
                std::to_string(entry.size - std::min<std::uint64_t>(entry.size, head_size)));
  try {
    NpyArray array{std::move(header.dtype), std::move(header.shape),
                   read_data(file.get(), header.data_bytes, entry.packed, place)};
    if (header.fortran_order) fortran_to_c(array);
    return array;
  } catch (const std::bad_alloc&) {
    damaged("TF-NPZ-008", place, "the array does not fit in memory", "less than the free memory");
  }
}

NpzFile read_npz(const std::filesystem::path& path) {
  NpzReader reader(path);
  NpzFile arrays;
  for (const std::string& name : reader.names()) arrays.emplace(name, reader.read(name));
  return arrays;
}

namespace {

[[noreturn]] void cannot_write(const std::filesystem::path& path, const std::string& reason) {
  throw Error(ExitCode::cannot_write, {"TF-NPZ-020", path.string(), "the file cannot be written: " + reason,
                                       "a folder that exists, may be written to and has space", ""});
}

/// Removes the temporary file unless it was renamed.
struct Temporary {
  std::filesystem::path path;
  bool keep = false;
  ~Temporary() {
    if (!keep) unlink(path.c_str());
  }
};

void write_empty(const std::filesystem::path& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);  // libzip writes no archive without entries
  constexpr std::array<char, 22> end_of_directory = {'P', 'K', 5, 6};
  file.write(end_of_directory.data(), end_of_directory.size());
  if (!file.flush()) cannot_write(path, std::generic_category().message(errno));
}

/// One entry while libzip reads it: the head, then what the source gives.
class EntryReader {
 public:
  explicit EntryReader(const NpySource& source)
      : source_(source),
        head_(npy_header({source.dtype, source.shape, {}})),
        size_(head_.size() + NpyArray{{}, source.shape, {}}.size() * npy_item_size(source.dtype)) {}

  /// A zip_source_callback; `self` is an EntryReader.
  static zip_int64_t serve(void* self, void* data, zip_uint64_t bytes, zip_source_cmd_t command) {
    return static_cast<EntryReader*>(self)->serve(data, bytes, command);
  }
  /// What `read` threw: libzip only knows that it failed.
  std::exception_ptr failure() const { return failure_; }

 private:
  zip_int64_t serve(void* data, zip_uint64_t bytes, zip_source_cmd_t command) {
    switch (command) {
      case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                              ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
      case ZIP_SOURCE_OPEN:
        at_ = 0;
        return 0;
      case ZIP_SOURCE_READ:
        return read({static_cast<std::byte*>(data), static_cast<std::size_t>(bytes)});
      case ZIP_SOURCE_STAT: {
        auto* const status = static_cast<zip_stat_t*>(data);
        zip_stat_init(status);
        status->size = status->comp_size = size_;
        status->comp_method = ZIP_CM_STORE;
        status->encryption_method = ZIP_EM_NONE;
        status->valid =
            ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
        return sizeof *status;
      }
      case ZIP_SOURCE_ERROR: {
        const int codes[2] = {ZIP_ER_READ, EIO};
        std::memcpy(data, codes, sizeof codes);
        return sizeof codes;
      }
      default:
        return 0;
    }
  }
  zip_int64_t read(std::span<std::byte> to) {
    to = to.first(static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), size_ - at_)));
    try {
      const std::size_t of_head =
          at_ < head_.size() ? std::min<std::size_t>(to.size(), head_.size() - at_) : 0;
      std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(at_), of_head, to.begin());
      if (of_head < to.size()) source_.read(at_ + of_head - head_.size(), to.subspan(of_head));
    } catch (...) {
      failure_ = std::current_exception();
      return -1;
    }
    at_ += to.size();
    return static_cast<zip_int64_t>(to.size());
  }

  const NpySource& source_;
  std::vector<std::byte> head_;
  std::uint64_t size_, at_ = 0;
  std::exception_ptr failure_;
};

void write_archive(const std::filesystem::path& path, const std::filesystem::path& target,
                   const std::map<std::string, NpySource>& arrays) {
  int code = 0;
  std::deque<EntryReader> readers;  // outlive zip_close, which reads them
  ArchiveHandle handle(zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (!handle) {
    zip_error_t reason;
    zip_error_init_with_code(&reason, code);
    const std::string text = zip_error_strerror(&reason);
    zip_error_fini(&reason);
    cannot_write(target, text);
  }
  zip_t* const zip = handle.get();
  for (const auto& [name, array] : arrays) {
    zip_source_t* const source = zip_source_function(zip, EntryReader::serve, &readers.emplace_back(array));
    if (source == nullptr) cannot_write(target, last_error(zip));
    const zip_int64_t index = zip_file_add(zip, (name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      cannot_write(target, last_error(zip));
    }
    constexpr zip_uint16_t first_of_january_1980 = 1 << 5 | 1;
    if (zip_set_file_compression(zip, index, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(zip, index, 0, first_of_january_1980, 0) != 0)
      cannot_write(target, last_error(zip));
  }
  if (zip_close(zip) != 0) {
    for (const EntryReader& reader : readers)
      if (reader.failure()) std::rethrow_exception(reader.failure());
    cannot_write(target, last_error(zip));
  }
  (void)handle.release();  // zip_close has freed it
}

}  // namespace

void write_npz(const std::filesystem::path& path, const NpzFile& arrays) {
  std::map<std::string, NpySource> sources;
  for (const auto& [name, array] : arrays) {
    if (npy_item_size(array.dtype) == 0 || array.bytes.size() != array.size() * npy_item_size(array.dtype))
      throw Error(ExitCode::internal, {"TF-NPZ-090", path.string() + ": " + name,
                                       "an array's bytes do not match its shape", "", ""});
    sources[name] = {
        array.dtype, array.shape, [&array = array](std::uint64_t offset, std::span<std::byte> to) {
          std::copy_n(array.bytes.begin() + static_cast<std::ptrdiff_t>(offset), to.size(), to.begin());
        }};
  }
  write_npz_from(path, sources);
}

void write_npz_from(const std::filesystem::path& path, const std::map<std::string, NpySource>& arrays) {
  Temporary temporary{path.string() + ".tmp-" + std::to_string(getpid())};
  if (arrays.empty()) {
    write_empty(temporary.path);
  } else {
    write_archive(temporary.path, path, arrays);
  }
  const int file = open(temporary.path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && fsync(file) == 0;
  const std::string reason = std::generic_category().message(errno);
  if (file >= 0) close(file);
  if (!synced) cannot_write(path, reason);
  if (std::rename(temporary.path.c_str(), path.c_str()) != 0)
    cannot_write(path, std::generic_category().message(errno));
  temporary.keep = true;
}

}  // namespace trifactor
