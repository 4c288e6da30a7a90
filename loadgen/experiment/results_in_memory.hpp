// The histograms of all trials are kept until the report: hundreds of KiB each. An experiment of
// thousands of trials has to end before they press on the machine that it measures.
#pragma once

#include "loadgen/results/experiment.hpp"

#include <cstddef>
#include <vector>

namespace echotrio::loadgen {

// Bytes that the histograms of a trial take. Pure.
std::size_t bytes_held(const Trial& trial);

class ResultsInMemory {
  public:
    explicit ResultsInMemory(const std::vector<Trial>& trials);
    void add(const Trial& trial) { bytes_ += bytes_held(trial); }
    std::size_t bytes() const { return bytes_; }
    // More than 2 GiB, or than a quarter of this machine's memory.
    bool full() const { return bytes_ > most_; }

  private:
    std::size_t bytes_ = 0, most_ = 0;
};

}  // namespace echotrio::loadgen
