// How a mini-batch passes a projection that is not dense: windows of an image (convolution, local weights,
// pools) and identities. A forward projection leads from the image to the map; a feedback projection of the
// same window from the map back to the image, through weights of its own in the same order.
//
//   convolution    (map channels, kernel rows x kernel columns x image channels)
//   local          (map neurons, the same)
//   others         no weights
//
// Windows are gathered into rows of patches, so that products with the weights are of matrices; a stretch of
// samples is one task, and a gradient is summed over stretches in one order for every number of threads.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "compiler/passes/passes.hpp"
#include "compiler/training/matrix.hpp"
#include "compiler/training/workers.hpp"

namespace trifactor {

template <class Real>
class BatchConnection {
 public:
  BatchConnection() = default;  ///< dense: none of what follows is for it
  BatchConnection(const Network& network, std::size_t projection);

  bool dense() const { return kind_ == Connect::dense; }
  bool weighted() const { return kind_ == Connect::convolution || kind_ == Connect::local; }
  std::size_t rows() const;     ///< of the weights
  std::size_t columns() const;  ///< of the weights
  /// Weights as they start; 0 where a tap never meets the image.
  void initialise(const InitialWeights& initial, Matrix<Real>& weights) const;
  /// Synapses that a mask leaves out are 0 in `there` (as many as weights); empty without a mask.
  void find_mask(const Connectivity& connectivity, std::vector<Real>& there) const;

  /// map (m, map neurons) += what the image (m, image neurons) gives through the weights.
  void add_to_map(MatrixView<Real> image, const Matrix<Real>& weights, Matrix<Real>& map,
                  Workers& workers) const;
  /// image (m, image neurons) += what the map (m, map neurons) gives through the same weights turned. A max
  /// pool gives each window's value to the first of its largest, and asks for what it pooled.
  void add_to_image(MatrixView<Real> map, const Matrix<Real>& weights, MatrixView<Real> pooled,
                    Matrix<Real>& image, Workers& workers) const;
  /// gradient (rows, columns) = sum over samples and places of map x image.
  void gradient(MatrixView<Real> map, MatrixView<Real> image, Matrix<Real>& gradient, Workers& workers) const;

  /// Channels of the map, which share a bias in a convolution.
  std::size_t channels() const { return map_channels_; }

 private:
  std::size_t places() const { return map_height_ * map_width_; }
  std::size_t samples_at_once() const;
  /// Patches (places x samples, taps) of `count` samples.
  void gather(const Real* image, std::size_t count, Real* patches) const;
  void scatter(const Real* patches, std::size_t count, Real* image) const;
  /// visit(offset in the patch, offset in the image, length) for each run of a window that lies in the image.
  template <class Visit>
  void each_run(std::size_t place, const Visit& visit) const;
  template <class Visit>
  std::size_t each_pixel(std::size_t place, const Visit& visit) const;
  void pool(const Real* image, Real* map) const;
  void pool_back(const Real* map, const Real* pooled, Real* image) const;
  std::pair<std::size_t, std::size_t> some_synapse(std::size_t row, std::size_t column) const;

  Connect kind_ = Connect::dense;
  bool backwards_ = false;
  std::size_t height_ = 0, width_ = 0, image_channels_ = 0, map_height_ = 0, map_width_ = 0,
              map_channels_ = 0;
  std::size_t kernel_[2] = {1, 1}, stride_[2] = {1, 1}, padding_[2] = {0, 0};
  std::size_t neurons_ = 0;  ///< of an identity
  Real value_ = 1;           ///< of its weights
};

}  // namespace trifactor
