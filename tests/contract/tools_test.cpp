// Each server with the tools that people have: nc, curl, wrk, ab, h2load, as they would type it.
#include "tests/contract/fixture.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <regex>

namespace echotrio::test {
namespace {

#define NEEDS(program) \
    if (!installed(program)) GTEST_SKIP() << (program) << " is not installed"

class Tools : public Contract {
  protected:
    std::string url(const std::string& path) const { return server_->http(path); }
    // As nc takes it.
    std::string address() const { return fmt::format("{} {}", where().host, where().port); }
};

TEST_P(Tools, NetcatHalfCloses) {
    NEEDS("nc");
    start();
    const auto result = shell("printf 'hello\\n' | nc -N " + address());
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "hello\n");
}

TEST_P(Tools, NetcatSpeaksHttp) {
    NEEDS("nc");
    start();
    const auto result = shell("printf 'GET /echo/hi HTTP/1.0\\r\\n\\r\\n' | nc -N " + address());
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(result.out.starts_with("HTTP/1.1 200 OK\r\n")) << result.out;
    EXPECT_TRUE(result.out.ends_with("\r\n\r\nhi")) << result.out;
}

TEST_P(Tools, CurlOnEveryPage) {
    NEEDS("curl");
    start();
    const auto curl = [&](const std::string& arguments) {
        return shell("curl -sS --max-time 20 " + arguments);
    };
    EXPECT_EQ(curl("-d hello " + url("/echo")).out, "hello");
    EXPECT_EQ(curl("-X PUT -d hello " + url("/echo")).out, "hello");
    EXPECT_EQ(curl(url("/echo/hi%20there")).out, "hi there");
    EXPECT_EQ(curl(url("/healthz")).out, "ok");
    EXPECT_NE(curl(url("/")).out.find(model()), std::string::npos);
    EXPECT_NE(curl(url("/metrics")).out.find("echotrio_requests_total{model=\"" + model()),
              std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(curl(url("/stats")).out).at("model"), model());
    EXPECT_EQ(curl("--http1.0 -d hello " + url("/echo")).out, "hello");
    EXPECT_EQ(curl("-o /dev/null -w '%{http_code} %{content_type}' -H 'Content-Type: a/b' -d x " +
                   url("/echo"))
                  .out,
              "200 a/b");
    EXPECT_EQ(curl("-I -o /dev/null -w %{http_code} " + url("/echo/hi")).out, "200");
    EXPECT_EQ(curl("-o /dev/null -w %{http_code} " + url("/nothing")).out, "404");
    EXPECT_EQ(curl("-X DELETE -o /dev/null -w %{http_code} " + url("/echo")).out, "405");
    EXPECT_EQ(curl("-o /dev/null -w %{http_code} '" + url("/echo/a?wait=11s") + "'").out, "400");
}

// Chunked, with Expect: 100-continue, and above the limit.
TEST_P(Tools, CurlUploads) {
    NEEDS("curl");
    start();
    const auto path =
        std::filesystem::temp_directory_path() / fmt::format("echotrio-upload-{}", ::getpid());
    std::string content;
    for (std::uint32_t i = 0; content.size() < 1'000'000; ++i) {
        content += static_cast<char>(i * 2654435761U >> 24);
    }
    std::ofstream(path, std::ios::binary) << content;
    const std::string upload = "curl -sS --max-time 30 -T " + path.string() + " " + url("/echo");
    EXPECT_TRUE(shell(upload + " -H 'Transfer-Encoding: chunked'").out == content);
    EXPECT_TRUE(shell(upload).out == content);
    EXPECT_TRUE(shell(upload + " -H 'Expect: 100-continue'").out == content);
    std::ofstream(path, std::ios::binary | std::ios::app) << std::string(2'000'000, 'x');
    const std::string code = " -o /dev/null -w %{http_code}";
    EXPECT_EQ(shell(upload + code).out, "413");
    EXPECT_EQ(shell(upload + code + " -H 'Expect:'").out, "413");
    for (int i = 0; i < 20; ++i) {  // each is cut off somewhere else
        EXPECT_EQ(shell(upload + code + " -H 'Transfer-Encoding: chunked'").out, "413");
    }
    std::filesystem::remove(path);
}

// Load tools: no errors, and the server has counted what they did.
TEST_P(Tools, WrkFindsNoErrors) {
    NEEDS("wrk");
    start({});
    const auto result = shell("wrk -c 8 -t 1 -d 1 " + url("/echo/hi"));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out.find("Socket errors"), std::string::npos) << result.out;
    EXPECT_EQ(result.out.find("Non-2xx"), std::string::npos) << result.out;
    std::smatch match;
    ASSERT_TRUE(std::regex_search(result.out, match, std::regex(R"((\d+) requests in)")));
    long looks = 0;  // requests of our own
    const auto stats =
        server().stats_when([&](const auto& s) { return ++looks, s["connections"]["now"] == 1; });
    const long counted = stats["requests"].get<long>() - (looks - 1);  // the last is under way
    EXPECT_GE(counted, std::stol(match[1]));
    EXPECT_LE(counted, std::stol(match[1]) + 8);  // those cut off at the end
    EXPECT_EQ(stats["errors"]["bad_requests"], 0);
}

TEST_P(Tools, ApacheBenchKeepsAlive) {
    NEEDS("ab");
    start();
    const auto result = shell("ab -q -k -n 2000 -c 8 " + url("/echo/hi"));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(std::regex_search(result.out, std::regex(R"(Complete requests: +2000\n)")));
    EXPECT_TRUE(std::regex_search(result.out, std::regex(R"(Failed requests: +0\n)")));
    EXPECT_TRUE(std::regex_search(result.out, std::regex(R"(Keep-Alive requests: +2000\n)")))
        << result.out;
    EXPECT_EQ(server().stats()["requests"], 2000);
}

TEST_P(Tools, ApacheBenchWithoutKeepAlive) {
    NEEDS("ab");
    start();
    const auto result = shell("ab -q -n 500 -c 8 " + url("/echo/hi"));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(std::regex_search(result.out, std::regex(R"(Failed requests: +0\n)")))
        << result.out;
    const auto counted = server().stats();
    EXPECT_EQ(counted["requests"], 500);
    EXPECT_GE(counted["connections"]["total"], 501);
}

TEST_P(Tools, H2loadOverHttp1) {
    NEEDS("h2load");
    start();
    // -m: four requests of a connection on their way at a time
    const auto result = shell("h2load --h1 -n 2000 -c 8 -m 4 " + url("/echo/hi"));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_NE(result.out.find("2000 succeeded, 0 failed, 0 errored, 0 timeout"), std::string::npos)
        << result.out;
    EXPECT_EQ(server().stats()["requests"], 2000);
}

INSTANTIATE_FOR_ALL_SERVERS(Tools);

}  // namespace
}  // namespace echotrio::test
