// The thread of a connection: blocking calls, each between giving the global lock up and taking it
// again.
#include "servers/threads/connection.hpp"

#include "common/base/unix_time.hpp"
#include "common/net/socket.hpp"
#include "servers/threads/burn.hpp"
#include "servers/threads/receive_limit.hpp"

#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <new>
#include <span>
#include <string_view>
#include <thread>

namespace echotrio::threads {
namespace {

using protocol::Session;
using protocol::Step;

// Where a connection's bytes are read. While they come in small pieces, into this thread's stack,
// in the page that is in use anyway: so a silent or chatting connection keeps no page of the large
// buffer. A piece that fills it is followed by reads into the large one.
class Input {
  public:
    explicit Input(protocol::Buffers& buffers) : large_(buffers.input) {}

    std::span<char> next() {
        if (filled_) return large_;
        return small_;
    }
    std::string_view received(std::size_t n) {
        const std::string_view bytes(next().data(), n);
        filled_ = n >= small_.size();
        large_used_ = large_used_ || filled_;
        return bytes;
    }
    bool large_used() const { return large_used_; }

  private:
    std::array<char, 1536> small_;  // a segment of Ethernet
    std::array<char, protocol::kInputSize>& large_;
    bool filled_ = false;
    bool large_used_ = false;
};

void serve(Slot& slot, protocol::Context& context, Input& input, const Shared& shared) {
    Gil& gil = shared.gil;
    const int fd = slot.connection.load(std::memory_order_relaxed);
    ReceiveLimit limit(fd, shared.options);
    Session session(context);
    while (true) {
        slot.mark_idle(session.idle());
        const Step step = session.next();
        switch (step.kind) {
            case Step::Kind::read: {
                if (!limit.apply(session, context.counters)) {
                    session.timed_out();
                    break;
                }
                gil.drop();
                const net::Io io = net::read_some(fd, input.next());
                gil.take();
                if (io.kind == net::Io::Kind::bytes) {
                    session.receive(input.received(io.count));
                } else if (io.kind == net::Io::Kind::end) {
                    session.end_of_stream();
                } else if (io.kind == net::Io::Kind::would_block) {
                    session.timed_out();
                } else {
                    return context.counters.resets.add();
                }
                break;
            }
            case Step::Kind::write: {
                gil.drop();
                const net::Io io = net::write_some(fd, step.bytes);
                gil.take();
                if (io.kind == net::Io::Kind::would_block) return context.counters.timeouts.add();
                if (io.kind == net::Io::Kind::failed) return context.counters.resets.add();
                session.written(io.count);
                break;
            }
            case Step::Kind::compute:
                burn(step.duration, shared.burner, gil);
                break;
            case Step::Kind::wait:
                gil.drop();
                std::this_thread::sleep_for(step.duration);
                gil.take();
                break;
            case Step::Kind::shut_down:
                ::shutdown(fd, SHUT_WR);
                break;
            case Step::Kind::close:
                return;
        }
    }
}

}  // namespace

void serve_connection(Slot& slot, const Shared& shared) {
    protocol::Buffers& buffers = *slot.buffers;
    protocol::Context context(shared.options.settings, slot.counters, shared.stats, shared.draining,
                              unix_time, buffers);
    Input input(buffers);
    shared.gil.take();
    try {
        serve(slot, context, input, shared);
    } catch (const std::bad_alloc&) {  // this connection goes, the server stays
        slot.counters.resets.add();
    }
    shared.gil.drop();
    const net::Fd closed(slot.connection.exchange(-1));
    // HTTP made its replies there. The pages go back to the system.
    if (input.large_used() || context.spare_http) {
        ::madvise(&buffers, sizeof buffers, MADV_DONTNEED);
    }
}

}  // namespace echotrio::threads
