// What the machine did during the window beside the run: things that can spoil a number.
#pragma once

#include "loadgen/probe/proc_text.hpp"
#include "loadgen/results/run_result.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace echotrio::loadgen {

// One look at the machine; all from /proc and /sys, the clocks aside.
struct MachineState {
    std::optional<CpuTicks> cpu;
    std::uint64_t processes = 0;      // that can be seen
    std::uint64_t process_ticks = 0;  // of all processes that can be seen, with those waited for
    std::optional<std::uint64_t> listen_overflows, listen_drops, retransmissions, swapped_pages;
    double wall_minus_monotonic_s = 0;  // moves when somebody sets the clock
    double boot_minus_monotonic_s = 0;  // moves when the machine suspends
    std::vector<double> frequencies;    // of each CPU, empty where it is not told
};
MachineState read_machine();

// The difference of two. `known_cpu_s`: what generator and server used in between; without it
// (a server that is not measured) other processes' share is not known. Pure.
MachineUse machine_use(const MachineState& before, const MachineState& after,
                       std::optional<double> known_cpu_s, double ticks_per_second);

class MachineProbe {
  public:
    void window_begins() { before_ = read_machine(); }
    void window_ends() { after_ = read_machine(); }
    // Hiccups are the engine's to fill in.
    MachineUse use(std::optional<double> known_cpu_s) const;

  private:
    MachineState before_, after_;
};

}  // namespace echotrio::loadgen
