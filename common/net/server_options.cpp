#include "common/net/server_options.hpp"

#include "common/base/cli.hpp"
#include "common/net/signals.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>

namespace echotrio::net {

void add_server_options(CLI::App& app, ServerOptions& options, std::string model,
                        std::uint16_t port) {
    options.listen = {"127.0.0.1", port};
    options.settings.model = std::move(model);
    auto& settings = options.settings;

    cli::option(app, "--host", options.listen.host, "Address to listen on (IPv4, IPv6 or a name)");
    cli::option(app, "--port", options.listen.port, "Port to listen on; 0: the kernel picks one");
    cli::option(app, "--backlog", options.backlog, "Connections that may wait to be accepted")
        .check(cli::number_between(1, 65535));
    cli::duration(app, "--cpu", settings.cpu,
                  "CPU work of a request that does not say otherwise (?cpu=)")
        .check(cli::at_most(protocol::kLongestWork));
    cli::duration(app, "--wait", settings.wait,
                  "Waiting of a request that does not say otherwise (?wait=)")
        .check(cli::at_most(protocol::kLongestWork));
    cli::duration(app, "--base-cost", settings.base_cost,
                  "CPU work that every request costs beside its own, as in an interpreter")
        .check(cli::at_most(protocol::kLongestWork));
    const std::map<std::string, protocol::Mode> modes{{"auto", protocol::Mode::automatic},
                                                      {"echo", protocol::Mode::echo},
                                                      {"http", protocol::Mode::http}};
    cli::option(
        app, "--protocol",
        [&settings, modes](const std::string& name) { settings.mode = modes.at(name); },
        "What is spoken: decided by the first bytes, raw echo only, HTTP only")
        .one_of({"auto", "echo", "http"})
        .type_name("auto|echo|http")
        .default_str("auto");
    cli::option(app, "--max-connections", options.max_connections,
                "Connections served at a time; more get 503 or are closed")
        .check(cli::positive_number())
        .type_name("N")
        .default_str("unlimited");
    cli::duration(
        app, "--idle-timeout", options.limits.idle,
        "Close a connection after this long without a byte between requests, or of a reply "
        "that is not taken; 0 = never");
    cli::duration(app, "--request-timeout", options.limits.request,
                  "Time to receive one whole HTTP request; 0 = --idle-timeout without a byte");
    cli::size(app, "--max-request", settings.max_request, "Largest HTTP head + body")
        .check(cli::size_between(1024, 1ULL << 32));
    cli::duration(app, "--drain-timeout", options.drain_timeout,
                  "On SIGTERM or SIGINT: how long requests in flight may take to finish");
    cli::cpus(app, "--cpus", options.cpus, "CPUs to run on, like 0 or 0,2-3");
    cli::option(app, "--user", options.user,
                "User to become once the port is bound (started as root)")
        .type_name("NAME");
}

Status prepare_process(const ServerOptions& options) {
    reset_signals();
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    return pin_to_cpus(options.cpus);
}

Status become_user(const ServerOptions& options) {
    if (options.user.empty()) return Done{};
    const auto failed = [&](std::string_view why) {
        return Error{fmt::format("--user: cannot become '{}': {}", options.user, why)};
    };
    errno = 0;
    const passwd* const user = ::getpwnam(options.user.c_str());
    if (user == nullptr) return failed(errno == 0 ? "no such user" : std::strerror(errno));
    int death_signal = 0;
    ::prctl(PR_GET_PDEATHSIG, &death_signal);
    if (::initgroups(user->pw_name, user->pw_gid) != 0 || ::setgid(user->pw_gid) != 0 ||
        ::setuid(user->pw_uid) != 0) {
        return failed(errno == EPERM ? "only root can change who it is" : std::strerror(errno));
    }
    ::prctl(PR_SET_PDEATHSIG, death_signal);  // a change of user clears it
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return Done{};
}

void print_ready(const ServerOptions& options, const HostPort& bound) {
    if (options.limits.idle == Nanos(0) && options.limits.request == Nanos(0)) {
        log_line("echo-" + options.settings.model,
                 "with --idle-timeout 0 and --request-timeout 0 a silent client is waited for for "
                 "ever");
    }
    fmt::print("ready model={} host={} port={} pid={}\n", options.settings.model, bound.host,
               bound.port, ::getpid());
    std::fflush(stdout);
}

void log_line(std::string_view program, std::string_view message) {
    // one write a line, so that lines of several processes do not mix
    const std::string line = fmt::format("{}[{}]: {}\n", program, ::getpid(), message);
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace echotrio::net
