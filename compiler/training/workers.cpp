#include "compiler/training/workers.hpp"

#include <utility>

namespace trifactor {

Workers::Workers(unsigned threads) {
  for (unsigned i = 1; i < threads; ++i)
    others_.emplace_back([this] {
      std::uint32_t seen = 0;
      while (true) {
        round_.wait(seen);
        seen = round_.load();
        if (ends_) return;
        work();
        if (at_work_.fetch_sub(1) == 1) at_work_.notify_one();
      }
    });
}

Workers::~Workers() {
  ends_ = true;
  ++round_;
  round_.notify_all();
  for (std::thread& thread : others_) thread.join();
}

void Workers::work() {
  for (std::size_t i = next_++; i < count_; i = next_++) {
    try {
      (*task_)(i);
    } catch (...) {
      const std::lock_guard lock(failed_);
      if (!failure_) failure_ = std::current_exception();
    }
  }
}

void Workers::run(std::size_t count, const std::function<void(std::size_t)>& task) {
  if (others_.empty() || count <= 1) {
    for (std::size_t i = 0; i < count; ++i) task(i);
    return;
  }
  task_ = &task, count_ = count, next_ = 0;
  at_work_ = static_cast<std::uint32_t>(others_.size());
  ++round_;
  round_.notify_all();
  work();
  for (std::uint32_t left = at_work_; left != 0; left = at_work_) at_work_.wait(left);
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

}  // namespace trifactor
