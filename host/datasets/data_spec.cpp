#include "host/datasets/data_spec.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace trifactor {
namespace {

std::vector<std::string> names_of(const std::vector<DatasetScheme>& items) {
  std::vector<std::string> names;
  for (const DatasetScheme& item : items) names.push_back(item.name);
  return names;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& names) {
  const std::string close = nearest(word, names);
  return close.empty() ? "" : "did you mean '" + close + "'?";
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// An unsigned decimal number with nothing before or after it.
std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) { spec_.text = text; }

  DataSpec read() {
    std::vector<std::string> parts(1);
    for (const char c : text_) {
      if (c == ',') {
        parts.emplace_back();
      } else {
        parts.back() += c;
      }
    }
    source(parts[0]);
    for (std::size_t i = 1; i < parts.size(); ++i) option(parts[i]);
    mistakes_.throw_if_any(ExitCode::configuration);
    return spec_;
  }

 private:
  void mistake(const char* code, std::string found, std::string expected, std::string hint = {}) {
    mistakes_.add(
        {code, "data '" + std::string(text_) + "'", std::move(found), std::move(expected), std::move(hint)});
  }

  void source(const std::string& part) {
    const std::size_t colon = part.find(':');
    const std::vector<std::string> names = names_of(dataset_schemes());
    std::string usages;
    for (const DatasetScheme& scheme : dataset_schemes())
      usages += (usages.empty() ? "" : ", ") + scheme.usage;
    spec_.scheme = part.substr(0, colon);
    if (colon == std::string::npos) {
      mistake("TF-DAT-001", "'" + part + "' does not say what kind of data it is", usages,
              spec_.scheme == "strokes" ? "did you mean 'synthetic:strokes'?" : "");
      return;
    }
    spec_.location = part.substr(colon + 1);
    if (std::find(names.begin(), names.end(), spec_.scheme) == names.end()) {
      mistake("TF-DAT-002", "there is no kind of data called '" + spec_.scheme + "'", usages,
              did_you_mean(spec_.scheme, names));
      return;
    }
    if (spec_.location.empty()) {
      mistake("TF-DAT-003", "nothing follows '" + spec_.scheme + ":'", usages);
    } else if (const std::vector<std::string> drawn = {"strokes", "line", "curve", "noise"};
               spec_.scheme == "synthetic" &&
               std::find(drawn.begin(), drawn.end(), spec_.location) == drawn.end()) {
      mistake("TF-DAT-004", "there is no synthetic data called '" + spec_.location + "'",
              "synthetic: and one of " + join(drawn), did_you_mean(spec_.location, drawn));
    }
  }

  void option(const std::string& part) {
    const std::size_t equals = part.find('=');
    const std::string key = part.substr(0, equals);
    const std::vector<std::string> keys = names_of(data_spec_keys());
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      mistake("TF-DAT-005", "there is no option '" + key + "'", "one of " + join(keys),
              did_you_mean(key, keys));
      return;
    }
    if (!seen_.insert(key).second) {
      mistake("TF-DAT-006", "the option '" + key + "' comes twice", "each option once");
      return;
    }
    const std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
    if (key == "split") {
      if (value == "train" || value == "test") {
        spec_.split = value == "train" ? Split::train : Split::test;
      } else {
        mistake("TF-DAT-007", "split is '" + value + "'", "split=train or split=test",
                did_you_mean(value, {"train", "test"}));
      }
      return;
    }
    if (key == "classes") return classes(value);
    const std::optional<std::uint64_t> number = whole_number(value);
    if (!number) {
      mistake("TF-DAT-008", key + " is '" + value + "'", "a whole number from 0 to 18446744073709551615");
    } else if (key == "first") {
      spec_.first = *number;
    } else if (key == "count" && *number == 0) {
      mistake("TF-DAT-009", "count is 0, which selects nothing", "count=1 or more");
    } else if (key == "count") {
      spec_.count = *number;
    } else if (key == "shuffle") {
      spec_.shuffle = *number;
    } else if (spec_.scheme != "synthetic") {
      mistake("TF-DAT-010", "seed has no meaning for '" + spec_.scheme + ":'",
              "seed only after synthetic:", "to permute the samples, write shuffle=" + value);
    } else {
      spec_.seed = *number;
    }
  }

  void classes(const std::string& value) {
    for (std::size_t begin = 0; begin <= value.size();) {
      const std::size_t end = std::min(value.find('+', begin), value.size());
      const std::optional<std::uint64_t> label = whole_number(value.substr(begin, end - begin));
      const bool possible = label && *label < static_cast<std::uint64_t>(most_classes);
      if (!possible || std::count(spec_.classes.begin(), spec_.classes.end(), static_cast<int>(*label)) > 0) {
        mistake("TF-DAT-012", "classes is '" + value + "'",
                "labels joined by +, each once, as classes=0+1+2+4");
        return;
      }
      spec_.classes.push_back(static_cast<int>(*label));
      begin = end + 1;
    }
  }

  std::string_view text_;
  DataSpec spec_;
  Diagnostics mistakes_;
  std::set<std::string> seen_;
};

}  // namespace

DataSpec parse_data_spec(std::string_view text) { return Reader(text).read(); }

std::vector<DatasetScheme> dataset_schemes() {
  return {
      {"synthetic", "synthetic:strokes|line|curve|noise",
       "drawn from a seed, no file needed: handwritten-like digits, 28x28; points on two sides of a line or "
       "of a "
       "curve; 100 random values of a random class"},
      {"idx", "idx:DIR", "the four files of MNIST, Fashion-MNIST and the like, gzipped or not"},
      {"cifar", "cifar:DIR", "the six batches of CIFAR-10, binary version, gzipped or not: 32x32x3"},
      {"npz", "npz:FILE",
       "NumPy arrays x (N, ...) of float or uint8 and labels (N) of integers; "
       "x_train, labels_train, x_test, labels_test with split="},
  };
}

std::vector<DatasetScheme> data_spec_keys() {
  return {
      {"split", "split=train|test", "which part of the data (default train)"},
      {"first", "first=K", "index of the first sample used, from 0, in file order"},
      {"count", "count=N", "number of samples used"},
      {"classes", "classes=A+B", "of those, only samples of these classes; labels keep their numbers"},
      {"shuffle", "shuffle=SEED", "permutes what was selected, anew each epoch"},
      {"seed", "seed=S", "synthetic data only: another set of images (default 1)"},
  };
}

}  // namespace trifactor
