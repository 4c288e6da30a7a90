// A subject that runs: started on a free port, waited for until it is ready, stopped at the end
// with everything that it started.
#pragma once

#include "common/base/result.hpp"
#include "common/net/socket.hpp"
#include "loadgen/results/subject.hpp"
#include "loadgen/subject/guard.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

struct SubjectStart {
    std::vector<int> cpus{};  // where it may run unless it says so itself; empty = anywhere
    std::string log{};        // as in Guard::Options
    std::uint64_t log_limit = 64U << 20U;
    std::function<void()> before{};  // as in Guard::start
    std::function<bool()> stop{};    // polled while it is waited for; may be empty
    std::function<bool()> hurry{};   // as in Guard::stop
};

class RunningSubject {
  public:
    // Error: one line that begins with the label: it can't be started, ended before it was ready,
    // did not become ready in time, somebody else has its port, with what it wrote last.
    static Result<RunningSubject> start(const Subject& subject, const SubjectStart& start);

    const net::HostPort& where() const { return where_; }
    const Guard& guard() const { return guard_; }
    const std::vector<std::string>& argv() const { return argv_; }  // filled in
    double ready_s() const { return ready_s_; }  // from its start until it was ready

    // Empty while it runs, in the background too; else how it ended, with what it wrote last.
    std::string end();
    // What it has written last, on one line; empty: nothing.
    std::string last_words() const;

    // Asks it to leave by its rule. False: some of it can't be killed.
    bool stop() { return guard_.stop(stop_.signal, stop_.grace, hurry_); }
    bool kill() { return guard_.kill(); }

  private:
    explicit RunningSubject(Guard guard) : guard_(std::move(guard)) {}
    Guard guard_;
    net::HostPort where_;
    std::vector<std::string> argv_;
    double ready_s_ = 0;
    StopRule stop_;
    std::function<bool()> hurry_;
};

// What the words of a command can name: {host} {port} {cpus} {dir}. Error: unknown ones, for a
// check before anything runs.
Status check_placeholders(const Subject& subject);

// The last three lines of a text as one line, at most 300 printable characters.
std::string last_lines(std::string_view text);

// Whether what answers there speaks our protocol: GET /echo/hi says "hi".
bool speaks_our_protocol(const net::HostPort& where);

}  // namespace echotrio::loadgen
