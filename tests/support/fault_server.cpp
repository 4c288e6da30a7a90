// A raw echo server that misbehaves as told, for tests of the generator. A thread per connection;
// small numbers of connections only.
//
//     fault_server [--message BYTES] [--delay D] [--ignore N] [--corrupt N] [--shift N]
//                  [--serve N] [--close-at-once] [--close-after N] [--host ADDRESS]
//
// prints "ready model=fault host=... port=... pid=..." and at SIGTERM one line of JSON: what it saw
// (requests, connections), and of the arrivals the mean gap and the share of gaps below half of it.
#include "common/base/cli.hpp"
#include "common/net/signals.hpp"
#include "common/net/socket.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace echotrio;

struct Faults {
    net::HostPort listen{"127.0.0.1", 0};
    std::uint64_t message = 64;
    Nanos delay{0};
    std::uint64_t ignore = 0;       // every so many-th request gets no answer
    std::uint64_t corrupt = 0;      // every so many-th reply has one wrong byte
    std::uint64_t shift = 0;        // every so many-th reply begins one byte late
    std::uint64_t serve = 0;        // connections beyond the first so many are accepted and left
    std::uint64_t close_after = 0;  // replies on a connection
    bool close_at_once = false;
};

// What it saw. The threads run until the process ends.
constexpr std::size_t kMostArrivals = 1'000'000;
std::vector<std::int64_t> arrivals(kMostArrivals);
std::atomic<std::uint64_t> requests{0};
std::atomic<std::uint64_t> held_ns{0};  // from the read to the write, summed

bool is_turn(std::uint64_t request, std::uint64_t every) {
    return every > 0 && request % every == every - 1;
}

bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const Io io = net::write_some(fd, bytes);
        if (io.kind != Io::Kind::bytes) return false;
        bytes.remove_prefix(io.bytes.size());
    }
    return true;
}

bool receive_all(int fd, std::string& message) {
    for (std::size_t held = 0; held < message.size();) {
        const Io io = net::read_some(fd, std::span(message).subspan(held));
        if (io.kind != Io::Kind::bytes) return false;
        held += io.bytes.size();
    }
    return true;
}

void serve(net::Fd connection, const Faults& faults) {
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    std::string message(faults.message, '\0');
    for (std::uint64_t replies = 0; receive_all(connection.get(), message); ++replies) {
        const TimePoint came = now();
        const std::uint64_t request = requests.fetch_add(1);
        if (request < kMostArrivals) arrivals[request] = came.time_since_epoch().count();
        if (is_turn(request, faults.ignore)) continue;
        if (is_turn(request, faults.corrupt)) message[request % message.size()] ^= 1;
        if (is_turn(request, faults.shift)) message = message.substr(1) + message.front();
        if (faults.delay > Nanos(0)) std::this_thread::sleep_for(faults.delay);
        held_ns.fetch_add(static_cast<std::uint64_t>((now() - came).count()));
        if (!send_all(connection.get(), message)) return;
        if (faults.close_after > 0 && replies + 1 >= faults.close_after) return;
    }
}

void report(std::uint64_t connections) {
    const std::uint64_t n = std::min<std::uint64_t>(requests.load(), kMostArrivals);
    arrivals.resize(n);
    std::sort(arrivals.begin(), arrivals.end());
    const double gaps = std::max(1.0, static_cast<double>(n) - 1);
    const double mean =
        n < 2 ? 1 : std::max(static_cast<double>(arrivals[n - 1] - arrivals[0]) / gaps, 1.0);
    double shorter = 0;
    for (std::size_t i = 1; i < n; ++i) {
        shorter += static_cast<double>(arrivals[i] - arrivals[i - 1]) < mean / 2 ? 1 : 0;
    }
    fmt::print(
        "{{\"requests\": {}, \"connections\": {}, \"mean_gap_us\": {}, \"short_gaps\": {}, "
        "\"mean_held_us\": {}}}\n",
        n, connections, mean / 1000, shorter / gaps,
        static_cast<double>(held_ns.load()) / 1000 / std::max(1.0, static_cast<double>(n)));
    std::fflush(stdout);
}

int run(const Faults& faults) {
    auto signals = net::SignalFd::block({SIGTERM, SIGINT});
    if (!signals) return cli::fail(signals.error().message);
    auto listener = net::listen_tcp(faults.listen, 4096);
    if (!listener) return cli::fail(listener.error().message);
    net::set_nonblocking(listener->get(), true);
    const auto bound = net::local_address(listener->get());
    if (!bound) return cli::fail(bound.error().message);
    fmt::print("ready model=fault host={} port={} pid={}\n", bound->host, bound->port, ::getpid());
    std::fflush(stdout);
    std::vector<net::Fd> left;
    std::uint64_t connections = 0;
    pollfd wait[]{{listener->get(), POLLIN, 0}, {signals->fd(), POLLIN, 0}};
    while (!signals->take()) {
        ::poll(wait, 2, 1000);
        net::Accepted accepted = net::accept_one(listener->get(), false);
        if (!accepted.connection || ++connections == 0 || faults.close_at_once) continue;
        if (faults.serve > 0 && connections > faults.serve) {
            left.push_back(std::move(accepted.connection));
        } else {
            std::thread(serve, std::move(accepted.connection), std::cref(faults)).detach();
        }
    }
    report(connections);
    std::_Exit(0);  // the threads still serve
}

}  // namespace

int main(int argc, char** argv) {
    const auto program = cli::program("A raw echo server that misbehaves as told", "fault_server");
    CLI::App& app = *program;
    Faults faults;
    cli::option(app, "--host", faults.listen.host, "Address to listen on");
    cli::option(app, "--message", faults.message, "Bytes of a message");
    cli::duration(app, "--delay", faults.delay, "Wait before each reply");
    cli::option(app, "--ignore", faults.ignore, "Leave every N-th request without an answer");
    cli::option(app, "--corrupt", faults.corrupt, "Change one byte of every N-th reply");
    cli::option(app, "--shift", faults.shift, "Rotate every N-th reply by one byte");
    cli::option(app, "--serve", faults.serve, "Serve the first N connections only");
    cli::option(app, "--close-after", faults.close_after, "Close after N replies");
    cli::flag(app, "--close-at-once", faults.close_at_once, "Close each connection when it comes");
    if (const auto ended = cli::parse(app, argc, argv)) return *ended;
    return run(faults);
}
