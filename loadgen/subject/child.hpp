// A program that we start: its standard output through a pipe, its standard error kept aside, and
// no way for it to outlive us. (A server to measure: guard.hpp.)
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/net/fd.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace echotrio::loadgen {

class Child {
  public:
    using Environment = std::vector<std::pair<std::string, std::string>>;
    struct Options {
        std::vector<std::string> argv;  // argv[0]: a path, or a name looked up in PATH
        std::vector<int> cpus{};        // pinned to these; empty = as we are
        Environment environment{};      // added to ours
    };

    // Error: the program can't be found or started, with the reason.
    static Result<Child> start(const Options& options);
    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    ~Child();  // kills what still runs

    pid_t pid() const noexcept { return pid_; }

    // The next line of its standard output, without the line end. Error: the time ran out, or it
    // ended (then with its exit status and the last line that it wrote to standard error).
    Result<std::string> read_line(Nanos timeout);
    // All that it still writes to standard output until it closes it, 64 MiB at most. Error: the
    // time ran out.
    Result<std::string> read_all(Nanos timeout);
    // What it has written to standard error so far; the last 64 KiB of it.
    std::string stderr_text() const;

    void signal(int number) const noexcept;  // nothing when it has ended

    // Its exit status, 128 + n after signal n; empty when it still runs after `timeout`.
    std::optional<int> wait(Nanos timeout);
    // SIGTERM, and after `grace` SIGKILL, both to it alone: its children end with it by their own
    // means (PR_SET_PDEATHSIG). Returns as wait() does.
    int stop(Nanos grace);

  private:
    Child(pid_t pid, net::Fd out, net::Fd err)
        : pid_(pid), out_(std::move(out)), err_(std::move(err)) {}
    bool fill(TimePoint deadline);  // more of its standard output; false at the end or deadline

    pid_t pid_ = -1;
    net::Fd process_{};  // pidfd: becomes readable when it ends
    net::Fd out_, err_;
    std::string pending_;        // read from out_, not yet handed over
    std::optional<int> status_;  // once reaped
};

}  // namespace echotrio::loadgen
