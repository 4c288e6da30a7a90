#include "servers/threads/refusals.hpp"

#include "common/net/socket.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <new>

namespace echotrio::threads {

void Refusals::add(net::Fd connection) noexcept try {
    if (pending_.size() == kMost) pending_.pop_front();
    net::set_nonblocking(connection.get(), true);
    auto& added = pending_.emplace_back(std::move(connection), context_);
    if (!go_on(added)) pending_.pop_back();
} catch (const std::bad_alloc&) {
    context_.counters.refused.add();
}

void Refusals::append_to(std::vector<pollfd>& polled) const {
    for (const auto& pending : pending_) polled.push_back({pending.connection.get(), POLLIN, 0});
}

int Refusals::timeout_ms() const {
    if (pending_.empty()) return -1;
    const Nanos left = std::max(pending_.front().deadline - now(), Nanos(0));
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

void Refusals::serve() noexcept {
    const TimePoint at = now();
    pending_.remove_if([&](Pending& p) { return p.deadline <= at || !go_on(p); });
}

bool Refusals::go_on(Pending& pending) noexcept try {
    return take_steps(pending);
} catch (const std::bad_alloc&) {
    return false;
}

bool Refusals::take_steps(Pending& pending) {
    using protocol::Step;
    const int fd = pending.connection.get();
    while (true) {
        const Step step = pending.session.next();
        switch (step.kind) {
            case Step::Kind::read: {
                const net::Io io = net::read_some(fd, context_.input);
                if (io.kind == net::Io::Kind::would_block) {
                    pending.session.hold();
                    return true;
                }
                if (io.kind == net::Io::Kind::failed) return false;
                if (io.kind == net::Io::Kind::end) pending.session.end_of_stream();
                if (io.kind == net::Io::Kind::bytes) {
                    pending.session.receive({context_.input.data(), io.count});
                }
                break;
            }
            case Step::Kind::write: {
                // a new connection has room for the few bytes of a 503
                const net::Io io = net::write_some(fd, step.bytes);
                if (io.kind != net::Io::Kind::bytes) return false;
                pending.session.written(io.count);
                break;
            }
            case Step::Kind::shut_down:
                ::shutdown(fd, SHUT_WR);
                break;
            case Step::Kind::compute:
            case Step::Kind::wait:
            case Step::Kind::close:
                return false;
        }
    }
}

}  // namespace echotrio::threads
