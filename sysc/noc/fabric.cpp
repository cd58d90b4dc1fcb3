#include "sysc/noc/fabric.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "rtl/spec/diagnostic.hpp"
#include "sysc/noc/jitter.hpp"

namespace trifactor {
namespace {

/// The first set bit of a five-bit mask at or after a turn, cyclically: [turn][mask].
constexpr auto first_from_turn = [] {
  std::array<std::array<std::uint8_t, 32>, 5> table{};
  for (std::uint32_t turn = 0; turn < 5; ++turn)
    for (std::uint32_t mask = 1; mask < 32; ++mask) {
      std::uint32_t bit = turn;
      while ((mask >> bit & 1) == 0) bit = (bit + 1) % 5;
      table[turn][mask] = static_cast<std::uint8_t>(bit);
    }
  return table;
}();

/// How many entries ahead memory is asked for.
constexpr std::size_t ahead = 6;

constexpr std::uint8_t after(std::uint32_t turn) {
  return static_cast<std::uint8_t>(turn == 4 ? 0 : turn + 1);
}

void check_range(Diagnostics& found, const char* name, std::uint64_t value, std::uint64_t low,
                 std::uint64_t high) {
  if (value >= low && value <= high) return;
  found.add({"TF-NOC-001", std::string("mesh parameter ") + name, std::to_string(value),
             std::to_string(low) + " to " + std::to_string(high), ""});
}

MeshConfig checked(const MeshConfig& config) {
  Diagnostics found;
  check_range(found, "width", config.width, 1, 256);
  check_range(found, "height", config.height, 1, 256);
  check_range(found, "hop_cycles", config.hop_cycles, 1, 64);
  check_range(found, "buffer_packets", config.buffer_packets, 1, 1024);
  check_range(found, "link_bits", config.link_bits, 1, 65536);
  for (const std::uint32_t bits : config.packet_bits) check_range(found, "packet_bits", bits, 1, 65536);
  found.throw_if_any(ExitCode::internal);
  return config;
}

/// Nothing is posted farther ahead than a hop with its jitter or the length of a packet.
std::uint64_t farthest(const MeshConfig& config) {
  std::uint64_t span = config.hop_cycles;
  for (std::size_t c = 0; c < message_class_count; ++c)
    span = std::max<std::uint64_t>(span, config.serial_cycles(c));
  return span + (config.jitter_seed != 0 ? jitter::latency_limit : 0);
}

}  // namespace

Fabric::Fabric(const MeshConfig& config)
    : config_(checked(config)), routes_(config.width, config.height), wheel_(farthest(config)) {
  const std::uint32_t tiles = config_.tiles();
  const auto width = static_cast<std::int32_t>(config_.width);
  step_ = {-width, 1, width, -1};
  routers_.resize(tiles);
  active_.resize((std::size_t{tiles} + 63) / 64);
  fifos_.resize(std::size_t{tiles} * fifo_count);
  sources_.resize(std::size_t{tiles} * message_class_count);
  sinks_.resize(tiles, nullptr);
  for (std::uint32_t c = 0; c < message_class_count; ++c) {
    serial_[c] = config_.serial_cycles(c);
    for (std::uint32_t tile = 0; tile < tiles; ++tile)
      for (std::uint32_t port = 0; port < port_count; ++port)
        fifo(tile, c * port_count + port).free =
            static_cast<std::uint16_t>(buffer_depth(config_, tile, port, c));
  }
}

std::uint32_t Fabric::buffer_depth(const MeshConfig& config, std::uint32_t tile, std::uint32_t port,
                                   std::size_t c) {
  if (config.jitter_seed == 0) return config.buffer_packets;
  const std::uint64_t word = jitter::draw(config.jitter_seed, jitter::Use::depth, tile,
                                          static_cast<std::uint32_t>(c) * port_count + port, 0);
  return 1 + static_cast<std::uint32_t>(word % config.buffer_packets);
}

std::uint32_t Fabric::extra_latency(const MeshConfig& config, std::uint32_t tile, std::uint32_t port,
                                    std::size_t c, std::uint64_t cycle) {
  if (config.jitter_seed == 0) return 0;
  const std::uint64_t word = jitter::draw(config.jitter_seed, jitter::Use::latency, tile,
                                          static_cast<std::uint32_t>(c) * port_count + port, cycle);
  return static_cast<std::uint32_t>(word % jitter::latency_limit);
}

void Fabric::connect(std::uint32_t tile, PacketSink& sink) {
  if (tile >= config_.tiles())
    throw Error(ExitCode::internal, {"TF-NOC-003", "connect", "tile " + std::to_string(tile),
                                     "a tile below " + std::to_string(config_.tiles()), ""});
  sinks_[tile] = &sink;
}

std::uint32_t Fabric::new_body(const Packet& packet) {
  if (free_bodies_.empty()) {
    free_bodies_.push_back(static_cast<std::uint32_t>(bodies_.size()));
    bodies_.emplace_back();
  }
  const std::uint32_t body = free_bodies_.back();
  free_bodies_.pop_back();
  bodies_[body] = {packet, routes_.route(packet.route).destinations};
  return body;
}

void Fabric::finish_copy(std::uint32_t body) {
  if (--bodies_[body].copies_left == 0) free_bodies_.push_back(body);
}

void Fabric::inject_train(std::uint32_t tile, std::span<const Packet> packets, std::uint64_t ready_cycle,
                          std::uint64_t earliest) {
  if (packets.empty()) return;
  const std::uint32_t c = packets.front().message_class;
  for (const Packet& packet : packets)
    if (tile >= config_.tiles() || c >= message_class_count || packet.message_class != c ||
        packet.route >= routes_.size() || routes_.route(packet.route).source != tile)
      throw Error(ExitCode::internal, {"TF-NOC-003", "tile " + std::to_string(tile),
                                       "packet of class " + std::to_string(packet.message_class) +
                                           " on route " + std::to_string(packet.route),
                                       "a class below 5 and a route that starts at this tile", ""});
  SourceQueue& queue = sources_[tile * message_class_count + c];
  const bool was_empty = queue.empty();
  if (queue.first >= 64 &&
      2 * queue.first >= queue.packets.size()) {  // a queue that is never empty moves down
    queue.packets.erase(queue.packets.begin(),
                        queue.packets.begin() + static_cast<std::ptrdiff_t>(queue.first));
    queue.first = 0;
  }
  earliest = std::max(earliest, next_free_);
  for (const Packet& packet : packets) queue.packets.push_back({packet, std::max(ready_cycle++, earliest)});
  waiting_ += packets.size();
  largest_queue_ = std::max<std::uint64_t>(largest_queue_, queue.length());
  if (was_empty) post_source(queue.head().ready, tile, c);
}

void Fabric::post_source(std::uint64_t cycle, std::uint32_t tile, std::uint32_t c) {
  if (cycle - cycle_ <= wheel_.span() && cycle != cycle_)
    post(cycle, EventKind::source_ready, tile, c);
  else
    far_.push({cycle, tile * static_cast<std::uint32_t>(message_class_count) + c});
}

std::uint64_t Fabric::next_cycle() const {
  const std::uint64_t near = wheel_.next(next_free_);
  return far_.empty() ? near : std::min(near, far_.top().first);
}

void Fabric::run(std::uint64_t cycle) {
  cycle_ = cycle;
  next_free_ = cycle + 1;
  const std::vector<std::uint64_t>& due = wheel_.list(cycle, events);
  in_order(due.size(), [&](std::size_t i) {
    if (i + 2 * ahead < due.size()) {
      const std::uint64_t later = due[i + 2 * ahead];
      __builtin_prefetch(&fifo(static_cast<std::uint32_t>(later >> 8), later >> 2 & 63));
      __builtin_prefetch(&routers_[later >> 8]);
      const std::uint64_t soon = due[i + ahead];
      const Fifo& queue = fifo(static_cast<std::uint32_t>(soon >> 8), soon >> 2 & 63);
      if (queue.used > 1) __builtin_prefetch(&entries_[queue.next]);
    }
    take_effect(due[i]);
  });
  while (!far_.empty() && far_.top().first == cycle) {
    const std::uint32_t which = far_.top().second;
    far_.pop();
    set_source_ready(which / message_class_count, which % message_class_count);
  }
  deliver();
  wheel_.clear(cycle);

  visit_active();
}

void Fabric::visit_active() {
  // A fault counts packets in the order of tiles, so then routers are visited in that order.
  const bool reverse = config_.reverse_order && !fault_pending();
  for (std::size_t i = 0; i < active_.size(); ++i) {
    std::uint64_t& word = active_[reverse ? active_.size() - 1 - i : i];
    const std::size_t first = static_cast<std::size_t>(&word - active_.data()) * 64;
    while (word != 0) {
      const int bit = reverse ? 63 - std::countl_zero(word) : std::countr_zero(word);
      word &= ~(std::uint64_t{1} << bit);
      visit(static_cast<std::uint32_t>(first + static_cast<std::size_t>(bit)));
    }
  }
}

void Fabric::take_effect(std::uint64_t event) {
  const auto router = static_cast<std::uint32_t>(event >> 8);
  const auto what = static_cast<std::uint32_t>(event >> 2 & 63);
  switch (static_cast<EventKind>(event & 3)) {
    case EventKind::head_arrived:
      make_head_ready(router, what);
      activate(router);
      break;
    case EventKind::slot_free:
      free_slot(router, what);
      break;
    case EventKind::source_ready:
      set_source_ready(router, what);
      break;
    case EventKind::wake:
      activate(router);
      break;
  }
}

void Fabric::set_source_ready(std::uint32_t tile, std::uint32_t c) {
  routers_[tile].source_ready |= static_cast<std::uint8_t>(1u << c);
  activate(tile);
}

void Fabric::make_head_ready(std::uint32_t router, std::uint32_t buffer) {
  Fifo& queue = fifo(router, buffer);
  const std::uint32_t outputs = queue.outputs;
  queue.remaining = queue.outputs;
  for (std::uint32_t output = 0; output < port_count; ++output)
    routers_[router].request[output] |= (outputs >> output & 1) << buffer;
}

void Fabric::free_slot(std::uint32_t router, std::uint32_t buffer) {
  Fifo& queue = fifo(router, buffer);
  --queue.used;
  ++queue.free;

  const std::uint32_t c = buffer / port_count, port = buffer % port_count;
  if (port == local) {
    routers_[router].local_full &= static_cast<std::uint8_t>(~(1u << c));
    if (routers_[router].source_ready >> c & 1) activate(router);
  } else {
    const std::uint32_t upstream = router + step_[port], output = opposite(port);
    routers_[upstream].full[output] &= ~group(c);
    if (routers_[upstream].request[output] & group(c)) activate(upstream);
  }
  if (queue.used == 0) return;
  const Entry& entry = entries_[queue.next];
  free_entries_.push_back(queue.next);
  set_first(queue, entry.copy);
  queue.next = entry.next;
  if (queue.time <= cycle_) {
    make_head_ready(router, buffer);
    activate(router);
  } else {
    post(queue.time, EventKind::head_arrived, router, buffer);
  }
}

void Fabric::deliver() {
  for (std::size_t c = 0; c < message_class_count; ++c) {
    const std::vector<std::uint64_t>& due = wheel_.list(cycle_, c);
    in_order(due.size(), [&](std::size_t i) {
      if (i + ahead < due.size()) __builtin_prefetch(&bodies_[static_cast<std::uint32_t>(due[i + ahead])]);
      const auto tile = static_cast<std::uint32_t>(due[i] >> 32), body = static_cast<std::uint32_t>(due[i]);
      const Packet packet = bodies_[body].packet;  // a copy: the sink may inject and so move the pool
      finish_copy(body);
      ++delivered_[c];
      if (sinks_[tile] == nullptr)
        throw Error(ExitCode::internal, {"TF-NOC-004", "tile " + std::to_string(tile),
                                         "a packet arrived and nothing is connected", "a sink", ""});
      sinks_[tile]->arrive(packet, cycle_);
    });
  }
}

void Fabric::visit(std::uint32_t router) {
  Router& r = routers_[router];
  if (r.source_ready != 0 || r.blocked) take_injection(router);

  std::uint64_t wake = no_cycle;
  for (std::uint32_t output = 0; output < link_count; ++output) {
    std::uint32_t candidates = r.request[output] & ~r.full[output];
    if (candidates == 0) continue;
    if (r.link_free[output] <= cycle_) {
      cross(router, output, choose(router, output, candidates));
      candidates = r.request[output] & ~r.full[output];
    }
    if (candidates != 0) wake = std::min(wake, std::max(cycle_ + 1, r.link_free[output]));
  }
  // Local delivery: every class has its own port into the core.
  std::uint32_t heads = r.request[local];
  while (heads != 0) {
    const std::uint32_t c = static_cast<std::uint32_t>(std::countr_zero(heads)) / port_count;
    hand_over(router, choose(router, local, heads & group(c)));
    heads &= ~group(c);
  }
  if (r.request[local] != 0 || (r.source_ready & ~r.local_full) != 0) wake = cycle_ + 1;
  if (wake == no_cycle || (r.wake > cycle_ && r.wake <= wake)) return;
  r.wake = wake;
  post(wake, EventKind::wake, router, 0);
}

void Fabric::take_injection(std::uint32_t router) {
  Router& r = routers_[router];
  if (r.blocked) r.blocked_total += cycle_ - r.blocked_since;
  if ((r.source_ready & r.local_full) != 0) ++r.blocked_total;
  const std::uint32_t candidates = r.source_ready & static_cast<std::uint32_t>(~r.local_full) & 31u;
  if (candidates != 0) {
    if (config_.jitter_seed != 0)
      r.inject_turn = static_cast<std::uint8_t>(
          jitter::draw(config_.jitter_seed, jitter::Use::inject_turn, router, 0, cycle_) %
          message_class_count);
    const std::uint32_t c = first_from_turn[r.inject_turn][candidates];
    r.inject_turn = after(c);
    enter(router, c);
  }
  r.blocked = (r.source_ready & r.local_full) != 0;
  r.blocked_since = cycle_ + 1;
}

void Fabric::enter(std::uint32_t router, std::uint32_t c) {
  Router& r = routers_[router];
  SourceQueue& queue = sources_[router * message_class_count + c];
  Packet packet = queue.head().packet;
  bool dropped = false, again = false;
  if (faults_[c].countdown != 0 && --faults_[c].countdown == 0) {
    if (faults_[c].kind == FaultKind::corrupt) packet.payload ^= 1;
    dropped = faults_[c].kind == FaultKind::drop;
    again = faults_[c].kind == FaultKind::duplicate;  // stays at the head, and enters once more
  }
  if (!again) {
    --waiting_;
    if (++queue.first == queue.packets.size()) queue.packets.clear(), queue.first = 0;
  }
  if (queue.empty() || queue.head().ready > cycle_) {
    r.source_ready &= static_cast<std::uint8_t>(~(1u << c));
    if (!queue.empty()) post_source(queue.head().ready, router, c);
  }
  // By the next visit the processor will have forgotten this queue.
  if (queue.length() > 1) __builtin_prefetch(&queue.packets[queue.first + 1]);
  ++injected_[c];
  if (dropped) return;
  const std::uint32_t body = new_body(packet);
  const std::uint32_t buffer = c * port_count + local;
  const std::uint64_t time = cycle_ + extra_latency(config_, router, local, c, cycle_);
  append(router, buffer, time, body, routes_.route(packet.route).root);
  if (fifo(router, buffer).free == 0) r.local_full |= static_cast<std::uint8_t>(1u << c);
}

void Fabric::append(std::uint32_t router, std::uint32_t buffer, std::uint64_t time, std::uint32_t body,
                    std::uint32_t node) {
  const RouteTable::Node& at = routes_.node(node);
  Fifo& queue = fifo(router, buffer);
  --queue.free;
  largest_buffer_ = std::max<std::uint64_t>(largest_buffer_, ++queue.used);
  if (queue.used == 1) {
    set_first(queue, {time, body, at.first_child, at.outputs});
    if (time <= cycle_)
      make_head_ready(router, buffer);
    else
      post(time, EventKind::head_arrived, router, buffer);
    return;
  }
  if (free_entries_.empty()) {
    free_entries_.push_back(static_cast<std::uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const std::uint32_t slot = free_entries_.back();
  free_entries_.pop_back();
  entries_[slot] = {{time, body, at.first_child, at.outputs}, none};
  (queue.used == 2 ? queue.next : entries_[queue.tail].next) = slot;
  queue.tail = slot;
}

std::uint32_t Fabric::choose(std::uint32_t router, std::uint32_t output, std::uint32_t candidates) {
  // Classes take turns, then inputs within the class. One turn over all buffers would not be fair: inputs of
  // a class that waits for credit could be passed over again and again.
  Router& r = routers_[router];
  const bool drawn = config_.jitter_seed != 0;
  std::uint32_t c = static_cast<std::uint32_t>(std::countr_zero(candidates)) / port_count;
  if (output != local && (candidates & ~group(c)) != 0) {
    std::uint32_t classes = 0;
    for (std::uint32_t k = 0; k < message_class_count; ++k) classes |= ((candidates & group(k)) != 0) << k;
    if (drawn)
      r.class_turn[output] = static_cast<std::uint8_t>(
          jitter::draw(config_.jitter_seed, jitter::Use::class_turn, router, output, cycle_) %
          message_class_count);
    c = first_from_turn[r.class_turn[output]][classes];
  }
  if (output != local) r.class_turn[output] = after(c);

  const std::uint32_t inputs = candidates >> (c * port_count) & 31;
  std::uint8_t& turn = r.input_turn[output][c];
  if (drawn && !std::has_single_bit(inputs))
    turn = static_cast<std::uint8_t>(
        jitter::draw(config_.jitter_seed, jitter::Use::input_turn, router, output * 8 + c, cycle_) %
        port_count);
  const std::uint32_t port = first_from_turn[turn][inputs];
  turn = after(port);
  return c * port_count + port;
}

void Fabric::cross(std::uint32_t router, std::uint32_t output, std::uint32_t buffer) {
  Router& r = routers_[router];
  const std::uint32_t c = buffer / port_count;
  const Fifo& from = fifo(router, buffer);
  const std::uint32_t there = router + step_[output];
  const std::uint32_t into = c * port_count + opposite(output);
  const std::uint64_t time = cycle_ + config_.hop_cycles + extra_latency(config_, router, output, c, cycle_);
  append(there, into, time, from.body, RouteTable::child({from.first_child, from.outputs}, output));
  if (fifo(there, into).free == 0) r.full[output] |= group(c);
  r.link_free[output] = cycle_ + serial_[c];
  ++hops_[c];
  ++r.hops;
  branch_left(router, buffer, output);
}

void Fabric::hand_over(std::uint32_t router, std::uint32_t buffer) {
  const std::uint32_t c = buffer / port_count;
  const std::uint32_t body = fifo(router, buffer).body;
  wheel_.post(cycle_ + serial_[c], c, std::uint64_t{router} << 32 | body);
  branch_left(router, buffer, local);
}

void Fabric::branch_left(std::uint32_t router, std::uint32_t buffer, std::uint32_t output) {
  Fifo& queue = fifo(router, buffer);
  routers_[router].request[output] &= ~(1u << buffer);
  queue.remaining &= static_cast<std::uint8_t>(~(1u << output));
  if (queue.remaining == 0) post(cycle_ + serial_[buffer / port_count], EventKind::slot_free, router, buffer);
}

std::uint64_t Fabric::blocked_cycles(std::uint32_t tile, std::uint64_t now) const {
  const Router& r = routers_[tile];
  return r.blocked_total + (r.blocked && now > r.blocked_since ? now - r.blocked_since : 0);
}

void Fabric::reset_counters(std::uint64_t now) {
  injected_ = {}, delivered_ = {}, hops_ = {};
  largest_queue_ = largest_buffer_ = 0;
  for (Router& r : routers_) {
    r.hops = r.blocked_total = 0;
    r.blocked_since = std::max(r.blocked_since, now);
  }
}

void Fabric::set_fault(FaultKind kind, MessageClass c, std::uint64_t nth) { faults_[index(c)] = {kind, nth}; }

bool Fabric::fault_pending() const {
  return std::any_of(faults_.begin(), faults_.end(), [](const Fault& fault) { return fault.countdown != 0; });
}

}  // namespace trifactor
