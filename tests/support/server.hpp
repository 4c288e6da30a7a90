// The one way in which tests start a server: from its ready line, through its /stats, to its stop,
// after which nothing of it may be left.
#pragma once

#include "tests/support/client.hpp"
#include "tests/support/programs.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace echotrio::test {

// /stats, asked on a connection that is over when this returns. Null: the answer was no 200.
nlohmann::json stats_of(const net::HostPort& where);

struct Surroundings {
    Words command{};  // that starts the server, as "prlimit --nofile=64"
    loadgen::Child::Environment environment{};
};

class Server {
  public:
    // "prefork", "threads", "coroutine", or "fault", the one of this folder that misbehaves; on a
    // free port of 127.0.0.1 unless the arguments say otherwise. Throws when it does not become
    // ready; that fails the test with the reason.
    explicit Server(const std::string& model, const Words& arguments = {},
                    const Surroundings& around = {});
    // The same where it may not become ready. Error: with the reason.
    static Result<Server> start(const std::string& model, const Words& arguments = {},
                                const Surroundings& around = {});
    // Any program that prints such a ready line. Throws as above.
    static Server of(const Words& command);

    Server(Server&&) noexcept = default;
    Server& operator=(Server&&) noexcept = default;
    ~Server();  // kills what still runs; nothing may be left

    const net::HostPort& where() const { return where_; }
    std::string tcp() const;                          // tcp://host:port
    std::string http(const std::string& path) const;  // http://host:port/path
    pid_t pid() const { return child_.pid(); }
    loadgen::Child& child() { return child_; }
    const std::string& ready_line() const { return ready_line_; }

    nlohmann::json stats() const { return stats_of(where_); }
    // Asks until `holds`, or until the patience ends; the last answer.
    template <class Condition>
    nlohmann::json stats_when(Condition holds) const {
        nlohmann::json last;
        eventually([&] {
            last = stats();
            return !last.is_null() && holds(last);
        });
        return last;
    }

    std::string log() const { return child_.stderr_text(); }
    // False when its log does not have this text within the patience.
    bool wait_for_log(std::string_view text) const;

    void signal(int number) const { child_.signal(number); }
    // Its exit status; empty when it still runs after that.
    std::optional<int> wait(Nanos patience = kPatience) { return child_.wait(patience); }
    // SIGTERM, after `grace` SIGKILL; its exit status. None of its processes may be left then.
    int stop(Nanos grace = kPatience);

  private:
    Server(loadgen::Child child, std::string ready_line, net::HostPort where);
    static Result<Server> start(const Words& command,
                                const loadgen::Child::Environment& environment);

    loadgen::Child child_;
    std::string ready_line_;
    net::HostPort where_;
};

}  // namespace echotrio::test
