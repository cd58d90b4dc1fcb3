// The sections of report.html; each returns its inner HTML. html_report.cpp puts them together.
#pragma once

#include <string>
#include <vector>

#include "host/report/energy.hpp"
#include "host/report/run_record.hpp"
#include "host/report/weight_picture.hpp"
#include "rtl/spec/technology.hpp"

namespace trifactor::html {

struct Context {
  const RunRecord& run;
  const Technology& technology;
  const EnergyReport& energy;
  const std::vector<WeightPicture>& pictures;
};

/// A formatted number, with the signs a page can show, escaped.
std::string shown(const std::string& number);

std::string_view style();  ///< the style sheet, light and dark

std::string headline(const Context& c);
std::string learning_curve(const Context& c);
std::string energy(const Context& c);
std::string throughput(const Context& c);
std::string area(const Context& c);
std::string cores(const Context& c);
std::string losses(const Context& c);
std::string weights(const Context& c);
std::string signals(const Context& c);
std::string constants(const Context& c);
std::string provenance(const Context& c);

}  // namespace trifactor::html
