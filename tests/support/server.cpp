#include "tests/support/server.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace echotrio::test {
namespace {

// "ready model=M host=H port=P pid=N"; without a port when it is no such line.
net::HostPort where_of(const std::string& ready_line) {
    net::HostPort where{{}, 0};
    std::istringstream words(ready_line);
    std::string word;
    if (!(words >> word) || word != "ready") return where;
    while (words >> word) {
        if (word.starts_with("host=")) where.host = word.substr(5);
        if (word.starts_with("port=")) {
            where.port = static_cast<std::uint16_t>(std::stoi(word.substr(5)));
        }
    }
    return where;
}

Server or_throw(Result<Server> server) {
    if (!server) throw std::runtime_error(server.error().message);
    return *std::move(server);
}

}  // namespace

nlohmann::json stats_of(const net::HostPort& where) {
    Client client(where);
    if (!client.connected()) return {};
    client.send("GET /stats HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    const auto reply = client.reply();
    client.state(kPatience);  // until it has ended: a worker is free again
    return reply && reply->status == 200 ? nlohmann::json::parse(reply->body) : nlohmann::json();
}

Server::Server(loadgen::Child child, std::string ready_line, net::HostPort where)
    : child_(std::move(child)), ready_line_(std::move(ready_line)), where_(std::move(where)) {}

Server::Server(const std::string& model, const Words& arguments, const Surroundings& around)
    : Server(or_throw(start(model, arguments, around))) {}

Server Server::of(const Words& command) {
    return or_throw(start(command, {}));
}

Result<Server> Server::start(const std::string& model, const Words& arguments,
                             const Surroundings& around) {
    Words command = around.command;
    command.push_back(program(model == "fault" ? "fault_server" : "echo-" + model));
    const bool has_port =
        std::find(arguments.begin(), arguments.end(), "--port") != arguments.end();
    if (model != "fault" && !has_port) command.insert(command.end(), {"--port", "0"});
    command.insert(command.end(), arguments.begin(), arguments.end());
    return start(command, around.environment);
}

Result<Server> Server::start(const Words& command, const loadgen::Child::Environment& environment) {
    auto child = loadgen::Child::start({.argv = command, .environment = environment});
    if (!child) return child.error();
    const auto line = child->read_line(kPatience);
    if (!line) return Error{fmt::format("{}: {}", fmt::join(command, " "), line.error().message)};
    net::HostPort where = where_of(*line);
    if (where.host.empty() || where.port == 0) {
        return Error{fmt::format("{}: no ready line: {}", fmt::join(command, " "), *line)};
    }
    return Server(*std::move(child), *line, std::move(where));
}

Server::~Server() {
    if (pid() < 0) return;  // moved from
    child_.signal(SIGKILL);
    child_.wait(kPatience);
    EXPECT_TRUE(eventually([&] { return group_of(pid()).empty(); }))
        << fmt::format("of {}: {}", ready_line_, fmt::join(group_of(pid()), " "));
}

std::string Server::tcp() const {
    return "tcp://" + net::format_host_port(where_);
}

std::string Server::http(const std::string& path) const {
    return fmt::format("http://{}{}", net::format_host_port(where_), path);
}

bool Server::wait_for_log(std::string_view text) const {
    return eventually([&] { return log().find(text) != std::string::npos; });
}

int Server::stop(Nanos grace) {
    const int status = child_.stop(grace);
    EXPECT_TRUE(wait_until_gone(group_of(pid()))) << "left behind by " << ready_line_;
    return status;
}

}  // namespace echotrio::test
