#include "tests/timing/chip_bench.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "compiler/machine_io/machine_file.hpp"
#include "compiler/network/network.hpp"
#include "compiler/passes/passes.hpp"
#include "rtl/units/random/golden.hpp"
#include "sim/engine/functional.hpp"

namespace trifactor {
namespace {

class BenchChip final : public Chip {
 public:
  BenchChip(const Program& program, const Plan& plan)
      : Chip(golden_arithmetic(), plan.options), plan_(plan), own_trees_(program.machine.tree.own_network) {
    if (plan.record)
      on_delivery = [this](std::uint32_t tile, const Packet& packet, std::uint64_t cycle) {
        delivered.push_back({cycle, tile, packet});
      };
  }
  void inject(std::uint32_t tile, const Packet& packet, std::uint64_t ready_cycle) override {
    Packet copy = packet;
    const int copies = plan_.tamper ? plan_.tamper(copy) : 1;
    for (int i = 0; i < copies; ++i) {
      if (plan_.record) sent.push_back({ready_cycle, tile, copy});
      Chip::inject(tile, copy, ready_cycle);
    }
  }
  void inject_train(std::uint32_t tile, std::span<const Packet> packets, std::uint64_t ready_cycle) override {
    if (!plan_.record && !plan_.tamper) return Chip::inject_train(tile, packets, ready_cycle);
    for (const Packet& packet : packets) inject(tile, packet, ready_cycle++);
  }
  void reduce(std::uint32_t tile, std::uint32_t projection, std::uint64_t sample, std::uint32_t first_word,
              std::span<const std::int64_t> partial, std::uint64_t ready_cycle) override {
    for (std::uint32_t w = 0; own_trees_ && plan_.record && w < partial.size(); ++w)
      sent.push_back(
          {ready_cycle + w, tile,
           make_packet(PacketKind::partial, tile, 0, sample, first_word + w, projection, partial[w])});
    Chip::reduce(tile, projection, sample, first_word, partial, ready_cycle);
  }
  void broadcast(std::uint32_t teacher, std::uint32_t projection, std::uint64_t sample,
                 std::span<const std::int16_t> words, std::uint64_t ready_cycle) override {
    for (std::uint32_t w = 0; own_trees_ && plan_.record && w < words.size(); ++w)
      sent.push_back({ready_cycle + w, teacher,
                      make_packet(PacketKind::word, teacher, 0, sample, w, projection, words[w])});
    Chip::broadcast(teacher, projection, sample, words, ready_cycle);
  }
  std::vector<Sent> sent, delivered;

