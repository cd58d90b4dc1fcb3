#include "host/experiment/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <system_error>

#include "compiler/npz/npz.hpp"
#include "host/report/csv.hpp"
#include "host/report/output_file.hpp"
#include "host/report/run_record.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

using Path = std::filesystem::path;

/// True when both folders hold `file`; else says which lacks it.
bool both_have(const char* file, const char* hint, const Path& first, const Path& second,
               RunComparison& result) {
  std::error_code error;
  const bool a = std::filesystem::is_regular_file(first / file, error),
             b = std::filesystem::is_regular_file(second / file, error);
  if (a && b) return true;
  result.not_compared.push_back(fmt::format("{}: not in {}{}{}", file, !a ? first.string() : second.string(),
                                            !a && !b ? " nor in " + second.string() : "", hint));
  return false;
}

// -- digests.csv

const std::vector<std::string> digest_header = {"presentation", "learned",      "layer",  "projection",
                                                "activity",     "third_factor", "weights"};
constexpr std::array<const char*, 3> quantities = {"activity", "third_factor", "weights"};

struct DigestRow {
  std::uint64_t presentation = 0;
  bool learned = false;
  std::string layer, projection;
  std::array<std::string, 3> digests;
};

/// Walks over a table one presentation at a time.
class DigestReader {
 public:
  DigestReader(std::string_view text, const std::string& where)
      : reader_(text, where, digest_header), where_(where) {
    step();
  }

  bool done() const { return !next_; }
  std::uint64_t presentation() const { return next_->presentation; }

  /// Its rows in the order of the file, which is that of evaluation.
  std::vector<DigestRow> take() {
    std::vector<DigestRow> rows;
    const std::uint64_t at = next_->presentation;
    while (next_ && next_->presentation == at) {
      rows.push_back(std::move(*next_));
      step();
    }
    if (next_ && next_->presentation < at)
      throw Error(ExitCode::data, {"TF-CMP-003", where_,
                                   fmt::format("presentation {} stands after {}", next_->presentation, at),
                                   "presentations in order", ""});
    return rows;
  }

 private:
  void step() {
    next_.reset();
    if (!reader_.next()) return;
    DigestRow row;
    row.presentation = reader_.count();
    row.learned = reader_.count() != 0;
    row.layer = reader_.text(), row.projection = reader_.text();
    for (std::string& digest : row.digests) digest = reader_.text();
    next_ = std::move(row);
  }

  CsvReader reader_;
  std::string where_;
  std::optional<DigestRow> next_;
};

/// The row of the same layer and projection; rows of a presentation may stand in another order.
const DigestRow* partner(const DigestRow& row, const std::vector<DigestRow>& others) {
  const auto found = std::find_if(others.begin(), others.end(), [&](const DigestRow& o) {
    return o.layer == row.layer && o.projection == row.projection;
  });
  return found == others.end() ? nullptr : &*found;
}

void compare_presentation(const std::vector<DigestRow>& a, const std::vector<DigestRow>& b,
                          RunComparison& result) {
  const auto note = [&](const DigestRow& row, const char* quantity, std::string first, std::string second) {
    if (!result.digest)
      result.digest = {row.presentation, row.learned,      row.layer,        row.projection,
                       quantity,         std::move(first), std::move(second)};
  };
  for (const DigestRow& row : a) {
    ++result.digest_rows;
    const DigestRow* other = partner(row, b);
    if (other == nullptr) {
      ++result.differing_digest_rows;
      note(row, "row", "present", "");
      continue;
    }
    if (row.learned == other->learned && row.digests == other->digests) continue;
    ++result.differing_digest_rows;
    if (row.learned != other->learned)
      note(row, "learned", row.learned ? "1" : "0", other->learned ? "1" : "0");
    for (std::size_t i = 0; i < quantities.size(); ++i)
      if (row.digests[i] != other->digests[i]) note(row, quantities[i], row.digests[i], other->digests[i]);
  }
  for (const DigestRow& row : b)
    if (partner(row, a) == nullptr) {
      ++result.digest_rows, ++result.differing_digest_rows;
      note(row, "row", "", "present");
    }
}

