#include "sim/engine/systemc.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "rtl/spec/diagnostic.hpp"
#include "runtime/device/resident.hpp"
#include "sim/engine/frame_stream.hpp"

extern char** environ;

namespace trifactor {
namespace {

class SystemcDevice final : public Device {
 public:
  explicit SystemcDevice(const std::filesystem::path& worker) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
      fail(std::string("no socket pair: ") + std::strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pair[1], 3);
    const std::string program = worker.string();
    char* arguments[] = {const_cast<char*>(program.c_str()), nullptr};
    std::vector<char*> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
    std::string quiet = "SYSTEMC_DISABLE_COPYRIGHT_MESSAGE=1";
    environment.push_back(quiet.data());
    environment.push_back(nullptr);
    // Ctrl-C reaches the whole process group: it must not end the worker before that has set itself to ignore
    // it.
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &interrupt);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const int status =
        ::posix_spawn(&pid_, program.c_str(), &actions, &attributes, arguments, environment.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    ::close(pair[1]);
    fd_ = pair[0];
    if (status != 0) {
      pid_ = -1;
      ::close(fd_);
      fail("cannot start " + program + ": " + std::strerror(status));
    }
  }
  SystemcDevice(const SystemcDevice&) = delete;
  SystemcDevice& operator=(const SystemcDevice&) = delete;

  ~SystemcDevice() override {
    ::close(fd_);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  }

  std::string engine() const override { return "systemc"; }

  void send(const Frame& frame) override {
    if (!write_frame(fd_, frame)) died();
  }

  Frame receive() override {
    Frame frame;
    bool pull = false;
    if (!write_pull(fd_) || !read_frame(fd_, frame, pull)) died();
    return frame;
  }

  std::uint64_t outside_rss_bytes() override { return peak_resident_bytes(std::to_string(pid_)); }

 private:
  [[noreturn]] static void fail(const std::string& text) {
    throw Error(ExitCode::internal, {"TF-DEV-003", "systemc engine", text,
                                     "the worker program libexec/trifactor-sysc beside bin/trifactor",
                                     "build the project again"});
  }
  [[noreturn]] void died() {
    int status = 0;
    std::string how = "its worker process ended";
    if (pid_ > 0 && ::waitpid(pid_, &status, 0) == pid_) {
      pid_ = -1;
      if (WIFSIGNALED(status))
        how += std::string(" by signal ") + std::to_string(WTERMSIG(status)) + " (" +
               ::strsignal(WTERMSIG(status)) + ")";
      if (WIFEXITED(status)) how += " with status " + std::to_string(WEXITSTATUS(status));
    }
    throw Error(ExitCode::internal,
                {"TF-DEV-004", "systemc engine", how, "", "the message above, if any, says why"});
  }

  int fd_ = -1;
  pid_t pid_ = -1;
};

}  // namespace

std::unique_ptr<Device> make_systemc_device(const std::filesystem::path& worker) {
  return std::make_unique<SystemcDevice>(worker);
}

}  // namespace trifactor