 private:
  const Plan& plan_;
  bool own_trees_;
};

template <class V>
void visit(V& v, Outcome& o) {
  v(o.results, o.digests, o.weights, o.fault, o.fault_text, o.sent, o.delivered, o.cycles, o.largest_queue,
    o.largest_buffer);
}

/// One after another, because packed structures hold no maps.
template <class Map>
void pack_map(Packer& packer, const Map& map) {
  packer(static_cast<std::uint64_t>(map.size()));
  for (const auto& [unit, value] : map) packer(unit), packer(value);
}
template <class Map>
void unpack_map(Unpacker& unpacker, Map& map) {
  std::uint64_t size = 0;
  unpacker(size);
  for (std::uint64_t i = 0; i < size; ++i) {
    std::uint32_t unit = 0;
    unpacker(unit);
    unpacker(map[unit]);
  }
}

template <class Device>
void program_chip(Device& chip, const Program& program) {
  ChipImage image;
  image.machine = program.machine;
  image.populations = static_cast<std::uint32_t>(program.populations.size());
  image.projections = static_cast<std::uint32_t>(program.projections.size());
  image.steps = program.steps;
  image.digests = true;
  chip.send({FrameType::chip, 0, 0, pack(image)});
  for (const CoreImage& core : program.cores) chip.send({FrameType::core, core.core, 0, pack(core)});
  for (const TeacherImage& teacher : program.teachers)
    chip.send({FrameType::teacher, teacher.projection, 0, pack(teacher)});
  chip.send({FrameType::label, 0, 0, pack(program.label)});
  chip.send({FrameType::start, 0, 0, {}});
}

/// Takes answers up to one of type `last`, or a fault.
template <class Device>
void collect(Device& chip, FrameType last, Outcome& outcome) {
  for (;;) {
    const Frame frame = chip.receive();
    switch (frame.type) {
      case FrameType::result:
        outcome.results.push_back(frame.words);
        break;
      case FrameType::digest:
        outcome.digests.push_back(frame.words);
        break;
      case FrameType::weights:
        outcome.weights.push_back(frame.words);
        break;
      case FrameType::state:
        outcome.state[frame.unit] = frame.words;
        break;
      case FrameType::counters:
        outcome.counters[frame.unit] = unpack<UnitCounters>(frame.words, "counters");
        break;
      case FrameType::fault: {
        const auto fault = unpack<FaultWords>(frame.words, "fault");
        outcome.fault = fault.code, outcome.fault_text = fault.text;
        return;
      }
      default:
        break;
    }
    if (frame.type == last) return;
  }
}

template <class Device>
Outcome stream(Device& chip, const std::vector<Frame>& frames) {
  Outcome outcome;
  for (const Frame& frame : frames) chip.send(frame);
  chip.send({FrameType::drain, 0, 0, {}});
  collect(chip, FrameType::drained, outcome);
  for (const auto& [question, answer] : {std::pair{FrameType::read_weights, FrameType::done},
                                         {FrameType::read_state, FrameType::done},
                                         {FrameType::read_counters, FrameType::done}}) {
    if (!outcome.fault.empty()) break;
    chip.send({question, 0, 0, {}});
    collect(chip, answer, outcome);
  }
  std::sort(outcome.weights.begin(), outcome.weights.end());  // engines name blocks in orders of their own
  return outcome;
}

Outcome run_here(const Program& program, const Plan& plan) {
  BenchChip chip(program, plan);
  program_chip(chip, program);
  for (const auto& [unit, words] : plan.state) chip.send({FrameType::write_state, unit, 0, words});
  if (plan.prepare) plan.prepare(chip.mesh());
  Outcome outcome = stream(chip, plan.frames);
  outcome.cycles = Mesh::now();
  outcome.largest_queue = chip.mesh().largest_queue();
  outcome.largest_buffer = chip.mesh().largest_buffer();
  outcome.sent = std::move(chip.sent);
  outcome.delivered = std::move(chip.delivered);
  return outcome;
}

}  // namespace

std::vector<std::uint32_t> in_child(const std::function<std::vector<std::uint32_t>()>& work) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) throw std::runtime_error("no pipe");
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no child process");
  if (child == 0) {
    ::close(pipe_ends[0]);
    sc_core::sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_DO_NOTHING);
    ::setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
    int status = 1;
    try {
      const std::vector<std::uint32_t> words = work();
      const char* bytes = reinterpret_cast<const char*>(words.data());
      std::size_t left = words.size() * 4;
      while (left > 0) {
        const ssize_t written = ::write(pipe_ends[1], bytes, left);
        if (written <= 0) ::_exit(2);
        bytes += written, left -= static_cast<std::size_t>(written);
      }
      status = 0;
    } catch (const Error& error) {
      std::fprintf(stderr, "%s %s\n", error.items().front().code.c_str(),
                   error.items().front().found.c_str());
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    std::fflush(nullptr);
    ::_exit(status);
  }
  ::close(pipe_ends[1]);
  std::vector<char> bytes;
  char buffer[65536];
  for (ssize_t got = 0; (got = ::read(pipe_ends[0], buffer, sizeof buffer)) > 0;)
    bytes.insert(bytes.end(), buffer, buffer + got);
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error("the child process failed, status " + std::to_string(status));
  std::vector<std::uint32_t> words(bytes.size() / 4);
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(words.data()));
  return words;
}

