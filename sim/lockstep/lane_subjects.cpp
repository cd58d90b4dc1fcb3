#include <Vunit_lane.h>
#include <Vunit_lane_array.h>
#include <Vunit_lane_array_64.h>

#include "sim/lockstep/lane_ports.hpp"
#include "sim/lockstep/lane_subject.hpp"
#include "sim/lockstep/unit_subjects.hpp"

namespace trifactor::lockstep {
namespace {
struct Flat8 : FlatLanePorts<Vunit_lane, 8> {
  static constexpr const char* name = "lane";
};
struct Array8 : ArrayLanePorts<Vunit_lane_array, 8> {
  static constexpr const char* name = "lane_array";
};
struct Array64 : ArrayLanePorts<Vunit_lane_array_64, 64> {
  static constexpr const char* name = "lane_array_64";
};
}  // namespace

std::unique_ptr<Subject> lane_subject() { return std::make_unique<LaneSubject<Flat8>>(); }
std::unique_ptr<Subject> lane_array_subject() { return std::make_unique<LaneSubject<Array8>>(); }
std::unique_ptr<Subject> lane_array_64_subject() { return std::make_unique<LaneSubject<Array64>>(); }

}  // namespace trifactor::lockstep
