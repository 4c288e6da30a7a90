#include "loadgen/commands/load_options.hpp"

#include "common/base/cli.hpp"
#include "common/base/units.hpp"
#include "loadgen/engine/shard.hpp"
#include "loadgen/results/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

namespace echotrio::loadgen {
namespace {

using SystemTime = std::chrono::system_clock::time_point;

constexpr std::uint64_t kMostBody = std::uint64_t{1} << 30U;
constexpr std::uint64_t kMostConnections = 1'000'000;
constexpr double kLatestStart = 9e9;  // seconds since 1970; the system clock ends in 2262

// "+5s", seconds since 1970 ("1764031200.5"), or "2026-11-24T23:00:00Z".
Result<SystemTime> parse_time(const std::string& text) {
    const auto wrong = [&] {
        return Error{fmt::format(
            "--start-at: write +5s, seconds since 1970 or 2026-01-31T12:00:00Z, got '{}'", text)};
    };
    const SystemTime current = std::chrono::system_clock::now();
    SystemTime at;
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, ec] = std::from_chars(text.data(), end, number);
    std::tm calendar{};
    if (text.starts_with('+')) {
        const auto ahead = parse_duration(std::string_view(text).substr(1));
        if (!ahead) return wrong();
        return current + *ahead;
    }
    if (ec == std::errc{} && rest == end && number >= 0 && number < kLatestStart) {
        at = SystemTime(std::chrono::duration_cast<SystemTime::duration>(
            std::chrono::duration<double>(number)));
    } else if (const char* parsed = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &calendar);
               parsed != nullptr && *parsed == '\0' &&
               std::abs(static_cast<double>(::timegm(&calendar))) < kLatestStart) {
        at = std::chrono::system_clock::from_time_t(::timegm(&calendar));
    } else {
        return wrong();
    }
    if (at < current) return Error{fmt::format("--start-at: {} is in the past", text)};
    return at;
}

Result<std::string> read_body(const std::string& text) {
    if (!text.starts_with('@')) return text;
    auto body = read_file(text.substr(1), kMostBody);
    return body ? body : Error{"--body: " + body.error().message};
}

// Letters, so that a person who looks at the traffic can read it.
std::string made_up_body(std::uint64_t size) {
    std::string body(size, '\0');
    for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 26);
    return body;
}

bool same_name(std::string_view name, std::string_view lower) {
    return std::equal(name.begin(), name.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

// tchar of RFC 9110, 5.6.2
bool is_token(std::string_view name) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               kMarks.find(c) != std::string_view::npos;
    });
}

// Fields that say how long the message is are ours; a length that is right does no harm.
Status check_framing(const RunOptions& run, std::string_view name, std::string_view value) {
    if (same_name(name, "transfer-encoding")) {
        return Error{"--header: Transfer-Encoding can't be sent, a body goes with its length"};
    }
    if (!same_name(name, "content-length")) return Done{};
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    if (value == std::to_string(run.body.size())) return Done{};
    return Error{fmt::format(
        "--header: Content-Length is {} here, by --body or --size: leave it out", run.body.size())};
}

Status check_headers(const RunOptions& run) {
    for (const std::string& line : run.headers) {
        const std::size_t colon = line.find(':');
        const bool clean = std::all_of(line.begin(), line.end(), [](char c) {
            return static_cast<unsigned char>(c) >= ' ' || c == '\t';
        });
        if (!clean) return Error{"--header: has a control character or a line end in it"};
        if (colon == 0 || colon == std::string::npos) {
            return Error{fmt::format("--header: write 'Name: value', got '{}'", line)};
        }
        const std::string_view name = std::string_view(line).substr(0, colon);
        if (!is_token(name)) {
            return Error{fmt::format("--header: '{}' is no field name", name)};
        }
        const Status framed = check_framing(run, name, std::string_view(line).substr(colon + 1));
        if (!framed) return framed;
    }
    const bool token = std::all_of(run.method.begin(), run.method.end(),
                                   [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!token) return Error{fmt::format("--method: write it like GET, got '{}'", run.method)};
    return Done{};
}

Status finish_http(LoadFlags& flags, const CLI::App& command) {
    RunOptions& run = flags.run;
    if (run.target.scheme == Scheme::tcp) {
        for (const char* flag : {"--method", "--body", "--header", "--class"}) {
            if (cli::count(command, flag) > 0) {
                return Error{fmt::format("{}: needs an http:// URL", flag)};
            }
        }
        if (flags.size) run.size = *flags.size;
        return Done{};
    }
    if (flags.size && !flags.body.empty()) return Error{"--size: give it or --body, not both"};
    auto body = read_body(flags.body);
    if (!body) return body.error();
    run.body = std::move(*body);
    if (flags.size) run.body = made_up_body(*flags.size);
    for (const std::string& text : flags.classes) {
        auto one = parse_class(text);
        if (!one) return Error{"--class: " + one.error().message};
        run.classes.push_back(std::move(*one));
    }
    return check_headers(run);
}

}  // namespace

