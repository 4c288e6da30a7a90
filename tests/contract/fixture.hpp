// The one suite for all servers, the twins in Python among them: which one is its parameter, and a
// server is started with the flags that a test wants. "coroutine-plain" is the coroutine server as
// it is with a release of Asio that it does not know, "coroutine-x2" one of two processes.
#pragma once

#include "tests/support/server.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace echotrio::test {

// A test's name has letters and digits only: "pythreads".
inline std::string name_of(const testing::TestParamInfo<const char*>& model) {
    std::string name = model.param;
    std::erase(name, '-');
    return name;
}

class Contract : public testing::TestWithParam<const char*> {
  protected:
    // As it calls itself.
    std::string model() const {
        const std::string_view name = GetParam();
        return std::string(name.starts_with("coroutine") ? "coroutine" : name);
    }
    bool of_two() const { return std::string_view(GetParam()) == "coroutine-x2"; }

    void SetUp() override {
        if (model().starts_with("py-") && !has_python_twins()) {
            GTEST_SKIP() << "no Python of 3.8 or later was found when this was configured";
        }
    }
    // Prefork gets workers enough for the tests' few connections at a time.
    void start(Words arguments = {}) {
        if (model().ends_with("prefork")) {
            arguments.insert(arguments.end(), {"--start-workers", "12"});
        }
        if (of_two()) arguments.insert(arguments.end(), {"--processes", "2"});
        if (model() == "prefork") arguments.insert(arguments.end(), {"--max-spare", "12"});
        server_.emplace(of_two() ? "coroutine" : GetParam(), arguments);
    }
    // It must end well unless a test has ended it itself.
    void TearDown() override {
        if (server_) {
            EXPECT_EQ(server_->stop(), 0) << server_->log();
        }
    }

    Server& server() { return *server_; }
    const net::HostPort& where() const { return server_->where(); }

    std::optional<Server> server_;
};

}  // namespace echotrio::test

#define INSTANTIATE_FOR_ALL_SERVERS(suite)                                                    \
    INSTANTIATE_TEST_SUITE_P(                                                                 \
        Servers, suite,                                                                       \
        testing::Values("prefork", "threads", "coroutine", "coroutine-plain", "coroutine-x2", \
                        "py-prefork", "py-threads", "py-asyncio"),                            \
        echotrio::test::name_of)
