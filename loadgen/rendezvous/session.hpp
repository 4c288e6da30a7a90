// A generator's meeting with the others, from the first connection to the leader's verdict: the
// sockets under a leader or a member, served by a thread of its own, so that signs of life go on
// whatever the run does meanwhile. The leader listens on its own address alone, and only until all
// have come.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/rendezvous/party.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen::rendezvous {

using Stop = std::function<bool()>;

// How it ended.
struct Ending {
    std::string failure{};            // "" = it went to its end
    std::vector<Outcome> outcomes{};  // the leader's: by rank
    int verdict = 0;                  // a member's: the exit status of the whole
};

class Session {
  public:
    // Error: the leader can't listen there.
    static Result<std::unique_ptr<Session>> open(const Terms& terms, std::uint16_t port);
    ~Session();  // what is still to be sent is, for up to 2 s
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // While one of these waits it asks `stop` now and then, and interrupts the whole at its word.

    // Until all are here. Error: who is missing, or why not.
    Status meet(const Stop& stop);
    // One's own connections stand: the common start by this host's clock; empty: there is none.
    std::optional<std::chrono::system_clock::time_point> begin(const Stop& stop);
    // For the run: whether it is to end in order.
    bool must_stop() const;
    void interrupt();
    // What the run came to; one of these two, then `end`.
    void finish(nlohmann::ordered_json result);
    void fail(const std::string& why);
    // The leader: until all results are in or lost. A member: until the leader has judged.
    Ending end(const Stop& stop);
    // The leader's, at last: the exit status of the whole.
    void judge(int status);

  private:
    struct Mailbox;
    class Driver;
    explicit Session(std::unique_ptr<Driver> driver);

    std::unique_ptr<Driver> driver_;
};

}  // namespace echotrio::loadgen::rendezvous
