// Dropout: which neurons are left out of a learning tick, and what that does to values, derivatives and
// errors.
#include "rtl/core/core.hpp"
#include "rtl/units/accumulate/golden.hpp"
#include "rtl/units/random/golden.hpp"

namespace trifactor {

/// From the network seed, the population and the neuron; nothing else enters.
void Core::seed_masks() {
  if (image_.dropout.threshold == 0) return;
  for (std::uint32_t i = 0; i < image_.neurons; ++i)
    mask_generators_.push_back(
        generator_seed(image_.network_seed, RandomUse::mask, image_.population, image_.first_neuron + i, 0));
  handed_.assign(activity_slots_ * image_.neurons, 0);
}

/// The values that are handed on after a learning tick: those of neurons left out are 0 and their derivatives
/// too, the others grow by the factor. Returns the slot of `handed_` that holds them.
const std::int16_t* Core::drop(const std::int16_t* local, std::uint16_t* fprime) {
  const DropoutImage& dropout = image_.dropout;
  const std::uint32_t n = image_.neurons;
  std::int16_t* handed = &handed_[static_cast<std::uint32_t>(learned_ % activity_slots_) * n];
  for (std::uint32_t i = 0; i < n; ++i) {
    mask_generators_[i] = xorshift32(mask_generators_[i]);
    const bool kept = mask_generators_[i] >= dropout.threshold;
    const std::int64_t grown =
        round_shift(std::int64_t{local[i]} * dropout.mantissa, dropout_frac - dropout.exponent);
    handed[i] = kept ? static_cast<std::int16_t>(saturate_signed(grown, 16)) : std::int16_t{0};
    if (!kept) fprime[i] = 0;
  }
  events_[Event::random_draw] += n;
  events_[Event::state_read] += 2 * n;  // the generators
  events_[Event::state_write] += 3 * n;
  return handed;
}

/// Errors that come back pass the factor that activities passed; the gate is in the derivative.
std::int64_t Core::grown_error(std::int64_t sum) const {
  const DropoutImage& dropout = image_.dropout;
  if (dropout.threshold == 0) return sum;
  return saturate_signed(round_shift(sum * dropout.mantissa, dropout_frac - dropout.exponent), sum_bits);
}

}  // namespace trifactor
