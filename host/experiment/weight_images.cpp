#include "host/experiment/weight_images.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>

#include "compiler/npz/npz.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

/// Size of one step of a format written as "s16.13"; 1 where it is not one.
double step_of(const std::string& format) {
  int bits = 0, frac = 0;
  return std::sscanf(format.c_str(), "s%d.%d", &bits, &frac) == 2 ? std::ldexp(1.0, -frac) : 1;
}

const ProjectionRecord& find(const RunRecord& run, const std::string& name, const std::string& where) {
  std::string names;
  for (const ProjectionRecord& p : run.projections) {
    if (p.name == name) return p;
    names += (names.empty() ? "" : ", ") + p.name;
  }
  throw Error(ExitCode::configuration,
              {"TF-RUN-014", where, "no projection '" + name + "'", "one of " + names, ""});
}

WeightPicture picture_of(const ProjectionRecord& projection, const NpyArray& array, const std::string& where,
                         const ImageShape& shape, std::size_t most) {
  WeightPicture p;
  p.projection = projection.name;
  p.neurons = array.shape[0];
  p.shape = shape;
  p.shown = neurons_to_show(p.neurons, most);
  const std::vector<double> all = to_finite_doubles(array, where);
  const double step = step_of(projection.weight_format);
  for (const std::size_t neuron : p.shown)
    for (std::size_t k = 0; k < shape.pixels(); ++k)
      p.weights.push_back(all[neuron * shape.pixels() + k] * step);
  return p;
}

void require_matrix(const NpyArray& array, const std::string& where) {
  if (array.shape.size() != 2 || array.shape[0] == 0 || array.shape[1] == 0)
    throw Error(ExitCode::data, {"TF-RUN-016", where, "an array of shape " + shape_text(array.shape),
                                 "(neurons, inputs)", ""});
}

}  // namespace

WeightPicture read_weight_picture(const std::filesystem::path& folder, const RunRecord& run,
                                  const WeightImageRequest& request) {
  const ProjectionRecord& projection = find(run, request.projection, (folder / "run.json").string());
  NpzReader file(folder / "weights.npz");
  const NpyArray array = file.read(projection.name);
  const std::string where = file.where(projection.name);
  require_matrix(array, where);
  const std::size_t inputs = array.shape[1];
  const std::optional<ImageShape> shape = request.shape ? request.shape : square_image(inputs);
  if (!shape || shape->pixels() != inputs)
    throw Error(ExitCode::configuration,
                {"TF-RUN-015", where,
                 request.shape ? fmt::format("an image of {} x {} x {}", request.shape->channels,
                                             request.shape->height, request.shape->width)
                               : fmt::format("{} inputs, which are no square image", inputs),
                 fmt::format("an image of {} values", inputs), "--image HEIGHTxWIDTH"});
  WeightPicture picture = picture_of(projection, array, where, *shape, request.most);
  picture.limit = request.limit;
  return picture;
}

std::vector<WeightPicture> read_input_pictures(const std::filesystem::path& folder, const RunRecord& run,
                                               std::size_t most) {
  std::vector<WeightPicture> pictures;
  std::int64_t inputs = 0;
  for (const CoreRecord& core : run.cores)
    if (core.role == "input") inputs += core.columns;
  const auto shape = square_image(static_cast<std::size_t>(inputs));
  if (!shape || shape->height < 5 || !std::filesystem::exists(folder / "weights.npz")) return pictures;
  NpzReader file(folder / "weights.npz");
  for (const ProjectionRecord& projection : run.projections) {
    if (!file.has(projection.name)) continue;
    const NpyArray array = file.read(projection.name);
    require_matrix(array, file.where(projection.name));
    if (array.shape[1] == shape->pixels())
      pictures.push_back(picture_of(projection, array, file.where(projection.name), *shape, most));
  }
  return pictures;
}

}  // namespace trifactor
