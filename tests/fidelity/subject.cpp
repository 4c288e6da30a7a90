#include "tests/fidelity/subject.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <thread>

namespace echotrio::fidelity {
namespace {

using loadgen::Child;
using namespace std::chrono_literals;

std::vector<std::string> command(std::vector<std::string> lab, const Lock& lock,
                                 std::string experiment, int count) {
    for (auto argument :
         {lock.name, std::to_string(lock.interval), std::move(experiment), std::to_string(count)}) {
        lab.push_back(std::move(argument));
    }
    return lab;
}

// What the Python says when it runs this; empty: it does not run.
std::string ask(const std::string& python, const std::string& program) {
    auto child = Child::start({.argv = {python, "-c", program}});
    if (!child) return {};
    auto line = child->read_line(10s);
    return line && child->wait(10s) == 0 ? *line : std::string();
}

Result<net::Fd> connect_to(const net::HostPort& where) {
    auto connection = net::connect_tcp(where, 10s);
    if (connection) net::set_receive_timeout(connection->get(), 20s);
    return connection;
}

// Installations beside the one in PATH, in the order of their names.
std::vector<std::string> matching(const std::string& pattern) {
    std::vector<std::string> found;
    glob_t names{};
    if (::glob(pattern.c_str(), 0, nullptr, &names) == 0) {
        found.assign(names.gl_pathv, names.gl_pathv + names.gl_pathc);
    }
    ::globfree(&names);
    return found;
}

}  // namespace

std::vector<std::string> our_lab() {
    return {test::program("gil_lab")};
}

std::vector<std::string> python_lab(const std::string& python) {
    return {python, FIDELITY_DIR "/gil_lab.py"};
}

Found find_python_with_switch() {
    const std::string version = ask("python3",
                                    "import sys, platform; sys.version_info >= (3, 2) and "
                                    "getattr(sys, '_is_gil_enabled', lambda: True)() and "
                                    "print(platform.python_version())");
    if (version.empty()) return {{}, {}, "no python3 (3.2 or later, with its lock) in PATH"};
    return {"python3", version, {}};
}

Found find_python_with_ticks() {
    std::vector<std::string> candidates{"python2.7", "python2"};
    const char* const home = std::getenv("HOME");
    const char* const root = std::getenv("PYENV_ROOT");
    const std::string pyenv =
        root != nullptr ? root : std::string(home != nullptr ? home : "") + "/.pyenv";
    for (auto& name : matching(pyenv + "/versions/2.7*/bin/python2.7")) candidates.push_back(name);
    for (const auto& python : candidates) {
        const std::string version = ask(python,
                                        "import sys, platform\n"
                                        "assert sys.version_info[:2] == (2, 7)\n"
                                        "print(platform.python_version())");
        if (!version.empty()) return {python, version, {}};
    }
    return {{}, {}, "no Python 2.7 in PATH or among pyenv's versions"};
}

Result<Responder> Responder::start(std::vector<std::string> lab, const Lock& lock, int burners) {
    auto child = Child::start({.argv = command(std::move(lab), lock, "serve", burners)});
    if (!child) return child.error();
    auto line = child->read_line(20s);
    if (!line) return line.error();
    std::uint16_t port = 0;
    std::from_chars(line->data(), line->data() + line->size(), port);
    auto connection = connect_to({"127.0.0.1", port});
    if (!connection) return connection.error();
    return Responder(*std::move(child), *std::move(connection));
}

Result<Responder> Responder::start_server(const Lock& lock, int burners) {
    const bool ticks = lock.name == "ticks";
    auto server = test::Server::start(
        "threads", {"--gil", lock.name, ticks ? "--check-interval" : "--switch-interval",
                    ticks ? std::to_string(lock.interval) : fmt::format("{}us", lock.interval)});
    if (!server) return server.error();
    const net::HostPort where = server->where();
    auto connection = connect_to(where);
    if (!connection) return connection.error();
    Responder responder(*std::move(server), *std::move(connection));
    for (int i = 0; i < burners; ++i) {
        auto burner = connect_to(where);
        if (!burner) return burner.error();
        net::write_some(burner->get(), "GET /echo/x?cpu=10s HTTP/1.1\r\nHost: lab\r\n\r\n");
        responder.burners_.push_back(*std::move(burner));
    }
    return responder;
}

// Sends `size` bytes and receives as many.
bool Responder::exchange(std::size_t size, char* reply) {
    std::array<char, 64> message;
    message.fill('\x01');
    if (net::write_some(connection_.get(), {message.data(), size}).bytes.size() != size)
        return false;
    for (std::size_t got = 0; got < size;) {
        const Io io = net::read_some(connection_.get(), {reply + got, size - got});
        if (io.kind != Io::Kind::bytes) return false;
        got += io.bytes.size();
    }
    return true;
}

Result<std::vector<double>> Responder::wake_times(int count, Nanos pause, Rng& rng) {
    constexpr int kWarmUp = 2;
    std::vector<double> times;
    for (int i = -kWarmUp; i < count; ++i) {
        std::this_thread::sleep_for(from_seconds(seconds(pause) * (0.5 + rng.uniform())));
        std::array<char, 8> reply{};
        const std::int64_t sent = now().time_since_epoch().count();
        if (!exchange(reply.size(), reply.data())) return Error{"the subject stopped answering"};
        std::int64_t ran = 0;
        std::memcpy(&ran, reply.data(), sizeof ran);
        if (i >= 0) times.push_back(static_cast<double>(ran - sent) / 1e6);
    }
    return times;
}

Result<double> Responder::echo_rate(Nanos duration, Nanos think) {
    constexpr Nanos kWarmUp = 50ms;
    const TimePoint begin = now() + kWarmUp;
    const TimePoint end = begin + duration;
    int echoes = 0;
    std::array<char, 64> reply{};
    TimePoint at = now();
    while (at < end) {
        if (think > Nanos(0)) std::this_thread::sleep_for(think);
        if (!exchange(reply.size(), reply.data())) return Error{"the subject stopped answering"};
        at = now();
        if (at >= begin && at < end) ++echoes;
    }
    return echoes / seconds(duration);
}

Result<std::vector<double>> work_ratios(std::vector<std::string> lab, const Lock& lock, int threads,
                                        const std::vector<int>& cpus) {
    auto child =
        Child::start({.argv = command(std::move(lab), lock, "work", threads), .cpus = cpus});
    if (!child) return child.error();
    auto text = child->read_all(120s);
    if (!text) return text.error();
    std::vector<double> ratios;
    std::istringstream lines(*text);
    double one = 0;
    double shared = 0;
    while (lines >> one >> shared) ratios.push_back(shared / one);
    if (ratios.empty()) return Error{"no times from the subject: " + child->stderr_text()};
    return ratios;
}

// By rank: the value of rank ceil(fraction x n).
double quantile(std::vector<double> values, double fraction) {
    std::sort(values.begin(), values.end());
    const auto rank =
        static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(values.size())));
    return values.at(rank == 0 ? 0 : rank - 1);
}

}  // namespace echotrio::fidelity
