// Which trials of an experiment are measured again, and how often. Pure.
#pragma once

#include "loadgen/design/plan.hpp"
#include "loadgen/results/experiment.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace echotrio::loadgen {

// Whether another attempt can help: INVALID for a cause outside the server, not for what the model
// does under this load.
bool is_worth_repeating(const RunResult& result);

// VALID, but the host took so much of the machine's CPU time that its figures are the host's too:
// what a request costs rises with it, also where the kernel leaves stolen time out of the server's.
// False of a trial of less than a second, in which that can't be told.
bool lost_much_to_the_host(const RunResult& result);

class Retries {
  public:
    // `done`: trials of the same plan, as after --resume; their repeated ones count.
    Retries(const Plan& plan, const std::vector<Trial>& done);

    // Whether the trial, just measured, may be measured again. Not where none ever counted,
    // and a round had all its attempts: the cause lasts, and others need the time.
    bool grants(const Trial& trial) const;
    // It is.
    void take(const Trial& trial);
    // It is not: its round has ended with it.
    void end(const Trial& trial);

  private:
    using Place = std::pair<std::string, Level>;  // variant, level
    static Place place_of(const Trial& trial) { return {trial.point.variant, trial.point.level}; }

    std::map<Place, bool> counted_;  // once; false: all attempts of a round were in vain
    std::int64_t invalid_, stolen_;  // that are left
};

}  // namespace echotrio::loadgen
