#include "tests/e2e/loadgen_runs.hpp"

#include "loadgen/report/result_json.hpp"
#include "tests/support/client.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace echotrio::test {
namespace {

constexpr Nanos kLongestRun = std::chrono::seconds(60);

bool names(const std::vector<loadgen::Finding>& findings, const std::string& check) {
    return std::any_of(findings.begin(), findings.end(),
                       [&](const loadgen::Finding& f) { return f.check == check; });
}

}  // namespace

std::string program(const std::string& name) {
    const char* const dir = std::getenv("ECHOTRIO_BIN");
    return fmt::format("{}/{}", dir != nullptr ? dir : "build/bin", name);
}

Server::Server(const std::string& model, Words arguments) {
    Words argv{program(model == "fault" ? "fault_server" : "echo-" + model)};
    if (model != "fault") argv.insert(argv.end(), {"--port", "0"});
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    auto started = loadgen::Child::start({argv});
    if (!started) {
        ADD_FAILURE() << started.error().message;
        return;
    }
    child_ = std::move(*started);
    const auto ready = child_->read_line(kPatience);
    if (!ready) {
        ADD_FAILURE() << ready.error().message;
        return;
    }
    std::istringstream words(*ready);
    for (std::string word; words >> word;) {
        if (word.starts_with("host=")) where_.host = word.substr(5);
        if (word.starts_with("port=")) {
            where_.port = static_cast<std::uint16_t>(std::stoi(word.substr(5)));
        }
    }
}

std::string Server::tcp() const {
    return "tcp://" + net::format_host_port(where_);
}

std::string Server::http(const std::string& path) const {
    return fmt::format("http://{}{}", net::format_host_port(where_), path);
}

nlohmann::json Server::stats() const {
    const auto reply = get(where_, "/stats");
    return reply ? nlohmann::json::parse(reply->body) : nlohmann::json();
}

nlohmann::json Server::stop_and_report() {
    child_->signal(SIGTERM);
    const auto line = child_->read_line(kPatience);
    child_->wait(kPatience);
    return line ? nlohmann::json::parse(*line) : nlohmann::json();
}

loadgen::Child start_loadgen(const Words& arguments) {
    Words argv{program("loadgen")};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return *loadgen::Child::start({argv});
}

Ran finish(loadgen::Child& child) {
    Ran ran;
    const auto out = child.read_all(kLongestRun);
    ran.status = child.wait(kPatience).value_or(-1);
    if (out) ran.out = *out;
    ran.err = child.stderr_text();
    return ran;
}

Ran run_loadgen(const Words& arguments) {
    loadgen::Child child = start_loadgen(arguments);
    return finish(child);
}

bool Measured::has_reason(const std::string& check) const {
    return names(result.verdict.reasons, check);
}

bool Measured::has_flag(const std::string& check) const {
    return names(result.verdict.flags, check);
}

Measured measured(const Ran& ran) {
    Measured m;
    m.status = ran.status;
    m.err = ran.err;
    m.json = nlohmann::json::parse(ran.out, nullptr, false);
    EXPECT_FALSE(m.json.is_discarded()) << ran.out << ran.err;
    if (m.json.is_discarded()) return m;
    auto result = loadgen::result_from_json(nlohmann::ordered_json::parse(ran.out));
    EXPECT_TRUE(result.ok());
    if (result) m.result = std::move(*result);
    EXPECT_TRUE(m.result.accounting.balanced());
    EXPECT_TRUE(m.result.total.balanced());
    EXPECT_EQ(m.result.requests, m.result.accounting.completed);
    EXPECT_EQ(m.status, m.result.verdict.valid ? 0 : 3) << ran.err;
    return m;
}

Measured measure(const Words& arguments) {
    Words all{"run"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    all.insert(all.end(), {"--json", "-"});
    return measured(run_loadgen(all));
}

}  // namespace echotrio::test
