#include "sysc/host_port/host_port.hpp"

#include <algorithm>

namespace trifactor {
namespace {

/// Learning samples that a rate may lie ahead, so that its 16 bits of tick say which one is meant.
constexpr std::uint64_t furthest_rate = 30000;

std::uint64_t cycle_now() {
  static const sc_dt::uint64 ticks = sc_core::sc_time(1, sc_core::SC_NS).value();
  return sc_core::sc_time_stamp().value() / ticks;
}

}  // namespace

HostPort::HostPort(sc_core::sc_module_name name, std::uint32_t tile, const Machine& machine, Outlet& outlet)
    : sc_module(name), tile_(tile), machine_(machine), outlet_(outlet) {
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

void HostPort::connect(LabelUnit label, std::vector<InputCore> inputs, std::size_t outputs) {
  label_ = std::move(label);
  inputs_ = std::move(inputs);
  outputs_ = outputs;
  credits_.assign(inputs_.size(), 0);
  for (const InputCore& input : inputs_) route_to(input.core);
  for (const std::uint32_t tile : label_.image().teachers) route_to(tile);
  for (const std::uint32_t core : label_.image().targets) route_to(core);
}

std::uint32_t HostPort::route_to(std::uint32_t core) {
  const auto known = routes_.find(core);
  if (known != routes_.end()) return known->second;
  return routes_[core] = outlet_.route(tile_, {core});
}

void HostPort::present(Frame frame) {
  entering_.push_back({false, std::move(frame), 0, 0, 0, {}});
  wake_.notify(sc_core::SC_ZERO_TIME);
}

void HostPort::rate(std::uint32_t projection, std::uint64_t from, std::uint32_t mantissa,
                    std::span<const std::uint32_t> owners) {
  for (const std::uint32_t owner : owners) route_to(owner);
  entering_.push_back({true, {}, projection, mantissa, from, {owners.begin(), owners.end()}});
  wake_.notify(sc_core::SC_ZERO_TIME);
}

void HostPort::step() {
  ++activations_;
  advance();
}

void HostPort::advance() {
  const std::uint64_t now = cycle_now();
  const std::uint64_t word = static_cast<std::uint64_t>(machine_.host.cycles_per_word);
  while (!entering_.empty()) {
    if (now < port_free_) {
      wake_.notify(sc_core::sc_time(static_cast<double>(port_free_ - now), sc_core::SC_NS));
      return;
    }
    Item& item = entering_.front();
    if (item.is_rate) {
      if (item.from > learned_ + furthest_rate)
        return outlet_.fault("TF-HW-008", "host port: a rate from learning sample " +
                                              std::to_string(item.from) + " on came while sample " +
                                              std::to_string(learned_) +
                                              " is next: 16 bits of tick do not reach so far");
      for (const std::uint32_t owner : item.owners) {
        outlet_.inject(tile_,
                       make_packet(PacketKind::rate, tile_, route_to(owner), item.from, item.projection, 0,
                                   item.mantissa),
                       now + word);
        rates_.push_back({owner, item.projection, item.from});
      }
      port_free_ = now + word;
    } else {
      // A rate must have arrived before the sample that it is for; buffers must be free.
      if (!rates_.empty() || entered_ >= answered_ + host_window) return;
      if (std::any_of(credits_.begin(), credits_.end(),
                      [&](std::uint64_t c) { return item.frame.tick >= c + 2; }))
        return;
      enter(item.frame, now);
    }
    entering_.pop_front();
  }
}

void HostPort::enter(const Frame& frame, std::uint64_t now) {
  const std::uint64_t word = static_cast<std::uint64_t>(machine_.host.cycles_per_word);
  const bool learn = frame.words[0] != 0;
  const std::uint16_t label = static_cast<std::uint16_t>(frame.words[1]);
  label_.events()[Event::host_word] += frame.words.size();
  Waiting waiting;
  waiting.result.label = label;
  waiting.result.learned = learn;
  waiting.result.entered_cycle = now + 1;
  waiting.result.values.assign(outputs_, 0);
  waiting.seen.assign(outputs_, false);
  waiting_.push_back(std::move(waiting));
  if (on_enter) on_enter(frame.tick, learn, learned_);
  if (learn) {
    label_.enter(label);
    const LabelImage& image = label_.image();
    for (std::size_t t = 0; t < image.teachers.size(); ++t) {
      // two teachers may sit on one tile only if they belong to different projections; index tells which
      outlet_.inject(tile_,
                     make_packet(PacketKind::same, tile_, route_to(image.teachers[t]), learned_,
                                 static_cast<std::uint32_t>(t), 0, label_.same(image.partners[t])),
                     now + 2 * word);
      ++label_.events()[Event::label_word];
    }
    for (const std::uint32_t core : image.targets) {
      outlet_.inject(tile_, make_packet(PacketKind::target, tile_, route_to(core), learned_, 0, 0, label),
                     now + 2 * word);
      ++label_.events()[Event::label_word];
    }
    ++learned_;
  }
  const std::uint64_t end = now + frame.words.size() * word;
  for (const InputCore& input : inputs_) {
    const auto value = [&](std::uint32_t i) -> std::int16_t {
      if (input.label_value == 0) return sample_value(frame, input.first + i);
      return static_cast<std::int16_t>(learn && input.first + i == label ? input.label_value : 0);
    };
    for (std::uint32_t i = 0; i < input.neurons; i += 4) {
      std::int64_t payload = 0;
      for (std::uint32_t k = 0; k < 4 && i + k < input.neurons; ++k)
        payload |= static_cast<std::int64_t>(
            static_cast<std::uint64_t>(static_cast<std::uint16_t>(value(i + k))) << (16 * k));
      const std::uint64_t last_word =
          input.label_value != 0 ? 1 : 2 + (input.first + std::min(i + 4, input.neurons) - 1) / 2;
      outlet_.inject(tile_,
                     make_packet(PacketKind::input, tile_, route_to(input.core), frame.tick, i, 0, payload),
                     now + (last_word + 1) * word);
    }
    outlet_.inject(
        tile_,
        make_packet(PacketKind::input_end, tile_, route_to(input.core), frame.tick, 0, learn ? 1 : 0, 0),
        end);
  }
  port_free_ = end;
  ++entered_;
}

void HostPort::arrive(const Packet& packet, std::uint64_t cycle) {
  switch (static_cast<PacketKind>(packet.kind)) {
    case PacketKind::result:
      take_result(packet, cycle);
      break;
    case PacketKind::host_credit: {
      std::size_t i = 0;
      while (i < inputs_.size() && inputs_[i].core != packet.source) ++i;
      if (i == inputs_.size() || credits_[i] != full_tick(packet.tick, credits_[i]))
        return outlet_.fault("TF-HW-003", "host port: a credit of core " + std::to_string(packet.source) +
                                              " came out of turn");
      ++credits_[i];
      break;
    }
    case PacketKind::rate_taken: {
      const auto owner = std::find_if(rates_.begin(), rates_.end(), [&](const Outstanding& o) {
        return o.owner == packet.source && o.projection == packet.index &&
               o.from == full_tick(packet.tick, o.from);
      });
      if (owner == rates_.end())
        return outlet_.fault("TF-HW-003", "host port: an acknowledgement nobody waits for");
      rates_.erase(owner);
      break;
    }
    default:
      return outlet_.fault("TF-HW-005", "host port: a packet that it does not take");
  }
  advance();
}

void HostPort::take_result(const Packet& packet, std::uint64_t cycle) {
  const std::uint64_t tick = full_tick(packet.tick, answered_);
  if (tick < answered_ || tick - answered_ >= waiting_.size())
    return outlet_.fault("TF-HW-004",
                         "host port: a result of presentation " + std::to_string(tick) + " came out of turn");
  if (packet.index >= outputs_) return outlet_.fault("TF-HW-006", "host port: a result that no output has");
  Waiting& waiting = waiting_[tick - answered_];
  for (std::size_t k = 0; k < packet.aux && k < 4 && packet.index + k < outputs_; ++k) {
    const std::size_t at = packet.index + k;
    if (waiting.seen[at])
      return outlet_.fault("TF-HW-002",
                           "host port: a result of presentation " + std::to_string(tick) + " arrived twice");
    waiting.seen[at] = true;
    waiting.result.values[at] = static_cast<std::int16_t>(packet.payload >> (16 * k));
    ++waiting.received;
  }
  while (!waiting_.empty() && waiting_.front().received == outputs_) {
    const std::uint64_t words = (outputs_ + 1) / 2;
    label_.events()[Event::host_word] += words;
    exit_free_ =
        std::max(exit_free_, cycle) + words * static_cast<std::uint64_t>(machine_.host.cycles_per_word);
    waiting_.front().result.answered_cycle = exit_free_ + 1;
    const ResultWords result = std::move(waiting_.front().result);
    waiting_.pop_front();
    const std::uint64_t presentation = answered_++;
    if (on_result) on_result(presentation, result);
  }
}

std::string HostPort::waiting() const {
  if (idle()) return {};
  std::string text = "host port: " + std::to_string(entering_.size()) + " frames wait to enter, " +
                     std::to_string(entered_ - answered_) + " answers are outstanding";
  if (!rates_.empty()) text += ", " + std::to_string(rates_.size()) + " rates are not acknowledged";
  for (std::size_t i = 0; i < credits_.size(); ++i)
    if (credits_[i] < entered_)
      text += ", credits of core " + std::to_string(inputs_[i].core) + " are missing";
  return text;
}

void HostPort::resume_at(std::uint64_t presentation) {
  entered_ = answered_ = presentation;
  std::fill(credits_.begin(), credits_.end(), presentation);
}

}  // namespace trifactor
