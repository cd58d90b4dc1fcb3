#include "runtime/session/session.hpp"

#include <cmath>

namespace trifactor {

Session::Session(Device& device, const LayoutReader& layout, const SessionOptions& options)
    : device_(device),
      program_(layout.program()),
      state_units_(layout.cores() + layout.program().teachers.size() + 1) {
  ChipImage chip;
  chip.machine = program_.machine;
  chip.populations = static_cast<std::uint32_t>(program_.populations.size());
  chip.projections = static_cast<std::uint32_t>(program_.projections.size());
  chip.steps = program_.steps;
  chip.digests = options.digests;
  chip.threads = options.threads;
  device_.send({FrameType::chip, 0, 0, pack(chip)});
  for (std::size_t k = 0; k < layout.cores(); ++k) {
    Frame frame{FrameType::core, 0, 0, {}};
    {
      const CoreImage image = layout.core(k);
      frame.unit = image.core;
      frame.words = pack(image);
    }
    device_.send(frame);
  }
  for (const TeacherImage& teacher : program_.teachers)
    device_.send({FrameType::teacher, teacher.projection, 0, pack(teacher)});
  device_.send({FrameType::label, 0, 0, pack(program_.label)});
  device_.send({FrameType::start, 0, 0, {}});
}

void Session::send_rates() {
  if (learned_ % schedule_piece(run_length_) != 0) return;
  for (std::uint32_t k = 0; k < program_.projections.size(); ++k) {
    const ProjectionInfo& projection = program_.projections[k];
    if (projection.rule.empty() || projection.schedule.kind == ScheduleKind::constant) continue;
    const double multiplier =
        projection.schedule.at(static_cast<double>(learned_), static_cast<double>(run_length_));
    const auto mantissa = static_cast<std::uint32_t>(std::lround(projection.eta_mantissa * multiplier));
    device_.send({FrameType::rate, k, learned_, {mantissa}});
  }
}

void Session::present(std::span<const float> values, std::int64_t label, bool learn) {
  while (outstanding_ >= samples_in_flight) handle(device_.receive());
  if (learn) send_rates();
  const PopulationInfo& input = program_.populations[program_.input()];
  quantised_.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    quantised_[i] = static_cast<std::int16_t>(input.activity.quantise(static_cast<double>(values[i])));
  ++outstanding_;
  device_.send(sample_frame(presentations_++, learn, label, quantised_));
  if (learn) ++learned_;
}

void Session::handle(const Frame& frame) {
  switch (frame.type) {
    case FrameType::result: {
      const auto words = unpack<ResultWords>(frame.words, "result frame");
      Answer answer{frame.tick, words.label, 0, words.learned, words.entered_cycle, words.answered_cycle};
      for (std::size_t i = 0; i < words.values.size(); ++i)
        if (words.values[i] >= words.values[static_cast<std::size_t>(answer.predicted)])
          answer.predicted = static_cast<std::int64_t>(i);
      --outstanding_;
      if (on_answer) on_answer(answer);
      break;
    }
    case FrameType::digest:
      if (on_digest) on_digest(frame.tick, unpack<DigestWords>(frame.words, "digest frame"));
      break;
    case FrameType::fault: {
      const auto fault = unpack<FaultWords>(frame.words, "fault frame");
      throw Error(ExitCode::internal,
                  {fault.code, device_.engine() + " engine, cycle " + std::to_string(fault.cycle), fault.text,
                   "", ""});
    }
    default:
      throw Error(ExitCode::internal,
                  {"TF-SES-001", device_.engine() + " engine", "an answer nobody asked for", "", ""});
  }
}

Frame Session::next_of(FrameType wanted) {
  for (;;) {
    Frame frame = device_.receive();
    if (frame.type == wanted || frame.type == FrameType::done) return frame;
    handle(frame);
  }
}

void Session::drain() {
  device_.send({FrameType::drain, 0, presentations_, {}});
  next_of(FrameType::drained);
}

template <class Handler>
void Session::read_all(FrameType question, FrameType answer, Handler handler) {
  drain();
  device_.send({question, 0, 0, {}});
  for (Frame frame = next_of(answer); frame.type != FrameType::done; frame = next_of(answer)) handler(frame);
}

ChipCounters Session::counters() {
  ChipCounters all;
  read_all(FrameType::read_counters, FrameType::counters, [&](const Frame& frame) {
    all.units[frame.unit] = unpack<UnitCounters>(frame.words, "counters frame");
  });
  return all;
}

void Session::read_weights(const std::function<void(const BlockWeights&)>& take) {
  read_all(FrameType::read_weights, FrameType::weights,
           [&](const Frame& frame) { take(unpack<BlockWeights>(frame.words, "weights frame")); });
}

std::vector<ProjectionWeights> Session::weights() {
  std::vector<ProjectionWeights> all(program_.projections.size());
  for (std::size_t k = 0; k < all.size(); ++k) {
    const ProjectionInfo& p = program_.projections[k];
    all[k].weights.resize(std::size_t{program_.populations[p.to].neurons} *
                          program_.populations[p.from].neurons);
    if (p.bias) all[k].bias.resize(program_.populations[p.to].neurons);
  }
  read_weights([&](const BlockWeights& block) {
    ProjectionWeights& projection = all.at(block.projection);
    const std::size_t from = program_.populations[program_.projections[block.projection].from].neurons;
    for (std::size_t row = 0; row < block.rows; ++row)
      for (std::size_t i = 0; i < block.neurons; ++i)
        projection.weights[(block.first_neuron + i) * from + block.first_row + row] =
            block.words[row * block.neurons + i];
    if (block.bias)
      for (std::size_t i = 0; i < block.neurons; ++i)
        projection.bias[block.first_neuron + i] = block.words[std::size_t{block.rows} * block.neurons + i];
  });
  return all;
}

void Session::save(
    const std::function<void(std::uint32_t unit, std::span<const std::uint32_t> words)>& take) {
  read_all(FrameType::read_state, FrameType::state,
           [&](const Frame& frame) { take(frame.unit, frame.words); });
}

void Session::restore(std::uint32_t unit, std::span<const std::uint32_t> words) {
  device_.send({FrameType::write_state, unit, 0, {words.begin(), words.end()}});
}

void Session::go_on_from(std::uint64_t presentations, std::uint64_t learned) {
  presentations_ = presentations;
  learned_ = learned;
}

}  // namespace trifactor
