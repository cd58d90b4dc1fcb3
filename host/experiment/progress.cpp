#include "host/experiment/progress.hpp"

#include <algorithm>

namespace trifactor {

void ProgressMeter::report(const char* stage, std::uint64_t done, std::uint64_t total,
                           std::optional<double> accuracy) {
  if (!tell_) return;
  const double now = seconds_since(started_);
  if (stage != stage_) stage_ = stage, began_ = {answers_, now}, first_.reset();
  if (!first_ && answers_ > began_.answers) first_ = {answers_, now};
  if (now - last_ < 0.2 && done != total) return;
  // The rate counts from the stage's first answers: start-up and the filling of the chip are not samples.
  const Moment& from = first_ && answers_ > first_->answers ? *first_ : began_;
  const double rate = static_cast<double>(answers_ - from.answers) / std::max(1e-9, now - from.seconds);
  if (rate == 0 && done != total) return;
  last_ = now;
  tell_({stage, done, total, rate, accuracy});
}

}  // namespace trifactor
