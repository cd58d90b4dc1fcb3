#include "sim/lockstep/verify.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "rtl/spec/diagnostic.hpp"
#include "sim/lockstep/subject.hpp"

namespace trifactor::lockstep {
namespace {
constexpr const char* replay_header = "trifactor replay 1";

std::string describe(const Subject& subject, const Episode& episode, const Divergence& at) {
  std::ostringstream text;
  text << subject.name() << ": vector " << at.vector << ": " << at.signal << ": golden " << at.golden
       << ", RTL " << at.rtl << "; inputs";
  const std::int64_t* word = episode.words.data() + at.vector * subject.stride();
  for (const Field& field : subject.fields()) {
    text << ' ' << field.name << '=';
    std::size_t shown = field.width;
    while (shown > 1 && word[shown - 1] == 0) --shown;
    if (field.width - shown <= 3) shown = field.width;
    for (std::size_t i = 0; i < shown; ++i) text << (i == 0 ? "" : ",") << word[i];
    if (shown < field.width) text << " (then " << field.width - shown << " times 0)";
    word += field.width;
  }
  return text.str();
}

[[noreturn]] void cannot_write(const std::filesystem::path& file) {
  throw Error(ExitCode::cannot_write, {"TF-VER-003", file.string(), "the replay file cannot be written", "",
                                       "name a folder that exists, can be written and has space"});
}

/// The vectors up to the divergence: what follows had no part in it.
std::filesystem::path write_replay(const Subject& subject, const Episode& episode, const Divergence& at,
                                   const VerifyOptions& options) {
  const std::filesystem::path file = options.replay_folder / (subject.name() + ".replay");
  const std::filesystem::path fresh = file.string() + ".new";
  const std::size_t stride = subject.stride();
  std::error_code failed;
  {
    std::ofstream out(fresh);
    out << replay_header << "\nsubject " << subject.name() << "\nfields";
    for (const Field& field : subject.fields()) out << ' ' << field.name << '*' << field.width;
    out << "\n# seed " << options.seed << "\n# " << describe(subject, episode, at) << '\n';
    const std::size_t count = std::min(at.vector + 1, episode.words.size() / stride);
    for (std::size_t v = 0; v < count; ++v) {
      out << 'v';
      for (std::size_t i = 0; i < stride; ++i) out << ' ' << episode.words[v * stride + i];
      out << '\n';
    }
    out.flush();
    if (!out) {
      out.close();
      std::filesystem::remove(fresh, failed);
      cannot_write(file);
    }
  }
  std::filesystem::rename(fresh, file, failed);
  if (failed) {
    std::filesystem::remove(fresh, failed);
    cannot_write(file);
  }
  return file;
}

void report_coverage(const Coverage& coverage, VerifyResult& result) {
  for (std::size_t i = 0; i < coverage.names().size(); ++i)
    result.coverage.emplace_back(coverage.names()[i], coverage.counts()[i]);
}

const SubjectEntry& find_subject(std::span<const SubjectEntry> entries, const std::string& name,
                                 const std::string& where) {
  std::vector<std::string> names;
  for (const SubjectEntry& entry : entries) {
    if (entry.name == name) return entry;
    names.push_back(entry.name);
  }
  std::string all;
  for (const std::string& each : names) all += (all.empty() ? "" : ", ") + each;
  const std::string guess = nearest(name, names);
  throw Error(ExitCode::configuration,
              {"TF-VER-001", where, "there is no RTL to verify of the name '" + name + "'", "one of " + all,
               guess.empty() ? "" : "did you mean " + guess + "?"});
}
}  // namespace

std::size_t Subject::stride() const {
  std::size_t words = 0;
  for (const Field& field : fields()) words += field.width;
  return words;
}

VerifyResult verify(Subject& subject, const VerifyOptions& options) {
  // Said before anything is compared: a difference must not be lost for want of a place to write it.
  if (!options.replay_folder.empty() && !std::filesystem::is_directory(options.replay_folder))
    cannot_write(options.replay_folder);
  VerifyResult result;
  result.name = subject.name();
  Coverage coverage(subject.bins());
  const std::size_t stride = subject.stride();
  const std::uint64_t directed = subject.directed();
  std::uint64_t random_vectors = 0;
  for (std::uint64_t index = 0; index < directed || random_vectors < options.vectors; ++index) {
    Dice dice(mix64(options.seed) + index);
    const Episode episode = subject.episode(index, dice);
    const std::uint64_t count = episode.words.size() / stride;
    if (const std::optional<Divergence> found = subject.run(episode, coverage)) {
      result.vectors += found->vector + 1;
      result.divergence = describe(subject, episode, *found);
      if (!options.replay_folder.empty())
        result.replay_file = write_replay(subject, episode, *found, options).string();
      break;
    }
    result.vectors += count;
    if (index >= directed) random_vectors += count;
  }
  report_coverage(coverage, result);
  if (result.divergence.empty())  // a run that stopped at a difference is not asked what it saw
    for (const auto& [bin, hits] : result.coverage)
      if (hits == 0) result.unseen.push_back(bin);
  return result;
}

VerifyResult replay(const std::filesystem::path& file, std::span<const SubjectEntry> entries) {
  const auto refuse = [&](std::size_t line, const std::string& found) {
    throw Error(ExitCode::data, {"TF-VER-002", file.string() + ":" + std::to_string(line), found,
                                 "a file that a failed verification wrote", "run the verification again"});
  };
  std::ifstream in(file);
  std::string line, word;
  if (!in || !std::getline(in, line) || line != replay_header)
    refuse(1, "this is not a replay file of version 1");
  std::unique_ptr<Subject> subject;
  Episode episode;
  for (std::size_t number = 2; std::getline(in, line); ++number) {
    std::istringstream words(line);
    words >> word;
    if (line.empty() || word[0] == '#') continue;
    if (word == "subject" && words >> word) {
      subject = find_subject(entries, word, file.string() + ":" + std::to_string(number)).make();
    } else if (word == "fields" && subject) {
      for (const Field& field : subject->fields())
        if (!(words >> word) || word != field.name + "*" + std::to_string(field.width))
          refuse(number, "the inputs are not those of this version of " + subject->name());
    } else if (word == "v" && subject) {
      std::size_t count = 0;
      for (std::int64_t value; words >> value; ++count) episode.words.push_back(value);
      if (count != subject->stride() || !words.eof())
        refuse(number,
               "a vector of " + subject->name() + " has " + std::to_string(subject->stride()) + " integers");
    } else {
      refuse(number, "this line is not understood");
    }
  }
  if (!subject) refuse(1, "the file names no subject");
  VerifyResult result;
  result.name = subject->name();
  result.vectors = episode.words.size() / subject->stride();
  Coverage coverage(subject->bins());
  if (const std::optional<Divergence> found = subject->run(episode, coverage))
    result.divergence = describe(*subject, episode, *found);
  report_coverage(coverage, result);
  result.replay_file = file.string();
  return result;
}

}  // namespace trifactor::lockstep

namespace trifactor {

const char* VerifyResult::verdict() const {
  return !divergence.empty() ? "DIFFER" : unseen.empty() ? "equal" : "INCOMPLETE";
}

std::string VerifyResult::complaint() const {
  std::string text = divergence;
  for (const std::string& bin : unseen) text += (text.empty() ? "never seen: " : ", ") + bin;
  return text;
}

std::vector<std::string> verifiable_units() {
  std::vector<std::string> names;
  for (const lockstep::SubjectEntry& entry : lockstep::unit_subjects()) names.push_back(entry.name);
  return names;
}

VerifyResult verify_unit(const std::string& name, const VerifyOptions& options) {
  return lockstep::verify(*lockstep::find_subject(lockstep::unit_subjects(), name, "").make(), options);
}

VerifyResult replay(const std::filesystem::path& file) {
  return lockstep::replay(file, lockstep::unit_subjects());
}

}  // namespace trifactor
