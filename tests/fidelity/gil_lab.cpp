// Our global lock as the subject of the experiments; gil_lab.py is the same with CPython's. Both
// take the same arguments:
//
//     gil_lab LOCK INTERVAL serve BURNERS   BURNERS threads compute without end while another one
//         answers on a TCP connection (its port is printed): each message comes back with its first
//         8 bytes replaced by the time, CLOCK_MONOTONIC in ns, at which the thread ran again
//     gil_lab LOCK INTERVAL work THREADS    a fixed amount of computing, alternately by one thread
//         and shared by THREADS; prints both times in ns, a line for each repetition
//
// LOCK: switch with the switch interval in us, or ticks with the check interval.
#include "common/net/socket.hpp"
#include "common/work/burner.hpp"
#include "servers/threads/burn.hpp"
#include "servers/threads/gil.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace echotrio;
using threads::Gil;

constexpr int kRepetitions = 3;
constexpr Nanos kWork = std::chrono::milliseconds(120);
// What an interpreter computes with the lock between two blocking calls, about. In that time the
// thread that had to drop the lock awakes again, so that who holds it next depends on it.
constexpr Nanos kBetweenCalls = std::chrono::microseconds(3);

Gil::Options lock_options(std::string_view lock, std::int64_t interval) {
    Gil::Options options;
    options.mode = lock == "ticks" ? Gil::Mode::ticks : Gil::Mode::switching;
    options.switch_interval = std::chrono::microseconds(interval);
    options.check_interval = static_cast<std::uint64_t>(interval);
    return options;
}

[[noreturn]] void serve(Gil& gil, const work::Burner& burner, int burners) {
    auto listener = net::listen_tcp({"127.0.0.1", 0}, 1);
    std::printf("%u\n", net::local_address(listener->get())->port);
    std::fflush(stdout);
    const net::Accepted accepted = net::accept_one(listener->get(), false);
    const int fd = accepted.connection.get();

    for (int i = 0; i < burners; ++i) {
        std::thread([&] {
            gil.take();
            while (true) threads::burn(std::chrono::seconds(1), burner, gil);
        }).detach();
    }
    std::array<char, 4096> message{};
    gil.take();
    while (true) {
        gil.drop();
        const Io in = net::read_some(fd, message);
        gil.take();
        threads::burn(kBetweenCalls, burner, gil);
        if (in.kind != Io::Kind::bytes) std::_Exit(0);
        const std::int64_t at = now().time_since_epoch().count();
        std::memcpy(message.data(), &at, sizeof at);
        gil.drop();
        net::write_some(fd, {message.data(), in.bytes.size()});
        gil.take();
        threads::burn(kBetweenCalls, burner, gil);
    }
}

std::int64_t time_of(Gil& gil, const work::Burner& burner, int count) {
    const TimePoint start = now();
    std::vector<std::thread> workers;
    for (int i = 0; i < count; ++i) {
        workers.emplace_back([&] {
            gil.take();
            threads::burn(kWork / count, burner, gil);
            gil.drop();
        });
    }
    for (auto& worker : workers) worker.join();
    return (now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    Gil gil(lock_options(argv[1], std::atoll(argv[2])));
    const work::Burner burner;
    const int count = std::atoi(argv[4]);
    if (std::string_view(argv[3]) == "serve") serve(gil, burner, count);
    time_of(gil, burner, 1);  // as in CPython's lab
    for (int i = 0; i < kRepetitions; ++i) {
        const std::int64_t one = time_of(gil, burner, 1);
        const std::int64_t shared = time_of(gil, burner, count);
        std::printf("%lld %lld\n", static_cast<long long>(one), static_cast<long long>(shared));
    }
    return 0;
}
