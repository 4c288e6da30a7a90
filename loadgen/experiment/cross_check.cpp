#include "loadgen/experiment/cross_check.hpp"

#include "common/base/units.hpp"
#include "loadgen/subject/child.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <sstream>

namespace echotrio::loadgen {
namespace {

constexpr Nanos kLongest = std::chrono::seconds(15);  // wrk waits for late replies

// The word after `label` in a line that begins with it (spaces before and between do not matter).
std::optional<std::string> word_after(std::string_view output, std::string_view label) {
    std::istringstream lines{std::string(output)};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string first, second;
        if (words >> first >> second && first == label) return second;
    }
    return std::nullopt;
}

std::optional<double> micros_after(std::string_view output, std::string_view label) {
    const auto word = word_after(output, label);
    if (!word) return std::nullopt;
    const auto parsed = parse_duration(*word);
    if (!parsed) return std::nullopt;
    return micros(*parsed);
}

}  // namespace

std::string wrk_version() {
    auto child = Child::start({.argv = {"wrk", "-v"}});
    if (!child) return {};
    const auto output = child->read_all(std::chrono::seconds(5));
    if (!output || !output->starts_with("wrk ")) return {};
    // "wrk debian/4.1.0-3+b2 [epoll] Copyright ..."
    return output->substr(0, output->find(' ', 4));
}

CrossCheck parse_wrk(std::string_view output) {
    CrossCheck check;
    for (const std::string_view failure : {"Socket errors:", "Non-2xx or 3xx responses:"}) {
        const std::size_t at = output.find(failure);
        if (at == std::string_view::npos) continue;
        check.error = output.substr(at, output.find('\n', at) - at);
        return check;
    }
    const auto rate = word_after(output, "Requests/sec:");
    if (!rate ||
        std::from_chars(rate->data(), rate->data() + rate->size(), check.throughput_rps).ec !=
            std::errc{}) {
        check.error = "wrk printed no Requests/sec";
        return check;
    }
    check.p50_us = micros_after(output, "50%");
    check.p99_us = micros_after(output, "99%");
    return check;
}

CrossCheck run_wrk(const std::string& version, const net::HostPort& where, const std::string& path,
                   std::uint64_t connections, const std::vector<int>& cpus,
                   const std::function<bool()>& stop) {
    const std::vector<std::string> argv{
        "wrk",
        "-t",
        "1",
        "-c",
        fmt::format("{}", connections),
        "-d",
        "1s",
        "--latency",
        fmt::format("http://{}{}", net::format_host_port(where), path)};
    CrossCheck check;
    const auto started = now();
    auto child = Child::start({.argv = argv, .cpus = cpus});
    if (!child) {
        check.error = child.error().message;
    } else {
        std::optional<int> status;
        while (!(status = child->wait(std::chrono::milliseconds(50)))) {
            if (stop() || now() - started > kLongest) {
                child->stop(std::chrono::seconds(1));
                check.error = "wrk was stopped";
                break;
            }
        }
        if (status) {
            const auto output = child->read_all(std::chrono::seconds(1));
            check = parse_wrk(output ? *output : std::string());
            if (*status != 0) check.error = fmt::format("wrk ended with status {}", *status);
        }
    }
    check.tool = version;
    check.command = fmt::format("{}", fmt::join(argv, " "));
    return check;
}

}  // namespace echotrio::loadgen
