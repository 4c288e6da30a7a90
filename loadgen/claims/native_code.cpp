// CPU work inside and outside of the global lock, on two cores.
#include "loadgen/claims/experiments.hpp"
#include "loadgen/claims/figures.hpp"
#include "loadgen/claims/trials.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {
namespace {

constexpr const char* kInterpreted = "interpreted";
constexpr const char* kNative = "native";

Plan plan(const ClaimContext& context) {
    Workload interpreted{.name = kInterpreted,
                         .title = "HTTP requests that each cost 2 ms of CPU work under the lock",
                         .shows = "how many cores threads can use while they interpret"};
    interpreted.load = small_load(context);
    interpreted.load.target.path = "/echo/hi?cpu=2ms";
    interpreted.load.duration = std::chrono::milliseconds(context.quick ? 400 : 1000);
    interpreted.server_cpus = 2;
    interpreted.connections = {4};
    Workload native = interpreted;
    native.name = kNative;
    native.title = "HTTP requests that each cost 2 ms of CPU work without the lock";
    native.shows = "how many cores threads can use while native code works";
    native.load.target.path = "/echo/hi?native=2ms";
    return claim_plan(context, {{"lock", "threads", {}}}, {interpreted, native},
                      context.many_repetitions());
}

// The same server, the same amount of work, in the same rounds.
std::vector<Measurement> measure(const ClaimContext& context, const Trials& trials) {
    const Cut interpreted{"lock", kInterpreted}, native{"lock", kNative};
    const auto ratio = ratio_figure(
        context, {"native_over_interpreted/ratio", "native over interpreted", "threads"},
        trials.pairs(native, interpreted, throughput));
    const auto busy = median_figure({"cpus_used_native", "native work", "threads"},
                                    trials.figures(native, cpus_used));
    const auto idle = median_figure({"cpus_used_interpreted", "interpreted work", "threads"},
                                    trials.figures(interpreted, cpus_used));
    return {{figures_of({ratio, busy, idle}),
             fmt::format("throughput of threads on two cores, native work over interpreted: {}; "
                         "CPUs that they kept busy: {} with the one, {} with the other",
                         in_words(ratio), value_in_words(busy), value_in_words(idle))}};
}

}  // namespace

ClaimTest native_code() {
    // As for a second core without the lock: see scaling_with_cores.cpp.
    Sentence sentence{"native-code-uses-cores",
                      "Native code lets the global lock go while it works: with it threads use "
                      "several cores",
                      {above("native_over_interpreted/ratio", 1.5, 1.25)},
                      ClaimPicture{"CPUs that the server kept busy, of two",
                                   {"cpus_used_interpreted", "cpus_used_native"}}};
    sentence.source = {
        "requests that cost 2 ms of CPU work each, under the lock or without it, go to the same "
        "threads on two cores; throughputs are compared",
        "loadgen/claims/native_code.cpp", "measure"};
    return {"native code on two cores", {sentence}, measure, plan, 2};
}

}  // namespace echotrio::loadgen
