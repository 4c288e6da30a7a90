// Drives one session N times over the same request, for a profiler to count. Run it by
// instructions.sh, which takes the difference of two N, so that start-up does not count.
#include "common/base/unix_time.hpp"
#include "common/protocol/session.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace {

using namespace echotrio::protocol;

class NoStats : public StatsSource {
  public:
    Stats collect() override { return {}; }
};

std::string request_of(std::string_view kind) {
    if (kind == "raw") return std::string(64, 'x');
    if (kind == "get") return "GET /echo/hello HTTP/1.1\r\nHost: 127.0.0.1:7003\r\n\r\n";
    if (kind == "post") {
        return "POST /echo HTTP/1.1\r\nHost: 127.0.0.1:7003\r\nContent-Length: 64\r\n\r\n" +
               std::string(64, 'x');
    }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    const std::string request = argc == 3 ? request_of(argv[1]) : std::string();
    if (request.empty()) {
        std::fprintf(stderr, "error: usage: session_instructions raw|get|post N\n");
        return 2;
    }
    const long times = std::atol(argv[2]);
    Settings settings;
    settings.model = "perf";
    Counters counters;
    NoStats stats;
    const std::atomic<bool> draining{false};
    const auto context =
        std::make_unique<Context>(settings, counters, stats, draining, echotrio::unix_time);
    std::memcpy(context->input.data(), request.data(), request.size());
    Session session(*context);
    for (long i = 0; i < times; ++i) {
        for (Step step = session.next(); step.kind != Step::Kind::read; step = session.next()) {
            session.sent({echotrio::Io::Kind::bytes, 0, step.bytes});
        }
        session.took({echotrio::Io::Kind::bytes, 0, {context->input.data(), request.size()}});
    }
    return counters.requests.get() + 1 >= static_cast<std::uint64_t>(times) ? 0 : 1;
}
