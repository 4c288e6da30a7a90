// One of our three servers, started for a trial or a test and stopped at its end.
#pragma once

#include "common/base/result.hpp"
#include "common/net/socket.hpp"
#include "loadgen/subject/child.hpp"

#include <string>
#include <vector>

namespace echotrio::loadgen {

class ServerProcess {
  public:
    // Starts the model's program in `bin_dir` on a free port of 127.0.0.1 (unless `arguments` say
    // otherwise) and waits until it is ready. Error: there is no such model, it can't be started,
    // or ended at once, with its reason.
    static Result<ServerProcess> start(const std::string& bin_dir, const std::string& model,
                                       const std::vector<std::string>& arguments = {},
                                       const std::vector<int>& cpus = {},
                                       const Child::Environment& environment = {});

    // The same of a program that prints such a ready line and takes --port: `program` are the words
    // that start it.
    static Result<ServerProcess> start_program(std::vector<std::string> program,
                                               const std::vector<std::string>& arguments = {},
                                               const std::vector<int>& cpus = {},
                                               const Child::Environment& environment = {});

    const net::HostPort& where() const { return where_; }
    pid_t pid() const { return child_.pid(); }
    Child& child() { return child_; }
    // Drains and ends it; its exit status.
    int stop() { return child_.stop(std::chrono::seconds(20)); }

  private:
    ServerProcess(Child child, net::HostPort where)
        : child_(std::move(child)), where_(std::move(where)) {}
    Child child_;
    net::HostPort where_;
};

// The folder of the running program: where `make build` puts all four.
std::string own_bin_dir();

}  // namespace echotrio::loadgen
