#include "runtime/layout/layout.hpp"

#include <hdf5.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <span>
#include <vector>

#include "rtl/spec/diagnostic.hpp"
#include "rtl/spec/pack.hpp"
#include "runtime/layout/program_check.hpp"
#include "runtime/layout/sealed_file.hpp"

namespace trifactor {
namespace {

const SealKind seal{"TRIFLAYO", "layout", layout_version, "TF-LAY"};

/// An HDF5 identifier that closes itself.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  hid_t get() const { return id_; }
  bool valid() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

std::string core_path(std::size_t index) {
  char text[32];
  std::snprintf(text, sizeof text, "/core/%06zu", index);
  return text;
}

/// Writes to the temporary file; any failure is a failure to write.
class Writer {
 public:
  Writer(const std::filesystem::path& temporary, const std::filesystem::path& target)
      : target_(target), file_(create(temporary)) {
    if (!file_.valid()) fail();
  }

  void group(const std::string& path) {
    const Handle properties(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
    check(H5Pset_obj_track_times(properties.get(), false));
    const Handle made(H5Gcreate2(file_.get(), path.c_str(), H5P_DEFAULT, properties.get(), H5P_DEFAULT),
                      H5Gclose);
    if (!made.valid()) fail();
  }
  void words(const std::string& path, std::span<const std::uint32_t> values) {
    dataset(path, H5T_STD_U32LE, H5T_NATIVE_UINT32, {values.size()}, values.data());
  }
  void dataset(const std::string& path, hid_t stored, hid_t memory, std::vector<hsize_t> shape,
               const void* values) {
    const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    check(H5Pset_obj_track_times(properties.get(), false));
    const Handle space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), H5Sclose);
    const Handle made(H5Dcreate2(file_.get(), path.c_str(), stored, space.get(), H5P_DEFAULT,
                                 properties.get(), H5P_DEFAULT),
                      H5Dclose);
    if (!made.valid()) fail();
    check(H5Dwrite(made.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
  }
  void flush() { check(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL)); }

 private:
  static hid_t create(const std::filesystem::path& temporary) {
    const Handle properties(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
    H5Pset_userblock(properties.get(), seal_bytes);
    return H5Fcreate(temporary.c_str(), H5F_ACC_TRUNC, properties.get(), H5P_DEFAULT);
  }
  [[noreturn]] void fail() const { throw_cannot_write(target_, errno == 0 ? EIO : errno); }
  void check(herr_t status) const {
    if (status < 0) fail();
  }

  std::filesystem::path target_;
  struct FileHandle : Handle {
    explicit FileHandle(hid_t id) : Handle(id, H5Fclose) {}
  } file_;
};

/// Mistakes come back as values, not as text; and a file that could not be written is not tried again when
/// the program ends, because HDF5 1.10 crashes there. Every file is closed by its Handle.
void use_hdf5() {
  H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

}  // namespace

void write_layout(const std::filesystem::path& path, const Program& program) {
  use_hdf5();
  const std::filesystem::path temporary = temporary_beside(path);
  try {
    {
      errno = 0;
      Writer writer(temporary, path);
      writer.words("/program", pack(program));
      writer.group("/core");
      for (std::size_t k = 0; k < program.cores.size(); ++k) {
        CoreImage registers = program.cores[k];
        for (BlockImage& block : registers.blocks) std::vector<std::int16_t>().swap(block.weights);
        writer.group(core_path(k));
        writer.words(core_path(k) + "/registers", pack(registers));
        for (const BlockImage& block : program.cores[k].blocks)
          writer.dataset(core_path(k) + "/weights_of_" + program.projections[block.projection].name,
                         H5T_STD_I16LE, H5T_NATIVE_INT16, {block.total_rows(), program.cores[k].neurons},
                         block.weights.data());
      }
      writer.flush();
    }
    seal_and_rename(seal, temporary, path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

struct LayoutReader::File {
  Handle handle;
  std::filesystem::path path;

  [[noreturn]] void fail(const std::string& where) const {
    throw Error(ExitCode::data,
                {"TF-LAY-006", path.string() + ":" + where, "this part is missing or has another shape", "",
                 "compile the network again"});
  }
  template <class T>
  std::vector<T> read(const std::string& name, hid_t memory) const {
    const Handle dataset(H5Dopen2(handle.get(), name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset.valid()) fail(name);
    const Handle space(H5Dget_space(dataset.get()), H5Sclose);
    const hssize_t count = H5Sget_simple_extent_npoints(space.get());
    // Contiguous and not compressed: what is stored bounds what may be claimed.
    if (count < 0 || static_cast<std::uint64_t>(count) * sizeof(T) != H5Dget_storage_size(dataset.get()))
      fail(name);
    std::vector<T> values(static_cast<std::size_t>(count));
    if (count > 0 && H5Dread(dataset.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
      fail(name);
    return values;
  }
};

LayoutReader::LayoutReader(LayoutReader&&) noexcept = default;
LayoutReader::~LayoutReader() = default;

LayoutReader::LayoutReader(const std::filesystem::path& path) : path_(path) {
  digest_ = check_seal(seal, path);
  use_hdf5();
  Handle handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!handle.valid())
    throw Error(ExitCode::data,
                {"TF-LAY-007", path.string(), "HDF5 cannot open it", "", "compile the network again"});
  file_ = std::make_unique<File>(File{std::move(handle), path});
  program_ =
      unpack<Program>(file_->read<std::uint32_t>("/program", H5T_NATIVE_UINT32), path.string() + ":/program");
  check_program(program_, path.string() + ":/program");
  const Handle group(H5Gopen2(file_->handle.get(), "/core", H5P_DEFAULT), H5Gclose);
  H5G_info_t info{};
  if (!group.valid() || H5Gget_info(group.get(), &info) < 0) file_->fail("/core");
  cores_ = info.nlinks;
}

CoreImage LayoutReader::core(std::size_t index) const {
  const std::string where = core_path(index);
  CoreImage image = unpack<CoreImage>(file_->read<std::uint32_t>(where + "/registers", H5T_NATIVE_UINT32),
                                      path_.string() + ":" + where);
  check_core(program_, image, path_.string() + ":" + where);
  for (BlockImage& block : image.blocks) {
    const std::string name = where + "/weights_of_" + program_.projections[block.projection].name;
    block.weights = file_->read<std::int16_t>(name, H5T_NATIVE_INT16);
    if (block.weights.size() != std::size_t{block.total_rows()} * image.neurons) file_->fail(name);
    check_copies(image, block, path_.string() + ":" + name);
  }
  return image;
}

}  // namespace trifactor
