// Processor time, which other programs on the machine lengthen less than they lengthen wall time. An engine
// that works in two processes is charged for both.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace trifactor::bench {

/// Seconds of processor time of the calling thread.
double thread_seconds();

/// Seconds of processor time of this process and the living process `child` (0: none).
double process_seconds(pid_t child);

/// Processes that this one has started and not yet waited for.
std::vector<pid_t> children();

double median(std::vector<double> values);

/// Runs two measurements in turn, `rounds` times each, so that a disturbance meets both. Work a second.
struct Pair {
  double first = 0, second = 0;  ///< medians
  double ratio = 0;              ///< median over the rounds of first / second
};
Pair interleaved(int rounds, const std::function<double()>& first, const std::function<double()>& second);

/// A program run to its end.
struct Ended {
  double seconds = 0;  ///< processor time, its own processes included
  int status = 0;      ///< exit code; 128 + signal
};
/// Its output goes to `log`. Throws internal when it cannot be started.
Ended run_program(const std::vector<std::string>& arguments, const std::string& log);

/// The folder of this program, where the program `trifactor` is as well.
std::string program_folder();

}  // namespace trifactor::bench