void compare_digests(const Path& first, const Path& second, RunComparison& result) {
  if (!both_have("digests.csv", " (run with --digests)", first, second, result)) return;
  const std::string a_text = read_whole_file(first / "digests.csv"),
                    b_text = read_whole_file(second / "digests.csv");
  DigestReader a(a_text, (first / "digests.csv").string()), b(b_text, (second / "digests.csv").string());
  result.digest_columns = {"learned", "activity", "third_factor", "weights"};
  while (!a.done() || !b.done()) {
    const bool take_a = !a.done() && (b.done() || a.presentation() <= b.presentation());
    const bool take_b = !b.done() && (a.done() || b.presentation() <= a.presentation());
    const std::vector<DigestRow> rows_a = take_a ? a.take() : std::vector<DigestRow>{},
                                 rows_b = take_b ? b.take() : std::vector<DigestRow>{};
    compare_presentation(rows_a, rows_b, result);
  }
}

// -- weights.npz

std::string kind_of(const NpyArray& array) {
  return fmt::format("{} {}", array.dtype, shape_text(array.shape));
}

std::string value_of(const NpyArray& array, std::size_t i, const std::string& where) {
  NpyArray one{array.dtype, {}, {}};
  const std::size_t item = npy_item_size(array.dtype);
  one.bytes.assign(array.bytes.begin() + static_cast<std::ptrdiff_t>(i * item),
                   array.bytes.begin() + static_cast<std::ptrdiff_t>((i + 1) * item));
  return fmt::format("{}", to_doubles(one, where).at(0));
}

void compare_array(const std::string& name, const NpyArray& a, const NpyArray& b, const std::string& where,
                   RunComparison& result) {
  if (a.dtype != b.dtype || a.shape != b.shape) {
    result.weights.push_back({name, {}, {}, kind_of(a), kind_of(b), 0});
    return;
  }
  const std::size_t item = npy_item_size(a.dtype), columns = a.shape.size() > 1 ? a.shape.back() : 0;
  WeightDifference difference{name, {}, {}, "", "", 0};
  result.weight_values += a.size();
  if (a.bytes == b.bytes) return;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::equal(a.bytes.begin() + static_cast<std::ptrdiff_t>(i * item),
                   a.bytes.begin() + static_cast<std::ptrdiff_t>((i + 1) * item),
                   b.bytes.begin() + static_cast<std::ptrdiff_t>(i * item)))
      continue;
    if (difference.differing++ > 0) continue;
    difference.neuron = columns > 0 ? i / columns : i;
    if (columns > 0) difference.row = i % columns;
    difference.first = value_of(a, i, where), difference.second = value_of(b, i, where);
  }
  result.weights.push_back(std::move(difference));
}

void compare_weights(const Path& first, const Path& second, RunComparison& result) {
  if (!both_have("weights.npz", "", first, second, result)) return;
  const NpzFile a = read_npz(first / "weights.npz"), b = read_npz(second / "weights.npz");
  for (const auto& [name, array] : a) {
    const auto other = b.find(name);
    if (other == b.end())
      result.weights.push_back({name, {}, {}, kind_of(array), "missing", 0});
    else
      compare_array(name, array, other->second, (first / "weights.npz").string() + ": " + name, result);
  }
  for (const auto& [name, array] : b)
    if (!a.contains(name)) result.weights.push_back({name, {}, {}, "missing", kind_of(array), 0});
}

// -- accuracy and counts

void compare_values(const std::string& name, const std::string& a, const std::string& b,
                    std::size_t& compared, std::vector<ValueDifference>& differences) {
  ++compared;
  if (a != b) differences.push_back({name, a.empty() ? "none" : a, b.empty() ? "none" : b});
}

