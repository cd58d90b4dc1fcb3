// The worker of the systemc engine: takes frames from descriptor 3, simulates when asked for an answer, and
// ends when the other side closes. Ctrl-C is the program's business, not this one's.
#include <signal.h>

#include <cstdio>
#include <memory>
#include <systemc>

#include "rtl/core/arithmetic.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "runtime/wire/words.hpp"
#include "sim/engine/frame_stream.hpp"
#include "sysc/chip/chip.hpp"

namespace {

constexpr int channel = 3;

/// The program learns of a mistake as of a fault of the chip.
trifactor::Frame fault_frame(const trifactor::Error& error) {
  const trifactor::Diagnostic& first = error.items().front();
  return {trifactor::FrameType::fault, 0, 0,
          trifactor::pack(trifactor::FaultWords{first.code, first.where + ": " + first.found, 0})};
}

int serve() {
  trifactor::Chip chip(trifactor::golden_arithmetic());
  trifactor::Frame frame, failure;
  bool pull = false, failed = false;
  while (trifactor::read_frame(channel, frame, pull)) {
    try {
      if (!pull) {
        if (!failed) chip.send(frame);
        continue;
      }
      if (!trifactor::write_frame(channel, failed ? failure : chip.receive())) break;
    } catch (const trifactor::Error& error) {
      failure = fault_frame(error);
      failed = true;
      if (pull && !trifactor::write_frame(channel, failure)) break;
    }
  }
  return 0;
}

}  // namespace

int sc_main(int, char**) {
  signal(SIGINT, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  sc_core::sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_DO_NOTHING);
  try {
    return serve();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "trifactor-sysc: %s\n", error.what());
    return 5;
  }
}
