// The floor of generators: a bare closed-loop epoll client. A recv and a send for each reply,
// nothing is timed. Its arguments and what it prints: bare_client.hpp.
#include "tests/perf/bare_client.hpp"

#include <sys/epoll.h>

namespace {

using namespace echotrio;

char buffer[64 * 1024];

class EpollClient {
  public:
    explicit EpollClient(perf::ClosedLoop& loop)
        : loop_(loop), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        for (std::uint32_t i = 0; i < loop_.size(); ++i) {
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u32 = i;
            ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, loop_.fd(i), &event);
        }
    }

    void start() {
        for (std::uint32_t i = 0; i < loop_.size(); ++i) loop_.send_now(i);
    }

    std::uint64_t run_until(TimePoint end) {
        std::uint64_t replies = 0;
        epoll_event events[128];
        while (now() < end) {
            const int ready = ::epoll_wait(epoll_.get(), events, 128, 1000);
            for (int i = 0; i < ready; ++i) replies += receive(events[i].data.u32);
        }
        return replies;
    }

  private:
    std::uint64_t receive(std::uint32_t i) {
        const Io io = net::read_some(loop_.fd(i), buffer);
        if (io.kind != Io::Kind::bytes) perf::fail("a broken reply");
        if (!loop_.take(i, {io.bytes.data(), io.bytes.size()})) return 0;
        loop_.send_now(i);
        return 1;
    }

    perf::ClosedLoop& loop_;
    net::Fd epoll_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        perf::fail("epoll_client PORT CONNECTIONS SECONDS raw SIZE | echo SIZE | http PATH");
    }
    const perf::Asked asked = perf::asked(argv);
    perf::ClosedLoop loop(asked);
    EpollClient client(loop);
    perf::measure(client, loop, asked);
    return 0;
}
