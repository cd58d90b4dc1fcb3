// Threads that share the tasks of one step of training.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace trifactor {

class Workers {
 public:
  /// `threads` from 1; the caller of run() is one of them.
  explicit Workers(unsigned threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  unsigned threads() const { return static_cast<unsigned>(others_.size()) + 1; }

  /// task(0) to task(count - 1), each once, in any order and side by side; returns when all are done. The
  /// first exception of a task is thrown again here.
  void run(std::size_t count, const std::function<void(std::size_t)>& task);

 private:
  void work();

  std::vector<std::thread> others_;
  const std::function<void(std::size_t)>* task_ = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint32_t> round_{0}, at_work_{0};
  std::atomic<bool> ends_{false};
  std::mutex failed_;
  std::exception_ptr failure_;
};

}  // namespace trifactor
