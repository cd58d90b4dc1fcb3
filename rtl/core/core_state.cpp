// What of a core is looked at from outside: digests for comparison, weights, everything for a checkpoint.
#include "rtl/core/core.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "rtl/spec/pack.hpp"
#include "rtl/units/lane/golden.hpp"
#include "rtl/units/random/golden.hpp"

namespace trifactor {
std::uint64_t digest_hash(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
  return mix64(mix64(mix64(mix64(a + 0x9e3779b97f4a7c15ull) ^ b) ^ c) ^ d);
}

void Core::digest_update(std::size_t block, const PendingUpdate& update) {
  const BlockImage& b = image_.blocks[block];
  const auto at = [](const std::vector<std::int16_t>& v, std::uint32_t i) { return v.empty() ? 0 : v[i]; };
  const std::vector<std::uint8_t>& mask = blocks_[block].mask;
  const std::size_t bytes = padded_columns(image_.neurons) / 8;
  const auto exists = [&](std::uint32_t row, std::uint32_t i) {
    return mask.empty() || (mask[row * bytes + i / 8] >> (i % 8) & 1) != 0;
  };
  for (const UpdateRow& row : update.rows) {
    const std::uint32_t id = row_id(b, row.row);
    for (std::uint32_t i = 0; i < image_.neurons; ++i)
      if (lane_enabled(exists(row.row, i), update.a0[i], row.b0, at(update.a1, i), row.b1, at(update.c, i)))
        weight_digests_[block] += digest_hash(b.projection, id, image_.first_neuron + i,
                                              static_cast<std::uint64_t>(weight(block, row.row, i)));
  }
}

std::uint64_t Core::take_weight_digest(std::size_t block) {
  const std::uint64_t digest = weight_digests_[block];
  weight_digests_[block] = 0;
  return digest;
}

std::uint64_t Core::activity_digest() const {
  std::uint64_t digest = 0;
  for (std::uint32_t i = 0; i < image_.neurons; ++i)
    digest +=
        digest_hash(image_.population, image_.first_neuron + i, static_cast<std::uint64_t>(outputs_[i]), 0);
  return digest;
}

std::uint64_t Core::factor_digest(std::size_t block) const {
  const PendingUpdate& formed = last_formed(block);
  const auto at = [](const std::vector<std::int16_t>& v, std::uint32_t i) {
    return static_cast<std::uint16_t>(v.empty() ? 0 : v[i]);
  };
  std::uint64_t digest = 0;
  for (std::uint32_t i = 0; i < image_.neurons; ++i)
    digest += digest_hash(image_.blocks[block].projection, image_.first_neuron + i, at(formed.a0, i),
                          static_cast<std::uint64_t>(at(formed.a1, i)) << 16 | at(formed.c, i));
  return digest;
}

BlockWeights Core::read_weights(std::size_t block) const {
  const BlockImage& b = image_.blocks[block];
  BlockWeights out{b.projection, b.first_row, b.rows, image_.first_neuron, image_.neurons, b.bias, {}};
  out.words.reserve(std::size_t{b.total_rows()} * image_.neurons);
  for (std::uint32_t row = 0; row < b.total_rows(); ++row)
    for (std::uint32_t i = 0; i < image_.neurons; ++i)
      out.words.push_back(static_cast<std::int16_t>(weight(block, row, i)));
  return out;
}

template <class V>
void Core::visit_state(V& v) {
  v(passes_, tick_passes_, learned_, error_passes_, membrane_, noise_generators_, z_, scale_, r_, fprime_,
    current_, handed_, mask_generators_, heard_);
  for (std::size_t k = 0; k < blocks_.size(); ++k) {
    BlockState& s = blocks_[k];
    v(s.update_generators, s.factor_generators, s.means, s.held, s.row_before, s.row_mean, s.carried,
      s.formed, s.pending, s.kernel);
    v(image_.blocks[k].plasticity.eta);
  }
}

std::vector<std::uint32_t> Core::save() const {
  std::vector<std::uint32_t> words;
  Packer packer(words);
  const_cast<Core*>(this)->visit_state(packer);
  for (std::size_t k = 0; k < blocks_.size(); ++k) {
    const std::vector<std::int16_t> weights = read_weights(k).words;
    packer(weights);
  }
  return words;
}

void Core::restore(std::span<const std::uint32_t> words) {
  Unpacker unpacker(words, "state of core " + std::to_string(image_.core));
  visit_state(unpacker);
  for (std::size_t k = 0; k < blocks_.size(); ++k) {
    std::vector<std::int16_t> weights;
    unpacker(weights);
    const std::size_t expected = std::size_t{image_.blocks[k].total_rows()} * image_.neurons;
    if (weights.size() != expected)
      throw Error(ExitCode::data, {"TF-CKPT-002", "state of core " + std::to_string(image_.core),
                                   std::to_string(weights.size()) + " weights", std::to_string(expected),
                                   "use the checkpoint of this layout"});
    for (std::uint32_t row = 0; row < image_.blocks[k].total_rows(); ++row)
      for (std::uint32_t i = 0; i < image_.neurons; ++i)
        blocks_[k].weights.set(row, i, weights[row * image_.neurons + i]);
  }
  unpacker.finish();
}

}  // namespace trifactor
