// The two columns of every table: a program that holds our global lock, and one that holds a live
// CPython's. Both are started anew for each round, so that neither gets the lucky hour.
#pragma once

#include "common/base/rng.hpp"
#include "common/net/socket.hpp"
#include "tests/support/server.hpp"

#include <string>
#include <variant>
#include <vector>

namespace echotrio::fidelity {

struct Lock {
    std::string name;           // switch or ticks
    std::int64_t interval = 0;  // us; ticks: check interval
};

// The command that runs the experiments on our lock, or on the lock of this Python.
std::vector<std::string> our_lab();
std::vector<std::string> python_lab(const std::string& python);

// A Python whose lock is that of `switch` (3.2 or later, with its lock on) or that of `ticks`
// (2.7). Empty: none was found, and `reason` says where it was looked for.
struct Found {
    std::string python;
    std::string version;
    std::string reason;
};
Found find_python_with_switch();
Found find_python_with_ticks();

// A thread that answers beside `burners` threads that compute, and the driver's connection to it.
class Responder {
  public:
    static Result<Responder> start(std::vector<std::string> lab, const Lock& lock, int burners);
    // Our real server instead of the lab: each burner is a connection whose requests cost CPU work.
    static Result<Responder> start_server(const Lock& lock, int burners);

    // From a message's send to the moment when the thread that waits for it runs again, in ms, for
    // `count` messages with pauses of about `pause` between them. Error: it stopped answering.
    Result<std::vector<double>> wake_times(int count, Nanos pause, Rng& rng);
    // 64-byte echoes a second in a closed loop for `duration`, with `think` time before each.
    Result<double> echo_rate(Nanos duration, Nanos think);

  private:
    using Subject = std::variant<loadgen::Child, test::Server>;  // the lab or the server
    Responder(Subject subject, net::Fd connection)
        : subject_(std::move(subject)), connection_(std::move(connection)) {}
    bool exchange(std::size_t size, char* reply);

    Subject subject_;
    net::Fd connection_;
    std::vector<net::Fd> burners_;
};

// The times of fixed CPU work, one thread alone over `threads` sharing it, one ratio a repetition:
// 1 = no speed-up. `cpus`: pinned to these.
Result<std::vector<double>> work_ratios(std::vector<std::string> lab, const Lock& lock, int threads,
                                        const std::vector<int>& cpus);

double quantile(std::vector<double> values, double fraction);

}  // namespace echotrio::fidelity
