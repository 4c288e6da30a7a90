#include "tests/contract/fixture.hpp"

#include <fmt/format.h>

namespace echotrio::test {

CommandResult shell(const std::string& command) {
    auto child =
        loadgen::Child::start({.argv = {"timeout", "--kill-after=5", "60", "sh", "-c", command}});
    if (!child) return {-1, "", child.error().message};
    auto output = child->read_all(std::chrono::seconds(70));
    const auto status = child->wait(std::chrono::seconds(10));
    return {status.value_or(-1), output ? *output : output.error().message, child->stderr_text()};
}

bool installed(const std::string& program) {
    return shell("command -v " + program).status == 0;
}

std::string server_path(const std::string& model) {
    return loadgen::own_bin_dir() + "/echo-" + model;
}

void Contract::start(std::vector<std::string> arguments) {
    if (model() == "prefork") {
        arguments.insert(arguments.end(), {"--start-workers", "12", "--max-spare", "12"});
    }
    auto server = loadgen::ServerProcess::start(loadgen::own_bin_dir(), model(), arguments);
    ASSERT_TRUE(server) << server.error().message;
    server_.emplace(std::move(*server));
}

void Contract::TearDown() {
    if (server_) {
        EXPECT_EQ(server_->stop(), 0) << server_->child().stderr_text();
    }
}

std::string Contract::host_port() const {
    return fmt::format("{} {}", where().host, where().port);
}

std::string Contract::url(const std::string& path) const {
    return fmt::format("http://{}{}", net::format_host_port(where()), path);
}

nlohmann::json Contract::stats() const {
    const auto reply = get(where(), "/stats");
    if (!reply || reply->status != 200) return {};
    return nlohmann::json::parse(reply->body);
}

}  // namespace echotrio::test
