// Whether the machine is fit for a test that measures times, rates or memory. Such a test asks
// before it measures, and again before it asserts: what others did meanwhile says nothing about us,
// either way, so it is skipped and says why.
//
//     MachineFit machine;
//     if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
//     ... measure ...
//     if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
//     ... assert ...
#pragma once

#include "common/base/clock.hpp"
#include "loadgen/probe/proc_text.hpp"

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>

namespace echotrio::test {

// More of the machine than this in the hands of others, and it is not fit.
inline constexpr double kBusyShare = 0.05;

// What the clocks say at one time, in ticks.
struct CpuLook {
    loadgen::CpuTicks machine;
    double ours = 0;  // this process, its living descendants, and all that they have waited for
};

// CPU time of `self` and its living descendants, with that of the children they waited for. Pure.
double ticks_of_family(std::span<const loadgen::ProcStat> processes, pid_t self);

// The share of all CPU time, 0 to 1, that others used between two looks; what a hypervisor took
// counts as theirs. Interrupts are left out: our own packets cause them, too. Pure.
double others_share(const CpuLook& before, const CpuLook& after);

// The skip's text; empty: the machine is fit. Pure.
std::optional<std::string> busy_text(double share);

class MachineFit {
  public:
    // Looks at the machine for that long.
    explicit MachineFit(Nanos look = std::chrono::milliseconds(500));

    // The larger share of that first look and of all the time since.
    double share() const;
    std::optional<std::string> busy() const { return busy_text(share()); }

  private:
    double at_first_ = 0;
    CpuLook begin_;
};

}  // namespace echotrio::test