/// By bits of weights and of activities, over all cores.
using WidthEvents = std::map<std::pair<int, int>, EventCounts>;

WidthEvents events_by_width(const RunRecord& run) {
  WidthEvents all;
  for (const CoreRecord& core : run.cores)
    for (const WidthRecord& width : core.widths)
      all[{width.weight_bits, width.activity_bits}] += width.events;
  return all;
}

void compare_records(const Path& first, const Path& second, RunComparison& result) {
  if (!both_have("run.json", "; accuracy and counts", first, second, result)) return;
  const RunRecord a = read_run(first), b = read_run(second);
  const auto field = [](const std::vector<AccuracyRow>& rows, std::size_t i, auto member) {
    return i < rows.size() ? csv_field(rows[i].*member) : std::string();
  };
  for (std::size_t i = 0; i < std::max(a.accuracy.size(), b.accuracy.size()); ++i) {
    const auto& row = i < a.accuracy.size() ? a.accuracy[i] : b.accuracy[i];
    const std::string at = fmt::format(" after {} samples", row.samples_seen);
    compare_values("test accuracy" + at, field(a.accuracy, i, &AccuracyRow::test_accuracy),
                   field(b.accuracy, i, &AccuracyRow::test_accuracy), result.accuracies, result.accuracy);
    compare_values("accuracy while learning" + at, field(a.accuracy, i, &AccuracyRow::train_accuracy),
                   field(b.accuracy, i, &AccuracyRow::train_accuracy), result.accuracies, result.accuracy);
  }
  compare_values("samples", std::to_string(a.samples), std::to_string(b.samples), result.counts,
                 result.events);
  const EventCounts events_a = a.events(), events_b = b.events();
  const bool timed = a.cycles && b.cycles;
  for (std::size_t i = 0; i < event_count; ++i)
    if (timed || i < static_cast<std::size_t>(first_network_event))
      compare_values(std::string(event_names[i]), std::to_string(events_a.raw()[i]),
                     std::to_string(events_b.raw()[i]), result.counts, result.events);
  const WidthEvents widths_a = events_by_width(a), widths_b = events_by_width(b);
  WidthEvents either = widths_a;
  either.insert(widths_b.begin(), widths_b.end());
  for (const auto& [widths, unused] : either)
    for (const Event event : width_events) {
      const auto value = [&, at = widths](const WidthEvents& all) {
        const auto found = all.find(at);
        return std::to_string(found == all.end() ? 0 : found->second[event]);
      };
      compare_values(fmt::format("{}, {} x {} bits", event_names[static_cast<std::size_t>(event)],
                                 widths.first, widths.second),
                     value(widths_a), value(widths_b), result.counts, result.events);
    }
  if (!timed)
    result.not_compared.emplace_back("packets, hops and cycles: measured only by engines with time");
  if (timed)
    compare_values("cycles", std::to_string(*a.cycles), std::to_string(*b.cycles), result.counts,
                   result.events);
}

}  // namespace

RunComparison compare_runs(const Path& first, const Path& second) {
  Diagnostics wrong;
  for (const Path& folder : {first, second}) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error))
      wrong.add({"TF-CMP-001", folder.string(),
                 std::filesystem::exists(folder, error) ? "this is not a folder" : "there is no such folder",
                 "a folder that `trifactor run` wrote", ""});
  }
  wrong.throw_if_any(ExitCode::configuration);
  RunComparison result;
  compare_digests(first, second, result);
  compare_weights(first, second, result);
  compare_records(first, second, result);
  if (result.digest_columns.empty() && result.weight_values == 0 && result.weights.empty() &&
      result.counts == 0)
    throw Error(
        ExitCode::configuration,
        {"TF-CMP-002", first.string() + ", " + second.string(), "the two folders have no result in common",
         "run.json, weights.npz or digests.csv in both", "name two folders that `trifactor run` wrote"});
  return result;
}

}  // namespace trifactor
