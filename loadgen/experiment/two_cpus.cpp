#include "loadgen/experiment/two_cpus.hpp"

#include "common/net/socket.hpp"
#include "loadgen/analysis/ratio.hpp"
#include "loadgen/probe/machine.hpp"
#include "loadgen/probe/proc_fs.hpp"

#include <sys/resource.h>

#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kRatio = "two_cpus_at_once";
constexpr const char* kInterval = "two_cpus_at_once_ci95";
constexpr const char* kOthers = "two_cpus_others";  // CPU share, 0 to 1

// A chain of dependent steps leaves most of a core to its sibling, so that two would seem to be
// two; eight of them side by side fill one.
std::uint64_t burn_until(TimePoint end) {
    std::array<std::uint64_t, 8> chains{1, 2, 3, 4, 5, 6, 7, 8};
    std::uint64_t done = 0;
    do {  // at least once: also where the machine left no time
        for (int i = 0; i < 1000; ++i) {
            for (std::uint64_t& x : chains) {
                x ^= x << 13U;
                x ^= x >> 7U;
                x ^= x << 17U;
            }
        }
        ++done;
    } while (now() < end);
    std::uint64_t mixed = 0;
    for (const std::uint64_t x : chains) mixed ^= x;
    return mixed == 0 ? done + 1 : done;  // so that the chains are not optimised away
}

// What was done on all of these CPUs at once, above 0. 0: one of them can't be used.
std::uint64_t work_on(std::span<const int> cpus, Nanos length) {
    std::atomic<std::uint64_t> done{0};
    std::atomic<bool> refused{false};
    // Threads need a moment to be there.
    const TimePoint begin = now() + std::chrono::milliseconds(2);
    std::vector<std::jthread> burners;
    burners.reserve(cpus.size());
    for (const int cpu : cpus) {
        burners.emplace_back([&, cpu] {
            if (!net::pin_to_cpus(std::array{cpu})) {
                refused = true;
                return;
            }
            std::this_thread::sleep_until(begin);
            done += burn_until(begin + length);
        });
    }
    burners.clear();  // waits for them
    return refused ? 0 : done.load();
}

double own_cpu_s() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    double sum = 0;
    for (const timeval& t : {used.ru_utime, used.ru_stime}) {
        sum += static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    }
    return sum;
}

}  // namespace

Result<TwoCpus> measure_two_cpus(const TwoCpusPlan& plan, const std::function<bool()>& stop) {
    const std::array both{plan.first, plan.second};
    std::vector<double> alone, together;
    const MachineState before = read_machine();
    const double own_before = own_cpu_s();
    for (std::size_t slice = 0; slice < 2 * plan.rounds; ++slice) {
        if (stop && stop()) return Error{"interrupted"};
        const bool one = slice % 2 == 0;
        const std::span<const int> cpus =
            one ? std::span<const int>(&both.at(slice / 2 % 2), 1) : std::span<const int>(both);
        const std::uint64_t work = work_on(cpus, plan.slice);
        if (work == 0) return Error{"can't run on the CPUs that this process may use"};
        (one ? alone : together).push_back(static_cast<double>(work));
    }
    const auto compared = Ratio::paired(together, alone, Rng(1));
    const Estimate ratio = compared ? compared->estimate() : Estimate{};
    if (!ratio.interval) return Error{"two CPUs: too few rounds to compare them"};
    const MachineUse use =
        machine_use(before, read_machine(), own_cpu_s() - own_before, ticks_per_second());
    return TwoCpus{ratio.value, ratio.interval->low, ratio.interval->high, use.other_cpu_share};
}

void add_two_cpus(Json& environment, const TwoCpus& two) {
    environment[kRatio] = nullptr;
    environment[kInterval] = nullptr;
    environment[kOthers] = nullptr;
    if (!(two.ratio > 0)) return;
    const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
    environment[kRatio] = rounded(two.ratio);
    environment[kInterval] = {rounded(two.low), rounded(two.high)};
    if (two.others) environment[kOthers] = rounded(*two.others);
}

TwoCpus two_cpus_of(const Json& environment) {
    if (!environment.is_object()) return {};
    const auto ratio = environment.find(kRatio), interval = environment.find(kInterval);
    const bool known = ratio != environment.end() && ratio->is_number() &&
                       interval != environment.end() && interval->is_array() &&
                       interval->size() == 2 && interval->at(0).is_number() &&
                       interval->at(1).is_number();
    if (!known) return {};
    TwoCpus two{ratio->get<double>(), interval->at(0).get<double>(), interval->at(1).get<double>()};
    if (const auto others = environment.find(kOthers);
        others != environment.end() && others->is_number()) {
        two.others = others->get<double>();
    }
    return two;
}

}  // namespace echotrio::loadgen