void add_idle_strategy(CLI::App& command, std::string& name) {
    cli::option(
        command, "--idle-strategy", name,
        "While nothing is ready: sleep; spin (poll, which takes a whole CPU); auto: spin on "
        "CPUs of its own, else sleep")
        .one_of(idle_strategy_names());
}

void add_http_flags(CLI::App& command, LoadFlags& flags) {
    RunOptions& run = flags.run;
    cli::option(command, "-X,--method", run.method, "HTTP method; GET, or POST with a body");
    cli::option(command, "--body", flags.body, "HTTP body: a text, or @FILE");
    cli::option(command, "-H,--header", run.headers, "HTTP header 'Name: value'; may be repeated");
    cli::option(command, "--class", flags.classes,
                "A share of the requests, NAME:WEIGHT:PATH; may be repeated");
    cli::option(command, "--expect-status", run.expect_status,
                "HTTP status that replies must have; 0: any below 400")
        .range(0, 599);
    cli::flag(command, "!--no-check", run.check_replies,
              "Don't compare the bodies of /echo replies");
}

void add_load_flags(CLI::App& command, LoadFlags& flags, bool with_rate) {
    RunOptions& run = flags.run;
    const auto count = [&](const char* names, std::uint64_t& value, double least,
                           const char* help) {
        return cli::option(command, names, value, help)
            .check(cli::number_between(least, static_cast<double>(kMostConnections)));
    };
    cli::option(command, "URL", flags.url, "tcp://host:port (raw echo) or http://host:port/path");
    count("-c,--connections", run.connections, 1, "Connections");
    count("-t,--threads", run.threads, 1, "Generator threads");
    cli::duration(command, "-d,--duration", run.duration, "Length of the measured window");
    cli::duration(command, "--warmup", run.warmup, "Before the window, not measured");
    cli::option(command, "--arrival", flags.arrival, "Gaps of an open loop")
        .one_of({"poisson", "constant"});
    cli::size(command, "--size", flags.size.emplace(run.size),
              "Bytes of a raw message (64) or of a POST body")
        .default_str("64")
        .check(cli::size_between(1, kMostBody));
    count("--requests-per-connection", run.requests_per_connection, 0,
          "Close a connection after so many (churn); 0: keep it");
    count("--idle", run.idle, 0, "Connections held open and silent beside the active ones");
    count("--pipeline", run.pipeline, 1, "Requests on a connection at a time")
        .check(cli::number_between(1, 10'000));
    cli::duration(command, "--timeout", run.timeout, "A reply later than this counts as timed out")
        .check(cli::at_most(std::chrono::hours(1)));
    cli::option(command, "--pid", flags.pid, "Measure this process and all its descendants")
        .check(cli::positive_number());
    cli::option(command, "--observer", flags.observer_text,
                "Ask the `loadgen observe` at HOST:PORT what the server uses")
        .excludes("--pid");
    add_server_flag(command, flags.server);
    cli::cpus(command, "--cpus", run.cpus, "CPUs for the generator's threads");
    add_idle_strategy(command, flags.idle_strategy);
    cli::option(command, "--seed", run.seed, "Of arrivals, classes and message contents");
    cli::option(command, "--ceiling", flags.ceiling_rps,
                "Requests/s that `loadgen calibrate` found; 0: not known");
    add_http_flags(command, flags);
    if (!with_rate) return;
    cli::option(command, "-n,--requests", run.requests,
                "End after so many instead of a duration; no warm-up unless given");
    cli::option(command, "-R,--rate", flags.rate,
                "Open loop, requests/s: 5000, a profile 1000/10s,5000/10s, a ramp "
                "1000..20000/60s, a stair 1000..20000:1000/5s");
    add_replay_flags(command, flags.replay);
    cli::duration(command, "--think", run.think, "Closed loop: pause between reply and request");
    cli::option(command, "--shard", flags.shard,
                "Make only part I/N of this load, as one of N generators");
    cli::option(command, "--start-at", flags.start_at,
                "Begin at this time: +5s, seconds since 1970, 2026-01-31T12:00:00Z");
}

Status finish_load_flags(LoadFlags& flags, const CLI::App& command) {
    RunOptions& run = flags.run;
    if (const Status served = finish_server_flag(flags.server, flags.url); !served) return served;
    auto target = parse_target(flags.url);
    if (!target) return Error{"URL: " + target.error().message};
    if (!has_scheme(flags.url)) {
        flags.url = "http://" + flags.url;
        fmt::print(stderr, "note: no scheme given, taken as {} (raw echo: tcp://...)\n", flags.url);
    }
    run.target = std::move(*target);
    run.idle_strategy = idle_strategy_named(flags.idle_strategy);
    if (flags.server.subject) {
        const bool raw = run.target.scheme == Scheme::tcp;
        flags.url = fmt::format("{}, {}", flags.server.subject->label,
                                raw ? "raw echo" : "GET " + run.target.path);
        run.target.where.port = 0;  // chosen for each trial
    }
    run.arrival = flags.arrival == "constant" ? Arrival::constant : Arrival::poisson;
    if (cli::count(command, "--size") == 0) flags.size.reset();
    if (const Status http = finish_http(flags, command); !http) return http;
    if (cli::is_given(command, "--rate")) {
        auto steps = parse_rate(flags.rate);
        if (!steps) return Error{"--rate: " + steps.error().message};
        run.rate = std::move(*steps);
        const Nanos profile = total_duration(run.rate);
        if (profile > Nanos(0) && cli::count(command, "--duration") == 0) run.duration = profile;
    }
    if (const Status replay = finish_replay_flags(flags.replay, command, run); !replay) {
        return replay;
    }
    if (run.requests > 0 && cli::count(command, "--duration") > 0) {
        return Error{"--requests: give it or --duration, not both"};
    }
    if (run.requests > 0 && cli::count(command, "--warmup") == 0) run.warmup = Nanos(0);
    if (cli::is_given(command, "--start-at")) {
        const auto at = parse_time(flags.start_at);
        if (!at) return at.error();
        run.start_at = *at;
    }
    if (cli::is_given(command, "--observer")) {
        auto where = net::parse_host_port(flags.observer_text);
        if (!where) return Error{"--observer: " + where.error().message};
        flags.observer = std::move(*where);
    }
    if (cli::is_given(command, "--shard")) {
        const auto shard = parse_shard(flags.shard);
        if (!shard) return Error{"--shard: " + shard.error().message};
        if (const Status taken = take_shard(run, *shard); !taken) return taken;
    }
    return check_options(run);
}

std::string describe_load(const RunOptions& o, const std::string& replay) {
    std::string text = fmt::format("{} connection{}", o.connections, o.connections == 1 ? "" : "s");
    if (o.replay) {
        text += ", " + replay;
    } else if (o.rate.empty()) {
        text += ", closed loop";
        if (o.think > Nanos(0))
            text += fmt::format(" with {} think time", format_duration(o.think));
    } else {
        text += fmt::format(", {} requests/s ({})", format_rate(o.rate),
                            o.arrival == Arrival::poisson ? "Poisson" : "constant gaps");
    }
    if (o.requests_per_connection > 0) {
        text += fmt::format(", {} per connection", o.requests_per_connection);
    }
    if (o.pipeline > 1) text += fmt::format(", {} pipelined", o.pipeline);
    if (o.idle > 0) text += fmt::format(", {} idle", o.idle);
    text += o.requests > 0 ? fmt::format(", {} requests", o.requests)
            : o.replay     ? fmt::format(", measured for {}", human_duration(o.duration))
                           : fmt::format(", {}", format_duration(o.duration));
    if (o.warmup > Nanos(0)) text += fmt::format(" after {} of warm-up", format_duration(o.warmup));
    return text;
}

}  // namespace echotrio::loadgen
