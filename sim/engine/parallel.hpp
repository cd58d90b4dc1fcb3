// Runs independent pieces of work on a fixed set of threads. Which thread does what never shows in a result.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace trifactor {

class Parallel {
 public:
  explicit Parallel(unsigned threads) {
    for (unsigned i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
  }
  Parallel(const Parallel&) = delete;
  Parallel& operator=(const Parallel&) = delete;
  ~Parallel() {
    stop_ = true;
    generation_.fetch_add(1);
    generation_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  /// Calls task(i) for i < count; returns when all are done. The first exception is rethrown.
  void each(std::size_t count, const std::function<void(std::size_t)>& task) {
    if (workers_.empty() || count < 2) {
      for (std::size_t i = 0; i < count; ++i) task(i);
      return;
    }
    task_ = &task;
    count_ = count;
    next_ = 0;
    running_ = static_cast<unsigned>(workers_.size());
    generation_.fetch_add(1);
    generation_.notify_all();
    take();
    for (unsigned left = running_.load(); left != 0; left = running_.load()) running_.wait(left);
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  void take() {
    for (std::size_t i = next_.fetch_add(1); i < count_; i = next_.fetch_add(1)) try {
        (*task_)(i);
      } catch (...) {
        if (!failed_.test_and_set()) failure_ = std::current_exception();
      }
  }
  void work() {
    unsigned seen = 0;
    for (;;) {
      generation_.wait(seen);
      ++seen;
      if (stop_) return;
      take();
      if (running_.fetch_sub(1) == 1) running_.notify_all();
    }
  }

  std::vector<std::thread> workers_;
  std::atomic<unsigned> generation_{0}, running_{0};
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::atomic_flag failed_ = ATOMIC_FLAG_INIT;
  std::exception_ptr failure_;
  const std::function<void(std::size_t)>* task_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace trifactor
