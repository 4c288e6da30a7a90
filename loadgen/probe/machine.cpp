#include "loadgen/probe/machine.hpp"

#include "loadgen/probe/proc_fs.hpp"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace echotrio::loadgen {
namespace {

double clock_s(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// The closest of a few readings: one that was interrupted in the middle is off by as much.
double minus_monotonic_s(clockid_t clock) {
    double best = 0;
    double closest = HUGE_VAL;
    for (int i = 0; i < 5; ++i) {
        const double before = clock_s(CLOCK_MONOTONIC);
        const double value = clock_s(clock);
        const double width = clock_s(CLOCK_MONOTONIC) - before;
        if (width < closest) {
            closest = width;
            best = value - before - width / 2;
        }
    }
    return best;
}

std::vector<double> read_frequencies() {
    std::vector<double> frequencies;
    for (int cpu = 0;; ++cpu) {
        const auto text = read_text("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                                    "/cpufreq/scaling_cur_freq");
        const auto khz = text ? number_after("khz " + *text, "khz") : std::nullopt;
        if (!khz) return frequencies;
        frequencies.push_back(static_cast<double>(*khz));
    }
}

std::optional<std::uint64_t> difference(std::optional<std::uint64_t> before,
                                        std::optional<std::uint64_t> after) {
    if (!before || !after) return std::nullopt;
    return *after > *before ? *after - *before : 0;
}

std::uint64_t all_ticks(const std::vector<ProcStat>& processes) {
    std::uint64_t sum = 0;
    for (const ProcStat& p : processes) {
        sum += p.user + p.system + p.children_user + p.children_system;
    }
    return sum;
}

// The machine's total is sampled and cut off to whole ticks, and so is what it is compared with:
// two looks at it differ by so much although nobody ran.
constexpr double kTicksOff = 3;

// Each process's two counts are cut off at both looks: twice the standard deviation of their sum.
double process_ticks_off(const MachineState& state) {
    return kTicksOff + 2 * std::sqrt(static_cast<double>(state.processes) * 2 * 2 / 12);
}

// The least that neither generator nor server used, by two counts: the sum over processes, which
// misses those of other PID namespaces, and the machine's total without interrupts, which misses
// what those did in processes' time. Each errs low, so the larger one is told.
double other_share(const MachineState& before, const MachineState& after, double known_cpu_s,
                   double ticks_per_second) {
    const double all = static_cast<double>(after.cpu->all() - before.cpu->all());
    const auto in_processes = [](const CpuTicks& t) { return t.user + t.nice + t.system; };
    const double by_machine = static_cast<double>(in_processes(*after.cpu)) -
                              static_cast<double>(in_processes(*before.cpu));
    const double by_process =
        static_cast<double>(after.process_ticks) - static_cast<double>(before.process_ticks);
    const double most = std::max(by_machine - kTicksOff, by_process - process_ticks_off(after));
    return std::clamp((most - known_cpu_s * ticks_per_second) / all, 0.0, 1.0);
}

}  // namespace

MachineState read_machine() {
    MachineState state;
    if (const auto text = read_text("/proc/stat")) state.cpu = parse_cpu_ticks(*text);
    const auto processes = all_processes();
    state.processes = processes.size();
    state.process_ticks = all_ticks(processes);
    if (const auto text = read_text("/proc/net/netstat")) {
        state.listen_overflows = parse_counter(*text, "TcpExt:", "ListenOverflows");
        state.listen_drops = parse_counter(*text, "TcpExt:", "ListenDrops");
    }
    if (const auto text = read_text("/proc/net/snmp")) {
        state.retransmissions = parse_counter(*text, "Tcp:", "RetransSegs");
    }
    if (const auto text = read_text("/proc/vmstat")) {
        const auto in = number_after(*text, "pswpin");
        const auto out = number_after(*text, "pswpout");
        if (in && out) state.swapped_pages = *in + *out;
    }
    state.wall_minus_monotonic_s = minus_monotonic_s(CLOCK_REALTIME);
    state.boot_minus_monotonic_s = minus_monotonic_s(CLOCK_BOOTTIME);
    state.frequencies = read_frequencies();
    return state;
}

MachineUse machine_use(const MachineState& before, const MachineState& after,
                       std::optional<double> known_cpu_s, double ticks_per_second) {
    MachineUse use;
    if (before.cpu && after.cpu && after.cpu->all() > before.cpu->all()) {
        const double all = static_cast<double>(after.cpu->all() - before.cpu->all());
        const double stolen =
            static_cast<double>(after.cpu->steal) - static_cast<double>(before.cpu->steal);
        use.steal_share = std::max(0.0, stolen) / all;
        use.busy_s = std::max(0.0, static_cast<double>(after.cpu->busy()) -
                                       static_cast<double>(before.cpu->busy())) /
                     ticks_per_second;
        if (known_cpu_s) {
            use.other_cpu_share = other_share(before, after, *known_cpu_s, ticks_per_second);
        }
    }
    use.listen_overflows = difference(before.listen_overflows, after.listen_overflows);
    use.listen_drops = difference(before.listen_drops, after.listen_drops);
    use.retransmissions = difference(before.retransmissions, after.retransmissions);
    use.swapped_pages = difference(before.swapped_pages, after.swapped_pages);
    const double stepped = after.wall_minus_monotonic_s - before.wall_minus_monotonic_s;
    const double suspended = after.boot_minus_monotonic_s - before.boot_minus_monotonic_s;
    use.clock_step_s = std::abs(suspended) > std::abs(stepped) ? suspended : stepped;
    if (!after.frequencies.empty() && after.frequencies.size() == before.frequencies.size()) {
        double most = 0;
        for (std::size_t i = 0; i < after.frequencies.size(); ++i) {
            most = std::max(most, std::abs(after.frequencies[i] - before.frequencies[i]) /
                                      std::max(before.frequencies[i], 1.0));
        }
        use.frequency_change = most;
    }
    return use;
}

MachineUse MachineProbe::use(std::optional<double> known_cpu_s) const {
    return machine_use(before_, after_, known_cpu_s, ticks_per_second());
}

}  // namespace echotrio::loadgen
