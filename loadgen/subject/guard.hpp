// A command with everything that it starts, held together whatever it does: a guard, a process of
// ours between it and us, is the subreaper that all who fork away from it fall to. The guard
// gathers what they write, ends them when told, and ends them too when we are gone, killed -9 or
// not: it sees that by the end of the socket to us.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/net/fd.hpp"
#include "loadgen/probe/proc_text.hpp"

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace echotrio::loadgen {

// What the guard is told, a packet each.
struct GuardOrder {
    enum class What : std::int32_t { go, stop, kill };
    What what{};
    std::int32_t signal = 0;  // of `stop`
};

class Guard {
  public:
    struct Options {
        std::vector<std::string> argv;  // argv[0]: a path, or a name looked up in PATH
        std::vector<std::pair<std::string, std::string>> env{};  // added to ours
        std::string cwd{};                                       // empty = where we are
        std::vector<int> cpus{};                                 // empty = as we are
        // What it writes to standard output and error goes to this file, which is made anew;
        // empty: kept in memory until the end.
        std::string log{};
        std::uint64_t log_limit = 64U << 20U;  // bytes; then its end alone is kept
        std::string awaited{};                 // has_written() tells whether this was written
    };

    // In a session and so a process group of its own. `before`: called when the guard is there and
    // the command is not, for what is to be compared with later; may be empty. Error: it can't be
    // started, with the reason.
    static Result<Guard> start(const Options& options, const std::function<void()>& before);
    Guard(Guard&&) noexcept;
    Guard& operator=(Guard&&) noexcept;
    ~Guard();  // kills what still runs, and waits for the end of it

    pid_t pid() const { return guard_; }  // parent of all, and none of them
    TimePoint started() const { return started_; }

    // All that run now, zombies not among them.
    std::vector<ProcStat> members() const;

    // Waits `timeout` for news, then: the exit status of the command itself, 128 + n after signal
    // n; empty while it runs.
    std::optional<int> ended(Nanos timeout);
    // Whether nothing at all is left of it, as far as news have come.
    bool is_empty() const { return empty_; }

    // Whether it has written what Options::awaited says, however long ago.
    bool has_written() const;
    // What it has written so far, from `offset` on, up to the limit.
    std::string log_from(std::uint64_t offset) const;
    // The last bytes that it has written, 16 KiB at most, whatever the limit.
    std::string log_tail() const;

    // `signal` to the command itself, and to those that have lost their parent; after `grace`
    // SIGKILL to all of them until none is left. `hurry`: polled, true ends the grace; may be
    // empty. False: some can't be killed.
    bool stop(int signal, Nanos grace, const std::function<bool()>& hurry = {});
    bool kill();  // the same without a question

    struct SharedTail;

  private:
    Guard() = default;
    void order(GuardOrder::What what, int signal) const;
    void read_news();
    bool wait_until_empty(Nanos timeout, const std::function<bool()>& hurry);

    pid_t guard_ = -1, main_ = -1;  // main_: the command itself
    TimePoint started_{};
    net::Fd control_{};
    net::Fd log_{};
    SharedTail* tail_ = nullptr;  // written by the guard, read by us
    std::optional<int> status_;
    bool empty_ = false;
    bool lost_ = false;    // the guard is gone
    std::string failure_;  // what kept the command from starting
};

}  // namespace echotrio::loadgen
