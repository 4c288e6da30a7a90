// What a generator thread does while nothing is ready and nothing is due: sleep, or poll.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// `automatic`, in a run: a thread with CPUs to run on polls as long as it has one to itself. Where
// they are not its own, whoever starts the run says `sleep` instead (has_cpus_of_its_own).
enum class IdleStrategy : std::uint8_t { automatic, sleep, spin };

const std::vector<std::string>& idle_strategy_names();  // "auto", "sleep", "spin"
const std::string& name_of(IdleStrategy strategy);
// Precondition: one of the names.
IdleStrategy idle_strategy_named(std::string_view name);

// Where server and generator run, as far as it is known.
struct Placement {
    std::uint64_t threads = 1;         // of the generator
    std::vector<int> generator_cpus;   // to which they are pinned; empty = to none
    bool server_elsewhere = false;     // on another machine
    std::vector<int> server_cpus;      // where it may run on this one; empty = not known
    std::vector<int> generator_cores;  // of these CPUs: a core's hyperthreads share what it can do
    std::vector<int> server_cores;
    bool cpu_limited = false;  // a control group limits the CPU time, which polling would use up
};
// Whether to poll where the choice is ours: if each thread has a CPU that is known to be nobody
// else's. Pure.
bool has_cpus_of_its_own(const Placement& placement);

}  // namespace echotrio::loadgen
