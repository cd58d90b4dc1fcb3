// The host port and, beside it, the label unit: samples enter at the port's own bandwidth, results leave by
// it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <systemc>
#include <vector>

#include "rtl/core/teacher.hpp"
#include "rtl/spec/machine.hpp"
#include "runtime/wire/frame.hpp"
#include "runtime/wire/words.hpp"
#include "sysc/core/outlet.hpp"
#include "sysc/core/packets.hpp"

namespace trifactor {

/// Presentations between their entry and their answer, at most: what targets and similarity bits may queue
/// up.
inline constexpr std::uint64_t host_window = 12;

class HostPort : public sc_core::sc_module {
 public:
  struct InputCore {
    std::uint32_t core = 0, first = 0, neurons = 0;
    std::int32_t label_value = 0;  ///< of the sample's class; 0: values are the sample's
  };
  HostPort(sc_core::sc_module_name name, std::uint32_t tile, const Machine& machine, Outlet& outlet);
  SC_HAS_PROCESS(HostPort);

  /// `teachers`: tiles and partners, as in the label image. `outputs`: values of a complete result.
  void connect(LabelUnit label, std::vector<InputCore> inputs, std::size_t outputs);
  void arrive(const Packet& packet, std::uint64_t cycle);

  void present(Frame frame);
  /// Learning rate of a projection for its owner cores, from a learning sample on.
  void rate(std::uint32_t projection, std::uint64_t from, std::uint32_t mantissa,
            std::span<const std::uint32_t> owners);

  LabelUnit& label() { return label_; }
  std::uint64_t& learned() { return learned_; }
  std::uint32_t tile() const { return tile_; }
  std::uint64_t activations() const { return activations_; }
  bool idle() const {
    return entering_.empty() && rates_.empty() && answered_ == entered_ &&
           std::all_of(credits_.begin(), credits_.end(), [&](std::uint64_t c) { return c == entered_; });
  }
  std::string waiting() const;
  void resume_at(std::uint64_t presentation);

  std::function<void(std::uint64_t presentation, const ResultWords& result)> on_result;
  std::function<void(std::uint64_t presentation, bool learn, std::uint64_t sample)> on_enter;

 private:
  struct Item {
    bool is_rate = false;
    Frame frame;
    std::uint32_t projection = 0, mantissa = 0;
    std::uint64_t from = 0;
    std::vector<std::uint32_t> owners;
  };
  struct Waiting {
    ResultWords result;
    std::vector<bool> seen;
    std::size_t received = 0;
  };
  void step();
  void advance();
  void enter(const Frame& frame, std::uint64_t now);
  void take_result(const Packet& packet, std::uint64_t cycle);
  std::uint32_t route_to(std::uint32_t core);

  std::uint32_t tile_;
  const Machine& machine_;
  Outlet& outlet_;
  sc_core::sc_event wake_;
  LabelUnit label_;
  std::vector<InputCore> inputs_;
  std::vector<std::uint64_t> credits_;             ///< by input core
  std::map<std::uint32_t, std::uint32_t> routes_;  ///< by core
  std::size_t outputs_ = 0;
  std::deque<Item> entering_;
  struct Outstanding {
    std::uint32_t owner = 0, projection = 0;
    std::uint64_t from = 0;
  };
  std::vector<Outstanding> rates_;  ///< acknowledgements that have not come yet
  std::uint64_t port_free_ = 0, exit_free_ = 0;
  std::uint64_t entered_ = 0, answered_ = 0, learned_ = 0;
  std::deque<Waiting> waiting_;  ///< from answered_ on
  std::uint64_t activations_ = 0;
};

}  // namespace trifactor
