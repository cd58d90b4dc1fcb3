#include "compiler/training/connection.hpp"

#include <algorithm>
#include <limits>

#include "compiler/training/blas.hpp"

namespace trifactor {
namespace {

constexpr std::size_t rows_at_once = 512;  ///< of patches that a product takes
constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

}  // namespace

template <class Real>
BatchConnection<Real>::BatchConnection(const Network& network, std::size_t projection) {
  const ProjectionSpec& spec = network.projections[projection];
  const PopulationSpec& from = network.populations[static_cast<std::size_t>(spec.from)];
  const PopulationSpec& to = network.populations[static_cast<std::size_t>(spec.to)];
  kind_ = spec.connect, backwards_ = spec.feedback;
  neurons_ = static_cast<std::size_t>(from.neurons());
  if (kind_ == Connect::identity) value_ = static_cast<Real>(fixed_weight(spec));
  if (!has_window(kind_)) return;
  const auto extent = [](int value) { return static_cast<std::size_t>(value); };
  const PopulationSpec &image = backwards_ ? to : from, &map = backwards_ ? from : to;
  height_ = extent(image.shape[0]), width_ = extent(image.shape[1]), image_channels_ = extent(image.shape[2]);
  map_height_ = extent(map.shape[0]), map_width_ = extent(map.shape[1]), map_channels_ = extent(map.shape[2]);
  for (std::size_t d = 0; d < 2; ++d) {
    kernel_[d] = extent(spec.window.kernel[d]), stride_[d] = extent(spec.window.stride[d]);
    padding_[d] = extent(spec.window.padding[d]);
  }
}

template <class Real>
std::size_t BatchConnection<Real>::rows() const {
  return !weighted() ? 0 : kind_ == Connect::convolution ? map_channels_ : places() * map_channels_;
}

template <class Real>
std::size_t BatchConnection<Real>::columns() const {
  return weighted() ? kernel_[0] * kernel_[1] * image_channels_ : 0;
}

/// A synapse (to, from) that has the weight in that row and column; nowhere where the tap lies outside.
template <class Real>
std::pair<std::size_t, std::size_t> BatchConnection<Real>::some_synapse(std::size_t row,
                                                                        std::size_t column) const {
  const std::size_t channel = column % image_channels_, tap = column / image_channels_;
  const std::size_t taps[2] = {tap / kernel_[1], tap % kernel_[1]};
  const std::size_t sizes[2] = {height_, width_}, maps[2] = {map_height_, map_width_};
  std::size_t place[2] = {row / map_channels_ / map_width_, row / map_channels_ % map_width_}, at[2];
  for (std::size_t d = 0; d < 2; ++d) {
    const auto pixel = [&](std::size_t p) { return p * stride_[d] + taps[d] - padding_[d]; };  // may wrap
    if (kind_ == Connect::convolution)
      for (place[d] = 0; place[d] + 1 < maps[d] && pixel(place[d]) >= sizes[d];) ++place[d];
    at[d] = pixel(place[d]);
    if (at[d] >= sizes[d]) return {nowhere, nowhere};
  }
  const std::size_t image = (at[0] * width_ + at[1]) * image_channels_ + channel;
  const std::size_t map = (place[0] * map_width_ + place[1]) * map_channels_ + row % map_channels_;
  return backwards_ ? std::pair{image, map} : std::pair{map, image};
}

template <class Real>
void BatchConnection<Real>::initialise(const InitialWeights& initial, Matrix<Real>& weights) const {
  for (std::size_t r = 0; r < rows(); ++r)
    for (std::size_t c = 0; c < columns(); ++c) {
      const auto [to, from] = some_synapse(r, c);
      if (to != nowhere) weights.row(r)[c] = static_cast<Real>(initial.weight(to, from));
    }
}

template <class Real>
void BatchConnection<Real>::find_mask(const Connectivity& connectivity, std::vector<Real>& there) const {
  there.assign(rows() * columns(), Real(0));
  for (std::size_t r = 0; r < rows(); ++r)
    for (std::size_t c = 0; c < columns(); ++c) {
      const auto [to, from] = some_synapse(r, c);
      if (to != nowhere && connectivity.exists(to, from)) there[r * columns() + c] = Real(1);
    }
}

template <class Real>
template <class Visit>
void BatchConnection<Real>::each_run(std::size_t place, const Visit& visit) const {
  const std::size_t top = place / map_width_ * stride_[0], left = place % map_width_ * stride_[1];
  // Of the columns of a window those from `first` to `last` lie in the image.
  const std::size_t first = left < padding_[1] ? padding_[1] - left : 0;
  const std::size_t room = width_ + padding_[1] - std::min(left, width_ + padding_[1]);
  const std::size_t last = std::min(kernel_[1], room);
  if (first >= last) return;
  for (std::size_t row = 0; row < kernel_[0]; ++row) {
    const std::size_t y = top + row - padding_[0];  // wraps before the image
    if (y >= height_) continue;
    visit((row * kernel_[1] + first) * image_channels_,
          (y * width_ + left + first - padding_[1]) * image_channels_, (last - first) * image_channels_);
  }
}

template <class Real>
void BatchConnection<Real>::gather(const Real* image, std::size_t count, Real* patches) const {
  const std::size_t taps = columns(), pixels = height_ * width_ * image_channels_;
  for (std::size_t s = 0; s < count; ++s)
    for (std::size_t place = 0; place < places(); ++place) {
      Real* const patch = patches + (s * places() + place) * taps;
      std::fill(patch, patch + taps, Real(0));
      each_run(place, [&](std::size_t to, std::size_t from, std::size_t length) {
        std::copy_n(image + s * pixels + from, length, patch + to);
      });
    }
}

template <class Real>
void BatchConnection<Real>::scatter(const Real* patches, std::size_t count, Real* image) const {
  const std::size_t taps = columns(), pixels = height_ * width_ * image_channels_;
  for (std::size_t s = 0; s < count; ++s)
    for (std::size_t place = 0; place < places(); ++place) {
      const Real* const patch = patches + (s * places() + place) * taps;
      each_run(place, [&](std::size_t from, std::size_t to, std::size_t length) {
        for (std::size_t k = 0; k < length; ++k) image[s * pixels + to + k] += patch[from + k];
      });
    }
}

template <class Real>
std::size_t BatchConnection<Real>::samples_at_once() const {
  return std::max<std::size_t>(1, rows_at_once / places());
}

/// visit(first neuron of the pixel) of one window; returns how many lie in the image.
template <class Real>
template <class Visit>
std::size_t BatchConnection<Real>::each_pixel(std::size_t place, const Visit& visit) const {
  std::size_t seen = 0;
  for (std::size_t row = 0; row < kernel_[0]; ++row)
    for (std::size_t column = 0; column < kernel_[1]; ++column) {
      const std::size_t y = place / map_width_ * stride_[0] + row - padding_[0];
      const std::size_t x = place % map_width_ * stride_[1] + column - padding_[1];
      if (y < height_ && x < width_) visit((y * width_ + x) * image_channels_), ++seen;
    }
  return seen;
}

template <class Real>
void BatchConnection<Real>::pool(const Real* image, Real* map) const {
  const std::size_t window = kernel_[0] * kernel_[1], n = map_channels_;
  std::vector<Real> largest(n);
  for (std::size_t place = 0; place < places(); ++place) {
    Real* const out = map + place * n;
    if (kind_ == Connect::average_pool) {
      each_pixel(place, [&](std::size_t pixel) {
        for (std::size_t c = 0; c < n; ++c) out[c] += image[pixel + c] / static_cast<Real>(window);
      });
      continue;
    }
    std::fill(largest.begin(), largest.end(), -std::numeric_limits<Real>::infinity());
    const std::size_t seen = each_pixel(place, [&](std::size_t pixel) {
      for (std::size_t c = 0; c < n; ++c) largest[c] = std::max(largest[c], image[pixel + c]);
    });
    const Real outside = seen < window ? Real(0) : -std::numeric_limits<Real>::infinity();
    for (std::size_t c = 0; c < n; ++c) out[c] += std::max(largest[c], outside);
  }
}

template <class Real>
void BatchConnection<Real>::pool_back(const Real* map, const Real* pooled, Real* image) const {
  const std::size_t window = kernel_[0] * kernel_[1], n = map_channels_;
  std::vector<Real> largest(n);
  std::vector<std::size_t> winner(n);
  for (std::size_t place = 0; place < places(); ++place) {
    const Real* const in = map + place * n;
    if (kind_ == Connect::average_pool) {
      each_pixel(place, [&](std::size_t pixel) {
        for (std::size_t c = 0; c < n; ++c) image[pixel + c] += in[c] / static_cast<Real>(window);
      });
      continue;
    }
    std::fill(largest.begin(), largest.end(), -std::numeric_limits<Real>::infinity());
    std::fill(winner.begin(), winner.end(), nowhere);
    const std::size_t seen = each_pixel(place, [&](std::size_t pixel) {
      for (std::size_t c = 0; c < n; ++c)
        if (pooled[pixel + c] > largest[c]) largest[c] = pooled[pixel + c], winner[c] = pixel + c;
    });
    for (std::size_t c = 0; c < n; ++c) {
      // A 0 wins for nobody: it lay outside, or was never sent.
      if (winner[c] == nowhere || largest[c] == 0 || (seen < window && largest[c] < 0)) continue;
      image[winner[c]] += in[c];
    }
  }
}

template <class Real>
void BatchConnection<Real>::add_to_map(MatrixView<Real> image, const Matrix<Real>& weights, Matrix<Real>& map,
                                       Workers& workers) const {
  const std::size_t m = image.rows, taps = columns(), oc = map_channels_;
  if (kind_ == Connect::convolution) {
    const std::size_t step = samples_at_once();
    workers.run((m + step - 1) / step, [&](std::size_t index) {
      const std::size_t first = index * step, count = std::min(step, m - first);
      std::vector<Real> patches(count * places() * taps);
      gather(image.row(first), count, patches.data());
      multiply(Turned::no, Turned::yes, count * places(), oc, taps, Real(1), patches.data(), taps,
               weights.row(0), taps, Real(1), map.row(first), oc);
    });
  } else if (kind_ == Connect::local) {
    workers.run(places(), [&](std::size_t place) {
      std::vector<Real> patches(m * taps, Real(0));
      for (std::size_t s = 0; s < m; ++s)
        each_run(place, [&](std::size_t to, std::size_t from, std::size_t length) {
          std::copy_n(image.row(s) + from, length, patches.data() + s * taps + to);
        });
      multiply(Turned::no, Turned::yes, m, oc, taps, Real(1), patches.data(), taps, weights.row(place * oc),
               taps, Real(1), map.values.data() + place * oc, map.columns);
    });
  } else {
    workers.run(m, [&](std::size_t s) {
      if (kind_ != Connect::identity) return pool(image.row(s), map.row(s));
      for (std::size_t i = 0; i < neurons_; ++i) map.row(s)[i] += value_ * image.row(s)[i];
    });
  }
}

template <class Real>
void BatchConnection<Real>::add_to_image(MatrixView<Real> map, const Matrix<Real>& weights,
                                         MatrixView<Real> pooled, Matrix<Real>& image,
                                         Workers& workers) const {
  const std::size_t m = map.rows, taps = columns(), oc = map_channels_;
  if (kind_ == Connect::convolution) {
    const std::size_t step = samples_at_once();
    workers.run((m + step - 1) / step, [&](std::size_t index) {
      const std::size_t first = index * step, count = std::min(step, m - first);
      std::vector<Real> patches(count * places() * taps);
      multiply(Turned::no, Turned::no, count * places(), taps, oc, Real(1), map.row(first), oc,
               weights.row(0), taps, Real(0), patches.data(), taps);
      scatter(patches.data(), count, image.row(first));
    });
  } else if (kind_ == Connect::local) {
    std::vector<Real> patches(m * taps);  // windows overlap, so places take turns
    for (std::size_t place = 0; place < places(); ++place) {
      multiply(Turned::no, Turned::no, m, taps, oc, Real(1), map.values + place * oc, map.columns,
               weights.row(place * oc), taps, Real(0), patches.data(), taps);
      for (std::size_t s = 0; s < m; ++s)
        each_run(place, [&](std::size_t from, std::size_t to, std::size_t length) {
          for (std::size_t k = 0; k < length; ++k) image.row(s)[to + k] += patches[s * taps + from + k];
        });
    }
  } else {
    workers.run(m, [&](std::size_t s) {
      if (kind_ != Connect::identity)
        return pool_back(map.row(s), pooled.values == nullptr ? nullptr : pooled.row(s), image.row(s));
      for (std::size_t i = 0; i < neurons_; ++i) image.row(s)[i] += value_ * map.row(s)[i];
    });
  }
}

template <class Real>
void BatchConnection<Real>::gradient(MatrixView<Real> map, MatrixView<Real> image, Matrix<Real>& gradient,
                                     Workers& workers) const {
  const std::size_t m = map.rows, taps = columns(), oc = map_channels_;
  if (kind_ == Connect::local) {
    workers.run(places(), [&](std::size_t place) {
      std::vector<Real> patches(m * taps, Real(0));
      for (std::size_t s = 0; s < m; ++s)
        each_run(place, [&](std::size_t to, std::size_t from, std::size_t length) {
          std::copy_n(image.row(s) + from, length, patches.data() + s * taps + to);
        });
      multiply(Turned::yes, Turned::no, oc, taps, m, Real(1), map.values + place * oc, map.columns,
               patches.data(), taps, Real(0), gradient.row(place * oc), taps);
    });
    return;
  }
  constexpr std::size_t most_stretches = 8;  // whatever the threads, so that sums have one order
  const std::size_t stretches = std::min(m, most_stretches), step = samples_at_once();
  std::vector<Matrix<Real>> sums(stretches);
  workers.run(stretches, [&](std::size_t index) {
    sums[index] = Matrix<Real>(oc, taps);
    std::vector<Real> patches(step * places() * taps);
    const std::size_t end = (index + 1) * m / stretches;
    for (std::size_t first = index * m / stretches; first < end; first += step) {
      const std::size_t count = std::min(step, end - first);
      gather(image.row(first), count, patches.data());
      multiply(Turned::yes, Turned::no, oc, taps, count * places(), Real(1), map.row(first), oc,
               patches.data(), taps, Real(1), sums[index].row(0), taps);
    }
  });
  std::fill(gradient.values.begin(), gradient.values.end(), Real(0));
  for (const Matrix<Real>& sum : sums)
    for (std::size_t k = 0; k < sum.values.size(); ++k) gradient.values[k] += sum.values[k];
}

template class BatchConnection<float>;
template class BatchConnection<double>;

}  // namespace trifactor
