#include "loadgen/subject/running_subject.hpp"

#include "common/base/units.hpp"
#include "loadgen/subject/command.hpp"
#include "loadgen/subject/cpus.hpp"
#include "loadgen/subject/fetch.hpp"
#include "loadgen/subject/listeners.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <map>
#include <random>

namespace echotrio::loadgen {
namespace {

using std::chrono::milliseconds;

constexpr const char* kHost = "127.0.0.1";
constexpr Nanos kConnectTimeout = milliseconds(200);
constexpr Nanos kAnswerTimeout = std::chrono::seconds(2);
constexpr Nanos kPause = milliseconds(1);

std::map<std::string, std::string> placeholders(const Subject& subject, const net::HostPort& where,
                                                std::size_t cpus) {
    return {{"host", where.host},
            {"port", fmt::format("{}", where.port)},
            {"cpus", fmt::format("{}", cpus)},
            {"dir", subject.dir}};
}

Result<Guard::Options> filled_in(const Subject& subject,
                                 const std::map<std::string, std::string>& values) {
    Guard::Options options;
    options.cwd = subject.cwd.empty() ? subject.dir : subject.cwd;
    for (const std::string& word : subject.argv) {
        auto filled = fill_in(word, values);
        if (!filled) return filled.error();
        options.argv.push_back(std::move(*filled));
    }
    options.env = {{"HOST", values.at("host")}, {"PORT", values.at("port")}};
    for (const auto& [name, value] : subject.env) {
        auto filled = fill_in(value, values);
        if (!filled) return filled.error();
        options.env.emplace_back(name, std::move(*filled));
    }
    return options;
}

// Below the ports that the kernel gives to connects: one of those may be taken by anybody's
// connection before the server has it.
std::optional<net::HostPort> port_that_stays_free() {
    constexpr int kTries = 100, kFirst = 10'000;
    std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
    int end = 0;
    if (!(file >> end) || end <= kFirst) return std::nullopt;
    std::random_device random;
    std::uniform_int_distribution<int> ports(kFirst, end - 1);
    for (int i = 0; i < kTries; ++i) {
        net::HostPort where{kHost, static_cast<std::uint16_t>(ports(random))};
        if (net::listen_tcp(where, 1)) return where;
    }
    return std::nullopt;
}

// A port that was free a moment ago.
Result<net::HostPort> free_port() {
    if (const auto where = port_that_stays_free()) return *where;
    auto listener = net::listen_tcp({kHost, 0}, 1);
    if (!listener) return listener.error();
    return net::local_address(listener->get());
}

std::string_view value_in(std::string_view line, std::string_view key) {
    const std::string wanted = fmt::format(" {}=", key);
    const std::size_t at = line.find(wanted);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = line.substr(at + wanted.size());
    return rest.substr(0, rest.find_first_of(" \r\n"));
}

// Looks for the end of the wait, a look at a time.
class Waiting {
  public:
    Waiting(const Subject& subject, Guard& guard, net::HostPort& where)
        : rule_(subject.ready), guard_(guard), where_(where) {}

    // Whether it is ready. Error: it never will be.
    Result<bool> look() {
        if (const auto status = guard_.ended(Nanos(0))) {
            if (*status != 0 || guard_.is_empty()) {
                return Error{fmt::format("ended with status {} before it was ready", *status)};
            }
        }
        if (!rule_is_met()) return false;
        if (rule_.kind == ReadyRule::Kind::line) return true;
        if (rule_.kind != ReadyRule::Kind::path && !connects()) return false;
        return port_is_theirs();
    }

    // Why it was not, at the end.
    std::string why_not() const {
        const std::string time = format_duration(rule_.timeout);
        switch (rule_.kind) {
            case ReadyRule::Kind::line:
                return fmt::format("printed no ready line within {}", time);
            case ReadyRule::Kind::log:
                if (!guard_.has_written())
                    return fmt::format("did not write '{}' within {}", rule_.text, time);
                break;
            case ReadyRule::Kind::path:
            case ReadyRule::Kind::tcp:
                break;
        }
        const PortUse use = port_use(where_.port, guard_.members());
        std::string text = fmt::format("not ready within {}: ", time);
        if (use.listened) {
            text += rule_.kind == ReadyRule::Kind::path
                        ? fmt::format("GET {} {}", rule_.text,
                                      answer_.empty() ? "got no answer" : answer_)
                        : fmt::format("port {} accepts no connection", where_.port);
            return text;
        }
        text += fmt::format("nothing listens on port {}", where_.port);
        if (!use.others.empty()) {
            text += fmt::format(
                ", it listens on {} instead: let its command take {{port}}, or $PORT from its "
                "environment",
                fmt::join(use.others, ", "));
        }
        return text;
    }

  private:
    bool rule_is_met() {
        switch (rule_.kind) {
            case ReadyRule::Kind::tcp:
                return true;
            case ReadyRule::Kind::path: {
                const auto status = fetch_status(where_, rule_.text, kAnswerTimeout);
                if (status) answer_ = fmt::format("is answered with {}", *status);
                return status && *status < 400;
            }
            case ReadyRule::Kind::log:
                return guard_.has_written();
            case ReadyRule::Kind::line:
                return has_ready_line();
        }
        return false;
    }

