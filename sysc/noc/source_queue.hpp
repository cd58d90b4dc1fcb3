// Packets of one class that wait at a tile to enter its router, in order. Those of a train differ in little
// and are stored as that: there are many more packets waiting than under way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sysc/noc/packet.hpp"

namespace trifactor {

class SourceQueue {
 public:
  bool empty() const { return length_ == 0; }
  std::size_t length() const { return length_; }
  /// Of a queue that is not empty: the first packet, and the cycle from which it may enter.
  const Packet& head() const { return trains_[first_train_].packet; }
  std::uint64_t ready() const { return trains_[first_train_].ready; }

  void push(const Packet& packet, std::uint64_t ready) {
    if (length_++ != 0 && trains_.back().goes_on_with(packet, ready)) {
      ++trains_.back().length;
      followers_.push_back({packet.index, static_cast<std::int32_t>(packet.payload)});
    } else {
      trains_.push_back({packet, ready, 1});
    }
  }

  void pop() {
    Train& train = trains_[first_train_];
    --length_;
    if (--train.length != 0) {
      const Follower& next = followers_[first_follower_++];
      train.packet.index = next.index;
      train.packet.payload = next.payload;
      ++train.ready;
    } else {
      ++first_train_;
      forget(trains_, first_train_);
      forget(followers_, first_follower_);
    }
  }

  /// Asks for the memory of the packet after the first.
  void prefetch() const {
    __builtin_prefetch(trains_.data() + first_train_);
    __builtin_prefetch(followers_.data() + first_follower_);
  }

 private:
  /// What a packet of a train has of its own.
  struct Follower {
    std::uint32_t index = 0;
    std::int32_t payload = 0;
  };
  /// Packets that are alike but for their followers' words, each ready a cycle after the one before.
  struct Train {
    Packet packet;  ///< its first
    std::uint64_t ready = 0;
    std::uint64_t length = 0;
    bool goes_on_with(const Packet& next, std::uint64_t next_ready) const {
      return next_ready == ready + length && next.route == packet.route && next.source == packet.source &&
             next.aux == packet.aux && next.tick == packet.tick && next.kind == packet.kind &&
             next.payload == static_cast<std::int32_t>(next.payload);
    }
  };

  /// Starts again at the front when nothing is left; a queue that is never empty moves down.
  template <class T>
  static void forget(std::vector<T>& list, std::size_t& first) {
    if (first < list.size() && (first < 64 || 2 * first < list.size())) return;
    list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(first));
    first = 0;
  }

  std::vector<Train> trains_;
  std::vector<Follower> followers_;  ///< of all trains
  std::size_t first_train_ = 0, first_follower_ = 0;
  std::size_t length_ = 0;
};

}  // namespace trifactor
