// The one suite for all three servers: the model is its parameter, and a server is started with the
// flags that a test wants.
#pragma once

#include "loadgen/experiment/server_process.hpp"
#include "tests/support/client.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace echotrio::test {

struct CommandResult {
    int status = -1;
    std::string output;  // standard output
    std::string errors;  // standard error
};

// As typed into a shell; ended after a minute.
CommandResult shell(const std::string& command);
bool installed(const std::string& program);

// The program of a model, to be started with arguments by shell().
std::string server_path(const std::string& model);

class Contract : public testing::TestWithParam<const char*> {
  protected:
    std::string model() const { return GetParam(); }

    // Prefork gets workers enough for the tests' few connections at a time.
    void start(std::vector<std::string> arguments = {});
    // It must end well unless a test has ended it itself.
    void TearDown() override;

    loadgen::ServerProcess& server() { return *server_; }
    const net::HostPort& where() const { return server_->where(); }
    std::string host_port() const;  // "127.0.0.1 7003", as nc takes it
    std::string url(const std::string& path) const;

    nlohmann::json stats() const;
    // /stats once `holds` does, or as it is after ten seconds.
    template <class Condition>
    nlohmann::json stats_when(Condition holds) const {
        const TimePoint deadline = now() + std::chrono::seconds(10);
        nlohmann::json last = stats();
        while (!holds(last) && now() < deadline) last = stats();
        return last;
    }

    std::optional<loadgen::ServerProcess> server_;
};

}  // namespace echotrio::test

#define INSTANTIATE_FOR_ALL_SERVERS(suite)                                                       \
    INSTANTIATE_TEST_SUITE_P(Servers, suite, testing::Values("prefork", "threads", "coroutine"), \
                             [](const auto& model) { return std::string(model.param); })