    // Among the first lines: ours say it before anything else that is long.
    bool has_ready_line() {
        const std::string text = guard_.log_from(0);
        std::string_view rest = text;
        for (std::size_t end = rest.find('\n'); end != std::string_view::npos;
             end = rest.find('\n')) {
            const std::string_view line = rest.substr(0, end);
            rest.remove_prefix(end + 1);
            if (!line.starts_with("ready ")) continue;
            const std::string_view host = value_in(line, "host"), port = value_in(line, "port");
            std::uint16_t number = 0;
            const auto parsed = std::from_chars(port.data(), port.data() + port.size(), number);
            if (host.empty() || parsed.ec != std::errc() || number == 0) continue;
            where_ = {std::string(host), number};
            return true;
        }
        return false;
    }

    bool connects() const { return net::connect_tcp(where_, kConnectTimeout).ok(); }

    // Who listens there must be one of them: else the load would be put on a stranger.
    // A look is not of one moment: whoever has forked meanwhile, and left the socket to a child as
    // daemons do, shows at the next.
    Result<bool> port_is_theirs() const {
        constexpr int kLooks = 3;
        for (int look = 0; look < kLooks; ++look) {
            const PortUse use = port_use(where_.port, guard_.members());
            if (use.theirs || use.unknown) return true;
            if (!use.listened) return false;
        }
        return Error{fmt::format("port {} is taken by somebody else, {}", where_.port,
                                 listener_on(where_.port).value_or("a process of another user"))};
    }

    const ReadyRule& rule_;
    Guard& guard_;
    net::HostPort& where_;
    std::string answer_;
};

}  // namespace

Status check_placeholders(const Subject& subject) {
    const auto filled = filled_in(subject, placeholders(subject, {kHost, 1}, 1));
    if (!filled) return filled.error();
    return Done{};
}

Result<RunningSubject> RunningSubject::start(const Subject& subject, const SubjectStart& start) {
    auto where = free_port();
    if (!where) return where.error();
    const std::vector<int>& cpus = subject.cpus.empty() ? start.cpus : subject.cpus;
    const std::size_t count = cpus.empty() ? allowed_cpus(0).size() : cpus.size();
    auto options = filled_in(subject, placeholders(subject, *where, count));
    const auto failed = [&](const std::string& why, const std::string& wrote) {
        std::string text = fmt::format("{}: {}", subject.label, why);
        if (!wrote.empty()) text += fmt::format("; it wrote: {}", wrote);
        return Error{text};
    };
    if (!options) return failed(options.error().message, "");
    options->cpus = cpus;
    options->log = start.log;
    options->log_limit = start.log_limit;
    if (subject.ready.kind == ReadyRule::Kind::log) options->awaited = subject.ready.text;
    auto guard = Guard::start(*options, start.before);
    if (!guard) return failed(guard.error().message, "");

    RunningSubject running(std::move(*guard));
    running.where_ = std::move(*where);
    running.argv_ = options->argv;
    running.stop_ = subject.stop;
    running.hurry_ = start.hurry;
    const auto ended = [&](const std::string& why, bool words = true) {
        const std::string wrote = words ? running.last_words() : "";
        running.stop();  // it may have files to take away
        return failed(why, wrote);
    };
    const TimePoint deadline = running.guard_.started() + subject.ready.timeout;
    Waiting waiting(subject, running.guard_, running.where_);
    while (true) {
        const auto ready = waiting.look();
        if (!ready) return ended(ready.error().message);
        if (*ready) break;
        if (start.stop && start.stop()) return ended("interrupted", false);
        if (now() >= deadline) return ended(waiting.why_not());
        running.guard_.ended(kPause);
    }
    running.ready_s_ = seconds(now() - running.guard_.started());
    return running;
}

std::string RunningSubject::last_words() const {
    return last_lines(guard_.log_tail());
}

std::string RunningSubject::end() {
    const auto status = guard_.ended(Nanos(0));
    // With 0, while others go on, it has put itself into the background.
    if (!status || (*status == 0 && !guard_.is_empty())) return {};
    std::string text = fmt::format("it ended with status {}", *status);
    if (const std::string wrote = last_words(); !wrote.empty()) {
        text += fmt::format("; it wrote: {}", wrote);
    }
    return text;
}

std::string last_lines(std::string_view text) {
    constexpr std::size_t kLines = 3, kMost = 300;
    std::vector<std::string> lines;
    while (!text.empty() && lines.size() < kLines) {
        const std::size_t begin = text.rfind('\n') + 1;  // npos + 1 = 0
        std::string line;
        for (const char c : text.substr(begin)) {
            const auto byte = static_cast<unsigned char>(c);
            line += byte < 0x20 || byte == 0x7f ? ' ' : c;
        }
        if (line.find_first_not_of(' ') != std::string::npos) {
            lines.insert(lines.begin(), line.substr(line.find_first_not_of(' ')));
        }
        text = begin == 0 ? std::string_view() : text.substr(0, begin - 1);
    }
    std::string joined = fmt::format("{}", fmt::join(lines, " | "));
    if (joined.size() > kMost) joined = "..." + joined.substr(joined.size() - kMost);
    return joined;
}

bool speaks_our_protocol(const net::HostPort& where) {
    const auto body = fetch(where, "/echo/hi", kAnswerTimeout);
    return body && *body == "hi";
}

}  // namespace echotrio::loadgen
