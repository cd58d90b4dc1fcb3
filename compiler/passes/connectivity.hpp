// Which synapses of a projection exist, and which of them share a weight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "compiler/network/network.hpp"
#include "rtl/spec/image.hpp"

namespace trifactor {

class Connectivity {
 public:
  Connectivity() = default;  ///< every synapse exists
  Connectivity(const Network& network, std::size_t projection);

  /// Does every synapse exist?
  bool full() const { return !windowed_ && !identity_ && threshold_ == 0; }
  /// Neurons by their index in the population: of an image [h, w, c] it is (row x w + column) x c + channel.
  /// The bias exists always.
  bool exists(std::size_t to, std::size_t from) const;

  /// Rows [first, second) among which all synapses of a neuron lie: as near as the window says.
  std::pair<std::size_t, std::size_t> rows_of(std::size_t to) const;

  /// Synapses of a neuron and of a source neuron away from edges, a mask left out of account: a network of
  /// which synapses are struck out starts with the weights that the others have anyway.
  double fan_in() const { return fan_in_; }
  double fan_out() const { return fan_out_; }

  /// Convolutions: the weight of a synapse that exists, counted through (channel of the map, row, column,
  /// channel of the image), and how many there are.
  bool shared() const { return shared_; }
  std::size_t entry(std::size_t to, std::size_t from) const;
  std::size_t entries() const { return map_channels_ * window(); }
  /// The synapses of one window, as entry() counts within a channel of the map.
  std::size_t window() const { return taps_[0] * taps_[1] * image_channels_; }
  /// Of a neuron at the target: neurons with the same one share their bias.
  std::size_t channel(std::size_t to) const;
  /// Places of the map, at each of which a window lies: no entry has more copies.
  std::size_t places() const { return map_height_ * map_width_; }
  /// The kernel's geometry, for the chip; without weights.
  KernelImage kernel() const;

 private:
  /// Row and column of the synapse in its window; false: it does not exist.
  bool tap(std::size_t to, std::size_t from, std::size_t& row, std::size_t& column) const;

  bool windowed_ = false, identity_ = false, shared_ = false, per_channel_ = false, backwards_ = false;
  std::size_t inputs_ = 0;
  std::size_t height_ = 1, width_ = 1, map_height_ = 1, map_width_ = 1, image_channels_ = 1,
              map_channels_ = 1;
  std::size_t taps_[2] = {1, 1}, stride_[2] = {1, 1}, padding_[2] = {0, 0};
  std::uint64_t threshold_ = 0;  ///< of 2^53; 0: no mask
  std::uint64_t start_ = 0;      ///< of the network's seed and the projection's name
  double fan_in_ = 1, fan_out_ = 1;
};

}  // namespace trifactor
