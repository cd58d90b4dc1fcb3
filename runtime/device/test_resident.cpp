// Peak memory is of the process asked about, and of no other.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "runtime/device/resident.hpp"

using namespace trifactor;

TEST_CASE("memory that was given back still counts, and a program started later does not inherit it") {
  constexpr std::uint64_t large = std::uint64_t{256} << 20;
  const std::uint64_t before = peak_resident_bytes("self");
  CHECK(before > 1 << 20);
  {
    std::vector<char> touched(large);
    std::memset(touched.data(), 1, touched.size());
    CHECK(touched[large / 2] == 1);
  }
  CHECK(peak_resident_bytes("self") >= large);
  char name[] = "/bin/sleep", seconds[] = "60";
  char* arguments[] = {name, seconds, nullptr};
  char* environment[] = {nullptr};
  pid_t child = 0;
  REQUIRE(::posix_spawn(&child, name, nullptr, nullptr, arguments, environment) == 0);
  ::usleep(100000);
  const std::uint64_t peak = peak_resident_bytes(std::to_string(child));
  CHECK(peak > 0);
  CHECK(peak < large / 4);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(peak_resident_bytes(std::to_string(child)) == 0);
}
