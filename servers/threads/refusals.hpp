// Connections that are turned away: HTTP gets its 503, raw echo is closed. Telling them apart needs
// the first bytes, which the main thread can't wait for; so a few of them are kept beside the
// listener, without blocking, for a moment each.
#pragma once

#include "common/base/clock.hpp"
#include "common/net/fd.hpp"
#include "common/protocol/deadline.hpp"
#include "common/protocol/session.hpp"
#include "servers/threads/connection.hpp"

#include <poll.h>

#include <cstddef>
#include <list>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace echotrio::threads {

class Refusals {
  public:
    Refusals(protocol::Context& context, const Shared& shared)
        : context_(context), shared_(shared) {}

    // Beyond kMost the oldest one is closed at once, as is one for which memory is out.
    void add(net::Fd connection) noexcept;

    // Appends what to poll for: kMost descriptors at most.
    void append_to(std::vector<pollfd>& polled) const;
    // Until the first one's time is up; Nanos::max() when there is none.
    Nanos time_left() const;
    // Goes on with those that have something to read, drops those whose time is up.
    void serve() noexcept;

    void clear() { pending_.clear(); }

    static constexpr std::size_t kMost = 64;

  private:
    // Its calls do not block.
    class Peer {
      public:
        Peer(net::Fd connection, const protocol::Session& session, const protocol::Limits& limits,
             std::span<char> input)
            : connection_(std::move(connection)),
              session_(session),
              limits_(limits),
              input_(input) {}

        Io receive();
        Io send(std::string_view bytes);
        void shut_down();
        int fd() const noexcept { return connection_.get(); }
        TimePoint late_at() const noexcept { return late_at_; }

      private:
        const net::Fd connection_;
        const protocol::Session& session_;
        const protocol::Limits& limits_;
        const std::span<char> input_;
        protocol::Deadline deadline_;
        TimePoint late_at_{};
        bool waiting_ = false;  // until then
        int reads_ = 0;         // in a row
    };
    struct Pending {
        Pending(net::Fd connection, protocol::Context& context, const protocol::Limits& limits)
            : session(context), peer(std::move(connection), session, limits, context.input) {
            session.refuse();
        }
        protocol::Session session;
        Peer peer;
    };
    bool finished(Pending& pending) noexcept;

    protocol::Context& context_;
    const Shared& shared_;
    std::list<Pending> pending_;  // the oldest first
};

}  // namespace echotrio::threads
