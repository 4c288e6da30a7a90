#include "loadgen/engine/waking.hpp"

#include "common/net/fd.hpp"
#include "common/net/socket.hpp"
#include "loadgen/engine/epoll_wait.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <system_error>
#include <thread>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kMostTimes = 100;
constexpr std::size_t kLeastTimes = 20;
// The rate of `calibrate`: the CPUs go as deep into their sleep as they do there.
constexpr Nanos kPause = std::chrono::milliseconds(1);
constexpr Nanos kLookForEnd = std::chrono::milliseconds(100);

// An event that one thread sends and another one sleeps for.
class Bell {
  public:
    Bell()
        : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        epoll_event wanted{};
        wanted.events = EPOLLIN | static_cast<std::uint32_t>(EPOLLET);
        if (event_ && epoll_) {
            works_ = ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, event_.get(), &wanted) == 0;
        }
    }
    bool works() const { return works_; }
    void ring() { static_cast<void>(::eventfd_write(event_.get(), 1)); }
    // False: it did not ring in that time.
    bool wait(Nanos longest) {
        std::array<epoll_event, 1> events{};
        return wait_for_events(epoll_.get(), events, std::max(longest, Nanos(0))) > 0;
    }

  private:
    net::Fd event_, epoll_;
    bool works_ = false;
};

// The two threads, in turns.
struct Pair {
    Bell request, reply;
    std::atomic<TimePoint> sent{TimePoint()};  // the reply
    std::vector<Nanos> waking;

    void generate(const std::vector<int>& cpus, TimePoint end) {
        ::prctl(PR_SET_TIMERSLACK, 1UL);
        static_cast<void>(net::pin_to_cpus(cpus));
        while (waking.size() < kMostTimes && now() < end) {
            request.ring();
            if (!reply.wait(end - now())) return;
            waking.push_back(now() - sent.load());
            std::this_thread::sleep_for(kPause);
        }
    }
    void serve(const std::vector<int>& cpus, const std::atomic<bool>& over) {
        static_cast<void>(net::pin_to_cpus(cpus));
        while (!over.load(std::memory_order_acquire)) {
            if (!request.wait(kLookForEnd)) continue;
            sent.store(now());
            reply.ring();
        }
    }
};

}  // namespace

std::optional<Nanos> measure_waking(const std::vector<int>& generator_cpus,
                                    const std::vector<int>& server_cpus, Nanos longest) {
    Pair pair;
    if (!pair.request.works() || !pair.reply.works()) return std::nullopt;
    pair.waking.reserve(kMostTimes);  // a thread that finds no memory would end the program
    std::atomic<bool> over{false};
    try {
        std::thread server([&] { pair.serve(server_cpus, over); });
        try {
            std::thread([&] { pair.generate(generator_cpus, now() + longest); }).join();
        } catch (const std::system_error&) {
            pair.waking.clear();
        }
        over.store(true, std::memory_order_release);
        pair.request.ring();
        server.join();
    } catch (const std::system_error&) {
        return std::nullopt;
    }
    if (pair.waking.size() < kLeastTimes) return std::nullopt;
    const auto middle = pair.waking.begin() + static_cast<std::ptrdiff_t>(pair.waking.size() / 2);
    std::nth_element(pair.waking.begin(), middle, pair.waking.end());
    return *middle;
}

}  // namespace echotrio::loadgen
