// Programs that a test starts, ours or any other: what they say, how they end, and that nothing of
// them is left. (A server, from its ready line to its stop: server.hpp.)
#pragma once

#include "common/base/clock.hpp"
#include "loadgen/subject/child.hpp"

#include <sys/types.h>

#include <string>
#include <thread>
#include <vector>

namespace echotrio::test {

using Words = std::vector<std::string>;

// How long a test waits for what must come.
inline constexpr Nanos kPatience = std::chrono::seconds(20);

// Asks until `holds`; false when it does not within the patience.
template <class Condition>
bool eventually(Condition holds) {
    const TimePoint deadline = now() + kPatience;
    while (!holds()) {
        if (now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

// One of the build: in the folder that CTest names (ECHOTRIO_BIN), or beside the test itself.
// "echo-py-threads" and its like are the twins in Python.
std::string program(const std::string& name);
bool has_python_twins();

// Throws when it can't be started; that fails the test with the reason.
loadgen::Child start_program(const Words& command,
                             const loadgen::Child::Environment& environment = {});

struct Ran {
    int status = -1;  // -1: it still ran after more than a minute
    std::string out, err;
};
Ran finish(loadgen::Child& child);
Ran run_program(const Words& command);
// As typed into a shell; ended after a minute.
Ran shell(const std::string& command);
bool installed(const std::string& program);

// False also for one that is dead and only waits to be reaped.
bool runs(pid_t pid);
// False when one of them still runs after the patience.
bool wait_until_gone(const std::vector<pid_t>& pids);
// The program and all that it started: what runs in its process group, the leader first. Every
// Child leads a group of its own.
std::vector<pid_t> group_of(pid_t leader);

}  // namespace echotrio::test
