// What happens in a cycle of the mesh, from single steps up to Fabric::run.
#include <algorithm>
#include <bit>
#include <utility>

#include "rtl/spec/diagnostic.hpp"
#include "sysc/noc/fabric.hpp"
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

/// What a buffer's number means.
struct Place {
  std::uint8_t c = 0, port = 0;
};
constexpr auto place_of = [] {
  std::array<Place, port_count * message_class_count> table{};
  for (std::size_t buffer = 0; buffer < table.size(); ++buffer)
    table[buffer] = {static_cast<std::uint8_t>(buffer / port_count),
                     static_cast<std::uint8_t>(buffer % port_count)};
  return table;
}();

/// Of masks that are not 0.
constexpr bool has_one_bit(std::uint32_t mask) { return (mask & (mask - 1)) == 0; }

/// The steps of a packet are many and short: a call would cost as much as the step.
#define STEP [[gnu::always_inline]] inline

/// How many entries ahead memory is asked for.
constexpr std::size_t ahead = 6;

constexpr std::uint16_t after(std::uint32_t turn) {
  return static_cast<std::uint16_t>(turn == 4 ? 0 : turn + 1);
}

}  // namespace

STEP std::uint32_t Fabric::new_body(const Packet& packet) {
  if (free_bodies_.empty()) {
    free_bodies_.push_back(static_cast<std::uint32_t>(bodies_.size()));
    bodies_.emplace_back();
  }
  const std::uint32_t body = free_bodies_.back();
  free_bodies_.pop_back();
  bodies_[body].packet = packet;
  bodies_[body].copies_left = routes_.route(packet.route).destinations;
  return body;
}

STEP void Fabric::finish_copy(std::uint32_t body) {
  if (--bodies_[body].copies_left == 0) free_bodies_.push_back(body);
}

inline void Fabric::set_source_ready(std::uint32_t tile, std::uint32_t c) {
  routers_[tile].source_ready |= static_cast<std::uint16_t>(bit(c));
  activate(tile);
}

STEP void Fabric::make_head_ready(Router& r, const Copy& copy, std::uint32_t buffer) {
  for (std::uint32_t left = copy.outputs; left != 0; left &= left - 1)
    r.request[static_cast<std::uint32_t>(std::countr_zero(left))] |= bit(buffer);
}

/// Who waited for the slot looks again; where there was room already, nobody did.
STEP void Fabric::give_back(std::uint32_t router, Router& r, std::uint32_t buffer) {
  const Place at = place_of[buffer];
  if (at.port == local) {
    if ((r.local_full & bit(at.c)) == 0) return;
    r.local_full &= static_cast<std::uint16_t>(~bit(at.c));
    if (r.source_ready >> at.c & 1) activate(router);
  } else {
    const std::uint32_t upstream = router + step_[at.port], output = opposite(at.port);
    Router& sender = routers_[upstream];
    if ((sender.full[output] & group(at.c)) == 0) return;
    sender.full[output] &= ~group(at.c);
    if (sender.request[output] & group(at.c)) activate(upstream);
  }
}

/// Whether a packet's last branch left by `output`; the buffer's head is then the next packet.
STEP bool Fabric::branch_left(Fifo& queue, Copy& copy, std::uint32_t output) {
  copy.remaining &= static_cast<std::uint16_t>(~bit(output));
  if (copy.remaining != 0) return false;
  queue.head = copy.next;
  queue.left = copy.body;
  return true;
}

STEP void Fabric::hand_over(std::uint32_t router, Router& r, std::uint32_t buffer, Fifo& queue) {
  const Place place = place_of[buffer];
  const std::uint32_t slot = queue.head;
  Copy& copy = copies_[slot];
  const std::uint32_t body = copy.body;
  --queue.for_core;
  --r.for_core[place.c];
  const bool last = branch_left(queue, copy, local);  // then its slot is free on delivery
  if (last) free_copies_.push_back(slot);
  wheel_.post(cycle_ + serial_[place.c], place.c, Delivery{router, last ? place.port : no_port, body}.word());
}

