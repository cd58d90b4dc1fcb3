#include "tests/bench/chips.hpp"

#include <algorithm>
#include <cmath>

#include "compiler/machine_io/machine_file.hpp"
#include "compiler/network/network.hpp"
#include "compiler/passes/passes.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "rtl/units/random/golden.hpp"
#include "sim/engine/functional.hpp"
#include "sim/engine/systemc.hpp"
#include "tests/bench/clocks.hpp"

namespace trifactor::bench {
namespace {

Network read(const char* name) { return read_network(std::string(TRIFACTOR_BENCH_NETWORKS) + "/" + name); }

/// Population 1 and projection 0 of the file are the pattern; the last of each belongs to the scores.
struct Pattern {
  explicit Pattern(const char* name) : network(read(name)) {
    layer = network.populations[1], scores = network.populations[2];
    up = network.projections[0], down = network.projections[1];
    network.populations.resize(1);
    network.projections.clear();
  }
  /// A copy of the layer behind population `from`; returns its number.
  int add(int from) {
    const int number = static_cast<int>(network.populations.size());
    PopulationSpec population = layer;
    population.name += std::to_string(number);
    ProjectionSpec projection = up;
    projection.name = "to_" + population.name;
    projection.from = from, projection.to = number;
    network.populations.push_back(population);
    network.projections.push_back(projection);
    return number;
  }
  Network finish(int from) {
    down.from = from, down.to = network.output = static_cast<int>(network.populations.size());
    network.populations.push_back(scores);
    network.projections.push_back(down);
    return std::move(network);
  }
  Network network;
  PopulationSpec layer, scores;
  ProjectionSpec up, down;
};

Machine square_machine(int tiles) {
  const std::string side = std::to_string(static_cast<int>(std::ceil(std::sqrt(static_cast<double>(tiles)))));
  return read_machine("generic", {"mesh.width=" + side, "mesh.height=" + side});
}

}  // namespace

Program chains(int cores) {
  constexpr int length = 8;
  Pattern pattern("chain.toml");
  int first = 0;
  for (int chain = 0; chain < cores / length; ++chain) {
    int at = 0;
    for (int k = 0; k < length; ++k) {
      at = pattern.add(at);
      if (chain == 0 && k == 0) first = at;
    }
  }
  const int used = cores / length * length;
  return compile(pattern.finish(first), square_machine(used + 2));
}

Program wide(int layers, int neurons) {
  Pattern pattern("wide.toml");
  pattern.layer.shape = {neurons};
  pattern.layer.normalise->groups = std::min(256, neurons / 16);
  for (int k = 0; k < layers; ++k) pattern.add(0);
  return compile(pattern.finish(0), square_machine(layers * ((neurons + 255) / 256) + 16));
}

std::vector<Frame> full_range_samples(const Program& program, std::uint64_t first, std::uint64_t count) {
  const PopulationInfo& input = program.populations[program.input()];
  std::vector<Frame> frames;
  for (std::uint64_t k = first; k < first + count; ++k) {
    std::vector<std::int16_t> values(input.neurons);
    const std::int64_t low = input.activity.low(), span = input.activity.high() - low + 1;
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<std::int16_t>(
          low + static_cast<std::int64_t>(mix64(k << 32 | i) % static_cast<std::uint64_t>(span)));
    frames.push_back(sample_frame(k, true, static_cast<std::int64_t>(mix64(k) % program.classes), values));
  }
  return frames;
}

Loaded::Loaded(std::unique_ptr<Device> device, const Program& program)
    : program_(program), device_(std::move(device)) {
  if (const std::vector<pid_t> all = children(); device_->engine() == "systemc" && !all.empty())
    worker_ = all.back();
  ChipImage chip;
  chip.machine = program.machine;
  chip.populations = static_cast<std::uint32_t>(program.populations.size());
  chip.projections = static_cast<std::uint32_t>(program.projections.size());
  device_->send({FrameType::chip, 0, 0, pack(chip)});
  for (const CoreImage& core : program.cores) device_->send({FrameType::core, core.core, 0, pack(core)});
  for (const TeacherImage& teacher : program.teachers)
    device_->send({FrameType::teacher, teacher.projection, 0, pack(teacher)});
  device_->send({FrameType::label, 0, 0, pack(program.label)});
  device_->send({FrameType::start, 0, 0, {}});
  learn(2);  // histories hold a sample, caches and buffers are warm
}

Frame Loaded::receive() {
  Frame frame = device_->receive();
  if (frame.type == FrameType::fault) {
    const auto fault = unpack<FaultWords>(frame.words, "fault frame");
    throw Error(ExitCode::internal, {fault.code, device_->engine(), fault.text, "", ""});
  }
  return frame;
}

double Loaded::learn(std::uint64_t samples) {
  const std::vector<Frame> frames = full_range_samples(program_, presented_, samples);
  presented_ += samples;
  const double start = process_seconds(worker_);
  std::uint64_t outstanding = 0;
  for (const Frame& frame : frames) {
    if (outstanding == samples_in_flight) receive(), --outstanding;
    device_->send(frame);
    ++outstanding;
  }
  device_->send({FrameType::drain, 0, presented_, {}});
  while (receive().type != FrameType::drained) {
  }
  return static_cast<double>(samples) / (process_seconds(worker_) - start);
}

Loaded::Sums Loaded::counters() {
  device_->send({FrameType::read_counters, 0, 0, {}});
  Sums sums;
  for (Frame frame = receive(); frame.type != FrameType::done; frame = receive()) {
    const auto unit = unpack<UnitCounters>(frame.words, "counters frame");
    sums.events += unit.events;
    if (frame.unit == network_unit) sums.activations = unit.activations;
  }
  return sums;
}

std::unique_ptr<Device> functional() { return make_functional_device("functional", golden_arithmetic()); }
std::unique_ptr<Device> systemc() {
  return make_systemc_device(std::filesystem::path(program_folder()).parent_path() /
                             "libexec/trifactor-sysc");
}

}  // namespace trifactor::bench
