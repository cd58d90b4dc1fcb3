// A kernel's increments: formed in every core of the layer, added at its root, given to all, and only then
// written. Entries that no pair enabled do not travel; an end packet says how many did.
#include "sysc/core/tile_core.hpp"

#include <algorithm>

#include "sysc/core/timing.hpp"

namespace trifactor {

void TileCore::connect_kernels() {
  exchanges_.resize(image().blocks.size());
  for (std::size_t b = 0; b < exchanges_.size(); ++b) {
    const KernelImage& kernel = image().blocks[b].kernel;
    if (!kernel.present()) continue;
    Exchange& exchange = exchanges_[b];
    const bool root = kernel.root == image().core;
    exchange.parts.resize(root ? kernel.others.size() : 1);
    for (Exchange::Part& part : exchange.parts) clear_part(b, part);
    if (!root)
      exchange.route = outlet_.route(image().core, {kernel.root});
    else if (!kernel.others.empty())
      exchange.route = outlet_.route(image().core, kernel.others);
  }
}

void TileCore::clear_part(std::size_t block, Exchange::Part& part) const {
  const BlockImage& b = image().blocks[block];
  const std::size_t entries = std::size_t{b.kernel.rows()} * b.kernel.channels;
  part.increments.sums.assign(entries, 0);
  part.increments.decays.assign(b.plasticity.uses_c ? entries : 0, 0);
  part.increments.enabled.assign(entries, 0);
  part.seen.assign(b.plasticity.uses_c ? 2 * entries : entries, false);
  part.got = part.promised = 0;
}

/// One access to increment memory a cycle, the products of a burst with each.
void TileCore::begin_increments(std::uint64_t now) {
  const std::uint64_t end = now + core_.increment_cycles() + static_cast<std::uint64_t>(increment_latency);
  book_.add(CycleCause::computing, now, end);
  learn_due_ = end + jitter(stage_increment);
  learn_state_ = Learn::summing_increments;
}

/// Those of this core to the root, or of the layer from there, a word a cycle.
void TileCore::send_increments(PacketKind kind, PacketKind end, std::uint64_t now) {
  const std::size_t b = learn_block();
  const Exchange& exchange = exchanges_[b];
  const KernelIncrements& increments = core_.increments(b);
  const auto entries = static_cast<std::uint32_t>(increments.sums.size());
  std::uint32_t sent = 0;
  const auto send = [&](PacketKind what, std::uint32_t index, std::int64_t payload) {
    outlet_.inject(image().core,
                   make_packet(what, image().core, exchange.route, learn_index(b), index,
                               image().blocks[b].projection, payload),
                   now + sent);
  };
  if (kind == PacketKind::increment) core_.send_increments(b);
  for (std::uint32_t e = 0; e < entries; ++e) {
    if (increments.enabled[e] == 0) continue;
    send(kind, e, increments.sums[e]), ++sent;
    if (!increments.decays.empty()) send(kind, entries + e, increments.decays[e]), ++sent;
  }
  send(end, sent, 0);
}

bool TileCore::exchange_increments(std::uint64_t now) {
  const std::size_t b = learn_block();
  Exchange& exchange = exchanges_[b];
  if (!exchange.complete()) return false;
  book_.add(CycleCause::waiting_for_third_factor, waiting_since_, now);
  if (image().blocks[b].kernel.root == image().core) {
    for (const Exchange::Part& part : exchange.parts) core_.add_increments(b, part.increments);
    core_.set_increments(b, core_.increments(b));
    if (!exchange.parts.empty()) send_increments(PacketKind::total, PacketKind::total_end, now);
  } else {
    core_.set_increments(b, exchange.parts.front().increments);
  }
  for (Exchange::Part& part : exchange.parts) clear_part(b, part);
  ++exchange.next;
  begin_updates(now);
  return true;
}

void TileCore::begin_updates(std::uint64_t now) {
  learn_state_ = Learn::updating;
  write_updates(now);
  learn_due_ = std::max(now, memory_free_);
}

void TileCore::take_increment(const Packet& packet, std::uint64_t sample) {
  const PacketKind kind = static_cast<PacketKind>(packet.kind);
  const std::size_t block = block_of(packet.aux);
  if (block == image().blocks.size() || !image().blocks[block].kernel.present())
    return fault("TF-HW-005", "an increment for a core without that kernel");
  const KernelImage& kernel = image().blocks[block].kernel;
  Exchange& exchange = exchanges_[block];
  const bool up = kind == PacketKind::increment || kind == PacketKind::increment_end;
  const auto other = std::find(kernel.others.begin(), kernel.others.end(), packet.source);
  const bool known =
      kernel.root == image().core ? up && other != kernel.others.end() : !up && packet.source == kernel.root;
  if (!known) return fault("TF-HW-006", "an increment from a core that sends none here");
  if (sample != exchange.next)
    return fault("TF-HW-004",
                 "an increment of learning sample " + std::to_string(sample) + " arrived out of turn");
  Exchange::Part& part = exchange.parts[up ? static_cast<std::size_t>(other - kernel.others.begin()) : 0];
  if (kind == PacketKind::increment_end || kind == PacketKind::total_end) {
    if (part.promised != 0)
      return fault("TF-HW-003", "core " + std::to_string(packet.source) +
                                    " closed the increments of sample " + std::to_string(sample) + " twice");
    part.promised = packet.index + 1;  // one more, so that 0 means not closed
  } else {
    const std::size_t entries = part.increments.sums.size();
    if (packet.index >= part.seen.size())
      return fault("TF-HW-006", "an increment of an entry that the kernel does not have");
    if (part.seen[packet.index])
      return fault("TF-HW-002", "increment " + std::to_string(packet.index) + " of sample " +
                                    std::to_string(sample) + " arrived twice");
    part.seen[packet.index] = true;
    ++part.got;
    if (packet.index < entries) {
      part.increments.sums[packet.index] = packet.payload;
      part.increments.enabled[packet.index] = 1;
    } else {
      part.increments.decays[packet.index - entries] = static_cast<std::int32_t>(packet.payload);
    }
  }
  if (part.promised != 0 && part.got + 1 > part.promised)
    fault("TF-HW-002", std::to_string(part.got) + " increments of core " + std::to_string(packet.source) +
                           ", " + std::to_string(part.promised - 1) + " were promised");
}

}  // namespace trifactor
