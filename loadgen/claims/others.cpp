#include "loadgen/claims/others.hpp"

#include "loadgen/probe/proc_fs.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

// CPU time that this process and all that it waited for have used. What an experiment starts has
// ended with it.
double cpu_s_of_ours() {
    double sum = 0;
    for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage used{};
        ::getrusage(who, &used);
        for (const timeval& t : {used.ru_utime, used.ru_stime}) {
            sum += static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
        }
    }
    return sum;
}

}  // namespace

Others::Others() : own_before_(cpu_s_of_ours()), before_(read_machine()), begin_(now()) {}

std::optional<double> Others::share(const Trials& trials) const {
    const MachineUse use =
        machine_use(before_, read_machine(), cpu_s_of_ours() - own_before_, ticks_per_second());
    // Trials that were kept saw the machine at another time.
    std::optional<double> others = trials.others();
    // A look of less than a second is told in too few ticks.
    if (use.other_cpu_share && now() - begin_ >= std::chrono::seconds(1)) {
        others = std::max(others.value_or(0), *use.other_cpu_share + use.steal_share.value_or(0));
    }
    return others;
}

}  // namespace echotrio::loadgen