/// The head's first word is in the buffer, at the start of this cycle. Where only the core waits for it and
/// nobody else of its class can ask for the core in this cycle, there is nothing to decide.
STEP void Fabric::head_due(std::uint32_t router, Router& r, std::uint32_t buffer, Fifo& queue,
                           const Copy& copy) {
  const Place place = place_of[buffer];
  if (copy.outputs == bit(local) && queue.for_core == r.for_core[place.c] && !r.own_packets) {
    r.input_turn[local][place.c] = after(place.port);
    hand_over(router, r, buffer, queue);
  } else {
    make_head_ready(r, copy, buffer);
    activate(router);
  }
}

STEP void Fabric::free_slot(std::uint32_t router, std::uint32_t buffer) {
  Router& r = routers_[router];
  Fifo& queue = r.fifos[buffer];
  ++queue.free;
  --queue.used;
  give_back(router, r, buffer);
  if (queue.head == none) return;
  const Copy& head = copies_[queue.head];
  if (head.time <= cycle_)
    head_due(router, r, buffer, queue, head);
  else
    post(head.time, EventKind::head_arrived, router, buffer);
}

STEP void Fabric::take_effect(std::uint64_t event) {
  const auto router = static_cast<std::uint32_t>(event >> 8);
  const auto what = static_cast<std::uint32_t>(event >> 2 & 63);
  switch (static_cast<EventKind>(event & 3)) {
    case EventKind::head_arrived: {
      Router& r = routers_[router];
      Fifo& queue = r.fifos[what];
      head_due(router, r, what, queue, copies_[queue.head]);
      break;
    }
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

inline void Fabric::deliver(std::uint32_t classes) {
  for (; classes != 0; classes &= classes - 1) {
    const auto c = static_cast<std::uint32_t>(std::countr_zero(classes));
    const std::vector<std::uint64_t>& due = wheel_.list(cycle_, c);
    delivered_[c] += due.size();
    in_order(due.size(), [&](std::size_t i) {
      if (i + ahead < due.size()) __builtin_prefetch(&bodies_[static_cast<std::uint32_t>(due[i + ahead])]);
      const Delivery delivery = Delivery::of(due[i]);
      if (delivery.port != no_port) free_slot(delivery.tile, c * port_count + delivery.port);
      finish_copy(delivery.body);  // its place is not used again before packets enter
      if (sinks_[delivery.tile] == nullptr)
        throw Error(ExitCode::internal, {"TF-NOC-004", "tile " + std::to_string(delivery.tile),
                                         "a packet arrived and nothing is connected", "a sink", ""});
      sinks_[delivery.tile]->arrive(bodies_[delivery.body].packet, cycle_);
    });
  }
}

STEP std::uint32_t Fabric::new_copy() {
  if (free_copies_.empty()) {
    free_copies_.push_back(static_cast<std::uint32_t>(copies_.size()));
    copies_.emplace_back();
  }
  const std::uint32_t slot = free_copies_.back();
  free_copies_.pop_back();
  return slot;
}

/// Puts the copy in `slot` behind the others of a buffer.
STEP void Fabric::append(std::uint32_t router, Router& r, std::uint32_t buffer, Fifo& queue,
                         std::uint32_t slot, std::uint64_t time, std::uint32_t body, std::uint32_t node) {
  const RouteTable::Node& at = routes_.node(node);
  const auto outputs = static_cast<std::uint16_t>(at.outputs);
  Copy& copy = copies_[slot];
  copy = {time, body, at.first_child, none, outputs, outputs};
  (queue.head == none ? queue.head : copies_[queue.tail].next) = slot;
  queue.tail = slot;
  if ((outputs & bit(local)) != 0) {
    ++queue.for_core;
    ++r.for_core[place_of[buffer].c];
  }
  --queue.free;
  if (++queue.used > largest_buffer_) largest_buffer_ = queue.used;
  if (queue.used > 1) return;  // a slot in front of it is not free yet
  if (time > cycle_)
    post(time, EventKind::head_arrived, router, buffer);
  else
    make_head_ready(r, copy, buffer);
}

STEP void Fabric::enter(std::uint32_t router, Router& r, std::uint32_t c) {
  SourceQueue& queue = sources_[router * message_class_count + c];
  bool dropped = false, again = false, corrupt = false;
  if (faults_[c].countdown != 0 && --faults_[c].countdown == 0) {
    corrupt = faults_[c].kind == FaultKind::corrupt;
    dropped = faults_[c].kind == FaultKind::drop;
    again = faults_[c].kind == FaultKind::duplicate;  // stays at the head, and enters once more
  }
  if (!dropped) {
    const std::uint32_t body = new_body(queue.head());
    if (corrupt) bodies_[body].packet.payload ^= 1;
    const std::uint64_t time = cycle_ + (jitter_ ? extra_latency(config_, router, local, c, cycle_) : 0);
    const std::uint32_t buffer = c * port_count + local;
    Fifo& into = r.fifos[buffer];
    append(router, r, buffer, into, new_copy(), time, body, routes_.route(queue.head().route).root);
    if (into.free == 0) r.local_full |= static_cast<std::uint16_t>(bit(c));
  }
  if (!again) {
    --waiting_;
    queue.pop();
  }
  if (queue.empty() || queue.ready() > cycle_) {
    r.source_ready &= static_cast<std::uint16_t>(~bit(c));
    if (!queue.empty()) post_source(queue.ready(), router, c);
  }
  // By the next visit the processor will have forgotten this queue.
  if (queue.length() > 1) queue.prefetch();
  ++injected_[c];
}

STEP void Fabric::take_injection(std::uint32_t router, Router& r) {
  if (r.blocked) r.blocked_total += cycle_ - r.blocked_since;
  if ((r.source_ready & r.local_full) != 0) ++r.blocked_total;
  const std::uint32_t candidates = r.source_ready & ~std::uint32_t{r.local_full};
  if (candidates != 0) {
    if (jitter_)
      r.inject_turn = static_cast<std::uint16_t>(
          jitter::draw(config_.jitter_seed, jitter::Use::inject_turn, router, 0, cycle_) %
          message_class_count);
    const std::uint32_t c = first_from_turn[r.inject_turn][candidates];
    r.inject_turn = after(c);
    enter(router, r, c);
  }
  r.blocked = (r.source_ready & r.local_full) != 0;
  r.blocked_since = cycle_ + 1;
}

/// Classes take turns, then inputs within the class. One turn over all buffers would not be fair: inputs of a
/// class that waits for credit could be passed over again and again.
std::uint32_t Fabric::choose_among(std::uint32_t router, std::uint32_t output,
                                   std::uint32_t candidates) const {
  const Router& r = routers_[router];
  std::uint32_t c = place_of[static_cast<std::uint32_t>(std::countr_zero(candidates))].c;
  if (output != local && (candidates & ~group(c)) != 0) {
    std::uint32_t classes = 0;
    for (std::uint32_t k = 0; k < message_class_count; ++k) classes |= ((candidates & group(k)) != 0) << k;
    const std::uint64_t turn =
        jitter_ ? jitter::draw(config_.jitter_seed, jitter::Use::class_turn, router, output, cycle_) %
                      message_class_count
                : r.class_turn[output];
    c = first_from_turn[turn][classes];
  }
  const std::uint32_t inputs = candidates >> (c * port_count) & 31;
  const std::uint64_t turn =
      jitter_ && !has_one_bit(inputs)
          ? jitter::draw(config_.jitter_seed, jitter::Use::input_turn, router, output * 8 + c, cycle_) %
                port_count
          : r.input_turn[output][c];
  return c * port_count + first_from_turn[turn][inputs];
}

STEP std::uint32_t Fabric::choose(std::uint32_t router, Router& r, std::uint32_t output,
                                  std::uint32_t candidates) {
  const std::uint32_t buffer = has_one_bit(candidates)
                                   ? static_cast<std::uint32_t>(std::countr_zero(candidates))
                                   : choose_among(router, output, candidates);
  const Place place = place_of[buffer];
  if (output != local) r.class_turn[output] = after(place.c);
  r.input_turn[output][place.c] = after(place.port);
  return buffer;
}

STEP void Fabric::cross(std::uint32_t router, Router& r, std::uint32_t output, std::uint32_t buffer) {
  const Place place = place_of[buffer];
  const std::uint32_t c = place.c;
  const std::uint64_t gone = cycle_ + serial_[c];
  r.request[output] &= ~bit(buffer);
  r.link_free[output] = gone;
  ++hops_[c];
  ++r.hops;
  Fifo& from = r.fifos[buffer];
  std::uint32_t slot = from.head;
  Copy& copy = copies_[slot];
  const std::uint32_t body = copy.body, node = RouteTable::child({copy.first_child, copy.outputs}, output);
  if (branch_left(from, copy, output))
    post(gone, EventKind::slot_free, router, buffer);
  else
    slot = new_copy();
  const std::uint32_t there = router + step_[output], into = buffer - place.port + opposite(output);
  Router& next = routers_[there];
  Fifo& to = next.fifos[into];
  const std::uint64_t time =
      cycle_ + config_.hop_cycles + (jitter_ ? extra_latency(config_, router, output, c, cycle_) : 0);
  append(there, next, into, to, slot, time, body, node);
  if (to.free == 0) r.full[output] |= group(c);
}

STEP void Fabric::visit(std::uint32_t router) {
  Router& r = routers_[router];
  if (r.source_ready != 0 || r.blocked) take_injection(router, r);

  std::uint64_t wake = no_cycle;
  for (std::uint32_t output = 0; output < link_count; ++output) {
    std::uint32_t candidates = r.request[output] & ~r.full[output];
    if (candidates == 0) continue;
    if (r.link_free[output] <= cycle_) {
      cross(router, r, output, choose(router, r, output, candidates));
      candidates = r.request[output] & ~r.full[output];
    }
    if (candidates != 0) wake = std::min(wake, std::max(cycle_ + 1, r.link_free[output]));
  }
  // Local delivery: every class has its own port into the core.
  std::uint32_t heads = r.request[local];
  while (heads != 0) {
    const std::uint32_t c = place_of[static_cast<std::uint32_t>(std::countr_zero(heads))].c;
    const std::uint32_t buffer = choose(router, r, local, heads & group(c));
    r.request[local] &= ~bit(buffer);
    hand_over(router, r, buffer, r.fifos[buffer]);
    heads &= ~group(c);
  }
  if (r.request[local] != 0 || (r.source_ready & ~r.local_full) != 0) wake = cycle_ + 1;
  if (wake == no_cycle || (r.wake > cycle_ && r.wake <= wake)) return;
  r.wake = wake;
  post(wake, EventKind::wake, router, 0);
}

void Fabric::visit_active() {
  // A fault counts packets in the order of tiles, so then routers are visited in that order.
  const bool reverse = config_.reverse_order && !fault_pending();
  for (std::size_t i = 0; i < active_.size(); ++i) {
    const std::size_t place = reverse ? active_.size() - 1 - i : i, first = place * 64;
    std::uint64_t word = std::exchange(active_[place], 0);  // a visit activates nobody in its own cycle
    while (word != 0) {
      const int bit = reverse ? 63 - std::countl_zero(word) : std::countr_zero(word);
      word &= ~(std::uint64_t{1} << bit);
      visit(static_cast<std::uint32_t>(first + static_cast<std::size_t>(bit)));
    }
  }
}

void Fabric::run(std::uint64_t cycle) {
  cycle_ = cycle;
  next_free_ = cycle + 1;
  const std::vector<std::uint64_t>& due = wheel_.list(cycle, events);
  in_order(due.size(), [&](std::size_t i) {
    if (i + 2 * ahead < due.size()) {
      const std::uint64_t later = due[i + 2 * ahead];
      const Router& there = routers_[later >> 8];
      __builtin_prefetch(&there);
      __builtin_prefetch(&there.fifos[later >> 2 & 63]);
      const std::uint64_t soon = due[i + ahead];
      const Fifo& queue = routers_[soon >> 8].fifos[soon >> 2 & 63];
      if (queue.head != none) __builtin_prefetch(&copies_[queue.head]);
    }
    take_effect(due[i]);
  });
  while (!far_.empty() && far_.top().first == cycle) {
    const std::uint32_t which = far_.top().second;
    far_.pop();
    set_source_ready(which / message_class_count, which % message_class_count);
  }
  deliver(wheel_.used(cycle) & (bit(events) - 1));
  wheel_.clear(cycle);

  visit_active();
}

}  // namespace trifactor
