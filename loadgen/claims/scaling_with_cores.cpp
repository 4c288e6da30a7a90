// CPU work on one core and on two: what a second core is worth to whom.
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/trials.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {
namespace {

constexpr const char* kOne = "one core";
constexpr const char* kTwo = "two cores";

Plan plan(const ClaimContext& context) {
    Workload work{.name = kOne,
                  .title = "HTTP requests that each cost 2 ms of CPU work",
                  .shows = "who can use a second core"};
    work.load = small_load(context);
    work.load.target.path = "/echo/hi?cpu=2ms";
    work.load.duration = std::chrono::milliseconds(context.quick ? 400 : 1000);
    work.server_cpus = 1;
    work.connections = {4};
    Workload on_two = work;
    on_two.name = kTwo;
    on_two.server_cpus = 2;
    return claim_plan(context,
                      {{"lock", "threads", {}},
                       {"no lock", "threads", {"--gil", "off"}},
                       {"processes", "prefork", {}}},
                      {work, on_two}, context.many_repetitions());
}

// On two cores against processes, in the same rounds: if one thread at a time runs, it is half of
// what they do, and less where others want the CPUs, too; if CPU work scaled, as much.
Measurement one_at_a_time(const ClaimContext& context, const Trials& trials) {
    const auto share = ratio_figure(
        context, {"throughput_over_processes_on_two_cores/ratio", "with the lock", "threads"},
        trials.pairs({"lock", kTwo}, {"processes", kTwo}, throughput));
    const auto gain = ratio_figure(
        context, {"throughput_two_cores_over_one/ratio", "two cores over one", "threads"},
        trials.pairs({"lock", kTwo}, {"lock", kOne}, throughput));
    return {figures_of({share, gain}),
            fmt::format("on two cores threads under the lock do {} times the CPU work of "
                        "processes, where half is one at a time; a second core multiplies their "
                        "throughput by {}",
                        in_words(share), in_words(gain))};
}

// What a second core is worth to the server that ran under this label.
struct Gain {
    std::optional<ClaimFigure> undisturbed, measured;

    std::string text() const {
        return fmt::format("{} (measured beside the machine's other work: {})",
                           in_words(undisturbed), value_in_words(measured));
    }
};

Gain gain_of(const ClaimContext& context, const Trials& trials, const std::string& variant,
             const Named& named) {
    const Cut one{variant, kOne}, two{variant, kTwo};
    const auto undisturbed = [](double cpus) {
        return [cpus](const RunResult& r) { return undisturbed_rps(r, cpus); };
    };
    Named measured = named;
    measured.key += "/measured_throughput_ratio/ratio";
    measured.label += ", as measured";
    Named own = named;
    own.key += "/ratio";
    return {ratio_figure(context, own, trials.pairs(two, undisturbed(2), one, undisturbed(1))),
            ratio_figure(context, measured, trials.pairs(two, one, throughput))};
}

Measurement parallel(const ClaimContext& context, const Trials& trials) {
    const Gain no_lock = gain_of(context, trials, "no lock",
                                 {"no_lock_two_cores_over_one", "without lock", "threads"});
    const Gain processes = gain_of(context, trials, "processes",
                                   {"processes_two_cores_over_one", "processes", "prefork"});
    return {figures_of(
                {no_lock.undisturbed, no_lock.measured, processes.undisturbed, processes.measured}),
            fmt::format("a second core multiplies throughput by {} without the lock and by {} "
                        "with processes",
                        no_lock.text(), processes.text())};
}

}  // namespace

ClaimTest scaling_with_cores() {
    Sentence locked{"one-thread-at-a-time",
                    "Under the global lock one thread runs and the others wait: CPU work does not "
                    "scale with cores",
                    {below("throughput_over_processes_on_two_cores/ratio", 0.75, 0.9)},
                    ClaimPicture{"throughput on two cores, over that of processes",
                                 {"throughput_over_processes_on_two_cores/ratio"},
                                 false,
                                 1}};
    // Half a core's worth would be scaling; noise and the generator's own use of a core are less.
    constexpr double kScales = 1.5, kDoesNot = 1.25;
    Sentence free{
        "parallel-without-lock",
        "Without the global lock, and with processes, CPU work scales with cores",
        {above("no_lock_two_cores_over_one/ratio", kScales, kDoesNot),
         above("processes_two_cores_over_one/ratio", kScales, kDoesNot)},
        ClaimPicture{"throughput, two cores over one",
                     {"no_lock_two_cores_over_one/ratio", "processes_two_cores_over_one/ratio"},
                     false,
                     1}};
    free.needs = "no lock";
    const auto measure = [](const ClaimContext& context, const Trials& trials) {
        return std::vector{one_at_a_time(context, trials), parallel(context, trials)};
    };
    locked.source = {
        "requests that cost 2 ms of CPU work each go to threads under the lock and to processes, "
        "on two cores; their throughputs are compared",
        "loadgen/claims/scaling_with_cores.cpp", "one_at_a_time"};
    free.source = {
        "requests that cost 2 ms of CPU work each go to threads without the lock and to processes, "
        "on one core and on two; throughputs are compared",
        "loadgen/claims/scaling_with_cores.cpp", "parallel"};
    return {"CPU work on one core and on two", {locked, free}, measure, plan, 2};
}

}  // namespace echotrio::loadgen
