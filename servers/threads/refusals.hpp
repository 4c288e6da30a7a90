// Connections that are turned away: HTTP gets its 503, raw echo is closed. Telling them apart needs
// the first bytes, which the main thread can't wait for; so a few of them are kept beside the
// listener, without blocking, for a moment each.
#pragma once

#include "common/base/clock.hpp"
#include "common/net/fd.hpp"
#include "common/protocol/session.hpp"

#include <poll.h>

#include <cstddef>
#include <list>
#include <vector>

namespace echotrio::threads {

class Refusals {
  public:
    explicit Refusals(protocol::Context& context) : context_(context) {}

    // Beyond kMost the oldest one is closed at once, as is one for which memory is out.
    void add(net::Fd connection) noexcept;

    // Appends what to poll for: kMost descriptors at most.
    void append_to(std::vector<pollfd>& polled) const;
    // Milliseconds until the first one's time is up; -1 when there is none.
    int timeout_ms() const;
    // Goes on with those that have something to read, drops those whose time is up.
    void serve() noexcept;

    void clear() { pending_.clear(); }

    static constexpr std::size_t kMost = 64;

  private:
    static constexpr Nanos kPatience = std::chrono::seconds(1);

    struct Pending {
        Pending(net::Fd fd, protocol::Context& context)
            : connection(std::move(fd)), session(context), deadline(now() + kPatience) {
            session.refuse();
        }
        net::Fd connection;
        protocol::Session session;
        TimePoint deadline;
    };
    bool go_on(Pending& pending) noexcept;  // false: it is done
    bool take_steps(Pending& pending);

    protocol::Context& context_;
    std::list<Pending> pending_;  // the oldest first
};

}  // namespace echotrio::threads