namespace {

Outcome from_child(const std::function<Outcome()>& work) {
  const std::vector<std::uint32_t> words = in_child([&] {
    Outcome outcome = work();
    std::vector<std::uint32_t> packed;
    Packer packer(packed);
    visit(packer, outcome);
    pack_map(packer, outcome.state);
    pack_map(packer, outcome.counters);
    return packed;
  });
  Outcome outcome;
  Unpacker unpacker(words, "outcome");
  visit(unpacker, outcome);
  unpack_map(unpacker, outcome.state);
  unpack_map(unpacker, outcome.counters);
  unpacker.finish();
  return outcome;
}

}  // namespace

Program compile(const Setup& setup) {
  const Network network =
      read_network(std::string(TRIFACTOR_TIMING_NETWORKS) + "/" + setup.network, setup.network_sets);
  return compile(network, read_machine(setup.machine, setup.machine_sets));
}

Setup cut_by_columns() { return {"small.toml", {}, {"core.columns=8", "tree.network=mesh"}, "small"}; }
Setup cut_by_rows() { return {"small.toml", {}, {"core.axons=17", "tree.network=mesh"}, "small"}; }

std::vector<Frame> samples(const Program& program, std::uint64_t first, std::uint64_t count,
                           std::uint64_t seed, bool learn) {
  const PopulationInfo& input = program.populations[program.input()];
  std::vector<Frame> frames;
  for (std::uint64_t k = first; k < first + count; ++k) {
    const std::uint64_t label = mix64(mix64(seed) ^ k) % program.classes;
    std::vector<std::int16_t> values(input.neurons);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::uint64_t prototype = mix64(label * 1000 + i), noise = mix64(mix64(seed * 77 + k) ^ i);
      if (noise % 4 != 0)
        values[i] = static_cast<std::int16_t>(static_cast<int>(prototype % 160) - 80 +
                                              static_cast<int>(noise / 4 % 64) - 32);
    }
    frames.push_back(sample_frame(k, learn, static_cast<std::int64_t>(label), values));
  }
  return frames;
}

Outcome run(const Program& program, const Plan& plan) {
  return from_child([&] { return run_here(program, plan); });
}

Outcome run_without_time(const Program& program, const std::vector<Frame>& frames) {
  return from_child([&] {
    const auto device = make_functional_device("functional", golden_arithmetic());
    program_chip(*device, program);
    return stream(*device, frames);
  });
}

EventCounts Outcome::core_events() const {
  EventCounts sum;
  for (const auto& [unit, unit_counters] : counters)
    if (unit < teacher_unit) sum += unit_counters.events;
  return sum;
}

std::string Outcome::first_difference(const Outcome& other) const {
  if (results.size() != other.results.size()) return "number of results";
  for (std::size_t k = 0; k < results.size(); ++k) {
    if (result(k).values != other.result(k).values) return "result of presentation " + std::to_string(k);
    if (result(k).label != other.result(k).label || result(k).learned != other.result(k).learned)
      return "kind of presentation " + std::to_string(k);
  }
  if (digests != other.digests) return "digests";
  if (weights != other.weights) return "weights";
  if (state != other.state) return "state";
  for (const auto& [unit, unit_counters] : counters) {
    if (unit >= teacher_unit) continue;
    const std::string core = " of core " + std::to_string(unit);
    if (unit_counters.block_events != other.counters.at(unit).block_events) return "events of blocks" + core;
    EventCounts sum;
    for (const EventCounts& block : unit_counters.block_events) sum += block;
    for (const Event event : width_events)
      if (sum[event] != unit_counters.events[event]) return "sum of the events of blocks" + core;
  }
  return {};
}

}  // namespace trifactor
