// A process and all its descendants, seen through /proc from outside.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/record/run_result.hpp"

#include <sys/types.h>

#include <memory>

namespace echotrio::loadgen {

class GroupProbe {
  public:
    // Error: no such process, or its /proc can't be read.
    static Result<GroupProbe> attach(pid_t root);
    GroupProbe(GroupProbe&&) noexcept;
    GroupProbe& operator=(GroupProbe&&) noexcept;
    ~GroupProbe();

    // CPU, switches and waits are differences between these two; processes and threads that come
    // and go in between are accounted for. Cheap: no smaps.
    void window_begins();
    void window_ends();

    // Cheap figures for the live line: CPU seconds since window_begins, resident bytes (statm).
    struct Sample {
        double cpu_s = 0;
        double resident_bytes = 0;
    };
    Sample sample();

    // Every metric of the memory table of docs/measurement.md, in bytes; walks smaps_rollup of the
    // whole group, so call it at a plateau and outside the window. Unreadable = empty, never 0.
    std::map<std::string, std::optional<double>> memory();

    // The difference of the two window calls, with memory() as it was last taken.
    ServerUse use(std::uint64_t requests) const;

  private:
    struct State;
    explicit GroupProbe(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace echotrio::loadgen
